"""Where to cut digits apart that touch each other."""

import numpy as np

from ._ink import width_of

_PAPER = 0.15  # what a pixel of paper costs a cut, where one of ink costs 1
_THICK = 1.6  # strokes that a cut may go through
_TALL = 0.6  # the least height of a digit, as a part of the usual one
_FULL = 0.7  # the least ink of a digit, as a part of a straight stroke as high
_PLACES = 24  # at most as many cuts are looked at


def find_cut(mask, usual):
    """Find the cheapest way down through touching digits that leaves two of them.

    A cut goes from the top to the bottom where there is the least ink, and need not
    be straight: a shortest path.

    Parameters
    ----------
    mask : ndarray of shape (height, width), dtype bool
        The ink, without empty rows and columns around it.
    usual : float
        The usual height of a digit.

    Returns
    -------
    left : ndarray of shape (height, width), dtype bool, or None
        The ink of the left one of the two; None where no cut leaves two digits.
    """
    from scipy import ndimage
    from skimage.graph import MCP_Geometric

    height, width = mask.shape
    (pen,) = width_of(mask[np.newaxis])
    cost = np.pad(np.where(mask, 1, _PAPER), ((1, 1), (0, 0)), constant_values=_PAPER)
    ways = MCP_Geometric(cost), MCP_Geometric(cost)
    for way, row in zip(ways, (0, height + 1), strict=True):
        way.find_costs([(row, x) for x in range(width)])
    best, least = None, np.inf
    for x in range(1, width - 1, max(1, width // _PLACES)):
        place = (height // 2 + 1, x)
        path = np.array(ways[0].traceback(place) + ways[1].traceback(place)[-2::-1])
        total = cost[tuple(path.T)].sum()
        if total >= least:
            continue
        wall = np.zeros(cost.shape, bool)
        wall[tuple(path.T)] = True
        sides, _ = ndimage.label(~wall)
        left = np.isin(sides, np.unique(sides[~wall[:, 0], 0]))[1:-1] & mask
        right = mask & ~left
        if (mask & wall[1:-1]).sum() > _THICK * pen:
            continue
        if all(_is_digit(part, pen, usual) for part in (left, right)):
            best, least = left, total
    return best


def _is_digit(part, pen, usual):
    rows = np.flatnonzero(part.any(axis=1))
    if not rows.size:
        return False
    height = rows[-1] - rows[0] + 1
    return height >= _TALL * usual and part.sum() >= _FULL * pen * height
