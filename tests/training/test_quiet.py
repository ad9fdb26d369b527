"""The first fit of a process writes nothing of TensorFlow's."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, threading, time
import numpy as np
from skmnist import MLPDigitClassifier
x = np.random.default_rng(0).random((50, 4))
done = threading.Event()
def others():
    while not done.wait(0.05):
        os.write(2, b"from another thread\\n")
if %r:
    threading.Thread(target=others).start()
MLPDigitClassifier(3, epochs=1).fit(x, x[:, 0] > 0.5)
done.set()
os.write(2, b"the end\\n")
"""


def stderr_of(others=False, **environment):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM % others],
        capture_output=True,
        text=True,
        check=True,
        env={k: v for k, v in os.environ.items() if k[:3] != "TF_"} | environment,
    )
    return done.stderr.splitlines()


def test_the_first_fit_of_a_process_is_quiet():
    assert stderr_of() == ["the end"]


def test_lines_of_other_threads_stay():
    *lines, end = stderr_of(others=True)
    assert end == "the end"
    assert len(lines) > 5
    assert set(lines) == {"from another thread"}


@pytest.mark.posix
def test_whoever_asks_for_the_log_gets_it():
    assert len(stderr_of(TF_CPP_MIN_LOG_LEVEL="0")) > 3
