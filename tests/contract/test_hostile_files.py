"""What files can do, and what a kill can."""

import pytest
from commands import TOOLS, run_python


@pytest.mark.posix
@pytest.mark.slow
def test_killed_while_saving_leaves_a_whole_file():
    assert "whole" in run_python(TOOLS / "kill_savers.py", "--kills", 20)


# Numbers of cases of tools/hostile_files.py that failed once.
FAILED_ONCE = [188, 481, 1691, 2809, 5203]


@pytest.mark.slow
@pytest.mark.posix
def test_hostile_files_are_refused_or_harmless():
    text = run_python(TOOLS / "hostile_files.py", "--cases", 500)

    assert "500 cases passed, 0 failed" in text


@pytest.mark.posix
@pytest.mark.slow
def test_hostile_files_that_did_harm_once():
    run_python(TOOLS / "hostile_files.py", "--only", *FAILED_ONCE)
