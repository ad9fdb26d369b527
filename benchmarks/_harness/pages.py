"""Pages of MNIST's digits: rows, forms, words, and paper on a desk.

A kind takes images, their labels and a generator; it returns a page and what is to be
read on it, with "-" for an empty box.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

CELL = 80  # pixels of a box or a place on a sheet
_SIDE = 56  # pixels of a digit with MNIST's margin
_ROOM = 30  # pixels around a row of boxes
_LINES = {"dotted": (5, 2), "dashed": (11, 6)}  # pixels from dash to dash, and of one
_COLORS = [(255, 150, 150), (120, 200, 255), (150, 220, 150)]


def place(image, shape=(CELL, CELL), side=_SIDE, shift=(0, 0)):
    """Put a digit into the middle of black pixels, enlarged; `shift` is down, right."""
    large = np.asarray(Image.fromarray(image).resize((side, side), Image.BICUBIC))
    cell = np.zeros([n + 2 * side for n in shape], np.uint8)
    top, left = ((n + side) // 2 + m for n, m in zip(shape, shift, strict=True))
    cell[top : top + side, left : left + side] = large
    return cell[side:-side, side:-side]


def write(ink, rng):
    """Turn ink, 0 to 255, into a gray page with some noise."""
    paper, dark = rng.uniform(215, 252), rng.uniform(10, 80)
    gray = paper + (dark - paper) * (ink / 255.0)
    gray += rng.normal(0, rng.choice([0, 2, 4]), ink.shape)
    return np.uint8(np.clip(np.rint(gray), 0, 255))


def on_desk(page, rng):
    """Lay a page on a desk that is seen all around it."""
    (top, bottom), (left, right) = around = rng.integers(40, 120, (2, 2))
    height, width = np.add(page.shape, around.sum(axis=1))
    desk = rng.normal(rng.choice([20, 90, 160]), 2, (height, width))
    desk[top : height - bottom, left : width - right] = page
    return np.uint8(np.rint(desk))


def with_corner(page, rng):
    """Let a dark corner of the desk be seen."""
    y, x = np.indices(page.shape)
    dark = x + y < rng.uniform(0.15, 0.35) * min(page.shape)
    turn = [slice(None, None, step) for step in rng.choice([-1, 1], 2)]
    return np.where(dark[*turn], np.uint8(rng.choice([20, 40, 60])), page)


def single(image, rng):
    """Write one digit large."""
    side = int(280 * rng.uniform(0.7, 1))
    return write(place(image, (280, 280), side), rng)


def row(x, y, rng):
    return write(np.hstack([place(each) for each in x]), rng), _read(y)


def form(line="solid", gap=12, *, shift=0, down=0, strength=255, empty=0.0):
    """Return a kind that has a row of digits in boxes, `shift` pixels off at most."""

    def draw(x, y, rng):
        pitch, wide = CELL + gap, int(rng.integers(1, 4))
        ink = np.zeros((CELL + 2 * _ROOM, len(x) * pitch + 2 * _ROOM), np.uint8)
        read = ""
        for i, (image, label) in enumerate(zip(x, y, strict=True)):
            part = ink[:, i * pitch : i * pitch + CELL + 2 * _ROOM]
            _box(part, line, wide, strength)
            if empty and rng.random() < empty:
                read += "-"
                continue
            off = rng.integers(-shift, shift + 1, 2) + (down, 0)
            np.maximum(part, place(image, part.shape, shift=off), out=part)
            read += str(label)
        return write(ink, rng), read

    return draw


def _box(part, line, wide, strength):
    """Draw the box of one digit, or what stands for it."""
    across = np.zeros(CELL + wide, bool)
    step, dash = _LINES.get(line, (1, 1))
    for start in range(0, len(across), step):
        across[start : start + dash] = True
    box = np.zeros((len(across), len(across)), bool)
    if line != "under":
        box[:, :wide] = box[:, -wide:] = across[:, np.newaxis]
    if line == "comb":
        box[: 2 * CELL // 3] = False
    elif line != "under":
        box[:wide] = across
    box[-wide:] = across
    inside = part[_ROOM : _ROOM + len(box), _ROOM : _ROOM + len(box)]
    inside[box] = np.maximum(inside[box], strength)


def tilted(kind, degrees=6):
    """Return a kind whose pages are turned by some degrees at most."""

    def draw(x, y, rng):
        page, read = kind(x, y, rng)
        turned = Image.fromarray(page).rotate(
            rng.uniform(-degrees, degrees),
            Image.BICUBIC,
            expand=True,
            fillcolor=int(np.median(page)),
        )
        return np.asarray(turned), read

    return draw


def colored(x, y, rng):
    """Draw a row of digits in the light colored boxes of a printed form."""
    seed = int(rng.integers(1 << 30))
    boxes, _ = form()(np.zeros_like(x), y, np.random.default_rng(seed))
    page, read = form(strength=0)(x, y, np.random.default_rng(seed))
    color = np.where(boxes[:, :, np.newaxis] < 150, _COLORS[rng.integers(3)], 255)
    return np.minimum(page[:, :, np.newaxis], np.uint8(color)), read


def word(height, touching):
    """Return a kind that has three digits on a strip of 100 pixels."""

    def draw(x, y, rng):
        ink, left = np.zeros((100, 400), np.uint8), 20
        top = (100 - height) // 2
        for image in x[:3]:
            (box,) = ndimage.find_objects((image > 60).astype(int))
            tight = Image.fromarray(image[box])
            width = max(2, round(height * min(1.2, tight.width / tight.height)))
            tight = np.asarray(tight.resize((width, height), Image.BICUBIC))
            strip = ink[top : top + height]
            while touching and left > 20:
                if (np.minimum(strip[:, left : left + width], tight) > 100).any():
                    break
                left -= 1
            part = strip[:, left : left + width]
            np.maximum(part, tight, out=part)
            left += width + int(rng.integers(6, 14))
        return write(ink[:, : left + 20], rng), _read(y[:3])

    return draw


def desk_row(lay):
    def draw(x, y, rng):
        page, read = row(x, y, rng)
        page = np.pad(page, 30, constant_values=int(np.median(page)))
        return lay(page, rng), read

    return draw


def _read(y):
    return "".join(map(str, y))
