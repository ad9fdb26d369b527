"""Images from files, and the digits in pictures of lines and pages."""

import os
import warnings
from io import BytesIO
from itertools import combinations, product
from numbers import Real
from typing import BinaryIO, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import Bunch

from .._sklearn_compat import HasMethods, Interval, StrOptions, validate_params
from . import _ink
from ._likeness import NOVEL, novelty
from ._masks import boxes_of
from ._normalizer import DigitNormalizer
from ._paper import crop_to_sheet
from ._readings import LONGEST
from ._touching import find_parts

_MAX_PIXELS = 100_000_000
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
_DETAIL = 4  # size of a single digit's picture relative to a digit on a page
_LONGEST = 2000  # pixels: resolution for the search of digits on a page
_WIDE = 1.4  # usual widths of a digit beyond which it is probably several
_USUAL = 0.6, 0.75  # range of the usual width, as a fraction of the height
_NO_DIGIT = 4.0  # distances to digits are clipped to this
_NARROW = 0.7  # of the height: what is narrower is one digit
_BATCH = 100_000  # pixels of ink that are cut together, for speed
_STEP = 32  # pixels: from size to size of the digits that are compared
_PART = 0.5  # what each part of touching digits costs, beside how unlike it is, squared
_LOW = 0.4  # pieces below this fraction of the usual height are parts of digits
_LINE = 4  # width by height above which ink is a line
_WIDE_ALONE = 1.25  # the same in heights, where digits are too few for a usual width


class _Digit(NamedTuple):
    image: np.ndarray
    own: np.ndarray  # mask of its ink
    frame: np.ndarray
    touching: bool = False
    unlike: float = np.inf  # novelty


@validate_params(
    {"file": [str, os.PathLike, bytes, HasMethods("read")]},
    prefer_skip_nested_validation=True,
)
def read_image(
    file: str | os.PathLike[str] | bytes | BinaryIO,
) -> np.ndarray:
    """Read an image from a PNG, JPEG, TIFF, BMP, WebP or GIF file.

    The image is rotated by its EXIF orientation. Of an animation or a
    file of several pages, the first image is read.

    Parameters
    ----------
    file : str, path-like, bytes or binary file object
        Path, content, or an open file.

    Returns
    -------
    image : ndarray of shape (height, width) or (height, width, n_channels)
        Gray, gray and alpha, RGB or RGBA, as uint8; gray images of more than 8 bits
        as uint16 or in the type of the file.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be opened.
    ValueError
        If it is no image of these formats, is damaged, or has more than 100 million
        pixels. The message has the path.

    Examples
    --------
    >>> from skmnist.images import read_image
    >>> image = read_image("photo.jpg")  # doctest: +SKIP
    >>> image.shape  # doctest: +SKIP
    (4032, 3024, 3)
    """
    if isinstance(file, bytes):
        return _decode(BytesIO(file), "bytes")
    if hasattr(file, "read"):
        name = getattr(file, "name", None)
        return _decode(file, name if isinstance(name, str) else "file")
    with open(file, "rb") as stream:
        return _decode(stream, os.fspath(file))


def _decode(stream, name):
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            # The size is checked here, and invalid metadata is ignored.
            warnings.simplefilter("ignore")
            if not stream.seekable():
                stream = BytesIO(stream.read())
            with Image.open(stream, formats=_FORMATS) as picture:
                width, height = picture.size
                if width * height > _MAX_PIXELS:
                    raise ValueError(
                        f"it has {width}x{height} pixels, more than the "
                        f"{_MAX_PIXELS:,} that are read"
                    )
                return _as_array(ImageOps.exif_transpose(picture))
    except Exception as error:  # Pillow raises a dozen types, SyntaxError too
        reason = str(error)
        if isinstance(error, Image.UnidentifiedImageError):
            reason = "it is no PNG, JPEG, TIFF, BMP, WebP or GIF image"
        elif isinstance(error, Image.DecompressionBombError):
            reason = f"it has more than the {_MAX_PIXELS:,} pixels that are read"
        raise ValueError(f"{name}: cannot be read: {reason}") from error


def _as_array(picture):
    if picture.mode.startswith(("I", "F")):
        return np.asarray(picture)
    transparent = "A" in picture.getbands() or "transparency" in picture.info
    gray = picture.mode in ("1", "L", "LA")
    mode = ("L" if gray else "RGB") + ("A" if transparent else "")
    return np.asarray(picture.convert(mode))


@validate_params(
    {
        "image": ["array-like"],
        "polarity": [StrOptions({"auto", "dark", "light"})],
        "min_height": [Interval(Real, 0, 1, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def find_digits(
    image: ArrayLike,
    *,
    polarity: Literal["auto", "dark", "light"] = "auto",
    min_height: float = 0.35,
) -> Bunch:
    """Find the digits in a picture of a line or a page.

    Overlapping pieces of ink are one digit, and so are small pieces that nearly touch a
    larger one (the bar of a 5). Ink that looks like no digit may be touching digits: it
    is cut along shortest paths through the least ink [1]_, where the parts are most
    like the digits of MNIST, found by dynamic programming [2]_. Cuts can be wrong, so
    `touching` marks the parts, and ink that is wider than high but cannot be cut.
    Lines of boxes, underlines, a desk around the paper and dark corners are left out.

    Parameters
    ----------
    image : array-like of shape (height, width) or (height, width, n_channels)
        The picture, as :func:`read_image` returns it.

    polarity : {"auto", "dark", "light"}, default="auto"
        Whether the ink is darker or lighter than the paper.

    min_height : float, default=0.35
        Pieces whose longer side is shorter than this part of the usual one are
        specks; in [0, 1).

    Returns
    -------
    digits : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, in reading order: lines from top to bottom, each from
        left to right.

        images : list of ndarray of shape (height_i, width_i), dtype uint8
            The digits alone, light on black, for
            :class:`skmnist.DigitNormalizer`.
        boxes : ndarray of shape (n_digits, 4), dtype int64
            ``left, top, right, bottom`` of each, in pixels of `image`; right and
            bottom are the first pixels outside.
        lines : ndarray of shape (n_digits,), dtype int64
            Index of the line of each digit.
        touching : ndarray of shape (n_digits,), dtype bool
            Whether it was cut from another that it touched, or is so wide that it is
            probably several.
        is_digit : ndarray of shape (n_digits,), dtype bool
            False for ink that :class:`skmnist.DigitNormalizer` rejects.

    Raises
    ------
    ValueError
        If it is no image, or there is no ink in it.

    References
    ----------
    .. [1] J. Wang and J. Jean, "Segmentation of merged characters by neural networks
       and shortest path", Pattern Recognition, 27(5):649-658, 1994.
    .. [2] R. G. Casey and E. Lecolinet, "A survey of methods and strategies in
       character segmentation", IEEE Transactions on Pattern Analysis and Machine
       Intelligence, 18(7):690-706, 1996.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist.images import find_digits
    >>> page = np.full((60, 100), 250, np.uint8)
    >>> page[10:50, 20:26] = page[12:52, 70:76] = 30  # two ones
    >>> find_digits(page).boxes
    array([[20, 10, 26, 50],
           [70, 12, 76, 52]])
    """
    gray = _ink.to_gray(image, "image")
    small, factor = _ink.reduce(gray[np.newaxis], _LONGEST)
    small = crop_to_sheet(small)
    digits, best = None, np.inf
    for way in _ways(small, polarity):
        found = _find(small, way, min_height)
        unlike = np.mean([min(d.unlike, _NO_DIGIT) for d in found or ()] or [_NO_DIGIT])
        if found is not None and (digits is None or unlike < best):
            digits, best = found, unlike
        if best < NOVEL:
            break
    if max(gray.shape) <= LONGEST:
        one = _find_one(gray, polarity)
        if one and one[0].unlike < best:
            digits = one
    if not digits:
        lack = (
            "ink: it looks the same everywhere"
            if digits is None
            else "digits, only specks"
        )
        raise ValueError(f"image has no {lack}")
    frames = np.array([digit.frame for digit in digits])
    lines = _lines(frames)
    order = np.lexsort([frames[:, 0], lines])
    ends = np.array(gray.shape[::-1] * 2)
    return Bunch(
        images=[digits[i].image for i in order],
        boxes=np.minimum(frames[order] * factor, ends),
        lines=lines[order],
        touching=np.array([digits[i].touching for i in order]),
        is_digit=np.isfinite([digits[i].unlike for i in order]),
    )


def _ways(page, polarity):
    """Return the interpretations of a page to try: dark ink, even light, and details.

    The scale of uneven light depends on the size of the digits.
    """
    small = _ink.thumbnails(page, _DETAIL)
    even, _ = _ink.light_of(small)
    guess = _ink.guess_dark(small)[0]
    darks = [guess] if even[0] else [_ink.stands_out_dark(small, _DETAIL)[0], guess]
    if polarity != "auto":
        darks = [polarity == "dark"]
    details = (_DETAIL,) if even[0] else (_DETAIL, 1)
    return dict.fromkeys((dark, even[0], d) for d, dark in product(details, darks))


def _find(page, way, min_height):
    """Return the digits of a page in one interpretation; None if it has no ink."""
    dark, even, detail = way
    (ink,), (labels,), (level,) = _ink.find_ink(
        page, np.array([dark]), not even, boxes=True, detail=detail
    )
    labels, boxes = _pieces(labels)
    if not len(boxes):
        return None
    page, digits = (ink, labels, level), []
    for group in _group(boxes, np.bincount(labels.ravel())[1:], min_height):
        frame = _around(boxes[group])
        own = np.isin(labels[_part(frame)], np.array(group) + 1)
        digits.append(_Digit(_alone(own, frame, page), own, frame))
    return _cut(digits, page)


def _find_one(page, polarity):
    """Return the digit that a small picture shows as a whole, if it does."""
    normalizer = DigitNormalizer(polarity=polarity, on_blank="zeros")
    steps = normalizer.explain(page)
    if "digit" not in steps:
        return []
    own = steps["digit"]
    (start,), (side,) = boxes_of(own[np.newaxis])
    frame = np.concatenate([start[::-1], (start + side)[::-1]])
    own, labels = own[_part(frame)], own.astype(int)
    return _compare([_Digit(_alone(own, frame, (steps["ink"], labels, 0)), own, frame)])


def _wide(frames):
    """Return the width beyond which digits are wide, and their usual height."""
    widths, heights = (frames[:, 2:] - frames[:, :2]).T
    height = np.median(heights)
    if len(frames) < 3:
        return _WIDE_ALONE * height, height
    least, greatest = np.array(_USUAL) * height
    return _WIDE * np.clip(np.median(widths), least, greatest), height


def _cut(digits, page):
    """Cut what is unlike a digit, where the parts are more like digits."""
    if not digits:
        return digits
    wide, usual = _wide(np.array([digit.frame for digit in digits]))
    digits = _compare(digits)
    todo = [
        i
        for i, digit in enumerate(digits)
        if digit.unlike > NOVEL and digit.own.shape[1] > _NARROW * digit.own.shape[0]
    ]
    batches = np.cumsum([digits[i].own.size for i in todo]) // _BATCH
    parts = {i: [digit] for i, digit in enumerate(digits)}
    for batch in np.unique(batches):
        some = [i for i, n in zip(todo, batches, strict=True) if n == batch]
        parts |= zip(some, _apart([digits[i] for i in some], page, usual), strict=True)
    # What is not cut may be one wide digit, up to an impossible width.
    return [
        part._replace(touching=len(each) > 1 or part.own.shape[1] > max(wide, usual))
        for each in parts.values()
        for part in each
    ]


def _apart(digits, page, usual):
    """Return for each of the digits its parts that are most like digits, by all."""
    found = [find_parts(digit.own, usual) for digit in digits]
    parts = []
    for digit, some in zip(digits, found, strict=True):
        for _, _, own in some:
            own, frame = _trim(own, digit.frame)
            parts.append(_Digit(_alone(own, frame, page), own, frame))
    parts = iter(_compare(parts, even_light=False, drop_frame=False))
    return [_best(some, parts) for some in found]


def _best(found, parts):
    """Return the best parts up to the last cut, by dynamic programming."""
    best = {0: (0.0, [])}
    for (first, last, _), part in zip(found, parts, strict=False):
        # A part never ends where it begins: what is before it is known.
        if first not in best:
            continue
        total, before = best[first]
        total += _PART + min(part.unlike, _NO_DIGIT) ** 2
        if last not in best or total < best[last][0]:
            best[last] = total, [*before, part]
    return best[max(best)][1]


def _compare(digits, **options):
    """Tell how unlike the digits of MNIST these are."""
    # Images of one size are framed together.
    images = [
        np.pad(digit.image, [(0, -n % _STEP) for n in digit.image.shape])
        for digit in digits
    ]
    normalizer = DigitNormalizer(polarity="light", on_blank="zeros", **options)
    rows = normalizer.transform(images)
    unlike, inked = np.full(len(rows), np.inf), rows.any(axis=1)
    unlike[inked] = np.maximum(novelty(rows[inked].reshape(-1, 28, 28)), 0)
    return [digit._replace(unlike=u) for digit, u in zip(digits, unlike, strict=True)]


def _trim(own, frame):
    (start,), (side,) = boxes_of(own[np.newaxis])
    y, x = (slice(n, n + m) for n, m in zip(start, side, strict=True))
    corner = frame[:2] + start[::-1]
    return own[y, x], np.concatenate([corner, corner + side[::-1]])


def _part(frame):
    left, top, right, bottom = frame
    return slice(top, bottom), slice(left, right)


def _pieces(labels):
    """Return the boxes of the pieces of ink; drop a frame around the page."""
    from scipy import ndimage

    found = ndimage.find_objects(labels)
    boxes = [(x.start, y.start, x.stop, y.stop) for y, x in found]
    boxes = np.array(boxes, np.int64).reshape(-1, 4)
    sides = boxes[:, 2:] - boxes[:, :2]
    keep = (sides < 0.9 * np.array(labels.shape[::-1])).any(axis=1)
    if keep.any() and not keep.all():
        labels = np.concatenate([[0], np.where(keep, np.cumsum(keep), 0)])[labels]
        boxes = boxes[keep]
    return labels, boxes


def _group(boxes, areas, min_height):
    """Put the pieces of each digit together; drop specks and lines."""
    sides = boxes[:, 2:] - boxes[:, :2]
    longer = sides.max(axis=1)
    # Specks may be many, but digits are larger and have more ink.
    line = sides[:, 0] >= _LINE * sides[:, 1]
    order = np.argsort(longer)
    ink = np.cumsum((areas * longer * (~line | line.all()))[order])
    usual = longer[order[np.searchsorted(ink, ink[-1] / 2)]]
    line &= longer > 0.5 * usual
    heights, sides = sides[:, 1], np.where(line, 0, longer)
    is_large = sides >= max(0.5 * usual, 3)
    low = heights < _LOW * usual  # as the bar of a 5
    if (is_large & ~low).any():
        is_large &= ~low
    large = np.flatnonzero(is_large)
    groups = [[i] for i in large]
    if not groups:
        return groups
    for i in np.flatnonzero(~is_large & (sides >= 0.1 * usual)):
        gaps = np.maximum(
            boxes[large, :2] - boxes[i, 2:], boxes[i, :2] - boxes[large, 2:]
        )
        gaps = gaps.max(axis=1)
        nearest = np.argmin(gaps)
        if gaps[nearest] <= 0.15 * usual:
            groups[nearest].append(i)
        elif sides[i] >= min_height * usual:
            groups.append([i])
    return _merge(groups, boxes)


def _merge(groups, boxes):
    """Merge groups that overlap for most of the width of the narrower one."""
    merged = []
    for group in sorted(groups, key=lambda group: _around(boxes[group])[0]):
        left, top, right, bottom = _around(boxes[group])
        for other in merged:
            x0, y0, x1, y1 = _around(boxes[other])
            across = min(right, x1) - max(left, x0)
            down = min(bottom, y1) - max(top, y0)
            narrow, low = min(right - left, x1 - x0), min(bottom - top, y1 - y0)
            if across > 0.6 * narrow and down > 0.3 * low:
                other += group
                break
        else:
            merged.append(list(group))
    return merged


def _around(boxes):
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _lines(frames):
    """Return for each digit the index of its line."""
    lines = np.zeros(len(frames), np.int64)
    found = []  # top and bottom of the last digits of each line
    for i in np.argsort(frames[:, 0]):
        top, bottom = frames[i, 1], frames[i, 3]
        overlaps = [min(bottom, b) - max(top, t) for t, b in found]
        best = int(np.argmax(overlaps)) if found else -1
        if found and overlaps[best] > 0.25 * min(
            bottom - top, found[best][1] - found[best][0]
        ):
            # A line may slope: it continues at the height of its last digit.
            found[best] = (top, bottom)
            lines[i] = best
        else:
            lines[i] = len(found)
            found.append((top, bottom))
    # In boxes they may be up or down, but none of a line is above another one.
    for a, b in combinations(range(len(found)), 2):
        one, other = frames[lines == a], frames[lines == b]
        apart = [_apart_along(one, other, axis) for axis in (0, 1)]
        if apart[0].all() and not apart[1].all():
            lines[lines == b] = a
    numbers, lines = np.unique(lines, return_inverse=True)
    middles = [np.median(frames[lines == n][:, [1, 3]]) for n in range(len(numbers))]
    return np.argsort(np.argsort(middles))[lines]


def _apart_along(one, other, axis):
    """Return for each pair of frames whether they are apart across (0) or down (1)."""
    starts, ends = one[:, np.newaxis, axis], one[:, np.newaxis, axis + 2]
    return (starts >= other[:, axis + 2]) | (ends <= other[:, axis])


def _alone(own, frame, page):
    """Return the ink of one digit, without that of its neighbors."""
    from scipy import ndimage

    ink, labels, level = page
    own = np.pad(own, 2)
    # Pixels at the edges of the page are repeated.
    part = [np.arange(n - 2, m + 2) for n, m in zip(frame[:2], frame[2:], strict=True)]
    part = [np.clip(n, 0, m - 1) for n, m in zip(part, ink.shape[::-1], strict=True)]
    part = np.ix_(*part[::-1])
    near = ndimage.binary_dilation(own, np.ones((3, 3)))
    near &= own | (labels[part] == 0)
    image = np.where(near, ink[part], 0) / max(np.percentile(ink[part][own], 90), level)
    side = 4 + max(image.shape) // 4  # paper around it, so that the border is clean
    return np.pad(np.uint8(255 * np.clip(image, 0, 1)), side)
