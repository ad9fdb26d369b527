"""Fits, searches, saves, loads and predictions for hours: nothing may grow or change.

    python tools/soak.py --minutes 120

prints a line per minute, writes build/soak.json, and ends with 1 if a result has
changed, or if memory, file descriptors or threads have grown since the warm-up.
"""

import argparse
import gc
import hashlib
import itertools
import json
import os
import pickle
import platform
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np
from joblib import parallel_config
from joblib.externals.loky import get_reusable_executor
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import skmnist
from skmnist import MLPDigitClassifier, PixelScaler
from skmnist.datasets import load_digits

MEGABYTES = 20  # that the memory may have grown by after the warm-up
_DIGITS = load_digits()
_X, _Y, _X_TEST = _DIGITS.x_train, _DIGITS.y_train, _DIGITS.x_test


def network(units=32, **params):
    params = {"epochs": 3, "random_state": 0, **params}
    return make_pipeline(PixelScaler(), MLPDigitClassifier(units, **params))


# --- the work; each part returns bytes that must be the same each time ---------------


def weights(model):
    mlp = model[-1]
    return b"".join(map(np.ndarray.tobytes, mlp.coefs_ + mlp.intercepts_))


def fit():
    return weights(network().fit(_X, _Y))


def fit_with_all_settings():
    model = network(
        (24, 16),
        dtype="float64",
        early_stopping=True,
        class_weight="balanced",
        learning_rate_schedule="cosine",
        l2=1e-4,
    )
    return weights(model.fit(_X, _Y)) + model.predict_proba(_X_TEST).tobytes()


def go_on():
    rows = PixelScaler().fit_transform(_X)
    model = MLPDigitClassifier(16, random_state=0)
    for start in range(0, 1200, 300):
        chunk = slice(start, start + 300)
        model.partial_fit(rows[chunk], _Y[chunk], classes=range(10))
    return model.decision_function(rows).tobytes()


def many_networks(count=itertools.count(), size=20):  # noqa: B008
    """Fit one of more networks than skmnist keeps compiled."""
    units = 4 + next(count) % size
    model = network((units,), epochs=1).fit(_X[:200], _Y[:200])
    assert model[-1].coefs_[0].shape == (64, units)
    return b""


def search(**config):
    grid = {
        "mlpdigitclassifier__hidden_units": [8, 16],
        "mlpdigitclassifier__dropout": [0, 0.4],
    }
    with parallel_config(**config):
        found = GridSearchCV(network(epochs=1), grid, cv=2).fit(_X, _Y)
    return found.cv_results_["mean_test_score"].tobytes() + weights(
        found.best_estimator_
    )


def search_alone():
    return search(backend="threading", n_jobs=1)


def search_in_threads():
    return search(backend="threading", n_jobs=2)


def search_in_processes():
    try:
        return search(backend="loky", n_jobs=2)
    finally:
        get_reusable_executor().shutdown(wait=True)


def save_and_load():
    model = network().fit(_X, _Y)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.skops"
        for _ in range(3):
            skmnist.save(model, path)
            model = skmnist.load(path)
        assert os.listdir(folder) == ["model.skops"]
    model = pickle.loads(pickle.dumps(model))
    return model.predict_proba(_X_TEST).tobytes()


def predict():
    model = network().fit(_X, _Y)
    serial = model.predict_proba(_X_TEST[:5]).tobytes()

    def again(_):
        return model.predict_proba(_X_TEST[:5]).tobytes() == serial

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(again, range(200)))
    return serial + model.predict(np.tile(_X_TEST, (5, 1, 1))).tobytes()


def refuse():
    model = network().fit(_X, _Y)
    before = weights(model)
    for x, y in ((_X[:, :4], _Y[:-1]), (_X + np.nan, _Y), (_X, None)):
        try:
            clone(model).fit(x, y)
            model[-1].fit(x.reshape(len(x), -1), y)
        except ValueError:
            continue
        raise AssertionError("bad input was taken")
    assert weights(model) == before
    return before


PARTS = [
    fit,
    fit_with_all_settings,
    go_on,
    many_networks,
    search_alone,
    search_in_threads,
    save_and_load,
    predict,
    refuse,
]
ONCE_IN = 20  # rounds: processes take seconds to start


# --- what may not grow ---------------------------------------------------------------


def resources():
    gc.collect()
    status = Path("/proc/self/status").read_text().splitlines()
    values = dict(line.split(":", 1) for line in status)
    return {
        "MB": int(values["RssAnon"].split()[0]) / 1e3,
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": int(values["Threads"]),
    }


class Soak:
    """The results so far, and what they say."""

    def __init__(self, minutes):
        self.end = time.monotonic() + 60 * minutes
        self.start = time.monotonic()
        self.first, self.calls, self.changed = {}, {}, []
        self.looks = []  # (minutes, resources)
        self.error = None

    def run(self):
        for i in itertools.count():
            parts = PARTS + [search_in_processes] * (i % ONCE_IN == 0)
            for part in parts:
                self.call(part)
            self.looks.append((self.minutes(), resources()))
            self.tell()
            if i >= 2 and time.monotonic() > self.end:
                return

    def minutes(self):
        return (time.monotonic() - self.start) / 60

    def call(self, part):
        name = part.__name__
        digest = hashlib.sha256(part()).hexdigest()
        self.calls[name] = self.calls.get(name, 0) + 1
        if self.first.setdefault(name, digest) != digest:
            self.changed.append((name, self.calls[name]))

    def tell(self, told=[-1.0]):  # noqa: B006
        minutes, now = self.looks[-1]
        if minutes - told[0] >= 1:
            told[0] = minutes
            print(
                f"{minutes:6.1f} min  {sum(self.calls.values()):6} calls  "
                f"{now['MB']:6.0f} MB  {now['descriptors']:3} descriptors  "
                f"{now['threads']:3} threads  {len(self.changed)} results changed",
                flush=True,
            )

    def judge(self):
        """Compare the last tenth of the time with the first tenth after the warm-up."""
        # The compiled networks alone take some rounds to be as many as are kept.
        warm = self.looks[max(len(self.looks) // 5, 20) :] or self.looks[-1:]
        n = max(1, len(warm) // 10)
        growth = {
            key: median(look[key] for _, look in warm[-n:])
            - median(look[key] for _, look in warm[:n])
            for key in ("MB", "descriptors", "threads")
        }
        failures = [f"{name}: call {i} gave another result" for name, i in self.changed]
        for key, most in (("MB", MEGABYTES), ("descriptors", 0), ("threads", 0)):
            if growth[key] > most:
                failures.append(f"{growth[key]:.0f} more {key} than after the warm-up")
        if self.error:
            failures.append(self.error)
        return growth, failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--json", type=Path, default=Path("build/soak.json"))
    args = parser.parse_args()
    soak = Soak(args.minutes)
    try:
        soak.run()
    except BaseException:
        soak.error = traceback.format_exc()
    growth, failures = soak.judge() if soak.looks else ({}, [soak.error])
    result = {
        "minutes": soak.minutes(),
        "rounds": len(soak.looks),
        "calls": soak.calls,
        "growth": growth,
        "failures": failures,
        "looks": soak.looks[:: max(1, len(soak.looks) // 200)],
        "python": platform.python_version(),
        "machine": f"{platform.platform()}, {os.cpu_count()} cores",
    }
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps(result, indent=2) + "\n")
    print(f"growth after the warm-up: {growth}")
    print("\n".join(f"FAILED: {text}" for text in failures) or "nothing has changed")
    print(f"Written to {args.json}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
