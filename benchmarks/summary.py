"""What the other benchmarks found last, as one table of times in units of skmnist's.

It reads the files that they write into build/benchmarks; the README has what it prints.
"""

import json
from pathlib import Path

OPTIONS = {}
_FOLDER = Path("build", "benchmarks")
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


def summarise(folder):
    """Make the table out of the files of a folder.

    Parameters
    ----------
    folder : Path
        Has a file of each benchmark that was run.

    Returns
    -------
    list of list of str
        Headings, and a row for each benchmark that is there.
    """
    rows = [["time, and accuracy in %", *_CONTENDERS.values()]]
    for label, benchmark, number in _ROWS:
        path = folder / f"{benchmark}.json"
        if path.exists():
            table = json.loads(path.read_text())["tables"][number]
            lines = {line["key"]: line for line in table["lines"]}
            rows.append([label, *(_cell(lines, key) for key in _CONTENDERS)])
    return rows


def _cell(lines, key):
    if key not in lines or "skmnist" not in lines:
        return "–"
    ratio = lines[key]["median_seconds"] / lines["skmnist"]["median_seconds"]
    digits = 0 if ratio >= 10 else 1 if key == "skmnist" else 2
    accuracy = lines[key]["accuracy"]
    percent = f", {100 * sum(accuracy) / len(accuracy):.1f}" if accuracy else ""
    return f"{ratio:.{digits}f} x{percent}".replace("1.0 x", "1 x")


def run(report):
    rows = summarise(_FOLDER)
    rows.insert(1, ["---"] * len(rows[0]))
    report.note("\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows))
