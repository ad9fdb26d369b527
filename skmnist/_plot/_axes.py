"""Axes, text sizes and colorblind-safe colors for all Displays."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator

from .._sklearn_compat import HasMethods, Interval, validate_params

# Of Okabe and Ito's palette.
BLUE, VERMILION = "#0072B2", "#D55E00"


EM = 0.66  # width of a letter with padding, in font sizes
_FONT_SIZES = 4, 9  # least and greatest, in points
_LONGEST_LABEL = 18
_COUNT = [Interval(Integral, 1, None, closed="left")]
_STYLE = [dict, None]
# Checks the parameters of these names, of a method of a Display.
check_params = validate_params(
    {
        "estimator": [HasMethods("predict"), BaseEstimator],
        "n_images": _COUNT,
        "n_units": _COUNT,
        "mistakes_only": ["boolean"],
        "random_state": ["random_state"],
        "image_shape": [tuple, list, None],
        "params": [list, tuple, None],
        "im_kw": _STYLE,
        "text_kw": _STYLE,
        "line_kw": _STYLE,
    },
    prefer_skip_nested_validation=True,
)


def get_axes(ax, n_axes, n_columns, figsize):
    """Check the caller's axes, or make a figure of `figsize` with `n_axes`."""
    if ax is None:
        import matplotlib.pyplot as plt

        _, axes = plt.subplots(
            -(-n_axes // n_columns),
            n_columns,
            figsize=figsize,
            layout="constrained",
            squeeze=False,
        )
        for unused in axes.ravel()[n_axes:]:
            unused.remove()
        return axes.ravel()[:n_axes]
    from matplotlib.axes import Axes

    axes = np.asarray(ax, dtype=object).ravel()
    if len(axes) != n_axes or not all(isinstance(each, Axes) for each in axes):
        raise ValueError(
            f"ax must hold {n_axes} axes for this picture; got {axes.tolist()}"
        )
    return axes


def add_colorbar(image, axes, label):
    """Add a color bar, a quarter of an inch wide, for all axes."""
    figure = axes[0].figure
    width = figure.bbox.width / figure.dpi
    return figure.colorbar(
        image, ax=list(axes), label=label, fraction=0.25 / width, aspect=30, shrink=0.8
    )


def fit_text(ax, texts, n_columns, text_kw):
    """Fit the font size of texts to their cells, if `text_kw` has no size."""
    if {"size", "fontsize"} & text_kw.keys():
        return
    longest, _ = text_size(text.get_text() for text in texts)
    width = inches(ax)[0] / n_columns
    size = 72 * width / (EM * max(longest, 1))
    for text in texts:
        text.set_fontsize(np.clip(size, *_FONT_SIZES))


def inches(ax):
    """Return the width and height of axes after the layout of the figure."""
    ax.figure.canvas.figure.draw_without_rendering()  # not a method of a SubFigure
    extent = ax.get_window_extent()
    return extent.width / ax.figure.dpi, extent.height / ax.figure.dpi


def text_size(texts):
    """Return the length of the longest line, and the largest number of lines."""
    lines = [text.split("\n") for text in texts]
    longest = max((len(line) for each in lines for line in each), default=0)
    return longest, max(map(len, lines), default=1)


def shorten(label):
    """Shorten a long label in the middle."""
    text = str(label)
    if len(text) <= _LONGEST_LABEL:
        return text
    # Long names often differ in their ends only.
    half = _LONGEST_LABEL // 2
    return f"{text[:half]}…{text[-half + 1 :]}"
