"""Write the saved model of the present format: python tests/io/saved/make.py NAME."""

import sys
from pathlib import Path

import numpy as np
from sklearn.pipeline import make_pipeline

import skmnist
from skmnist.datasets import load_digits


def main(name):
    digits = load_digits()
    labels = np.array([f"digit {i}" for i in range(10)])
    network = skmnist.MLPDigitClassifier(
        (12, 10),
        activation="gelu",
        epochs=30,
        optimizer="sgd",
        learning_rate=0.1,
        dropout=0.1,
        random_state=0,
    )
    model = make_pipeline(skmnist.PixelScaler(), network)
    model.fit(digits.x_train, labels[digits.y_train])
    path = Path(__file__).with_name(name)
    skmnist.save(model, path.with_suffix(".skops"))
    # What it predicts here; elsewhere a matrix product may add in another order.
    np.save(path.with_suffix(".npy"), model.predict_proba(digits.x_test[:20]))
    print(f"{model.score(digits.x_test, labels[digits.y_test]):.3f}")


if __name__ == "__main__":
    main(sys.argv[1])
