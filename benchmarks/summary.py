"""What the other benchmarks found last, as one table of times in units of skmnist's.

It reads the files that they write into build/benchmarks, and prints a table for a
page of text.
"""

import json

from ._harness.report import FOLDER

OPTIONS = {}
_ROWS = (
    ("MNIST: an epoch", "fit_mnist", 0),
    ("digits: one more fit of 20 epochs", "fit_small", 0),
    ("digits: search of 27 candidates, 3 folds, 20 epochs", "grid_search", 0),
    ("predict 1 row", "predict", 0),
    ("predict 10,000 rows", "predict", 2),
    ("new process: load a model, predict a row", "cold_start", 1),
)
_CONTENDERS = {
    "skmnist": "skmnist",
    "sklearn": "`MLPClassifier`",
    "keras": "Keras",
    "scikeras": "scikeras",
    "keras-wrapper": "`SKLearnClassifier`",
}


def run(report):
    rows = [["time, and accuracy in %", *_CONTENDERS.values()]]
    for label, benchmark, number in _ROWS:
        path = FOLDER / f"{benchmark}.json"
        if path.exists():
            table = json.loads(path.read_text())["tables"][number]
            lines = {line["key"]: line for line in table["lines"]}
            rows.append([label, *(_cell(lines, key) for key in _CONTENDERS)])
    report.words(rows)


def _cell(lines, key):
    if key not in lines or "skmnist" not in lines:
        return "–"
    ratio = lines[key]["median_seconds"] / lines["skmnist"]["median_seconds"]
    times = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
    accuracy = lines[key]["accuracy"]
    percent = f", {100 * sum(accuracy) / len(accuracy):.1f}" if accuracy else ""
    return f"{'1' if key == 'skmnist' else times} x{percent}"
