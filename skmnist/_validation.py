"""Checks of parameters, arrays and the shapes of images."""

import math
import re
from contextlib import contextmanager
from numbers import Integral

import numpy as np

_SMALLEST_SIDE = 8


@contextmanager
def checking(name, value):
    """Check an input in a block: errors name it, and masked elements raise one.

    scikit-learn's checks look behind the mask, and many of their messages leave out
    which input it is.
    """
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ValueError(
            f"{name} has masked elements, which are not supported: leave them out, or "
            f"fill them, as {name}.filled(0) does"
        )
    try:
        # What does not fit into the wanted type is found by the check itself.
        with np.errstate(over="ignore", invalid="ignore"):
            yield
    except (OverflowError, TypeError, ValueError) as error:
        text = str(error)
        if re.search(rf"\b{name}\b", text) and not isinstance(error, OverflowError):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}: {text}") from error


def refuse_times(name, value):
    """Raise a ValueError for an input of dates or durations.

    scikit-learn's validation makes numbers of them, also of missing ones.
    """
    dtypes = getattr(value, "dtypes", getattr(value, "dtype", None))
    for dtype in set(np.ravel(dtypes)):
        if re.search("date|time|duration", str(dtype).lower()):
            raise ValueError(f"{name} must hold numbers, got the dtype {dtype}")


def as_numbers(array):
    """Return what passed scikit-learn's validation as numbers.

    It leaves the strings of some data frames as they are.
    """
    return array.astype(np.float64) if array.dtype == object else array


def flatten_images(X):
    """Flatten images into rows, and return them with the shape of one image.

    What is not a stack of images is returned unchanged, for scikit-learn's
    validation, with None for a shape. Colors, more axes than images have, and
    images of different sizes are a ValueError.
    """
    if isinstance(X, list | tuple):
        try:
            X = np.asarray(X)
        except ValueError as error:
            raise ValueError(
                "X must hold images (or rows) that all have the same shape, got a "
                f"{type(X).__name__} of {len(X)} that do not form one array: {error}"
            ) from error
    elif not hasattr(X, "shape") and hasattr(X, "__array__"):
        X = np.asarray(X)

    refuse_times("X", X)
    shape = getattr(X, "shape", ())
    if len(shape) < 3:
        return X, None
    if len(shape) > 4 or (len(shape) == 4 and shape[-1] != 1):
        raise ValueError(
            "X must be images with one channel, of shape (n, height, width) or "
            "(n, height, width, 1), or rows of shape (n, n_pixels); got an array of "
            f"shape {tuple(shape)}"
        )
    image_shape = tuple(int(side) for side in shape[1:])
    return np.asarray(X).reshape(shape[0], math.prod(image_shape)), image_shape


def square_side(n_pixels):
    """Return the side of square images, or None if such pixels are not taken for one.

    It is 8 or more: four columns are not a picture of 2x2.
    """
    side = math.isqrt(n_pixels)
    return side if side**2 == n_pixels and side >= _SMALLEST_SIDE else None


def shape_of_rows(image_shape, n_features, asking):
    """Find the height and width of images that come as rows.

    Parameters
    ----------
    image_shape : tuple of int or None
        As a user gave it; None takes rows as square images.
    n_features : int
        Pixels of a row.
    asking : str
        The class that needs images, for the errors.
    """
    if image_shape is None:
        side = square_side(n_features)
        if side is None:
            raise ValueError(
                f"{asking} needs images: rows of {n_features} features are not "
                f"taken for square ones of {_SMALLEST_SIDE}x{_SMALLEST_SIDE} pixels or "
                f"more; for other images pass {asking}(image_shape=(height, width))"
            )
        return side, side
    if len(image_shape) != 2 or not all(
        isinstance(side, Integral) and side >= 1 for side in image_shape
    ):
        raise ValueError(
            "image_shape must be None or the height and width in pixels, two ints >= "
            f"1; got {image_shape!r}"
        )
    shape = tuple(map(int, image_shape))
    if math.prod(shape) != n_features:
        raise ValueError(
            f"image_shape={shape} has {math.prod(shape)} pixels; the rows have "
            f"{n_features} features"
        )
    return shape
