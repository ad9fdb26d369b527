"""Training curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from .._sklearn_compat import _validate_style_kwargs
from ._axes import BLUE, VERMILION, check_params, get_axes
from ._estimators import find_classifier

_PANELS = {
    "loss": ("Loss per epoch", "cross-entropy + penalty (nats)"),
    "accuracy": ("Accuracy per epoch", "accuracy"),
}
_CURVES = {
    "": ("training", BLUE, "-", "o"),
    "val_": ("validation", VERMILION, "--", "s"),
}
_MOST_MARKERS = 30


@dataclass(kw_only=True, eq=False, repr=False)
class TrainingCurveDisplay:
    """Loss and accuracy after each epoch of a training.

    Use :meth:`from_estimator` to create one. Parameters are stored as attributes.

    Parameters
    ----------
    history : dict of str to list of float
        "loss" and "accuracy", and with validation "val_loss" and "val_accuracy"; one
        entry per epoch, as in ``keras.Model.fit(...).history``. Shorter lists are
        those of the last epochs.

    restored_epoch : int, default=None
        Epoch, counted from 1, whose weights were restored.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (2,)
        Axes with the loss, and with the accuracy.

    figure_ : matplotlib Figure
        Figure with the axes.

    lines_ : dict of str to matplotlib Line2D
        The curve of each key of `history`.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores over the training set size.

    Notes
    -----
    Training metrics are means over the batches of an epoch, with dropout active. They
    can therefore be worse than validation metrics.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skmnist import TrainingCurveDisplay
    >>> history = {"loss": [0.9, 0.4, 0.3], "accuracy": [0.7, 0.88, 0.91]}
    >>> TrainingCurveDisplay(history=history).plot()
    <...>
    >>> plt.show()
    """

    __module__ = "skmnist"  # where it is public

    history: Mapping[str, Sequence[float]]
    restored_epoch: int | None = None

    @classmethod
    @check_params
    def from_estimator(cls, estimator, *, ax=None, line_kw=None) -> Self:
        """Plot the training curves of a network.

        Parameters
        ----------
        estimator : MLPDigitClassifier, Pipeline or search
            A fitted network, or a fitted pipeline or search that ends in one. A line
            marks the epoch that early stopping restored, unless `warm_start` is on.
        ax : array-like of matplotlib Axes of shape (2,), default=None
            Axes of loss and accuracy; None makes a new figure.
        line_kw : dict, default=None
            Passed to `Axes.plot`.

        Returns
        -------
        display : TrainingCurveDisplay

        Raises
        ------
        TypeError
            If `estimator` has no MLPDigitClassifier.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        network, _ = find_classifier(estimator)
        restored_epoch = None
        if "val_loss" in network.history_ and not network.warm_start:
            restored_epoch = int(np.nanargmin(network.history_["val_loss"])) + 1
        display = cls(history=network.history_, restored_epoch=restored_epoch)
        return display.plot(ax=ax, line_kw=line_kw)

    @check_params
    def plot(self, ax=None, *, line_kw=None) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax, line_kw
            As of :meth:`from_estimator`.

        Returns
        -------
        display : TrainingCurveDisplay

        Raises
        ------
        ValueError
            If `history` has no "loss" or no "accuracy", or `ax` not two axes.
        """
        from matplotlib.ticker import MaxNLocator

        history = self.history if isinstance(self.history, Mapping) else {}
        missing = [key for key in _PANELS if not any(np.shape(history.get(key)))]
        if missing:
            raise ValueError(
                "history must be a dict, with an entry per epoch for 'loss' and "
                f"'accuracy'; got none for {' and '.join(map(repr, missing))}"
            )
        self.axes_ = get_axes(ax, 2, 2, (9, 3.6))
        self.figure_ = self.axes_[0].figure
        self.lines_ = {}
        for axes, (metric, (title, unit)) in zip(
            self.axes_, _PANELS.items(), strict=True
        ):
            for prefix, style in _CURVES.items():
                if len(self.history.get(prefix + metric, ())):
                    self._draw_curve(axes, prefix + metric, style, line_kw or {})
            if self.restored_epoch is not None:
                axes.axvline(
                    self.restored_epoch,
                    color="black",
                    linestyle=":",
                    label=f"restored: epoch {self.restored_epoch}",
                )
            axes.set(title=title, xlabel="epoch", ylabel=unit)
            axes.set_xlim(0.5, len(self.history["loss"]) + 0.5)
            axes.xaxis.set_major_locator(
                MaxNLocator("auto", integer=True, min_n_ticks=1)
            )
            axes.grid(alpha=0.3)
            axes.legend()
        return self

    def _draw_curve(self, axes, key, style, line_kw):
        label, color, line, marker = style
        values, n_epochs = self.history[key], len(self.history["loss"])
        epochs = np.arange(n_epochs - len(values), n_epochs) + 1
        defaults = {"label": label, "color": color, "linestyle": line}
        defaults |= {"marker": marker if n_epochs <= _MOST_MARKERS else None}
        defaults |= {"markersize": 4}
        kwargs = _validate_style_kwargs(defaults, line_kw)
        (self.lines_[key],) = axes.plot(epochs, values, **kwargs)
