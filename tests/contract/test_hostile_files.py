"""What files can do, and what a kill can."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


def run_script(name, *arguments):
    done = subprocess.run(
        [sys.executable, TOOLS / name, *map(str, arguments)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.posix
@pytest.mark.slow
def test_killed_while_saving_leaves_a_whole_file():
    assert "whole" in run_script("kill_savers.py", "--kills", 20)


# Numbers of cases of tools/hostile_files.py that failed once.
FAILED_ONCE = [188, 481, 1691, 2809, 5203]


@pytest.mark.slow
@pytest.mark.posix
def test_hostile_files_are_refused_or_harmless():
    text = run_script("hostile_files.py", "--cases", 500)

    assert "500 cases passed, 0 failed" in text


@pytest.mark.posix
@pytest.mark.slow
def test_hostile_files_that_did_harm_once():
    run_script("hostile_files.py", "--only", *FAILED_ONCE)
