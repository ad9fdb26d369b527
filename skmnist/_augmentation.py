"""Data augmentation: random distortions of images in training."""

import math
from numbers import Real
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import check_array, check_random_state

from ._base import VersionStamp
from ._sklearn_compat import Interval
from ._validation import checking, refuse_times, shape_of_rows

# Share of the variance of a displacement that its modes explain.
_KEPT_VARIANCE = 0.99
_PRESET_SIDE = 28  # pixels of MNIST's images, for which the presets are
_AFFINE = {
    "rotation": 15.0,
    "scale": 0.15,
    "recenter": True,
    "clean_fraction": 0.1,
}
PRESETS = {
    "affine": _AFFINE,
    "elastic": _AFFINE | {"elastic_alpha": 36.0, "elastic_sigma": 5.0},
}


class DistortionKind(NamedTuple):
    """What the compiled graph depends on, besides arrays."""

    image_shape: tuple[int, int]
    recenter: bool


class Distortion(NamedTuple):
    """An augmentation as `_training._distortion.make_distort` takes it."""

    ranges: np.ndarray  # shape (6,)
    modes: np.ndarray  # shape (n_modes, height * width)
    kind: DistortionKind
    clean_fraction: float


class ImageAugmentation(VersionStamp, BaseEstimator):
    """Random distortions of images, drawn anew for each image in every epoch.

    Affine distortions about the center of the image, and elastic distortions [1]_,
    with bilinear interpolation. The background must be zero. A value of
    `augmentation` in :class:`MLPDigitClassifier`; a search sets
    ``augmentation__rotation`` and so on.

    Parameters
    ----------
    rotation : float, default=0.0
        Largest angle in degrees, in [0, 180]; angles are uniform in
        [-rotation, rotation].

    scale : float, default=0.0
        Largest relative change of width and height, in [0, 1): the two factors are
        independent and uniform in [1 - scale, 1 + scale] [2]_.

    shear : float, default=0.0
        Largest slant of vertical lines in degrees, in [0, 90); angles are uniform in
        [-shear, shear].

    shift : float, default=0.0
        Largest shift in pixels, independent and uniform in [-shift, shift] along each
        axis.

    elastic_alpha : float, default=0.0
        Strength of the elastic distortion: uniform noise in [-1, 1] per pixel and
        axis is smoothed by a Gaussian and multiplied by `elastic_alpha` [1]_. The
        displacements have a mean of zero and a standard deviation of about
        ``elastic_alpha / (6.14 * elastic_sigma)`` pixels.

    elastic_sigma : float, default=5.0
        Standard deviation of that Gaussian in pixels, 1 or more.

    recenter : bool, default=False
        Whether to restore the center of mass of each distorted image, before `shift`.
        For images centered by mass, such as those of MNIST and of
        :class:`DigitNormalizer`.

    clean_fraction : float, default=0.0
        Share of the epochs of a `fit`, in [0, 1), that train on undistorted images:
        the last ones [3]_. Without effect in `partial_fit`.

    image_shape : tuple of int, default=None
        Height and width of the images. None assumes square images of at least 64
        pixels.

    See Also
    --------
    MLPDigitClassifier : Its `augmentation` also takes the presets "affine" and
        "elastic".

    Notes
    -----
    The elastic displacement is a truncated Karhunen-Loève expansion of the smoothed
    noise: the modes that explain 99 % of the variance, rescaled to all of it.

    References
    ----------
    .. [1] Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural
       Networks Applied to Visual Document Analysis", ICDAR 2003.
    .. [2] Cireşan, Meier, Gambardella and Schmidhuber, "Deep, Big, Simple Neural Nets
       for Handwritten Digit Recognition", Neural Computation 22, 2010.
    .. [3] He, Xie, Chen, Zhang, Wang and Tian, "Data Augmentation Revisited: Rethinking
       the Distribution Gap between Clean and Augmented Data", 2019.

    Examples
    --------
    >>> from skmnist import ImageAugmentation, MLPDigitClassifier
    >>> gentle = ImageAugmentation(rotation=10, elastic_alpha=30)
    >>> model = MLPDigitClassifier(augmentation=gentle)
    >>> model.set_params(augmentation__rotation=5)
    MLPDigitClassifier(augmentation=ImageAugmentation(elastic_alpha=30, rotation=5))
    """

    __module__ = "skmnist"  # where it is public

    _parameter_constraints = {
        "rotation": [Interval(Real, 0, 180, closed="both")],
        "scale": [Interval(Real, 0, 1, closed="left")],
        "shear": [Interval(Real, 0, 90, closed="left")],
        "shift": [Interval(Real, 0, None, closed="left")],
        "elastic_alpha": [Interval(Real, 0, None, closed="left")],
        "elastic_sigma": [Interval(Real, 1, None, closed="left")],
        "recenter": ["boolean"],
        "clean_fraction": [Interval(Real, 0, 1, closed="left")],
        "image_shape": [tuple, list, None],
    }

    def __init__(
        self,
        *,
        rotation: float = 0.0,
        scale: float = 0.0,
        shear: float = 0.0,
        shift: float = 0.0,
        elastic_alpha: float = 0.0,
        elastic_sigma: float = 5.0,
        recenter: bool = False,
        clean_fraction: float = 0.0,
        image_shape: tuple[int, int] | None = None,
    ):
        self.rotation = rotation
        self.scale = scale
        self.shear = shear
        self.shift = shift
        self.elastic_alpha = elastic_alpha
        self.elastic_sigma = elastic_sigma
        self.recenter = recenter
        self.clean_fraction = clean_fraction
        self.image_shape = image_shape

    def sample(
        self,
        X: ArrayLike,
        random_state: int | np.random.RandomState | None = None,
    ) -> np.ndarray:
        """Distort each image once, as an epoch of training does.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Images as rows.
        random_state : int, RandomState instance or None, default=None
            Source of the distortions. The same int gives the same pixels.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Distorted images, float64 if `X` is, else float32.

        Raises
        ------
        ValueError
            If a parameter cannot be used or `X` does not hold images.
        """
        with checking("X", X):
            refuse_times("X", X)
            X = check_array(X, dtype=(np.float32, np.float64), input_name="X")
        plan = plan_distortion(self, X.shape[1], X.dtype)
        if random_state is None:
            seed = np.random.default_rng().integers(2**31, size=2)
        else:
            seed = check_random_state(random_state).randint(2**31 - 1, size=2)
        from ._training._distortion import distort_rows

        return distort_rows(X, seed, plan.ranges, plan.modes, plan.kind)


def plan_distortion(augmentation, n_features, dtype):
    """Make the `Distortion` of a preset or an `ImageAugmentation`."""
    if isinstance(augmentation, str):
        preset = PRESETS[augmentation]
        shape = shape_of_rows(None, n_features, "ImageAugmentation")
        zoom = shape[0] / _PRESET_SIDE
        augmentation = ImageAugmentation(**preset)
        augmentation.elastic_alpha *= zoom**2
        augmentation.elastic_sigma *= zoom
    else:
        augmentation._validate_params()
        shape = shape_of_rows(augmentation.image_shape, n_features, "ImageAugmentation")
    ranges = [
        math.radians(augmentation.rotation),
        augmentation.scale,
        math.radians(augmentation.shear),
        augmentation.shift,
        augmentation.shift,
        augmentation.recenter,
    ]
    modes = _modes(shape, augmentation.elastic_alpha, augmentation.elastic_sigma)
    return Distortion(
        np.array(ranges, dtype),
        modes.astype(dtype),
        DistortionKind(shape, bool(augmentation.recenter)),
        float(augmentation.clean_fraction),
    )


def _modes(shape, alpha, sigma):
    """Return the modes of an elastic displacement.

    The covariance of smoothed noise is separable, so modes are products of those of
    the axes.
    """
    n_pixels = math.prod(shape)
    if alpha == 0:
        return np.zeros((0, n_pixels))
    (rows, by_row), (columns, by_column) = (_axis_modes(side, sigma) for side in shape)
    variance = np.outer(rows, columns).ravel()
    order = np.argsort(-variance, kind="stable")
    enough = np.cumsum(variance[order]) >= _KEPT_VARIANCE * n_pixels
    order = order[: 1 + np.argmax(enough)]
    i, j = np.unravel_index(order, shape)
    modes = by_row[:, i].T[:, :, np.newaxis] * by_column[:, j].T[:, np.newaxis]
    modes = np.sqrt(variance[order])[:, np.newaxis] * modes.reshape(-1, n_pixels)
    # The noise and the numbers have the same variance; the Gaussian divides it by
    # (2 * sigma) ** 2 * pi.
    strength = alpha / (2 * sigma * math.sqrt(math.pi))
    return strength * modes / np.linalg.norm(modes, axis=0)


def _axis_modes(side, sigma):
    apart = np.subtract.outer(np.arange(side), np.arange(side))
    variance, modes = np.linalg.eigh(np.exp(-((apart / (2 * sigma)) ** 2)))
    return np.maximum(variance, 0), modes
