"""Images with their labels."""

from numbers import Integral
from typing import Self

import numpy as np
from sklearn.utils import check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.multiclass import unique_labels

from .._sklearn_compat import Interval, validate_params
from ._axes import fit_text, get_axes, shorten
from ._image_grid import draw_images, grid_size, to_images

_WRONG = "#B84A00"  # vermilion, dark enough for small text on white
_CHOICE = {
    "n_images": [Interval(Integral, 1, None, closed="left")],
    "mistakes_only": ["boolean"],
    "random_state": ["random_state"],
}


class DigitGridDisplay:
    """Grid of images with their labels.

    Use :meth:`from_estimator` or :meth:`from_predictions` to create one. Parameters are
    stored as attributes.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width)
        Images to show.

    y_true : ndarray of shape (n_images,), default=None
        True labels.

    y_pred : ndarray of shape (n_images,), default=None
        Predicted labels.

    y_proba : ndarray of shape (n_images,), default=None
        Probabilities of the predicted labels.

    indices : ndarray of shape (n_images,), default=None
        Position of each image in the data.

    title : str, default=None
        Title of the plot.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the images.

    figure_ : matplotlib Figure
        Figure with the axes.

    images_ : list of matplotlib AxesImage
        The drawn images.

    texts_ : list of matplotlib Text
        The text above each image.

    See Also
    --------
    sklearn.metrics.ConfusionMatrixDisplay : Confusion matrix.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skmnist import DigitGridDisplay
    >>> from skmnist.datasets import load_digits
    >>> digits = load_digits()
    >>> DigitGridDisplay.from_predictions(digits.x_train, digits.y_train)
    <...>
    >>> plt.show()
    """

    __module__ = "skmnist"  # where it is public

    def __init__(
        self,
        *,
        images,
        y_true=None,
        y_pred=None,
        y_proba=None,
        indices=None,
        title=None,
    ):
        self.images = images
        self.y_true = y_true
        self.y_pred = y_pred
        self.y_proba = y_proba
        self.indices = indices
        self.title = title

    @classmethod
    @validate_params(
        {"estimator": "no_validation", "X": "no_validation", **_CHOICE},
        prefer_skip_nested_validation=True,
    )
    def from_estimator(
        cls,
        estimator,
        X,
        y=None,
        *,
        n_images: int = 25,
        mistakes_only: bool = False,
        random_state=None,
        ax=None,
        im_kw=None,
        text_kw=None,
    ) -> Self:
        """Plot images with the labels that a classifier predicts.

        Parameters
        ----------
        estimator : estimator
            Any fitted classifier or pipeline that takes `X`.

        X : array-like of shape (n_samples, height, width), \
                (n_samples, height, width, 1) or (n_samples, side ** 2)
            Images, or rows of pixels of square images.

        y : array-like of shape (n_samples,), default=None
            True labels.

        n_images : int, default=25
            Largest number of images to show.

        mistakes_only : bool, default=False
            Show misclassified images only, the most confident first (in the order of
            `X` without `predict_proba`); needs `y`.

        random_state : int, RandomState instance or None, default=None
            Chooses the images, unless `mistakes_only`. None draws a seed from the
            operating system.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        im_kw : dict, default=None
            Passed to `Axes.imshow`.

        text_kw : dict, default=None
            Passed to `Axes.text`.

        Returns
        -------
        display : DigitGridDisplay

        Raises
        ------
        ValueError
            If `X` has no images, or a parameter is out of range.
        """
        y_pred = estimator.predict(X)
        y_proba = None
        # A classifier of someone else's need not have classes_.
        if hasattr(estimator, "predict_proba") and hasattr(estimator, "classes_"):
            # Not the largest one: a classifier may predict by another rule.
            columns = np.searchsorted(estimator.classes_, y_pred)
            y_proba = estimator.predict_proba(X)[np.arange(len(y_pred)), columns]
        return cls.from_predictions(
            X,
            y,
            y_pred=y_pred,
            y_proba=y_proba,
            n_images=n_images,
            mistakes_only=mistakes_only,
            random_state=random_state,
            ax=ax,
            im_kw=im_kw,
            text_kw=text_kw,
        )

    @classmethod
    @validate_params(
        {"X": "no_validation", **_CHOICE}, prefer_skip_nested_validation=True
    )
    def from_predictions(
        cls,
        X,
        y_true=None,
        *,
        y_pred=None,
        y_proba=None,
        n_images: int = 25,
        mistakes_only: bool = False,
        random_state=None,
        ax=None,
        im_kw=None,
        text_kw=None,
    ) -> Self:
        """Plot images with true labels, predicted labels, or both.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), \
                (n_samples, height, width, 1) or (n_samples, side ** 2)
            Images, or rows of pixels of square images.

        y_true : array-like of shape (n_samples,), default=None
            True labels.

        y_pred : array-like of shape (n_samples,), default=None
            Predicted labels.

        y_proba : array-like of shape (n_samples,), default=None
            Probability of each predicted label; needs `y_pred`.

        n_images : int, default=25
            Largest number of images to show.

        mistakes_only : bool, default=False
            Show misclassified images only, the most confident first (in the order of
            `X` without `y_proba`); needs `y_true` and `y_pred`.

        random_state : int, RandomState instance or None, default=None
            Chooses the images, unless `mistakes_only`. None draws a seed from the
            operating system.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        im_kw : dict, default=None
            Passed to `Axes.imshow`.

        text_kw : dict, default=None
            Passed to `Axes.text`.

        Returns
        -------
        display : DigitGridDisplay

        Raises
        ------
        ValueError
            If `X` has no images, lengths differ, or a parameter is out of range or
            missing.
        """
        images = to_images(X)
        given = {"y_true": y_true, "y_pred": y_pred, "y_proba": y_proba}
        _check_given(given, mistakes_only)
        given = {
            name: None if values is None else column_or_1d(values)
            for name, values in given.items()
        }
        check_consistent_length(images, *given.values())
        if y_true is not None and y_pred is not None:
            unique_labels(y_true, y_pred)  # refuses numbers against strings
        if mistakes_only:
            chosen, title = _choose_mistakes(n_images, **given)
        else:
            # Not np.random's global state: a plot changes nothing.
            if random_state is None:
                random_state = np.random.RandomState()
            rng = check_random_state(random_state)
            chosen = rng.permutation(len(images))[:n_images]
            title = f"{len(chosen):,} of {_count(len(images), 'image')}"
        display = cls(
            images=images[chosen],
            indices=chosen,
            title=f"{title}\n{_legend(**given)}",
            **{
                name: None if values is None else values[chosen]
                for name, values in given.items()
            },
        )
        return display.plot(ax=ax, im_kw=im_kw, text_kw=text_kw)

    def plot(self, ax=None, *, im_kw=None, text_kw=None) -> Self:
        """Draw the images.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        im_kw : dict, default=None
            Passed to `Axes.imshow`. All images share one scale.

        text_kw : dict, default=None
            Passed to `Axes.text`. By default mistakes have another color,
            and the font size fits the grid.

        Returns
        -------
        display : DigitGridDisplay
        """
        texts = self._texts()
        colors = np.where(self._wrong(), _WRONG, "black")
        n_columns, figsize = grid_size(self.images, texts)
        (self.ax_,) = get_axes(ax, 1, 1, figsize)
        self.figure_ = self.ax_.figure
        self.ax_.set_title(self.title, fontsize="medium", pad=8)
        limits = {}
        if self.images.size:
            limits = {"vmin": self.images.min(), "vmax": self.images.max()}
        self.images_, self.texts_ = draw_images(
            self.ax_,
            self.images,
            texts,
            colors,
            n_columns,
            im_kw={"cmap": "gray", **limits, **(im_kw or {})},
            text_kw=text_kw or {},
        )
        fit_text(self.ax_, self.texts_, n_columns, text_kw or {})
        return self

    def _wrong(self):
        if self.y_true is None or self.y_pred is None:
            return np.zeros(len(self.images), bool)
        return self.y_true != self.y_pred

    def _texts(self):
        texts = [[] for _ in self.images]
        if self.y_true is not None:
            for parts, label in zip(texts, self.y_true, strict=True):
                parts.append(shorten(label))
        if self.y_pred is not None:
            for parts, label in zip(texts, self.y_pred, strict=True):
                parts.append(f"→ {shorten(label)}")
        if self.y_proba is not None:
            for parts, probability in zip(texts, self.y_proba, strict=True):
                parts.append(_percent(probability))
        return texts


def _check_given(given, mistakes_only):
    if mistakes_only:
        needs = ("mistakes_only=True", ("y_true", "y_pred"))
    elif given["y_proba"] is not None:
        needs = ("y_proba", ("y_pred",))
    else:
        return
    missing = [name for name in needs[1] if given[name] is None]
    if missing:
        raise ValueError(f"{needs[0]} needs {' and '.join(missing)}, which is None")


def _choose_mistakes(n_images, y_true, y_pred, y_proba):
    wrong = np.flatnonzero(y_true != y_pred)
    order = "first"
    if y_proba is not None:
        wrong = wrong[np.argsort(-y_proba[wrong], kind="stable")]
        order = "most confident"
    total = _count(len(y_true), "image")
    if not len(wrong):
        return wrong, f"No mistakes in {total}"
    mistakes = _count(len(wrong), "mistake")
    if len(wrong) <= n_images:
        return wrong, f"{mistakes} in {total}"
    return wrong[:n_images], f"The {n_images} {order} of {mistakes} in {total}"


def _count(number, noun):
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _legend(y_true, y_pred, y_proba):
    if y_pred is None:
        return "" if y_true is None else "Label above each image"
    legend = "Predicted label" if y_true is None else "True → predicted label"
    return legend if y_proba is None else f"{legend} (probability)"


def _percent(probability):
    # Never rounded to 100 %.
    return "(>99 %)" if probability >= 0.995 else f"({100 * probability:.0f} %)"
