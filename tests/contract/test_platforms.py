"""What only Linux and macOS have is not needed."""

import pytest
from commands import run_python

CODE = """
import os, signal, sys
import keras, skops.io, sklearn.pipeline  # they may look where they are
WINDOWS = {"SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM"}
for name in ("sysconf", "sched_getaffinity", "fork", "getuid", "geteuid", "fchmod"):
    if hasattr(os, name):
        delattr(os, name)
for name in dir(signal):
    if name.startswith("SIG") and name.isalpha() and name not in WINDOWS:
        delattr(signal, name)
for name in ("alarm", "setitimer", "pthread_sigmask", "siginterrupt"):
    if hasattr(signal, name):
        delattr(signal, name)

from skmnist.__main__ import run
sys.argv[1:] = ["train", "--data", "digits", "--epochs", "2", "--model", "m.skops"]
assert run() == 0

import skmnist
from skmnist.datasets import load_digits
digits = load_digits()
model = skmnist.load("m.skops")
model.set_params(mlp__random_state=0).fit(digits.x_train, digits.y_train)
skmnist.save(model, "m.skops")
print(model.score(digits.x_test, digits.y_test) > 0.5)
"""


@pytest.mark.slow
def test_without_what_windows_lacks(tmp_path):
    assert run_python(CODE, cwd=tmp_path).splitlines()[-1] == "True"
