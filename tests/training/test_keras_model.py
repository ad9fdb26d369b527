"""The Keras model of `to_keras`."""

import keras
import numpy as np
import pytest

from skmnist._network import Architecture, glorot_uniform


def test_glorot_uniform_is_keras_default():
    sizes = Architecture(300, (200,), 100, "relu", "float32")
    ours = glorot_uniform(sizes, np.random.default_rng(0))
    theirs = keras.initializers.GlorotUniform(seed=0)((300, 200))
    assert ours[0].std() == pytest.approx(float(np.std(theirs)), rel=0.01)
    assert np.abs(ours[0]).max() == pytest.approx(np.sqrt(6 / 500), rel=1e-3)
    assert not ours[1].any()
