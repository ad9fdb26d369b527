"""The command as a user runs it, and what it answers."""

import os
import re
import subprocess
import sys

import numpy as np

from skmnist.datasets import load_digits

DIGITS = load_digits()
TRAIN = ["train", "--data", "digits", "--epochs", "3"]
X = "x_train", "x_test"
NAMES = np.array([f"digit {i}" for i in range(10)])


def command(*args, **kwargs):
    """Run the command as a user does, in a process of its own."""
    # As a user's: what this environment says of TensorFlow's log shall not count.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_CPP_")}
    return subprocess.Popen(
        [sys.executable, "-m", "skmnist", *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment | kwargs.pop("env", {}),
        **kwargs,
    )


def finished(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def one_error(capsys):
    out, err = capsys.readouterr()
    assert re.fullmatch(r"skmnist: error: [^\n]+\n", err)
    return out, err
