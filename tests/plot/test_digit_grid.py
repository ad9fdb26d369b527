import matplotlib.pyplot as plt
import numpy as np
import pytest
from figures import DIGITS, LONG, NAMES, assert_no_overlap, texts_of
from sklearn.exceptions import NotFittedError
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from skmnist import DigitGridDisplay


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


def test_right_and_wrong_differ_in_color():
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

    class WithoutClasses(type(svc)):
        classes_ = property()

        def predict(self, X):
            return NAMES[DIGITS.y_test]

        def predict_proba(self, X):
            raise NotImplementedError

    display = DigitGridDisplay.from_estimator(WithoutClasses(), rows, n_images=2)
    assert display.y_proba is None

    display = DigitGridDisplay.from_estimator(model, DIGITS.x_test, n_images=2)
    assert all(text.startswith("→ ") for text in texts_of(display))
    assert display.ax_.get_title().endswith("\nPredicted label (probability)")


def test_an_estimator_that_is_not_fitted_raises_its_own_error():
    with pytest.raises(NotFittedError):
        DigitGridDisplay.from_estimator(LinearSVC(), DIGITS.x_test)


def test_no_mistakes_is_a_picture_too():
    y = DIGITS.y_test[:5]
    display = DigitGridDisplay.from_predictions(
        DIGITS.x_test[:5], y, y_pred=y, mistakes_only=True
    )

    assert display.images_ == []
    assert display.ax_.get_title().startswith("0 mistakes in 5 images")
    display.figure_.draw_without_rendering()


def test_predictions_of_several_outputs_are_refused():
    rows, y = DIGITS.x_test[:, 4], DIGITS.y_test
    tree = DecisionTreeClassifier(random_state=0).fit(rows, np.stack([y, y], axis=1))
    with pytest.raises(ValueError, match="y_pred: y should be a 1d array"):
        DigitGridDisplay.from_estimator(tree, DIGITS.x_test[:, 4])


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


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"n_images": 0}, r"'n_images' parameter .* must be an int"),
        ({"mistakes_only": True}, "mistakes_only=True needs y_true and y_pred"),
        ({"mistakes_only": True, "y_true": [0, 1]}, "needs y_true and y_pred"),
        ({"y_proba": [1, 1]}, "y_proba needs y_pred"),
        ({"y_pred": [1, 1], "y_proba": np.eye(2)}, r"y_proba: .* shape \(2, 2\)"),
        ({"y_true": [0, 1, 2]}, "inconsistent numbers of samples"),
        ({"y_true": [0, 1], "y_pred": ["0", "1"]}, "Mix of label input types"),
        ({"X": np.zeros((2, 7))}, "rows of 7 pixels are not square images"),
        ({"X": np.zeros((2, 3, 3, 3))}, "one channel"),
        ({"X": np.full((2, 3, 3), np.nan)}, "X contains NaN"),
        ({"X": np.zeros((0, 3, 3))}, "0 sample"),
        ({"X": np.ma.masked_all((2, 3, 3))}, "X has masked elements"),
        ({"im_kw": "gray"}, "'im_kw' parameter .* must be"),
        ({"random_state": "0"}, "'random_state' parameter .* must be"),
    ],
)
def test_bad_input_of_a_grid(kwargs, message):
    with pytest.raises(ValueError, match=message):
        DigitGridDisplay.from_predictions(**{"X": DIGITS.x_test[:2], **kwargs})
    assert plt.get_fignums() == []
