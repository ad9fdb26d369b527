"""Train the reader that `skmnist.load_reader` returns: python tools/train_reader.py.

Writes `skmnist/reader.npz`, and the figures of its model card, `docs/reader.json`.
Trains on MNIST's 60,000 training images and on scikit-learn's bundled digits, these
twice in each epoch. A fit before, without 5,000 of MNIST's images and a fifth of the
bundled digits, gives the temperature. The same machine makes the same bytes.

`--folds` adds how well bundled digits are read that were not trained on: five such
fits.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn import datasets as sklearn_datasets
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit

from skmnist import ImageAugmentation, MLPDigitClassifier, _reader
from skmnist._augmentation import PRESETS
from skmnist.datasets import fetch_mnist

CARD = Path(__file__).parents[1] / "docs" / "reader.json"
SEED = 0
N_FOLDS = 5
N_HELD_OUT = 5000  # of MNIST's training images in each fold
RECIPE = {
    "hidden_units": 256,
    "dropout": 0.0,
    "batch_size": 128,
    "learning_rate": 0.0015,
    "learning_rate_schedule": "linear",
    "epochs": 60,
    "augmentation": ImageAugmentation(**PRESETS["elastic"]),
    "adversarial_epsilon": 0.08,
    "random_state": SEED,
}


def frame(images):
    """Take images through all steps of the reader but the network."""
    return _reader.make_steps().transform(images)


def fit(X, y, bundled, y_bundled, epochs):
    X = np.concatenate([X, bundled, bundled])
    y = np.concatenate([y, y_bundled, y_bundled]).astype(np.int64)
    return MLPDigitClassifier(**RECIPE | {"epochs": epochs}).fit(X, y)


def held_out(X, y, bundled, y_bundled, epochs):
    """Give the logits and labels that each fold left out, of MNIST and of bundled."""
    splits = (
        StratifiedShuffleSplit(N_FOLDS, test_size=N_HELD_OUT, random_state=SEED),
        StratifiedKFold(N_FOLDS, shuffle=True, random_state=SEED),
    )
    sources = (X, y), (bundled, y_bundled)
    indices = (split.split(*each) for split, each in zip(splits, sources, strict=True))
    for fold in zip(*indices, strict=True):
        parts = list(zip(sources, fold, strict=True))
        network = fit(*(x[kept] for each, (kept, _) in parts for x in each), epochs)
        yield [
            (network.decision_function(x[rows]).astype(float), y[rows], rows)
            for (x, y), (_, rows) in parts
        ]


def temperature(folds):
    """Find what logits are to be divided by for the least log loss of held-out rows."""
    logits, y = (
        np.concatenate([source[i] for fold in folds for source in fold]) for i in (0, 1)
    )

    def loss(log_t):
        return -log_softmax(logits / np.exp(log_t), axis=1)[range(len(y)), y].mean()

    return float(np.exp(minimize_scalar(loss, (-1, 1)).x))


def calibration_error(probabilities, y, n_bins=15):
    """Compute the expected calibration error, in bins of equal width."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == y
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    gaps = [
        abs(right[bins == i].sum() - confidence[bins == i].sum()) for i in range(n_bins)
    ]
    return float(sum(gaps) / len(y))


def figures(probabilities, y):
    right = probabilities.argmax(axis=1) == y
    return {
        "images": len(y),
        "accuracy": round(float(right.mean()), 5),
        "by_digit": [round(float(right[y == i].mean()), 4) for i in range(10)],
        "log_loss": round(float(log_loss(y, probabilities, labels=range(10))), 4),
        "calibration_error": round(calibration_error(probabilities, y), 4),
    }


def write_card(**new):
    """Write some figures of the model card, and leave the others as they are."""
    card = json.loads(CARD.read_text(encoding="utf-8")) if CARD.exists() else {}
    text = json.dumps(card | new, indent=1)
    CARD.write_text(text + "\n", encoding="utf-8")
    print(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=RECIPE["epochs"])
    parser.add_argument("--folds", action="store_true", help="five fits, no file")
    args = parser.parse_args()
    mnist, digits = fetch_mnist(), sklearn_datasets.load_digits()
    bundled, y_bundled = frame(digits.images.astype(np.uint8)), digits.target
    data = frame(mnist.x_train), mnist.y_train, bundled, y_bundled
    folds = held_out(*data, args.epochs)
    if args.folds:
        folds, unseen = list(folds), np.empty((len(y_bundled), 10))
        for i, (_, (logits, _, rows)) in enumerate(folds):
            by = temperature(folds[:i] + folds[i + 1 :])
            unseen[rows] = softmax(logits / by, axis=1)
        write_card(bundled_folds={"epochs": args.epochs} | figures(unseen, y_bundled))
        return 0
    by = temperature([next(folds)])
    network = fit(*data, args.epochs)
    # Probabilities at the temperature are those of a last layer divided by it.
    network.coefs_[-1] = network.coefs_[-1] / np.float32(by)
    network.intercepts_[-1] = network.intercepts_[-1] / np.float32(by)
    _reader.write(network)
    network = _reader.load_reader()[-1]
    test = network.predict_proba(frame(mnist.x_test))
    write_card(
        epochs=args.epochs,
        seed=SEED,
        temperature=round(by, 3),
        mnist_test=figures(test, mnist.y_test),
        bundled_seen=figures(network.predict_proba(bundled), y_bundled),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
