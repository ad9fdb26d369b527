"""Measures of masks, of whole stacks or of one."""

import math

import numpy as np

_RECTANGLE = 0.88  # of the smallest one around, that what is a rectangle fills
# Pixels of one image that touch, in a stack.
TOUCH = np.array([np.zeros((3, 3)), np.ones((3, 3)), np.zeros((3, 3))])


def boxes_of(masks):
    """Return the bounding boxes of masks: their first pixels and sides.

    Parameters
    ----------
    masks : ndarray of shape (n, height, width)

    Returns
    -------
    starts, sides : ndarray of shape (n, 2), dtype int64
        Down and across, in pixels.
    """
    lines = masks.any(axis=2), masks.any(axis=1)
    starts = np.stack([line.argmax(axis=1) for line in lines], axis=1)
    after = np.stack([line[:, ::-1].argmax(axis=1) for line in lines], axis=1)
    return starts, masks.shape[1:] - after - starts


def maximum(images, size):
    """Return the maximum near each pixel, several times faster than by SciPy.

    Parameters
    ----------
    images : ndarray of shape (n, height, width)
    size : int
        The odd side of the square that is looked at, in pixels.

    Returns
    -------
    highest : ndarray of shape (n, height, width)
    """
    for axis in (1, 2):
        lines, reach = images.swapaxes(axis, 1), 0
        while reach < size // 2:
            step = min(2 * reach + 1, size // 2 - reach)
            near = lines.copy("K")
            np.maximum(near[:, step:], lines[:, :-step], out=near[:, step:])
            np.maximum(near[:, :-step], lines[:, step:], out=near[:, :-step])
            lines, reach = near, reach + step
        images = lines.swapaxes(axis, 1)
    return images


def width_of(masks):
    """Measure the mean width of strokes: twice the area by the length of the edge."""
    edges = _count(masks[:, 1:] != masks[:, :-1])
    edges += _count(masks[:, :, 1:] != masks[:, :, :-1])
    edges += sum(_count(masks[:, n]) + _count(masks[:, :, n]) for n in (0, -1))
    # A path of pixel edges is 4 / pi times longer than the line it follows.
    return 8 / np.pi * _count(masks) / np.maximum(edges, 1)


def _count(masks):
    """Count the pixels of each mask, four times faster than by their own sum."""
    rows = masks.reshape(len(masks), math.prod(masks.shape[1:]))
    return rows.view(np.uint8).sum(axis=1, dtype=np.uint32)


def tilt_of(mask):
    """Return the angle, in degrees, of a mask that is nearly a rectangle, or None."""
    area, degrees = smallest_rectangle(mask)
    return degrees if mask.sum() >= _RECTANGLE * area else None


def smallest_rectangle(mask, middle=0, step=2):
    """Return area and angle (degrees) of the smallest rotated rectangle around a mask.

    Ten steps on both sides of a middle angle are tried.
    """
    y = mask.any(axis=1).nonzero()[0]
    lines = mask[y]
    # The ends of each line have the convex hull among them.
    ends = lines.argmax(axis=1), mask.shape[1] - 1 - lines[:, ::-1].argmax(axis=1)
    y, x = np.tile(y, 2), np.concatenate(ends)
    degrees = middle + step * np.arange(-10, 11)
    cos, sin = (f(np.deg2rad(degrees))[:, np.newaxis] for f in (np.cos, np.sin))
    along = np.ptp(y * cos + x * sin, axis=1)
    across = np.ptp(x * cos - y * sin, axis=1)
    areas = (along + 1) * (across + 1)
    return areas.min(), degrees[areas.argmin()]


def pieces_of(pieces):
    """Measure numbered pieces of a stack.

    Parameters
    ----------
    pieces : ndarray of shape (n, height, width), dtype int32
        Their numbers, from 1 to the greatest; 0 elsewhere.

    Returns
    -------
    image : ndarray of shape (n_pieces,), dtype int64
        The image that each piece is in.
    starts, stops : ndarray of shape (n_pieces, 2), dtype int64
        Its box, down and across.
    areas : ndarray of shape (n_pieces,), dtype int64
        Its pixels; a number that is not used has none.
    """
    from scipy import ndimage

    nowhere = 3 * (slice(0, 0),)
    boxes = [
        [(s.start, s.stop) for s in box or nowhere]
        for box in ndimage.find_objects(pieces)
    ]
    boxes = np.array(boxes, np.int64).reshape(-1, 3, 2)
    areas = np.bincount(pieces.ravel(), minlength=len(boxes) + 1)[1:]
    return boxes[:, 0, 0], boxes[:, 1:, 0], boxes[:, 1:, 1], areas
