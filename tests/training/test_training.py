"""The compiled epoch: right as Keras is, the same bits every time, compiled once."""

import gc
import os
import random
import signal
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from joblib import parallel_config
from numpy.testing import assert_allclose
from sklearn.model_selection import GridSearchCV

from skmnist import MLPDigitClassifier, _batches, _compiled, _training
from skmnist._aligned import aligned
from skmnist._batches import Batches, draw_kept
from skmnist._compiled import CompiledMLP
from skmnist._graph import TrainingGraph
from skmnist._halves import WHOLE, Structure, choose_structure, choose_widths
from skmnist._keras import _OPTIMIZERS, build_mlp, optimizer_recipe
from skmnist._network import Architecture, glorot_uniform
from skmnist._session import run_options
from skmnist._training import _MAX_GIVEN_UP, _MAX_IDLE, _Pool, compiled_count


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    x = rng.random((300, 20), dtype=np.float32)
    return x, (x[:, :4].argmax(axis=1)).astype(np.int32)


def weights_of(model):
    pairs = zip(model.coefs_, model.intercepts_, strict=True)
    return [array for pair in pairs for array in pair]


def same(a, b):
    return all(map(np.array_equal, weights_of(a), weights_of(b)))


@pytest.fixture
def no_loops(monkeypatch):
    """As in a new process."""
    monkeypatch.setattr("skmnist._training._pool", _Pool())


# As `keras.optimizers.get` takes them: an optimizer runs TensorFlow as soon as it is
# made, which decides over the threads of the process.
RECIPES = [
    {"class_name": name, "config": {"learning_rate": 0.01} | config}
    for name, config in (
        ("Adam", {"clipnorm": 0.1, "weight_decay": 0.1}),
        ("SGD", {"momentum": 0.9, "nesterov": True, "global_clipnorm": 0.1}),
        ("Muon", {}),
    )
    if hasattr(keras.optimizers, name)
]


@pytest.mark.parametrize(
    ("optimizer", "n_samples"),
    [
        *((each, 300) for each in (*_OPTIMIZERS, *RECIPES)),
        *((each, 7) for each in ("adam", "sgd", "rmsprop", "adagrad", "ftrl")),
    ],
)
@pytest.mark.parametrize("worth_cutting", [0, np.inf])
def test_full_batches_agree_with_keras_fit(
    monkeypatch, rows, optimizer, n_samples, worth_cutting
):
    monkeypatch.setattr("skmnist._halves._WORTH_CUTTING", worth_cutting)
    x, y = rows[0][:n_samples], rows[1][:n_samples]
    weight = 1.0 + np.arange(n_samples) % 3
    if isinstance(optimizer, str):
        recipe = {"class_name": optimizer, "config": {"learning_rate": 0.01}}
        params = {"optimizer": optimizer, "learning_rate": 0.01}
    else:
        recipe, params = optimizer, {"optimizer": keras.optimizers.get(optimizer)}
    model = MLPDigitClassifier(
        (12, 9),
        dropout=0.0,
        l2=0.01,
        batch_size=n_samples,
        epochs=5,
        random_state=3,
        **params,
    ).fit(x, y, weight)
    twin = build_mlp(model._architecture(), l2=0.01)
    # The same first weights: those of a fit that takes a step of next to nothing.
    start = MLPDigitClassifier(**model.get_params()).set_params(
        learning_rate=1e-30, epochs=1, optimizer="sgd"
    )
    twin.set_weights(weights_of(start.fit(x, y)))
    twin.compile(
        optimizer=keras.optimizers.get(recipe),
        loss="sparse_categorical_crossentropy",
    )
    history = twin.fit(
        x,
        y,
        sample_weight=weight / weight.mean(),
        batch_size=n_samples,
        epochs=5,
        verbose=0,
    ).history
    assert_allclose(model.loss_curve_, history["loss"], rtol=1e-5)
    for ours, theirs in zip(weights_of(model), twin.get_weights(), strict=True):
        assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("hidden_units", [(13, 9), 12, (7, 6, 5)])
@pytest.mark.parametrize("activation", ["relu", "silu"])
def test_a_network_in_one_piece_and_in_two(monkeypatch, rows, hidden_units, activation):
    models = []
    for worth_cutting in (0, np.inf):
        monkeypatch.setattr("skmnist._halves._WORTH_CUTTING", worth_cutting)
        model = MLPDigitClassifier(
            hidden_units,
            activation=activation,
            dropout=0.4,
            l2=0.01,
            batch_size=32,
            epochs=5,
            dtype="float64",
            random_state=0,
        )
        models.append(model.fit(*rows))
    for halves, whole in zip(*map(weights_of, models), strict=True):
        assert_allclose(halves, whole, atol=1e-9)


def test_small_batches_see_every_row_once(rows):
    x, y = rows
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


@pytest.mark.parametrize("rate", [0, 0.001, 0.1, 0.45, 0.5, 0.99])
def test_dropout_masks(rate):
    epochs = [np.random.default_rng(seed) for seed in range(4)]
    kept = draw_kept([rng for rng in epochs for _ in range(100)], (50, 301), rate)
    assert kept.dtype == np.uint8
    assert kept.max() == 1
    assert kept.shape == (400, 50, 301)
    spread = np.sqrt(rate * (1 - rate))
    # The rate is right in the mean, and for each unit and each row.
    error = spread / np.sqrt(kept.size) + 0.5 / 256 / np.sqrt(len(kept))
    assert abs(kept.mean() - (1 - rate)) <= (5 * error if rate else 0)
    for axes in ((0, 1), (0, 2)):
        means = kept.mean(axis=axes)
        n_draws = kept.size / means.size
        assert means.std() == pytest.approx(spread / np.sqrt(n_draws), rel=0.4)
    # Neighbours, in the layer and from step to step, know nothing of each other.
    dropped = 1 - kept - rate
    for other in (np.roll(dropped, 1, axis=2), np.roll(dropped, 1, axis=0)):
        # The rounded threshold is that of a whole step.
        bound = 5 * spread**2 / np.sqrt(kept.size) + (0.5 / 256) ** 2
        assert abs(np.mean(dropped * other)) <= bound


@pytest.mark.parametrize("n_units", [301, 2**19])
def test_dropout_masks_do_not_depend_on_the_calls(n_units):
    rngs = [rng for seed in (0, 1) for rng in [np.random.default_rng(seed)] * 5]
    at_once = draw_kept(rngs, (1, n_units), 0.45)
    rngs = [rng for seed in (0, 1) for rng in [np.random.default_rng(seed)] * 5]
    parts = [draw_kept(rngs[i : i + 3], (1, n_units), 0.45) for i in range(0, 10, 3)]
    assert np.array_equal(np.concatenate(parts), at_once)


def test_layers_have_masks_of_their_own():
    # One path 1 -> 1 -> 1 with a huge last kernel: the loss is 0 where both units are
    # kept and log 2 where one is dropped.
    architecture = Architecture(1, (1, 1), 2, "linear", "float32")
    structure = choose_structure(architecture, 8, elementwise=True)
    graph = TrainingGraph(structure, optimizer_recipe("sgd", 1), None)
    compiled = CompiledMLP(graph)
    kernel, bias = np.ones((1, 1), np.float32), np.zeros(1, np.float32)
    last = np.array([[1000, 0]], np.float32), np.zeros(2, np.float32)
    compiled.load([kernel, bias, kernel, bias, *last], None)
    n_rows, rate = 8000, 0.4
    n_steps = n_rows // 8
    batches = Batches(
        rows=np.arange(n_rows, dtype=np.int32).reshape(-1, 8),
        y=np.zeros((n_steps, 8), np.int32),
        weight=np.ones((n_steps, 8), np.float32),
        n_rows=np.full(n_steps, 8),
        kept=draw_kept([np.random.default_rng(0)] * n_steps, (8, 2), rate),
        seeds=np.zeros((n_steps, 2), np.int32),
    )
    (figures,) = compiled.run(
        aligned(np.ones((n_rows, 1), np.float32)),
        batches,
        np.zeros(n_steps, np.float32),
        rate,
        0.0,
        0.0,
        np.zeros(6, np.float32),
        np.zeros((0, 1), np.float32),
    )
    kept = 1 - figures[:, 0].mean() / np.log(2)
    assert kept == pytest.approx((1 - rate) ** 2, abs=0.03)


@pytest.mark.parametrize("penalised", [False, True])
def test_a_loop_without_updates_is_refused(penalised):
    structure = Structure((WHOLE,) * 3, "relu", "float32", None)
    graph = TrainingGraph(structure, optimizer_recipe("adam", 0.1), None)
    graph.graph._add_control_dependencies = False

    with pytest.raises(RuntimeError, match="leaves the updates of weights out"):
        graph.figures(penalised, adversarial=False, by_row=False)


def test_epochs_have_masks_of_their_own():
    losses = fit(optimizer="sgd", learning_rate=1e-30).loss_curve_
    assert len(set(losses)) == len(losses)


def fit(seed=0, **params):
    rng = np.random.default_rng(0)
    x = rng.random((300, 20), dtype=np.float32)
    params = {"hidden_units": 24, "epochs": 4, **params}
    model = MLPDigitClassifier(random_state=seed, **params)
    return model.fit(x, x[:, :4].argmax(axis=1))


def fit_other(units):
    # What looks at a whole weight gets a loop of its own for each size.
    return fit(hidden_units=units, epochs=1, optimizer=keras.optimizers.SGD(clipnorm=1))


def test_same_seed_same_bits():
    first = fit()
    fit(hidden_units=(8,), batch_size=32)
    fit(seed=1, dropout=0.1, l2=0.1, learning_rate_schedule="cosine")
    assert same(fit(), first)
    assert not same(fit(seed=1), first)
    assert not same(fit(seed=None), fit(seed=None))


@pytest.mark.parametrize(("n_threads", "ahead"), [(1, False), (2, True)])
def test_batches_are_drawn_ahead(monkeypatch, rows, n_threads, ahead):
    seen, draw = set(), _batches.draw_kept

    def drawn(*args):
        seen.add(threading.current_thread() is threading.main_thread())
        return draw(*args)

    monkeypatch.setattr(_batches, "draw_kept", drawn)
    monkeypatch.setattr("skmnist._training.n_threads", lambda: n_threads)
    before = threading.active_count()
    model = MLPDigitClassifier(8, batch_size=8, epochs=30, random_state=0)
    model.fit(*rows)
    assert seen == {not ahead}
    # The numbers are those of epochs that are drawn one by one.
    one_by_one = MLPDigitClassifier(
        8, batch_size=8, epochs=1, random_state=0, warm_start=True
    )
    for _ in range(30):
        one_by_one.fit(*rows)
    assert same(model, one_by_one)
    with pytest.raises(ValueError, match="the loss became") as failure:
        model.set_params(optimizer="sgd", learning_rate=1e30).fit(*rows)
    assert threading.active_count() == before
    del failure  # kept until here: nothing waits for it to be forgotten


def test_same_bits_in_threads_at_once():
    alone = [fit(seed) for seed in range(4)]
    together = [None] * 4

    def work(seed):
        for _ in range(5):
            together[seed] = fit(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(map(same, alone, together))


PROGRAM = """
import sys
sys.path.insert(0, {tests!r})
from test_training import fit, interrupted
{before}
import hashlib
from test_training import weights_of
print(hashlib.sha256(b"".join(w.tobytes() for w in weights_of(fit()))).hexdigest())
"""


def digest_in_new_process(before=""):
    program = PROGRAM.format(tests=os.path.dirname(__file__), before=before)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def interrupted():
    """Press Ctrl-C in the middle of a fit that would take minutes."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    model = fit()
    before = weights_of(model)
    timer = threading.Timer(1.5, signal.raise_signal, [signal.SIGINT])
    timer.start()
    rng = np.random.default_rng(0)
    x = rng.random((5000, 20), dtype=np.float32)
    try:
        model.set_params(epochs=100_000).fit(x, x[:, :4].argmax(axis=1))
    except KeyboardInterrupt:
        assert all(map(np.array_equal, weights_of(model), before))
        return
    raise AssertionError("not interrupted")


def test_same_bits_in_two_processes_and_after_ctrl_c():
    assert digest_in_new_process() == digest_in_new_process("interrupted()")


@pytest.fixture
def ctrl_c_raises():
    # Background jobs of a shell, which the tests may be, are deaf to it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("target", "units"), [(CompiledMLP, 22), (TrainingGraph.figures, 23)]
)
@pytest.mark.usefixtures("ctrl_c_raises")
def test_ctrl_c_waits_for_tensorflow(monkeypatch, target, units):
    done = []

    def press(*args):
        signal.raise_signal(signal.SIGINT)
        done.append(target(*args))
        return done[0]

    handler = signal.getsignal(signal.SIGINT)
    if target is CompiledMLP:
        monkeypatch.setattr("skmnist._training.CompiledMLP", press)
    else:
        monkeypatch.setattr(TrainingGraph, "figures", press)
    with pytest.raises(KeyboardInterrupt):
        fit_other(units)
    assert len(done) == 1
    assert signal.getsignal(signal.SIGINT) is handler
    monkeypatch.undo()
    fit_other(units)


@pytest.mark.parametrize("name", ["cut", "_joined"])
@pytest.mark.usefixtures("ctrl_c_raises")
def test_ctrl_c_waits_while_weights_go_in_and_out(monkeypatch, name):
    original, done = getattr(_compiled, name), []

    def press(*args):
        signal.raise_signal(signal.SIGINT)
        done.append(original(*args))
        return done[-1]

    fit()
    monkeypatch.setattr(_compiled, name, press)
    with pytest.raises(KeyboardInterrupt):
        fit()
    assert done
    monkeypatch.undo()
    fit()


@pytest.mark.usefixtures("no_loops")
def test_one_compilation_serves_a_whole_grid(rows):
    search = GridSearchCV(
        MLPDigitClassifier(epochs=2, random_state=0),
        {
            "hidden_units": [17, (18, 5), 19],
            "batch_size": [64, 128],
            "dropout": [0.0, 0.3, 0.45],
            "l2": [0.0, 1e-3],
            "learning_rate": [0.001, 0.01],
            "learning_rate_schedule": ["constant", "linear"],
        },
        cv=2,
    ).fit(*rows)
    assert len(search.cv_results_["params"]) == 144
    assert compiled_count() == 1


@pytest.fixture(params=[*_OPTIMIZERS, *RECIPES])
def each_optimizer(request):
    named = isinstance(request.param, str)
    return request.param if named else keras.optimizers.get(request.param)


@pytest.fixture(params=[0, np.inf], ids=["in two", "whole"])
def few_rows(request, monkeypatch):
    monkeypatch.setattr("skmnist._halves._WORTH_CUTTING", request.param)
    rng = np.random.default_rng(0)
    return rng.random((100, 12), dtype=np.float32), np.arange(100) % 4


def test_networks_of_other_sizes_leave_no_trace(monkeypatch, each_optimizer, few_rows):
    params = {"hidden_units": (24, 10), "optimizer": each_optimizer}
    others = MLPDigitClassifier(
        (31, 3), optimizer=each_optimizer, l2=0.1, random_state=0
    )
    fit(**params)
    others.fit(*few_rows)
    later = fit(**params)
    monkeypatch.setattr("skmnist._training._pool", _Pool())
    assert same(fit(**params), later)


def test_units_that_are_no_part_of_the_network(monkeypatch, each_optimizer, few_rows):
    models = []
    for colliding in (2**20, 1):
        monkeypatch.setattr("skmnist._halves._COLLIDING", colliding)
        model = MLPDigitClassifier(
            (14, 9),
            activation="sigmoid",  # not zero at zero
            optimizer=each_optimizer,
            dropout=0,
            l2=0.01,
            batch_size=32,
            epochs=3,
            random_state=0,
        )
        model.fit(*few_rows).partial_fit(*few_rows).partial_fit(*few_rows)
        models.append(model)
    first, second = models
    assert_allclose(second.loss_curve_, first.loss_curve_, rtol=1e-4)
    for ours, theirs in zip(*map(weights_of, models), strict=True):
        assert_allclose(theirs, ours, atol=1e-4)


@pytest.mark.parametrize(
    ("dtype", "widths"), [("float32", [1040, 512]), ("float64", [1040, 528])]
)
def test_rows_of_hidden_layers_are_not_4_kib_apart(dtype, widths):
    assert choose_widths([1024, 1024, 512, 1024], dtype) == [1024, *widths, 1024]


def test_a_graph_for_one_size_gives_the_same_bits(monkeypatch):
    any_size = fit()
    monkeypatch.setattr("skmnist._training.is_elementwise", lambda *_: False)
    assert same(fit(), any_size)


@pytest.mark.usefixtures("no_loops")
def test_optimizers_alike_share_a_graph():
    for momentum in (0.5, 0.5, 0.9):
        fit(optimizer=keras.optimizers.SGD(momentum=momentum), epochs=1)
    assert compiled_count() == 2


@pytest.mark.usefixtures("no_loops")
def test_threads_share_a_graph(rows):
    search = GridSearchCV(
        MLPDigitClassifier(21, epochs=20, random_state=0),
        {"dropout": [0.0, 0.2, 0.3, 0.4]},
        cv=2,
        n_jobs=2,
    )
    with parallel_config("threading"):
        search.fit(*rows)
    assert compiled_count() == 1
    assert len(_training._pool._idle) > 1


def test_fits_at_once_have_a_thread_each(monkeypatch):
    seen = []

    def options(alone):
        seen.append(alone)
        return run_options(alone)

    monkeypatch.setattr("skmnist._compiled.run_options", options)
    fit_another = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: fit(hidden_units=(9,), epochs=1)
    )
    fit(epochs=2, callbacks=[fit_another])
    assert seen == [True, False, True, False]
    assert run_options(False).inter_op_thread_pool == 1


def test_compiled_networks_are_bounded_in_number():
    for units in range(1, _MAX_IDLE + 4):
        fit_other(units)
    assert len(_training._pool._idle) == _MAX_IDLE
    before = compiled_count()
    fit_other(_MAX_IDLE + 3)
    assert compiled_count() == before  # the last one was kept
    fit_other(1)
    assert compiled_count() == before + 1  # the oldest one was not


def test_the_memory_of_graphs_is_given_back():
    def n_graphs():
        return sum(isinstance(each, tf.Graph) for each in gc.get_objects())

    for units in range(1, _MAX_IDLE + 1):
        fit_other(units)
    gc.collect()
    before = n_graphs()
    for units in range(_MAX_IDLE + 1, 2 * _MAX_IDLE + 1):
        fit_other(units)
        # Each loop is a graph with two functions.
        assert n_graphs() <= before + 3 * _MAX_GIVEN_UP


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


def test_glorot_uniform_is_keras_default():
    sizes = Architecture(300, (200,), 100, "relu", "float32")
    ours = glorot_uniform(sizes, np.random.default_rng(0))
    theirs = keras.initializers.GlorotUniform(seed=0)((300, 200))
    assert ours[0].std() == pytest.approx(float(np.std(theirs)), rel=0.01)
    assert np.abs(ours[0]).max() == pytest.approx(np.sqrt(6 / 500), rel=1e-3)
    assert not ours[1].any()
