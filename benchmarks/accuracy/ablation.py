"""Recipes for MNIST: what each ingredient contributes.

Changes one ingredient of a recipe at a time. Each network is trained on one half of the
training images and scored on the other half, both ways. The halves have different
writers (Yadav and Bottou, "Cold case: the lost MNIST digits", 2019). The test set is
not read.
"""

import numpy as np
from sklearn.metrics import log_loss

from .._harness.data import load
from .._harness.recipe import (
    MOMENTS,
    RECIPE,
    compile_all,
    fit,
    make_model,
    mean_metrics,
)
from .._harness.worker import Turn, interleave

_CHANGES = {
    "recipe": ("the recipe", {}),
    "plain": ("no augmentation", {"augmentation": None}),
    "affine": ("no elastic displacement", {"augmentation__elastic_alpha": 0}),
    "elastic": (
        "no rotation and scaling",
        {"augmentation__rotation": 0, "augmentation__scale": 0},
    ),
    "finer": (
        "finer elastic displacement",
        {"augmentation__elastic_alpha": 34, "augmentation__elastic_sigma": 4},
    ),
    "drift": ("not recentered", {"augmentation__recenter": False}),
    "distorted": ("distorted to the end", {"augmentation__clean_fraction": 0}),
    "turned": ("rotation by up to 10 degrees", {"augmentation__rotation": 10}),
    "shear": ("shear added", {"augmentation__shear": 10}),
    "shift": ("shift added", {"augmentation__shift": 1}),
    "silu": ("SiLU", {"activation": "silu"}),
    "constant": ("constant learning rate", {"learning_rate_schedule": "constant"}),
    "cosine": ("cosine learning rate", {"learning_rate_schedule": "cosine"}),
    "no-dropout": ("no dropout", {"dropout": 0.0}),
    "dropout": ("dropout 0.3", {"dropout": 0.3}),
    "l2": ("L2 added", {"l2": 1e-5}),
    "small": ("256-256 units", {"hidden_units": 256}),
    "large": ("1024-1024 units", {"hidden_units": 1024}),
    "hard": ("loss-based sampling", {"hard_fraction": 0.5}),
    "adversarial": ("adversarial training", {"adversarial_epsilon": 0.05}),
    "sharp": ("unsharp mask", {"sharp": True}),
    "sharp-adversarial": (
        "unsharp mask and stronger adversarial training",
        {"sharp": True, "adversarial_epsilon": 0.08},
    ),
    "deslant": ("deslanting", {"normalizer": {"deslant": True}}),
    "moments": ("deslanting and moment normalization", {"normalizer": MOMENTS}),
    "plain-moments": (
        "the same, no augmentation",
        {"normalizer": MOMENTS, "augmentation": None},
    ),
}
CHOICES = tuple(_CHANGES)
OPTIONS = {
    "seeds": (3, 2, "pairs of fits of each recipe"),
    "rows": (60_000, 3000, "images"),
    "epochs": (30, 1, "epochs of a fit"),
}


def run(report, only, seeds, rows, epochs):
    data = load("mnist", rows)
    half = len(data.y_train) // 2
    both = slice(half), slice(half, None)
    changes = {key: _CHANGES[key] for key in CHOICES if not only or key in only}
    models = {
        key: make_model(RECIPE | {"epochs": epochs} | change)
        for key, (_, change) in changes.items()
    }
    compile_all(models, data)

    def turn(key, seed):
        seconds, hits, losses = [], [], []
        for train, test in (both, both[::-1]):
            X, y = data.x_train[test], data.y_train[test]
            model, took = fit(
                models[key], data.x_train[train], data.y_train[train], seed
            )
            proba = model.predict_proba(X)
            seconds.append(took)
            hits.append(np.mean(model.classes_[proba.argmax(axis=1)] == y))
            losses.append(log_loss(y, proba, labels=model.classes_))
        return Turn(np.mean(seconds), np.mean(hits), {"log loss": np.mean(losses)})

    turns = interleave(models, seeds, turn)
    table = report.table(
        f"Ingredients, {epochs} epochs of {half} images: seconds per fit, accuracy on "
        f"the other half, both ways"
    )
    for key, (label, _) in changes.items():
        table.add(key, label, turns[key], columns=mean_metrics(turns[key]))
    table.relate("x recipe", "recipe")
    report.figure(_picture(table))


def _picture(table):
    from matplotlib.figure import Figure

    lines = sorted(table.lines.values(), key=lambda line: np.mean(line["accuracy"]))
    figure = Figure(figsize=(8, 5), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for i, line in enumerate(lines):
        color = "C1" if line is table.lines.get("recipe") else "C0"
        values = 100 * np.array(line["accuracy"])
        error = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else 0
        left.errorbar(values.mean(), i, xerr=error, fmt="o", capsize=3, color=color)
        right.plot(line["median_seconds"], i, "o", color=color)
    left.set_yticks(range(len(lines)), [line["contender"] for line in lines])
    left.set_xlabel("accuracy on held-out images, %")
    right.set(xlabel="seconds per fit", xlim=(0, None))
    for ax in left, right:
        ax.grid(alpha=0.3)
    figure.suptitle("One ingredient taken out, changed or added")
    return figure
