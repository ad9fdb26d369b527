import os
from pathlib import Path

import pytest

from skmnist.datasets import fetch_mnist

# Read once, before any test has changed it.
DATA_HOME = os.environ.get("SKMNIST_DATA_HOME")


@pytest.fixture(scope="session")
def mnist():
    """Give the real MNIST where SKMNIST_DATA_HOME has it; never download."""
    if not DATA_HOME:
        pytest.skip("SKMNIST_DATA_HOME is not set")
    if not Path(DATA_HOME).expanduser().joinpath("mnist.npz").exists():
        pytest.skip(f"SKMNIST_DATA_HOME={DATA_HOME} has no mnist.npz")
    bunch = fetch_mnist(DATA_HOME)
    for name in ("x_train", "y_train", "x_test", "y_test"):
        bunch[name].setflags(write=False)  # shared by all tests of the session
    return bunch


@pytest.fixture(scope="session")
def reader(mnist):
    """Give the default network behind the normaliser, after a short training."""
    from sklearn.pipeline import make_pipeline

    from skmnist import DigitNormalizer, MLPDigitClassifier, PixelScaler

    mlp = MLPDigitClassifier(epochs=15, random_state=0)
    model = make_pipeline(DigitNormalizer(), PixelScaler(), mlp)
    return model.fit(mnist.x_train[:30_000], mnist.y_train[:30_000])
