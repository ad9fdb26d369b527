"""Framing: MNIST's test digits as bitmaps, tight crops, bold strokes and photos.

The default network, trained on MNIST, reads them behind DigitNormalizer, and so does
the pretrained reader. The seconds are those of framing an image that comes alone. The
last table has pictures without a digit: right is an error or a mark. A mark is for what
the reader finds less probable than 0.7, or looks more like no digit than a threshold; a
note says what others would mark.
"""

import time

import numpy as np
from PIL import Image
from scipy import ndimage
from sklearn.pipeline import make_pipeline

from skmnist import DigitNormalizer, MLPDigitClassifier, PixelScaler, load_reader
from skmnist.datasets import fetch_mnist, load_digits
from skmnist.images import _likeness

from .._harness import pictures
from .._harness.worker import Turn

OPTIONS = {
    "images": (400, 30, "digits of each kind"),
    "rows": (60_000, 3000, "images to train on"),
    "epochs": (20, 2, "epochs of the fit on MNIST"),
    "seed": (0, 0, "of the choice of digits and of the noise"),
}

_MARKED = 0.9, 0.95, 0.98, 0.985, 0.99  # of MNIST's digits are less novel


def run(report, images, rows, epochs, seed):
    mnist, rng = fetch_mnist(), np.random.default_rng(seed)
    scaler = PixelScaler().fit(mnist.x_train)
    model = MLPDigitClassifier(epochs=epochs, random_state=0)
    model.fit(scaler.transform(mnist.x_train[:rows]), mnist.y_train[:rows])
    readers = {"default network": make_pipeline(scaler, model)}
    readers["pretrained reader"] = load_reader().set_params(
        digitnormalizer__on_blank="zeros"
    )
    chosen = rng.choice(len(mnist.x_test), images, replace=False)
    x, y = mnist.x_test[chosen], mnist.y_test[chosen]
    kinds = {name: ([f(image, rng) for image in x], y) for name, f in _KINDS.items()}
    bundled = load_digits()
    kinds["bundled 8x8 digits"] = bundled.x_test[:images], bundled.y_test[:images]
    framed = {name: _framed(each) for name, (each, _) in kinds.items()}
    for reader, estimator in readers.items():
        table = report.table(f"{images} digits of each kind, {reader}")
        for name, (seconds, rows) in framed.items():
            right = np.mean(estimator.predict(rows) == kinds[name][1])
            table.add(name, name, [Turn(seconds, right)])
    _no_digits(report, readers["pretrained reader"], x, rng)


def _no_digits(report, reader, digits, rng):
    kinds = {
        kind: [pictures.blank(kind, rng) for _ in digits] for kind in pictures.BLANKS
    }
    for name, texts in ("letters", pictures.LETTERS), ("signs", pictures.SIGNS):
        shown = [pictures.character(rng.choice(list(texts)), rng) for _ in digits]
        kinds[name] = [pictures.photograph(each, rng) for each in shown]
    scribbles = [pictures.scribble(rng) for _ in digits]
    kinds["scribbles"] = [pictures.photograph(each, rng) for each in scribbles]
    table = report.table(f"{len(digits)} pictures without a digit: errors and marks")
    novel = {}
    for name, each in kinds.items():
        seconds, framed = _framed(each)
        novel[name], sure = _marks(reader, framed)
        marked = 1 - np.mean(sure & (novel[name] <= _likeness.NOVEL))
        table.add(name, name, [Turn(seconds, marked)])
    name = "MNIST's test digits"
    novel[name], sure = _marks(reader, fetch_mnist().x_test)
    marked = 100 * (1 - np.mean(sure & (novel[name] <= _likeness.NOVEL)))
    report.note(f"marked of {name}: {marked:.2f} %")
    for threshold in np.round(np.quantile(novel[name], _MARKED), 2):
        marks = [f"{100 * (n > threshold).mean():.0f} {k}" for k, n in novel.items()]
        report.note(f"marked above {threshold}, %: {', '.join(marks)}")


def _marks(reader, framed):
    """Return the novelty of images, infinite for none, and if the reader is sure."""
    images = np.reshape(framed, (-1, 28, 28))
    novel = np.full(len(images), np.inf)
    inked = images.any(axis=(1, 2))
    novel[inked] = _likeness.novelty(images[inked])
    return novel, reader.predict_proba(images).max(axis=1) >= 0.7


def _framed(images):
    normalizer = DigitNormalizer(on_blank="zeros")
    start = time.perf_counter()
    framed = [normalizer.fit_transform([image])[0] for image in images]
    return (time.perf_counter() - start) / len(images), framed


def _resize(image, width, height):
    return np.asarray(Image.fromarray(image).resize((width, height), Image.BICUBIC))


def _crop(image):
    (box,) = ndimage.find_objects((image > 60).astype(int))
    return image[box]


def _enlarged(image, rng):
    tight = _crop(image)
    return 255 - _resize(tight, 4 * tight.shape[1], 4 * tight.shape[0])


def _bitmap(image, rng):
    return (_resize(_crop(image), 32, 32) > 110).astype(np.uint8) * 255


def _bold(image, rng, radius=15):
    large = _resize(image, 280, 280)
    disk = np.hypot(*np.mgrid[-radius : radius + 1, -radius : radius + 1]) <= radius
    return 255 - _crop(ndimage.maximum_filter(large, footprint=disk))


def _grown(image, rng):
    """Make a bold digit of any size, tight, in either polarity, gray or not."""
    bold = 255 - _bold(image, rng, rng.integers(8, 19))
    scale = np.exp(rng.uniform(np.log(12), np.log(1000))) / max(bold.shape)
    sides = [max(2, round(scale * side)) for side in bold.shape[::-1]]
    way = Image.BICUBIC if scale > 1 else Image.BOX
    bold = np.asarray(Image.fromarray(bold).resize(sides, way))
    if rng.random() < 0.5:
        bold = np.uint8(255 * (bold > 127))
    return bold if rng.random() < 0.5 else 255 - bold


def _coarse(image, rng):
    """Make 15x16 pixels of two levels, with strokes of some three pixels."""
    large = _resize(_crop(image), 60, 64)
    bold = ndimage.maximum_filter(large, int(rng.integers(4, 9)))
    return np.uint8(255 * (_resize(bold, 15, 16) > 120))


def _photo(image, rng):
    paper = np.pad(255 - _resize(image, 200, 200), 150, constant_values=255)
    lit = 0.8 * paper * np.linspace(0.5, 0.95, 500) + rng.normal(0, 6, paper.shape)
    return np.clip(lit, 0, 255).astype(np.uint8)


def _desk(image, rng):
    paper = np.pad(255 - _resize(image, 180, 180), 50, constant_values=255)
    desk = np.full((500, 500), rng.choice([20, 90, 160]), np.uint8)
    desk[110:390, 110:390] = np.minimum(paper, 245)
    return desk


_KINDS = {
    "MNIST": lambda image, rng: image,
    "tight, light on dark": lambda image, rng: _crop(image),
    "tight, dark on light": lambda image, rng: 255 - _crop(image),
    "tight, enlarged 4 times": _enlarged,
    "bitmap of 32x32, light": _bitmap,
    "bitmap of 32x32, dark": lambda image, rng: 255 - _bitmap(image, rng),
    "gray of 16x16": lambda image, rng: _resize(_crop(image), 16, 16),
    "two levels of 16x16": lambda image, rng: np.uint8(
        255 * (_resize(_crop(image), 16, 16) > 110)
    ),
    "bold, 15x16": _coarse,
    "bold, tight": _bold,
    "bold, tight, 12 to 1000 pixels": _grown,
    "photo in uneven light": _photo,
    "paper on a desk": _desk,
}
