"""Heat maps of the scores of a search."""

import math
from dataclasses import dataclass
from numbers import Real
from typing import Self

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from .._sklearn_compat import _validate_style_kwargs
from ._axes import (
    EM,
    VERMILION,
    add_colorbar,
    check_params,
    fit_text,
    get_axes,
    shorten,
)

_WIDTH = 12  # inches, of all heat maps
_UNSET = "(default)"  # a list of grids need not set every parameter in each


@dataclass(kw_only=True, eq=False, repr=False)
class GridSearchDisplay:
    """Heat maps of the scores of a search over two or three parameters.

    Use :meth:`from_estimator` to create one. Parameters are stored as attributes.

    Parameters
    ----------
    scores, deviations : ndarray of shape (n_panels, n_y, n_x)
        Mean score of each cell and its standard deviation over the folds; NaN for a
        missing candidate.

    values : dict of str to list
        Values of the two or three parameters: along x, along y, and of the panels.

    best : tuple of int (panel, y, x)
        The best cell.

    score_name : str, default="score"
        Name of the score.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_panels,)
        Axes with the heat maps.

    figure_ : matplotlib Figure
        Figure with the axes.

    images_ : list of matplotlib AxesImage
        The heat maps.

    texts_ : dict of tuple of int (panel, y, x) to matplotlib Text
        The text in each cell.

    colorbar_ : matplotlib Colorbar
        Color bar of the scores.

    See Also
    --------
    sklearn.model_selection.ValidationCurveDisplay : Scores over one parameter.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skmnist import GridSearchDisplay, MLPDigitClassifier
    >>> from skmnist.datasets import load_digits
    >>> digits = load_digits()
    >>> search = GridSearchCV(
    ...     MLPDigitClassifier(epochs=2, random_state=0),
    ...     {"hidden_units": [16, 32], "dropout": [0.2, 0.45]},
    ...     cv=2,
    ... )
    >>> _ = search.fit(digits.x_train.reshape(-1, 64) / 16, digits.y_train)
    >>> GridSearchDisplay.from_estimator(search)
    <...>
    >>> plt.show()
    """

    __module__ = "skmnist"  # where it is public

    scores: np.ndarray
    deviations: np.ndarray
    values: dict[str, list]
    best: tuple[int, int, int]
    score_name: str = "score"

    @classmethod
    @check_params
    def from_estimator(
        cls, search, *, params=None, scoring=None, ax=None, im_kw=None, text_kw=None
    ) -> Self:
        """Plot the scores of a search.

        Parameters
        ----------
        search : GridSearchCV
            A fitted search.
        params : list of str, default=None
            Two or three searched parameters: along x, along y, and one heat map per
            value. The pipeline's prefix may be left out. None takes all searched
            parameters. Each cell shows its best candidate.
        scoring : str, default=None
            Score to show of a search with several; None takes that of `refit`.
        ax : array-like of matplotlib Axes of shape (n_panels,), default=None
            Axes to draw on; None makes a new figure.
        im_kw, text_kw : dict, default=None
            Passed to `Axes.imshow` and `Axes.text`.

        Returns
        -------
        display : GridSearchDisplay

        Raises
        ------
        ValueError
            If `params` are not two or three searched parameters, or the search has no
            such score.
        TypeError
            If `search` is not a search of scikit-learn.
        sklearn.exceptions.NotFittedError
            If the search is not fitted.
        """
        if not (hasattr(search, "cv_results_") or hasattr(search, "refit")):
            raise TypeError(
                "search must be a fitted search of scikit-learn's, such as "
                f"GridSearchCV; got {type(search).__name__}"
            )
        check_is_fitted(search, "cv_results_")
        key, score_name, best = _find_score(search, scoring)
        results = search.cv_results_
        names = _find_params(results["params"], params)
        values = {name: _searched(results["params"], name) for name in names}
        sizes = [len(each) for each in values.values()]
        means, deviations = np.full((2, *[*sizes, 1][2::-1]), np.nan)
        # From the worst to the best, so that the best one of a cell stays.
        for i in [*np.argsort(results[f"rank_{key}"], kind="stable")[::-1], best]:
            cell = _find_cell(results["params"][i], values)
            means[cell] = results[f"mean_{key}"][i]
            deviations[cell] = results[f"std_{key}"][i]
        display = cls(
            scores=means,
            deviations=deviations,
            values=values,
            best=_find_cell(results["params"][best], values),
            score_name=score_name,
        )
        return display.plot(ax=ax, im_kw=im_kw, text_kw=text_kw)

    @check_params
    def plot(self, ax=None, *, im_kw=None, text_kw=None) -> Self:
        """Draw the heat maps.

        Parameters
        ----------
        ax, im_kw, text_kw
            As of :meth:`from_estimator`. By default all heat maps share one scale.

        Returns
        -------
        display : GridSearchDisplay

        Raises
        ------
        ValueError
            If `ax` does not have one pair of axes per heat map.
        """
        from matplotlib.patches import Rectangle

        n_panels, n_y, n_x = self.scores.shape
        names = [name.rpartition("__")[2] for name in self.values]
        labels = [list(map(_label, values)) for values in self.values.values()]
        titles = [f"Mean {self.score_name}"]
        if len(names) == 3:
            titles = [f"{names[2]} = {label}" for label in labels[2]]
        width = max(0.95, (max(map(len, labels[0])) + 2) * EM * 10 / 72)
        n_columns = int(np.clip(_WIDTH // (n_x * width), 1, min(n_panels, 3)))
        figure_width = np.clip(n_columns * n_x * width + 2, 5, _WIDTH + 2)
        figure_height = max(math.ceil(n_panels / n_columns) * (n_y * 0.75 + 1), 3)
        self.axes_ = get_axes(ax, n_panels, n_columns, (figure_width, figure_height))
        self.figure_ = self.axes_[0].figure
        limits = {"vmin": np.nanmin(self.scores), "vmax": np.nanmax(self.scores)}
        im_kw = {"cmap": "viridis", "aspect": "auto", **limits, **(im_kw or {})}
        self.images_, self.texts_ = [], {}
        for panel, axes in enumerate(self.axes_):
            self.images_.append(axes.imshow(self.scores[panel], **im_kw))
            axes.set(title=titles[panel], xlabel=names[0], ylabel=names[1])
            axes.set_xticks(range(n_x), labels[0])
            axes.set_yticks(range(n_y), labels[1])
            for y, x in np.ndindex(n_y, n_x):
                self._write((panel, y, x), text_kw or {})
        panel, y, x = self.best
        frame = {"fill": False, "edgecolor": VERMILION, "linewidth": 4}
        frame = Rectangle((x - 0.45, y - 0.45), 0.9, 0.9, **frame)
        self.axes_[panel].add_patch(frame)
        self.colorbar_ = add_colorbar(
            self.images_[0],
            self.axes_,
            f"mean {self.score_name} over the folds\n(± standard deviation)",
        )
        for panel, axes in enumerate(self.axes_):
            written = [text for cell, text in self.texts_.items() if cell[0] == panel]
            fit_text(axes, written, n_x, text_kw or {})
        return self

    def _write(self, cell, text_kw):
        panel, y, x = cell
        image = self.images_[panel]
        score, deviation = self.scores[cell], self.deviations[cell]
        text, color = "no score", "black"
        if not np.isnan(score):
            text = f"{score:.3f}\n± {deviation:.3f}"
            # The color with more contrast, by the accessibility guidelines of the web.
            linear = np.power(image.cmap(image.norm(score))[:3], 2.2)
            bright = np.dot((0.2126, 0.7152, 0.0722), linear) > 0.18
            color = "black" if bright else "white"
        if cell == self.best:
            text = f"best\n{text}"
        defaults = {
            "horizontalalignment": "center",
            "verticalalignment": "center",
            "color": color,
        }
        kwargs = _validate_style_kwargs(defaults, text_kw)
        self.texts_[cell] = self.axes_[panel].text(x, y, text, **kwargs)


def _find_score(search, scoring):
    """Return the score's key in cv_results_, its name, and the best candidate."""
    results = search.cv_results_
    if not search.multimetric_:
        if scoring is not None:
            raise ValueError(
                f"scoring={scoring!r} must be None for a search with a single score"
            )
        key, name = "test_score", search.scoring
        if not isinstance(name, str):
            by_default = name is None and is_classifier(search)
            name = "accuracy" if by_default else "score"
    else:
        names = sorted(search.scorer_)
        name = search.refit if scoring is None else scoring
        if not (isinstance(name, str) and name in names):
            raise ValueError(f"scoring must be one of {names}; got {scoring!r}")
        key = f"test_{name}"
    if np.isnan(results[f"mean_{key}"]).all():
        raise ValueError(f"the search has no score to show: all {name} are NaN")
    best = int(np.argmin(results[f"rank_{key}"]))
    if not search.multimetric_ or name == search.refit:
        best = search.best_index_  # a callable refit may choose another one
    return key, name.replace("_", " "), best


def _find_params(candidates, params):
    """Return the full names of the parameters along x, along y and of the panels."""
    searched = sorted({name for candidate in candidates for name in candidate})
    if params is not None:
        names = [_full_name(name, searched) for name in params]
    else:
        counts = {name: len(_searched(candidates, name)) for name in searched}
        names = sorted(searched, key=lambda name: -counts[name])
        n_varied = sum(count > 1 for count in counts.values())
        if len(names) > 3:
            names = names[: max(n_varied, 2)]
    if len(names) not in (2, 3) or len(set(names)) < len(names):
        raise ValueError(
            "params must name two or three different parameters out of the searched "
            f"{searched}; got {names if params is None else params!r}"
        )
    return names


def _full_name(name, searched):
    found = [each for each in searched if each == name]
    found = found or [each for each in searched if each.endswith(f"__{name}")]
    if len(found) != 1:
        raise ValueError(
            f"params must be out of the searched {searched}; got {name!r}, which is "
            f"{'none' if not found else 'more than one'} of them"
        )
    return found[0]


def _searched(candidates, name):
    """Return the values of a parameter: numbers in order, others as they came."""
    values = {}
    for candidate in candidates:
        value = candidate.get(name, _UNSET)
        values.setdefault(repr(value), value)  # not every value can be hashed
    values = list(values.values())
    return sorted(values) if all(map(_is_number, values)) else values


def _find_cell(candidate, values):
    position = [
        list(map(repr, each)).index(repr(candidate.get(name, _UNSET)))
        for name, each in values.items()
    ]
    return tuple([*position, 0][2::-1])


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, bool)


def _label(value):
    return f"{value:g}" if _is_number(value) else shorten(value)
