"""Pictures that are made from MNIST: digits as others write and scan them, no digits.

For `fit_likeness.py`. The benchmarks draw their own, so that they measure others.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

# Letters of other alphabets that look like no digit.
LETTERS = "ΓΔΞΠΣΨΩΛαβγεηκλμξπφψωБДЖИЙЛПФЦШЩЪЫЮЯджикмнпфцшщыюя"
FONTS = "DejaVuSans", "DejaVuSerif", "DejaVuSansMono"
SIDE = 84  # pixels of letters and scribbles


def coarse(image, rng):
    """Make a digit small, bold, of another aspect or of two levels."""
    (box,) = ndimage.find_objects((image > 60).astype(int))
    height, width = image[box].shape
    if rng.random() < 0.5:
        height = width = max(height, width)
    image = _resize(image[box], 4 * height, 4 * width)
    image = ndimage.maximum_filter(image, int(rng.integers(1, 10)))
    scale = rng.uniform(12, 32) / max(height, width)
    image = _resize(image, max(3, round(scale * height)), max(3, round(scale * width)))
    if rng.random() < 0.3:
        return image
    return np.uint8(255 * (image > rng.integers(90, 150)))


def no_digits(images, y, n, rng):
    """Make pictures that look like no digit, `n` of each of eleven kinds."""

    def some(*left_out):
        return images[rng.choice(np.flatnonzero(~np.isin(y, left_out)), n)]

    turned = [some(0, 8).swapaxes(1, 2) for _ in range(3)]
    kinds = [
        some(0, 1, 8)[:, :, ::-1],
        some(0, 1, 3, 8)[:, ::-1],
        turned[0],
        turned[1][:, ::-1],
        turned[2][:, :, ::-1],
        np.concatenate([some()[:, :14], some()[:, 14:]], axis=1),
        np.concatenate([some()[:, :, :14], some()[:, :, 14:]], axis=2),
        np.stack([_overlay(*pair, rng) for pair in zip(some(), some(), strict=True)]),
        np.stack([scribble(rng) for _ in range(n)]),
        np.stack([letter(rng) for _ in range(n)]),
        np.stack([pattern(rng) for _ in range(n)]),
    ]
    return [image for kind in kinds for image in kind]


def _overlay(one, other, rng):
    page = np.zeros((44, 44), np.uint8)
    for image in (one, other):
        top, left = rng.integers(0, 17, 2)
        part = page[top : top + 28, left : left + 28]
        np.maximum(part, image, out=part)
    return page


def scribble(rng):
    """Draw one to three lines whose direction changes at random."""
    page = Image.new("L", (SIDE, SIDE))
    pen, width = ImageDraw.Draw(page), int(rng.integers(3, 9))
    for _ in range(rng.integers(1, 4)):
        steps = ndimage.gaussian_filter1d(rng.normal(size=(200, 2)), 12, axis=0)
        line = steps.cumsum(axis=0)
        line -= line.min(axis=0)
        line *= rng.uniform(20, SIDE - 12, 2) / np.maximum(line.max(axis=0), 1e-6)
        line += rng.uniform(4, SIDE - 6 - line.max(axis=0))
        pen.line([tuple(point) for point in line], 255, width, joint="curve")
    return np.asarray(page)


def letter(rng):
    """Draw a letter of another alphabet, sheared and with strokes of some width."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    font = ImageFont.truetype(folder / f"{FONTS[rng.integers(3)]}.ttf", 56)
    page = Image.new("L", (SIDE, SIDE))
    text, bold = LETTERS[rng.integers(len(LETTERS))], int(rng.integers(0, 3))
    pen = ImageDraw.Draw(page)
    pen.text((SIDE / 2, SIDE / 2), text, 255, font, anchor="mm", stroke_width=bold)
    shear, width = rng.uniform(-0.3, 0.3), rng.uniform(0.8, 1.2)
    matrix = np.array([[1, 0], [shear, width]])
    middle = np.full(2, SIDE / 2)
    return ndimage.affine_transform(page, matrix, middle - matrix @ middle, order=1)


def pattern(rng):
    """Draw a part of squared paper, of rough paper, or a block."""
    page = np.zeros((SIDE, SIDE), np.uint8)
    height, width = rng.integers(SIDE // 3, SIDE - 8, 2)
    part = page[4 : 4 + height, 4 : 4 + width]
    kind = rng.integers(3)
    if kind == 0:
        step, thick = int(rng.integers(12, 40)), int(rng.integers(3, 8))
        for i in range(thick):
            part[i::step] = part[:, i::step] = 255
    else:
        rough = ndimage.gaussian_filter(rng.normal(size=part.shape), rng.uniform(1, 6))
        least = -2 if kind == 1 else rng.uniform(-0.5, 0.5)
        part[rough > least * rough.std()] = 255
    return page


def _resize(image, height, width):
    way = Image.Resampling.BICUBIC if height > image.shape[0] else Image.Resampling.BOX
    return np.asarray(Image.fromarray(image).resize((width, height), way))
