"""Features: what each estimator does inside scikit-learn, found out by trying it."""

import pickle
import random
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

from .._harness.contenders import CONTENDERS, Network, missing
from .._harness.data import load
from .._harness.worker import Job, start

OPTIONS = {}
PEERS = ("skmnist", "sklearn", "scikeras", "keras-wrapper")
_EPOCHS = 3

_LOAD_AND_PREDICT = """
import pickle, sys
from pathlib import Path
import numpy as np
model = pickle.loads(Path(sys.argv[1]).read_bytes())
model.predict(np.zeros((1, 64), np.float32))
print("tensorflow" in sys.modules)
"""


class Trial:
    """One estimator, tried in a process of its own."""

    def __init__(self, key, full):
        self._make = CONTENDERS[key].make
        self._full = full

    def __call__(self):
        from sklearn.base import clone, is_classifier

        warnings.simplefilter("ignore")
        digits = load("digits")
        x, y = digits.x_train, digits.y_train
        network = Network(hidden_units=(64, 64), epochs=_EPOCHS)
        model = self._make(network).fit(x, y)
        parameters = model.get_params()
        before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
        copy = clone(self._make(network)).fit(x, y)
        after = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
        return {
            "dropout": _yes(_takes("dropout", parameters)),
            "class weights": _yes("class_weight" in parameters),
            "`is_classifier`, so that searches stratify": _yes(is_classifier(model)),
            f"epochs after `clone`, of {_EPOCHS} asked for": _epochs(copy),
            "fit leaves the global random states alone": _yes(before == after),
            "loads from a pickle and predicts without TensorFlow": _loads(model),
            "failed checks of `check_estimator`": self._failed_checks(),
        }

    def _failed_checks(self):
        if not self._full:
            return "not run"
        from sklearn.utils.estimator_checks import check_estimator

        results = check_estimator(self._make(Network()), on_fail=None, on_skip=None)
        names = {r["check_name"] for r in results if r["status"] == "failed"}
        return f"{len(names)} of {len({r['check_name'] for r in results})}"


def _takes(word, parameters):
    # The bridges hand settings on to a function of the user's.
    nested = parameters.get("model_kwargs") or {}
    return any(word in name for name in [*parameters, *nested])


def _epochs(model):
    history = getattr(model, "history_", None)
    if history is None:
        return str(model.n_iter_)
    return str(len(getattr(history, "history", history)["loss"]))


def _loads(model):
    try:
        content = pickle.dumps(model)
    except (AttributeError, TypeError, pickle.PicklingError) as error:
        return f"no: {type(error).__name__}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.pkl")
        path.write_bytes(content)
        done = subprocess.run(
            [sys.executable, "-c", _LOAD_AND_PREDICT, str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        return "no: " + done.stderr.splitlines()[-1].split(":")[0].split(".")[-1]
    return _yes("False" in done.stdout)


def _yes(answer):
    return "yes" if answer else "no"


def run(report):
    full = not report.options["quick"]
    keys = [key for key in PEERS if not missing(key)]
    found = {}
    for key in keys:
        with start(Job(CONTENDERS[key].label, Trial, (key, full))) as worker:
            found[key] = worker("__call__")
    rows = [["", *(CONTENDERS[key].label for key in keys)]]
    for feature in next(iter(found.values())):
        rows.append([feature, *(found[key][feature] for key in keys)])
    report.words(rows)
