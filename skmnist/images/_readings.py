"""What an image may be taken for, and what of it is most like a digit.

Ink is dark or light, the light is even or not, and all ink belongs to the digit or not
what reaches in from the border. Each way of reading is tried until one is good enough;
the framed digit that is more like a digit of MNIST wins.
"""

from itertools import product
from typing import NamedTuple

import numpy as np

from . import _ink

LONGEST = 384  # pixels that are enough to find a digit in a picture
# How unlike the digits of MNIST a framed image is (1 is usual) ...
_GOOD = 0.9  # ... where no sheet of paper, and no ink that is none, is looked for
_USUAL = 1.3  # ... where a clean image needs no second reading
_PASSES = 1.6  # ... where ink that is clearly apart from paper needs no other light
NONE = 1.8  # ... beyond which there is no digit
# What is added for readings that can make a digit out of anything.
_DROPPED, _CLEANED = 1.5, (0.15, 0.6)  # per part of the ink dropped; least, greatest
_FLIPPED = 0.5  # in uneven light: ink that stands out less, or crosses the image
_INSIDE = 0.3  # inside a sheet of paper
_ALONG = 0.9  # of a side: more of it has ink in edges of paper and shadows
_FAR = 0.3  # of the image: so far from a side ends no digit that the other one cuts
_MOST = 0.6  # of the ink is one piece, in a digit that is told in uneven light
_FULL, _WIDE = 0.9, 0.4  # a box so full and wide is no stroke
_THICK = (
    0.22  # of the longer side: the radius of no stroke in a digit that is not narrow
)
_SMALL = 80  # pixels: of smaller digits, the picture is looked at more closely


class Options(NamedTuple):
    """The parameters of a normalizer that matter here."""

    polarity: str
    even_light: bool
    threshold: str | float
    min_part: float
    drop_frame: bool


class Reading(NamedTuple):
    """What an image is taken for."""

    dark: bool
    ink: np.ndarray
    mask: np.ndarray
    digit: np.ndarray
    strokes: np.ndarray
    framed: np.ndarray
    unlike: float


def read(grey, options, draw):
    """Find the reading of each image that is most like a digit.

    Parameters
    ----------
    grey : ndarray of shape (n, height, width), dtype float32
        Large images come alone.
    options : Options
    draw : callable
        Takes ink, digits and levels, and returns their strokes, framed images, and how
        unlike a digit they are.

    Returns
    -------
    readings : list of Reading or None
        None where there is no ink.
    """
    small, factor = _ink.reduce(grey, LONGEST)
    best = _read_all(small, options, draw)
    if options.drop_frame:
        for i, image in enumerate(small):
            if best[i] is None or best[i].unlike > _GOOD:
                best[i] = _read_inside(image, best[i], options, draw)
    if factor > 1 and best[0] is not None:
        starts, sides = _ink.boxes_of(best[0].digit[np.newaxis])
        longest = sides.max()
        (top, left), (bottom, right) = starts[0], starts[0] + sides[0]
        closer = grey[
            :,
            max(0, top - longest) * factor : (bottom + longest) * factor,
            max(0, left - longest) * factor : (right + longest) * factor,
        ]
        if longest < _SMALL and closer.size < grey.size:
            polarity = "dark" if best[0].dark else "light"
            return read(closer, options._replace(polarity=polarity), draw)
    return best


def _read_inside(image, whole, options, draw):
    """Read what is on a sheet of paper inside one image, if that is more of a digit."""
    sheet = _ink.sheet_of(image)
    if sheet is None:
        return whole
    alone = np.where(sheet, image, np.median(image[sheet]))
    (inside,) = _read_all(alone[np.newaxis], options, draw)
    if inside and (whole is None or inside.unlike < whole.unlike + _INSIDE):
        return inside
    return whole


def _read_all(grey, options, draw):
    even, plain = _ink.light_of(grey)
    if not options.even_light:
        even[:] = True
    plain |= even
    dark, flips = _polarity(grey, plain, options)
    best, seen = [None] * len(grey), np.zeros(len(grey), bool)
    unlike = np.full(len(grey), np.inf)
    certain = np.zeros(len(grey), bool)
    for whole, uneven, flip in product((True, False), (False, True), flips):
        todo = ~certain & _is_left(unlike, even, plain, (whole, uneven))
        readings = _try(grey, dark ^ flip, todo, (whole, uneven), options, draw)
        for i, reading in readings:
            seen[i] |= uneven
            sides = _sides_covered(reading.digit)
            if not _may_be_digit(reading.digit, sides, plain[i], uneven):
                continue
            price = _price(reading, whole)
            through = np.minimum(sides[[0, 2]], sides[[1, 3]]).max() > 0
            if uneven and through and plain[i]:
                continue  # what is left of an edge of paper
            if uneven and (through or (flip and not plain[i])):
                price += _FLIPPED
            if reading.unlike + price < unlike[i]:
                unlike[i], best[i] = reading.unlike + price, reading
            clean = whole and even[i] and sides.max() == 0
            certain[i] |= clean and reading.unlike < _USUAL
    # What is not there in even light was a part of the light.
    return [each if plain[i] or seen[i] else None for i, each in enumerate(best)]


def _polarity(grey, plain, options):
    """Guess which ink is dark; return whether the other polarity is tried, too."""
    if options.polarity != "auto":
        return np.full(len(grey), options.polarity == "dark"), (False,)
    dark = _ink.guess_dark(grey)
    if not plain.all():
        dark[~plain] = _ink.stands_out_dark(grey[~plain])
    return dark, (False, True)


def _is_left(unlike, even, plain, way):
    """Tell which images are to be read in a way, after those before it."""
    whole, uneven = way
    if not uneven:
        return whole | (plain & (unlike > _USUAL))
    if whole:
        return ~even & ((unlike > _PASSES) | ~plain)
    return ~even & (unlike > np.where(plain, _PASSES, _GOOD))


def _price(reading, whole):
    if whole:
        return 0
    dropped = 1 - reading.digit.sum() / reading.mask.sum()
    return np.clip(_DROPPED * dropped, *_CLEANED)


def _try(grey, dark, todo, way, options, draw):
    """Read images in one way; return the number and the reading of those with ink."""
    whole, uneven = way
    todo = np.flatnonzero(todo)
    if not todo.size:
        return []
    ink, pieces, level = _ink.find_ink(
        grey[todo], dark[todo], uneven, options.threshold, boxes=options.drop_frame
    )
    mask = digit = pieces > 0
    if not mask.any():
        return []
    if not whole:
        digit = _ink.keep_digit(pieces, options.min_part, options.drop_frame)
    found = digit.any(axis=(1, 2)) & ~_ink.is_noise(ink, mask, digit)
    if not found.any():
        return []
    todo, ink, mask, digit = todo[found], ink[found], mask[found], digit[found]
    parts = ink, mask, digit, *draw(ink, digit, level[found])
    return [(i, Reading(dark[i], *each)) for i, *each in zip(todo, *parts, strict=True)]


def _sides_covered(digit):
    """Return the share of ink on each side: top, bottom, left and right."""
    return np.array([side.mean() for side in (*digit[[0, -1]], *digit[:, [0, -1]].T)])


def _may_be_digit(digit, sides, plain, uneven):
    """Tell if ink may be a digit, by where it meets the border, and how it fills."""
    starts, lengths = (each[0] for each in _ink.boxes_of(digit[np.newaxis]))
    shape = np.array(digit.shape)
    gaps = np.stack([starts, shape - starts - lengths], axis=1) / shape[:, np.newaxis]
    sides = sides.reshape(2, 2)
    cut = (sides > 0) & (gaps[:, ::-1] > _FAR)
    if cut.any(axis=1).all() or (cut & (sides > _ALONG)).any():
        return False
    if (sides > _ALONG).any(axis=1).all() and digit.mean() < _FULL:
        return False
    # In uneven light only what fills the picture is told without evening it out.
    if not (uneven or plain or (sides.max() > 0 and _is_one(digit))):
        return False
    if lengths.min() < _WIDE * lengths.max():
        return True
    return digit.sum() < _FULL * lengths.prod() and not _is_solid(digit, lengths)


def _is_solid(digit, lengths):
    """Tell if the ink is an area rather than strokes, in an image that has more."""
    from scipy import ndimage

    if (lengths > _ALONG * np.array(digit.shape)).all():
        return False
    if 2 * digit.sum() < lengths.prod() or 2 * lengths.min() < lengths.max():
        return False
    radius = ndimage.distance_transform_edt(np.pad(digit, 1)).max()
    return radius - 1 > _THICK * lengths.max()  # to the middle of a pixel outside


def _is_one(digit):
    """Tell if most of the ink is one piece."""
    from scipy import ndimage

    pieces, _ = ndimage.label(digit, np.ones((3, 3)))
    return np.bincount(pieces[digit]).max() > _MOST * digit.sum()
