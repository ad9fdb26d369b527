"""Own digits: digits of other sources through DigitNormalizer to a model of MNIST.

The default network, trained on MNIST, reads scikit-learn's bundled 8x8 digits (the
half that was not looked at when the defaults were chosen), drawn digits (in all kinds
of light, on ruled and squared paper, in frames, with broken strokes), drawn sheets and
MNIST itself. A turn counts the processor time per image of the normaliser alone. A
digit of a sheet that was not found counts as read wrong.
"""

import sys
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import confusion_matrix
from sklearn.pipeline import make_pipeline

from skmnist import DigitNormalizer, MLPDigitClassifier, PixelScaler
from skmnist.datasets import fetch_mnist
from skmnist.images import find_digits

from .._harness.data import unseen_digits
from .._harness.worker import Turn

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "helpers"))
import drawn

_SIDES = (12, 16, 20, 28, 40, 64, 100, 160, 300, 640, 1600, 4000)
_SHEETS = 9

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
    for key, (label, images, y) in _sources(mnist, pictures).items():
        framed, seconds = _framed(images)
        read = model.predict(framed)
        table.add(key, label, [Turn(seconds / len(y), np.mean(read == y))])
        if key == "bundled":
            matrix = confusion_matrix(y, read)
            report.note(f"bundled digits, true by row, read by column:\n{matrix}")
    n = f"digits of {_SHEETS} drawn sheets"
    _sheets(report, table, model, "sheets", n)
    _sheets(report, table, model, "broken_sheets", f"{n}, broken strokes", gaps=1)
    _sheets(report, table, model, "touching", f"{n}, some touch", touching=0.2)
    for key, percent in (("bundled", 85), ("drawn", 97), ("sheets", 95)):
        table.target(key, "accuracy %", table.accuracy(key), at_least=percent)
    lost = plain - table.accuracy("mnist")
    table.target("mnist", "points lost", lost, at_most=0.2)
    _time(report, mnist, rounds)


def _framed(images):
    """Frame images one by one: the large ones would not fit into memory together."""
    framed, seconds = [], 0.0
    for image in images:
        start = time.process_time()
        framed.append(DigitNormalizer(on_blank="zeros").transform([image])[0])
        seconds += time.process_time() - start
    return np.stack(framed), seconds


def _sources(mnist, n_drawn):
    random = np.random.default_rng(2026)
    y = np.arange(n_drawn) % 10
    scenes = drawn.scenes(n_drawn, random, sides=_SIDES)
    images = (drawn.draw(d, s, random) for d, s in zip(y, scenes, strict=True))
    return {
        "mnist": ("MNIST test images", mnist.x_test, mnist.y_test),
        "bundled": ("bundled 8x8 digits, unseen half", *unseen_digits()),
        "drawn": (f"drawn digits, {_SIDES[0]} to {_SIDES[-1]} pixels", images, y),
        **_hard_sources(n_drawn),
    }


def _hard_sources(n_drawn):
    kinds = {
        "corners": ("drawn, dark corners", {"shadow": "corners"}),
        "ruled": ("drawn on ruled paper", {"lines": "ruled"}),
        "squared": ("drawn on squared paper", {"lines": "squared"}),
        "frames": ("drawn in a frame", {"frame": 0.02}),
        "broken": ("drawn with two breaks in each stroke", {"gaps": 2}),
    }
    sources = {}
    for key, (label, changes) in kinds.items():
        random = np.random.default_rng(2027)
        y = np.arange(n_drawn // 2) % 10
        scenes = drawn.scenes(len(y), random, sides=(100, 160, 300, 640))
        if key == "frames":
            # The digit does not touch the frame.
            scenes = [s._replace(margin=max(s.margin, 0.12)) for s in scenes]
        images = [
            drawn.draw(d, s._replace(**changes), random)
            for d, s in zip(y, scenes, strict=True)
        ]
        sources[key] = label, images, y
    return sources


def _sheets(report, table, model, key, label, gaps=0, touching=0.0):
    random = np.random.default_rng(2026)
    right, joined, marked = [], [], []
    seconds, n_found, n_more, n_ordered = 0.0, 0, 0, 0
    for i in range(_SHEETS):
        y = random.integers(0, 10, 50)
        scene = drawn.Scene(
            pen=random.uniform(0.08, 0.12),
            shadow=("none", "gradient", "hand")[i % 3],
            noise=0.02,
            dark_ink=bool(random.random() < 0.5),
            gaps=gaps,
        )
        sheet, middles, *touches = drawn.draw_sheet(
            y, random, scene=scene, touching=touching
        )
        start = time.process_time()
        found = find_digits(sheet)
        framed = DigitNormalizer(on_blank="zeros").transform(found.images)
        seconds += time.process_time() - start
        owners = _owners(found.boxes, middles)
        labels = model.predict(framed)
        read = {owner: label for owner, label in zip(owners, labels, strict=True)}
        right += [read.get(j) == label for j, label in enumerate(y)]
        known = [owner for owner in owners if owner is not None]
        n_found += len(known)
        n_more += len(owners) - len(known)
        n_ordered += known == sorted(known)
        for each in touches:
            joined += list(each | np.append(each[1:], False))
            marked += [_is_marked(found, middle) for middle in middles]
    turn = Turn(seconds / len(right), np.mean(right))
    table.add(key, label, [turn])
    report.note(
        f"{label}: {n_found} of {len(right)} found, {n_more} more boxes, "
        f"reading order right on {n_ordered} of {_SHEETS}"
    )
    if touching:
        right, joined, marked = map(np.array, (right, joined, marked))
        for kind, which in (("touch another", joined), ("touch none", ~joined)):
            report.note(
                f"of {which.sum()} digits that {kind}, "
                f"{100 * marked[which].mean():.1f} % were marked as touching and "
                f"{100 * right[which].mean():.1f} % read right"
            )


def _is_marked(found, middle):
    within = (found.boxes[:, :2] <= middle) & (middle < found.boxes[:, 2:])
    return bool(found.touching[within.all(axis=1)].any())


def _owners(boxes, middles):
    """Tell for each box which digit it is the first to have the middle of."""
    owners = []
    for left, top, right, bottom in boxes:
        middle = (left + right) / 2, (top + bottom) / 2
        distances = np.linalg.norm(middles - middle, axis=1)
        nearest = int(distances.argmin())
        own = distances[nearest] < 45 and nearest not in owners  # half a cell
        owners.append(nearest if own else None)
    return owners


def _time(report, mnist, rounds):
    random = np.random.default_rng(0)
    kinds = [drawn.Scene(side=28, margin=0.1, noise=n) for n in (0, 0.03)]
    pictures = [drawn.draw(i % 10, kinds[i % 2], random) for i in range(1000)]
    gray = drawn.draw(3, drawn.Scene(side=1000, shadow="hand", noise=0.02), random)
    photo = gray.repeat(4, axis=0).repeat(3, axis=1)[:, :, np.newaxis].repeat(3, axis=2)
    table = report.table("Processor time of the normaliser")
    for key, label, images, limit in (
        ("framed", "1,000 images of MNIST", mnist.x_test[:1000], 0.5),
        ("other", "1,000 drawn images of 28x28", pictures, 0.5),
        ("photo", "a photo of 12 megapixels", [photo], 1.0),
    ):
        turns = []
        for _ in range(rounds):
            start = time.process_time()
            DigitNormalizer().transform(images)
            turns.append(Turn(time.process_time() - start, None))
        table.add(key, label, turns)
        table.target(key, "s", table.median(key), at_most=limit)
