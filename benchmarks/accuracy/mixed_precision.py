"""MNIST in float32 and in mixed precision: time, accuracy and log loss.

The default network for 20 epochs, and the finished recipes of 256-256 and 704-704 units
(see `recipes`). Both precisions take turns.
"""

from sklearn.metrics import log_loss

from .._harness.data import load
from .._harness.recipe import compile_all, fit, make_model, mean_metrics
from .._harness.worker import Turn, interleave
from .recipes import finished_recipes

CHOICES = ("default", "small", "record")
OPTIONS = {
    "seeds": (5, 1, "fits of each precision"),
    "rows": (60_000, 3000, "images to train on"),
    "epochs": (30, 1, "half the epochs of the recipe of 256-256 units"),
    "record_epochs": (115, 1, "epochs of the recipe of 704-704 units"),
}


def run(report, only, seeds, rows, epochs, record_epochs):
    data = load("mnist", rows)
    recipes = finished_recipes(epochs, record_epochs)
    recipes["default"] = "256-256, 20 epochs, default", {"epochs": min(20, 2 * epochs)}
    for key in only or CHOICES:
        label, params, *_ = recipes[key]
        models = {
            dtype: make_model(params | {"dtype": dtype})
            for dtype in ("float32", "mixed_bfloat16")
        }
        compile_all(models, data)

        def turn(dtype, seed, models=models):
            model, seconds = fit(models[dtype], data.x_train, data.y_train, seed)
            loss = log_loss(data.y_test, model.predict_proba(data.x_test))
            score = model.score(data.x_test, data.y_test)
            return Turn(seconds, score, {"log loss": loss})

        turns = interleave(models, seeds, turn)
        table = report.table(f"{label}: seconds per fit")
        for dtype in models:
            columns = mean_metrics(turns[dtype])
            table.add(dtype, dtype, turns[dtype], columns=columns)
        table.relate("x float32", "float32")
        ratio = table.ratio("mixed_bfloat16", "float32")
        if key != "default":
            table.target("mixed_bfloat16", "x float32", ratio, at_most=0.75)
