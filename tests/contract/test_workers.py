"""Searches on many workers, some of which die; many threads; data beyond the memory.

The numbers that the documentation promises are reached with --full-size.
"""

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from commands import run_python
from joblib import parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError
from networks import DIGITS, X, Y, network, weights_of
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skmnist import PixelScaler

MLP = "mlpdigitclassifier__"


@pytest.fixture
def full_size(request):
    return request.config.getoption("--full-size")


class CountedScore:
    """A scorer that leaves a byte in a file per call, for others to see."""

    def __init__(self, path, die_at=None):
        self.path = str(path)
        self.die_at = die_at

    def __call__(self, model, x, y):
        with open(self.path, "ab", buffering=0) as stream:
            stream.write(b".")
        if self.die_at is not None and n_scored(self.path) >= self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return model.score(x, y)


def n_scored(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def search_of(scoring=None):
    """27 candidates, of three architectures."""
    return GridSearchCV(
        make_pipeline(PixelScaler(), network()),
        {
            MLP + "hidden_units": [8, 16, 32],
            MLP + "dropout": [0, 0.2, 0.45],
            MLP + "l2": [0, 1e-4, 1e-3],
        },
        scoring=scoring,
        cv=2,
    )


def scores_of(search):
    names = sorted(name for name in search.cv_results_ if "test_score" in name)
    assert len(names) == 5
    return np.array([search.cv_results_[name] for name in names])


@pytest.fixture(scope="module")
def undisturbed():
    scores = scores_of(search_of().fit(DIGITS.x_train, DIGITS.y_train))
    assert len(np.unique(scores[1])) > 10
    return scores


# --- processes -------------------------------------------------------------------


@pytest.fixture(scope="module")
def dask():
    import dask
    from distributed import Client, LocalCluster

    with (
        # Else Dask drops copies of the rows now and then.
        dask.config.set({"distributed.scheduler.active-memory-manager.start": False}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=None,
            silence_logs="CRITICAL",
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.mark.slow
def test_dask_gives_the_scores_of_one_process(undisturbed, dask):
    with parallel_config(backend="dask"):
        search = search_of().fit(DIGITS.x_train, DIGITS.y_train)
    assert_array_equal(scores_of(search), undisturbed)


@pytest.mark.parametrize("moment", [1, 20])
@pytest.mark.posix
@pytest.mark.slow
def test_a_killed_dask_worker_changes_no_score(moment, undisturbed, dask, tmp_path):
    from distributed import Future

    victim = sorted(dask.run(os.getpid).values())[moment % 2]

    def kill():
        while n_scored(path) < moment:
            if stopped.wait(0.005):
                return
        # What only the victim holds would be lost, and the search with it.
        rows = [Future(key, dask) for key in dask.who_has() if "ndarray-" in str(key)]
        assert len(rows) == 6  # X, y and two folds of two
        dask.replicate(rows)
        os.kill(victim, signal.SIGKILL)

    path = tmp_path / "scored"
    stopped = threading.Event()
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with parallel_config(backend="dask"):
            search = search_of(CountedScore(path))
            search.fit(DIGITS.x_train, DIGITS.y_train)
    finally:
        stopped.set()
        killer.join()
    assert_array_equal(scores_of(search), undisturbed)
    assert n_scored(path) >= 54
    dask.wait_for_workers(2)
    assert victim not in dask.run(os.getpid).values()


@pytest.mark.posix
@pytest.mark.slow
def test_a_search_after_a_killed_loky_worker(undisturbed, tmp_path):
    search = search_of(CountedScore(tmp_path / "scored", die_at=9))
    with parallel_config(backend="loky", n_jobs=2):
        with pytest.raises(TerminatedWorkerError):
            search.fit(DIGITS.x_train, DIGITS.y_train)
        search = clone(search).set_params(scoring=None)
        search.fit(DIGITS.x_train, DIGITS.y_train)
    assert_array_equal(scores_of(search), undisturbed)


# --- threads ---------------------------------------------------------------------


def test_a_search_in_threads(undisturbed):
    with parallel_config(backend="threading", n_jobs=4):
        search = search_of().fit(DIGITS.x_train, DIGITS.y_train)
    assert_array_equal(scores_of(search), undisturbed)


def test_sixteen_threads_predict_as_one(full_size):
    n_calls = 100_000 if full_size else 3200
    model = make_pipeline(PixelScaler(), network(256))
    model.fit(DIGITS.x_train, DIGITS.y_train)
    sizes = [1, 2, 7, 50]
    serial = {n: model.predict_proba(DIGITS.x_test[:n]) for n in sizes}

    def predict(i):
        n = sizes[i % len(sizes)]
        return np.array_equal(model.predict_proba(DIGITS.x_test[:n]), serial[n])

    with ThreadPoolExecutor(16) as pool:
        right = list(pool.map(predict, range(n_calls)))
    assert len(right) == n_calls
    assert all(right)


def test_four_threads_fit_as_one(full_size):
    n_fits = 200 if full_size else 10
    kinds = [
        {"hidden_units": 16},
        {"hidden_units": 16, "l2": 1e-3},
        {"hidden_units": (24,), "early_stopping": True},
        {"hidden_units": (24,), "dtype": "float64"},
        {"augmentation": "elastic"},
    ]

    def fit(kind):
        model = network(**kinds[kind]).fit(X, Y)
        return b"".join(map(np.ndarray.tobytes, weights_of(model)))

    serial = [fit(kind) for kind in range(5)]
    assert len(set(serial)) == 5

    def fit_all(first):
        return [fit((first + i) % 5) == serial[(first + i) % 5] for i in range(n_fits)]

    with ThreadPoolExecutor(4) as pool:
        right = [each for fits in pool.map(fit_all, range(4)) for each in fits]
    assert len(right) == 4 * n_fits
    assert all(right)


# --- data larger than memory ---------------------------------------------------------

LARGER_THAN_MEMORY = """
import sys, threading
import numpy as np
from skmnist import MLPDigitClassifier, PixelScaler
kind, path = sys.argv[1:]
scaler = PixelScaler(max_value=255).fit(np.zeros((1, 28, 28), np.uint8))
model = MLPDigitClassifier((16,), random_state=0)

def own_memory():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if "RssAnon" in line) / 1e3

def learn(x, y):
    model.partial_fit(scaler.transform(x), y, classes=range(10))

def chunks(x):
    if kind == "memory-mapped":
        for start in range(0, len(x), 5000):
            yield x[start : start + 5000]
    else:
        import dask.array as da
        rng, n = da.random.default_rng(0), (len(x), 28, 28)
        for block in rng.integers(0, 256, n, np.uint8, chunks=(5000, 28, 28)).blocks:
            yield block.compute(scheduler="synchronous")

def watch():
    while not done.wait(0.002):
        peaks.append(own_memory())

x = np.load(path, mmap_mode="r")
y = np.arange(5000) % 10
for chunk in chunks(x[:10_000]):  # imports and compiles
    learn(chunk, y)
peaks = [own_memory()]
done = threading.Event()
watcher = threading.Thread(target=watch)
watcher.start()
for chunk in chunks(x):
    learn(chunk, y)
done.set()
watcher.join()
print(model.n_iter_, x.nbytes / 1e6, max(peaks) - peaks[0], len(peaks))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("kind", ["memory-mapped", "Dask array"])
@pytest.mark.slow
def test_partial_fit_takes_no_copy_of_the_whole(kind, tmp_path, full_size):
    n_rows = 2_000_000 if full_size else 200_000
    shape = (n_rows, 28, 28)
    path = tmp_path / "x.npy"
    # A file with a hole takes no space on the disk, and is read as zeros.
    np.lib.format.open_memmap(path, "w+", np.uint8, shape).flush()
    out = run_python(LARGER_THAN_MEMORY, kind, path)
    n_epochs, n_megabytes, growth, n_looks = map(float, out.split())
    print(f"{n_megabytes:.0f} MB of data, {growth:.0f} MB more memory at most")
    assert n_epochs == n_rows / 5000 + 2
    assert n_looks > 10
    # As float32 it would be four times the size of the file.
    assert growth < 60 < n_megabytes / 2
