"""Whole processes: an import; a saved model loaded and one row predicted.

Wall time from the start of the process to its end, and its peak memory. Every process
must predict the label that the trained model gave.
"""

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from .._harness.contenders import CONTENDERS, Network
from .._harness.data import load
from .._harness.fits import chosen
from .._harness.worker import Job, Turn, interleave, start

CHOICES = ("skmnist", "sklearn", "keras", "scikeras")
OPTIONS = {"rounds": (15, 1, "processes of each kind")}
_ROOT = Path(__file__).parents[2]

# Contender, label and the code of a process.
_IMPORTS = {
    "python": ("python", "nothing", ""),
    "sklearn": ("sklearn", "sklearn.neural_network", "import sklearn.neural_network"),
    "skmnist": ("skmnist", "skmnist", "import skmnist"),
    "keras": ("keras", "tensorflow and keras", "import tensorflow, keras"),
    "scikeras": ("scikeras", "scikeras.wrappers", "import scikeras.wrappers"),
}
_UNPICKLE = """
import numpy, pickle
with open("{name}.pkl", "rb") as stream:
    print(pickle.load(stream).predict(numpy.load("row.npy"))[0])
"""
_LOAD = """
import numpy, skmnist
print(skmnist.load("skmnist.skops").predict(numpy.load("row.npy"))[0])
"""
_LOAD_KERAS = """
import keras, numpy
model = keras.saving.load_model("keras.keras")
print(model.predict(numpy.load("row.npy"), verbose=0).argmax())
"""
_PREDICTIONS = {
    "sklearn": (
        "sklearn",
        "scikit-learn MLPClassifier, pickle",
        _UNPICKLE.format(name="sklearn"),
    ),
    "skmnist-pickle": ("skmnist", "skmnist, pickle", _UNPICKLE.format(name="skmnist")),
    "skmnist": ("skmnist", "skmnist.load", _LOAD),
    "keras": ("keras", "Keras load_model", _LOAD_KERAS),
    "scikeras": ("scikeras", "scikeras, pickle", _UNPICKLE.format(name="scikeras")),
}
_PEAK = """
from benchmarks._harness.memory import peak_memory
print(peak_memory())
"""


class Saved:
    """Trains a contender and saves it in all of its formats."""

    def __init__(self, contender, folder):
        data = load("digits")
        model = CONTENDERS[contender].make(Network())
        model.fit(data.x_train, data.y_train)
        row = data.x_test[:1]
        self._label = int(model.predict(row)[0])
        np.save(folder / "row.npy", row)
        if contender == "keras":
            model.model_.save(folder / "keras.keras")
        else:
            (folder / f"{contender}.pkl").write_bytes(pickle.dumps(model))
        if contender == "skmnist":
            from skmnist import save

            save(model, folder / "skmnist.skops")

    def label(self):
        return self._label


def run(report, only, rounds):
    keys = chosen(CHOICES, only, report)
    table = report.table("A process that imports")
    _measure(table, _of(_IMPORTS, ["python", *keys]), {}, rounds, _ROOT)
    table.relate("x sklearn.neural_network", "sklearn")
    table.relate("x skmnist", "skmnist")
    ratio = table.ratio("skmnist", "sklearn")
    table.target("skmnist", "x sklearn.neural_network", ratio, at_most=1.1)

    table = report.table("A process that loads a model and predicts one row")
    with TemporaryDirectory() as folder:
        labels = {}
        for key in keys:
            job = Job(CONTENDERS[key].label, Saved, (key, Path(folder)))
            with start(job) as worker:
                labels[key] = worker("label")
        _measure(table, _of(_PREDICTIONS, keys), labels, rounds, folder)
    table.relate("x MLPClassifier", "sklearn")
    table.relate("x skmnist", "skmnist")
    for key in ("skmnist-pickle", "skmnist"):
        ratio = table.ratio(key, "sklearn")
        table.target(key, "x MLPClassifier", ratio, at_most=1.15)


def _of(processes, keys):
    return {key: each for key, each in processes.items() if each[0] in keys}


def _measure(table, processes, labels, rounds, folder):
    def turn(key, _):
        contender, _, code = processes[key]
        command = [sys.executable, "-c", code + _PEAK]
        start = time.perf_counter()
        process = subprocess.run(
            command, capture_output=True, text=True, cwd=folder, env=environment
        )
        seconds = time.perf_counter() - start
        if process.returncode:
            raise RuntimeError(f"{key}: {process.stderr}")
        *label, peak = process.stdout.split()
        correct = float(int(label[-1]) == labels[contender]) if labels else None
        return Turn(seconds, correct, {"peak MB": int(peak) / 1e6})

    paths = [str(_ROOT), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    interleave(processes, 1, turn)  # the files are in memory from here on
    turns = interleave(processes, rounds, turn)
    for key, (_, label, _) in processes.items():
        table.add(key, label, turns[key])
