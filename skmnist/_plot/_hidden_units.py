"""Weights of the first hidden layer as images."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from .._validation import shape_of_rows
from ._axes import add_colorbar, check_params
from ._estimators import find_classifier
from ._image_grid import ImageGrid, square


@dataclass(kw_only=True, eq=False, repr=False)
class HiddenUnitsDisplay(ImageGrid):
    """Weights of the first hidden layer as one image per unit.

    Use :meth:`from_estimator` to create one. Parameters are stored as attributes.

    Parameters
    ----------
    weights : ndarray of shape (n_units, height, width)
        Weight of each pixel, for each unit.

    indices : ndarray of shape (n_units,)
        Index of each unit in its layer.

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
        The number above each image.

    colorbar_ : matplotlib Colorbar
        Color bar of the weights.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skmnist import HiddenUnitsDisplay, MLPDigitClassifier
    >>> from skmnist.datasets import load_digits
    >>> digits = load_digits()
    >>> network = MLPDigitClassifier(16, epochs=2, random_state=0)
    >>> _ = network.fit(digits.x_train.reshape(-1, 64) / 16, digits.y_train)
    >>> HiddenUnitsDisplay.from_estimator(network)
    <...>
    >>> plt.show()
    """

    __module__ = "skmnist"  # where it is public

    weights: np.ndarray
    indices: np.ndarray
    title: str | None = None

    @classmethod
    @check_params
    def from_estimator(
        cls,
        estimator,
        *,
        n_units: int = 64,
        image_shape: tuple[int, int] | None = None,
        ax=None,
        im_kw=None,
        text_kw=None,
    ) -> Self:
        """Plot the first hidden layer of a network.

        Parameters
        ----------
        estimator : MLPDigitClassifier, Pipeline or search
            A fitted network, or a fitted pipeline or search that ends in one.
        n_units : int, default=64
            Largest number of units to show, in order of the norm of their weights.
        image_shape : tuple of int (height, width), default=None
            Shape of the training images. None takes it from the pipeline's
            :class:`PixelScaler`, and assumes square images without one.
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.
        im_kw, text_kw : dict, default=None
            Passed to `Axes.imshow` and `Axes.text`.

        Returns
        -------
        display : HiddenUnitsDisplay

        Raises
        ------
        ValueError
            If the number of inputs does not match the shape, or a parameter is out of
            range.
        TypeError
            If `estimator` has no MLPDigitClassifier.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        network, before = find_classifier(estimator)
        kernel = network.coefs_[0]
        if image_shape is None:
            shapes = [getattr(step, "image_shape_", ()) for step in before]
            shapes = [shape[:2] for shape in shapes if len(shape) > 1]
            image_shape = shapes[-1] if shapes else square(len(kernel))
        image_shape = shape_of_rows(image_shape, len(kernel), "HiddenUnitsDisplay")
        strongest = np.argsort(-np.linalg.norm(kernel, axis=0), kind="stable")[:n_units]
        display = cls(
            weights=kernel.T[strongest].reshape(-1, *image_shape),
            indices=strongest,
            title="Weights of the first hidden layer\n"
            f"{len(strongest):,} of {kernel.shape[1]:,} units, strongest first",
        )
        return display.plot(ax=ax, im_kw=im_kw, text_kw=text_kw)

    @check_params
    def plot(self, ax=None, *, im_kw=None, text_kw=None) -> Self:
        """Draw the images.

        Parameters
        ----------
        ax, im_kw, text_kw
            As of :meth:`from_estimator`. By default all images share one scale, and
            white is a weight of 0.

        Returns
        -------
        display : HiddenUnitsDisplay
        """
        texts = [[str(index)] for index in self.indices]
        limit = np.abs(self.weights).max()
        im_kw = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit, **(im_kw or {})}
        colors = ["black"] * len(texts)
        self._draw(ax, self.weights, texts, colors, im_kw, text_kw or {})
        self.colorbar_ = add_colorbar(
            self.images_[0], [self.ax_], "weight of the pixel"
        )
        return self
