"""Dropout masks."""

import numpy as np

from ._aligned import aligned_empty

# A random byte decides over a unit.
MAX_DROPOUT = 255 / 256
_BYTES_AT_ONCE = 2**17  # stay in the cache


def draw_masks(rngs, sizes, rate, layers):
    """Draw the units that dropout keeps, for some epochs of the same steps.

    `rngs` has a generator for each epoch, `sizes` the number of rows of each step;
    units are dropped with the probability `rate`, at most `MAX_DROPOUT`. `layers` has
    the number of units of each hidden layer, by shards, and so has what is returned:
    arrays of shape (rows of all steps, n_units), bool.
    """
    n_rows = sum(sizes)
    total = len(rngs) * n_rows
    masks = [[aligned_empty((total, n), bool) for n in shards] for shards in layers]
    for epoch, rng in enumerate(rngs):
        # Rounded at random for each step, so that the mean rate is exact.
        thresholds = np.floor(rate * 256 + rng.random(len(sizes)))
        thresholds = np.repeat(thresholds.astype(np.uint8), sizes)[:, np.newaxis]
        for shards in masks:
            for mask in shards:
                _fill(mask[epoch * n_rows :][:n_rows], rng, thresholds)
    return masks


def _fill(mask, rng, thresholds):
    # Whole words of random bytes.
    n_rows = max(8, _BYTES_AT_ONCE // mask.shape[1] // 8 * 8)
    for start in range(0, len(mask), n_rows):
        some = mask[start : start + n_rows]
        words = rng.integers(2**64, size=-(-some.size // 8), dtype=np.uint64)
        random_bytes = words.view(np.uint8)[: some.size].reshape(some.shape)
        np.greater_equal(random_bytes, thresholds[start : start + n_rows], out=some)
