"""Fitting the same data over and over: the jobs of all benchmarks that do."""

import gc
import time

from .contenders import CONTENDERS, ONE_THREAD, Network, missing
from .data import load
from .floor import Floor
from .machine import usable_cores
from .worker import Job, Turn

_SHAPES = {"digits": (1437, 64), "mnist": (60_000, 784)}
_DEFAULT = Network()


class Fit:
    """One contender on one data set; a turn is a whole fit."""

    def __init__(self, contender, data, n_rows, network=_DEFAULT):
        self._make = CONTENDERS[contender].make
        self._network = network
        self._data = load(data, n_rows)

    def turn(self, seed, epochs):
        data = self._data
        model = self._make(self._network._replace(seed=seed, epochs=epochs))
        gc.collect()
        start = time.perf_counter()
        model.fit(data.x_train, data.y_train)
        seconds = time.perf_counter() - start
        return Turn(seconds, accuracy(model, data))


def accuracy(model, data):
    return float((model.predict(data.x_test) == data.y_test).mean())


def chosen(keys, only, report):
    """Keep the contenders that were asked for and can be had."""
    kept = [key for key in keys if not only or key in only]
    for key in list(kept):
        if absent := missing(key):
            report.note(f"{key} is left out: {', '.join(absent)} not installed")
            kept.remove(key)
    if not kept:
        raise SystemExit("; ".join(report.notes))
    return kept


def fit_jobs(keys, data, n_rows=None):
    """Jobs of the contenders, with all that the machine has."""
    return {key: Job(CONTENDERS[key].label, Fit, (key, data, n_rows)) for key in keys}


def bounded_jobs(keys, data, n_rows=None):
    """The same, with the floor, and with skmnist on one thread and without dropout."""
    rows, n_features = _SHAPES[data]
    sizes = (n_features, *_DEFAULT.hidden_units, 10)
    jobs = floor_jobs(Floor, n_rows or rows, sizes, _DEFAULT.batch_size)
    if "skmnist" in keys:
        args = ("skmnist", data, n_rows)
        jobs["skmnist-1"] = Job("skmnist, 1 thread", Fit, args, ONE_THREAD)
        # The same network as scikit-learn's, to compare the scores.
        plain = Job("skmnist without dropout", Fit, (*args, Network(dropout=0.0)))
        jobs["skmnist-plain"] = plain
    return jobs | fit_jobs(keys, data, n_rows)


def floor_jobs(factory, *args):
    """Jobs of the matrix products alone, on one thread and on all."""
    return {
        f"floor-{n}": Job(
            f"floor: matrix products alone, {_threads(n)}", factory, (*args, n)
        )
        for n in sorted({1, usable_cores()})
    }


def _threads(n):
    return f"{n} thread{'s' if n > 1 else ''}"
