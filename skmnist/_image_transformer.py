"""What PixelScaler and UnsharpMask share: images in, a row per image out."""

import math
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from ._base import VersionStamp
from ._sklearn_compat import CallbackSupportMixin, _fit_context
from ._validation import as_numbers, checking, flatten_images


class ImageTransformer(
    VersionStamp,
    CallbackSupportMixin,
    OneToOneFeatureMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Base of transformers of images that come as a stack or as rows of pixels."""

    image_shape_: tuple[int, ...]
    n_features_in_: int
    feature_names_in_: np.ndarray

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the attributes from images.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), \
                (n_samples, height, width, 1) or (n_samples, n_features)
            Images, or rows of their pixels: booleans, integers or floats.
        y : None
            Ignored; present for the scikit-learn interface.

        Returns
        -------
        self : estimator
            The fitted transformer.

        Raises
        ------
        ValueError
            If `X` has NaN or infinite pixels, more than one channel, no samples or
            images of different sizes, or a parameter is out of range.
        """
        with checking("X", X):
            X, image_shape = flatten_images(X)
            pixels = as_numbers(check_array(X, estimator=self, input_name="X"))
        learned = self._learn(pixels, image_shape)
        # Only valid data may change the feature names and count.
        validate_data(self, X, reset=True, skip_check_array=True)
        callbacks = self._init_callback_context()
        callbacks.call_on_fit_task_begin(estimator=self, X=X, y=y)
        vars(self).update(learned)
        callbacks.call_on_fit_task_end(
            estimator=self, X=X, y=y, reconstruction_attributes={}
        )
        return self

    def _rows(self, X):
        """Flatten images, if they are as those that were fitted on."""
        check_is_fitted(self)
        with checking("X", X):
            X, image_shape = flatten_images(X)
            shape, n_pixels = getattr(X, "shape", ()), self.n_features_in_
            if len(shape) == 2 and shape[1] != n_pixels == math.prod(shape):
                raise ValueError(
                    f"X has the shape {tuple(shape)}, which is one image of {n_pixels} "
                    "pixels: make it a stack of one, X[np.newaxis]"
                )
            rows = as_numbers(validate_data(self, X, reset=False))
        self._check_shape(image_shape)
        return rows

    def _check_shape(self, image_shape):
        # Rows go with any image of as many pixels.
        fitted = self.image_shape_
        if image_shape and len(fitted) > 1 and image_shape[:2] != fitted[:2]:
            raise ValueError(
                f"X has images of shape {image_shape}, but {type(self).__name__} "
                f"was fitted on images of shape {fitted}"
            )

    def _check_fitted(self):
        shape, n_pixels = self.image_shape_, self.n_features_in_
        if not (
            isinstance(shape, tuple)
            and all(type(side) is int for side in (*shape, n_pixels))
            and math.prod(shape) == n_pixels > 0
        ):
            raise ValueError(
                f"image_shape_={shape!r} does not have {n_pixels!r} pixels"
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
