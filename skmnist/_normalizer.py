# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Pictures of digits into the frame of MNIST."""

from collections.abc import Iterable
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.callback import CallbackSupportMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import validate_data

from . import _ink
from ._doc_link import DocLinkMixin

_SIDE = 28
_LONGEST = 384  # pixels that are enough to find a digit in a picture
_LEVELS = 127, 150, 170, 190  # of 255, that strokes may begin at
_FINE = 80  # the longest side of a digit while its strokes are worked on


class DigitNormalizer(
    DocLinkMixin, CallbackSupportMixin, TransformerMixin, BaseEstimator
):
    """Frame pictures of digits as MNIST framed its digits.

    MNIST's digits are light on black, 20 pixels on their longer side, and have their
    centre of mass in the middle of 28x28 pixels [1]_. A network trained on them fails
    on digits that are framed in another way. For each image, this transformer

    1. finds out if the ink is dark or light,
    2. evens out the light (shadows, gradients),
    3. separates ink from paper by Otsu's method [2]_, near the ink,
    4. drops specks, frame lines and what reaches in from the border,
    5. brings the width of the strokes into MNIST's range,
    6. scales the longer side to 20 pixels, keeping the aspect, and
    7. puts the centre of mass into the middle.

    Images that are in MNIST's frame already pass unchanged.

    Parameters
    ----------
    image_shape : tuple of int, default=None
        Height and width, or height, width and channels, of images that come as rows.
        None takes rows for square grey images.

    polarity : {"auto", "dark", "light"}, default="auto"
        Whether the ink is darker or lighter than the paper; "auto" finds out for each
        image, from what most of it and its border are.

    even_light : bool, default=True
        Whether to even out the light.

    threshold : "otsu" or float, default="otsu"
        What separates ink from paper: Otsu's method, or a part, in (0, 1), of the
        strongest ink.

    min_part : float, default=0.05
        Pieces of ink smaller than this part of the largest one are specks; in [0, 1].
        With 0 nothing is one.

    drop_frame : bool, default=True
        Whether to drop ink that touches the border, if other ink remains. Images of
        less than 24 pixels are taken to be cut out tightly: they keep it.

    stroke_width : tuple of two floats, default=(2.2, 4.0)
        The least and the greatest mean width of strokes, in pixels of the result;
        thinner strokes are widened, and wider ones thinned. None leaves them alone.

    digit_size : int, default=20
        Length of the longer side of the digit in the result, in pixels; 4 to 28.

    center : {"mass", "box"}, default="mass"
        What comes into the middle: the centre of mass, or that of the bounding box.

    output : {"rows", "images"}, default="rows"
        The shape of the result: ``(n, 784)`` or ``(n, 28, 28)``.

    n_jobs : int, default=None
        Number of images to work on at the same time; -1 uses all processors.

    Attributes
    ----------
    n_features_in_ : int
        Number of pixels of a row; only if :term:`fit` saw rows.

    See Also
    --------
    PixelScaler : The next step of a pipeline, pixels to [0, 1].
    skmnist.images.read_image : Reads an image from a file.
    skmnist.images.find_digits : Finds the digits of a line or a page.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning
       applied to document recognition", Proceedings of the IEEE, 86(11):2278-2324,
       1998.
    .. [2] N. Otsu, "A threshold selection method from gray-level histograms", IEEE
       Transactions on Systems, Man, and Cybernetics, 9(1):62-66, 1979.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist import DigitNormalizer
    >>> photo = np.full((300, 200, 3), 220, np.uint8)
    >>> photo[60:240, 90:100] = 40  # a dark one on light paper
    >>> rows = DigitNormalizer().fit_transform([photo])
    >>> rows.shape, rows.dtype, rows.max()
    ((1, 784), dtype('uint8'), np.uint8(255))
    """

    _parameter_constraints: dict = {
        "image_shape": [tuple, list, None],
        "polarity": [StrOptions({"auto", "dark", "light"})],
        "even_light": ["boolean"],
        "threshold": [StrOptions({"otsu"}), Interval(Real, 0, 1, closed="neither")],
        "min_part": [Interval(Real, 0, 1, closed="both")],
        "drop_frame": ["boolean"],
        "stroke_width": [tuple, list, None],
        "digit_size": [Interval(Integral, 4, _SIDE, closed="both")],
        "center": [StrOptions({"mass", "box"})],
        "output": [StrOptions({"rows", "images"})],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        image_shape=None,
        polarity="auto",
        even_light=True,
        threshold="otsu",
        min_part=0.05,
        drop_frame=True,
        stroke_width=(2.2, 4.0),
        digit_size=20,
        center="mass",
        output="rows",
        n_jobs=None,
    ):
        self.image_shape = image_shape
        self.polarity = polarity
        self.even_light = even_light
        self.threshold = threshold
        self.min_part = min_part
        self.drop_frame = drop_frame
        self.stroke_width = stroke_width
        self.digit_size = digit_size
        self.center = center
        self.output = output
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check the parameters and the kind of the images; nothing is learned.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), \
                (n_samples, height, width, n_channels) or (n_samples, n_features), \
                or list of images
            Images as for :meth:`transform`.

        y : None
            Ignored; present for the scikit-learn interface.

        Returns
        -------
        self : DigitNormalizer
            The transformer itself.

        Raises
        ------
        ValueError
            If a parameter is out of range, or `X` does not hold images.
        """
        self._check_parameters()
        self._images(X, reset=True)
        callbacks = self._init_callback_context()
        callbacks.call_on_fit_task_begin(estimator=self, X=X, y=y)
        callbacks.call_on_fit_task_end(
            estimator=self, X=X, y=y, reconstruction_attributes={}
        )
        return self

    def transform(self, X):
        """Frame images as MNIST framed its digits.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), \
                (n_samples, height, width, n_channels) or (n_samples, n_features), \
                or list of images
            Grey images, or images with 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha)
            channels, of any size and range of values. In a list they may differ in
            size and kind. Rows are images of `image_shape`.

        Returns
        -------
        X_framed : ndarray of shape (n_samples, 784) or (n_samples, 28, 28), dtype uint8
            Light digits on black, 0 to 255.

        Raises
        ------
        ValueError
            If `X` does not hold images, or an image has no ink; the message says
            which one.
        """
        self._check_parameters()
        images = self._images(X, reset=False)
        n_jobs = 1 if self.n_jobs is None else self.n_jobs
        if n_jobs == 1:
            framed = [self._frame(image, f"X[{i}]") for i, image in enumerate(images)]
        else:
            framed = Parallel(n_jobs=n_jobs, batch_size="auto")(
                delayed(self._frame)(image, f"X[{i}]") for i, image in enumerate(images)
            )
        framed = np.stack(framed)
        return framed if self.output == "images" else framed.reshape(len(framed), -1)

    def explain(self, image):
        """Return the pictures of each step for one image.

        Parameters
        ----------
        image : array-like of shape (height, width) or (height, width, n_channels)
            One image, as in :meth:`transform`.

        Returns
        -------
        steps : dict of str to ndarray
            In their order: "grey" (the image, float32), "ink" (the part of it that
            was worked on, in even light, float32), "mask" (where ink is, bool),
            "digit" (without specks and frame, bool), "strokes" (in their new width,
            bool) and "framed" (28x28, uint8). An image that was in MNIST's frame
            before has only "grey" and "framed".

        Raises
        ------
        ValueError
            If it is no image, or has no ink.
        """
        self._check_parameters()
        steps = {}
        steps["framed"] = self._frame(image, "image", steps)
        return steps

    def get_feature_names_out(self, input_features=None):
        """Return the names of the pixels, row by row.

        Parameters
        ----------
        input_features : None
            Ignored; present for the scikit-learn interface.

        Returns
        -------
        names : ndarray of shape (784,), dtype object
            ``pixel_0_0`` to ``pixel_27_27``.
        """
        pixels = np.ndindex(_SIDE, _SIDE)
        return np.array([f"pixel_{y}_{x}" for y, x in pixels], dtype=object)

    def _check_parameters(self):
        self._validate_params()
        shape, width = self.image_shape, self.stroke_width
        if shape is not None and not (
            len(shape) in (2, 3)
            and all(isinstance(n, Integral) and n > 0 for n in shape)
        ):
            raise ValueError(
                "image_shape must be (height, width) or (height, width, channels), "
                f"got {shape!r}"
            )
        if width is not None and not (
            len(width) == 2
            and all(isinstance(each, Real) for each in width)
            and 0 < width[0] <= width[1]
        ):
            raise ValueError(
                "stroke_width must be two widths, the least one first, or None; got "
                f"{width!r}"
            )

    def _images(self, X, reset):
        if isinstance(X, str) or not isinstance(X, Iterable):
            raise ValueError(f"X must hold images, got {type(X).__name__}")
        ndim = getattr(X, "ndim", None)
        if ndim is None:
            X = list(X)
            if not X:
                raise ValueError("X has no images")
            if any(np.ndim(image) != 1 for image in X):
                ndim = 3
        if ndim not in (3, 4):
            return self._rows(X, reset)
        if not len(X):
            raise ValueError("X has no images")
        return X

    def _rows(self, X, reset):
        X = validate_data(self, X, reset=reset)
        shape = self.image_shape
        if shape is None:
            side = round(X.shape[1] ** 0.5)
            shape = (side, side)
        if np.prod(shape) != X.shape[1]:
            raise ValueError(
                f"X has rows of {X.shape[1]} pixels, but image_shape={shape} asks for "
                f"{np.prod(shape)}"
                if self.image_shape is not None
                else f"X has rows of {X.shape[1]} pixels, which are no square image: "
                "set image_shape"
            )
        return X.reshape(len(X), *shape)

    def _frame(self, image, name, steps=None):
        steps = {} if steps is None else steps
        grey = steps["grey"] = _ink.to_grey(image, name)
        if (ready := self._ready(grey)) is not None:
            return ready
        ink, digit, level = self._find(grey, name, steps)
        strokes = steps["strokes"] = self._strokes(ink, digit, level)
        return self._center(_scale(strokes, self.digit_size))

    def _ready(self, grey):
        """Return a picture that is in the frame already: clean, and of MNIST's size."""
        if grey.shape != (_SIDE, _SIDE):
            return None
        ink = grey - np.median(_ink.border(grey))
        dark = ink.sum() < 0
        if self.polarity != "auto" and dark != (self.polarity == "dark"):
            return None
        if dark:
            ink = -ink
        if ink.max() <= 0 or ink.min() < 0:
            return None
        digit = ink[_ink.box_of(ink > 0)]
        if max(digit.shape) != self.digit_size:
            return None
        if ink.max() < 250 or ink.max() > 255:
            digit = digit * (255 / digit.max())
        framed = self._center(np.rint(digit).astype(np.uint8))
        # Else the digit was not centred before.
        same = framed.any(axis=0) == (ink > 0).any(axis=0)
        return framed if same.all() else None

    def _find(self, grey, name, steps):
        """Find the ink; look again, and closer, if the digit is a small part."""
        small, factor = _ink.reduce(grey, _LONGEST)
        ink, mask, level = _ink.find_ink(
            small, self.polarity, self.even_light, self.threshold
        )
        if not mask.any():
            raise ValueError(f"{name} has no ink: it looks the same everywhere")
        digit = _ink.keep_digit(mask, self.min_part, self.drop_frame)
        if _ink.is_noise(ink, mask, digit):
            raise ValueError(f"{name} has no ink, only noise")
        box = _ink.box_of(digit)
        longest = max(side.stop - side.start for side in box)
        if factor > 1 and longest < _FINE:
            wider = tuple(
                slice(
                    max(0, side.start - longest) * factor,
                    (side.stop + longest) * factor,
                )
                for side in box
            )
            closer = grey[wider]
            if closer.size < grey.size:
                return self._find(closer, name, steps)
        steps |= {"ink": ink, "mask": mask, "digit": digit}
        return ink, digit, level

    def _strokes(self, ink, digit, level):
        """Draw the digit anew, in the resolution for strokes and with their width."""
        from PIL import Image, ImageFilter
        from scipy import ndimage

        near = ndimage.binary_dilation(digit, np.ones((3, 3)))
        box = _ink.box_of(near)
        # The margin keeps the resampling from cutting off at the edges of the picture.
        ink = np.pad(np.where(near[box], ink[box], 0), 1)
        strongest = ink.max()
        picture = Image.fromarray(np.uint8(255 * np.maximum(ink, 0) / strongest))
        factor = _FINE / max(ink.shape)
        size = [max(1, round(side * factor)) for side in picture.size]
        way = Image.Resampling.BICUBIC if factor > 1 else Image.Resampling.BOX
        picture = picture.resize(size, way).filter(ImageFilter.GaussianBlur(1.5))
        # A stroke ends at half of the ink around it, which in weak light is less, and
        # less for thin strokes.
        picture = np.asarray(picture, np.float32)
        top = ndimage.maximum_filter(picture, _FINE * 3 // 10)
        top = ndimage.uniform_filter(top, _FINE * 3 // 10)
        least = min(255 * level / strongest, 0.5 * picture.max())
        picture = picture * (255 / np.maximum(0.9 * top, least))
        if self.stroke_width is None:
            return picture > 127
        return _of_width(picture, *self.stroke_width, self.digit_size)

    def _center(self, digit):
        height, width = digit.shape
        if self.center == "mass":
            total = digit.sum(dtype=np.int64)
            y = digit.sum(axis=1, dtype=np.int64) @ np.arange(height) / total
            x = digit.sum(axis=0, dtype=np.int64) @ np.arange(width) / total
        else:
            y, x = (height - 1) / 2, (width - 1) / 2
        # Whole pixels, as in MNIST: the centre comes to 14, give or take a half.
        top = min(max(round(_SIDE / 2 - y), 0), _SIDE - height)
        left = min(max(round(_SIDE / 2 - x), 0), _SIDE - width)
        framed = np.zeros((_SIDE, _SIDE), np.uint8)
        framed[top : top + height, left : left + width] = digit
        return framed

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.requires_fit = False
        return tags


def _of_width(picture, least, greatest, digit_size):
    """Cut strokes out of a picture, with a mean width within the two limits."""
    from scipy import ndimage

    # Small pictures have loops that are grey, not open: a higher level opens them.
    for level in _LEVELS:
        if level > picture.max():
            break
        strokes = picture > level
        strokes = strokes[_ink.box_of(strokes)]
        unit = max(strokes.shape) / digit_size
        width = _width(strokes) / unit
        if width <= greatest:
            break
    change = min(max(width, least), greatest) - width
    steps = round(abs(change) * unit / 2)
    if not steps:
        return strokes
    extreme = ndimage.maximum_filter if change > 0 else ndimage.minimum_filter
    strokes = np.pad(strokes, steps)
    changed = extreme(strokes, 2 * steps + 1)
    # Thinning must not break what hangs together.
    if change < 0 and ndimage.label(changed)[1] != ndimage.label(strokes)[1]:
        return strokes
    return changed


def _width(strokes):
    """Measure the mean width of strokes: twice the area by the length of the edge."""
    edge = (strokes[1:] != strokes[:-1]).sum() + (
        strokes[:, 1:] != strokes[:, :-1]
    ).sum()
    # A path of pixel edges is 4 / pi times longer than the line it follows.
    return 8 / np.pi * strokes.sum() / max(edge, 1)


def _scale(strokes, longest):
    from PIL import Image

    strokes = strokes[_ink.box_of(strokes)]
    factor = longest / max(strokes.shape)
    size = [max(1, round(side * factor)) for side in strokes.shape[::-1]]
    picture = Image.fromarray(np.uint8(255) * strokes)
    return np.asarray(picture.resize(size, Image.Resampling.BOX))
