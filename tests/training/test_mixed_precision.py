"""Mixed precision: near float32, reproducible, and float32 in all that is kept."""

import warnings

import keras
import numpy as np
import pytest
from networks import X_TEST, Y_TEST, X, Y, network
from numpy.testing import assert_allclose, assert_array_equal

from skmnist import ImageAugmentation, load, save
from skmnist._training import _fit

pytestmark = pytest.mark.filterwarnings("ignore:.*no bfloat16 instructions")


def fit(dtype="mixed_bfloat16", **params):
    params = {"hidden_units": 256, "epochs": 3} | params
    return network(dtype=dtype, **params).fit(X, Y)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"l2": 1e-3, "hidden_units": (256, 200, 100)},
        {"adversarial_epsilon": 0.05},
        {"augmentation": ImageAugmentation(shift=1)},
        {"hard_fraction": 0.3, "early_stopping": True},
        {"optimizer": keras.optimizers.Lamb()},
        {"activation": "tanh", "optimizer": "rmsprop"},
    ],
    ids=lambda params: "-".join(params) or "default",
)
def test_trains_like_float32(params):
    mixed, single = fit(**params), fit("float32", **params)
    assert_allclose(mixed.loss_curve_, single.loss_curve_, rtol=0.03)
    assert any(map(np.any, np.subtract(mixed.coefs_[0], single.coefs_[0])))
    assert mixed.score(X_TEST, Y_TEST) > single.score(X_TEST, Y_TEST) - 0.03


def test_small_networks_are_multiplied_in_float32(monkeypatch):
    monkeypatch.setattr(_fit, "lacks_bfloat16", lambda: True)
    small = {"hidden_units": 32}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mixed = fit(**small)
    assert_array_equal(mixed.coefs_[0], fit("float32", **small).coefs_[0])


def test_weights_and_predictions_are_float32(tmp_path):
    model = fit()
    assert {each.dtype.name for each in model.coefs_} == {"float32"}
    assert model.predict_proba(X).dtype == np.float32
    save(model, tmp_path / "model.skops")
    loaded = load(tmp_path / "model.skops")
    assert loaded.dtype == "mixed_bfloat16"
    assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.partial_fit(X, Y).score(X, Y) > 0.5


def test_the_keras_model_has_the_policy():
    model = fit()
    network = model.to_keras()
    policies = [layer.dtype_policy.name for layer in network.layers]
    assert policies == ["mixed_bfloat16"] * 4 + ["float32"]
    assert {weight.dtype for weight in network.weights} == {"float32"}
    predicted = network.predict(X[:100], verbose=0)
    assert_allclose(predicted, model.predict_proba(X[:100]), atol=0.02)


def test_warns_where_it_is_slow(monkeypatch):
    monkeypatch.setattr(_fit, "lacks_bfloat16", lambda: True)
    with pytest.warns(UserWarning, match="no bfloat16 instructions"):
        fit(epochs=1)
