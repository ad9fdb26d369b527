"""Checks of parameters, arrays and the shapes of images."""

import math
import re
from contextlib import contextmanager
from numbers import Integral

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from ._sklearn_compat import validate_parameter_constraints

# An inferred square is at least this wide: four columns are not a picture of 2x2.
_SMALLEST_SIDE = 8


def check_parameters(estimator):
    """Check each parameter by the estimator's constraints; errors say its name."""
    for name, value in estimator.get_params(deep=False).items():
        with checking(name, value):
            validate_parameter_constraints(
                estimator._parameter_constraints,
                {name: value},
                caller_name=type(estimator).__name__,
            )


@contextmanager
def checking(name, value):
    """Check an input in a block: errors say its name, and masked elements are one.

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


def as_numbers(array):
    """Return what passed scikit-learn's validation as numbers, or raise a ValueError.

    It lets times pass for numbers, and leaves the strings of some data frames as they
    are.
    """
    if array.dtype.kind in "mM":
        raise ValueError(f"X must hold numbers, got the dtype {array.dtype}")
    return array.astype(np.float64) if array.dtype == object else array


def flatten_images(X):
    """Flatten images into rows, and return them with the shape of one image.

    What is not a stack of images is handed back as it came, for scikit-learn's
    validation to judge, with None for a shape. Colors, more axes than images have, and
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

    shape = getattr(X, "shape", ())
    if len(shape) < 3:
        return X, None
    if len(shape) > 4:
        raise ValueError(
            "X must be images of shape (n, height, width) or (n, height, width, 1), "
            f"or rows of shape (n, n_pixels), got an array of shape {tuple(shape)}"
        )
    if len(shape) == 4 and shape[-1] != 1:
        raise ValueError(
            "X must be images with one channel, of shape (n, height, width) or "
            f"(n, height, width, 1), got an array of shape {tuple(shape)}; turn color "
            "images into gray ones first"
        )
    image_shape = tuple(int(side) for side in shape[1:])
    return np.asarray(X).reshape(shape[0], math.prod(image_shape)), image_shape


def refuse_one_image(X, n_features):
    """Refuse one image where a stack of images is meant, and name the cure.

    Parameters
    ----------
    X : object
        Rows, or an image.
    n_features : int
        Number of pixels of one sample.

    Raises
    ------
    ValueError
        If `X` has as many pixels as one sample, in lines of less.
    """
    shape = getattr(X, "shape", ())
    if len(shape) == 2 and shape[1] != n_features and math.prod(shape) == n_features:
        raise ValueError(
            f"X has the shape {tuple(shape)}, which is one image of {n_features} "
            "pixels: make it a stack of one, X[np.newaxis]"
        )


def check_same_shape(transformer, image_shape):
    """Check that images are of the height and width that were fitted on.

    Rows, whose `image_shape` is None, go with any image of as many pixels.
    """
    fitted = transformer.image_shape_
    if image_shape is None or len(fitted) == 1:
        return
    if image_shape[:2] != fitted[:2]:
        raise ValueError(
            f"X has images of shape {image_shape}, but {type(transformer).__name__} "
            f"was fitted on images of shape {fitted}"
        )


def rows_as_fitted(transformer, X):
    """Flatten images for a transformer, if they are as those that it was fitted on."""
    check_is_fitted(transformer)
    with checking("X", X):
        X, image_shape = flatten_images(X)
        refuse_one_image(X, transformer.n_features_in_)
        rows = as_numbers(validate_data(transformer, X, reset=False))
    check_same_shape(transformer, image_shape)
    return rows


def shape_of_rows(image_shape, n_features, asking, parameter):
    """Find the height and width of images that come as rows.

    Parameters
    ----------
    image_shape : tuple of int or None
        As a user gave it; None takes rows as square images.
    n_features : int
        Pixels of a row.
    asking, parameter : str
        For the errors: who needs images, and how their shape is given to it.
    """
    if image_shape is None:
        side = math.isqrt(n_features)
        if side**2 != n_features or side < _SMALLEST_SIDE:
            raise ValueError(
                f"{asking} needs images: rows of {n_features} features are not "
                f"taken for square ones of {_SMALLEST_SIDE}x{_SMALLEST_SIDE} pixels or "
                f"more; for other images pass {parameter}"
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


def check_fitted_shape(transformer, n_axes):
    """Check `image_shape_`, of so many numbers, against `n_features_in_`."""
    shape, n_pixels = transformer.image_shape_, transformer.n_features_in_
    if not (
        isinstance(shape, tuple)
        and all(type(side) is int for side in (*shape, n_pixels))
        and len(shape) in n_axes
        and math.prod(shape) == n_pixels > 0
    ):
        raise ValueError(f"image_shape_={shape!r} does not have {n_pixels!r} pixels")
