# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Random batches, and dropout masks: drawn while earlier ones are in use."""

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, groupby
from typing import NamedTuple

import numpy as np

from ._aligned import aligned_empty

# Steps, and units over which dropout decides, between two looks at Python's signals: at
# most a second.
STEPS_PER_CALL = 512
_KEPT_PER_CALL = 2**25
# Random bytes that stay in the cache until they are used.
_DRAWN_AT_ONCE = 2**20
# 8 random bits decide over a unit.
MAX_DROPOUT = 255 / 256


class Batches(NamedTuple):
    """Some steps: what goes into each."""

    rows: np.ndarray  # (n_steps, batch_size), int32
    y: np.ndarray  # (n_steps, batch_size), their class indices
    weight: np.ndarray  # (n_steps, batch_size), 0 for rows that fill up a batch
    n_rows: np.ndarray  # (n_steps,), how many rows of a step are none of those
    kept: np.ndarray  # (n_steps, batch_size, n_units), uint8, 0 where dropped
    seeds: np.ndarray  # (n_steps, 2), int32, of the distortions


def draw_batches(y, weight, batch_size, units, dropout, distorted, order, blocks):
    """Draw the batches of a training, those of one call into TensorFlow at a time.

    Parameters
    ----------
    y, weight : ndarray of shape (n_samples,)
        Class index and weight of each row.
    batch_size : int
        Rows of a step.
    units : list of (int, int)
        Units of each layer over which dropout decides for each row, and those that
        there are: the others are always dropped.
    dropout : float
        Share of the units to drop.
    distorted : bool
        Whether images are distorted.
    order : callable
        Takes a source of random numbers and returns the rows of an epoch.
    blocks : iterable of list of numpy.random.Generator
        A source for each epoch; what is short enough of a block is one call.

    Yields
    ------
    Batches
    """
    n_samples = len(y)
    n_steps = -(-n_samples // batch_size)
    ends = list(accumulate(n_wide for _, n_wide in units))
    n_units = ends[-1]
    unused = [
        slice(end - n_wide + n, end)
        for end, (n, n_wide) in zip(ends, units, strict=True)
    ]
    at_once = min(STEPS_PER_CALL, max(1, _KEPT_PER_CALL // (batch_size * n_units)))
    for rngs in blocks:
        rows = np.zeros((len(rngs), n_steps * batch_size), np.int32)
        for of_epoch, rng in zip(rows, rngs, strict=True):
            of_epoch[:n_samples] = order(rng)
        weights = weight[rows]
        weights[:, n_samples:] = 0
        n_rows = np.full((len(rngs), n_steps), batch_size)
        n_rows[:, -1] -= n_steps * batch_size - n_samples
        rows, weights = rows.reshape(-1, batch_size), weights.reshape(-1, batch_size)
        seeds = _draw_seeds(rngs, n_steps, distorted)
        sources = [rng for rng in rngs for _ in range(n_steps)]
        for start in range(0, len(rows), at_once):
            part = slice(start, start + at_once)
            kept = draw_kept(sources[part], (batch_size, n_units), dropout)
            for columns in unused:
                kept[..., columns] = 0
            yield Batches(
                rows[part],
                y[rows[part]],
                weights[part],
                n_rows.reshape(-1)[part],
                kept,
                seeds[part],
            )


def ahead(items):
    """Yield items, each made on a thread while the one before it is in use."""
    with ThreadPoolExecutor(1) as executor:
        following = executor.submit(next, items, None)
        while (item := following.result()) is not None:
            following = executor.submit(next, items, None)
            yield item


def _draw_seeds(rngs, n_steps, distorted):
    if not distorted:
        return np.zeros((len(rngs) * n_steps, 2), np.int32)
    # Numbers of their own: an augmentation of nothing changes nothing.
    seeds = [
        rng.spawn(1)[0].integers(2**31, size=(n_steps, 2), dtype=np.int32)
        for rng in rngs
    ]
    return np.concatenate(seeds)


def draw_kept(rngs, shape, rate):
    """Draw which units of each step dropout keeps.

    Eight random bits decide over a unit. The threshold is rounded up or down at random
    for each step, so that the rate is exact in the mean. What a step gets depends on
    the source and the steps before it alone, in this call or an earlier one.

    Parameters
    ----------
    rngs : list of numpy.random.Generator
        A source for each step.
    shape : (int, int)
        Rows of a step, and units of each.
    rate : float
        Share of the units to drop, at most 255/256.

    Returns
    -------
    ndarray of shape (n_steps, *shape) and dtype uint8
        1 where a unit is kept, 0 where it is dropped.
    """
    n_decisions = math.prod(shape)
    kept = aligned_empty((len(rngs), n_decisions), bool)
    drawn = kept.view(np.uint8).reshape(-1, *shape)
    if rate == 0:
        kept[...] = True
        return drawn
    n_words = -(-n_decisions // 8) + 1  # the last one rounds the threshold
    at_once = max(1, _DRAWN_AT_ONCE // n_decisions)
    start = 0
    for _, steps in groupby(rngs, id):  # those of one epoch
        rng, *others = steps
        stop = start + 1 + len(others)
        for first in range(start, stop, at_once):
            part = kept[first : min(first + at_once, stop)]
            words = rng.integers(2**64, size=(len(part), n_words), dtype=np.uint64)
            threshold = np.minimum(rate * 256 + words[:, -1:] / 2.0**64, 255)
            bits = words.view(np.uint8)[:, :n_decisions]
            np.greater_equal(bits, threshold.astype(np.uint8), out=part)
        start = stop
    return drawn
