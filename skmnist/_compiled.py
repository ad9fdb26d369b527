# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""A training loop that is ready to run, and the arrays that it runs on."""

from functools import cached_property
from itertools import groupby

import numpy as np

from ._aligned import aligned_empty
from ._halves import cut, join
from ._interrupts import interrupts_wait
from ._session import make_callable, open_session, run_options

# Random bytes that stay in the cache until they are used.
_DRAWN_AT_ONCE = 2**20


def draw_kept(rngs, n_units, rate):
    """Draw which units of each step dropout keeps.

    Eight random bits decide over a unit. The threshold is rounded up or down at random
    for each step, so that the rate is exact in the mean. What a step gets depends on
    the source and the steps before it alone, in this call or an earlier one.

    Parameters
    ----------
    rngs : list of numpy.random.Generator
        A source for each step.
    n_units : int
        Units per step, those of all rows of a batch.
    rate : float
        Share of the units to drop, at most 255/256.

    Returns
    -------
    ndarray of shape (n_steps, n_units) and dtype uint8
        1 where a unit is kept, 0 where it is dropped.
    """
    kept = aligned_empty((len(rngs), n_units), bool)
    if rate == 0:
        kept[...] = True
        return kept.view(np.uint8)
    n_words = -(-n_units // 8) + 1  # the last one rounds the threshold
    at_once = max(1, _DRAWN_AT_ONCE // n_units)
    start = 0
    for _, steps in groupby(rngs, id):  # those of one epoch
        rng, *others = steps
        stop = start + 1 + len(others)
        for first in range(start, stop, at_once):
            part = kept[first : min(first + at_once, stop)]
            words = rng.integers(2**64, size=(len(part), n_words), dtype=np.uint64)
            threshold = np.minimum(rate * 256 + words[:, -1:] / 2.0**64, 255)
            bits = words.view(np.uint8)[:, :n_units]
            np.greater_equal(bits, threshold.astype(np.uint8), out=part)
        start = stop
    return kept.view(np.uint8)


class CompiledMLP:
    """A session in which one fit at a time trains its network.

    Parameters
    ----------
    graph : TrainingGraph
        What the session runs; other sessions may run it at the same time.
    """

    def __init__(self, graph):
        self.graph = graph
        self._session = open_session(graph.graph)
        self._assign = make_callable(
            self._session, feeds=graph.new_values, targets=graph.assigned
        )
        self._read = make_callable(self._session, fetches=graph.values)
        self._runs = {}

    def close(self):
        """Give back the memory of the session."""
        self._session.close()

    @interrupts_wait()
    def load(self, weights, optimizer):
        """Take over weights and optimizer variables; None stands for new ones."""
        new = self.graph.new_optimizer
        values = [*weights, *(new if optimizer is None else optimizer)]
        pieces = [
            np.asarray(piece, order="C")
            for value, (_, axis) in zip(values, self.graph.variables, strict=True)
            for piece in cut(value, axis)
        ]
        self._assign(*pieces)

    @interrupts_wait()
    def state(self):
        """Copy the weights, and the variables of the optimizer as Keras orders them."""
        values = _joined(self._read(), self.graph.variables)
        return values[: self.graph.n_weights], values[self.graph.n_weights :]

    @interrupts_wait()
    def weights(self):
        """Copy kernel and bias of each layer in turn."""
        variables = self.graph.variables[: self.graph.n_weights]
        return _joined(self._read_weights(), variables)

    @cached_property
    def _read_weights(self):
        # Not every fit is looked into.
        variables = self.graph.variables[: self.graph.n_weights]
        n_pieces = sum(len(pieces) for pieces, _ in variables)
        return make_callable(self._session, fetches=self.graph.values[:n_pieces])

    @interrupts_wait()
    def run(
        self,
        X,
        rows,
        y,
        weight,
        n_rows,
        rates,
        kept,
        rate,
        l2,
        seeds,
        ranges,
        modes,
        *,
        alone=True,
    ):
        """Train some steps.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            All rows, as `aligned` returns them.
        rows : ndarray of shape (n_steps, batch_size) and dtype int32
            The rows of each step.
        y, weight : ndarray of shape (n_steps, batch_size)
            Their class indices and weights; rows of weight 0 fill up a batch.
        n_rows : ndarray of shape (n_steps,)
            How many rows of each step are none of those.
        rates : ndarray of shape (n_steps,) and dtype float32
            Learning rates.
        kept : ndarray of shape (n_steps, n_kept) and dtype uint8
            As `draw_kept` returns it.
        rate, l2 : float
            Dropout rate and factor of the squared kernels.
        seeds : ndarray of shape (n_steps, 2) and dtype int32
            Of the distortions of each step.
        ranges, modes : ndarray
            What they are; see `make_distort`.
        alone : bool
            Whether no other fit wants a core.

        Returns
        -------
        ndarray of shape (n_steps, 2)
            The mean loss of each step and its number of hits, as the network was when
            it saw the batch.
        """
        number = np.dtype(self.graph.dtype).type
        weight = weight / n_rows[:, None].astype(self.graph.dtype)
        scale = number(1 / (1 - rate))
        l2 = number(l2)
        return self._loop(l2 > 0)(
            X,
            rows,
            y,
            weight,
            rates,
            kept,
            scale,
            seeds,
            ranges,
            modes,
            l2,
            options=run_options(alone),
        )

    def _loop(self, penalised):
        if penalised not in self._runs:
            self._runs[penalised] = self._session.make_callable(
                self.graph.figures(penalised), self.graph.feeds, accept_options=True
            )
        return self._runs[penalised]


def _joined(pieces, variables):
    pieces = iter(pieces)
    return [join([next(pieces) for _ in parts], axis) for parts, axis in variables]
