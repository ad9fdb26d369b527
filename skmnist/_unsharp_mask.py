"""Unsharp masking of images."""

from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_array, gen_batches
from sklearn.utils.validation import validate_data

from ._base import VersionStamp
from ._sklearn_compat import CallbackSupportMixin, Interval, _fit_context
from ._validation import (
    as_numbers,
    check_fitted_shape,
    check_parameters,
    checking,
    flatten_images,
    rows_as_fitted,
    shape_of_rows,
)

_ASKING = "UnsharpMask", "UnsharpMask(image_shape=(height, width))"
_AT_ONCE = 1024  # images, so that temporary arrays stay small


class UnsharpMask(
    VersionStamp,
    CallbackSupportMixin,
    OneToOneFeatureMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Sharpen images by unsharp masking, so that a network learns in fewer epochs.

    The difference between an image and its Gaussian blur is added `amount` times [1]_.
    Sharpened pixels are less correlated, which is better conditioned for gradient
    descent [2]_. The filter is linear. Use it between :class:`PixelScaler` and the
    classifier.

    Parameters
    ----------
    radius : float, default=2.0
        Standard deviation of the Gaussian in pixels: above 0, and at most the longer
        side of the images.

    amount : float, default=2.0
        Factor of the difference, 0 or more; 0 leaves images unchanged.

    image_shape : tuple of int, default=None
        Height and width of images given as rows. None assumes square images of at
        least 64 pixels.

    Attributes
    ----------
    image_shape_ : tuple of int
        Height and width.

    n_features_in_ : int
        Number of pixels of one image.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen during :term:`fit`. Defined only when `X` was a
        data frame whose column names are all strings.

    See Also
    --------
    PixelScaler : The step before: scales pixels to [0, 1].

    Notes
    -----
    The background must be zero, because the image is padded with zeros. Values are not
    clipped: beside strong edges they are negative. Away from the border,
    ``skimage.filters.unsharp_mask(..., preserve_range=True)`` gives the same.

    References
    ----------
    .. [1] W. F. Schreiber, "Wirephoto quality improvement by unsharp masking",
       Pattern Recognition, 2(2):117-121, 1970.
    .. [2] Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller, "Efficient BackProp",
       Neural Networks: Tricks of the Trade, 1998.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skmnist import MLPDigitClassifier, PixelScaler, UnsharpMask
    >>> model = make_pipeline(PixelScaler(), UnsharpMask(), MLPDigitClassifier())

    >>> import numpy as np
    >>> image = np.zeros((8, 8), np.float32)
    >>> image[:, 3:5] = 1  # a stroke
    >>> UnsharpMask(radius=1).fit_transform([image]).reshape(8, 8)[4].round(1)
    array([-0. , -0.1, -0.6,  1.7,  1.7, -0.6, -0.1, -0. ], dtype=float32)
    """

    __module__ = "skmnist"  # where it is public

    image_shape_: tuple[int, int]
    n_features_in_: int
    feature_names_in_: np.ndarray

    _parameter_constraints: dict = {
        "radius": [Interval(Real, 0, None, closed="neither")],
        "amount": [Interval(Real, 0, None, closed="left")],
        "image_shape": [tuple, list, None],
    }

    def __init__(
        self,
        *,
        radius: float = 2.0,
        amount: float = 2.0,
        image_shape: tuple[int, int] | None = None,
    ):
        self.radius = radius
        self.amount = amount
        self.image_shape = image_shape

    def _validate_params(self):
        check_parameters(self)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the shape of the images.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), \
                (n_samples, height, width, 1) or (n_samples, n_features)
            Images, or rows of their pixels.

        y : None
            Ignored; present for the scikit-learn interface.

        Returns
        -------
        self : UnsharpMask
            The fitted transformer.

        Raises
        ------
        ValueError
            If `X` has NaN or infinite pixels, more than one channel or no images, or a
            parameter is out of range.
        """
        with checking("X", X):
            X, shape = flatten_images(X)
            as_numbers(check_array(X, estimator=self, input_name="X"))
        given = self.image_shape if shape is None else shape[:2]
        shape = shape_of_rows(given, X.shape[1], *_ASKING)
        self._check_radius(shape)
        # Only valid data may change the feature names and count.
        validate_data(self, X, reset=True, skip_check_array=True)
        callbacks = self._init_callback_context()
        callbacks.call_on_fit_task_begin(estimator=self, X=X, y=y)
        self.image_shape_ = shape
        callbacks.call_on_fit_task_end(
            estimator=self, X=X, y=y, reconstruction_attributes={}
        )
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Flatten and sharpen the images.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), \
                (n_samples, height, width, 1) or (n_samples, n_features)
            Images, or rows of their pixels.

        Returns
        -------
        X_sharp : ndarray of shape (n_samples, n_features)
            One row per image, float64 if `X` is, else float32.

        Raises
        ------
        ValueError
            If `X` has another size than the images seen during :term:`fit`, or NaN or
            infinite pixels; if `radius` is larger than the images; or if a result
            overflows.
        sklearn.exceptions.NotFittedError
            If the transformer is not fitted.
        """
        from scipy import ndimage

        pixels = rows_as_fitted(self, X)
        self._check_radius(self.image_shape_)  # it may have changed since fit
        dtype = np.float64 if pixels.dtype == np.float64 else np.float32
        sharp = np.empty(pixels.shape, dtype)
        sigma = 0, self.radius, self.radius
        try:
            with np.errstate(over="raise", invalid="raise", under="ignore"):
                for some in gen_batches(len(pixels), _AT_ONCE):
                    images = pixels[some].reshape(-1, *self.image_shape_).astype(dtype)
                    lost = images - ndimage.gaussian_filter(
                        images, sigma, mode="constant"
                    )
                    images += dtype(self.amount) * lost
                    sharp[some] = images.reshape(-1, pixels.shape[1])
        except FloatingPointError as error:
            raise ValueError(
                f"X sharpened with amount={self.amount!r} does not fit into "
                f"{np.dtype(dtype)}: check the pixel values and amount"
            ) from error
        return sharp

    def _check_radius(self, shape):
        # The time of a blur grows with its radius.
        if self.radius > max(shape):
            raise ValueError(
                "radius must be at most the longer side of the images, "
                f"{max(shape)}; got {self.radius!r}"
            )

    def _check_fitted(self):
        check_fitted_shape(self, {2})

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False  # not any rows
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
