import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import skmnist

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCK = (ROOT / "requirements.lock").read_text()
LOCKED = {
    canonicalize_name(name): Version(version)
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK, re.MULTILINE)
}
REQUIREMENTS = PROJECT["dependencies"] + [
    line for each in EXTRAS.values() for line in each
]


def test_the_version_has_one_source():
    assert str(Version(skmnist.__version__)) == skmnist.__version__
    assert importlib.metadata.version("skmnist") == skmnist.__version__
    assert PROJECT["dynamic"] == ["version"]


@pytest.mark.parametrize("line", REQUIREMENTS)
def test_the_lock_satisfies_every_bound(line):
    requirement = Requirement(line)

    assert LOCKED[canonicalize_name(requirement.name)] in requirement.specifier


@pytest.mark.parametrize("line", REQUIREMENTS)
def test_every_dependency_has_a_lower_bound_and_no_other(line):
    assert [bound.operator for bound in Requirement(line).specifier] == [">="]


def test_pre_commit_has_the_ruff_of_the_lock():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()

    assert f"rev: v{LOCKED['ruff']}" in hooks


def test_the_lock_has_hashes_and_names_no_index():
    packages = re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]

    assert len(packages) == len(LOCKED) > len(REQUIREMENTS)
    assert all("--hash=sha256:" in package for package in packages)
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", LOCK)


def test_the_wheel_has_the_package_and_nothing_else(tmp_path):
    # A copy, because building leaves files beside the source.
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("skmnist", "tests"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignore)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--wheel-dir", str(tmp_path), str(source)]
    subprocess.run(command, check=True, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    info = f"skmnist-{skmnist.__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.startswith(info)}
        metadata = archive.read(f"{info}/METADATA").decode()
        scripts = archive.read(f"{info}/entry_points.txt").decode()
        assert archive.read(f"{info}/licenses/LICENSE").startswith(b"BSD 3-Clause")
    expected = {
        path.relative_to(source).as_posix() for path in source.glob("skmnist/**/*.py")
    }
    expected |= {"skmnist/images/likeness.npz", "skmnist/reader.npz"}
    assert wheel.stat().st_size <= 2_000_000
    assert names == expected | {"skmnist/py.typed"}
    assert f"Version: {skmnist.__version__}\n" in metadata
    assert "License-Expression: BSD-3-Clause\n" in metadata
    assert "skmnist = skmnist.__main__:run" in scripts
