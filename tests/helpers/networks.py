"""Small networks, the rows that they learn from, and what they have learned."""

import numpy as np
import pytest

from skmnist import MLPDigitClassifier
from skmnist.datasets import load_digits

DIGITS = load_digits()
X, X_TEST = (
    each.reshape(len(each), 64) / np.float32(DIGITS.max_value)
    for each in (DIGITS.x_train, DIGITS.x_test)
)
Y, Y_TEST = DIGITS.y_train, DIGITS.y_test
RANDOM_X = np.random.default_rng(0).random((300, 20), dtype=np.float32)
RANDOM_Y = RANDOM_X[:, :4].argmax(axis=1)
for _each in (*DIGITS.values(), X, X_TEST, RANDOM_X, RANDOM_Y):
    if isinstance(_each, np.ndarray):
        _each.setflags(write=False)  # shared by all tests


# Every parameter that is an option of the command too, and none at its default.
SETTINGS = {
    "hidden_units": (8, 4),
    "activation": "gelu",
    "dropout": 0.25,
    "l2": 1e-4,
    "optimizer": "nadam",
    "learning_rate": 0.01,
    "learning_rate_schedule": "cosine",
    "batch_size": 64,
    "epochs": 2,
    "augmentation": "affine",
    "hard_fraction": 0.5,
    "adversarial_epsilon": 0.1,
    "class_weight": "balanced",
    "early_stopping": True,
    "validation_fraction": 0.2,
    "n_iter_no_change": 3,
    "dtype": "float64",
    "random_state": 7,
}


def network(hidden_units=16, **params):
    params = {"epochs": 2, "random_state": 0} | params
    return MLPDigitClassifier(hidden_units, **params)


def weights_of(model):
    return [*model.coefs_, *model.intercepts_]


def same_weights(one, other):
    """Compare all weights of two networks, bit for bit."""
    pairs = zip(weights_of(one), weights_of(other), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def slow_unless(quick, values):
    """Mark a test as slow, but for some values of its parameter."""
    slow = [each for each in values if each not in quick]
    return [*quick, *(pytest.param(each, marks=pytest.mark.slow) for each in slow)]
