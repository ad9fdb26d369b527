import matplotlib.pyplot as plt
import pytest
from figures import DIGITS
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skmnist import MLPDigitClassifier, PixelScaler, TrainingCurveDisplay


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
    assert accuracy.get_ylabel() == "accuracy"


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


def test_bad_input_of_curves():
    with pytest.raises(NotFittedError):
        TrainingCurveDisplay.from_estimator(MLPDigitClassifier())
    other = make_pipeline(PixelScaler(16), LogisticRegression(max_iter=1000))
    other.fit(DIGITS.x_test, DIGITS.y_test)
    with pytest.raises(TypeError, match="got Pipeline with LogisticRegression"):
        TrainingCurveDisplay.from_estimator(other)
    with pytest.raises(ValueError, match="got none for 'accuracy'"):
        TrainingCurveDisplay(history={"loss": [1.0]}).plot()
    with pytest.raises(ValueError, match="history must be a dict"):
        TrainingCurveDisplay(history=[1.0]).plot()
    good = {"loss": [1.0], "accuracy": [0.5]}
    with pytest.raises(
        ValueError, match=r"ax must hold 2 axes for this picture; got \[<Axes"
    ):
        TrainingCurveDisplay(history=good).plot(ax=plt.figure().subplots())
