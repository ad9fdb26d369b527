"""Flatten and scale images."""

import warnings
from numbers import Real
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import (
    FLOAT_DTYPES,
    check_array,
    check_is_fitted,
    validate_data,
)

from ._image_transformer import ImageTransformer
from ._sklearn_compat import Interval, StrOptions
from ._validation import as_numbers, checking, flatten_images

_FAINT = 1 / 50  # of the largest training pixel: smaller ones have another range
_BALANCED = 0.1  # from a mean of a half, within which images are not called inverted
_SOME = 1000  # images are enough for a mean image
_TURNED = -0.3  # of the asymmetry of the training images, in standard errors, too
_CERTAIN = 4


class PixelScaler(ImageTransformer):
    """Flatten images into rows and scale their pixels to [0, 1].

    Every pixel is divided by the same number. Larger values become larger than 1; they
    are not clipped.

    Parameters
    ----------
    max_value : float or "auto", default="auto"
        Pixel value that becomes 1.0; positive and finite. "auto" takes the largest
        magnitude of the training pixels: 255 for MNIST, 16 for scikit-learn's 8x8
        digits, 1 for images in [0, 1].

    Attributes
    ----------
    max_value_ : float
        Pixel value that becomes 1.0; with "auto" 1.0 if all training pixels are zero.

    largest_ : float
        Largest magnitude of the training pixels; 1.0 if all are zero.

    mean_ : float
        Mean of the training pixels, divided by `largest_`.

    mean_image_ : ndarray of shape (`n_features_in_`,), dtype float32
        Mean of up to 1,000 training images, divided by `largest_`.

    image_shape_ : tuple of int
        Shape of one sample as seen during :term:`fit`: ``(height, width)``,
        ``(height, width, 1)``, or ``(n_features,)`` for rows.

    dtype_ : type
        NumPy type of the pixels seen during :term:`fit`.

    n_features_in_ : int
        Number of pixels of one sample.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen during :term:`fit`. Defined only when `X` was a
        data frame whose column names are all strings.

    See Also
    --------
    sklearn.preprocessing.MinMaxScaler : Scales each feature by its own range.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist import PixelScaler
    >>> images = np.array([[[0, 51], [102, 255]]], dtype=np.uint8)
    >>> scaler = PixelScaler().fit(images)
    >>> scaler.transform(images)
    array([[0. , 0.2, 0.4, 1. ]], dtype=float32)
    >>> scaler.inverse_transform([[0.0, 0.2, 0.4, 1.0]])
    array([[[  0,  51],
            [102, 255]]], dtype=uint8)
    """

    __module__ = "skmnist"  # where it is public

    max_value_: float
    dtype_: type
    _parameter_constraints: dict = {
        "max_value": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions({"auto"}),
        ]
    }

    def __init__(self, max_value: float | Literal["auto"] = "auto"):
        self.max_value = max_value

    def _learn(self, pixels, image_shape):
        with checking("max_value", self.max_value):
            # As floats: the magnitude of an integer type's minimum overflows it.
            largest = max(float(pixels.max()), -float(pixels.min())) or 1.0
            divisor = largest if self.max_value == "auto" else float(self.max_value)
        return {
            "image_shape_": image_shape or (pixels.shape[1],),
            "dtype_": pixels.dtype.type,
            "max_value_": divisor,
            "largest_": largest,
            "mean_": float(pixels.mean(dtype=np.float64)) / largest,
            "mean_image_": np.float32((_some(pixels) / largest).mean(axis=0)),
        }

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Flatten the images and scale their pixels.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), \
                (n_samples, height, width, 1) or (n_samples, n_features)
            Images or rows of pixels. A scaler fitted on images accepts rows of as many
            pixels, and vice versa.

        Returns
        -------
        X_scaled : ndarray of shape (n_samples, n_features), dtype float32
            One row per image, each pixel divided by `max_value_`.

        Warns
        -----
        UserWarning
            If the pixels have another range than the training pixels, or the images
            seem inverted or transposed.

        Raises
        ------
        ValueError
            If `X` has another size than the images seen during :term:`fit`, or NaN or
            infinite pixels, or a scaled value overflows float32.
        sklearn.exceptions.NotFittedError
            If the scaler is not fitted.
        """
        pixels = self._rows(X)
        try:
            with np.errstate(all="raise", under="ignore"):
                # Converts block by block, without a temporary of the size of X.
                scaled = np.divide(
                    pixels,
                    np.float32(self.max_value_),
                    out=np.empty(pixels.shape, np.float32),
                    dtype=np.float32,
                )
        except FloatingPointError as error:
            raise ValueError(
                f"X divided by max_value={self.max_value_!r} does not fit into "
                "float32: check the pixel values and max_value"
            ) from error
        self._warn_of_other_pixels(scaled)
        return scaled

    def _warn_of_other_pixels(self, scaled):
        """Warn of another pixel range, and of inverted or transposed images."""
        if not hasattr(self, "mean_image_"):  # loaded from a file of an earlier version
            return
        unit = self.largest_ / self.max_value_
        least, greatest = float(scaled.min()) / unit, float(scaled.max()) / unit
        largest = max(-least, greatest)
        if 0 < largest < _FAINT or largest > 1 / _FAINT:
            warnings.warn(
                f"the largest pixel of X is {largest * self.largest_:.4g}, and that of "
                f"the training images was {self.largest_:.4g}: divide both by the same "
                "number",
                UserWarning,
                stacklevel=3,
            )
        elif least >= 0 and greatest <= 1 and abs(self.mean_ - 0.5) > _BALANCED:
            mean = float(scaled.mean(dtype=np.float64)) / unit
            if (mean - 0.5) * (self.mean_ - 0.5) < 0 and abs(mean - 0.5) > _BALANCED:
                warnings.warn(
                    f"the mean pixel of X is {mean:.2f} of the largest one, and that "
                    f"of the training images was {self.mean_:.2f}: X looks inverted",
                    UserWarning,
                    stacklevel=3,
                )
            elif self._is_transposed(_some(scaled) / np.float32(unit)):
                warnings.warn(
                    "the images of X look transposed, compared with the training "
                    "images: swap rows and columns",
                    UserWarning,
                    stacklevel=3,
                )

    def _is_transposed(self, images):
        """Compare images with the part of the mean image that transposing negates."""
        side = round(images.shape[1] ** 0.5)
        if side**2 != images.shape[1] or len(images) < 10:
            return False
        mean = self.mean_image_.reshape(side, side)
        uneven = (mean - mean.T).ravel()
        own = self.mean_image_ @ uneven
        if own <= 1e-3 * (mean**2).sum():  # as for images that are symmetric
            return False
        parts = images @ (uneven / own)
        error = parts.std() / len(parts) ** 0.5
        return bool(parts.mean() < min(_TURNED, -_CERTAIN * error))

    def inverse_transform(self, X: ArrayLike) -> np.ndarray:
        """Scale rows back to pixel values and reshape them to images.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Scaled pixels, as :meth:`transform` returns them.

        Returns
        -------
        X_original : ndarray of shape (n_samples, `*image_shape_`), dtype `dtype_`
            Images of the shape and data type seen during :term:`fit`. Integer types
            are rounded and clipped to their range.

        Raises
        ------
        ValueError
            If `X` has another number of features, or NaN or infinite values.
        sklearn.exceptions.NotFittedError
            If the scaler is not fitted.
        """
        check_is_fitted(self)
        with checking("X", X):
            X, image_shape = flatten_images(X)
            # Feature names are ignored: rows from a model often have none.
            values = as_numbers(check_array(X, estimator=self, input_name="X"))
            if values.dtype not in FLOAT_DTYPES:
                values = values.astype(np.float64)
        validate_data(self, values, reset=False, skip_check_array=True)
        self._check_shape(image_shape)
        values = values * values.dtype.type(self.max_value_)
        dtype = np.dtype(self.dtype_)
        if dtype.kind in "biu":
            np.rint(values, out=values)
            np.clip(values, *_limits(dtype, values.dtype), out=values)
        return values.astype(dtype, copy=False).reshape(-1, *self.image_shape_)

    def _check_fitted(self):
        top = self.max_value_
        if not (isinstance(top, Real) and 0 < top < np.inf):
            raise ValueError(f"max_value_ must be above 0 and finite; got {top!r}")
        super()._check_fitted()
        if np.dtype(self.dtype_).kind not in "biuf":
            raise ValueError(f"dtype_={self.dtype_!r} is no type of pixels")


def _some(rows):
    return rows[:: -(-len(rows) // _SOME)]


def _limits(integer, floating):
    """Return the range of `integer` in numbers that `floating` can represent."""
    if integer.kind == "b":
        return 0, 1
    info = np.iinfo(integer)
    low, high = floating.type(info.min), floating.type(info.max)
    if int(high) > info.max:
        high = np.nextafter(high, floating.type(0))
    return low, high
