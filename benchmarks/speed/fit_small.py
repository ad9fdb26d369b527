"""The bundled digits, 20 epochs: one more fit, and the first fit of a process.

One more fit is what a search consists of. The first fit is measured from the first
import in a fresh process to the end of the fit; NumPy and the data are there.
"""

import time
from importlib import import_module

from .._harness.contenders import CONTENDERS, Network
from .._harness.data import load
from .._harness.fits import accuracy, bounded_jobs, chosen
from .._harness.worker import Job, Turn, fresh_turns, take_turns, workers

CHOICES = tuple(CONTENDERS)
OPTIONS = {
    "rounds": (20, 1, "turns of each contender with one more fit"),
    "cold_rounds": (5, 1, "fresh processes of each contender, 0 for none"),
    "epochs": (20, 1, "epochs of a fit"),
}


class Import:
    """Only the imports that a training with Keras cannot do without."""

    def __init__(self, modules):
        self._modules = modules

    def turn(self, seed, epochs):
        start = time.perf_counter()
        for name in self._modules:
            import_module(name)
        return Turn(time.perf_counter() - start, None)


class FirstFit:
    """The imports and one fit; the data is given, so that nothing is imported."""

    def __init__(self, contender, data):
        self._make = CONTENDERS[contender].make
        self._data = data

    def turn(self, seed, epochs):
        start = time.perf_counter()
        model = self._make(Network(seed=seed, epochs=epochs))
        model.fit(self._data.x_train, self._data.y_train)
        seconds = time.perf_counter() - start
        return Turn(seconds, accuracy(model, self._data))


def run(report, only, rounds, cold_rounds, epochs):
    keys = chosen(CHOICES, only, report)
    _one_more(report, keys, rounds, epochs)
    if cold_rounds:
        _first(report, keys, cold_rounds, epochs)


def _one_more(report, keys, rounds, epochs):
    jobs = bounded_jobs(keys, "digits")
    with workers(jobs) as crew:
        take_turns(crew, 1, epochs)
        turns, threads = take_turns(crew, rounds, epochs)
    table = report.table(f"Digits, {epochs} epochs: one more fit")
    for key, job in jobs.items():
        table.add(key, job.label, turns[key], threads=threads[key])
    table.relate("x MLPClassifier", "sklearn")
    table.relate("x skmnist", "skmnist")
    for key in "skmnist", "skmnist-plain":
        ratio = table.ratio(key, "sklearn")
        table.target(key, "x MLPClassifier", ratio, at_most=0.5)
    table.score_target("skmnist", "keras")
    table.score_target("skmnist-plain", "sklearn")


def _first(report, keys, rounds, epochs):
    jobs = {
        "imports": Job(
            "import tensorflow and keras alone", Import, (("tensorflow", "keras"),)
        )
    }
    data = load("digits")
    for key in keys:
        jobs[key] = Job(CONTENDERS[key].label, FirstFit, (key, data))
    fresh_turns(jobs, 1, 1)  # the files are in memory from here on
    turns, threads = fresh_turns(jobs, rounds, epochs)
    table = report.table(f"Digits, {epochs} epochs: the first fit of a process")
    for key, job in jobs.items():
        table.add(key, job.label, turns[key], threads=threads[key])
    table.relate("x skmnist", "skmnist")
    if "skmnist" in jobs:
        beyond = table.median("skmnist") - table.median("imports")
        table.target("skmnist", "s beyond the imports", beyond, at_most=1.5)
