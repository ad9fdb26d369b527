"""Adversarial training by the fast gradient method."""

import networks
import numpy as np
import pytest
from networks import X_TEST, Y_TEST
from numpy.testing import assert_allclose, assert_array_equal

DIGITS = networks.X[:400].astype(float), networks.Y[:400]


def network(epsilon, **params):
    params = {"hidden_units": 24, "dropout": 0.0, "epochs": 5} | params
    return networks.network(adversarial_epsilon=epsilon, **params)


def gradients(model, x, y):
    """Differentiate the loss of each row, for ReLU: by layer sum, and by row."""
    inputs, kernels = [x], model.coefs_
    for kernel, bias in zip(kernels, model.intercepts_, strict=True):
        z = inputs[-1] @ kernel + bias
        inputs.append(np.maximum(z, 0))
    proba = np.exp(z - z.max(axis=1, keepdims=True))
    proba /= proba.sum(axis=1, keepdims=True)
    deltas = [proba - np.eye(len(model.classes_))[y]]
    for kernel, h in zip(kernels[:0:-1], inputs[-2:0:-1], strict=True):
        deltas.insert(0, deltas[0] @ kernel.T * (h > 0))
    return inputs[:-1], deltas, -np.log(proba[np.arange(len(y)), y])


def moved(model, x, y, epsilon):
    _, deltas, _ = gradients(model, x, y)
    dx = deltas[0] @ model.coefs_[0].T
    lengths = [np.linalg.norm(each, axis=1, keepdims=True) for each in (x, dx)]
    return x + epsilon * dx * lengths[0] / lengths[1]


@pytest.mark.parametrize("hidden_units", [24, 160, (160, 90, 70)])  # whole; in halves
def test_a_step_is_one_on_rows_that_were_moved(hidden_units):
    x, y = DIGITS[0][:128], DIGITS[1][:128]
    weight = np.arange(128) % 3 + 1.0
    weight /= weight.mean()
    model = network(0.3, hidden_units=hidden_units, dtype="float64", warm_start=True)
    model.set_params(optimizer="sgd", learning_rate=1e-300, epochs=1).fit(x, y)
    before = [model.coefs_, model.intercepts_]
    there = moved(model, x, y, 0.3)
    inputs, deltas, losses = gradients(model, there, y)

    model.set_params(learning_rate=0.125).fit(x, y, sample_weight=weight)
    assert model.loss_curve_[-1] == pytest.approx(np.mean(weight * losses))
    for i, (h, delta) in enumerate(zip(inputs, deltas, strict=True)):
        delta = 0.125 / 128 * weight[:, None] * delta
        assert_allclose(model.coefs_[i], before[0][i] - h.T @ delta, atol=1e-12)
        assert_allclose(model.intercepts_[i], before[1][i] - delta.sum(0), atol=1e-12)


def test_the_trained_network_is_harder_to_mislead():
    scores = []
    for epsilon in (0.0, 0.2):
        model = network(epsilon, hidden_units=64, epochs=40).fit(*DIGITS)
        scores.append(model.score(moved(model, X_TEST, Y_TEST, 0.2), Y_TEST))
    assert scores[1] > scores[0] + 0.1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_seed_same_bits(monkeypatch, dtype):
    models = []
    for n_threads in (1, 2):
        monkeypatch.setenv("TF_NUM_INTEROP_THREADS", str(n_threads))
        model = network(0.1, hidden_units=160, dropout=0.3, l2=1e-5, dtype=dtype)
        model.set_params(augmentation="affine", hard_fraction=0.5)
        models.append(model.fit(*DIGITS))
    one, two = models
    assert one.coefs_[0].dtype == dtype
    assert_array_equal(one.coefs_[0], two.coefs_[0])
    assert one.loss_curve_ == two.loss_curve_


def test_rows_of_zeros_and_rows_without_weight():
    x, y = DIGITS[0].copy(), DIGITS[1]
    x[::7] = 0
    weight = (np.arange(len(y)) % 4 > 0).astype(float)
    model = network(0.1, early_stopping=True, epochs=30, batch_size=32)
    model.fit(x, y, sample_weight=weight)
    assert np.isfinite(model.loss_curve_).all()
    assert model.score(x[weight > 0], y[weight > 0]) > 0.75


def test_rows_that_are_learned_for_sure_stay_where_they_are():
    # Their gradients are zero, or so small that their squares are.
    x = np.array([[99, 0], [0, 99]] * 20, np.float32)
    model = network(0.1, learning_rate=0.5, epochs=60).fit(x, np.arange(40) % 2)
    assert model.loss_curve_[-1] == 0
    assert_array_equal(model.predict(x), np.arange(40) % 2)


def test_partial_fit_and_other_activations():
    for activation in ("gelu", "silu", "tanh"):
        models = [network(each, activation=activation) for each in (0.0, 0.4)]
        losses = [
            model.partial_fit(*DIGITS, classes=range(10)).loss_curve_[0]
            for model in models
        ]
        assert losses[1] > losses[0]
