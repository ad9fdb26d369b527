"""Loss-based sampling of the rows of an epoch."""

import numpy as np

# A row with a wrong label is never learned; it is drawn no more often than one that is
# nearly misclassified.
_LARGEST_LOSS = 1.0
_MOMENTUM = 0.5  # weight of the losses before the latest one


class LossSampler:
    """Draw the order of the rows of each epoch, a part of them by their losses.

    Online batch selection (Loshchilov and Hutter, "Online Batch Selection for Faster
    Training of Neural Networks", ICLR 2016 Workshop Track), by systematic sampling.

    An epoch has as many rows as the data; a `fraction` of it, in [0, 1), is drawn in
    proportion to the losses. With 0 each epoch is a permutation of the rows.
    """

    def __init__(self, n_rows, fraction):
        self._n_rows = n_rows
        self._fraction = fraction
        self._losses = np.zeros(n_rows)

    def update(self, rows, losses):
        """Take over the losses of some rows, both of shape (n,)."""
        if self._fraction == 0:
            return
        losses = np.minimum(losses, _LARGEST_LOSS)
        self._losses[rows] += (1 - _MOMENTUM) * (losses - self._losses[rows])

    def order(self, rng, *, uniform=False):
        """Draw the rows of an epoch, as int32 of shape (n_rows,).

        `uniform` draws a permutation, whatever the losses.
        """
        n_rows, total = self._n_rows, self._losses.sum()
        if uniform or self._fraction == 0 or total == 0:
            return rng.permutation(np.arange(n_rows, dtype=np.int32))
        # Each row as often as its expected count, rounded up or down.
        counts = 1 - self._fraction + self._fraction * n_rows * self._losses / total
        ends = np.cumsum(counts)
        places = (np.arange(n_rows) + rng.random()) * (ends[-1] / n_rows)
        return rng.permutation(np.searchsorted(ends, places).astype(np.int32))
