# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""The pictures show what they say: images, labels, values, nothing overlapping."""

import itertools

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from skmnist import (
    DigitGridDisplay,
    GridSearchDisplay,
    HiddenUnitsDisplay,
    MLPDigitClassifier,
    PixelScaler,
    TrainingCurveDisplay,
)
from skmnist.datasets import load_digits

DIGITS = load_digits()
NAMES = np.array(
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
)


@pytest.fixture(autouse=True)
def _nothing_global_changes():
    def state():
        generator = np.random.mtrand._rand.get_state()
        return dict(matplotlib.rcParams), generator[1].tolist(), generator[2]

    before = state()
    yield
    assert state() == before


@pytest.fixture(scope="module")
def model():
    network = MLPDigitClassifier((12, 8), epochs=6, dropout=0.1, random_state=0)
    model = make_pipeline(PixelScaler(), network)
    return model.fit(DIGITS.x_train, DIGITS.y_train)


def texts_of(display):
    texts = display.texts_
    texts = texts.values() if isinstance(texts, dict) else texts
    return [text.get_text() for text in texts]


def assert_no_overlap(display):
    """Check that texts are inside the figure, and apart from each other."""
    figure = display.figure_
    figure.draw_without_rendering()
    texts = display.texts_
    texts = list(texts.values() if isinstance(texts, dict) else texts)
    for axes in figure.axes:
        texts += [axes.title, axes.xaxis.label, axes.yaxis.label]
        if axes.axison:
            texts += axes.get_xticklabels() + axes.get_yticklabels()
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts if t.get_text()]
    assert boxes
    for text, box in boxes:
        assert figure.bbox.padded(1).containsx(box.x0), text
        assert figure.bbox.padded(1).containsx(box.x1), text
        assert figure.bbox.padded(1).containsy(box.y0), text
        assert figure.bbox.padded(1).containsy(box.y1), text
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        apart = a.x1 <= b.x0 or b.x1 <= a.x0 or a.y1 <= b.y0 + 1 or b.y1 <= a.y0 + 1
        assert apart, (one, other)


# DigitGridDisplay


def test_the_default_is_a_sample_of_25_with_labels():
    display = DigitGridDisplay.from_predictions(
        DIGITS.x_train, DIGITS.y_train, random_state=0
    )

    assert len(set(display.indices)) == len(display.images_) == 25
    for image, text, i in zip(
        display.images_, display.texts_, display.indices, strict=True
    ):
        np.testing.assert_array_equal(image.get_array(), DIGITS.x_train[i])
        assert text.get_text() == str(DIGITS.y_train[i])
        left, right, bottom, top = image.get_extent()
        assert left < text.get_position()[0] < right
        assert text.get_position()[1] <= top < bottom  # above its image
    extents = np.array([image.get_extent() for image in display.images_])
    assert len(np.unique(extents[:, 0].round(6))) == 5
    assert len(np.unique(extents[:, 3].round(6))) == 5
    assert display.ax_.get_title() == "25 of 1,437 images\nLabel above each image"
    assert display.figure_ is display.ax_.figure
    assert {image.get_clim() for image in display.images_} == {(0, 16)}


def test_the_seed_chooses_the_sample():
    def indices(seed):
        display = DigitGridDisplay.from_predictions(DIGITS.x_train, random_state=seed)
        return display.indices.tolist()

    assert indices(0) == indices(0)
    assert indices(0) != indices(1)
    assert indices(None) != indices(None)


@pytest.mark.parametrize("shape", [(-1, 8, 8), (-1, 8, 8, 1), (-1, 64)])
def test_images_come_in_three_shapes(shape):
    display = DigitGridDisplay.from_predictions(
        DIGITS.x_test.reshape(shape), n_images=3, random_state=0
    )

    np.testing.assert_array_equal(display.images, DIGITS.x_test[display.indices])
    assert texts_of(display) == [""] * 3


def test_the_most_confident_mistakes_come_first(model):
    display = DigitGridDisplay.from_estimator(
        model, DIGITS.x_test, DIGITS.y_test, mistakes_only=True, n_images=6
    )

    predicted = model.predict(DIGITS.x_test)
    proba = model.predict_proba(DIGITS.x_test).max(axis=1)
    wrong = np.flatnonzero(predicted != DIGITS.y_test)
    best = wrong[np.argsort(-proba[wrong])][:6]
    assert display.indices.tolist() == best.tolist()
    assert texts_of(display) == [
        f"{DIGITS.y_test[i]} → {predicted[i]} ({100 * proba[i]:.0f} %)" for i in best
    ]
    assert display.ax_.get_title() == (
        f"The 6 most confident of {len(wrong)} mistakes in 360 images\n"
        "True → predicted label (probability)"
    )


def test_right_and_wrong_differ_in_colour():
    y = np.arange(4)
    display = DigitGridDisplay.from_predictions(
        DIGITS.x_test[:4], y, y_pred=y[[0, 1, 3, 2]], y_proba=[0.2, 0.999, 1, 0.55]
    )

    assert {text.get_text(): text.get_color() for text in display.texts_} == {
        "0 → 0 (20 %)": "black",
        "1 → 1 (>99 %)": "black",
        "2 → 3 (>99 %)": "#B84A00",
        "3 → 2 (55 %)": "#B84A00",
    }


def test_classifiers_without_probabilities_and_data_without_labels(model):
    svc = LinearSVC(random_state=0, C=1e-5).fit(
        DIGITS.x_train.reshape(-1, 64), NAMES[DIGITS.y_train]
    )
    rows = DIGITS.x_test.reshape(-1, 64)
    display = DigitGridDisplay.from_estimator(
        svc, rows, NAMES[DIGITS.y_test], mistakes_only=True, n_images=4
    )
    wrong = np.flatnonzero(svc.predict(rows) != NAMES[DIGITS.y_test])
    assert display.indices.tolist() == wrong[:4].tolist()
    assert display.y_proba is None
    assert "→" in texts_of(display)[0]
    assert "%" not in "".join(texts_of(display))

    display = DigitGridDisplay.from_estimator(model, DIGITS.x_test, n_images=2)
    assert all(text.startswith("→ ") for text in texts_of(display))
    assert display.ax_.get_title().endswith("\nPredicted label (probability)")


def test_no_mistakes_is_a_picture_too():
    y = DIGITS.y_test[:5]
    display = DigitGridDisplay.from_predictions(
        DIGITS.x_test[:5], y, y_pred=y, mistakes_only=True
    )

    assert display.images_ == []
    assert display.ax_.get_title().startswith("No mistakes in 5 images")
    display.figure_.draw_without_rendering()


LONG = np.array([f"a very long label, {name}" for name in NAMES])


@pytest.mark.parametrize("n_images", [1, 2, 25, 100])
@pytest.mark.parametrize("names", [NAMES, LONG, np.arange(10)])
def test_grids_are_legible(n_images, names):
    true = names[DIGITS.y_test]
    display = DigitGridDisplay.from_predictions(
        DIGITS.x_test,
        true,
        y_pred=true[::-1],
        y_proba=np.ones(len(true)),
        n_images=n_images,
    )

    assert_no_overlap(display)
    assert min(text.get_fontsize() for text in display.texts_) >= 6
    for image, text in zip(display.images_, display.texts_, strict=True):
        below = text.get_window_extent().y0
        assert image.get_window_extent().y1 <= below + 1


def test_keywords_reach_matplotlib():
    figure, axes = plt.subplots(1, 2)
    display = DigitGridDisplay.from_predictions(
        DIGITS.x_test,
        DIGITS.y_test,
        n_images=4,
        ax=axes[1],
        im_kw={"cmap": "viridis", "vmax": 8},
        text_kw={"fontsize": 5, "horizontalalignment": "left"},
    )

    assert display.ax_ is axes[1]
    assert plt.get_fignums() == [figure.number]
    assert not axes[0].images
    assert display.images_[0].get_cmap().name == "viridis"
    assert display.images_[0].get_clim() == (0, 8)
    assert display.texts_[0].get_fontsize() == 5
    assert display.texts_[0].get_horizontalalignment() == "left"


def test_a_grid_can_go_into_a_part_of_a_figure():
    parts = plt.figure(layout="constrained").subfigures(1, 2)
    display = DigitGridDisplay.from_predictions(DIGITS.x_test, ax=parts[0].subplots())

    assert display.figure_ is parts[0]


def test_mathematics_in_labels_is_text():
    display = DigitGridDisplay.from_predictions(
        DIGITS.x_test[:2], ["$x", "$\\nothing$"], random_state=0
    )

    display.figure_.draw_without_rendering()
    assert set(texts_of(display)) == {"$x", "$\\nothing$"}


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"n_images": 0}, r"'n_images' parameter .* must be an int"),
        ({"mistakes_only": True}, "mistakes_only=True needs y_true and y_pred"),
        (
            {"mistakes_only": True, "y_true": [0, 1]},
            r"mistakes_only=True needs y_pred,",
        ),
        ({"y_proba": [1, 1]}, "y_proba needs y_pred"),
        ({"y_true": [0, 1, 2]}, "inconsistent numbers of samples"),
        ({"y_true": [0, 1], "y_pred": ["0", "1"]}, "Mix of label input types"),
        ({"X": np.zeros((2, 7))}, "rows of 7 pixels are no square images"),
        ({"X": np.zeros((2, 3, 3, 3))}, "one channel"),
        ({"X": np.full((2, 3, 3), np.nan)}, "X contains NaN"),
        ({"X": np.zeros((0, 3, 3))}, "0 sample"),
    ],
)
def test_bad_input_of_a_grid(kwargs, message):
    with pytest.raises(ValueError, match=message):
        DigitGridDisplay.from_predictions(**{"X": DIGITS.x_test[:2], **kwargs})
    assert plt.get_fignums() == []


# TrainingCurveDisplay


def test_curves_show_the_history(model):
    display = TrainingCurveDisplay.from_estimator(model)

    history = model[-1].history_
    assert display.lines_.keys() == history.keys() == {"loss", "accuracy"}
    for key, axes in zip(("loss", "accuracy"), display.axes_, strict=True):
        line = display.lines_[key]
        assert line in axes.lines
        assert line.get_xdata().tolist() == [1, 2, 3, 4, 5, 6]
        assert line.get_ydata().tolist() == history[key]
        assert axes.get_xlabel() == "epoch"
        assert [text.get_text() for text in axes.get_legend().texts] == ["training"]
    loss, accuracy = display.axes_
    assert loss.get_title() == "Loss per epoch"
    assert loss.get_ylabel() == "cross-entropy + penalty (nats)"
    assert accuracy.get_title() == "Accuracy per epoch"
    assert accuracy.get_ylabel() == "share of images right"


def test_the_restored_epoch_is_marked():
    network = MLPDigitClassifier(
        16,
        epochs=40,
        learning_rate=0.05,
        early_stopping=True,
        n_iter_no_change=2,
        random_state=0,
    ).fit(DIGITS.x_train.reshape(-1, 64) / 16, DIGITS.y_train)
    display = TrainingCurveDisplay.from_estimator(network)

    restored = network.n_iter_ - 2
    assert network.n_iter_ < 40
    assert display.restored_epoch == restored
    for axes in display.axes_:
        labels = [text.get_text() for text in axes.get_legend().texts]
        assert labels == ["training", "validation", f"restored: epoch {restored}"]
        assert list(axes.lines[-1].get_xdata()) == [restored, restored]
        styles = {(line.get_color(), line.get_linestyle()) for line in axes.lines[:2]}
        assert len(styles) == 2

    network.set_params(warm_start=True)
    assert TrainingCurveDisplay.from_estimator(network).restored_epoch is None


def test_validation_of_the_last_epochs_is_drawn_at_the_last_epochs():
    history = {"loss": [3, 2, 1], "accuracy": [0.1, 0.2, 0.3], "val_loss": [2.0]}
    display = TrainingCurveDisplay(history=history).plot()

    assert display.lines_["val_loss"].get_xdata().tolist() == [3]
    assert "val_accuracy" not in display.lines_


def test_one_epoch_can_be_seen():
    display = TrainingCurveDisplay(history={"loss": [1.0], "accuracy": [0.5]}).plot()

    display.figure_.draw_without_rendering()
    assert display.lines_["loss"].get_marker() == "o"
    left, right = display.axes_[0].get_xlim()
    ticks = display.axes_[0].get_xticks()
    assert [tick for tick in ticks if left <= tick <= right] == [1]


def test_curves_take_searches_axes_and_keywords():
    search = GridSearchCV(
        make_pipeline(PixelScaler(16), MLPDigitClassifier(4, epochs=1)),
        {"mlpdigitclassifier__dropout": [0.1]},
        cv=2,
    ).fit(DIGITS.x_train, DIGITS.y_train)
    figure, axes = plt.subplots(2)
    display = TrainingCurveDisplay.from_estimator(search, ax=axes, line_kw={"lw": 7})

    assert display.figure_ is figure
    assert display.axes_.tolist() == axes.tolist()
    assert display.lines_["accuracy"].get_linewidth() == 7


def test_bad_input_of_curves():
    with pytest.raises(NotFittedError):
        TrainingCurveDisplay.from_estimator(MLPDigitClassifier())
    other = make_pipeline(PixelScaler(16), LogisticRegression(max_iter=1000))
    other.fit(DIGITS.x_test, DIGITS.y_test)
    with pytest.raises(TypeError, match="got Pipeline with LogisticRegression"):
        TrainingCurveDisplay.from_estimator(other)
    with pytest.raises(ValueError, match="got none for 'accuracy'"):
        TrainingCurveDisplay(history={"loss": [1.0]}).plot()
    good = {"loss": [1.0], "accuracy": [0.5]}
    with pytest.raises(ValueError, match="ax must hold 2 axes for this picture; got 1"):
        TrainingCurveDisplay(history=good).plot(ax=plt.figure().subplots())


# HiddenUnitsDisplay


def test_units_are_images_the_strongest_first(model):
    display = HiddenUnitsDisplay.from_estimator(model, n_units=5)

    kernel = model[-1].coefs_[0]
    order = np.argsort(-np.linalg.norm(kernel, axis=0))[:5]
    assert texts_of(display) == [str(unit) for unit in order]
    limit = np.abs(kernel[:, order]).max()
    for image, unit in zip(display.images_, order, strict=True):
        np.testing.assert_array_equal(image.get_array(), kernel[:, unit].reshape(8, 8))
        assert image.get_clim() == (-limit, limit)  # white is zero
    assert display.ax_.get_title() == (
        "Weights of the pixels in the first hidden layer\n"
        "5 of 12 units, strongest first, each with its number"
    )
    assert display.colorbar_.ax.get_ylabel() == "weight of the pixel"


@pytest.mark.parametrize("n_units", [1, 8, 64, 300])
def test_units_are_legible(n_units):
    display = HiddenUnitsDisplay(
        weights=np.random.default_rng(0).normal(size=(n_units, 28, 28)),
        indices=np.arange(n_units),
        title="A title",
    ).plot()

    assert len(display.images_) == n_units
    assert_no_overlap(display)
    assert min(text.get_fontsize() for text in display.texts_) >= 6


def test_the_shape_comes_from_the_scaler_or_the_caller():
    X, y = DIGITS.x_train[:, :, 2:6], DIGITS.y_train
    network = MLPDigitClassifier(3, epochs=1, random_state=0)
    model = make_pipeline(PixelScaler(16), network).fit(X, y)
    assert HiddenUnitsDisplay.from_estimator(model).weights.shape == (3, 8, 4)
    display = HiddenUnitsDisplay.from_estimator(model, image_shape=(4, 8))
    assert display.weights.shape == (3, 4, 8)

    with pytest.raises(ValueError, match=r"rows of 32 pixels are no square images"):
        HiddenUnitsDisplay.from_estimator(model[-1])
    with pytest.raises(ValueError, match=r"image_shape=\(5, 5\) .* network's 32 in"):
        HiddenUnitsDisplay.from_estimator(model, image_shape=(5, 5))
    with pytest.raises(ValueError, match="'n_units' parameter"):
        HiddenUnitsDisplay.from_estimator(model, n_units=0)


# GridSearchDisplay


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

    def luminance(colour):
        channels = np.array(matplotlib.colors.to_rgb(colour))
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
        ("units", "'params' parameter"),
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
