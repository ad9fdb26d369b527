"""The benchmarks run, and measure what they say; how fast things are is no test."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = (ROOT / "benchmarks").glob("**/[!_]*.py")
NAMES = sorted(path.stem for path in FILES if path.parent.name != "_harness")


def benchmarks(*arguments, cwd=ROOT):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def quick(name, *only, folder):
    """Run a benchmark at tiny size; return its tables, by the keys of their lines."""
    path = folder / f"{name}.json"
    only = ("--only", *only) if only else ()
    text = benchmarks(name, "--quick", "--json", str(path), *only)
    content = json.loads(path.read_text())
    assert content["benchmark"] == name
    assert content["machine"]["cores"] >= 1
    assert content["machine"]["versions"]["numpy"]
    assert content["others_share"] is None or 0 <= content["others_share"] <= 1
    assert content["failures"] == []
    for table in content["tables"]:
        assert f"### {table['title']}" in text
    return [{line["key"]: line for line in each["lines"]} for each in content["tables"]]


def check_line(line, *, has_accuracy=True):
    assert len(line["seconds"]) >= 1
    assert all(seconds > 0 for seconds in line["seconds"])
    assert all(ratio > 0 for ratio in line["ratios"].values())
    assert line["ratios"]
    if has_accuracy:
        assert len(line["accuracy"]) == len(line["seconds"])
        assert all(0.5 < accuracy <= 1 for accuracy in line["accuracy"])
    else:
        assert line["accuracy"] == []


def test_the_list_has_a_line_for_each():
    lines = benchmarks().splitlines()[: len(NAMES)]

    assert len(NAMES) > 8
    assert [line.split()[0] for line in lines] == NAMES
    assert all(len(line.split()) > 3 for line in lines)


@pytest.mark.slow
def test_fits_are_timed_beside_their_accuracy(tmp_path):
    (lines,) = quick("fit_small", "skmnist", "--cold-rounds", "0", folder=tmp_path)

    assert lines.keys() >= {"floor-1", "skmnist", "skmnist-1"}
    for key, line in lines.items():
        check_line(line, has_accuracy=not key.startswith("floor"))
        assert line["threads"]["pools"]
    assert lines["skmnist"]["ratios"]["x skmnist"] == 1
    assert "tensorflow" in lines["skmnist"]["threads"]
    assert "tensorflow" not in lines["floor-1"]["threads"]
    settings = lines["skmnist-1"]["threads"]["environment"]
    assert settings["TF_NUM_INTRAOP_THREADS"] == "1"
    # Its peers were left out.
    for key in "skmnist", "skmnist-plain":
        assert [target["met"] for target in lines[key]["targets"]] == [None] * 2


@pytest.mark.slow
def test_processes_are_timed_beside_their_prediction(tmp_path):
    imports, predictions = quick("cold_start", "skmnist", folder=tmp_path)

    assert imports.keys() == {"python", "skmnist"}
    for line in imports.values():
        check_line(line, has_accuracy=False)
    assert imports["python"]["columns"]["peak MB"] < 50
    assert imports["skmnist"]["columns"]["peak MB"] < 300  # no TensorFlow
    assert predictions.keys() == {"skmnist", "skmnist-pickle"}
    for line in predictions.values():
        check_line(line)


@pytest.mark.slow
@pytest.mark.usefixtures("mnist")
def test_the_profile_divides_by_the_matrix_products(tmp_path):
    tables = quick("step_profile", folder=tmp_path)

    assert len(tables) == 2  # a table for each precision
    for lines in tables:
        for line in lines.values():
            check_line(line, has_accuracy=False)
        products = lines["matrix products"]["median_seconds"]
        everything = lines["all"]["ratios"]["x matrix products"]
        assert everything == pytest.approx(lines["all"]["median_seconds"] / products)
        assert {"ResourceApplyAdam", "Cast"} <= lines.keys()


def test_the_summary_divides_by_the_time_of_skmnist(tmp_path):
    lines = [
        {"key": "skmnist", "median_seconds": 0.5, "accuracy": [0.98, 0.984]},
        {"key": "sklearn", "median_seconds": 1.25, "accuracy": [0.981]},
        {"key": "keras", "median_seconds": 20.0, "accuracy": []},
    ]
    content = {"tables": [{"title": "MNIST", "lines": lines}]}
    folder = tmp_path / "build" / "benchmarks"
    folder.mkdir(parents=True)
    (folder / "fit_mnist.json").write_text(json.dumps(content))
    text = benchmarks("summary", cwd=tmp_path)
    assert "| skmnist | `MLPClassifier` | Keras | scikeras |" in text
    assert "| MNIST: an epoch | 1 x, 98.2 | 2.50 x, 98.1 | 40 x | – | – |" in text
