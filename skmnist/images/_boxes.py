"""Lines that are no part of a digit: boxes, tables, rings, ruled paper, underlines."""

import numpy as np

from ._masks import TOUCH, pieces_of, smallest_rectangle, tilt_of

_SHORTEST = 14  # pixels: of the sides of a box that is drawn around a digit
_LINE = 0.9  # of the shorter side: a line of a box is as long
_THICK = 0.12  # of the shorter side: no line is wider
_HOLLOW = 0.45  # of the box around: no more has ink
_CLOSED = 0.6  # of the box around: so much is inside of the lines
_TILTED = 24  # pixels: of smaller boxes no tilt is seen
# Lines from side to side on ruled paper: their least number, and how much of what is
# between them has ink at most.
_RULED, _BETWEEN = 4, 0.7
_ROW = 0.2  # of the most ink in a row of pixels: less is paper
# A ring leaves the middle of its box free, for ink of some height, and is seen from
# there in most directions.
_RING, _INNER, _AROUND, _DIRECTIONS = 0.6, 0.3, 0.85, 32
_UNDER, _ACROSS, _MIN_LINE = 3, 0.7, 8  # least width of a line


def without_boxes(masks):
    """Return masks without the lines of boxes and rings that are drawn around digits.

    A box has at least two lines across and two down; strokes that cross them stay.
    """
    from scipy import ndimage

    rest = masks.copy()
    pieces, _ = ndimage.label(masks, TOUCH)
    image, starts, stops, areas = pieces_of(pieces)
    shorter = (stops - starts).min(axis=1)
    hollow = areas <= _HOLLOW * (stops - starts).prod(axis=1)
    within = ((starts > 0) & (stops < masks.shape[1:])).all(axis=1)
    n_pieces = np.bincount(image)[image]
    todo = np.flatnonzero((shorter >= _SHORTEST) & hollow)
    # What is alone, and too small to be seen tilted, needs two long lines each way.
    long = (_LINE * shorter[todo]).astype(int)[:, np.newaxis]
    few = np.zeros(len(todo), bool)
    for axis in (1, 2):
        few |= (masks.sum(axis=axis)[image[todo]] >= long).sum(axis=1) < 2
    todo = todo[~few | (n_pieces[todo] > 1) | (shorter[todo] >= _TILTED)]
    for k in todo:
        (top, left), (bottom, right) = starts[k], stops[k]
        part = image[k], slice(top, bottom), slice(left, right)
        own = pieces[part] == k + 1
        if within[k] and n_pieces[k] > 1 and _is_ring(own, rest[part] & ~own):
            rest[part] &= ~own
        elif (kept := _without_box(own)) is not None:
            rest[part] &= ~own | kept
        elif n_pieces[k] > 2 and _is_grid(own, pieces[part]):
            rest[part] &= ~own
    for i in np.flatnonzero(is_ruled(rest)):
        along = [rest[i].mean(axis=axis) > _LINE for axis in (0, 1)]
        lines = zip((along[0], along[1][:, np.newaxis]), along, strict=True)
        lines = [(rest[i] & line, ndimage.label(n)[1], n.sum()) for line, n in lines]
        rest[i] = _without_lines(rest[i], lines)
    return rest


def _is_ring(own, others):
    """Return whether a line in its box goes around other ink, far from its middle."""
    y, x = (np.linspace(-1, 1, n) for n in own.shape)
    middle = np.hypot(y[:, np.newaxis], x) < _RING
    inner = (others & middle).any(axis=1).sum()
    if inner < _INNER * len(own) or (own & middle).any():
        return False
    y, x = y[own.nonzero()[0]], x[own.nonzero()[1]]
    directions = np.rint(np.arctan2(y, x) * _DIRECTIONS / 2 / np.pi) % _DIRECTIONS
    return np.unique(directions).size >= _AROUND * _DIRECTIONS


def _without_box(own):
    """Return ink without the lines of boxes, tilted or not; None if it has none."""
    degrees = _tilt_of_box(own)
    kept = _without_tilted_lines(own, degrees) if degrees else None
    if kept is None and (lines := _lines_of_box(own)) is not None:
        kept = _without_lines(own, lines)
    return kept


def _tilt_of_box(own):
    """Return the angle of ink that surrounds a rectangle, in degrees, or None."""
    from scipy import ndimage

    if min(own.shape) < _TILTED:
        return None
    filled = ndimage.binary_fill_holes(own)
    if filled.mean() < 0.5 or (degrees := tilt_of(filled)) is None:
        return None
    return smallest_rectangle(filled, degrees, 0.2)[1]


def _lines_of_box(own):
    """Return the lines of boxes across and down, where they are not tilted, or None."""
    from scipy import ndimage

    long = int(_LINE * min(own.shape))
    if min((own.sum(axis=axis) >= long).sum() for axis in (0, 1)) < 2:
        return None
    lines = [_lines(own, long, axis) for axis in (0, 1)]
    if any(n < 2 or wide > n * _THICK * min(own.shape) for _, n, wide in lines):
        return None
    walls = ndimage.binary_dilation(lines[0][0] | lines[1][0], np.ones((3, 3)))
    closed = ndimage.binary_fill_holes(walls).mean() >= _CLOSED
    return lines if closed else None


def _without_tilted_lines(own, degrees):
    """Return ink without the lines of tilted boxes; None if there are no such lines."""
    from scipy import ndimage

    turned = ndimage.rotate(own, -degrees, order=0)
    (place,) = ndimage.find_objects(turned.view(np.uint8))
    # Turned lines are straight but for a pixel.
    thick = ndimage.binary_dilation(turned[place], np.ones((3, 3)))
    lines = _lines_of_box(thick)
    if lines is None:
        return None
    turned[place] = _without_lines(turned[place], lines)
    kept = ndimage.rotate(turned, degrees, order=0, reshape=False)
    top, left = (np.array(kept.shape) - own.shape) // 2
    return own & kept[top : top + own.shape[0], left : left + own.shape[1]]


def _is_grid(own, pieces):
    """Return whether ink has two holes or more with large other ink inside.

    Boxes have, also where they are curved; digits in outline have not.
    """
    from scipy import ndimage

    others = np.where(own, 0, pieces)
    if not others.any():
        return False
    holes, _ = ndimage.label(np.pad(~own, 1, constant_values=True))
    _, first, others = np.unique(others, return_index=True, return_inverse=True)
    parts = ndimage.find_objects(others.reshape(own.shape)), ndimage.find_objects(holes)
    inner, sizes = (
        [max(n.stop - n.start for n in box) for box in each] for each in parts
    )
    around = holes[1:-1, 1:-1].ravel()[first[1:]]  # which hole each other ink is in
    large = np.array(inner) >= _INNER * np.array(sizes)[around - 1]
    return np.unique(around[large & (around > 1)]).size > 1  # 1 is outside


def is_ruled(masks, rows=np.inf):
    """Return for each mask whether lines run from side to side, or ink is in rows.

    Rows of ink, as the crossings of squared paper are in, have paper in between, and
    count from a number on.
    """
    ruled = np.zeros(len(masks), bool)
    for axis in (1, 2):
        ink = masks.sum(axis=axis, dtype=np.uint32)
        side = masks.shape[axis]
        # Ink with a rough edge may hover about one of two levels.
        ruled |= _n_runs(ink, _LINE * side, _BETWEEN * side) >= _RULED
        ruled |= _n_runs(ink, _ROW * ink.max(axis=1, keepdims=True), 0) >= rows
    return ruled


def _n_runs(ink, *levels):
    """Count the runs of rows with more ink than each level; return the least number."""
    above = [ink > level for level in levels]
    starts = [n[:, 0] + (n[:, 1:] & ~n[:, :-1]).sum(axis=1) for n in above]
    return np.minimum(*starts)


def _lines(own, long, axis):
    """Find straight lines across (axis 1) or down (0), how many and how wide in all."""
    from scipy import ndimage

    size = [1, 1]
    size[axis] = long
    runs = ndimage.binary_opening(own, np.ones(size, bool))
    places = runs.any(axis=axis)
    return runs, ndimage.label(places)[1], places.sum()


def _without_lines(own, lines):
    from scipy import ndimage

    off = ndimage.binary_dilation(lines[0][0] | lines[1][0], np.ones((3, 3)))
    rest = own & ~off
    for axis, (_, n, wide) in enumerate(lines):
        # Strokes that continue on the other side of a line cross it.
        size = [1, 1]
        size[1 - axis] = wide // max(n, 1) + 4
        rest |= ndimage.binary_closing(rest, np.ones(size)) & off
    return rest


def without_underlines(pieces):
    """Return pieces of ink without straight lines below all other ink."""
    from scipy import ndimage

    rest = pieces.copy()
    boxes = list(enumerate(ndimage.find_objects(pieces), 1))
    for number, box in reversed(boxes):
        if box is None or box[2].stop - box[2].start < _MIN_LINE:
            continue
        image, y, x = box[0].start, *box[1:]
        own = pieces[box][0] == number
        thick = own.sum(axis=0)
        # The base of a 2 is thicker where the rest of the stroke was.
        if own.shape[1] < _UNDER * len(own) or thick.max() > 1 + 1.3 * thick.mean():
            continue
        others = (rest[image] > 0) & (rest[image] != number)
        above, wide = others[:, x], others.any(axis=0).sum()
        # The gap is more than that of a broken stroke.
        gaps = y.start + own.argmax(axis=0) - len(above) + above[::-1].argmax(axis=0)
        gaps = gaps[above.any(axis=0)]
        alone = not others[y.stop :].any() and own.shape[1] > _ACROSS * wide
        if alone and gaps.size and gaps.min() >= max(2, thick.mean() / 2):
            rest[box][own[np.newaxis]] = 0
    return rest
