"""Thread pools: the user's settings count, and other TensorFlow code keeps its own."""

import pytest
import tensorflow as tf
from commands import run_python

from skmnist._training._session import n_threads, run_options


@pytest.mark.parametrize("name", ["TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"])
def test_settings_of_the_environment_count(monkeypatch, name):
    for other in ("TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setattr("joblib.cpu_count", lambda: 8)
    assert n_threads() == 2
    monkeypatch.setenv(name, "1")
    assert n_threads() == 1
    monkeypatch.setenv(name, "not a number")
    assert n_threads() == 2


def test_settings_of_tensorflow_count():
    program = """
import tensorflow as tf
tf.config.threading.set_inter_op_parallelism_threads(1)
from skmnist._training._session import n_threads
print(n_threads())
"""
    assert run_python(program) == "1\n"


def test_fits_at_the_same_time_have_a_thread_each(monkeypatch):
    monkeypatch.setattr("skmnist._training._session.n_threads", lambda: 2)
    assert run_options(alone=True).inter_op_thread_pool == 0
    assert run_options(alone=False).inter_op_thread_pool == 1


def test_a_session_is_on_the_cpu():
    from skmnist._training._session import open_session

    graph = tf.Graph()
    with open_session(graph) as session:
        kinds = {device.device_type for device in session.list_devices()}
    assert kinds == {"CPU"}
