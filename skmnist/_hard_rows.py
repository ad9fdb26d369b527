# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Rows that are hard to learn, and seen more often than others."""

from collections import deque

import numpy as np

# A row that is labelled wrongly is never learned; it is drawn no more often than one
# that is nearly missed.
_LARGEST_LOSS = 1.0
_NEW = 0.5  # weight of the newest loss of a row beside those before it


class HardRows:
    """Draw the rows of each epoch, a part of them in proportion to their losses.

    Online batch selection (Loshchilov and Hutter, "Online Batch Selection for Faster
    Training of Neural Networks", ICLR 2016 Workshop Track), with the losses up to the
    epoch before the last: batches may be drawn during the epoch before.

    Parameters
    ----------
    n_rows : int
        Rows that there are, and rows of an epoch.
    fraction : float
        Share of an epoch that is drawn so, at least 0 and less than 1.
    n_epochs : int
        How many epochs. Those that follow see each row once.
    """

    def __init__(self, n_rows, fraction, n_epochs):
        self._fraction = fraction
        self._left = n_epochs
        self._losses = np.zeros(n_rows)
        self._known = deque([None])  # losses for the epochs to come; one at first

    def begin_epoch(self):
        """Let the epoch after this one be drawn."""
        self._known.append(self._losses.copy() if self._losses.any() else None)

    def note(self, batches, losses):
        """Take over the losses of some steps, shape (n_steps, batch_size)."""
        seen = batches.weight > 0
        rows, losses = batches.rows[seen], np.minimum(losses[seen], _LARGEST_LOSS)
        self._losses[rows] += _NEW * (losses - self._losses[rows])

    def order(self, rng):
        """Draw the rows of the next epoch, in random order."""
        n_rows, losses = len(self._losses), self._known.popleft()
        self._left -= 1
        if losses is None or self._left < 0:
            return rng.permutation(n_rows)
        # Systematic sampling: each row as often as is expected of it, rounded up or
        # down.
        copies = 1 - self._fraction + self._fraction * n_rows * losses / losses.sum()
        ends = np.cumsum(copies)
        places = (np.arange(n_rows) + rng.random()) * (ends[-1] / n_rows)
        return rng.permutation(np.searchsorted(ends, places))
