"""The README's code runs, in order, as a reader would type it."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from skmnist.datasets import load_digits

ROOT = Path(__file__).parents[1]


def blocks(language):
    text = (ROOT / "README.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_python_blocks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    namespace = {}
    found = blocks("python")
    assert len(found) >= 2
    for block in found:
        exec(compile(block, "README.md", "exec"), namespace)
    score, best = capsys.readouterr().out.splitlines()
    assert float(score) >= 0.96
    assert float(best.split()[-1]) >= 0.9


@pytest.mark.slow
def test_shell_blocks(tmp_path):
    np.save(tmp_path / "images.npy", load_digits().x_test[:3])
    lines = [line for block in blocks("console") for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("skmnist ")]
    assert len(commands) >= 3
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(command)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text()
    named = re.findall(r"^make (\w+)", "\n".join(blocks("console")), re.MULTILINE)
    assert {"demo", "test"} <= set(named)
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
