"""The command as a user runs it, and what it answers."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from skmnist.datasets import load_digits

TOOLS = Path(__file__).parents[2] / "tools"
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


def run_python(code, *arguments, env=(), **kwargs):
    """Run a program, or a file, in a process of its own; return what it prints."""
    program = [code] if isinstance(code, Path) else ["-c", code]
    done = subprocess.run(
        [sys.executable, *program, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | dict(env),
        **kwargs,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def finished(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def one_error(capsys):
    out, err = capsys.readouterr()
    assert re.fullmatch(r"skmnist: error: [^\n]+\n", err)
    return out, err
