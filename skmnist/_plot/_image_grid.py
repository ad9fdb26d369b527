"""A grid of images on one pair of axes."""

import math

import numpy as np
from sklearn.utils.validation import check_array

from .._sklearn_compat import _validate_style_kwargs
from .._validation import as_numbers, checking, flatten_images
from ._axes import EM, fit_text, get_axes, inches, text_size

_GAP = 0.08  # between images, in widths of a cell
_LINE = 0.17  # height of a line of text in inches
_POINTS = 8  # font size that the figure is made for
_LONGEST_LINE = 14
_SMALLEST_CELL = 0.8


def to_images(X):
    """Reshape images or rows of pixels to (n, height, width)."""
    with checking("X", X):
        rows, shape = flatten_images(X)
        rows = as_numbers(check_array(rows, input_name="X"))
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


class ImageGrid:
    """Base of Displays with a `title` and images on one pair of axes."""

    def _draw(self, ax, images, texts, colors, im_kw, text_kw):
        """Draw images row by row, each with its text above it.

        Each text is a sequence of parts, between which lines may break.
        """
        joined = [" ".join(parts) for parts in texts]
        if text_size(joined)[0] > _LONGEST_LINE:
            joined = ["\n".join(parts) for parts in texts]
        longest, n_lines = text_size(joined)
        n_columns = math.ceil(math.sqrt(max(len(images), 1)))
        n_rows = max(math.ceil(len(images) / n_columns), 1)
        # In widths of a cell, with the gap.
        height = (1 - _GAP) * images.shape[1] / images.shape[2] + _GAP
        cell = max(_SMALLEST_CELL, longest * EM * _POINTS / 72)
        width = np.clip(n_columns * cell, 4.5, 12)
        rows = n_rows * (width / n_columns * height + n_lines * _LINE)
        (self.ax_,) = get_axes(ax, 1, 1, (width, min(rows, 18) + 0.6))
        self.figure_ = self.ax_.figure
        self.ax_.set_title(self.title, fontsize="medium", pad=8)
        # The text keeps its height; the image gets what is left.
        width, left = np.divide(inches(self.ax_), (n_columns, n_rows))
        cell = np.clip((left - n_lines * _LINE) / height, width / 4, width)
        head = n_lines * _LINE / cell
        self.images_, self.texts_ = [], []
        for i, (image, text) in enumerate(zip(images, joined, strict=True)):
            row, column = divmod(i, n_columns)
            left, top = column + _GAP / 2, row * (head + height) + head
            extent = (left, left + 1 - _GAP, top + height - _GAP, top)
            self.images_.append(self.ax_.imshow(image, **{"extent": extent, **im_kw}))
            defaults = {
                "horizontalalignment": "center",
                "verticalalignment": "bottom",
                "color": colors[i],
                "parse_math": False,
                "in_layout": False,
            }
            kwargs = _validate_style_kwargs(defaults, text_kw)
            self.texts_.append(self.ax_.text(column + 0.5, top - 0.02, text, **kwargs))
        self.ax_.set(xlim=(0, n_columns), ylim=(n_rows * (head + height) - _GAP, 0))
        self.ax_.set_axis_off()
        fit_text(self.ax_, self.texts_, n_columns, text_kw)
