"""Interpretations of an image: the one most like a digit is kept.

Ink is dark or light, the light is even or not, and objects connected to the border are
ink or not, and so is weaker ink, as of stains and shadows. Interpretations are tried
until one is good enough; otherwise the one whose framed digit is most like a digit of
MNIST is kept.
"""

from itertools import product
from typing import NamedTuple

import numpy as np

from . import _ink
from ._boxes import is_ruled, without_underlines
from ._masks import TOUCH, boxes_of, width_of
from ._paper import sheet_of

LONGEST = 128  # pixels that are enough to find a digit in a picture ...
_CLOSE = 384  # ... and to draw it
# How unlike the digits of MNIST a framed image is (1 is usual) ...
_GOOD = 0.9  # ... where no sheet of paper, and no ink that is none, is looked for
_USUAL = 1.3  # ... where a clean image needs no second reading
_CERTAIN = 1.5  # ... where wide ink is a bold digit
_PASSES = 1.6  # ... where ink that is clearly apart from paper needs no other light
NONE = 2.5  # ... beyond which there is no digit
_KEPT = "all", "clean", "strong"  # ink is the digit's, also without weaker ink
# What is added for readings that can make a digit out of anything.
_DROPPED, _CLEANED = 1.5, (0.15, 0.6)  # per part of the ink dropped; least, greatest
_WEAK = 0.45  # where weaker ink is dropped
_FLIPPED = 0.5  # in uneven light: ink that stands out less, or crosses the image
_INSIDE = 0.3  # inside a sheet of paper
_ALONG = 0.9  # of a side: more of it has ink in edges of paper and shadows
_FAR = 0.3  # of the image: so far from a side ends no digit that the other one cuts
_MOST = 0.6  # of the ink is one piece, in a digit that is told in uneven light
_FULL, _WIDE = 0.9, 0.4  # a box so full and wide is no stroke
_ROWS = 12  # of ink with paper in between: so many are no digit, also of a dot matrix
_BESIDE = 0.6  # of a side: more of it is no stroke's, if there is none on the other
# Of each side: what has square corners is drawn along more of it; in pixels, what can
# show it; and of the image, what boxes have inside.
_CORNERS, _EXACT, _MUCH = 0.75, 8, 0.3
# Of the longer side: the radius of no stroke in a digit that is not narrow, and of none
# in one that fills the image.
_THICK, _BOLD = 0.22, 0.3
# Of the shorter side: the radius of no stroke in a digit with a loop, if it is so full.
_LOOP, _DENSE = 0.35, 0.75
_WORSE = 0.3  # more unlike, and what is read closer is no better
_LEAST = 0.5  # hardly anything is less unlike
_ONE_SIDED = 0.12  # of what is beside strokes is no paper, at most
_SHEET = 40  # pixels: no smaller picture has a digit on a sheet of paper inside
_SMALL = 30  # pixels: of smaller digits, the picture is looked at more closely


class Options(NamedTuple):
    """The parameters of a normalizer that are used here."""

    polarity: str
    even_light: bool
    threshold: str | float
    min_part: float
    drop_frame: bool


class Reading(NamedTuple):
    """One interpretation of an image."""

    dark: bool
    uneven: bool
    kept: str  # of the ink, as the digit's
    ink: np.ndarray
    mask: np.ndarray
    digit: np.ndarray
    strokes: np.ndarray
    framed: np.ndarray
    unlike: float


_REFUSED = Reading(*[None] * 8, unlike=np.inf)  # of ink that is no digit


def read(gray, options, draw):
    """Find the interpretation of each image that is most like a digit.

    Large images are reduced; only the digit is read in full resolution.

    Parameters
    ----------
    gray : ndarray of shape (n, height, width), dtype float32
        Large images come alone.
    options : Options
    draw : callable
        Takes ink, digits and levels, and returns their strokes, framed images, and how
        unlike a digit they are.

    Returns
    -------
    readings : list of Reading or None
        None where there is no ink; infinitely unlike where it is no digit.
    """
    small, factor = _ink.reduce(gray, LONGEST)
    best = _read_all(small, options, draw)
    if options.drop_frame and min(small.shape[1:]) >= _SHEET:
        for i, image in enumerate(small):
            if best[i] is None or best[i].unlike > _GOOD:
                best[i] = _read_inside(image, best[i], options, draw)
    if factor > 1 and best[0] is not None and best[0].unlike < np.inf:
        return [_read_closer(gray, best[0], factor, options, draw)]
    return best


def _read_closer(gray, reading, factor, options, draw):
    """Read one image again where the digit is."""
    (start,), (side,) = boxes_of(reading.digit[np.newaxis])
    longest = side.max()
    top, left = np.maximum(0, start - longest) * factor
    bottom, right = (start + side + longest) * factor
    closer = gray[:, top:bottom, left:right]
    polarity = "dark" if reading.dark else "light"
    if longest < _SMALL and closer.size < gray.size:
        (again,) = read(closer, options._replace(polarity=polarity), draw)
        return again
    closer, _ = _ink.reduce(closer, _CLOSE)
    found = _find_ink(closer, np.array([reading.dark]), reading.uneven, options)
    ink, mask, digit, level = _find_digits(*found, reading.kept, options)
    if not digit.any():
        return reading
    strokes, framed, unlike = draw(ink, digit, level)
    if unlike[0] > reading.unlike + _WORSE:
        return reading
    block = _is_block(digit, *boxes_of(digit)) | _are_thick(digit, unlike)
    if options.drop_frame and block[0]:
        return _REFUSED
    parts = ink, mask, digit, strokes, framed, unlike
    return Reading(*reading[:3], *(part[0] for part in parts))


def _read_inside(image, whole, options, draw):
    """Read the sheet of paper in one image, if the result is more like a digit."""
    sheet = sheet_of(image)
    if sheet is None:
        return whole
    alone = np.where(sheet, image, np.median(image[sheet]))
    (inside,) = _read_all(alone[np.newaxis], options, draw)
    if inside and (whole is None or inside.unlike < whole.unlike + _INSIDE):
        return inside
    return whole


def _read_all(gray, options, draw):
    small = _ink.thumbnails(gray)
    even, plain = _ink.light_of(small)
    only_light = _ink.is_light(small)
    if not options.even_light:
        even[:] = True
    plain |= even
    best = np.full(len(gray), None)
    for is_plain in (True, False):
        some = (plain == is_plain) & ~only_light
        if some.any():
            images = gray[some], small[some], even[some]
            best[some] = _read_in(*images, is_plain, options, draw)
    return list(best)


def _read_in(gray, small, even, plain, options, draw):
    """Read images, all of which may have even light (are plain), or none."""
    dark, flips = _polarity(small, plain, options)
    best, seen = np.full(len(gray), None), np.zeros(len(gray), bool)
    unlike = np.full(len(gray), np.inf)
    certain = np.zeros(len(gray), bool)
    inks = {}  # of the images that are read in each light and polarity
    large = options.drop_frame and min(gray.shape[1:]) >= _SHEET
    for kept, uneven, flip in product(_KEPT[: 2 + large], (not plain, plain), flips):
        todo = np.flatnonzero(~certain & _is_left(unlike, even, plain, (kept, uneven)))
        if not todo.size:
            continue
        if kept == "all":
            inks[uneven, flip] = (
                todo,
                *_find_ink(gray[todo], dark[todo] ^ flip, uneven, options),
            )
        # The other ones are some of those that were read as a whole.
        known, *found = inks[uneven, flip]
        found = [part[np.searchsorted(known, todo)] for part in found]
        parts = _find_digits(*found, kept, options)
        inked = parts[2].any(axis=(1, 2))
        seen[todo] |= uneven & inked
        for i in todo[inked]:
            best[i] = best[i] or _REFUSED
        way = kept, uneven, flip
        prices, clean = _prices(parts[1], parts[2], plain, way, options.drop_frame)
        left = prices + _LEAST < unlike[todo]
        if not left.any():
            continue
        todo, prices, clean = todo[left], prices[left], clean[left]
        ink, mask, digit, level = (part[left] for part in parts)
        drawn = draw(ink, digit, level)
        now = drawn[2] + prices
        now[_are_thick(digit, drawn[2]) & options.drop_frame] = np.inf
        better = np.flatnonzero(now < unlike[todo])
        if uneven and options.drop_frame:
            i = todo[better]
            edges = _are_edges(gray[i], digit[better], dark[i] ^ flip)
            now[better[edges]] = np.inf
            better = better[~edges]
        for j in better:
            i = todo[j]
            parts = (each[j] for each in (ink, mask, digit, *drawn))
            best[i] = Reading(dark[i] ^ flip, uneven, kept, *parts)
        unlike[todo[better]] = now[better]
        if kept == "all" and (plain or uneven):
            certain[todo] |= now < np.where(clean & even[todo], _USUAL, _GOOD)
    if not plain:
        best[~seen] = None  # it was a part of the light
    return best


def _find_ink(gray, dark, uneven, options):
    ink, pieces, level = _ink.find_ink(
        gray, dark, uneven, options.threshold, boxes=options.drop_frame
    )
    if options.drop_frame:
        pieces = without_underlines(pieces)
    return ink, pieces, level


def _find_digits(ink, pieces, level, kept, options):
    """Return ink, where it is and what of it is the digit, and its level."""
    if kept == "strong":
        pieces, level = _ink.keep_strong(ink, pieces, level)
    mask = digit = pieces > 0
    if kept != "all":
        digit = _ink.keep_digit(pieces, options.min_part, options.drop_frame)
    digit = digit & ~_ink.is_noise(ink, mask, digit)[:, np.newaxis, np.newaxis]
    return ink, mask, digit, level


def _prices(mask, digit, plain, way, drop_frame):
    """Return what is added to how unlike the digits are, and if no side has ink.

    It is infinite where ink can be no digit, by where it meets the border, and how it
    fills.
    """
    kept, uneven, flip = way
    areas = digit.sum(axis=(1, 2))
    starts, lengths = boxes_of(digit)
    shape = np.array(digit.shape[1:])
    gaps = np.stack([starts, shape - starts - lengths], axis=2) / shape[:, np.newaxis]
    # The share of ink on each side: top and bottom, left and right.
    ends = [0, -1]
    covered = np.stack(
        [digit[:, ends].mean(axis=2), digit[:, :, ends].mean(axis=1)], axis=1
    )
    through = covered.min(axis=2).max(axis=1) > 0
    clean = covered.max(axis=(1, 2)) == 0
    cut = (covered > 0) & (gaps[:, :, ::-1] > _FAR)
    along = covered > _ALONG
    never = (areas == 0) | cut.any(axis=2).all(axis=1) | (cut & along).any(axis=(1, 2))
    # Ink on all of the border is paper, if there is less of it inside.
    share = areas / shape.prod()
    paper = share < covered.min(axis=(1, 2))
    never |= along.any(axis=2).all(axis=1) & ((share < _FULL) | paper)
    if uneven:
        if plain:
            never |= through  # what is left of an edge of paper
    elif not plain:
        # In uneven light only what fills the picture is told without evening it out.
        never |= clean
        for i in np.flatnonzero(~never):
            never[i] = not _is_one(digit[i])
    # A stroke has paper on both sides, and ends that are not those of a box.
    one_sided = (covered > _BESIDE) & (gaps[:, :, ::-1] > 0.1)
    boxes = np.maximum(lengths.prod(axis=1), 1)
    never |= (2 * areas >= boxes) & one_sided.any(axis=(1, 2))
    left = np.flatnonzero(~never)
    never[left] = _is_block(digit[left], starts[left], lengths[left])
    prices = np.zeros(len(digit))
    if kept != "all":
        dropped = 1 - areas / np.maximum(mask.sum(axis=(1, 2)), 1)
        prices = np.clip(_DROPPED * dropped, *_CLEANED)
        prices += _WEAK * (kept == "strong")
        if kept == "clean":
            never |= dropped == 0  # it was read before
    if uneven:
        prices += _FLIPPED * (through | (flip and not plain))
    prices[never if drop_frame else areas == 0] = np.inf
    return prices, clean


def _is_block(digit, starts, lengths):
    """Tell which ink, in its boxes, is too full, square or regular for strokes."""
    areas = digit.sum(axis=(1, 2))
    shape = np.array(digit.shape[1:])
    shorter, longer = lengths.min(axis=1), np.maximum(lengths.max(axis=1), 1)
    full = areas / np.maximum(lengths.prod(axis=1), 1)
    block = (shorter >= _WIDE * longer) & (full >= _FULL)
    # From top to bottom, but not from side to side, it may be a 1.
    block &= (lengths[:, 0] <= _ALONG * shape[0]) | (lengths[:, 1] > _ALONG * shape[1])
    # A box, or what is inside, has four straight sides, and paper around.
    one = np.arange(len(digit))
    (top, left), (bottom, right) = starts.T, (starts + lengths).T - 1
    sides = [digit[one, n].sum(axis=1) / lengths[:, 1] for n in (top, bottom)]
    sides += [digit[one, :, n].sum(axis=1) / lengths[:, 0] for n in (left, right)]
    square = (np.min(sides, axis=0) > _CORNERS) & (shorter >= _EXACT)
    square &= ((starts > 0) & (starts + lengths < shape)).all(axis=1)
    block |= square & ((full < 0.6) | (areas > _MUCH * shape.prod()))
    block |= is_ruled(digit, _ROWS)
    for i in np.flatnonzero((full >= _DENSE) & ~block):
        if _radius(digit[i]) > _LOOP * shorter[i]:
            block[i] = _n_pieces(~np.pad(digit[i], 1)) > 1
    return block


def _are_thick(digit, unlike):
    """Tell which ink is wider than strokes, but for what is surely a digit."""
    thick = unlike > _CERTAIN
    for i in np.flatnonzero(thick):
        own, (length,) = digit[i], boxes_of(digit[i : i + 1])[1]
        # What reaches from side to side may be a bold stroke, if both of its own sides
        # have paper.
        fills = (length > _ALONG * np.array(own.shape)).any()
        thick[i] = (
            2 * length.min() >= length.max()
            and 2 * own.sum() >= length.prod()
            and _radius(own) > (_BOLD if fills else _THICK) * length.max()
            and not (fills and _n_pieces(~own) > 1)
        )
    return thick


def _polarity(small, plain, options):
    """Guess the polarity; return also whether to try the other one."""
    if options.polarity != "auto":
        return np.full(len(small), options.polarity == "dark"), (False,)
    guess = _ink.guess_dark if plain else _ink.stands_out_dark
    return guess(small), (False, True)


def _is_left(unlike, even, plain, way):
    """Return which images need one more interpretation."""
    kept, uneven = way
    if not uneven:
        return (kept == "all") | (plain & (unlike > _USUAL))
    if kept == "all":
        return ~even & ((unlike > _PASSES) | (not plain))
    enough = _USUAL if kept == "strong" else _GOOD
    return ~even & (unlike > (_PASSES if plain else enough))


def _radius(digit):
    """Return the radius of the widest stroke."""
    from scipy import ndimage

    # The distance is to the middle of a pixel outside.
    return ndimage.distance_transform_edt(np.pad(digit, 1)).max() - 1


def _are_edges(gray, digit, dark):
    """Tell which ink has paper on one side only, as at the edge of a shadow.

    What is next to ink is paper where it is more like the paper around than the ink.
    """
    from scipy import ndimage

    edges = np.zeros(len(gray), bool)
    widths = np.rint(width_of(digit)).astype(int)
    for width in np.unique(widths):
        some = np.flatnonzero(widths == width)
        near = ndimage.binary_dilation(digit[some], TOUCH)
        beside = ndimage.binary_dilation(near, TOUCH, max(1, width - 1)) & ~near
        parts = digit[some], beside
        parts = np.float32([*parts, *(gray[some] * part for part in parts)])
        # Means of the pixels around each one, weighted by a Gaussian.
        parts = ndimage.gaussian_filter(parts, (0, 0, 2 * width, 2 * width), truncate=2)
        means = parts[2:] / np.maximum(parts[:2], 1e-6)
        darker = gray[some] < means.mean(axis=0)
        like_ink = beside & (darker == dark[some, np.newaxis, np.newaxis])
        n_ink, n = like_ink.sum(axis=(1, 2)), beside.sum(axis=(1, 2))
        edges[some] = n_ink > _ONE_SIDED * n
    return edges


def _is_one(digit):
    """Return whether most of the ink is one piece."""
    from scipy import ndimage

    pieces, _ = ndimage.label(digit, np.ones((3, 3)))
    return np.bincount(pieces[digit]).max() > _MOST * digit.sum()


def _n_pieces(mask):
    from scipy import ndimage

    return ndimage.label(mask)[1]
