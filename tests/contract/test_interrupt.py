"""Ctrl-C at random moments: prompt, one line, nothing half done."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from commands import run_python
from networks import DIGITS, X, Y, network

import skmnist

pytestmark = [pytest.mark.posix, pytest.mark.slow]
PROMPT = 15  # seconds, on a busy machine
COMMANDS = ["train", "tune", "predict", "evaluate"]
DONE_SOON = ["predict", "evaluate"]


@pytest.fixture(scope="module")
def n_moments(request):
    return 100 if request.config.getoption("--full-size") else 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model, and a file of images that takes a while to read."""
    folder = tmp_path_factory.mktemp("interrupted")
    skmnist.save(network(epochs=1).fit(X, Y), folder / "model.skops")
    many = np.tile(DIGITS.x_test.reshape(-1, 64), (100, 1))
    np.savez(folder / "many.npz", x_test=many, y_test=np.tile(DIGITS.y_test, 100))
    return folder


# What pip makes of the command, after its first lines. Background jobs of a shell,
# which the tests may be, are deaf to Ctrl-C.
SCRIPT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
print("Python has started", flush=True)
from skmnist.__main__ import run
sys.exit(run())
"""


def start(command, folder, out):
    model, data = folder / "model.skops", folder / "many.npz"
    arguments = {
        "train": ["--data", "digits", "--model", out, "--epochs", "100000"],
        "tune": ["--data", "digits", "--model", out, "--epochs", "100000"],
        "predict": ["--model", model, *[data] * 20],
        "evaluate": ["--model", model, "--data", data],
    }
    # With TensorFlow's messages, which a user may have asked for, err has more lines.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_CPP_")}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, command, *map(str, arguments[command])],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    assert process.stdout.readline() == "Python has started\n"
    return process


def test_commands(folder, n_moments, tmp_path):
    moments = random.Random(0)
    out = tmp_path / "out.skops"
    old = (folder / "model.skops").read_bytes()
    ends = []
    for i in range(n_moments):
        out.write_bytes(old)
        command = COMMANDS[i % len(COMMANDS)]
        process = start(command, folder, out)
        time.sleep(moments.uniform(0.05, 4 if command in DONE_SOON else 10))
        os.killpg(process.pid, signal.SIGINT)
        pressed = time.monotonic()
        _, err = process.communicate(timeout=60)
        seconds = time.monotonic() - pressed
        ends.append((command, process.returncode))
        # Those that use a model may have done their work before.
        done = command in DONE_SOON and process.returncode == 0
        expected = (0, "") if done else (130, "skmnist: interrupted\n")
        assert (process.returncode, err) == expected, command
        assert seconds < PROMPT
        assert out.read_bytes() == old
        assert os.listdir(tmp_path) == ["out.skops"]
    print(ends)
    assert len(ends) == n_moments
    assert sum(code == 130 for _, code in ends) >= n_moments / 2


PROGRAM = """
import json, random, signal, sys, threading, time
import numpy as np
from sklearn.model_selection import GridSearchCV
from skmnist import MLPDigitClassifier

rng = np.random.default_rng(0)
x = rng.random((3000, 20), dtype=np.float32)
y = x[:, :4].argmax(axis=1)

signal.signal(signal.SIGINT, signal.default_int_handler)

def digest():
    model = MLPDigitClassifier(24, epochs=3, random_state=0).fit(x[:300], y[:300])
    return [w.tobytes().hex() for w in model.coefs_ + model.intercepts_]

def state(model):
    return [w.tobytes() for w in model.coefs_ + model.intercepts_]

def slow_fit(units):
    model.set_params(hidden_units=units).fit(x, y)

def slow_partial_fit(units):
    while True:
        model.set_params(hidden_units=8).partial_fit(x, y)

def slow_search(units):
    grid = {"hidden_units": [units, units + 1], "dropout": [0, 0.5]}
    GridSearchCV(slow, grid, cv=2).fit(x, y)

n_moments = int(sys.argv[1])
fresh = digest()
slow = MLPDigitClassifier(epochs=10**6, random_state=0)
moments, waits = random.Random(n_moments), []
for i in range(n_moments):
    model = MLPDigitClassifier(8, epochs=1, random_state=0).fit(x, y)
    model.set_params(epochs=10**6)
    before = state(model)
    timer = threading.Timer(
        moments.choice([0.02, 0.3, 3]) * moments.random(),
        lambda: (pressed.append(time.monotonic()), signal.raise_signal(signal.SIGINT)),
    )
    pressed = []
    work = [slow_fit, slow_search, slow_partial_fit][i % 3]
    try:
        timer.start()
        # Another architecture each time: compiling is interrupted, too.
        work(9 + i // 6)
    except KeyboardInterrupt:
        waits.append(time.monotonic() - pressed[0])
    else:
        sys.exit("not interrupted")
    if work is not slow_partial_fit:
        assert state(model) == before
    assert digest() == fresh
print(json.dumps({"waits": waits, "fresh": fresh}))
"""


def test_fits_and_searches(n_moments):
    interrupted = json.loads(run_python(PROGRAM, n_moments))
    assert len(interrupted["waits"]) == n_moments
    assert max(interrupted["waits"]) < PROMPT
    print(f"longest wait {max(interrupted['waits']):.2f} s")
    assert interrupted["fresh"] == json.loads(run_python(PROGRAM, 0))["fresh"]


# The first fit imports TensorFlow, which cannot be imported again after half of it.
FIRST_FIT = """
import random, signal, sys, threading
import numpy as np
from skmnist import MLPDigitClassifier

signal.signal(signal.SIGINT, signal.default_int_handler)
moment = random.Random(sys.argv[1]).uniform(0, 2.5)
threading.Timer(moment, signal.raise_signal, [signal.SIGINT]).start()
x = np.eye(20, dtype=np.float32)
try:
    MLPDigitClassifier(8, epochs=10**6).fit(x, np.arange(20) % 2)
except KeyboardInterrupt:
    model = MLPDigitClassifier(8, epochs=2, random_state=0).fit(x, np.arange(20) % 2)
    print(model.history_["loss"])
"""


def test_first_fits(n_moments):
    losses = {run_python(FIRST_FIT, seed) for seed in range(n_moments // 5 + 1)}
    assert len(losses) == 1
    assert losses.pop().startswith("[0.")
