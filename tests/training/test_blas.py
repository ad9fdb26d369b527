"""NumPy's BLAS has as many threads after a prediction as before."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from skmnist import MLPDigitClassifier
from skmnist._blas import threads_for
from skmnist._network import ACTIVATIONS

MIDDLING = 2**20


def n_threads():
    return {p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"}


@pytest.mark.parametrize("before", [1, 2])
def test_one_thread_for_middling_products_only(before):
    with threadpool_limits(before, "blas"):
        for size, inside in ((1, before), (MIDDLING, 1), (2**40, before)):
            with threads_for(size):
                assert n_threads() == {inside}
            assert n_threads() == {before}


def test_predictions_of_middling_size_use_it(monkeypatch):
    seen = []

    def relu(h):
        seen.append(n_threads())
        return np.maximum(h, 0)

    monkeypatch.setitem(ACTIVATIONS, "relu", relu)
    x = np.random.default_rng(0).random((400, 64))
    model = MLPDigitClassifier(128, epochs=1).fit(x, np.arange(400) % 2)
    with threadpool_limits(2, "blas"):
        model.predict(x)
        assert seen == [{1}, {1}]
        model.predict(x[:1])
        assert seen[2:] == [{2}, {2}]


def test_an_error_inside_changes_nothing():
    with threadpool_limits(2, "blas"):
        with pytest.raises(KeyboardInterrupt), threads_for(MIDDLING):
            raise KeyboardInterrupt
        assert n_threads() == {2}


def test_threads_that_overlap_leave_the_number_as_it_was():
    a_is_in, b_is_in, a_is_out = (threading.Event() for _ in range(3))
    inside = []

    def a():
        with threads_for(MIDDLING):
            a_is_in.set()
            b_is_in.wait(10)
        a_is_out.set()

    def b():
        a_is_in.wait(10)
        with threads_for(MIDDLING):
            b_is_in.set()
            a_is_out.wait(0.2)  # it has to stay, or there were more threads for us
            inside.append(n_threads())

    before = n_threads()
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(a), pool.submit(b)]:
            done.result()
    assert inside == [{1}]
    assert n_threads() == before
