"""Draw the pictures of own-digits.md: a photo, and what becomes of it in each step.

`photo.jpg` and `page.jpg` are those that `make demo` reads.

    python tools/make_own_digits.py

The photo is drawn too, with a shadow, noise and a speck.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image

matplotlib.use("Agg")
from matplotlib import pyplot as plt

from skmnist import DigitNormalizer
from skmnist.images import find_digits

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
sys.path.insert(0, str(ROOT / "tests" / "helpers"))
import drawn  # noqa: E402


def photo():
    random = np.random.default_rng(4)
    scene = drawn.Scene(side=480, pen=0.06, shadow="hand", noise=0.03, rotation=-6)
    image = drawn.draw(5, scene, random)
    image[60:66, 380:388] = 60
    return image


def sheet():
    random = np.random.default_rng(9)
    scene = drawn.Scene(pen=0.1, shadow="gradient", noise=0.02)
    return drawn.draw_sheet(np.arange(20) % 10, random, scene=scene)[0]


def draw_steps(path):
    image = photo()
    steps = DigitNormalizer().explain(image)
    resized = np.asarray(Image.fromarray(image).resize((28, 28)))
    pictures = {"photo": image, **steps, "resizing alone": resized}
    del pictures["gray"]
    figure, axes = plt.subplots(1, len(pictures), figsize=(10.5, 1.8))
    for ax, (name, picture) in zip(axes, pictures.items(), strict=True):
        ax.imshow(picture, cmap="gray")
        ax.set_title(name, fontsize=9)
        ax.set_axis_off()
    figure.savefig(path, dpi=80, bbox_inches="tight")
    plt.close(figure)


def draw_sheet(path):
    image = sheet()
    found = find_digits(image)
    figure, ax = plt.subplots(figsize=(8, 2.4))
    ax.imshow(image, cmap="gray", vmin=0, vmax=255)
    for i, (left, top, right, bottom) in enumerate(found.boxes):
        ax.add_patch(
            plt.Rectangle(
                (left, top), right - left, bottom - top, fill=False, color="tab:red"
            )
        )
        ax.text(left, top - 4, i, color="tab:red", fontsize=8)
    ax.set_axis_off()
    figure.savefig(path, dpi=80, bbox_inches="tight")
    plt.close(figure)


if __name__ == "__main__":
    folder = DOCS / "images"
    folder.mkdir(exist_ok=True)
    draw_steps(folder / "own-digits-steps.png")
    draw_sheet(folder / "own-digits-sheet.png")
    Image.fromarray(photo()).save(folder / "photo.jpg")
    Image.fromarray(sheet()).save(folder / "page.jpg")
