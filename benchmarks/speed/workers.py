"""Digits: a search over 27 candidates by one process, threads, loky and Dask.

Two workers of each kind. The first search has the start of the workers in it, with
their imports and compilations; the second finds them warm. The accuracy is that of the
best candidate over the folds, and all scores must be those of one process.
"""

import multiprocessing
import time
from contextlib import ExitStack

import numpy as np

from .._harness.data import load
from .._harness.fits import chosen
from .._harness.machine import usable_cores
from .._harness.worker import Job, Turn, fresh_turns

CHOICES = ("skmnist",)
OPTIONS = {
    "rounds": (3, 1, "pairs of searches of each kind"),
    "epochs": (20, 1, "epochs of a fit"),
    "sizes": ((64, 128, 256), (16,), "units of each of the two hidden layers"),
    "workers": (2, 2, "threads or processes"),
}
_FIRST = "first search, s"
_CHECKSUM = "checksum of the scores"


class Search:
    """A process that is about to search with some workers."""

    def __init__(self, backend, n_workers, options):
        # loky and Dask start processes, which daemons must not.
        multiprocessing.current_process()._config["daemon"] = False
        self._backend, self._n_workers, self._options = backend, n_workers, options
        data = load("digits")
        self._x = np.concatenate([data.x_train, data.x_test])
        self._y = np.concatenate([data.y_train, data.y_test])

    def turn(self, seed, epochs, sizes):
        import joblib
        from sklearn.model_selection import GridSearchCV

        from skmnist import MLPDigitClassifier

        search = GridSearchCV(
            MLPDigitClassifier(epochs=epochs, random_state=seed),
            {
                "hidden_units": list(sizes),
                "dropout": [0.2, 0.3, 0.45],
                "l2": [0.0, 1e-4, 1e-3],
            },
            cv=3,
            refit=False,
            error_score="raise",
        )
        seconds = []
        with ExitStack() as stack:
            start = time.perf_counter()
            options = {"n_jobs": self._n_workers, **self._options}
            if self._backend == "dask":
                from distributed import Client, LocalCluster

                cluster = LocalCluster(
                    n_workers=self._n_workers,
                    threads_per_worker=1,
                    dashboard_address=None,
                )
                stack.enter_context(cluster)
                stack.enter_context(Client(cluster))
            for _ in range(2):
                with joblib.parallel_config(self._backend, **options):
                    search.fit(self._x, self._y)
                seconds.append(time.perf_counter() - start)
                start = time.perf_counter()
        scores = search.cv_results_["mean_test_score"]
        metrics = {_FIRST: seconds[0], _CHECKSUM: _checksum(scores)}
        return Turn(seconds[1], float(search.best_score_), metrics)


def _checksum(scores):
    return int.from_bytes(scores.tobytes(), "little") % 1_000_003


def run(report, only, rounds, epochs, sizes, workers):
    chosen(CHOICES, only, report)
    kinds = {
        "alone": ("one process", "threading", 1, {}),
        "threads": (f"{workers} threads", "threading", workers, {}),
        "loky": (f"{workers} processes, loky", "loky", workers, {}),
        "loky-all": (
            f"{workers} processes, loky, each with threads for all cores",
            "loky",
            workers,
            {"inner_max_num_threads": usable_cores()},
        ),
        "dask": (f"{workers} processes, Dask", "dask", workers, {}),
    }
    jobs = {
        key: Job(label, Search, (backend, n_workers, options))
        for key, (label, backend, n_workers, options) in kinds.items()
    }
    turns, threads = fresh_turns(jobs, rounds, epochs, sizes)
    table = report.table(f"Digits, {9 * len(sizes)} candidates x 3 folds, warm workers")
    for key, job in jobs.items():
        table.add(key, job.label, turns[key], threads=threads[key])
        checksums = [turn.metrics[_CHECKSUM] for turn in turns[key]]
        if checksums != [turn.metrics[_CHECKSUM] for turn in turns["alone"]]:
            report.fail(f"{job.label}: not the scores of one process")
    table.relate("x one process", "alone")
