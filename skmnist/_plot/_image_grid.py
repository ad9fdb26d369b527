"""A grid of images on one pair of axes."""

import math

from sklearn.utils.validation import check_array

from .._sklearn_compat import _validate_style_kwargs
from .._validation import flatten_images
from ._axes import EM, inches, text_size

_GAP = 0.08  # between images, in widths of a cell
_LINE = 0.17  # height of a line of text in inches
_POINTS = 8  # smallest font size for which the figure grows instead
_LONGEST_LINE = 14
_SMALLEST_CELL = 0.8


def to_images(X):
    """Reshape images or rows of pixels to (n, height, width)."""
    rows, shape = flatten_images(X)
    rows = check_array(rows, input_name="X")
    if shape is None:
        shape = square(rows.shape[1])
    return rows.reshape(-1, *shape[:2])


def square(n_pixels):
    """Return the height and width of a square image."""
    side = math.isqrt(n_pixels)
    if side**2 != n_pixels:
        raise ValueError(
            f"rows of {n_pixels} pixels are not square images: give images of shape "
            "(n, height, width)"
        )
    return side, side


def grid_size(images, texts):
    """Choose the number of columns, and the size of the figure in inches."""
    n_columns = math.ceil(math.sqrt(max(len(images), 1)))
    n_rows = math.ceil(len(images) / n_columns)
    sizes = [text_size(joined) for joined in _join(texts)]
    widest = 12 / n_columns / EM / _POINTS * 72
    limits = _LONGEST_LINE, widest, math.inf
    fitting = (
        size for size, limit in zip(sizes, limits, strict=True) if size[0] <= limit
    )
    longest, n_lines = next(fitting)
    cell = max(_SMALLEST_CELL, longest * EM * _POINTS / 72)
    width = min(max(n_columns * cell, 4.5), 12)
    row = width / n_columns * _height(images) + n_lines * _LINE
    return n_columns, (width, min(max(n_rows * row, 1), 18) + 0.6)


def draw_images(ax, images, texts, colors, n_columns, *, im_kw, text_kw):
    """Draw images row by row, each with its text above it.

    Each text is a list of parts, between which lines may break. Returns the matplotlib
    images and texts.
    """
    n_rows = max(math.ceil(len(images) / n_columns), 1)
    width, height = inches(ax)
    space = width / n_columns, height / n_rows
    choices = _join(texts)
    sizes = [_fit(images, joined, space)[1] for joined in choices]
    # The fewest lines that do not make the text much smaller.
    texts = next(
        joined
        for joined, size in zip(choices, sizes, strict=True)
        if size > max(sizes) / 1.2
    )
    head = text_size(texts)[1] * _LINE / _fit(images, texts, space)[0]
    drawn, written = [], []
    for i, (image, text) in enumerate(zip(images, texts, strict=True)):
        row, column = divmod(i, n_columns)
        left, top = column + _GAP / 2, row * (head + _height(images)) + head
        extent = (left, left + 1 - _GAP, top + _height(images) - _GAP, top)
        drawn.append(ax.imshow(image, **{"extent": extent, **im_kw}))
        defaults = {
            "horizontalalignment": "center",
            "verticalalignment": "bottom",
            "color": colors[i],
            "parse_math": False,
            "in_layout": False,
        }
        kwargs = _validate_style_kwargs(defaults, text_kw)
        written.append(ax.text(column + 0.5, top - 0.02, text, **kwargs))
    ax.set(xlim=(0, n_columns), ylim=(n_rows * (head + _height(images)) - _GAP, 0))
    ax.set_axis_off()
    return drawn, written


def _join(texts):
    """Join the parts of each text in one line, in two, and in one each."""
    return [
        [" ".join(parts) for parts in texts],
        ["\n".join([*parts[:1], " ".join(parts[1:])]).strip() for parts in texts],
        ["\n".join(parts) for parts in texts],
    ]


def _fit(images, texts, space):
    """Return the width of a cell in inches, and the size of its text."""
    longest, n_lines = text_size(texts)
    width, height = space
    # The text keeps its height; the image gets what is left.
    left = (height - n_lines * _LINE) / _height(images)
    cell = min(width, max(left, width / 4))
    return cell, min(cell / max(longest, 1), EM * _POINTS / 72)


def _height(images):
    """Return the height of an image with its gap, in widths of a cell."""
    _, height, width = images.shape
    return (1 - _GAP) * height / width + _GAP
