"""Images with their labels."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn.utils import check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.multiclass import unique_labels

from .._validation import checking
from ._axes import check_params, shorten
from ._image_grid import ImageGrid, to_images

_WRONG = "#B84A00"  # vermilion, dark enough for small text on white


@dataclass(kw_only=True, eq=False, repr=False)
class DigitGridDisplay(ImageGrid):
    """Grid of images with their labels.

    Use :meth:`from_estimator` or :meth:`from_predictions` to create one. Parameters are
    stored as attributes.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width)
        Images to show.

    y_true, y_pred : ndarray of shape (n_images,), default=None
        True and predicted labels.

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

    images: np.ndarray
    y_true: np.ndarray | None = None
    y_pred: np.ndarray | None = None
    y_proba: np.ndarray | None = None
    indices: np.ndarray | None = None
    title: str | None = None

    @classmethod
    @check_params
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
        im_kw, text_kw : dict, default=None
            Passed to `Axes.imshow` and `Axes.text`.

        Returns
        -------
        display : DigitGridDisplay

        Raises
        ------
        ValueError
            If `X` has no images, or a parameter is out of range.
        """
        y_pred = estimator.predict(X)
        with checking("y_pred", y_pred):
            y_pred = column_or_1d(y_pred)
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
    @check_params
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
        y_true, y_pred : array-like of shape (n_samples,), default=None
            True and predicted labels.
        y_proba : array-like of shape (n_samples,), default=None
            Probability of each predicted label; needs `y_pred`.
        n_images, mistakes_only, random_state, ax, im_kw, text_kw
            As of :meth:`from_estimator`. `mistakes_only` needs both labels, and sorts
            by `y_proba` if it is given.

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
        for name, values in given.items():
            if values is not None:
                with checking(name, values):
                    given[name] = column_or_1d(values)
        if mistakes_only and (y_true is None or y_pred is None):
            raise ValueError("mistakes_only=True needs y_true and y_pred")
        if y_proba is not None and y_pred is None:
            raise ValueError("y_proba needs y_pred")
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
            title = f"{len(chosen):,} of {len(images):,} images"
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

    @check_params
    def plot(self, ax=None, *, im_kw=None, text_kw=None) -> Self:
        """Draw the images.

        Parameters
        ----------
        ax, im_kw, text_kw
            As of :meth:`from_estimator`. By default all images share one scale,
            mistakes have another color, and the font size fits the grid.

        Returns
        -------
        display : DigitGridDisplay
        """
        wrong = np.zeros(len(self.images), bool)
        if self.y_true is not None and self.y_pred is not None:
            wrong = self.y_true != self.y_pred
        limits = {}
        if self.images.size:
            limits = {"vmin": self.images.min(), "vmax": self.images.max()}
        im_kw = {"cmap": "gray", **limits, **(im_kw or {})}
        colors = np.where(wrong, _WRONG, "black")
        self._draw(ax, self.images, self._texts(), colors, im_kw, text_kw or {})
        return self

    def _texts(self):
        parts = []
        if self.y_true is not None:
            parts.append([shorten(label) for label in self.y_true])
        if self.y_pred is not None:
            parts.append([f"→ {shorten(label)}" for label in self.y_pred])
        if self.y_proba is not None:
            parts.append([_percent(probability) for probability in self.y_proba])
        return list(zip(*parts, strict=True)) or [()] * len(self.images)


def _choose_mistakes(n_images, y_true, y_pred, y_proba):
    wrong = np.flatnonzero(y_true != y_pred)
    order = "first"
    if y_proba is not None:
        wrong = wrong[np.argsort(-y_proba[wrong], kind="stable")]
        order = "most confident"
    title = f"{len(wrong):,} mistakes in {len(y_true):,} images"
    if len(wrong) > n_images:
        title = f"The {n_images} {order} of {title}"
    return wrong[:n_images], title


def _legend(y_true, y_pred, y_proba):
    if y_pred is None:
        return "" if y_true is None else "Label above each image"
    legend = "Predicted label" if y_true is None else "True → predicted label"
    return legend if y_proba is None else f"{legend} (probability)"


def _percent(probability):
    # Never rounded to 100 %.
    return "(>99 %)" if probability >= 0.995 else f"({100 * probability:.0f} %)"
