"""Cuts between touching digits."""

import numpy as np

from ._masks import width_of

_PAPER = 0.15  # cost of a pixel of paper on a cut; a pixel of ink costs 1
_CUTS = 6  # most cuts that are tried, for ink as wide as it is high
_THICK = 3.5  # most stroke widths that a cut goes through
_TALL = 0.6  # the least height of a digit, as a part of the usual one
_FULL = 0.7  # the least ink of a digit, as a part of a straight stroke as high
_WIDEST = 1.4  # the greatest width of a digit, in heights


def find_parts(mask, usual):
    """Find the parts of touching digits between any two cuts.

    A cut is a shortest path from the top to the bottom through the least ink, half a
    stroke or more from the other ones.

    Parameters
    ----------
    mask : ndarray of shape (height, width), dtype bool
        The ink, without empty rows and columns around it.
    usual : float
        The usual height of a digit.

    Returns
    -------
    parts : list of (int, int, ndarray of shape (height, width), dtype bool)
        The cuts where each part begins and ends, from left to right, and its ink. All
        ink is between the first and the last cut.
    """
    height, width = mask.shape
    (pen,) = width_of(mask[np.newaxis])
    cuts = _find_cuts(mask, pen)
    paths = np.array([np.zeros(height, int), *cuts, np.full(height, width)])
    paths = np.maximum.accumulate(paths)[:, :, np.newaxis]
    column = np.arange(width)
    parts = []
    for first in range(len(cuts) + 1):
        for last in range(first + 1, len(cuts) + 2):
            part = mask & (column >= paths[first]) & (column < paths[last])
            if _is_digit(part, pen, usual) or len(cuts) == last - first - 1:
                parts.append((first, last, part))
    return parts


def _find_cuts(mask, pen):
    """Return the columns of each cut, from left to right."""
    height, width = mask.shape
    cost = np.where(mask, 1, _PAPER)
    half = height // 2
    # From the middle of the height, the cheapest ways up and down.
    ways = _ways(cost[: half + 1]), _ways(cost[half:][::-1])
    up, down = (_trace(steps) for _, steps in ways)
    paths = np.concatenate([up, down[-2::-1]]).T
    crossed = mask[np.arange(height), paths].sum(axis=1)
    cuts = []
    for x in np.argsort(ways[0][0] + ways[1][0], kind="stable"):
        apart = all(np.abs(paths[x] - cut).mean() >= pen / 2 for cut in cuts)
        if apart and crossed[x] <= _THICK * pen:
            cuts.append(paths[x])
        if len(cuts) >= _CUTS * width / height:
            break
    return sorted(cuts, key=np.mean)


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


def _trace(steps):
    """Return the columns of the paths that end at each column."""
    paths = np.empty(steps.shape, int)
    x = np.arange(steps.shape[1])
    for i in range(len(steps) - 1, -1, -1):
        paths[i] = x
        x = x + steps[i, x]
    return paths


def _is_digit(part, pen, usual):
    rows, columns = (np.flatnonzero(part.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return False
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    enough = height >= _TALL * usual and part.sum() >= _FULL * pen * height
    return enough and width <= _WIDEST * max(height, usual)
