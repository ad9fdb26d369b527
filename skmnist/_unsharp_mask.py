"""Unsharp masking of images."""

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import gen_batches

from ._image_transformer import ImageTransformer
from ._sklearn_compat import Interval
from ._validation import shape_of_rows

_AT_ONCE = 1024  # images, so that temporary arrays stay small


class UnsharpMask(ImageTransformer):
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

    def _learn(self, pixels, image_shape):
        given = image_shape[:2] if image_shape else self.image_shape
        shape = shape_of_rows(given, pixels.shape[1], "UnsharpMask")
        self._check_radius(shape)
        return {"image_shape_": shape}

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

        pixels = self._rows(X)
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
        super()._check_fitted()
        if len(self.image_shape_) != 2:
            raise ValueError(f"image_shape_={self.image_shape_!r} must be two sides")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False  # not any rows
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
