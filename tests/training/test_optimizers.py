"""Optimizers: the updates, the defaults and the variables of Keras' own."""

import keras
import numpy as np
import pytest
from hostile import OPTIMIZERS
from networks import RANDOM_X, RANDOM_Y, same_weights, slow_unless
from numpy.testing import assert_allclose, assert_array_equal

from skmnist import MLPDigitClassifier
from skmnist._training._keras_model import build_mlp
from skmnist._training._loop_cache import LoopCache
from skmnist._training._optimizers import (
    RuleOptimizer,
    keras_optimizer,
    make_optimizer,
    state_variables,
)

CONFIGS = [
    {"class_name": name, "config": {"learning_rate": 0.01} | config}
    for name, config in (
        ("Adam", {"clipnorm": 0.1, "weight_decay": 0.1}),
        ("Adam", {"amsgrad": True, "beta_1": 0.8, "clipvalue": 0.001}),
        ("SGD", {"momentum": 0.9, "nesterov": True, "global_clipnorm": 0.1}),
        ("SGD", {"momentum": 0.9}),
        ("RMSprop", {"momentum": 0.5}),
        ("RMSprop", {"centered": True, "rho": 0.8}),
        ("Ftrl", {"l1_regularization_strength": 0.001, "beta": 0.1}),
        ("Ftrl", {"l2_shrinkage_regularization_strength": 0.1}),
        ("Adagrad", {"initial_accumulator_value": 0.3}),
        ("Lamb", {}),
        ("Muon", {}),
    )
    if hasattr(keras.optimizers, name)
    # Before, its state is keyed by the paths of Keras' own variables.
    and (name != "Muon" or tuple(map(int, keras.__version__.split(".")[:2])) >= (3, 13))
]
SCHEDULE = keras.optimizers.schedules.ExponentialDecay(0.01, 2, 0.5)
CONFIGS.append({"class_name": "Adam", "config": {"learning_rate": SCHEDULE}})
NAMES = OPTIMIZERS.split()
QUICK = ("adafactor", "adam", "rmsprop", "sgd")
EACH = slow_unless(QUICK, (*NAMES, *CONFIGS))
CASES = [(each, 300) for each in (*NAMES, *CONFIGS)]
CASES += [(each, 7) for each in ("adam", "sgd", "rmsprop", "adagrad", "ftrl")]
QUICK_CASES = [(each, 300) for each in QUICK] + [("adam", 7), ("sgd", 7)]


def parameters(optimizer):
    if isinstance(optimizer, str):
        return {"optimizer": optimizer, "learning_rate": 0.01}
    return {"optimizer": make(optimizer)}


def make(config):
    kind = getattr(keras.optimizers, config["class_name"])
    return kind.from_config(config["config"])


@pytest.mark.parametrize("case", slow_unless(QUICK_CASES, CASES), ids=str)
@pytest.mark.parametrize("worth_sharding", [0, np.inf])
def test_full_batches_agree_with_keras_fit(monkeypatch, case, worth_sharding):
    optimizer, n_samples = case
    monkeypatch.setattr("skmnist._training._fit._WORTH_SHARDING", worth_sharding)
    named = isinstance(optimizer, str)
    x, y = RANDOM_X[:n_samples], RANDOM_Y[:n_samples]
    weight = 1.0 + np.arange(n_samples) % 3
    model = MLPDigitClassifier(
        (12, 9),
        dropout=0.0,
        l2=0.01,
        batch_size=n_samples,
        epochs=5,
        random_state=3,
        **parameters(optimizer),
    ).fit(x, y, weight)
    twin = build_mlp(model._architecture(), l2=0.01)
    # The same first weights: those of a fit that takes a step of next to nothing.
    start = MLPDigitClassifier(**model.get_params()).set_params(
        learning_rate=1e-30, epochs=1, optimizer="sgd"
    )
    twin.set_weights(start.fit(x, y)._weights())
    own = keras_optimizer(optimizer, 0.01) if named else make(optimizer)
    twin.compile(own, loss="sparse_categorical_crossentropy")
    history = twin.fit(
        x,
        y,
        sample_weight=weight / weight.mean(),
        batch_size=n_samples,
        epochs=5,
        verbose=0,
    ).history
    assert_allclose(model.loss_curve_, history["loss"], rtol=1e-5)
    for ours, theirs in zip(model._weights(), twin.get_weights(), strict=True):
        assert_allclose(ours, theirs, atol=1e-5)
    # The state is Keras', in Keras' order.
    state = model._optimizer_state["variables"]
    for ours, theirs in zip(state, state_variables(own), strict=True):
        assert_allclose(ours, theirs.numpy(), atol=1e-5, rtol=1e-4)
    for ours, theirs in zip(
        state_variables(model.to_keras().optimizer), state, strict=True
    ):
        assert_array_equal(ours.numpy(), theirs)


@pytest.mark.parametrize("optimizer", EACH)
def test_networks_of_other_sizes_leave_no_trace(monkeypatch, optimizer):
    def fit():
        model = MLPDigitClassifier(
            (24, 10), epochs=3, random_state=0, **parameters(optimizer)
        )
        return model.fit(RANDOM_X, RANDOM_Y)

    fit()
    other = MLPDigitClassifier((31, 3), l2=0.1, **parameters(optimizer))
    other.fit(RANDOM_X[:100, :12], RANDOM_Y[:100])
    later = fit()
    monkeypatch.setattr("skmnist._training._fit.cache", LoopCache())
    assert same_weights(fit(), later)


@pytest.mark.parametrize("optimizer", EACH)
def test_training_goes_on_from_the_state(optimizer):
    def model(epochs):
        return MLPDigitClassifier(
            (14, 9),
            epochs=epochs,
            batch_size=32,
            warm_start=True,
            random_state=0,
            **parameters(optimizer),
        )

    whole = model(4).fit(RANDOM_X, RANDOM_Y)
    parts = model(2).fit(RANDOM_X, RANDOM_Y).fit(RANDOM_X, RANDOM_Y)
    assert same_weights(whole, parts)


def test_adafactor_where_columns_are_zero():
    # The product of a row's and a column's mean underflows there.
    rng = np.random.default_rng(0)
    x = rng.random((200, 20), dtype=np.float32)
    y = x[:, :3].argmax(axis=1)
    x[:, 10:] = 0
    model = MLPDigitClassifier(
        64, optimizer="adafactor", learning_rate=0.05, epochs=80, random_state=0
    ).fit(x, y)
    assert model.score(x, y) > 0.8


def test_variables_that_keras_names_by_number_are_kept_apart(monkeypatch):
    def fit():
        monkeypatch.setattr("skmnist._training._fit.cache", LoopCache())
        model = MLPDigitClassifier(8, optimizer="nadam", epochs=1, random_state=0)
        return model.fit(RANDOM_X, RANDOM_Y)

    first = fit()
    keras.utils.clear_session()  # counts from zero again
    assert all(same_weights(fit(), first) for _ in range(3))


def test_an_optimizer_with_a_rule_takes_any_size():
    assert isinstance(make_optimizer(keras.optimizers.Adam()), RuleOptimizer)

    class Own(keras.optimizers.Adam):
        pass

    assert not isinstance(make_optimizer(Own()), RuleOptimizer)
