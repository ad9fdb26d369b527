"""Make the pictures of the first page: a photo, a training curve, a search.

    python tools/make_overview.py

Needs MNIST, and trains for less than a minute.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skmnist import (
    DigitNormalizer,
    GridSearchDisplay,
    MLPDigitClassifier,
    PixelScaler,
    TrainingCurveDisplay,
)
from skmnist.datasets import fetch_mnist, load_digits

sys.path.insert(0, str(Path(__file__).parent))
from make_own_digits import photo

FOLDER = Path(__file__).parents[1] / "docs" / "images"
TITLE = {"fontsize": 15, "fontweight": "bold"}


def draw_photo(figure):
    """Draw a photo, its framing, and the probability of each digit."""
    mnist, image = fetch_mnist(), photo()
    model = make_pipeline(
        DigitNormalizer(), PixelScaler(), MLPDigitClassifier(random_state=0)
    )
    model.fit(mnist.x_train, mnist.y_train)
    left, middle, right = figure.subplots(1, 3, width_ratios=[4, 4, 3])
    for ax, picture, title in (
        (left, image, "photo"),
        (middle, model[0].explain(image)["framed"], "framed"),
    ):
        ax.imshow(picture, cmap="gray")
        ax.set_axis_off()
        ax.set_title(title)
    right.barh(range(10), model.predict_proba([image])[0], color="tab:blue")
    right.set(title="probability", yticks=range(10), xlim=(0, 1), xticks=[0, 1])
    right.invert_yaxis()
    figure.suptitle("Read photos", **TITLE)


def draw_training(figure):
    """Draw the loss of a network with dropout and early stopping."""
    digits = load_digits()
    network = MLPDigitClassifier(
        128, learning_rate=0.003, epochs=40, early_stopping=True, random_state=0
    )
    model = make_pipeline(PixelScaler(), network)
    model.fit(digits.x_train, digits.y_train)
    axes = figure.subplots(1, 2)
    TrainingCurveDisplay.from_estimator(model, ax=axes)
    figure.suptitle("Train with dropout", **TITLE)


def draw_search(figure):
    """Draw the heat map of a search over units and dropout."""
    digits = load_digits()
    search = GridSearchCV(
        make_pipeline(PixelScaler(), MLPDigitClassifier(epochs=40, random_state=0)),
        {
            "mlpdigitclassifier__hidden_units": [64, 128, 256],
            "mlpdigitclassifier__dropout": [0.0, 0.2, 0.45],
        },
        cv=3,
    )
    search.fit(digits.x_train, digits.y_train)
    ax = figure.subplots()
    GridSearchDisplay.from_estimator(search, params=["hidden_units", "dropout"], ax=ax)
    figure.suptitle("Search hyperparameters", **TITLE)


DRAWN = {"photo": draw_photo, "training": draw_training, "search": draw_search}


def main(folder=FOLDER):
    plt.switch_backend("agg")
    for name, draw in DRAWN.items():
        figure = plt.figure(figsize=(5, 3.4), layout="constrained")
        draw(figure)
        figure.savefig(Path(folder) / f"overview-{name}.png", dpi=96)
    plt.close("all")


if __name__ == "__main__":
    main(*sys.argv[1:])
