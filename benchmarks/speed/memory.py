"""Digits: how the memory of one process grows over many fits.

Many fits of one architecture, then many architectures, each of which wants a graph of
its own. The memory is what is resident after every block of fits.
"""

import time
from statistics import fmean, median

from .._harness.contenders import CONTENDERS, Network
from .._harness.data import load
from .._harness.fits import accuracy, chosen
from .._harness.memory import resident_memory
from .._harness.worker import Job, Turn, take_turns, workers

CHOICES = ("skmnist", "sklearn", "keras", "scikeras")
OPTIONS = {
    "fits": (500, 4, "fits of one architecture in skmnist"),
    "peer_fits": (100, 4, "the same in the peers, which are slow and leak at once"),
    "architectures": (60, 4, "different architectures"),
    "block": (20, 2, "fits between two looks at the memory"),
    "epochs": (5, 1, "epochs of a fit"),
}
_MEMORY = "resident MB"
_GROWTH = "growth MB"
_LAST = "in the last block, MB"
_AT_MOST = 5  # MB


class Fits:
    """Fits without end, of one architecture or always another one."""

    def __init__(self, contender, different, epochs):
        self._make = CONTENDERS[contender].make
        self._different = different
        self._epochs = epochs
        self._data = load("digits")
        self._done = 0

    def turn(self, seed, n_fits):
        times, accuracies = [], []
        for i in range(self._done, self._done + n_fits):
            units = 64 + i * self._different
            model = self._make(
                Network(hidden_units=(units, 64), epochs=self._epochs, seed=i)
            )
            start = time.perf_counter()
            model.fit(self._data.x_train, self._data.y_train)
            times.append(time.perf_counter() - start)
            accuracies.append(accuracy(model, self._data))
        self._done += n_fits
        metrics = {_MEMORY: resident_memory() / 1e6}
        return Turn(median(times), fmean(accuracies), metrics)


def run(report, only, fits, peer_fits, architectures, block, epochs):
    keys = chosen(CHOICES, only, report)
    counts = {key: fits if key == "skmnist" else peer_fits for key in keys}
    table = report.table("Many fits of one architecture: seconds per fit")
    _measure(table, counts, block, (False, epochs))
    growth = table.column("skmnist", _GROWTH)
    what = f"MB of growth after fit {block}"
    table.target("skmnist", what, growth, at_most=_AT_MOST)

    counts = dict.fromkeys(keys, architectures)
    table = report.table("Many architectures: seconds per fit")
    _measure(table, counts, block, (True, epochs))
    growth = table.column("skmnist", _LAST)
    what = f"MB of growth over the last {block}"
    table.target("skmnist", what, growth, at_most=_AT_MOST)


def _measure(table, counts, block, settings):
    jobs = {key: Job(CONTENDERS[key].label, Fits, (key, *settings)) for key in counts}
    turns = {key: [] for key in counts}
    shared = min(counts.values()) // block
    with workers(jobs) as crew:
        turns, threads = take_turns(crew, shared, block)
        for key, count in counts.items():
            rest = count // block - shared
            turns[key] += take_turns({key: crew[key]}, rest, block)[0][key]
    for key, job in jobs.items():
        memory = [turn.metrics[_MEMORY] for turn in turns[key]]
        n_later = (len(memory) - 1) * block
        columns = {
            "fits": len(memory) * block,
            f"MB after fit {block}": memory[0],
            _GROWTH: memory[-1] - memory[0],
            "KB per fit": 1000 * (memory[-1] - memory[0]) / n_later,
            _LAST: memory[-1] - memory[-2],
        }
        table.add(key, job.label, turns[key], threads=threads[key], columns=columns)
    table.relate("x skmnist", "skmnist")
