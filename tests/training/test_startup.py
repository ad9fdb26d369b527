"""A first fit writes nothing to stderr, and takes nothing from other writers."""

import os
import subprocess
import sys

from skmnist._training._startup import quiet_startup

FIT = """
import os, subprocess, sys, threading
import numpy as np
from skmnist import MLPDigitClassifier

def write():
    for i in range(200):
        os.write(2, b"E0101 other line %d\\n" % i)
        stop.wait(0.01)

stop = threading.Event()
thread = threading.Thread(target=write)
if "write" in sys.argv:
    thread.start()
x = np.random.default_rng(0).random((200, 64))
augmentation = "affine" if "augment" in sys.argv else None
model = MLPDigitClassifier(8, epochs=1, augmentation=augmentation)
model.fit(x, np.arange(200) % 3)
if "write" in sys.argv:
    thread.join()
"""


def stderr_of(*arguments, **environment):
    clean = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-c", FIT, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=clean | environment,
    ).stderr


def test_a_first_fit_writes_nothing_but_the_lines_of_other_threads():
    expected = [f"E0101 other line {i}" for i in range(200)]
    assert stderr_of("write", "augment").splitlines() == expected


def test_whoever_sets_the_log_level_sees_it():
    assert "cuda" in stderr_of(TF_CPP_MIN_LOG_LEVEL="0").lower()


def test_real_errors_come_out_and_stderr_is_put_back(capfd, monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    with quiet_startup():
        os.write(2, b"I0000 00:00:1 1 port.cc:153] oneDNN is on\nE0000 real\nhalf")
    os.write(2, b" a line\n")
    assert capfd.readouterr().err == "E0000 real\nhalf a line\n"


def test_blocks_of_threads_that_overlap_put_stderr_back(capfd, monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    first, second = quiet_startup(), quiet_startup()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    os.write(2, b"a line\n")
    assert capfd.readouterr().err == "a line\n"
