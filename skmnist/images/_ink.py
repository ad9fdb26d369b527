"""From pictures to the ink in them: grey, even light, ink apart from paper.

All but `to_grey` work on stacks of images of one size, ``(n, height, width)``.
"""

import math

import numpy as np

_BINS = 128
_THUMBNAIL = 48  # pixels that are enough to see light and shadow
_TIGHT = 24  # pixels below which digits are taken to be cut out tightly
_VISIBLE = 0.01  # contrast, as a part of the brightest pixel, that can be seen
_FLAT = 0.03  # paper that varies by less than this part of the contrast is flat
_FRAME = 0.08  # width of the widest frame, as a part of the picture's shorter side
_STROKE = 0.15  # width of the widest stroke in uneven light, as a part of the picture
_TOUCH = np.array([np.zeros((3, 3)), np.ones((3, 3)), np.zeros((3, 3))])


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
    if image.dtype.itemsize > 2 and image.shape[2] in (1, 3):
        top = float(np.abs(image.astype(np.float64, copy=False)).max())
        if not 1e-6 < top < 1e6:  # float32 has no room for the cube of such numbers
            image = image / max(top, 1e-300)
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
    return grey - min(grey.min(), 0)  # shadow is a part of the light only above zero


def _on_paper(grey, alpha, white):
    """Lay what is not transparent on paper of the other colour, as a viewer would."""
    if alpha.min() > 0.5 or alpha.max() == 0:
        return grey
    shown = np.average(grey, weights=alpha)
    return grey * alpha + (0 if shown > white / 2 else white) * (1 - alpha)


def reduce(grey, longest):
    """Shrink images by a whole factor, so that no side is longer than `longest`."""
    from PIL import Image

    factor = math.ceil(max(grey.shape[1:]) / longest)
    if factor < 2:
        return grey, 1
    return np.stack([Image.fromarray(each).reduce(factor) for each in grey]), factor


def _enlarge(images, shape):
    from PIL import Image

    if images.shape[1:] == shape:
        return images
    pictures = [Image.fromarray(image) for image in images]
    way = Image.Resampling.BILINEAR
    return np.stack([picture.resize(shape[::-1], way) for picture in pictures])


def border(images):
    """Return the pixels along the edges of each image, as rows."""
    edges = images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1]
    return np.concatenate(edges, axis=1)


def even_out(grey, polarity="auto", even_light=True, detail=1):
    """Return how much more ink than paper there is: paper is zero, ink positive."""
    small, _ = reduce(grey, _THUMBNAIL * detail)
    edge = border(small)
    if min(grey.shape[1:]) >= _TIGHT:
        # Within a frame that may run along the edges.
        wide = round(_FRAME * min(small.shape[1:]))
        edge = border(small[:, wide : -wide or None, wide : -wide or None])
    contrast = np.ptp(small, axis=(1, 2))
    flat = _spread(edge, 10, 90) <= _FLAT * contrast
    if polarity == "auto":
        dark = small.mean(axis=(1, 2)) < np.median(edge, axis=1)
        dark[~flat] = _ink_is_dark(small[~flat], detail)
    else:
        dark = np.full(len(grey), polarity == "dark")
    sign = np.where(dark, -1, 1).astype(np.float32)
    # Around a tightly cut-out digit half of the border may be ink.
    crossed = 45 if min(grey.shape[1:]) < _TIGHT else 90
    flat |= _spread(sign[:, np.newaxis] * edge, 5, crossed) <= _FLAT * contrast
    if not even_light:
        flat[:] = True
    sign = sign[:, np.newaxis, np.newaxis]
    paper = np.percentile(sign[:, 0] * edge, 25, axis=1).astype(np.float32)
    ink = sign * grey - paper[:, np.newaxis, np.newaxis]
    if flat.all():
        return ink
    sign = sign[~flat]
    paper = sign * _enlarge(_paper(sign * small[~flat], detail), grey.shape[1:])
    # Shadow takes the same part of ink and paper.
    least = 0.02 * contrast[~flat, np.newaxis, np.newaxis]
    uneven = np.where(
        sign < 0, 1 - grey[~flat] / np.maximum(paper, least), grey[~flat] - paper
    )
    ink[~flat] = uneven
    return ink


def _ink_is_dark(small, detail):
    """Tell from what stands out from its surroundings, whatever the light there is."""
    from scipy import ndimage

    if not len(small):
        return np.zeros(0, bool)
    tight = min(small.shape[1:]) < _TIGHT
    if max(small.shape[1:]) < 2 * _TIGHT:
        small = reduce(small, _TIGHT)[0]
    side = max(small.shape[1:]) // (1 if tight else 3 * detail) | 1
    rest = ndimage.median_filter(small, (1, 1, side), mode="nearest")
    rest = small - ndimage.median_filter(rest, (1, side, 1), mode="nearest")
    edge = 0 if tight else round(_FRAME * min(small.shape[1:]))
    rest = rest[:, edge : -edge or None, edge : -edge or None]
    return (rest**3).sum(axis=(1, 2)) < 0


def _paper(small, detail):
    """Return the paper also where ink, the lighter one, covers it.

    That is what a morphological opening leaves whose window is wider than any stroke.
    """
    from scipy import ndimage

    rest = ndimage.gaussian_filter(small, (0, 0.7, 0.7))
    around = round(_STROKE / detail * max(small.shape[1:]))
    pad = [min(around, side - 1) for side in small.shape[1:]]
    # At the edges the light goes on as it came.
    rest = np.pad(
        rest, [(0, 0), *((n, n) for n in pad)], mode="reflect", reflect_type="odd"
    )
    side = 2 * around + 1
    rest = ndimage.grey_opening(rest, (1, side, side), mode="nearest")
    rest = ndimage.uniform_filter(rest, (1, 3, 3), mode="nearest")
    return rest[:, pad[0] :, pad[1] :][:, : small.shape[1], : small.shape[2]]


def _spread(rows, low, high):
    low, high = np.percentile(rows, (low, high), axis=1)
    return high - low


def find_ink(grey, polarity="auto", even_light=True, threshold="otsu", detail=1):
    """Separate ink from paper.

    Parameters
    ----------
    grey : ndarray of shape (n, height, width), dtype float32
    polarity : {"auto", "dark", "light"}
    even_light : bool
    threshold : "otsu" or float
        The float is a part of the strongest ink.
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

    ink = _smooth(even_out(grey, polarity, even_light, detail), detail)
    low, high = _levels(ink, threshold)
    same = np.ptp(grey, axis=(1, 2)) <= _VISIBLE * np.abs(grey).max(axis=(1, 2))
    low[same] = high[same] = np.inf
    pieces, n = ndimage.label(ink > low[:, np.newaxis, np.newaxis], _TOUCH)
    # Where the light is weak, so is the ink: it counts if it hangs on strong ink.
    strong = np.zeros(n + 1, bool)
    strong[pieces[ink > high[:, np.newaxis, np.newaxis]]] = True
    strong[0] = False
    return ink, (np.cumsum(strong, dtype=np.int32) * strong)[pieces], low


def _smooth(ink, detail):
    """Blur noise, where there is any."""
    from scipy import ndimage

    shorter = min(ink.shape[1:])
    if shorter < _TIGHT:
        return ink
    # Second differences see no slopes, and few edges.
    checks = ink[:, 1:, 1:] + ink[:, :-1, :-1] - ink[:, 1:, :-1] - ink[:, :-1, 1:]
    noise = np.median(np.abs(checks), axis=(1, 2))
    noisy = noise >= 0.03 * np.ptp(ink, axis=(1, 2))
    sigma = max(0.7, shorter / 150 / detail)
    ink[noisy] = ndimage.gaussian_filter(ink[noisy], (0, sigma, sigma))
    return ink


def _levels(ink, threshold):
    from scipy import ndimage

    rows = ink.reshape(len(ink), -1)
    strongest = np.percentile(rows, 99.8, axis=1).astype(np.float32)
    if threshold != "otsu":
        return threshold * strongest, threshold * strongest
    # Otsu's method wants classes of similar size: look again near the ink.
    high = np.maximum(_otsu(rows), 0.3 * strongest)
    window = 2 * max(1, max(ink.shape[1:]) // 40) + 1
    near = ndimage.maximum_filter(ink, (1, window, window)).reshape(rows.shape)
    high = np.maximum(_otsu(rows, near > high[:, np.newaxis]), 0.3 * strongest)
    noise = 6 * np.median(np.abs(border(ink)), axis=1)
    if min(ink.shape[1:]) >= _TIGHT:
        # Lines of the paper run over the edges, and strokes do not.
        edges = ink[:, [0, -1]], ink[:, :, [0, -1]].transpose(0, 2, 1)
        lines = [np.percentile(edge, 99, axis=2) for edge in edges]
        line = 1.3 * np.sort(np.concatenate(lines, axis=1), axis=1)[:, -2]
        noise = np.maximum(noise, line)
        high = np.where(line < 0.8 * strongest, np.maximum(high, line), high)
    return np.maximum(0.5 * high, np.minimum(high, noise)), high


def _otsu(rows, counted=None):
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
    return (low + step * (best + 0.5))[:, 0]


def keep_digit(pieces, min_part=0.05, drop_frame=True):
    """Drop specks, frame lines and what reaches in from the border.

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
    from scipy import ndimage

    boxes = np.array(
        [[(s.start, s.stop) for s in box] for box in ndimage.find_objects(pieces)]
    ).reshape(-1, 3, 2)
    image = boxes[:, 0, 0]
    starts, stops = boxes[:, 1:, 0], boxes[:, 1:, 1]
    sides = (stops - starts).max(axis=1)
    areas = np.bincount(pieces.ravel(), minlength=len(boxes) + 1)[1:]

    def per_image(combine, values):
        found = np.zeros(len(pieces), values.dtype)
        combine.at(found, image, values)
        return found[image]

    keep = areas >= min_part * per_image(np.maximum, areas)
    height, width = pieces.shape[1:]
    if drop_frame and min(height, width) >= _TIGHT:
        keep &= ~_frames(pieces, boxes, areas, keep)
        inner = ((starts > 0) & (stops < (height, width))).all(axis=1) & keep
        ring = round(0.1 * min(height, width))
        middle = pieces[:, ring:-ring, ring:-ring]
        within = np.bincount(middle.ravel(), minlength=len(boxes) + 1)[1:]
        central = (within >= 0.1 * areas) & keep
        keep = np.where(
            per_image(np.logical_or, inner & (sides > 0.2 * max(height, width))),
            inner,
            np.where(per_image(np.logical_or, central), central, keep),
        )
    order = np.lexsort([areas * keep, image])
    last = np.searchsorted(image[order], image, side="right") - 1
    main = order[last]
    # Pieces of one digit are close to each other; what is far and small is none.
    gaps = np.maximum(starts - stops[main], starts[main] - stops).max(axis=1)
    keep &= (gaps <= 0.25 * sides[main]) | (areas >= 0.3 * areas[main])
    return np.concatenate([[False], keep])[pieces]


def _frames(pieces, boxes, areas, keep):
    """Tell which pieces are frames: hollow, and another piece is in them."""
    frames = np.zeros(len(boxes), bool)
    sides = boxes[:, 1:, 1] - boxes[:, 1:, 0]
    for i in np.flatnonzero((sides > 0.5 * np.array(pieces.shape[1:])).all(axis=1)):
        y, x = boxes[i, 1:, 0] + np.ceil(0.15 * sides[i]).astype(int)
        bottom, right = boxes[i, 1:, 1] - np.ceil(0.15 * sides[i]).astype(int)
        hole = pieces[boxes[i, 0, 0], y:bottom, x:right]
        if np.count_nonzero(hole == i + 1) < 0.05 * areas[i]:
            inside = np.unique(hole[hole > 0]) - 1
            large = sides[inside].max(axis=1) > 0.25 * sides[i].max()
            frames[i] = (large & keep[inside] & (inside != i)).any()
    return frames


def is_noise(ink, mask, digit):
    """Tell for each image if a digit is no more than the strongest of many flecks."""
    noise = np.zeros(len(ink), bool)
    suspects = 2 * digit.sum(axis=(1, 2)) <= mask.sum(axis=(1, 2))
    for i in np.flatnonzero(suspects & digit.any(axis=(1, 2))):
        paper = ink[i][~mask[i]]
        spread = 1.5 * np.median(np.abs(paper - np.median(paper)))
        noise[i] = np.median(ink[i][digit[i]]) < 6 * spread
    return noise


def boxes_of(masks):
    """Return where the rectangles that just hold what is true start, and their sides.

    Parameters
    ----------
    masks : ndarray of shape (n, height, width)

    Returns
    -------
    starts, sides : ndarray of shape (n, 2), dtype int64
        Down and across, in pixels.
    """
    lines = masks.any(axis=2), masks.any(axis=1)
    starts = [line.argmax(axis=1) for line in lines]
    ends = [line.shape[1] - line[:, ::-1].argmax(axis=1) for line in lines]
    return np.stack(starts, axis=1), np.stack(ends, axis=1) - np.stack(starts, axis=1)
