"""Sheets of paper on a desk, and corners of a desk."""

from itertools import product

import numpy as np

from ._ink import otsu, reduce
from ._masks import tilt_of

_ENOUGH = 400  # pixels: resolution for the search
_DESK = 0.2  # least difference of desk and paper, as a fraction of the contrast
_SHARP = 0.5  # of the difference: so much is at the edge
_FAINT = 0.08  # of the contrast: less is no ink on a sheet


def crop_to_sheet(page):
    """Crop the page to a sheet of paper on a desk, if there is one."""
    small, factor = reduce(page, _ENOUGH)
    sheet = sheet_of(small[0])
    if sheet is not None and _is_paper(small[0], sheet):
        sheet = None  # a box or lines on the paper
    if sheet is None:
        sheet = ~_corners(small[0])
    if sheet.all() or not sheet.any():
        return page
    sheet = sheet.repeat(factor, axis=0).repeat(factor, axis=1)
    rest = [
        (0, max(0, n - m)) for n, m in zip(page.shape[1:], sheet.shape, strict=True)
    ]
    sheet = np.pad(sheet, rest)[: page.shape[1], : page.shape[2]]
    return np.where(sheet, page, np.median(page[0][sheet]))


def sheet_of(gray):
    """Find the sheet of paper that one picture has inside, on a desk or in a frame.

    It is nearly a rectangle, but for what is written on it. Blank paper does not count.

    Parameters
    ----------
    gray : ndarray of shape (height, width), dtype float32

    Returns
    -------
    sheet : ndarray of shape (height, width), dtype bool, or None
        Where it is.
    """
    from scipy import ndimage

    threshold = otsu(gray.reshape(1, -1))[0]
    for side in (gray > threshold, gray <= threshold):
        pieces, n = ndimage.label(side)
        if not n:
            continue
        own = pieces == np.bincount(pieces.ravel())[1:].argmax() + 1
        if own[[0, -1]].all() and own[:, [0, -1]].all():
            continue  # it is around all else
        filled = ndimage.binary_fill_holes(own)
        area, paper = filled.sum(), own.sum()
        if not 0.1 * gray.size < area < 0.97 * gray.size:
            continue
        if not area / 2 <= paper <= area - 9:  # a box, or blank
            continue
        if tilt_of(filled) is not None and _is_sharp(gray, filled, own):
            wide = 2 + min(gray.shape) // 50
            sheet = ndimage.binary_erosion(
                filled, np.ones((3, 3)), wide, border_value=1
            )
            shown = np.ptp(gray[sheet]) if sheet.any() else 0
            return sheet if shown > _FAINT * np.ptp(gray) else None
    return None


def _is_sharp(gray, filled, own):
    """Return whether the paper has a sharp edge, unlike fading light."""
    from scipy import ndimage

    around = np.ones((3, 3))
    inner = filled & ~ndimage.binary_erosion(filled, around, 3)
    outer = ndimage.binary_dilation(filled, around, 3) & ~filled
    parts = own, ~filled, inner, outer
    if not all(part.any() for part in parts):
        return False
    paper, rest, inside, outside = (np.median(gray[part]) for part in parts)
    return (inside - outside) * (paper - rest) > _SHARP * (paper - rest) ** 2


def _is_paper(gray, sheet):
    """Return whether there is paper around a sheet, too, beyond lines on its edge."""
    from scipy import ndimage

    wide, square = 6 + min(sheet.shape) // 50, np.ones((3, 3))
    line = ndimage.binary_dilation(sheet, square, wide)
    around = ndimage.binary_dilation(line, square, wide) & ~line
    inside = sheet & ~ndimage.binary_erosion(sheet, square, wide, border_value=1)
    if not around.any():
        around = ~sheet
    if not (around.any() and inside.any()):
        return False
    difference = np.median(gray[around]) - np.median(gray[inside])
    return abs(difference) < _DESK * np.ptp(gray)


def _corners(gray):
    """Return a mask of the corners of a picture that are not paper."""
    from scipy import ndimage

    corners = np.zeros(gray.shape, bool)
    level = otsu(gray.reshape(1, -1))[0]
    pieces = [ndimage.label(side)[0] for side in (gray > level, gray <= level)]
    for found, down, across in product(pieces, (1, -1), (1, -1)):
        found = found[::down, ::across]
        own = (found == found[0, 0]) & (found > 0)
        sides = own.any(axis=1), own.any(axis=0)
        edges = own[:, 0], own[0]
        full = all(e.sum() >= 0.9 * s.sum() for e, s in zip(edges, sides, strict=True))
        if not own.any() or not full or any(side.all() for side in sides):
            continue
        turned = gray[::down, ::across]
        if _is_sharp(turned, own, own) and not _is_paper(turned, own):
            corners[::down, ::across] |= own
    wide = 1 + min(gray.shape) // 50
    return ndimage.binary_dilation(corners, np.ones((3, 3)), wide)
