"""Digits: a grid search over 27 candidates, 3 folds, 20 epochs.

Three sizes of the hidden layers, three dropout rates, three L2 factors. scikit-learn
has no dropout: nine L2 factors regularize its networks. Each search has a fresh
process, so that compiling the graphs is part of it; the imports and a first fit of
another network are not. The accuracy is that of the best candidate over the folds. The
floor is the matrix products of the same fits alone.
"""

import time
from sys import modules

import numpy as np

from .._harness.contenders import CONTENDERS, ONE_THREAD, Network, sklearn_alpha
from .._harness.data import load
from .._harness.fits import chosen, floor_jobs
from .._harness.floor import Floor
from .._harness.machine import usable_cores
from .._harness.worker import Job, Turn, fresh_turns

CHOICES = ("skmnist", "sklearn", "scikeras", "skorch")
OPTIONS = {
    "rounds": (5, 1, "searches of each contender"),
    "epochs": (20, 1, "epochs of a fit"),
    "sizes": ((64, 128, 256), (16,), "units of each of the two hidden layers"),
}
_DROPOUT = (0.2, 0.3, 0.45)
_L2 = (0.0, 1e-4, 1e-3)
_NINE_L2 = (0.0, 1e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
_FOLDS = 3


def _grid(key, sizes):
    l2 = list(_L2)
    if key == "skmnist":
        return {"hidden_units": sizes, "dropout": list(_DROPOUT), "l2": l2}
    if key == "skmnist-plain":
        return {"hidden_units": sizes, "dropout": [0.0], "l2": list(_NINE_L2)}
    if key == "sklearn":
        return {
            "hidden_layer_sizes": sizes,
            "alpha": [sklearn_alpha(each, Network().batch_size) for each in _NINE_L2],
        }
    if key == "scikeras":
        return {
            "model__hidden_units": sizes,
            "model__dropout": list(_DROPOUT),
            "model__l2": l2,
        }
    return {  # skorch; torch's weight decay adds this much to the gradient
        "module__hidden_units": sizes,
        "module__dropout": list(_DROPOUT),
        "optimizer__weight_decay": [2 * each for each in l2],
    }


class Search:
    """A process that is about to search."""

    def __init__(self, contender, grid, n_jobs):
        import joblib
        from sklearn.model_selection import GridSearchCV, StratifiedKFold

        self._make = CONTENDERS[contender].make
        self._grid = grid
        self._n_jobs = n_jobs
        self._joblib, self._search = joblib, GridSearchCV
        # Given, because scikeras is no classifier to scikit-learn 1.9.
        self._folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
        self._x, self._y = _digits()
        warm_up = self._make(Network(hidden_units=(24,), epochs=1))
        warm_up.fit(self._x, self._y)

    def turn(self, seed, epochs):
        search = self._search(
            self._make(Network(seed=seed, epochs=epochs)),
            self._grid,
            cv=self._folds,
            refit=False,
            error_score="raise",
        )
        search.n_jobs = self._n_jobs
        traced = _graphs_traced()
        with self._joblib.parallel_config("threading"):
            start = time.perf_counter()
            search.fit(self._x, self._y)
            seconds = time.perf_counter() - start
        metrics = {}
        if traced is not None:
            metrics["graphs traced"] = _graphs_traced() - traced
        return Turn(seconds, float(search.best_score_), metrics)


class SearchFloor:
    """The matrix products of all fits of a search."""

    def __init__(self, sizes, n_candidates, n_threads):
        x, _ = _digits()
        self._floors = [
            Floor(
                len(x) * (_FOLDS - 1) // _FOLDS,
                (x.shape[1], *size, 10),
                Network().batch_size,
                n_threads,
            )
            for size in sizes
        ]
        self._n_fits = _FOLDS * n_candidates // len(sizes)

    def turn(self, seed, epochs):
        for floor in self._floors:
            floor.turn(seed, 1)
        turns = [floor.turn(seed, epochs * self._n_fits) for floor in self._floors]
        return Turn(sum(turn.seconds for turn in turns), None)


def _digits():
    data = load("digits")
    return (
        np.concatenate([data.x_train, data.x_test]),
        np.concatenate([data.y_train, data.y_test]),
    )


def _graphs_traced():
    loops = modules.get("skmnist._training._loop_cache")
    return None if loops is None else loops.cache.n_built


def run(report, only, rounds, epochs, sizes):
    report.note(
        "Keras' SKLearnClassifier is left out: its clones forget fit_kwargs, so that a "
        "search trains one epoch"
    )
    sizes = [(size, size) for size in sizes]
    n_candidates = len(sizes) * len(_DROPOUT) * len(_L2)
    cores = usable_cores()
    jobs = floor_jobs(SearchFloor, sizes, n_candidates)
    for key in chosen(CHOICES, only, report):
        label, grid = CONTENDERS[key].label, _grid(key, sizes)
        jobs[key] = Job(f"{label}, n_jobs=1", Search, (key, grid, 1))
        if key in ("skmnist", "sklearn"):
            jobs[f"{key}-jobs"] = Job(
                f"{label}, n_jobs=2 threads", Search, (key, grid, 2)
            )
        if key == "skmnist":
            # The same networks as scikit-learn's, to compare the scores.
            jobs["skmnist-plain"] = Job(
                "skmnist without dropout, nine L2 factors, n_jobs=1",
                Search,
                (key, _grid("skmnist-plain", sizes), 1),
            )
            jobs["skmnist-1"] = Job(
                "skmnist, 1 thread, n_jobs=1", Search, (key, grid, 1), ONE_THREAD
            )
            jobs["skmnist-1-jobs"] = Job(
                "skmnist, 1 thread per fit, n_jobs=2 threads",
                Search,
                (key, grid, 2),
                ONE_THREAD | {"TF_NUM_INTEROP_THREADS": "2"},
            )
    turns, threads = fresh_turns(jobs, rounds, epochs)
    table = report.table(
        f"Digits, {n_candidates} candidates x {_FOLDS} folds x {epochs} epochs"
    )
    for key, job in jobs.items():
        table.add(key, job.label, turns[key], threads=threads[key])
    table.relate("x MLPClassifier", "sklearn")
    table.relate("x skmnist", "skmnist")
    table.relate("x floor, 1 thread", "floor-1")
    table.relate(f"x floor, {cores} threads", f"floor-{cores}")
    for key in "skmnist", "skmnist-plain":
        ratio = table.ratio(key, "sklearn")
        table.target(key, "x MLPClassifier", ratio, at_most=0.5)
        table.score_target(key, "sklearn")
    traced = table.column("skmnist", "graphs traced")
    table.target("skmnist", "graphs", traced, at_most=len(sizes))
    table.score_target("skmnist", "scikeras")
    ratio = table.ratio("scikeras", "skmnist")
    table.target("scikeras", "x skmnist", ratio, at_least=25)
    ratio = table.ratio("skmnist-jobs", "skmnist")
    table.target("skmnist-jobs", "x n_jobs=1", ratio, at_most=1.0)
    ratio = table.ratio("skmnist-1", "skmnist-1-jobs")
    table.target(
        "skmnist-1-jobs", "x the rate of 1 thread, n_jobs=1", ratio, at_least=1.7
    )
