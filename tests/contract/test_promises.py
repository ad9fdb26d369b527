"""The pages of promises and of dependencies say what is so."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROMISES = (ROOT / "docs" / "promises.md").read_text("utf-8")
AUDIT = runpy.run_path(str(ROOT / "tools" / "audit_dependencies.py"))
ROWS = [line for line in PROMISES.splitlines() if line.startswith("| **")]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("**")[1])
def test_every_promise_names_tests_that_exist(row):
    names = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)

    assert names
    for path, name in names:
        assert f"\ndef {name}(" in (ROOT / path).read_text("utf-8"), (path, name)


def test_there_are_promises():
    assert len(ROWS) >= 12


@pytest.mark.parametrize(
    "command", re.findall(r"^python (\S+)", PROMISES, re.MULTILINE)
)
def test_the_scripts_exist(command):
    assert (ROOT / command).is_file()


def test_the_dependencies_have_permissive_licenses_and_are_on_the_page():
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    names = AUDIT["requirements"]() + AUDIT["requirements"]("onnx")

    assert len(names) >= 10
    assert AUDIT["not_accepted"](AUDIT["closure"](names)) == {}
    for name in names:
        assert f"\n| {name} |" in page
    assert AUDIT["page"]().startswith("# Dependencies\n")
