"""Framing: MNIST's test digits as bitmaps, tight crops, bold strokes and photos.

The default network, trained on MNIST, reads them behind DigitNormalizer. The seconds
are those of framing an image that comes alone.
"""

import time

import numpy as np
from PIL import Image
from scipy import ndimage

from skmnist import DigitNormalizer, MLPDigitClassifier, PixelScaler
from skmnist.datasets import fetch_mnist, load_digits

from .._harness.worker import Turn

OPTIONS = {
    "images": (400, 30, "digits of each kind"),
    "rows": (60_000, 3000, "images to train on"),
    "epochs": (20, 2, "epochs of the fit on MNIST"),
    "seed": (0, 0, "of the choice of digits and of the noise"),
}


def run(report, images, rows, epochs, seed):
    mnist, rng = fetch_mnist(), np.random.default_rng(seed)
    scaler = PixelScaler().fit(mnist.x_train)
    model = MLPDigitClassifier(epochs=epochs, random_state=0)
    model.fit(scaler.transform(mnist.x_train[:rows]), mnist.y_train[:rows])
    chosen = rng.choice(len(mnist.x_test), images, replace=False)
    x, y = mnist.x_test[chosen], mnist.y_test[chosen]
    table = report.table(f"{images} digits of each kind")
    for name, change in _KINDS.items():
        turn = _read(scaler, model, [change(image, rng) for image in x], y)
        table.add(name, name, [turn])
    bundled = load_digits()
    table.add(
        "bundled",
        "bundled 8x8 digits",
        [_read(scaler, model, bundled.x_test[:images], bundled.y_test[:images])],
    )


def _read(scaler, model, pictures, y):
    normalizer, framed = DigitNormalizer(), []
    start = time.perf_counter()
    for picture in pictures:
        try:
            framed.append(normalizer.fit_transform([picture])[0])
        except ValueError:  # no digit
            framed.append(np.zeros(28 * 28, np.uint8))
    seconds = (time.perf_counter() - start) / len(pictures)
    rows = scaler.transform(np.reshape(framed, (-1, 28, 28)))
    return Turn(seconds, model.score(rows, y))


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
    "bold, tight": _bold,
    "photo in uneven light": _photo,
    "paper on a desk": _desk,
}
