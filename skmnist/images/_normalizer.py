"""Frame pictures of digits as MNIST does."""

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import validate_data

from .._base import VersionStamp
from .._sklearn_compat import CallbackSupportMixin, Interval, StrOptions, _fit_context
from . import _ink
from ._likeness import unlikeness
from ._masks import boxes_of, maximum, width_of
from ._readings import LONGEST, NONE, Options, read

_SIDE = 28
_STRETCHED = 1.3  # how unlike a digit those are
# Of the width, where a digit was stretched, and where a 1 was; and how much less unlike
# a digit they have to be then.
_SQUEEZES = (0.75, 0.1), (0.4, 0.6)
# A wide bar: how much of its lines is in one piece; its width, in parts of the height,
# and how much of the width varies; its height, in parts of the image and in pixels.
_IN_ONE, _WIDE, _EVEN, _TALL, _COARSE = 0.95, 0.4, 0.25, 0.9, 10
_USUAL_SIZE = 20  # pixels: the longer side of MNIST's digits
_AT_ONCE = 256  # small images processed together
_LEVELS = 0.5, 0.59, 0.67, 0.75  # thresholds of strokes, relative to the ink around
_FINE, _MARGIN = 80, 8  # longest side of digits while strokes are processed
_ENOUGH = 104  # pixels: resolution for strokes
# MNIST's mean standard deviations of the ink, down and across without the slant.
_SPREAD = np.float32([5.5, 3.3])
_SPREADS = _SPREAD / 2, _SPREAD * 2  # limits before digits are stretched
_BLUR, _LEAST_BLUR = 1.5, 0.6  # in those pixels, and in those of the image
_CROSS = np.zeros((3, 3, 3), bool)  # pixels of one image that share an edge
_CROSS[1, 1] = _CROSS[1, :, 1] = True


class DigitNormalizer(
    VersionStamp, CallbackSupportMixin, TransformerMixin, BaseEstimator
):
    """Frame pictures of digits as MNIST framed its digits.

    MNIST's digits are light on black, 20 pixels on their longer side, and have their
    center of mass in the middle of 28x28 pixels [1]_. A network trained on them fails
    on digits that are framed in another way. For each image, this transformer

    1. determines whether the ink is dark or light,
    2. corrects uneven light (shadows, gradients),
    3. separates ink from paper by Otsu's method [2]_, near the ink,
    4. drops specks, stains, boxes, rings, underlines and what touches the border,
    5. adjusts the stroke width to MNIST's range,
    6. scales the longer side to 20 pixels, keeping the aspect ratio, and narrows
       digits that were stretched to a square,
    7. centers the center of mass, and
    8. optionally removes the slant (deslanting) and scales width and height to MNIST's
       mean (moment normalization).

    Images that are framed as in MNIST need only the last step.

    Parameters
    ----------
    image_shape : tuple of int, default=None
        Height and width, or height, width and channels, of images that come as rows.
        None assumes square gray images.

    polarity : {"auto", "dark", "light"}, default="auto"
        Whether the ink is darker or lighter than the paper; "auto" tries both for
        each image, and keeps the result that is more like a digit.

    even_light : bool, default=True
        Whether to correct uneven light.

    threshold : "otsu" or float, default="otsu"
        Threshold between ink and paper: by Otsu's method, or a fraction, in (0, 1), of
        the strongest ink.

    min_part : float, default=0.05
        Pieces of ink smaller than this fraction of the largest one are dropped as
        specks; in [0, 1]. With 0 none are.

    drop_frame : bool, default=True
        Whether to drop boxes and rings around the digit and lines under it; and
        objects connected to the border, if the rest is more like a digit.

    stroke_width : tuple of two floats, default=(2.5, 3.5)
        Range of the mean stroke width, in pixels of the result: thinner strokes are
        widened, wider ones thinned. None leaves strokes unchanged.

    digit_size : int, default=20
        Length of the longer side of the digit in the result, in pixels; 4 to 28.

    center : {"mass", "box"}, default="mass"
        What is centered: the center of mass, or that of the bounding box.

    deslant : bool, default=False
        Deslanting: whether to shear each digit, by up to 45 degrees, so that the
        principal axis of its second moments is vertical [1]_. Train and predict with
        the same setting.

    moment_power : float, default=0.0
        Moment normalization [3]_, [4]_, in [0, 1]: height and width are scaled by
        (MNIST's mean / own) ** `moment_power`, where both are standard deviations of
        the ink about its center, across without the slant; the ratio is clipped to
        [1/2, 2]. 0 changes nothing. Train and predict with the same setting.

    on_blank : {"raise", "zeros"}, default="raise"
        What to do with an image that has no ink, or no digit: raise an error that
        names it, or return zeros for it.

    output : {"rows", "images"}, default="rows"
        The shape of the result: ``(n, 784)`` or ``(n, 28, 28)``.

    n_jobs : int, default=None
        Number of images to work on at the same time; -1 uses all processors.

    Attributes
    ----------
    n_features_in_ : int
        Number of pixels of a row. Defined only when :term:`fit` saw rows.

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
    .. [3] R. G. Casey, "Moment normalization of handprinted characters", IBM Journal
       of Research and Development, 14(5):548-557, 1970.
    .. [4] C.-L. Liu, K. Nakashima, H. Sako and H. Fujisawa, "Handwritten digit
       recognition: investigation of normalization and feature extraction techniques",
       Pattern Recognition, 37(2):265-279, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist import DigitNormalizer
    >>> photo = np.full((300, 200, 3), 220, np.uint8)
    >>> photo[60:240, 90:100] = 40  # a dark one on light paper
    >>> rows = DigitNormalizer().fit_transform([photo])
    >>> rows.shape, rows.dtype, int(rows.max())
    ((1, 784), dtype('uint8'), 255)
    """

    __module__ = "skmnist"  # where it is public

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
        "deslant": ["boolean"],
        "moment_power": [Interval(Real, 0, 1, closed="both")],
        "on_blank": [StrOptions({"raise", "zeros"})],
        "output": [StrOptions({"rows", "images"})],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        image_shape: tuple[int, ...] | None = None,
        polarity: Literal["auto", "dark", "light"] = "auto",
        even_light: bool = True,
        threshold: float | Literal["otsu"] = "otsu",
        min_part: float = 0.05,
        drop_frame: bool = True,
        stroke_width: tuple[float, float] | None = (2.5, 3.5),
        digit_size: int = 20,
        center: Literal["mass", "box"] = "mass",
        deslant: bool = False,
        moment_power: float = 0.0,
        on_blank: Literal["raise", "zeros"] = "raise",
        output: Literal["rows", "images"] = "rows",
        n_jobs: int | None = None,
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
        self.deslant = deslant
        self.moment_power = moment_power
        self.on_blank = on_blank
        self.output = output
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
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

    def transform(self, X: Any) -> np.ndarray:
        """Frame images as MNIST framed its digits.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), \
                (n_samples, height, width, n_channels) or (n_samples, n_features), \
                or list of images
            Gray images, or images with 2 (gray, alpha), 3 (RGB) or 4 (RGB, alpha)
            channels, of any size and range of values. In a list they may differ in
            size and kind. Rows are images of `image_shape`.

        Returns
        -------
        X_framed : ndarray of shape (n_samples, 784) or (n_samples, 28, 28), dtype uint8
            Light digits on black, 0 to 255.

        Raises
        ------
        ValueError
            If `X` does not hold images; or, unless `on_blank` is "zeros", an image
            has no ink or no digit. The message says which one.
        """
        self._check_parameters()
        images = self._images(X, reset=False)
        framed = np.empty((len(images), _SIDE, _SIDE), np.uint8)
        stacks = _stacks(images)
        is_2d = getattr(X, "ndim", None) == 2
        hint = "; if X is one image, put it into a list, [X]" if is_2d else ""
        results = Parallel(n_jobs=self.n_jobs, return_as="generator")(
            delayed(self._frame)([images[i] for i in numbers], numbers, hint=hint)
            for numbers in stacks
        )
        for numbers, result in zip(stacks, results, strict=True):
            framed[numbers] = result
        return framed if self.output == "images" else framed.reshape(len(framed), -1)

    def explain(self, image: ArrayLike) -> dict[str, np.ndarray]:
        """Return the intermediate images of each step for one image.

        Parameters
        ----------
        image : array-like of shape (height, width) or (height, width, n_channels)
            One image, as in :meth:`transform`.

        Returns
        -------
        steps : dict of str to ndarray
            In their order: "gray" (the image, float32), "ink" (the part of it that
            was worked on, in even light, float32), "mask" (where ink is, bool),
            "digit" (without specks and frame, bool), "strokes" (in their new width,
            bool) and "framed" (28x28, uint8). An image that was in MNIST's frame
            before has only "gray" and "framed".

        Raises
        ------
        ValueError
            If it is no image, or has no ink.
        """
        self._check_parameters()
        steps = {"gray": [_ink.to_gray(image, "image")]}
        steps["framed"] = self._frame([image], [None], steps)
        return {name: stack[0] for name, stack in steps.items()}

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
        shape = getattr(X, "shape", ())
        if ndim == 3 and shape[2:] in ((3,), (4,)) and min(shape[:2]) > 4:
            raise ValueError(
                f"X has the shape {shape}, which is one color image: put it into a "
                "list, [X]"
            )
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
                "set image_shape; or, if X is one image, put it into a list, [X]"
            )
        return X.reshape(len(X), *shape)

    def _frame(self, images, numbers, steps=None, hint=""):
        """Frame images of one size; `numbers` are what error messages call them."""
        names = ["image" if i is None else f"X[{i}]" for i in numbers]
        gray = np.stack(
            [_ink.to_gray(*each) for each in zip(images, names, strict=True)]
        )
        framed, done = self._ready(gray)
        todo = np.flatnonzero(~done)
        if todo.size:
            options = Options(*(getattr(self, name) for name in Options._fields))
            readings = read(gray[todo], options, self._draw)
            for i, reading in zip(todo, readings, strict=True):
                if reading is not None and reading.unlike <= NONE:
                    framed[i] = reading.framed
                elif self.on_blank == "raise":
                    lack = "ink: it looks the same everywhere"
                    if reading is not None:
                        lack = "digit, only other ink"
                    raise ValueError(f"{names[i]} has no {lack}{hint}")
            if steps is not None and readings[0] and readings[0].unlike < np.inf:
                reading = readings[0]._asdict()
                names = "ink", "mask", "digit", "strokes"
                steps |= {name: [reading[name]] for name in names}
        if self.deslant or self.moment_power:
            some = framed.any(axis=(1, 2))
            moved = _by_moments(framed[some], self.deslant, self.moment_power)
            framed[some] = _center(moved, self.center)
        return framed

    def _ready(self, gray):
        """Frame the images that need it only: clean, of MNIST's size, and centered."""
        framed = np.zeros((len(gray), _SIDE, _SIDE), np.uint8)
        if gray.shape[1:] != (_SIDE, _SIDE):
            return framed, np.zeros(len(gray), bool)
        edges = gray[:, 0], gray[:, -1], gray[:, 1:-1, 0], gray[:, 1:-1, -1]
        paper = np.median(np.concatenate(edges, axis=1), axis=1)
        paper = paper[:, np.newaxis, np.newaxis]
        ink = gray - paper
        dark = ink.sum(axis=(1, 2)) < 0
        ink[dark] *= -1
        top = ink.max(axis=(1, 2))
        _, sides = boxes_of(ink > 0)
        ready = (ink.min(axis=(1, 2)) >= 0) & (sides.max(axis=1) == self.digit_size)
        if self.polarity != "auto":
            ready &= dark == (self.polarity == "dark")
        ready &= top > 0
        scale = np.where((top >= 250) & (top <= 255), 1, 255 / np.where(ready, top, 1))
        ink = np.rint(ink[ready] * scale[ready, np.newaxis, np.newaxis])
        framed[ready] = _center(ink.astype(np.uint8), self.center)
        # Otherwise the digit was not centered before.
        same = (framed[ready] > 0).any(axis=1) == (ink > 0).any(axis=1)
        ready[ready] = same.all(axis=1)
        return framed, ready

    def _draw(self, ink, digit, level):
        """Draw digits in MNIST's frame; return how unlike a digit they are, too."""
        strokes, of_width, changed = self._strokes(ink, digit, level)
        unlike, framed = _unlike(of_width, strokes, changed)
        squeeze = np.ones(len(digit))
        odd = np.flatnonzero(unlike > _STRETCHED)
        stretched = _are_stretched(digit[odd], strokes[odd])
        for which, (factor, price) in zip(stretched, _SQUEEZES, strict=True):
            some = odd[which & (unlike[odd] > _STRETCHED)]
            if not some.size:
                continue
            parts = (each[some] for each in (of_width, strokes, changed))
            less, squeezed = _unlike(*parts, squeeze=factor)
            less += price
            better = less < unlike[some]
            some = some[better]
            unlike[some], framed[some] = less[better], squeezed[better]
            squeeze[some] = factor
        if self.digit_size != _USUAL_SIZE:
            framed = _scale(of_width, self.digit_size, squeeze)
        return of_width, _center(framed, self.center), unlike

    def _strokes(self, ink, digit, level):
        """Draw the digits anew, in the resolution for strokes.

        Return their strokes as they are and in a width of MNIST's, and which of them
        differ.
        """
        from scipy import ndimage

        near = maximum(digit, 3)
        ink = np.where(near, np.maximum(ink, 0), 0)
        starts, sides = boxes_of(near)
        picture = _redraw(ink, starts, sides)
        # A stroke ends at half of the ink around it, which in weak light is less, and
        # less for thin strokes.
        reach = _FINE // 11
        top = maximum(picture[:, 1::4, 1::4], reach)
        top = ndimage.uniform_filter(top, (1, reach, reach))
        least = np.minimum(level, 0.5 * picture.max(axis=(1, 2)))
        top = np.maximum(0.9 * top, least[:, np.newaxis, np.newaxis])
        parts = picture.reshape(len(top), len(top[0]), 4, -1, 4)  # a view
        parts /= top[:, :, np.newaxis, :, np.newaxis]
        strokes = picture > _LEVELS[0]
        if self.stroke_width is None:
            return strokes, strokes, np.zeros(len(strokes), bool)
        return strokes, *_of_width(picture, *self.stroke_width, self.digit_size)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.requires_fit = False
        return tags


def _stacks(images):
    """Return the indices of images of one size, in batches."""
    sizes = {}
    for i, image in enumerate(images):
        sizes.setdefault(np.shape(image)[:2], []).append(i)
    stacks = []
    for size, numbers in sizes.items():
        at_once = 1 if max(size, default=0) > LONGEST else _AT_ONCE
        stacks += [numbers[i : i + at_once] for i in range(0, len(numbers), at_once)]
    return stacks


def _are_stretched(digit, strokes):
    """Tell which digits may have been stretched, and which may be a stretched 1.

    That is a bar, wide and of even width, from top to bottom of an image that is not
    too coarse to tell.
    """
    height, width = boxes_of(strokes)[1].T
    pieces = (strokes[:, :, 1:] & ~strokes[:, :, :-1]).sum(axis=2)
    bars = ((pieces <= 1).mean(axis=1) > _IN_ONE) & (_n_pieces(~strokes) == 1)
    lengths = np.ma.masked_equal(strokes.sum(axis=2), 0)
    mean, spread = (np.asarray(f(axis=1)) for f in (lengths.mean, lengths.std))
    bars &= (mean > _WIDE * height) & (spread < _EVEN * mean)
    lines = digit.shape[1]
    bars &= boxes_of(digit)[1][:, 0] > max(_TALL * lines, _COARSE)
    return width > 0.9 * height, bars


def _redraw(ink, starts, sides):
    """Draw digits in one size, with a margin.

    The kernel is a Gaussian of the fourth order, which keeps small loops open.
    """
    is_large = max(ink.shape[1:]) > LONGEST  # then the image is alone
    (top, left), (bottom, right) = starts.min(axis=0), (starts + sides).max(axis=0)
    ink, starts = ink[:, top:bottom, left:right], starts - (top, left)
    if is_large:
        ink, factor = _ink.reduce(ink, _ENOUGH)
        sides = sides / factor
    side = _FINE + 2 * _MARGIN
    unit = (sides.max(axis=1) / _FINE)[:, np.newaxis, np.newaxis]
    middles = (starts + sides / 2)[:, :, np.newaxis, np.newaxis]
    places = (np.arange(side) + 0.5 - side / 2)[:, np.newaxis]
    sigma = np.maximum(_BLUR * unit, _LEAST_BLUR).astype(np.float32)
    kernels = []
    for axis in (0, 1):
        pixels = np.arange(ink.shape[1 + axis]) + 0.5
        away = np.empty((len(ink), side, len(pixels)), np.float32)
        np.subtract(places * unit + middles[:, axis], pixels, out=away)
        away /= sigma
        away *= away
        kernel = np.exp(away / -2)
        kernel *= np.subtract(3, away, out=away)
        kernel /= sigma * (8 * np.pi) ** 0.5
        kernels.append(kernel)
    # In small products, for which OpenBLAS does not wake up threads.
    down = kernels[0].reshape(len(ink), 4, side // 4, -1)
    picture = down @ ink[:, np.newaxis] @ kernels[1].transpose(0, 2, 1)[:, np.newaxis]
    return picture.reshape(len(ink), side, side)


def _of_width(picture, least, greatest, digit_size):
    """Extract strokes from pictures, with a mean width within two limits.

    Return also which are others than at the first level.
    """
    # Small pictures have loops that are gray, not open: a higher level opens them.
    strokes = picture > _LEVELS[0]
    width, unit = _width(strokes, digit_size)
    changed = np.zeros(len(strokes), bool)
    for level in _LEVELS[1:]:
        wide = np.flatnonzero((width > greatest) & (picture.max(axis=(1, 2)) > level))
        strokes[wide], changed[wide] = picture[wide] > level, True
        width[wide], unit[wide] = _width(strokes[wide], digit_size)
    change = np.rint((np.clip(width, least, greatest) - width) * unit / 2).astype(int)
    margin = max(0, change.max() + 2 - _MARGIN)
    strokes = np.pad(strokes, [(0, 0), (margin, margin), (margin, margin)])
    for steps in np.unique(change[change != 0]):
        which = np.flatnonzero(change == steps)
        if steps > 0:
            strokes[which] = maximum(strokes[which], 2 * steps + 1)
            continue
        thin = ~maximum(~strokes[which], 1 - 2 * steps)
        # Thinning must not break connected strokes.
        whole = _n_pieces(thin) == _n_pieces(strokes[which])
        strokes[which[whole]] = thin[whole]
    return strokes, changed | (change != 0)


def _width(strokes, digit_size):
    """Return the mean width of strokes, and the pixels per pixel of the result."""
    unit = boxes_of(strokes)[1].max(axis=1) / digit_size
    return width_of(strokes) / unit, unit


def _n_pieces(strokes):
    from scipy import ndimage

    pieces, n = ndimage.label(strokes, _CROSS)
    boxes = ndimage.find_objects(pieces) if n else []
    return np.bincount([box[0].start for box in boxes], minlength=len(strokes))


def _scale(strokes, longest, squeeze=1):
    """Scale digits to the corner of 28x28 pixels, each pixel the mean of its area."""
    starts, sides = boxes_of(strokes)
    sizes = sides.astype(float)
    sizes[:, 1] *= squeeze
    sizes *= longest / sizes.max(axis=1, keepdims=True)
    sizes = np.maximum(np.rint(sizes), 1)
    steps = (sides / sizes).astype(np.float32)[:, :, np.newaxis, np.newaxis]
    begins = (
        starts.astype(np.float32)[:, :, np.newaxis, np.newaxis]
        + steps * np.arange(_SIDE, dtype=np.float32)[:, np.newaxis]
    )
    kernels = []
    for axis in (0, 1):
        pixels = np.arange(strokes.shape[1 + axis], dtype=np.float32)
        begin, step = begins[:, axis], steps[:, axis]
        shares = np.minimum(begin + step, pixels + 1)
        shares -= np.maximum(begin, pixels)
        np.maximum(shares, 0, out=shares)
        shares /= step
        kernels.append(shares)
    digits = kernels[0] @ strokes.astype(np.float32) @ kernels[1].transpose(0, 2, 1)
    return np.uint8(np.rint(255 * digits))


def _unlike(of_width, strokes, changed, squeeze=1):
    """Return the distance to the digits of MNIST, the mean of two stroke widths.

    Return the first of the two, in MNIST's size, too.
    """
    scaled = _scale(of_width, _USUAL_SIZE, squeeze)
    unlike = unlikeness(_center(scaled))
    if changed.any():
        own_width = _center(_scale(strokes[changed], _USUAL_SIZE, squeeze))
        unlike[changed] = (unlike[changed] + unlikeness(own_width)) / 2
    return unlike, scaled


def _center(digits, center="mass"):
    """Center digits on 28x28 pixels."""
    starts, sides = boxes_of(digits > 0)
    if center == "mass":
        middles = _middles(digits.astype(np.float32))
    else:
        middles = starts + (sides - 1) / 2
    # Whole pixels, as in MNIST: the center comes to 14, give or take a half.
    moves = np.rint(_SIDE / 2 - middles).astype(int)
    moves = np.clip(moves, -starts, _SIDE - sides - starts)
    places = (np.arange(_SIDE) - moves[:, :, np.newaxis]) % _SIDE
    lines = _SIDE * (places[:, 0] + _SIDE * np.arange(len(digits))[:, np.newaxis])
    return digits.take(lines[:, :, np.newaxis] + places[:, 1, np.newaxis])


def _middles(digits):
    """Return the row and the column of each center of mass."""
    lines = np.stack([digits.sum(axis=2), digits.sum(axis=1)], axis=1)
    total = lines[:, :1].sum(axis=2)
    return lines @ np.arange(_SIDE, dtype=np.float32) / total


def _by_moments(digits, deslant, power):
    """Deslant digits on 28x28 pixels, and normalize their moments.

    With a middle on a whole pixel, no digit is off by the half that whole moves leave.
    """
    digits = digits.astype(np.float32)
    middles = _middles(digits)[:, :, np.newaxis]
    place = np.arange(_SIDE, dtype=np.float32)
    y, x = (place - middles[:, i] for i in (0, 1))
    ink = digits.sum(axis=(1, 2))
    along_x = (digits @ x[:, :, np.newaxis])[:, :, 0]
    # Second moments, and how far each line is to the right of the one above.
    of_y = (y**2 * digits.sum(axis=2)).sum(axis=1)
    of_x = (x**2 * digits.sum(axis=1)).sum(axis=1)
    of_xy = (y * along_x).sum(axis=1)
    slant = np.clip(of_xy / np.maximum(of_y, 1), -1, 1)
    deslanted = np.maximum(of_x - slant * (2 * of_xy - slant * of_y), 0)
    own = np.sqrt(np.stack([of_y, deslanted], axis=1) / ink[:, np.newaxis])
    stretch = (_SPREAD / np.clip(own, *_SPREADS)) ** np.float32(power)
    # Where pixels and lines of the result come from, in those of the digit.
    line, column = (
        (place - _SIDE / 2) / stretch[:, i, np.newaxis] + middles[:, i] for i in (0, 1)
    )
    shift = slant[:, np.newaxis] * y if deslant else np.zeros_like(y)
    digits = _sample(digits, column[:, np.newaxis] + shift[:, :, np.newaxis], 2)
    digits = _sample(digits, line[:, :, np.newaxis], 1)
    return np.uint8(np.rint(digits))


def _sample(digits, source, axis):
    """Interpolate linearly along one axis."""
    source = np.clip(source, -1, _SIDE) + 1
    before = source.astype(int)
    digits = np.pad(digits, [(1, 2) if i == axis else (0, 0) for i in range(3)])
    start, end = (np.take_along_axis(digits, before + i, axis) for i in (0, 1))
    return start + (source - before) * (end - start)
