"""Cuts between touching digits."""

import numpy as np

from ._ink import width_of

_PAPER = 0.15  # cost of a pixel of paper on a cut; a pixel of ink costs 1
_CUTS = 5  # most cuts that are tried
_THICK = 2.5  # most stroke widths that a cut goes through
_TALL = 0.6  # the least height of a digit, as a part of the usual one
_FULL = 0.7  # the least ink of a digit, as a part of a straight stroke as high


def find_cuts(mask, usual):
    """Find cuts that divide touching digits into two, cheapest first.

    A cut is a shortest path from the top to the bottom through the least ink. Cuts
    are at least half a stroke apart.

    Parameters
    ----------
    mask : ndarray of shape (height, width), dtype bool
        The ink, without empty rows and columns around it.
    usual : float
        The usual height of a digit.

    Returns
    -------
    cuts : list of ndarray of shape (height, width), dtype bool
        The ink of the left one of the two, for each way.
    """
    height, width = mask.shape
    (pen,) = width_of(mask[np.newaxis])
    cost = np.where(mask, 1, _PAPER)
    half = height // 2
    # From the middle of the height, the cheapest ways up and down.
    ways = _ways(cost[: half + 1]), _ways(cost[half:][::-1])
    total = ways[0][0] + ways[1][0]
    cuts = []
    for x in np.argsort(total, kind="stable"):
        if any(abs(x - other) < pen / 2 for other, _ in cuts) or len(cuts) == _CUTS:
            continue
        up, down = (_trace(steps, x) for _, steps in ways)
        path = np.concatenate([up, down[-2::-1]])
        left = mask & (np.arange(width) < path[:, np.newaxis])
        crossed = mask[np.arange(height), path].sum()
        parts = left, mask & ~left
        if crossed <= _THICK * pen and all(_is_digit(p, pen, usual) for p in parts):
            cuts.append((x, left))
    return [left for _, left in cuts]


def _ways(cost):
    """Return the costs and steps of the shortest paths to the last row."""
    total, steps = cost[0], np.zeros(cost.shape, int)
    for i, row in enumerate(cost[1:], 1):
        above = np.pad(total, 1, constant_values=np.inf)
        aslant = 1.4 * row
        ways = np.stack([above[1:-1] + row, above[:-2] + aslant, above[2:] + aslant])
        best = ways.argmin(axis=0)
        total, steps[i] = ways.min(axis=0), np.array([0, -1, 1])[best]
    return total, steps


def _trace(steps, x):
    """Return the columns of the path that ends at `x`."""
    path = np.empty(len(steps), int)
    for i in range(len(steps) - 1, -1, -1):
        path[i] = x
        x += steps[i, x]
    return path


def _is_digit(part, pen, usual):
    rows = np.flatnonzero(part.any(axis=1))
    if not rows.size:
        return False
    height = rows[-1] - rows[0] + 1
    return height >= _TALL * usual and part.sum() >= _FULL * pen * height
