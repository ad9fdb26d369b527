"""Own digits: digits of other sources through DigitNormalizer to a model of MNIST.

The default network, trained on MNIST, reads scikit-learn's bundled 8x8 digits (the
half that was not looked at when the defaults were chosen), drawn digits, drawn sheets
and MNIST itself. A turn counts the time per image of the normaliser alone.
"""

import sys
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skmnist import DigitNormalizer, MLPDigitClassifier, PixelScaler
from skmnist.datasets import fetch_mnist
from skmnist.images import find_digits

from ._worker import Turn

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import drawn

OPTIONS = {
    "epochs": (20, 2, "epochs of the fit on MNIST"),
    "rows": (60_000, 5000, "images to train on"),
    "pictures": (1000, 50, "drawn digits"),
    "rounds": (5, 1, "turns of the timing"),
}


def run(report, epochs, rows, pictures, rounds):
    mnist = fetch_mnist()
    model = make_pipeline(
        PixelScaler(), MLPDigitClassifier(epochs=epochs, random_state=0)
    ).fit(mnist.x_train[:rows], mnist.y_train[:rows])
    plain = 100 * model.score(mnist.x_test, mnist.y_test)
    table = report.table(
        "Digits of other sources: ms per image of the normaliser", "ms"
    )
    found = {}
    for key, (label, images, y) in _sources(mnist, pictures).items():
        start = time.perf_counter()
        framed = DigitNormalizer().transform(images)
        seconds = (time.perf_counter() - start) / len(y)
        found[key] = model.predict(framed)
        table.add(key, label, [Turn(seconds, np.mean(found[key] == y))])
        if key == "bundled":
            matrix = confusion_matrix(y, found[key])
            report.note(f"bundled digits, true by row, read by column:\n{matrix}")
    for key, percent in (("bundled", 85), ("drawn", 97), ("sheets", 95)):
        table.target(key, "accuracy %", table.accuracy(key), at_least=percent)
    lost = plain - table.accuracy("mnist")
    table.target("mnist", "points lost", lost, at_most=0.2)
    _time(report, mnist, rounds)


def _sources(mnist, n_drawn):
    digits = load_digits()
    _, unseen, _, y_unseen = train_test_split(
        digits.images.astype(np.uint8),
        digits.target,
        test_size=0.5,
        random_state=0,
        stratify=digits.target,
    )
    random = np.random.default_rng(2026)
    y = np.arange(n_drawn) % 10
    scenes = drawn.scenes(n_drawn, random)
    images = [drawn.draw(d, s, random) for d, s in zip(y, scenes, strict=True)]
    sheets, y_sheets = _sheets(random)
    return {
        "mnist": ("MNIST test images", mnist.x_test, mnist.y_test),
        "bundled": ("bundled 8x8 digits, unseen half", unseen, y_unseen),
        "drawn": ("drawn digits, 12 to 640 pixels", images, y),
        "sheets": ("digits of 4 drawn sheets", sheets, y_sheets),
    }


def _sheets(random):
    images, labels = [], []
    for shadow in ("none", "gradient", "hand", "none"):
        y = random.integers(0, 10, 50)
        scene = drawn.Scene(
            pen=random.uniform(0.08, 0.12),
            shadow=shadow,
            noise=0.02,
            dark_ink=bool(random.random() < 0.5),
        )
        found = find_digits(drawn.draw_sheet(y, random, scene=scene)[0])
        if len(found.images) == len(y):
            images += found.images
            labels.append(y)
    return images, np.concatenate(labels)


def _time(report, mnist, rounds):
    random = np.random.default_rng(0)
    kinds = [drawn.Scene(side=28, margin=0.1, noise=n) for n in (0, 0.03)]
    pictures = [drawn.draw(i % 10, kinds[i % 2], random) for i in range(1000)]
    grey = drawn.draw(3, drawn.Scene(side=1000, shadow="hand", noise=0.02), random)
    photo = grey.repeat(4, axis=0).repeat(3, axis=1)[:, :, np.newaxis].repeat(3, axis=2)
    table = report.table("Time of the normaliser")
    for key, label, images, limit in (
        ("framed", "1,000 images of MNIST", mnist.x_test[:1000], 0.5),
        ("other", "1,000 drawn images of 28x28", pictures, 0.5),
        ("photo", "a photo of 12 megapixels", [photo], 1.0),
    ):
        turns = []
        for _ in range(rounds):
            start = time.perf_counter()
            DigitNormalizer().transform(images)
            turns.append(Turn(time.perf_counter() - start, None))
        table.add(key, label, turns)
        table.target(key, "s", table.median(key), at_most=limit)
