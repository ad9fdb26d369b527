import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from figures import assert_no_overlap, texts_of
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skmnist import GridSearchDisplay


class Table(ClassifierMixin, BaseEstimator):
    """A classifier whose score is looked up: searches without the time."""

    def __init__(self, units=1, rate=0.0, l2=0.0, other=None):
        self.units = units
        self.rate = rate
        self.l2 = l2
        self.other = other

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), int)

    def score(self, X, y):
        if self.units == 99:
            return np.nan
        n_units = np.sum(self.units)
        return n_units / 1000 + self.rate / 10 + self.l2 + len(str(self.other)) / 1e4


def search(grid, estimator=None, **kwargs):
    X, y = make_classification(30, random_state=0)
    return GridSearchCV(estimator or Table(), grid, cv=3, **kwargs).fit(X, y)


@pytest.mark.parametrize("other", [Table(), 3, type("Study", (), {})()])
def test_what_is_no_search_is_named(other):
    message = f"must be a fitted search .* got {type(other).__name__}"
    with pytest.raises(TypeError, match=message):
        GridSearchDisplay.from_estimator(other)
    with pytest.raises(NotFittedError):
        GridSearchDisplay.from_estimator(GridSearchCV(Table(), {}))


def test_two_parameters_are_one_heat_map():
    found = search({"units": [30, 10, 20], "rate": [0.5, 0.2]})
    display = GridSearchDisplay.from_estimator(found)

    assert display.values == {"units": [10, 20, 30], "rate": [0.2, 0.5]}
    (axes,) = display.axes_
    assert axes.get_xlabel() == "units"
    assert axes.get_ylabel() == "rate"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["10", "20", "30"]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["0.2", "0.5"]
    expected = [[0.034, 0.044, 0.054], [0.064, 0.074, 0.084]]
    np.testing.assert_allclose(
        display.images_[0].get_array(), np.add(expected, -0.0036)
    )
    assert texts_of(display) == [
        "0.030\n± 0.000",
        "0.040\n± 0.000",
        "0.050\n± 0.000",
        "0.060\n± 0.000",
        "0.070\n± 0.000",
        "best\n0.080\n± 0.000",
    ]
    assert display.best == (0, 1, 2)
    (frame,) = axes.patches
    assert frame.get_x() < 2 < frame.get_x() + frame.get_width()
    assert frame.get_y() < 1 < frame.get_y() + frame.get_height()
    assert axes.get_title() == "Mean accuracy"
    assert display.colorbar_.ax.get_ylabel().startswith("mean accuracy over the folds")


def test_the_third_parameter_has_a_panel_per_value():
    found = search({"units": [10, 20, 30], "rate": [0.1, 0.2], "l2": [0, 0.1]})
    display = GridSearchDisplay.from_estimator(found, params=["rate", "units", "l2"])

    assert [axes.get_title() for axes in display.axes_] == ["l2 = 0", "l2 = 0.1"]
    assert display.scores.shape == (2, 3, 2)
    table = found.cv_results_
    for parameters, score in zip(
        table["params"], table["mean_test_score"], strict=True
    ):
        panel = [0, 0.1].index(parameters["l2"])
        y = [10, 20, 30].index(parameters["units"])
        x = [0.1, 0.2].index(parameters["rate"])
        assert display.images_[panel].get_array()[y, x] == score
    assert display.best == (1, 2, 1)
    assert len({image.get_clim() for image in display.images_}) == 1
    assert [len(axes.patches) for axes in display.axes_] == [0, 1]


@pytest.mark.parametrize(
    "grid",
    [
        {"units": [10], "rate": [0.1]},
        {"units": [10], "rate": [0.1], "l2": [0]},
        {"units": [128, 256, 512], "rate": [0.2, 0.45], "l2": [0, 0.001]},
        {"units": [5, (512, 256, 128), (64,), (9,) * 9], "other": [None, "balanced"]},
        {"rate": np.arange(13) / 20, "l2": np.arange(9) * 1e-5},
        {"other": [None, "b", {0: 1}, "c"], "rate": [0, 0.1], "l2": [0, 0.1]},
    ],
)
def test_heat_maps_are_legible(grid):
    display = GridSearchDisplay.from_estimator(search(grid))

    assert len(display.texts_) == np.prod([len(values) for values in grid.values()])
    assert_no_overlap(display)
    assert min(text.get_fontsize() for text in display.texts_.values()) >= 6
    labels = {
        label.get_text()
        for axes in display.axes_
        for label in [*axes.get_xticklabels(), *axes.get_yticklabels(), axes.title]
    }
    if (64,) in grid.get("units", ()):
        assert {"5", "(512, 256, 128)", "(64,)", "(9, 9, 9,…9, 9, 9)"} <= labels
        assert {"None", "balanced"} <= labels


@pytest.mark.parametrize("cmap", ["viridis", "gray", "Blues"])
def test_the_text_of_heat_maps_has_contrast(cmap):
    found = search({"units": np.arange(7) * 10, "rate": np.arange(5) / 10})
    display = GridSearchDisplay.from_estimator(found, im_kw={"cmap": cmap})
    (image,) = display.images_

    def luminance(color):
        channels = np.array(matplotlib.colors.to_rgb(color))
        low, high = channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        linear = np.where(channels <= 0.04045, low, high)
        return linear @ (0.2126, 0.7152, 0.0722) + 0.05

    for (_, y, x), text in display.texts_.items():
        cell = luminance(image.cmap(image.norm(image.get_array()[y, x]))[:3])
        light, dark = sorted([cell, luminance(text.get_color())], reverse=True)
        assert light / dark > 4.5, text


def test_hidden_parameters_leave_the_best_candidate():
    found = search({"units": [10, 20], "rate": [0.1, 0.3], "l2": [0, 0.5, 0.2]})
    display = GridSearchDisplay.from_estimator(found, params=["units", "rate"])

    expected = np.array([[10, 20]]) / 1000 + np.array([[0.1], [0.3]]) / 10 + 0.5004
    np.testing.assert_allclose(display.scores[0], expected)


def test_lists_of_grids_and_failed_scores_leave_gaps():
    found = search([{"units": [10, 20], "rate": [0.1]}, {"units": [10], "l2": [0.5]}])
    display = GridSearchDisplay.from_estimator(found, params=["units", "rate"])
    assert display.values["rate"] == [0.1, "(default)"]
    assert texts_of(display)[-1] == "no score"
    assert np.isnan(display.scores[0, 1, 1])

    with pytest.warns(UserWarning, match="non-finite"):
        found = search({"units": [10, 99], "rate": [0.1, 0.2]})
    display = GridSearchDisplay.from_estimator(found)
    assert texts_of(display).count("no score") == 2


def test_several_scores_and_a_refit_of_ones_own():
    scoring = ["balanced_accuracy", "neg_mean_squared_error"]
    grid = {"units": [1, 2], "rate": [0.1, 0.2]}
    found = search(grid, scoring=scoring, refit="balanced_accuracy")
    display = GridSearchDisplay.from_estimator(found)
    assert display.score_name == "balanced accuracy"
    display = GridSearchDisplay.from_estimator(found, scoring=scoring[1])
    assert display.score_name == "neg mean squared error"
    assert (display.scores < 0).all()
    with pytest.raises(ValueError, match=r"scoring must be one of \['bal.*got 'wrong'"):
        GridSearchDisplay.from_estimator(found, scoring="wrong")

    found = search(grid, refit=lambda results: 1)
    display = GridSearchDisplay.from_estimator(found)
    assert found.cv_results_["params"][1] == {"rate": 0.1, "units": 2}
    assert display.values == {"rate": [0.1, 0.2], "units": [1, 2]}
    assert display.best == (0, 1, 0)


def test_names_without_the_prefix():
    grid = {"table__units": [3, (2, 2)], "table__rate": [0.1, 0.2]}
    found = search(grid, make_pipeline(Table()))
    display = GridSearchDisplay.from_estimator(found, params=["rate", "units"])

    assert display.axes_[0].get_xlabel() == "rate"
    assert list(display.values.items()) == [
        ("table__rate", [0.1, 0.2]),
        ("table__units", [3, (2, 2)]),
    ]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (["units"], r"params must name two or three .*got \['units'\]"),
        (["units", "units"], "two or three different parameters"),
        (["units", "epochs"], r"got 'epochs', which is none of them"),
        (None, "must name two or three .*searched"),
    ],
)
def test_bad_parameters_of_heat_maps(params, message):
    grid = {"units": [1, 2], "rate": [0, 1], "l2": [0, 1], "other": [None, "x"]}
    with pytest.raises(ValueError, match=message):
        GridSearchDisplay.from_estimator(search(grid), params=params)
    with pytest.raises(NotFittedError):
        GridSearchDisplay.from_estimator(GridSearchCV(Table(), grid))
    assert plt.get_fignums() == []


def test_a_heat_map_needs_as_many_axes_as_panels():
    found = search({"units": [1, 2], "rate": [0, 1], "l2": [0, 1]})
    figure, axes = plt.subplots(1, 2, layout="constrained")
    display = GridSearchDisplay.from_estimator(
        found, ax=axes, im_kw={"cmap": "cividis"}, text_kw={"size": 3}
    )
    assert display.figure_ is figure
    assert display.images_[1].get_cmap().name == "cividis"
    assert {text.get_fontsize() for text in display.texts_.values()} == {3}
    with pytest.raises(ValueError, match="ax must hold 2 axes"):
        GridSearchDisplay.from_estimator(found, ax=axes[0])
