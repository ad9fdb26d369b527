"""Pictures of digits as people have them, drawn from images of MNIST's kind.

Each function takes images of shape (n, 28, 28), light on black, and a random generator.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIDES = (12, 16, 20, 28, 40, 64, 100, 160, 280, 640, 1600, 4000)


def enlarge(digit, side, way=Image.Resampling.BICUBIC):
    return Image.fromarray(digit).resize((side, side), way)


def crop(picture):
    """Cut a picture to the box of what is light on it."""
    return picture.crop(picture.point(lambda v: 255 * (v > 127)).getbbox())


def grown(digits, random, sides=SIDES, parts=(15,)):
    """Draw with a bold brush, cut out tightly: 2 levels or grey, dark or light."""
    for digit in digits:
        brush, side = int(random.choice(parts)), int(random.choice(sides))
        bold = crop(enlarge(digit, 280).filter(ImageFilter.MaxFilter(brush)))
        scale = side / max(bold.size)
        size = [max(1, round(n * scale)) for n in bold.size]
        image = np.asarray(bold.resize(size, Image.Resampling.BICUBIC))
        yield _either(_levels(image, random.random() < 0.5), random)


def _levels(image, two):
    return np.uint8(255 * (image > 127)) if two else image


def _either(image, random):
    return 255 - image if random.random() < 0.5 else image


def tight(digits, random, times=1):
    """Cut digits to their box and enlarge them."""
    for digit in digits:
        rows, columns = (np.flatnonzero(digit.any(axis=axis)) for axis in (1, 0))
        cut = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        picture = Image.fromarray(cut)
        size = [times * n for n in picture.size]
        image = np.asarray(picture.resize(size, Image.Resampling.BICUBIC))
        yield _either(image, random)


def stretched(digits, random, side=32, least=0.45):
    """Cut digits to their box, stretch them, and cut them to two levels.

    What is very narrow keeps some of it.
    """
    for digit in digits:
        picture = crop(enlarge(digit, 280))
        width = picture.width / picture.height
        width = side if width > least else max(1, round(side * width / least))
        image = picture.resize((width, side), Image.Resampling.BICUBIC)
        page = Image.new("L", (side, side))
        page.paste(image, ((side - width) // 2, 0))
        yield _either(_levels(np.asarray(page), two=True), random)


def bold_15x16(digits, random):
    """Average bitmaps of 30x48 pixels with bold strokes in windows of 2x3."""
    for digit in digits:
        picture = crop(enlarge(digit, 280).filter(ImageFilter.MaxFilter(21)))
        scale = min(30 / picture.width, 48 / picture.height)
        size = [max(1, round(n * scale)) for n in picture.size]
        page = Image.new("L", (30, 48))
        left = (30 - size[0]) // 2
        page.paste(picture.resize(size, Image.Resampling.BICUBIC), (left, 48 - size[1]))
        bits = np.asarray(page) > 127
        yield _either(
            bits.reshape(16, 3, 15, 2).sum(axis=(1, 3)).astype(np.uint8) * 42, random
        )


def postal(digits, random):
    """Scale digits to 16x16 pixels of grey, tightly cut."""
    for digit in digits:
        picture = crop(enlarge(digit, 280))
        scale = 16 / max(picture.size)
        size = [max(1, round(n * scale)) for n in picture.size]
        page = Image.new("L", (16, 16))
        place = [(16 - n) // 2 for n in size]
        page.paste(picture.resize(size, Image.Resampling.BOX), place)
        yield _either(np.asarray(page), random)


BLANKS = ("box", "shadow", "paper", "ruled", "gradient", "vignette", "flat", "stains")


def blank(kind, random, noise=False):
    """Take a picture with no digit on it."""
    height, width = (int(random.choice([120, 300, 400, 600])) for _ in range(2))
    y = np.linspace(-1, 1, height)[:, np.newaxis] * np.ones((1, width))
    x = np.linspace(-1, 1, width) * np.ones((height, 1))
    angle = random.uniform(0, 2 * np.pi)
    along = np.cos(angle) * x + np.sin(angle) * y - random.uniform(-0.7, 0.7)
    light = random.uniform(180, 250)
    page = np.full((height, width), light)
    if kind == "box":
        wide, off = int(random.integers(2, 14)), int(random.choice([0, 0, 6, 20]))
        page[off : height - off, off : width - off] = random.uniform(0, 120)
        inner = slice(off + wide, -off - wide)
        page[inner, inner] = light
    elif kind == "shadow":
        soft = random.choice([0.005, 0.05, 0.3])
        page *= 0.55 + 0.4 / (1 + np.exp(-np.clip(along / soft, -30, 30)))
    elif kind == "paper":
        page[along < 0] = random.uniform(10, 170)
    elif kind == "ruled":
        step, thick = int(random.integers(15, 80)), int(random.integers(1, 4))
        for start in range(int(random.integers(step)), max(page.shape), step):
            page[start : start + thick] = 0.7 * light
            if step % 2:
                page[:, start : start + thick] = 0.7 * light
    elif kind == "gradient":
        page = np.linspace(100, 220, width) * np.ones((height, 1))
        page = page[:, :: int(random.choice([-1, 1]))]
    elif kind == "vignette":
        page *= 1 - random.uniform(0.1, 0.3) * (x**2 + y**2)
    elif kind == "stains":
        page *= 1 - 0.15 * np.exp(-((along**2 + (x - y) ** 2) / 0.1))
    if noise:
        page = page + random.normal(0, random.uniform(2, 12), page.shape)
    return np.uint8(np.clip(np.rint(page), 0, 255))


LETTERS = "AEFHKMNRTWXPVYUCJ&%$#@=+*?!÷><"


def letter(sign, random, side=120):
    """Write a letter or sign in one of Pillow's or DejaVu's fonts, a little bent."""
    from matplotlib import font_manager
    from scipy import ndimage

    names = ["DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono", "STIXGeneral", "cmr10"]
    weight = str(random.choice(["normal", "bold"]))
    style = str(random.choice(["normal", "italic"]))
    name = font_manager.FontProperties(
        family=names[random.integers(5)], weight=weight, style=style
    )
    font = ImageFont.truetype(font_manager.findfont(name), int(0.6 * side))
    page = Image.new("L", (side, side))
    ImageDraw.Draw(page).text((side / 2, side / 2), sign, 255, font, anchor="mm")
    bend = [
        ndimage.gaussian_filter(random.normal(0, 1, (side, side)), 0.1 * side)
        for _ in "yx"
    ]
    places = np.mgrid[:side, :side] + [0.03 * side * b / np.abs(b).max() for b in bend]
    image = ndimage.map_coordinates(np.asarray(page, np.float32), places, order=1)
    return np.uint8(np.clip(255 - 0.85 * image, 0, 255))


def scribble(random, side=120):
    """Draw some random strokes over each other."""
    from scipy.interpolate import CubicSpline

    page = Image.new("L", (side * 2, side * 2), 240)
    pen = ImageDraw.Draw(page)
    points = random.uniform(0.2, 0.8, (int(random.integers(7, 16)), 2)) * 2 * side
    curve = CubicSpline(np.arange(len(points)), points)
    line = curve(np.linspace(0, len(points) - 1, 40 * len(points)))
    pen.line([tuple(p) for p in line], 30, int(random.integers(5, 12)), joint="curve")
    return np.asarray(page.reduce(2))


def ink(digit, height, random, grow=True):
    """Return a digit as ink of a pen, in [0, 1], cropped; `height` is its longer side."""
    picture = crop(enlarge(digit, 280))
    scale = height / max(picture.size)
    size = [max(1, round(n * scale)) for n in picture.size]
    return np.asarray(picture.resize(size, Image.Resampling.BICUBIC), np.float32) / 255


def put(page, strokes, top, left, dark):
    """Write ink onto paper, in place."""
    part = page[top : top + strokes.shape[0], left : left + strokes.shape[1]]
    strokes = strokes[: part.shape[0], : part.shape[1]]
    part += (dark - part) * strokes


def on_desk(digits, random, side=280, corner=False):
    """Write each on a sheet of paper that lies on a desk, a little turned."""
    for digit in digits:
        desk = float(random.choice([20, 90, 160]))
        paper = np.full((side, side), random.uniform(215, 250), np.float32)
        size = random.uniform(0.3, 0.65) * side
        strokes = ink(digit, size, random)
        space = [side - n for n in strokes.shape]
        top, left = (int(random.uniform(0.2, 0.8) * n) for n in space)
        put(paper, strokes, top, left, random.uniform(10, 60))
        wide = int(random.uniform(0.1, 0.5) * side)
        scene = np.full((side + 2 * wide, side + 2 * wide), desk, np.float32)
        whole, on = Image.fromarray(scene), Image.new("L", (side, side), 255)
        angle = random.uniform(-6, 6)
        turn = {"resample": Image.Resampling.BICUBIC, "expand": True}
        sheet = Image.fromarray(paper).rotate(angle, **turn)
        on = on.rotate(angle, **turn)
        shift = wide - (sheet.width - side) // 2
        whole.paste(sheet, (shift, shift), on)
        scene = np.array(whole)
        if corner:
            cut = wide + int(0.15 * side)
            scene = scene[cut - int(0.3 * side) if cut > 0.3 * side else 0 :, cut:]
        scene += random.normal(0, random.choice([0, 3]), scene.shape)
        yield np.uint8(np.clip(scene, 0, 255))


def cells(digits, random, columns=10, size=56, cell=80, dark=0):
    """Write digits of MNIST, as they are, into the middle of empty cells."""
    rows = -(-len(digits) // columns)
    page = np.full((rows * cell, columns * cell), 255, np.float32)
    off = (cell - size) // 2
    boxes = []
    for i, digit in enumerate(digits):
        top, left = i // columns * cell + off, i % columns * cell + off
        put(page, np.asarray(enlarge(digit, size), np.float32) / 255, top, left, dark)
        boxes.append((left, top, left + size, top + size))
    return np.uint8(page), np.array(boxes)


def form(digits, random, low=0, between=12, wide=3, size=56, cell=80, empty=()):
    """Write a row of digits into dark boxes; those of `empty` stay so."""
    step = cell + between
    page = np.full((cell + 80, step * len(digits) + 80), 245, np.float32)
    boxes = []
    off = (cell - size) // 2
    for i, digit in enumerate(digits):
        top, left = 40, 40 + i * step
        page[top : top + cell, left : left + cell] = 30
        page[top + wide : top + cell - wide, left + wide : left + cell - wide] = 245
    for i, digit in enumerate(digits):
        top, left = 40, 40 + i * step
        boxes.append((left, top, left + cell, top + cell))
        if i not in empty:
            strokes = np.asarray(enlarge(digit, size), np.float32) / 255
            put(page, strokes, top + off + low, left + off, 30)
    return np.uint8(page), np.array(boxes)


def box(digit, random, low, wide=3, size=56, cell=80):
    """Cut one box out of a form, with a little around it."""
    page, _ = form([digit], random, low, wide=wide, size=size, cell=cell)
    return page[36 : 44 + cell, 36 : 44 + cell]
