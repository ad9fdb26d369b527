"""What scikit-learn's tests demand of MLPClassifier, and what of it is not here.

Not here: L-BFGS and regression; several labels per row, which MultiOutputClassifier
does; invscaling and adaptive learning rates; `tol`, the stop without early stopping and
its ConvergenceWarning; `shuffle=False`. Gradients, sparse rows, classes of
`partial_fit`, one-hot labels and files have tests of their own.
"""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import LabelBinarizer

from skmnist import MLPDigitClassifier
from skmnist.datasets import load_digits

DIGITS = load_digits()
X = (DIGITS.x_train[:500].reshape(500, 64) / 16).astype(np.float32)
Y = DIGITS.y_train[:500]


def classifier(**kwargs):
    kwargs = {
        "hidden_units": 20,
        "epochs": 10,
        "random_state": 1,
        "dropout": 0,
    } | kwargs
    return MLPDigitClassifier(**kwargs)


def test_a_stronger_penalty_makes_smaller_weights():
    sizes = [
        sum(np.abs(kernel).sum() for kernel in classifier(l2=l2).fit(X, Y).coefs_)
        for l2 in (0, 0.001, 0.1)
    ]
    assert sizes[0] > sizes[1] > sizes[2]


def test_partial_fit_learns_what_fit_learns():
    whole = classifier(learning_rate=0.01).fit(X, Y)
    parts = classifier(learning_rate=0.01)
    for _ in range(10):
        parts.partial_fit(X, Y, classes=np.unique(Y))
    np.testing.assert_array_equal(parts.predict(X), whole.predict(X))
    assert parts.score(X, Y) > 0.9


@pytest.mark.parametrize("labels", [[0, 1], ["no", "yes"], range(10)])
def test_probabilities(labels):
    y = np.asarray(labels)[Y % len(labels)]
    model = classifier().fit(X, y)
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (500, len(labels))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    best = model.classes_[probabilities.argmax(axis=1)]
    np.testing.assert_array_equal(model.predict(X), best)
    logarithms = model.predict_log_proba(X)
    np.testing.assert_allclose(np.exp(logarithms), probabilities, atol=1e-6)
    assert LabelBinarizer().fit(y).classes_.tolist() == model.classes_.tolist()


def test_verbose_prints_a_line_per_epoch(capsys):
    classifier(verbose=1, epochs=3).fit(X, Y)
    assert capsys.readouterr().out.count("loss") == 3


@pytest.mark.parametrize("labels", [np.arange(10), np.array(list("abcdefghij"))])
def test_early_stopping(labels):
    model = classifier(
        early_stopping=True, n_iter_no_change=2, epochs=300, learning_rate=0.01
    ).fit(X, labels[Y])
    assert model.n_iter_ < 300
    assert len(model.validation_scores_) == len(model.loss_curve_) == model.n_iter_
    assert model.best_validation_score_ == max(model.validation_scores_)
    patient = classifier(early_stopping=True, n_iter_no_change=10**9)
    assert patient.fit(X, labels[Y]).n_iter_ == 10


@pytest.mark.parametrize("early_stopping", [False, True])
def test_warm_start_trains_all_epochs_more(early_stopping):
    model = classifier(
        warm_start=True, epochs=4, early_stopping=early_stopping, n_iter_no_change=99
    )
    assert [model.fit(X, Y).n_iter_ for _ in range(3)] == [4, 8, 12]
    assert len(model.loss_curve_) == 12
    with pytest.raises(ValueError, match="warm_start needs the classes"):
        model.fit(X, Y % 5)


def test_early_stopping_needs_two_rows_of_a_class():
    y = np.array([0, *[1] * 19])
    with pytest.raises(ValueError, match="leaves no row of class 0"):
        classifier(early_stopping=True).fit(X[:20], y)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_types_of_rows_weights_and_probabilities(dtype):
    model = classifier(dtype=dtype).fit(X.astype(dtype), Y)
    assert {each.dtype for each in model.coefs_ + model.intercepts_} == {
        np.dtype(dtype)
    }
    narrow, wide = (model.predict_proba(X.astype(each)) for each in ("f4", "f8"))
    assert (narrow.dtype, wide.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(narrow, wide, rtol=1e-3, atol=1e-6)


def test_a_loaded_model_goes_on(tmp_path):
    model = classifier(epochs=2).fit(X, Y)
    joblib.dump(model, tmp_path / "model")
    loaded = joblib.load(tmp_path / "model")
    for each in (model, loaded):
        each.partial_fit(X, Y)
    np.testing.assert_array_equal(loaded.coefs_[0], model.coefs_[0])


@pytest.mark.filterwarnings("error")
def test_feature_names_are_the_same_in_the_held_out_rows():
    frame = pd.DataFrame(X).add_prefix("pixel ")
    model = classifier(early_stopping=True, epochs=2).fit(frame, Y)
    assert model.feature_names_in_.tolist() == frame.columns.tolist()


def test_a_loss_that_is_not_finite_is_an_error():
    model = classifier(optimizer="sgd", learning_rate=1e20)
    with pytest.raises(ValueError, match="the loss became"):
        model.fit(X * 1e6, Y)


def test_weights_of_held_out_rows_count():
    rng = np.random.default_rng(0)
    weight = rng.uniform(0.01, 10, len(Y))
    weighted, even = (
        classifier(early_stopping=True, epochs=3).fit(X, Y, each)
        for each in (weight, None)
    )
    assert weighted.history_["val_loss"] != even.history_["val_loss"]
