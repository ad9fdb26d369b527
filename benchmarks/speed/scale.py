"""MNIST shifted: partial_fit over a stream of up to 8.1 million rows.

Every image is shifted by up to six pixels, in each copy of the 60,000 another way;
chunks are made as they are needed and never kept. The time is that of partial_fit
alone. Each size has a fresh process, for the peak memory; the peers show the smallest
size.
"""

import time

import numpy as np

from skmnist import datasets

from .._harness.contenders import CONTENDERS, Network
from .._harness.data import Data, flat
from .._harness.fits import accuracy, chosen
from .._harness.memory import peak_memory
from .._harness.worker import Job, Turn, fresh_turns

CHOICES = ("skmnist", "sklearn", "keras")
OPTIONS = {
    "rounds": (5, 1, "streams of each size"),
    "sizes": ((60_000, 600_000, 8_100_000), (4000, 12_000), "rows of a stream"),
    "chunk": (10_000, 2000, "rows per call of partial_fit"),
}
_MARGIN = 6  # pixels
_SIDE = 2 * _MARGIN + 1
_RATE, _PEAK = "rows per second", "peak MB"


class Stream:
    """One contender in front of one stream."""

    def __init__(self, contender, n_rows, chunk):
        self._make = CONTENDERS[contender].make
        self._mnist = datasets.fetch_mnist()
        self._n_rows, self._chunk = n_rows, chunk

    def turn(self, seed):
        warm_up = self._make(Network(seed=seed, epochs=1))
        for x, y in self._chunks(self._chunk):
            warm_up.partial_fit(x, y, classes=range(10))
        model = self._make(Network(seed=seed, epochs=1))
        seconds = 0.0
        for x, y in self._chunks(self._n_rows):
            start = time.perf_counter()
            model.partial_fit(x, y, classes=range(10))
            seconds += time.perf_counter() - start
        mnist = self._mnist
        test = flat(mnist.x_test, mnist.max_value)
        return Turn(
            seconds,
            accuracy(model, Data(None, None, test, mnist.y_test)),
            {_RATE: self._n_rows / seconds, _PEAK: peak_memory() / 1e6},
        )

    def _chunks(self, n_rows):
        images, labels = self._mnist.x_train, self._mnist.y_train
        done = 0
        while done < n_rows:
            copy, first = divmod(done, len(images))
            rows = slice(first, min(first + self._chunk, first + n_rows - done))
            shifted = _shift(images[rows], copy + np.arange(rows.start, rows.stop))
            yield flat(shifted, self._mnist.max_value), labels[rows].astype(np.int64)
            done += len(shifted)


def _shift(images, numbers):
    """Shift each image by the one of all shifts that has its number."""
    down, right = np.divmod(numbers % _SIDE**2, _SIDE)
    padded = np.pad(images, ((0, 0), (_MARGIN, _MARGIN), (_MARGIN, _MARGIN)))
    places = np.lib.stride_tricks.sliding_window_view(
        padded, images.shape[1:], axis=(1, 2)
    )
    return places[np.arange(len(images)), down, right]


def run(report, only, rounds, sizes, chunk):
    keys = chosen(CHOICES, only, report)
    smallest, largest = min(sizes), max(sizes)
    jobs, n_rows = {}, {}
    for key in keys:
        for size in sorted(sizes) if key == "skmnist" else [smallest]:
            name = f"{key}-{size}"
            label = f"{CONTENDERS[key].label}, {size:,} rows"
            jobs[name] = Job(label, Stream, (key, size, chunk))
            n_rows[name] = size
    turns, threads = fresh_turns(jobs, rounds)
    table = report.table(f"MNIST shifted, chunks of {chunk}: seconds per 60,000 rows")
    for key, job in jobs.items():
        per = n_rows[key] / 60_000
        table.add(key, job.label, turns[key], threads=threads[key], per=per)
    few, many = f"skmnist-{smallest}", f"skmnist-{largest}"
    table.relate(f"x skmnist, {smallest:,} rows", few)
    if few in jobs:
        rate, peak = (
            table.column(many, name) / table.column(few, name)
            for name in (_RATE, _PEAK)
        )
        table.target(many, f"x the rate at {smallest:,} rows", rate, at_least=0.9)
        table.target(many, f"x the peak at {smallest:,} rows", peak, at_most=1.05)
