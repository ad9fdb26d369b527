"""Finished recipes for MNIST: accuracy, and the time that augmentation takes.

Scores each recipe and seed once on the test set and on scikit-learn's bundled 8x8
digits (the half that chose no default), framed like MNIST. The second table has the
time of an epoch with augmentation.
"""

from skmnist import DigitNormalizer, MLPDigitClassifier

from .._harness.data import flat, load, unseen_digits
from .._harness.recipe import (
    MOMENTS,
    RECIPE,
    compile_all,
    fit,
    make_model,
    mean_metrics,
)
from .._harness.worker import Turn, interleave

CHOICES = (
    "plain",
    "short-bare",
    "short",
    "small",
    "bare",
    "middle",
    "record",
    "cost",
)

# What recipes are compared with on the bundled digits: two with the same network
# without augmentation, two with the plain recipe.
_PAIRS = {
    "short": "short-bare",
    "middle": "bare",
    "small": "plain",
    "record": "plain",
}
OPTIONS = {
    "seeds": (3, 2, "fits of each recipe"),
    "rows": (60_000, 3000, "images to train on"),
    "epochs": (30, 1, "epochs of the network of 512-512 units"),
    "record_epochs": (115, 1, "epochs of the largest network"),
    "rounds": (5, 1, "turns of the second table"),
    "cost_epochs": (10, 1, "epochs per turn of the second table"),
}


def run(report, only, rows, **sizes):
    data = load("mnist", rows)
    only = set(only or CHOICES)
    cost = sizes.pop("rounds"), sizes.pop("cost_epochs")
    if finished := only - {"cost"}:
        _finished(report, data, finished, **sizes)
    if "cost" in only:
        _cost(report, data, *cost)


def finished_recipes(epochs, record_epochs):
    """Return label, parameters and accuracy to reach of each recipe."""
    robust = RECIPE | {"sharp": True, "adversarial_epsilon": 0.08}
    middle = robust | {"epochs": epochs}
    few = min(20, record_epochs)
    short = RECIPE | {"hidden_units": 256, "batch_size": 128, "epochs": few}
    return {
        "plain": (
            f"256-256, {few} epochs, dropout 0.3, no augmentation",
            {
                "learning_rate_schedule": "linear",
                "dropout": 0.3,
                "epochs": few,
            },
            98.5,
        ),
        "short-bare": (
            f"256-256, {few} epochs, dropout 0.1, no augmentation",
            short | {"augmentation": None},
            None,
        ),
        "short": ("256-256, the same, augmentation", short, None),
        "small": (
            f"256-256, {2 * epochs} epochs, augmentation",
            robust
            | {
                "hidden_units": 256,
                "dropout": 0.0,
                "batch_size": 128,
                "epochs": 2 * epochs,
            },
            99.2,
        ),
        "bare": (
            f"512-512, {epochs} epochs, no augmentation",
            middle | {"augmentation": None},
            None,
        ),
        "middle": (f"512-512, {epochs} epochs, augmentation", middle, None),
        "record": (
            f"704-704, {record_epochs} epochs, loss-based sampling, normalized",
            robust
            | {
                "hidden_units": 704,
                "dropout": 0.0,
                "hard_fraction": 0.5,
                "learning_rate": 0.002,
                "augmentation__rotation": 10,
                "augmentation__elastic_alpha": 40,
                "epochs": record_epochs,
                "normalizer": MOMENTS,
            },
            99.55,
        ),
    }


def _finished(report, data, only, seeds, epochs, record_epochs):
    recipes = finished_recipes(epochs, record_epochs)
    recipes = {key: recipe for key, recipe in recipes.items() if key in only}
    unseen, y_unseen = unseen_digits()
    framed = flat(DigitNormalizer().fit_transform(unseen), 255)

    models = {key: make_model(params) for key, (_, params, _) in recipes.items()}
    compile_all(models, data)

    def turn(key, seed):
        model, seconds = fit(models[key], data.x_train, data.y_train, seed)
        bundled = 100 * model.score(framed, y_unseen)
        return Turn(
            seconds, model.score(data.x_test, data.y_test), {"bundled %": bundled}
        )

    turns = interleave(recipes, seeds, turn)
    table = report.table("Finished recipes: seconds per fit, accuracy on the test set")
    for key, (label, _, percent) in recipes.items():
        table.add(key, label, turns[key], columns=mean_metrics(turns[key]))
        if percent is not None:
            table.target(key, "accuracy %", table.accuracy(key), at_least=percent)
    if "record" in table.lines:
        table.target("record", "s", table.median("record"), at_most=900)
    for key, other in _PAIRS.items():
        if {key, other} <= table.lines.keys():
            gain = table.column(key, "bundled %") - table.column(other, "bundled %")
            table.target(key, f"points of bundled above {other}", gain, at_least=3)


def _cost(report, data, rounds, epochs):
    models = {
        key: MLPDigitClassifier(augmentation=augmentation, epochs=epochs)
        for key, augmentation in (
            ("none", None),
            ("affine", "affine"),
            ("elastic", "elastic"),
        )
    }

    def turn(key, seed):
        model, seconds = fit(models[key], data.x_train, data.y_train, seed)
        return Turn(seconds, model.score(data.x_test, data.y_test))

    compile_all(models, data)
    turns = interleave(models, rounds, turn)
    table = report.table(f"An epoch of the default network, of {epochs}")
    for key in models:
        table.add(key, f"augmentation {key}", turns[key], per=epochs)
    table.relate("x none", "none")
    for key in "affine", "elastic":
        table.target(key, "x none", table.ratio(key, "none"), at_most=1.6)
