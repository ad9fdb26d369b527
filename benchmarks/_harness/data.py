"""The data of all benchmarks, as flat float32 rows in [0, 1]."""

from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skmnist import PixelScaler, datasets


class Data(NamedTuple):
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def load(name, n_rows=None):
    """Load "digits" or "mnist", with the first `n_rows` to train on."""
    bunch = datasets.load_digits() if name == "digits" else datasets.fetch_mnist()
    return Data(
        flat(bunch.x_train[:n_rows], bunch.max_value),
        bunch.y_train[:n_rows].astype(np.int64),  # torch takes no other
        flat(bunch.x_test, bunch.max_value),
        bunch.y_test.astype(np.int64),
    )


def flat(images, max_value):
    return PixelScaler(max_value=max_value).fit_transform(images)


def unseen_digits():
    """Load the half of scikit-learn's 8x8 digits that chose no default."""
    digits = load_digits()
    _, unseen, _, y_unseen = train_test_split(
        digits.images.astype(np.uint8),
        digits.target,
        test_size=0.5,
        random_state=0,
        stratify=digits.target,
    )
    return unseen, y_unseen
