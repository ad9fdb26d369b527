"""Fits: every row once in an epoch, the same bits every time, nothing else changed."""

import os
import random
import signal
import threading
from hashlib import sha256
from pathlib import Path

import keras
import networks
import numpy as np
import pytest
import tensorflow as tf
from commands import run_python
from networks import RANDOM_X, RANDOM_Y, network, weights_of
from networks import same_weights as same
from numpy.testing import assert_allclose

from skmnist import MLPDigitClassifier
from skmnist._training._loop_cache import LoopCache


def test_small_batches_see_every_row_once():
    x, y = RANDOM_X, RANDOM_Y
    # With SGD and a linear model of no hidden non-linearity in one epoch the sum of
    # all steps is the full gradient, up to second order in the step size.
    params = {
        "hidden_units": (6,),
        "dropout": 0.0,
        "optimizer": "sgd",
        "epochs": 1,
        "dtype": "float64",
        "random_state": 0,
    }
    whole = MLPDigitClassifier(batch_size=300, learning_rate=1e-6, **params).fit(x, y)
    start = MLPDigitClassifier(batch_size=300, learning_rate=1e-30, **params).fit(x, y)
    for batch_size in (1, 7, 128, 299):
        model = MLPDigitClassifier(
            batch_size=batch_size, learning_rate=1e-6, **params
        ).fit(x, y)
        steps = -(-300 // batch_size)
        full = whole.coefs_[0] - start.coefs_[0]
        parts = model.coefs_[0] - start.coefs_[0]
        if 300 % batch_size == 0:
            assert_allclose(parts / steps, full, atol=1e-10)
        assert model.loss_curve_[0] == pytest.approx(whole.loss_curve_[0], rel=1e-4)


def test_epochs_have_masks_of_their_own():
    losses = fit(optimizer="sgd", learning_rate=1e-30).loss_curve_
    assert len(set(losses)) == len(losses)


def fit(seed=0, **params):
    params = {"hidden_units": 24, "epochs": 4, "random_state": seed} | params
    return network(**params).fit(RANDOM_X, RANDOM_Y)


def test_same_seed_same_bits():
    first = fit()
    fit(hidden_units=(8,), batch_size=32)
    fit(seed=1, dropout=0.1, l2=0.1, learning_rate_schedule="cosine")
    assert same(fit(), first)
    assert not same(fit(seed=1), first)
    assert not same(fit(seed=None), fit(seed=None))


def test_same_bits_where_functions_run_eagerly(monkeypatch):
    params = {"hidden_units": 8, "optimizer": "nadam", "epochs": 2}
    before = fit(**params)
    monkeypatch.setattr("skmnist._training._fit.cache", LoopCache())
    tf.config.run_functions_eagerly(True)
    try:
        assert same(fit(**params), before)
    finally:
        tf.config.run_functions_eagerly(False)


def digest():
    return sha256(b"".join(w.tobytes() for w in weights_of(fit()))).hexdigest()


def interrupted():
    """Press Ctrl-C in the middle of a fit that would take minutes."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    model = fit()
    before = weights_of(model)
    timer = threading.Timer(1.5, signal.raise_signal, [signal.SIGINT])
    timer.start()
    try:
        model.set_params(epochs=1_000_000).fit(RANDOM_X, RANDOM_Y)
    except KeyboardInterrupt:
        assert all(map(np.array_equal, weights_of(model), before))
        return
    raise AssertionError("not interrupted")


def test_same_bits_in_two_processes_and_after_ctrl_c():
    program = """if True:
        import sys
        sys.path[:0] = sys.argv[1:]
        from test_fit import digest, interrupted
        interrupted()
        print(digest())
    """
    folders = Path(__file__).parent, Path(networks.__file__).parent
    assert run_python(program, *folders).split()[-1] == digest()


def test_calls_into_tensorflow_do_not_show(monkeypatch):
    together = fit(epochs=30, batch_size=8)
    whole_epochs = fit(epochs=3, batch_size=8, dropout=0)
    monkeypatch.setattr("skmnist._training._fit._STEPS_PER_CALL", 5)
    assert same(fit(epochs=3, batch_size=8, dropout=0), whole_epochs)
    monkeypatch.undo()
    one_by_one = fit(epochs=1, batch_size=8, warm_start=True)
    for _ in range(29):
        one_by_one.fit(RANDOM_X, RANDOM_Y)
    assert same(one_by_one, together)


@pytest.mark.parametrize("hidden_units", [(13, 9), 12, (7, 6, 5)])
@pytest.mark.parametrize("activation", ["relu", "silu"])
def test_shards_of_a_network_are_the_network(monkeypatch, hidden_units, activation):
    models = []
    for worth_sharding in (0, np.inf):
        monkeypatch.setattr("skmnist._training._fit._WORTH_SHARDING", worth_sharding)
        model = network(
            hidden_units,
            activation=activation,
            dropout=0.0,
            l2=0.01,
            batch_size=33,  # odd, and a last batch of three
            epochs=5,
            dtype="float64",
        )
        models.append(model.fit(RANDOM_X, RANDOM_Y))
    for halves, whole in zip(*map(weights_of, models), strict=True):
        assert_allclose(halves, whole, atol=1e-9)


def test_the_process_stays_as_it_was():
    def plain_keras():
        keras.utils.set_random_seed(5)
        model = keras.Sequential(
            [
                keras.layers.Dense(8, activation="relu"),
                keras.layers.Dropout(0.5),
                keras.layers.Dense(4, activation="softmax"),
            ]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        rng = np.random.default_rng(0)
        model.fit(rng.random((64, 20)), np.arange(64) % 4, verbose=0)
        return model.get_weights()

    def surroundings():
        return (
            dict(os.environ),
            random.getstate(),
            np.random.get_state()[1].tolist(),  # noqa: NPY002
            keras.config.floatx(),
            keras.config.backend(),
            keras.config.dtype_policy().name,
            keras.config.image_data_format(),
            tf.config.threading.get_intra_op_parallelism_threads(),
            tf.config.threading.get_inter_op_parallelism_threads(),
            tf.config.functions_run_eagerly(),
            threading.active_count(),
        )

    expected = plain_keras()
    keras.utils.set_random_seed(5)
    before = surroundings()
    model = fit(seed=None)
    model.to_keras()
    assert surroundings() == before
    assert all(map(np.array_equal, plain_keras(), expected))


FORK = """
import multiprocessing, numpy as np
from concurrent.futures import ProcessPoolExecutor
from skmnist import MLPDigitClassifier

x = np.random.default_rng(0).random((50, 4), dtype=np.float32)
model = MLPDigitClassifier(3, epochs=1, random_state=0).fit(x, x[:, 0] > 0.5)

def attempt(name):
    method = getattr(model, name)
    try:
        return repr(method() if name == "to_keras" else method(x, x[:, 0] > 0.5))
    except RuntimeError as error:
        return str(error)

def predict():
    return model.predict(x)

context = multiprocessing.get_context("fork")
with ProcessPoolExecutor(1, context) as pool:
    for name in ("fit", "partial_fit", "to_keras"):
        print(pool.submit(attempt, name).result(60))
    print((pool.submit(predict).result(60) == model.predict(x)).all())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_is_told_what_works():
    out = run_python(FORK, env={"PYTHONWARNINGS": "ignore"}, timeout=120)
    *refused, predicted = out.splitlines()
    assert len(refused) == 3
    assert all("'forkserver' or joblib's default 'loky'" in line for line in refused)
    assert predicted == "True"
