"""MNIST: predict 1, 100 and 10,000 rows, and images through a Pipeline.

Every contender predicts with a network that it has trained for an epoch. In the
Pipeline all of them follow skmnist's PixelScaler, so that only they differ; a turn
repeats a call for a while and counts the median.
"""

import time
from itertools import product
from statistics import median

from skmnist import datasets

from .._harness.contenders import CONTENDERS, Network
from .._harness.data import load
from .._harness.fits import accuracy, chosen
from .._harness.worker import Job, Turn, take_turns, workers

CHOICES = tuple(CONTENDERS)
OPTIONS = {
    "rounds": (7, 1, "turns of each contender and size"),
    "milliseconds": (500, 20, "how long a turn repeats its call"),
    "train_rows": (60_000, 2000, "images to train on"),
}
_SIZES = (1, 100, 10_000)


class Predict:
    """A fitted network, alone and at the end of a Pipeline."""

    def __init__(self, contender, n_rows, milliseconds):
        data = load("mnist", n_rows)
        model = CONTENDERS[contender].make(Network(epochs=1))
        model.fit(data.x_train, data.y_train)
        self._accuracy = accuracy(model, data)
        self._rows = data.x_test
        self._images = datasets.fetch_mnist().x_test
        self._model, self._pipeline = model, _pipeline(model, self._images)
        self._seconds = milliseconds / 1000

    def turn(self, seed, n_rows, from_images):
        if from_images:
            predict, X = self._pipeline.predict, self._images[:n_rows]
        else:
            predict, X = self._model.predict, self._rows[:n_rows]
        times = []
        while sum(times) < self._seconds or len(times) < 3:
            start = time.perf_counter()
            predict(X)
            times.append(time.perf_counter() - start)
        return Turn(median(times), self._accuracy)


def _pipeline(model, images):
    from sklearn.pipeline import make_pipeline

    from skmnist import PixelScaler

    return make_pipeline(PixelScaler().fit(images), model)


def run(report, only, rounds, milliseconds, train_rows):
    jobs = {
        key: Job(CONTENDERS[key].label, Predict, (key, train_rows, milliseconds))
        for key in chosen(CHOICES, only, report)
    }
    with workers(jobs) as crew:
        for from_images, n_rows in product((False, True), _SIZES):
            if from_images:  # plain Keras has no place in a Pipeline
                crew.pop("keras", None)
            take_turns(crew, 1, n_rows, from_images)
            turns, threads = take_turns(crew, rounds, n_rows, from_images)
            _tabulate(report, jobs, turns, threads, n_rows, from_images)


def _tabulate(report, jobs, turns, threads, n_rows, from_images):
    via = "images through a Pipeline" if from_images else "rows"
    table = report.table(f"MNIST: predict, {n_rows} {via}", "ms")
    for key in turns:
        table.add(key, jobs[key].label, turns[key], threads=threads[key])
    table.relate("x MLPClassifier", "sklearn")
    table.relate("x skmnist", "skmnist")
    if n_rows != 100:
        ratio = table.ratio("skmnist", "sklearn")
        table.target("skmnist", "x MLPClassifier", ratio, at_most=1.0)
    if n_rows == 1 and not from_images:
        table.target(
            "keras", "x skmnist", table.ratio("keras", "skmnist"), at_least=200
        )
