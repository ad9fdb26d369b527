# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""From a picture to the ink in it: grey, even light, ink apart from paper."""

import math

import numpy as np

_BIN_CENTERS = (np.arange(128) + 0.5) / 128
_THUMBNAIL = 48  # pixels that are enough to see light and shadow
_TIGHT = 24  # pixels below which digits are taken to be cut out tightly
_VISIBLE = 0.01  # contrast, as a part of the brightest pixel, that can be seen
_FLAT = 0.03  # paper that varies by less than this part of the contrast is flat


def to_grey(image, name):
    """Turn one image into float32 grey values; transparent parts become paper.

    Parameters
    ----------
    image : array-like of shape (height, width) or (height, width, channels)
        Grey, grey and alpha, RGB or RGBA.
    name : str
        What error messages call the image.

    Returns
    -------
    grey : ndarray of shape (height, width), dtype float32
    """
    image = np.asarray(image)
    if image.dtype.kind not in "buif":
        raise ValueError(f"{name} must be numbers, got dtype {image.dtype}")
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
    n_colours = 1 if image.shape[2] < 3 else 3
    if n_colours == 1:
        grey = image[:, :, 0].astype(np.float32)
    elif image.dtype == np.uint8:
        from PIL import Image

        colours = Image.fromarray(np.ascontiguousarray(image[:, :, :3]))
        grey = np.asarray(colours.convert("L"), np.float32)
    else:
        # Weights of ITU-R BT.601, which Pillow uses too.
        grey = image[:, :, :3].astype(np.float32) @ np.float32([0.299, 0.587, 0.114])
    if image.shape[2] in (2, 4):
        alpha = image[:, :, -1]
        top = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "ui" else 1
        grey = _on_paper(grey, alpha.astype(np.float32) / top, top)
    return grey


def _on_paper(grey, alpha, white):
    """Lay what is not transparent on paper of the other colour, as a viewer would."""
    if alpha.min() > 0.5 or alpha.max() == 0:
        return grey
    shown = np.average(grey, weights=alpha)
    return grey * alpha + (0 if shown > white / 2 else white) * (1 - alpha)


def reduce(grey, longest):
    """Shrink an image by a whole factor, so that no side is longer than `longest`."""
    from PIL import Image

    factor = math.ceil(max(grey.shape) / longest)
    if factor < 2:
        return grey, 1
    return np.asarray(Image.fromarray(grey).reduce(factor)), factor


def resize(image, shape):
    """Resize a float32 image bilinearly, with anti-aliasing."""
    from PIL import Image

    picture = Image.fromarray(image)
    return np.asarray(picture.resize(shape[::-1], Image.Resampling.BILINEAR))


def otsu(values):
    """Return Otsu's threshold, from a histogram of 128 bins."""
    from skimage.filters import threshold_otsu

    low, high = float(values.min()), float(values.max())
    if low == high:
        return low
    # Bins of one width, which NumPy's histogram takes ten times as long to count.
    bins = ((values - low) * (127.99 / (high - low))).astype(np.uint8)
    counts = np.bincount(bins.ravel(), minlength=128)
    return threshold_otsu(hist=(counts, low + (high - low) * _BIN_CENTERS))


def border(image):
    """Return the pixels along the edges of an image."""
    return np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])


def even_out(grey, polarity="auto", even_light=True):
    """Return how much more ink than paper there is: paper is zero, ink positive."""
    small, _ = reduce(grey, _THUMBNAIL)
    edge = border(small)
    contrast = np.ptp(small)
    trend = None
    if _spread(edge, 10, 90) > _FLAT * contrast:
        trend = _trend(small)
    dark = polarity == "dark"
    if polarity == "auto":
        dark = _ink_is_dark(small, edge, trend)
    ink = -grey if dark else grey
    edge = -edge if dark else edge
    # Around a tightly cut-out digit half of the border may be ink.
    crossed = 45 if min(grey.shape) < _TIGHT else 90
    if not even_light or trend is None or _spread(edge, 5, crossed) <= _FLAT * contrast:
        return ink - np.percentile(edge, 25)
    if not dark:
        return ink - resize(_paper(small, trend), ink.shape)
    # Shadow takes the same part of ink and paper.
    paper = -_paper(-small, -trend)
    return 1 - grey / np.maximum(resize(paper, ink.shape), 0.02 * contrast)


def _ink_is_dark(small, edge, trend):
    """Tell from what most of the image and its border are if the ink is dark."""
    if trend is None:
        return small.mean() < np.median(edge)
    small = small - trend
    light = small > otsu(small)
    # Ink is seldom a third of a picture; if it is, the border decides.
    share = light.mean()
    if 0.3 < share < 0.7:
        share = border(light).mean()
    return share > 0.5


def _paper(small, trend):
    """Return the paper also where ink covers it.

    That is what a morphological opening leaves whose window is wider than any stroke.
    """
    from scipy import ndimage

    rest = ndimage.median_filter(small - trend, 3, mode="nearest")
    side = 2 * round(0.15 * max(small.shape)) + 1
    rest = ndimage.grey_opening(rest, (side, side), mode="nearest")
    return trend + ndimage.uniform_filter(rest, 3, mode="nearest")


def _trend(small):
    """Fit light that falls unevenly, by least absolute values: ink is a minority."""
    y, x = np.indices(small.shape, dtype=np.float32) / max(small.shape) - 0.5
    terms = np.stack([np.ones_like(x), x, y, x * y])
    if min(small.shape) < _TIGHT:
        samples, values = np.stack([border(term) for term in terms]), border(small)
    else:
        samples, values = terms.reshape(4, -1), small.ravel()
    weights = np.ones_like(values)
    for _ in range(5):
        weighted = samples * weights
        # The ridge is for pictures of one row or column.
        square = weighted @ samples.T + 1e-6 * weights.sum() * np.eye(4, dtype="f")
        factors = np.linalg.solve(square, weighted @ values)
        residual = np.abs(values - factors @ samples)
        weights = 1 / (residual + 0.02 * residual.max() + 1e-12)
    return (factors @ terms.reshape(4, -1)).reshape(small.shape)


def _spread(values, low, high):
    low, high = np.percentile(values, (low, high))
    return high - low


def find_ink(grey, polarity="auto", even_light=True, threshold="otsu"):
    """Separate ink from paper.

    Parameters
    ----------
    grey : ndarray of shape (height, width), dtype float32
    polarity : {"auto", "dark", "light"}
    even_light : bool
    threshold : "otsu" or float
        The float is a part of the strongest ink.

    Returns
    -------
    ink : ndarray of shape (height, width), dtype float32
        How much darker (lighter, for light ink) than the paper each pixel is.
    mask : ndarray of shape (height, width), dtype bool
        Where ink is.
    level : float
        The ink below which everything is paper.
    """
    if np.ptp(grey) <= _VISIBLE * np.abs(grey).max():
        return grey, np.zeros(grey.shape, bool), 0.0
    ink = _smooth(even_out(grey, polarity, even_light))
    low, high = _levels(ink, threshold)
    if low == high:
        return ink, ink > high, high
    from skimage.filters import apply_hysteresis_threshold

    # Where the light is weak, so is the ink: it counts if it hangs on strong ink.
    return ink, apply_hysteresis_threshold(ink, low, high), low


def _smooth(ink):
    """Blur noise, if there is any."""
    from scipy import ndimage

    if min(ink.shape) < _TIGHT:
        return ink
    # Second differences see no slopes, and few edges.
    checks = ink[1:, 1:] + ink[:-1, :-1] - ink[1:, :-1] - ink[:-1, 1:]
    if np.median(np.abs(checks)) < 0.03 * np.ptp(ink):
        return ink
    return ndimage.gaussian_filter(ink, max(0.7, min(ink.shape) / 150))


def _levels(ink, threshold):
    strongest = float(np.percentile(ink, 99.8))
    if threshold != "otsu":
        return threshold * strongest, threshold * strongest
    from scipy import ndimage

    # Otsu's method wants classes of similar size: look again near the ink.
    window = 2 * max(1, max(ink.shape) // 40) + 1
    near = ndimage.maximum_filter(ink, window) > max(otsu(ink), 0.3 * strongest)
    high = max(otsu(ink[near]), 0.3 * strongest)
    noise = np.median(np.abs(border(ink)))
    return max(0.5 * high, min(high, 6 * noise)), high


def keep_digit(mask, min_part=0.05, drop_frame=True):
    """Drop specks, frame lines and what reaches in from the border.

    Parameters
    ----------
    mask : ndarray of shape (height, width), dtype bool
    min_part : float
        The smallest piece to keep, as a part of the largest one's pixels.
    drop_frame : bool

    Returns
    -------
    kept : ndarray of shape (height, width), dtype bool
    """
    from scipy import ndimage

    labels, n = ndimage.label(mask, np.ones((3, 3)))
    if n < 2:
        return mask
    areas = np.bincount(labels.ravel())[1:]
    boxes = np.array(
        [[(s.start, s.stop) for s in each] for each in ndimage.find_objects(labels)]
    )
    starts, stops = boxes[:, :, 0], boxes[:, :, 1]
    sides = (stops - starts).max(axis=1)
    keep = areas >= min_part * areas.max()
    if drop_frame and min(mask.shape) >= _TIGHT:
        inner = ((starts > 0) & (stops < mask.shape)).all(axis=1) & keep
        if (sides[inner] > 0.2 * max(mask.shape)).any():
            keep = inner
        else:
            ring = round(0.1 * min(mask.shape))
            within = np.bincount(
                labels[ring:-ring, ring:-ring].ravel(), minlength=n + 1
            )
            if (within[1:] >= 0.1 * areas)[keep].any():
                keep &= within[1:] >= 0.1 * areas
    main = np.argmax(np.where(keep, areas, 0))
    # Pieces of one digit are close to each other; what is far and small is none.
    gaps = np.maximum(starts - stops[main], starts[main] - stops).max(axis=1)
    keep &= (gaps <= 0.25 * sides[main]) | (areas >= 0.3 * areas[main])
    return np.concatenate([[False], keep])[labels]


def is_noise(ink, mask, digit):
    """Tell if a digit is no more than the strongest of many flecks."""
    if 3 * digit.sum() > mask.sum():
        return False
    paper = ink[~mask]
    noise = 1.5 * np.median(np.abs(paper - np.median(paper)))
    return np.median(ink[digit]) < 6 * noise


def box_of(mask):
    """Return the two slices that just hold what is true."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
