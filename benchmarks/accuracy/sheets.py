"""Sheets and forms: MNIST's test digits on pages, through find_digits to the reader.

The reader that comes with the package reads digits that stand alone, lie on a desk,
stand in the boxes of forms, or touch each other. A row is right if all its digits are
read, in their order, and nothing else is. The seconds are those of a page.
"""

import sys
import time
from pathlib import Path

import numpy as np

from skmnist import DigitNormalizer, load_reader
from skmnist._cli._predict import count_digits, frame_and_predict
from skmnist.datasets import fetch_mnist
from skmnist.images import find_digits

from .._harness import pages
from .._harness.worker import Turn

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "helpers"))
import drawn

OPTIONS = {
    "digits": (2000, 100, "digits that stand alone"),
    "rows": (100, 5, "rows and pictures of each kind"),
    "seed": (0, 0, "of the choice of digits and of the noise"),
}
_ONCE_CUT = [0, 1, 366, 4, 2], [0, 1, 8, 4, 2]  # a 6 and an 8 of MNIST's test images


def run(report, digits, rows, seed):
    rng, mnist = np.random.default_rng(seed), fetch_mnist()
    reader = load_reader().set_params(digitnormalizer__on_blank="zeros")
    _alone(report, reader, mnist.x_test[:digits], mnist.y_test[:digits])
    for numbers in _ONCE_CUT:
        page, expected = pages.row(mnist.x_test[numbers], mnist.y_test[numbers], rng)
        report.note(f"{expected} is read as {_read(reader, page)}")
    table = report.table(f"{rows} rows of six digits")
    for name, draw in _ROWS.items():
        turns = []
        for _ in range(rows):
            chosen = rng.choice(len(mnist.x_test), 6, replace=False)
            page, expected = draw(mnist.x_test[chosen], mnist.y_test[chosen], rng)
            turns.append(_read_page(reader, page, expected))
        table.add(name, name, turns)
        table.target(name, "accuracy %", table.accuracy(name), at_least=90)
    _single(report, reader, mnist, rows, rng)
    _drawn(report, reader, rows)


def _read_page(reader, page, expected):
    start = time.perf_counter()
    read = _read(reader, page)
    # An empty box has a mark, or is passed over.
    right = read in (expected, expected.replace("-", ""))
    return Turn(time.perf_counter() - start, float(right))


def _read(reader, page):
    """Return what is read: lines apart by spaces, "-" for ink that is no digit."""
    try:
        found = find_digits(page)
    except ValueError:
        return ""
    framed = DigitNormalizer(on_blank="zeros").transform(found.images)
    lines = [""] * (found.lines[-1] + 1)
    for line, label, row in zip(
        found.lines, reader.predict(framed), framed, strict=True
    ):
        lines[line] += str(label) if row.any() else "-"
    return " ".join(lines)


def _alone(report, reader, x, y):
    """Read sheets of digits that stand alone, a hundred on each."""
    table = report.table(f"sheets of {len(y)} digits that stand alone")
    turns, counts, n_broken = [], [], 0
    for i in range(0, len(y), 100):
        cells = [pages.place(image) for image in x[i : i + 100]]
        sheet = np.vstack([np.hstack(cells[j : j + 10]) for j in range(0, 100, 10)])
        start = time.perf_counter()
        found = find_digits(255 - sheet)
        framed = DigitNormalizer(on_blank="zeros").transform(found.images)
        labels = reader.predict(framed)
        seconds = time.perf_counter() - start
        middles = (found.boxes[:, :2] + found.boxes[:, 2:]) // 2 // pages.CELL
        owners = middles @ [1, 10]
        n_broken += bool((np.diff(owners) < 0).any())
        counts.append(np.bincount(owners, minlength=100))
        read = dict(zip(owners, labels, strict=True))
        right = [read.get(j) == label for j, label in enumerate(y[i : i + 100])]
        turns.append(Turn(seconds, np.mean(right)))
    table.add("alone", "alone", turns)
    counts = np.concatenate(counts)
    cut = 100 * np.mean(counts > 1)
    table.target("alone", "cut %", cut, at_most=0.2)
    table.target("alone", "lost %", 100 * np.mean(counts == 0), at_most=0)
    table.target("alone", "sheets out of order", n_broken, at_most=0)


def _single(report, reader, mnist, n, rng):
    """Read pictures of one digit as pages, and as what they are."""
    table = report.table(f"{n} pictures of one digit, as pages")
    for name, draw in _SINGLE.items():
        chosen = rng.choice(len(mnist.x_test), n, replace=False)
        pictures = [draw(mnist.x_test[i], rng) for i in chosen]
        labels = list(map(str, mnist.y_test[chosen]))
        turns = [
            _read_page(reader, *each) for each in zip(pictures, labels, strict=True)
        ]
        table.add(name, name, turns)
        framed = DigitNormalizer(on_blank="zeros").transform(pictures)
        alone = 100 * np.mean(reader.predict(framed).astype(str) == labels)
        lost = alone - table.accuracy(name)
        table.target(name, "points below one digit", lost, at_most=0)
        notes = [_has_note(reader, each) for each in pictures]
        table.target(name, "taken for several %", 100 * np.mean(notes), at_most=1)


def _has_note(reader, picture):
    """Return whether `skmnist predict` says that it may show several digits."""
    try:
        (digit,), _ = frame_and_predict(reader, [picture], "auto")
    except ValueError:  # a digit that is refused is unsure, too
        digit = {"unsure": True}
    return digit["unsure"] and count_digits(picture, "auto") > 1


def _drawn(report, reader, n):
    """Read drawn sheets of 50 digits."""
    table = report.table("drawn sheets of 50 digits")
    for lines in ("none", "ruled"):
        rng, turns = np.random.default_rng(1), []
        for i in range(max(4, n // 10)):
            y = rng.integers(0, 10, 50)
            scene = drawn.SHEETS[i % len(drawn.SHEETS)]
            sheet, _ = drawn.draw_sheet(y, rng, scene=scene._replace(lines=lines))
            start = time.perf_counter()
            found = find_digits(sheet)
            right = (
                len(found.images) == len(y)
                and (reader.predict(found.images) == y).mean()
            )
            turns.append(Turn(time.perf_counter() - start, float(right)))
        table.add(lines, f"lines: {lines}", turns)


def _boxed(image, rng, **options):
    page, _ = pages.form(**options)(image[np.newaxis], [0], rng)
    return page


_ROWS = {
    "apart": pages.row,
    "paper on a desk": pages.desk_row(pages.on_desk),
    "dark corner of a desk": pages.desk_row(pages.with_corner),
    "boxes": pages.form(),
    "gray boxes": pages.form(strength=140),
    "colored boxes": pages.colored,
    "dotted boxes": pages.form("dotted"),
    "dashed boxes": pages.form("dashed"),
    "boxes, 12 pixels too low": pages.form(down=12),
    "boxes, anywhere in them": pages.form(shift=14),
    "shared lines": pages.form(gap=0),
    "shared lines, anywhere": pages.form(gap=0, shift=12),
    "boxes, some empty": pages.form(empty=0.3),
    "boxes, tilted": pages.tilted(pages.form()),
    "shared lines, tilted": pages.tilted(pages.form(gap=0)),
    "shared lines, anywhere, tilted": pages.tilted(pages.form(gap=0, shift=12)),
    "combs": pages.form("comb", gap=0),
    "underlined": pages.form("under"),
    "three that touch": pages.word(60, True),
    "three of 97 % of the height": pages.word(97, False),
}
_SINGLE = {
    "MNIST": lambda image, rng: image,
    "280 pixels": pages.single,
    "paper on a desk": lambda image, rng: pages.on_desk(pages.single(image, rng), rng),
    "dark corner": lambda image, rng: pages.with_corner(pages.single(image, rng), rng),
    "in a box": _boxed,
    "in a box, anywhere": lambda image, rng: _boxed(image, rng, shift=14),
}
