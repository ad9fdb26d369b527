"""From pictures to the ink in them: gray, even light, ink apart from paper.

All but `to_gray` work on stacks of images of one size, ``(n, height, width)``.
"""

import math
from functools import lru_cache

import numpy as np

from ._boxes import without_boxes
from ._masks import TOUCH, maximum, pieces_of

_BINS = 128
_THUMBNAIL = 48  # pixels: resolution for light and shadow
_SMALL = 24  # pixels: smaller pictures are not denoised
_PARTS = 0.02, 0.4  # of the paper, by how light it is, where it is looked at
_VISIBLE = 0.01  # least contrast, as a fraction of the brightest pixel
_FAINT = 0.08
_COLORED = 0.35  # least share of luminance in the greatest spread of colors
_SAMPLE = 100  # pixels: resolution for the spread of colors
_SLOPE = 24
_SMOOTH = 0.2  # of the contrast is not on a quadratic surface, where light is all
_STRONG = 1.6  # times the ink of stains and shadows, at least
_FLAT = 0.03  # paper that varies by less than this part of the contrast is flat
_STROKE = 0.15  # width of the widest stroke in uneven light, as a part of the picture


def to_gray(image, name):
    """Turn one image into float32 gray values; transparent parts become paper.

    Parameters
    ----------
    image : array-like of shape (height, width) or (height, width, channels)
        Gray, gray and alpha, RGB or RGBA.
    name : str
        What error messages call the image.

    Returns
    -------
    gray : ndarray of shape (height, width), dtype float32
    """
    image = np.asarray(image)
    if image.dtype.kind not in "buif":
        hint = ": read files by read_image" if image.dtype.kind in "US" else ""
        raise ValueError(f"{name} must be numbers, got dtype {image.dtype}{hint}")
    if image.ndim == 2:
        image = image[:, :, np.newaxis]
    if image.ndim != 3 or not 1 <= image.shape[2] <= 4:
        raise ValueError(
            f"{name} must have the shape (height, width) or (height, width, channels) "
            f"with 1 to 4 channels, got {image.shape}"
        )
    if not image.size:
        raise ValueError(f"{name} has no pixels: its shape is {image.shape}")
    if image.dtype.kind == "f" and not np.isfinite(image.sum(dtype=np.float64)):
        raise ValueError(f"{name} has NaN or infinite pixels")
    if image.dtype.itemsize > 2 and image.shape[2] in (1, 3):
        top = float(np.abs(image.astype(np.float64, copy=False)).max())
        if not 1e-6 < top < 1e6:  # float32 cannot hold the cube of such numbers
            image = image / max(top, 1e-300)
    n_colors = 1 if image.shape[2] < 3 else 3
    if n_colors == 1:
        gray = image[:, :, 0].astype(np.float32)
    elif image.dtype == np.uint8:
        from PIL import Image

        colors = Image.fromarray(np.ascontiguousarray(image[:, :, :3]))
        gray = np.asarray(colors.convert("L"), np.float32)
    else:
        # Weights of ITU-R BT.601, which Pillow uses too.
        gray = image[:, :, :3].astype(np.float32) @ np.float32([0.299, 0.587, 0.114])
    opaque = image.shape[2] in (1, 3)
    if not opaque:
        alpha = image[:, :, -1]
        top = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "ui" else 1
        alpha = alpha.astype(np.float32) / top
        opaque = alpha.min() > 0.5 or alpha.max() == 0
        if not opaque:
            gray = _on_paper(gray, alpha, top)
    if opaque and n_colors == 3:
        gray = _tell_colors(image[:, :, :3], gray)
    return gray - min(gray.min(), 0)  # shadow is multiplicative only above zero


def _tell_colors(image, gray):
    """Return gray values, of the first principal component where luminance is alike."""
    step = max(1, min(gray.shape) // _SAMPLE)
    colors = image[::step, ::step].reshape(-1, 3).astype(np.float64)
    colors -= colors.mean(axis=0)
    variances, components = np.linalg.eigh(colors.T @ colors / len(colors))
    if gray[::step, ::step].var() >= _COLORED**2 * variances[-1]:
        return gray
    first = components[:, -1] * np.copysign(1, components[:, -1].sum())
    return image.astype(np.float32) @ first.astype(np.float32)


def _on_paper(gray, alpha, white):
    """Lay what is not transparent on paper of the other color, as a viewer would."""
    shown = np.average(gray, weights=alpha)
    return gray * alpha + (0 if shown > white / 2 else white) * (1 - alpha)


def reduce(gray, longest):
    """Shrink images by a whole factor, so that no side is longer than `longest`."""
    from PIL import Image

    factor = math.ceil(max(gray.shape[1:]) / longest)
    if factor < 2:
        return gray, 1
    return np.stack([Image.fromarray(each).reduce(factor) for each in gray]), factor


def _enlarge(images, shape):
    from PIL import Image

    if images.shape[1:] == shape:
        return images
    pictures = [Image.fromarray(image) for image in images]
    way = Image.Resampling.BILINEAR
    return np.stack([picture.resize(shape[::-1], way) for picture in pictures])


def thumbnails(gray, detail=1):
    """Shrink images to the resolution in which light and shadow are looked for.

    A digit is `detail` times smaller than its picture.
    """
    return reduce(gray, _THUMBNAIL * detail)[0]


def guess_dark(small):
    """Guess for each thumbnail whether its ink is dark: most of the border is paper."""
    edges = small[:, 0], small[:, -1], small[:, 1:-1, 0], small[:, 1:-1, -1]
    edge = np.concatenate(edges, axis=1)
    return small.mean(axis=(1, 2)) < np.median(edge, axis=1)


def stands_out_dark(small, detail=1):
    """Guess the polarity of thumbnails from local contrast, in any light."""
    side = max(small.shape[1:]) // (3 * detail) | 1
    rest = small - _medians(_medians(small, side, 2), side, 1)
    edge = round(0.08 * min(small.shape[1:]))
    rest = rest[:, edge : -edge or None, edge : -edge or None]
    return (rest**3).sum(axis=(1, 2)) < 0


def _medians(images, side, axis):
    """Return the median of the line around each pixel, twice as fast as by SciPy."""
    pad = [(side // 2 * (n == axis),) * 2 for n in range(3)]
    padded = np.pad(images, pad, mode="edge")
    lines = np.lib.stride_tricks.sliding_window_view(padded, side, axis)
    return np.partition(lines, side // 2, axis=-1)[..., side // 2]


def light_of(small):
    """Return for each thumbnail whether the light is even, and whether it may be.

    Paper is on the border; or, where ink is there too, on one side of Otsu's threshold.
    """
    edges = small[:, 0], small[:, -1], small[:, 1:-1, 0], small[:, 1:-1, -1]
    rows = np.sort(small.reshape(len(small), -1), axis=1)
    least = _FLAT * (rows[:, -1] - rows[:, 0])
    even = np.ptp(
        np.percentile(np.concatenate(edges, axis=1), (10, 90), axis=1), axis=0
    )
    numbers = np.arange(len(rows))
    n_dark = (rows <= otsu(rows)[:, np.newaxis]).sum(axis=1)
    n_light = rows.shape[1] - n_dark
    ends = [(0, n_dark), (rows.shape[1] - 1, -n_light)]
    spreads = [
        np.abs(np.subtract(*(rows[numbers, end + (p * n).astype(int)] for p in _PARTS)))
        for end, n in ends
    ]
    spreads = np.sort(spreads, axis=0)
    flat = (spreads[0] <= 1.7 * least) & (spreads[1] <= 4 * least)
    return even <= least, flat


def is_light(small):
    """Return for each thumbnail whether it is only a smooth gradient of light."""
    surface = _quadratic(small.shape[1:])
    rows = small.reshape(len(small), 1, -1)  # for small products, without threads
    rest = np.abs(rows - rows @ surface @ surface.T)
    return (rest.max(axis=2) < _SMOOTH * np.ptp(rows, axis=2))[:, 0]


@lru_cache
def _quadratic(shape):
    """Return an orthonormal basis of the quadratic surfaces on a grid."""
    y, x = np.mgrid[[slice(-1, 1, n * 1j) for n in shape]].reshape(2, -1)
    basis = np.linalg.qr(np.stack([x**0, x, y, x * y, x**2, y**2], axis=1))[0]
    return basis.astype(np.float32)


def even_out(gray, dark, even_light, detail=1):
    """Subtract the paper: paper becomes zero, ink positive."""
    small = thumbnails(gray, detail)
    sign = np.where(dark, -1, 1).astype(np.float32)[:, np.newaxis, np.newaxis]
    if not even_light:
        rows = np.sort((sign * small).reshape(len(small), -1), axis=1)
        n_paper = (rows <= otsu(rows)[:, np.newaxis]).sum(axis=1)
        paper = rows[np.arange(len(rows)), n_paper // 4]
        return sign * gray - paper[:, np.newaxis, np.newaxis]
    paper = sign * _enlarge(_paper(sign * small, detail), gray.shape[1:])
    # Shadow scales ink and paper by the same factor.
    least = 0.02 * np.ptp(small, axis=(1, 2))[:, np.newaxis, np.newaxis]
    return np.where(sign < 0, 1 - gray / np.maximum(paper, least), gray - paper)


def _paper(small, detail):
    """Return the paper also where ink, the lighter one, covers it.

    That is what a morphological opening leaves whose window is wider than any stroke.
    """
    from scipy import ndimage

    rest = ndimage.gaussian_filter(small, (0, 0.7, 0.7))
    around = round(_STROKE / detail * max(small.shape[1:]))
    pad = [min(around, side - 1) for side in small.shape[1:]]
    # The light is extrapolated at the edges.
    rest = np.pad(
        rest, [(0, 0), *((n, n) for n in pad)], mode="reflect", reflect_type="odd"
    )
    side = 2 * around + 1
    rest = ndimage.grey_opening(rest, (1, side, side), mode="nearest")
    rest = ndimage.uniform_filter(rest, (1, 3, 3), mode="nearest")
    return rest[:, pad[0] :, pad[1] :][:, : small.shape[1], : small.shape[2]]


def find_ink(gray, dark, even_light=True, threshold="otsu", boxes=False, detail=1):
    """Separate ink from paper.

    Parameters
    ----------
    gray : ndarray of shape (n, height, width), dtype float32
    dark : ndarray of shape (n,), dtype bool
        Whether the ink is darker than the paper.
    even_light : bool
    threshold : "otsu" or float
        The float is a part of the strongest ink.
    boxes : bool
        Whether to take the lines of boxes out.
    detail : int
        How many times smaller than a picture of one digit the strokes are.

    Returns
    -------
    ink : ndarray of shape (n, height, width), dtype float32
        How much darker (lighter, for light ink) than the paper each pixel is.
    pieces : ndarray of shape (n, height, width), dtype int32
        The number of the piece of ink that each pixel belongs to, 0 for paper. No
        number is in two images.
    level : ndarray of shape (n,), dtype float32
        The ink below which everything is paper.
    """
    from scipy import ndimage

    ink = _smooth(even_out(gray, dark, even_light, detail), detail)
    low, high = _levels(ink, threshold)
    if even_light:
        # Remaining uneven light is weaker than ink.
        white = np.where(dark, 1, gray.max(axis=(1, 2)))
        faint = high < _FAINT * white
        low[faint] = high[faint] = np.inf
    same = np.ptp(gray, axis=(1, 2)) <= _VISIBLE * np.abs(gray).max(axis=(1, 2))
    low[same] = high[same] = np.inf
    mask = ink > low[:, np.newaxis, np.newaxis]
    if boxes:
        mask = without_boxes(mask)
    pieces, n = ndimage.label(mask, TOUCH)
    # Hysteresis: weak ink counts if it is connected to strong ink.
    strong = np.zeros(n + 1, bool)
    strong[pieces[ink > high[:, np.newaxis, np.newaxis]]] = True
    strong[0] = False
    return ink, (np.cumsum(strong, dtype=np.int32) * strong)[pieces], low


def _smooth(ink, detail):
    """Blur noise, where there is any."""
    from scipy import ndimage

    shorter = min(ink.shape[1:])
    if shorter < _SMALL:
        return ink
    # Second differences ignore slopes, and most edges.
    checks = ink[:, 1:, 1:] + ink[:, :-1, :-1] - ink[:, 1:, :-1] - ink[:, :-1, 1:]
    noise = _quantile(np.abs(checks).reshape(len(ink), -1), 0.5)
    noisy = noise >= 0.03 * np.ptp(ink, axis=(1, 2))
    sigma = max(0.7, shorter / 150 / detail)
    ink[noisy] = ndimage.gaussian_filter(ink[noisy], (0, sigma, sigma))
    return ink


def _levels(ink, threshold):
    rows = ink.reshape(len(ink), -1)
    strongest = _quantile(rows, 0.998)
    if threshold != "otsu":
        return threshold * strongest, threshold * strongest
    # Otsu's method needs classes of similar size: repeat it near the ink.
    high = np.maximum(otsu(rows), 0.3 * strongest)
    window = 2 * max(1, max(ink.shape[1:]) // 40) + 1
    near = maximum(ink, window).reshape(rows.shape)
    high = np.maximum(otsu(rows, near > high[:, np.newaxis]), 0.3 * strongest)
    noise = 6 * _quantile(np.abs(rows), 0.5)
    line = 1.3 * _across(ink)
    noise = np.maximum(noise, line)
    high = np.where(line < 0.8 * strongest, np.maximum(high, line), high)
    return np.maximum(0.5 * high, np.minimum(high, noise)), high


def _across(ink):
    """Return the ink of lines that run across the images or down, as on ruled paper."""
    from scipy import ndimage

    levels = []
    for axis in (1, 2):
        # A line may slope a little.
        wide = 1 + ink.shape[axis] // _SLOPE
        near = ndimage.maximum_filter1d(ink, wide, axis).swapaxes(axis, 1)
        levels.append(_quantile(near, 0.05).max(axis=1))
    return np.maximum(*levels)


def _quantile(rows, part):
    """Return a quantile of each row, several times faster than NumPy's."""
    place = part * (rows.shape[-1] - 1)
    rows = np.sort(rows, axis=-1)
    low, high = (rows[..., int(end)] for end in (place, math.ceil(place)))
    return low + np.float32(place % 1) * (high - low)


def otsu(rows, counted=None):
    """Return Otsu's threshold for each row; scikit-image has it for one."""
    low, high = rows.min(axis=1, keepdims=True), rows.max(axis=1, keepdims=True)
    step = np.maximum(high - low, 1e-12) / (_BINS - 0.01)
    places = ((rows - low) / step).astype(np.intp)
    places += _BINS * np.arange(len(rows))[:, np.newaxis]
    counts = np.bincount(
        places.ravel(),
        weights=None if counted is None else counted.ravel(),
        minlength=_BINS * len(rows),
    ).reshape(len(rows), _BINS)
    below = counts.cumsum(axis=1)
    moment = (counts * np.arange(_BINS)).cumsum(axis=1)
    n = np.maximum(below[:, -1:], 1)
    parts = np.maximum(below * (n - below), 1)
    between = (moment[:, -1:] / n * below - moment) ** 2 / parts
    best = between.argmax(axis=1)[:, np.newaxis]
    return (low + step * (best + 0.999))[:, 0]


def keep_digit(pieces, min_part=0.05, drop_border=True):
    """Drop specks, frame lines and objects connected to the border.

    Parameters
    ----------
    pieces : ndarray of shape (n, height, width), dtype int32
        As :func:`find_ink` returns them.
    min_part : float
        The smallest piece to keep, as a part of the largest one's pixels.
    drop_frame : bool

    Returns
    -------
    kept : ndarray of shape (n, height, width), dtype bool
    """
    image, starts, stops, areas = pieces_of(pieces)
    sides = (stops - starts).max(axis=1)

    def per_image(combine, values):
        found = np.zeros(len(pieces), values.dtype)
        combine.at(found, image, values)
        return found[image]

    keep = (areas > 0) & (areas >= min_part * per_image(np.maximum, areas))
    height, width = pieces.shape[1:]
    if drop_border:
        # Objects near the border are a frame, or not on the paper.
        ring = max(1, round(0.1 * min(height, width)))
        middle = pieces[:, ring:-ring, ring:-ring]
        within = np.bincount(middle.ravel(), minlength=len(areas) + 1)[1:]
        keep &= within >= 0.1 * areas
        inner = ((starts > 0) & (stops < (height, width))).all(axis=1) & keep
        large = per_image(np.logical_or, inner & (sides > 0.2 * max(height, width)))
        keep = np.where(large, inner, keep)
    order = np.lexsort([areas * keep, image])
    last = np.searchsorted(image[order], image, side="right") - 1
    main = order[last]
    # Pieces of a digit are close to each other; small distant ones are dropped.
    gaps = np.maximum(starts - stops[main], starts[main] - stops).max(axis=1)
    keep &= (gaps <= 0.25 * sides[main]) | (areas >= 0.3 * areas[main])
    return np.concatenate([[False], keep])[pieces]


def keep_strong(ink, pieces, level):
    """Return pieces of the stronger one of two inks, as on stains, and its level."""
    from scipy import ndimage

    inked = pieces > 0
    strong = otsu(ink.reshape(len(ink), -1), inked.reshape(len(ink), -1))
    level = np.maximum(level, strong.astype(np.float32))
    strong = inked & (ink > level[:, np.newaxis, np.newaxis])
    weak, much = (
        (ink * part).sum(axis=(1, 2)) / np.maximum(part.sum(axis=(1, 2)), 1)
        for part in (inked & ~strong, strong)
    )
    strong &= (much > _STRONG * weak)[:, np.newaxis, np.newaxis]
    return ndimage.label(strong, TOUCH)[0], level


def is_noise(ink, mask, digit):
    """Return for each image whether the digit is no stronger than noise."""
    noise = np.zeros(len(ink), bool)
    suspects = 2 * digit.sum(axis=(1, 2)) <= mask.sum(axis=(1, 2))
    for i in np.flatnonzero(suspects & digit.any(axis=(1, 2))):
        paper = ink[i][~mask[i]]
        spread = 1.5 * np.median(np.abs(paper - np.median(paper)))
        noise[i] = np.median(ink[i][digit[i]]) < 6 * spread
    return noise
