"""Recipes for MNIST: what each ingredient is worth, and how far they reach.

The first table takes ingredients out of a recipe and puts others in; the accuracy is
that on the last sixth of the training images, which the fits do not see, and which
alone decides. The second table reads the test set, once for each finished recipe and
seed, and scikit-learn's bundled 8x8 digits (the half that was not looked at when the
defaults were chosen), framed like MNIST. The third tells what augmentation costs.
"""

import copy
import time

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline, make_pipeline

from skmnist import (
    DigitNormalizer,
    ImageAugmentation,
    MLPDigitClassifier,
    PixelScaler,
)

from ._data import flat, load, unseen_digits
from ._worker import Turn, interleave

ENTRANTS = ("ingredients", "plain", "small", "bare", "middle", "upright", "cost")
OPTIONS = {
    "seeds": (3, 2, "fits of each recipe"),
    "rows": (60_000, 3000, "images to train on"),
    "epochs": (30, 1, "epochs of a fit of the first table"),
    "record_epochs": (100, 1, "epochs of the large network of the second table"),
    "rounds": (5, 1, "turns of the third table"),
}
_ELASTIC = {
    "rotation": 15,
    "scale": 0.15,
    "elastic_alpha": 36,
    "elastic_sigma": 5,
    "recenter": True,
}
_RECIPE = {
    "hidden_units": 512,
    "dropout": 0.1,
    "batch_size": 256,
    "learning_rate": 0.0015,
    "learning_rate_schedule": "linear",
    "augmentation": ImageAugmentation(**_ELASTIC),
}
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
    "drift": ("not recentred", {"augmentation__recenter": False}),
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
    "upright": ("digits stood upright", {"upright": True}),
}


def run(report, only, seeds, rows, epochs, record_epochs, rounds):
    data = load("mnist", rows)
    only = only or ENTRANTS
    if "ingredients" in only:
        _ingredients(report, data, seeds, epochs)
    if finished := set(only) - {"ingredients", "cost"}:
        _finished(report, data, finished, seeds, epochs, record_epochs)
    if "cost" in only:
        _cost(report, data, rounds)


def _model(params):
    """Make a classifier, "upright" behind what makes slanted digits stand so."""
    params = copy.deepcopy(params)
    upright = params.pop("upright", False)
    network = MLPDigitClassifier().set_params(**params)
    if not upright:
        return network
    return make_pipeline(
        DigitNormalizer(deslant=True), PixelScaler(max_value=255), network
    )


def _fit(model, X, y, seed, **params):
    model = clone(model)
    network = model[-1] if isinstance(model, Pipeline) else model
    network.set_params(random_state=seed, **params)
    start = time.perf_counter()
    model.fit(X, y)
    return model, time.perf_counter() - start


def _compile(model, data):
    """Train on a few rows, so that no turn is longer for the first of its kind."""
    _fit(model, data.x_train[:500], data.y_train[:500], 0, epochs=1)


def _ingredients(report, data, seeds, epochs):
    n_kept = len(data.y_train) * 5 // 6
    kept, held_out = (
        (data.x_train[part], data.y_train[part])
        for part in (slice(n_kept), slice(n_kept, None))
    )

    models = {
        key: _model(_RECIPE | {"epochs": epochs} | change)
        for key, (_, change) in _CHANGES.items()
    }
    for model in models.values():
        _compile(model, data)

    def turn(key, seed):
        model, seconds = _fit(models[key], *kept, seed)
        return Turn(seconds, model.score(*held_out))

    turns = interleave(models, seeds, turn)
    table = report.table(
        f"Ingredients, {epochs} epochs of {n_kept} images: seconds per fit, accuracy "
        f"on {len(held_out[1])} others"
    )
    for key, (label, _) in _CHANGES.items():
        table.add(key, label, turns[key])
    table.relate("x recipe", "recipe")
    report.figure(_picture(table))


def _picture(table):
    from matplotlib.figure import Figure

    lines = sorted(table.lines.values(), key=lambda line: np.mean(line["accuracy"]))
    figure = Figure(figsize=(8, 5), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for i, line in enumerate(lines):
        color = "C1" if line is table.lines["recipe"] else "C0"
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


def _finished(report, data, only, seeds, epochs, record_epochs):
    middle = _RECIPE | {"epochs": epochs}
    recipes = {
        "plain": (
            "256-256, 20 epochs, no augmentation",
            {
                "learning_rate_schedule": "linear",
                "dropout": 0.3,
                "epochs": min(20, record_epochs),
            },
            98.5,
        ),
        "small": (
            f"256-256, {2 * epochs} epochs, augmentation",
            _RECIPE
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
        "upright": (
            f"1024-1024, {record_epochs} epochs, augmentation, digits upright",
            _RECIPE | {"hidden_units": 1024, "epochs": record_epochs, "upright": True},
            99.55,
        ),
    }
    recipes = {key: recipe for key, recipe in recipes.items() if key in only}
    unseen, y_unseen = unseen_digits()
    framed = flat(DigitNormalizer().fit_transform(unseen), 255)

    models = {key: _model(params) for key, (_, params, _) in recipes.items()}
    for model in models.values():
        _compile(model, data)

    def turn(key, seed):
        model, seconds = _fit(models[key], data.x_train, data.y_train, seed)
        bundled = 100 * model.score(framed, y_unseen)
        return Turn(
            seconds, model.score(data.x_test, data.y_test), {"bundled %": bundled}
        )

    turns = interleave(recipes, seeds, turn)
    table = report.table("Finished recipes: seconds per fit, accuracy on the test set")
    for key, (label, _, percent) in recipes.items():
        mean = float(np.mean([turn.figures["bundled %"] for turn in turns[key]]))
        table.add(key, label, turns[key], columns={"bundled %": mean})
        if percent is not None:
            table.target(key, "accuracy %", table.accuracy(key), at_least=percent)
    if "upright" in table.lines:
        table.target("upright", "s", table.median("upright"), at_most=900)
    if "bare" in table.lines:
        for key in sorted({"middle", "upright"} & table.lines.keys()):
            gain = table.column(key, "bundled %") - table.column("bare", "bundled %")
            table.target(key, "points of bundled above bare", gain, at_least=3)


def _cost(report, data, rounds):
    models = {
        key: MLPDigitClassifier(augmentation=augmentation, epochs=1, random_state=0)
        for key, augmentation in (
            ("none", None),
            ("affine", "affine"),
            ("elastic", "elastic"),
        )
    }

    def turn(key, seed):
        return Turn(_fit(models[key], data.x_train, data.y_train, seed)[1], None)

    for model in models.values():
        _compile(model, data)
    turns = interleave(models, rounds, turn)
    table = report.table("An epoch of the default network")
    for key in models:
        table.add(key, f"augmentation {key}", turns[key])
    table.relate("x none", "none")
    for key in "affine", "elastic":
        table.target(key, "x none", table.ratio(key, "none"), at_most=1.6)
