"""Loops are built once for many networks, few are kept, and their memory is freed."""

import gc
import signal
import weakref

import keras
import pytest
import tensorflow as tf
from networks import RANDOM_X, RANDOM_Y, network
from sklearn.model_selection import GridSearchCV

from skmnist._training import _loop, _loop_cache
from skmnist._training._loop_cache import LoopCache
from skmnist._training._session import open_session


@pytest.fixture
def cache(monkeypatch):
    """Give a cache as in a new process."""
    new = LoopCache()
    # Fewer than in fact, which is as good for a test and quicker.
    monkeypatch.setattr(_loop_cache, "_MAX_IDLE", 4)
    monkeypatch.setattr(_loop_cache, "_MAX_CLOSED", 2)
    monkeypatch.setattr("skmnist._training._fit.cache", new)
    return new


@pytest.fixture
def _ctrl_c_raises():
    # Background jobs of a shell, which the tests may be, ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def fit(**params):
    return network(**params).fit(RANDOM_X, RANDOM_Y)


def fit_alone(units):
    """Fit with an optimizer that has a loop for each size of the network."""
    return fit(hidden_units=units, epochs=1, optimizer=keras.optimizers.Lamb())


def test_one_loop_serves_a_grid(cache):
    search = GridSearchCV(
        network(l2=1e-4),
        {
            "hidden_units": [17, (18, 5), 19],
            "batch_size": [64, 128],
            "dropout": [0.0, 0.3, 0.45],
            "l2": [1e-4, 1e-3],
            "learning_rate": [0.001, 0.01],
            "learning_rate_schedule": ["constant", "linear"],
        },
        cv=2,
    ).fit(RANDOM_X, RANDOM_Y)
    assert len(search.cv_results_["params"]) == 144
    assert cache.n_built == 1


def test_optimizers_with_the_same_options_share_a_loop(cache):
    for momentum in (0.5, 0.5, 0.9):
        fit(optimizer=keras.optimizers.SGD(momentum=momentum), epochs=1)
    assert cache.n_built == 2


def test_loops_are_bounded_in_number(cache):
    for units in range(1, 7):
        fit_alone(units)
    assert len(cache._idle) == 4
    fit_alone(6)
    assert cache.n_built == 6  # the last one was kept
    fit_alone(1)
    assert cache.n_built == 7  # the oldest one was not


@pytest.mark.parametrize(
    ("optimizer", "units"),
    [
        pytest.param("adam", lambda n: (4,) * n, id="layers"),
        pytest.param("nadam", lambda n: n, marks=pytest.mark.slow, id="sizes"),
    ],
)
def test_the_memory_of_graphs_is_freed(cache, optimizer, units):
    def n_graphs():
        return sum(isinstance(each, tf.Graph) for each in gc.get_objects())

    for n in range(1, 5):
        fit(hidden_units=units(n), epochs=1, optimizer=optimizer)
    gc.collect()
    before = n_graphs()
    for n in range(1, 9):
        fit(hidden_units=units(n), epochs=1, optimizer=optimizer, activation="tanh")
        # Each loop is a graph with a few functions.
        assert n_graphs() <= before + 8 * 2


def test_fits_at_the_same_time_have_a_loop_each(cache):
    nested = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: fit(epochs=1)
    )
    fit(callbacks=[nested])
    assert cache.n_built == 2


@pytest.mark.usefixtures("_ctrl_c_raises")
def test_ctrl_c_waits_for_the_end_of_building(monkeypatch, cache):
    built = []

    def press(graph):
        signal.raise_signal(signal.SIGINT)
        built.append(graph)
        return open_session(graph)

    handler = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(_loop, "open_session", press)
    with pytest.raises(KeyboardInterrupt):
        fit()
    assert len(built) == 1
    assert signal.getsignal(signal.SIGINT) is handler
    monkeypatch.undo()
    fit()


@pytest.mark.usefixtures("_ctrl_c_raises")
def test_ctrl_c_while_a_graph_is_freed(monkeypatch, cache):
    monkeypatch.setattr(_loop_cache, "_MAX_IDLE", 1)
    fit_alone(1)
    graph = cache._idle[0]._session.graph
    weakref.finalize(graph, signal.raise_signal, signal.SIGINT)
    del graph
    fit_alone(2)
    gc.collect()  # as happens at any time
    with pytest.raises(KeyboardInterrupt):
        fit_alone(3)
