"""Digits to draw, and what can be read in a figure."""

import itertools

import numpy as np

from skmnist.datasets import load_digits

DIGITS = load_digits()
NAMES = np.array(
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
)
LONG = np.array([f"a very long label, {name}" for name in NAMES])


def texts_of(display):
    texts = display.texts_
    texts = texts.values() if isinstance(texts, dict) else texts
    return [text.get_text() for text in texts]


def assert_no_overlap(display):
    """Check that texts are inside the figure, and apart from each other."""
    figure = display.figure_
    figure.draw_without_rendering()
    texts = display.texts_
    texts = list(texts.values() if isinstance(texts, dict) else texts)
    for axes in figure.axes:
        texts += [axes.title, axes.xaxis.label, axes.yaxis.label]
        if axes.axison:
            texts += axes.get_xticklabels() + axes.get_yticklabels()
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts if t.get_text()]
    assert boxes
    for text, box in boxes:
        assert figure.bbox.padded(1).containsx(box.x0), text
        assert figure.bbox.padded(1).containsx(box.x1), text
        assert figure.bbox.padded(1).containsy(box.y0), text
        assert figure.bbox.padded(1).containsy(box.y1), text
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        apart = a.x1 <= b.x0 or b.x1 <= a.x0 or a.y1 <= b.y0 + 1 or b.y1 <= a.y0 + 1
        assert apart, (one, other)
