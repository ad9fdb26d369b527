"""Tabular peers: SVC and RealMLP beside skmnist, on few images.

Each fit has a process of its own; its processor time has all imports and compilation.
RealMLP needs pytabkit, which no extra of skmnist installs. A fit takes minutes on the
bundled digits, and much longer on MNIST: `--rows 0` leaves that out.
"""

import time
from importlib.util import find_spec

from .._harness.data import load
from .._harness.fits import accuracy
from .._harness.recipe import make_model
from .._harness.worker import Job, Turn, fresh_turns
from .recipes import finished_recipes

OPTIONS = {
    "seeds": (3, 1, "fits of each contender"),
    "rows": (10_000, 500, "images of MNIST to train on; 0: only the bundled digits"),
    "record_epochs": (115, 2, "epochs of the largest network"),
}


def default(epochs, seed):
    return make_model({"random_state": seed})


def record(epochs, seed):
    _, params, _ = finished_recipes(30, epochs)["record"]
    return make_model(params).set_params(mlpdigitclassifier__random_state=seed)


def svc(epochs, seed):
    from sklearn.svm import SVC

    return SVC(C=10, random_state=seed)


def realmlp(epochs, seed):
    from pytabkit import RealMLP_TD_Classifier

    return RealMLP_TD_Classifier(random_state=seed, device="cpu", verbosity=0)


CHOICES = {
    "default": ("skmnist, the defaults", default),
    "record": ("skmnist, 704-704 units, normalized, augmented", record),
    "svc": ("scikit-learn SVC(C=10)", svc),
    "realmlp": ("pytabkit RealMLP_TD_Classifier", realmlp),
}


class Peer:
    """A contender on one data set; a turn is a whole fit."""

    def __init__(self, make, epochs, *data):
        self._make, self._epochs, self._data = make, epochs, load(*data)

    def turn(self, seed):
        data, start = self._data, time.process_time()
        model = self._make(self._epochs, seed).fit(data.x_train, data.y_train)
        return Turn(time.process_time() - start, accuracy(model, data))


def run(report, only, seeds, rows, record_epochs):
    chosen = dict.fromkeys(only or CHOICES)
    if "realmlp" in chosen and find_spec("pytabkit") is None:
        report.note("realmlp is left out: pytabkit not installed")
        del chosen["realmlp"]
    for data, n_rows in (("mnist", rows), ("digits", None)):
        jobs = {
            key: Job(label, Peer, (make, record_epochs, data, n_rows))
            for key, (label, make) in CHOICES.items()
            if key in chosen and (data, key) != ("digits", "record")  # of 28x28 pixels
        }
        if not jobs or n_rows == 0:
            continue
        turns, threads = fresh_turns(jobs, seeds)
        name = f"{n_rows:,} images of MNIST" if n_rows else "Bundled digits"
        table = report.table(f"{name}: seconds of processor time per fit")
        for key, job in jobs.items():
            table.add(key, job.label, turns[key], threads=threads[key])
        table.relate("x default", "default")
