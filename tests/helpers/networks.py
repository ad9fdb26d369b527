"""Small networks, the rows that they learn from, and what they have learned."""

import numpy as np

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


def network(hidden_units=16, **params):
    params = {"epochs": 2, "random_state": 0} | params
    return MLPDigitClassifier(hidden_units, **params)


def weights_of(model):
    return [*model.coefs_, *model.intercepts_]


def same_weights(one, other):
    """Compare all weights of two networks, bit for bit."""
    pairs = zip(weights_of(one), weights_of(other), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)
