"""Pictures without a digit, by seed: blanks of all sorts, letters, signs, scribbles."""

from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from scipy.interpolate import CubicSpline

# Those that handwriting does not make look like a digit.
LETTERS = "AEFHKMNRWXadehkmnwx"
SIGNS = "&%@#=÷×*±π∞≈€¶ΣΩ"
_FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSerif",
    "DejaVuSerif-Italic",
    "DejaVuSansMono",
    "STIXGeneral",
    "STIXGeneralItalic",
)


@cache
def _fonts():
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return [ImageFont.truetype(folder / f"{name}.ttf", 160) for name in _FONTS]


def character(text, rng):
    """Draw a character of some font, light on black, bent a little."""
    image = Image.new("L", (280, 280))
    font = _fonts()[rng.integers(len(_FONTS))]
    ImageDraw.Draw(image).text((140, 140), text, 255, font, anchor="mm")
    angle = np.deg2rad(rng.uniform(-8, 8))
    turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    shape = turn @ np.array([[rng.uniform(0.8, 1.2), rng.uniform(-0.2, 0.2)], [0, 1]])
    ink = ndimage.affine_transform(image, shape, 140 - shape @ [140, 140], order=1)
    bent = [ndimage.gaussian_filter(rng.normal(size=ink.shape), 30) for _ in range(2)]
    places = np.mgrid[:280, :280] + [8 * each / np.abs(each).max() for each in bent]
    return np.uint8(ndimage.map_coordinates(ink, places, order=1))


def scribble(rng):
    """Draw one to three smooth lines through points at random, light on black."""
    image = Image.new("L", (280, 280))
    pen, width = ImageDraw.Draw(image), int(rng.integers(8, 26))
    for _ in range(rng.integers(1, 4)):
        points = rng.uniform(30, 250, (rng.integers(5, 12), 2))
        t = np.linspace(0, len(points) - 1, 40 * len(points))
        line = CubicSpline(np.arange(len(points)), points)(t)
        pen.line([tuple(point) for point in line], 255, width, joint="curve")
    return np.asarray(image)


def photograph(ink, rng):
    """Put light ink on paper of some polarity, size, blur, noise and compression."""
    side = int(rng.choice([28, 48, 64, 100, 200, 400]))
    way = Image.BOX if side < 100 else Image.BICUBIC
    ink = np.asarray(Image.fromarray(ink).resize((side, side), way)) / 255
    paper, stroke = rng.uniform(0.7, 1), rng.uniform(0, 0.3)
    if rng.random() < 0.5:
        paper, stroke = 1 - paper, 1 - stroke
    return _expose(255 * (paper + (stroke - paper) * ink), rng)


def _expose(grey, rng):
    if rng.random() < 0.5:
        sigma = rng.uniform(0.3, 1) * max(grey.shape) / 200
        grey = ndimage.gaussian_filter(grey, sigma)
    if rng.random() < 0.5:
        grey = grey + rng.normal(0, rng.uniform(1, 8), grey.shape)
    image = np.uint8(np.clip(np.rint(grey), 0, 255))
    if rng.random() < 0.3:
        stream = BytesIO()
        Image.fromarray(image).save(stream, "JPEG", quality=int(rng.integers(40, 95)))
        image = np.asarray(Image.open(stream))
    return image


def blank(kind, rng):
    """Draw a picture of one of `BLANKS`, of some size, on light or dark paper."""
    height, width = (int(n) for n in rng.integers(60, 500, 2))
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    paper = rng.uniform(150, 250)
    page = BLANKS[kind](np.full((height, width), paper), x, y, rng)
    return _expose(255 - page if rng.random() < 0.2 else page, rng)


def _along(x, y, rng, turn=0.0):
    angle = rng.uniform(0, 2 * np.pi) + turn
    return np.cos(angle) * x + np.sin(angle) * y


def _frame(page, x, y, rng):
    thick = int(rng.integers(2, 14))
    off = int(rng.integers(1 + min(page.shape) // 6))
    rest = [slice(off, n - off) for n in page.shape]
    paper = page[0, 0]
    page[*rest] = rng.uniform(0, 100)
    page[*(slice(n.start + thick, n.stop - thick) for n in rest)] = paper
    return page


def _shadow(page, x, y, rng):
    soft = 10 ** rng.uniform(-3, -0.7)
    edge = (_along(x, y, rng) - rng.uniform(-0.6, 0.6)) / soft
    return page * (1 - rng.uniform(0.2, 0.7) / (1 + np.exp(-np.clip(edge, -50, 50))))


def _desk(page, x, y, rng):
    page[_along(x, y, rng) > rng.uniform(-0.6, 0.6)] = rng.uniform(10, 140)
    return page


def _ruled(page, x, y, rng, squared=False):
    step, thick = int(rng.integers(12, 60)), int(rng.integers(1, 4))
    line = page[0, 0] - rng.uniform(20, 120)
    start = int(rng.integers(step))
    for i in range(start, start + thick):
        page[i::step] = line
        if squared:
            page[:, i::step] = line
    return page


def _texture(page, x, y, rng):
    rough = ndimage.gaussian_filter(rng.normal(size=page.shape), rng.uniform(0.5, 6))
    return page + rng.uniform(5, 40) * rough


BLANKS = {
    "empty box": _frame,
    "shadow": _shadow,
    "paper beside desk": _desk,
    "ruled paper": _ruled,
    "squared paper": lambda *page: _ruled(*page, squared=True),
    "gradient": lambda page, x, y, rng: (
        page * (0.75 + rng.uniform(0.05, 0.25) * _along(x, y, rng))
    ),
    "vignette": lambda page, x, y, rng: (
        page * (1 - rng.uniform(0.05, 0.45) * (x**2 + y**2))
    ),
    "texture": _texture,
    "nothing": lambda page, x, y, rng: page,
}
