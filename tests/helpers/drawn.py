"""Digits drawn with a pen, by seed: strokes, papers, light and noise of many kinds."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw
from scipy.interpolate import CubicSpline

# A few hands per digit: strokes, and their points x,y in percent of a square, y
# downwards. A line is a polygon, a curve goes smoothly through its points.
_STROKES = """
0 curve 50,0 20,12 5,50 20,88 50,100 80,88 95,50 80,12 50,0
0 curve 60,2 20,12 5,50 20,88 50,100 80,88 95,50 80,12 55,2
1 line 50,0 50,100
1 line 60,0 45,100
2 curve 10,25 30,3 70,5 80,30 50,65 8,98 | line 8,98 92,96
2 curve 15,20 50,0 82,25 60,60 10,95 | curve 10,95 40,90 65,98 95,92
3 curve 15,10 50,0 80,20 65,43 40,48 | curve 40,48 72,53 85,75 55,100 10,88
4 line 20,0 12,50 88,50 | line 75,5 70,100
4 curve 15,2 10,40 40,52 85,42 | line 85,2 78,100
5 line 85,2 25,2 20,45 | curve 20,45 50,38 82,60 70,92 40,100 10,90
6 curve 70,0 35,25 15,65 35,98 70,95 82,70 55,53 20,72
7 line 10,5 85,3 40,100
7 curve 10,8 45,6 88,4 | curve 88,4 60,50 45,100
8 curve 78,10 50,0 20,12 28,36 60,55 80,80 50,100 20,82 35,55 70,33 78,10
9 curve 80,20 50,0 18,25 45,48 80,22 78,60 70,100
"""
_HANDS = {digit: [] for digit in range(10)}
for _line in _STROKES.strip().splitlines():
    _HANDS[int(_line[0])].append([each.split() for each in _line[2:].split("|")])


class Scene(NamedTuple):
    """What a picture of one digit is made with."""

    side: int = 96
    pen: float = 0.11
    dark_ink: bool = True
    ink: float = 0.15
    paper: float = 0.9
    shadow: str = "none"
    noise: float = 0.0
    rotation: float = 0.0
    margin: float = 0.2
    gaps: int = 0
    lines: str = "none"
    frame: float = 0.0


def strokes(digit, random):
    """Return polylines of one digit in the unit square, each time another."""
    hands = _HANDS[digit]
    lines = []
    for kind, *points in hands[random.integers(len(hands))]:
        points = np.array([point.split(",") for point in points], float) / 100
        points[1:-1] += random.normal(0, 0.015, points[1:-1].shape)
        if kind == "curve":
            steps = np.linalg.norm(np.diff(points, axis=0), axis=1) ** 0.5
            t = np.concatenate([[0], np.cumsum(steps)])
            points = CubicSpline(t, points)(np.linspace(0, t[-1], 60))
        lines.append(points)
    return lines


def draw(digit, scene, random):
    """Draw a digit as a gray uint8 image of `scene.side` squared pixels."""
    ink = _ink(digit, scene, random, scene.side)
    return _expose(ink, scene, random)


def _ink(digit, scene, random, side):
    zoom = max(1, round(256 / side))
    size = side * zoom
    angle = np.deg2rad(scene.rotation)
    slant, aspect = random.uniform(-0.1, 0.25), random.uniform(0.6, 0.85)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shape = turn @ np.array([[aspect, -slant], [0, 1]])
    height = size * (1 - 2 * scene.margin - scene.pen)
    offset = random.uniform(-0.3, 0.3, 2) * scene.margin * size + size / 2
    width = max(1, round(scene.pen * height))
    image = Image.new("L", (size, size))
    pen = ImageDraw.Draw(image)
    for line in strokes(digit, random):
        points = ((line - 0.5) * height) @ shape.T + offset
        pen.line([tuple(p) for p in points], fill=255, width=width, joint="curve")
        for x, y in points[:: max(1, len(points) // 20)]:
            pen.circle((x, y), width / 2, fill=255)
        x, y = points[-1]
        pen.circle((x, y), width / 2, fill=255)
        for x, y in points[random.integers(len(points), size=scene.gaps)]:
            pen.circle((x, y), 0.6 * width, fill=0)
    if zoom > 1:
        image = image.reduce(zoom)
    return np.asarray(image, np.float32) / 255


def _expose(ink, scene, random):
    """Put ink on paper, light it, and take the picture."""
    light = _light(ink.shape, scene.shadow, random)
    ink_level, paper = scene.ink, scene.paper
    if not scene.dark_ink:
        ink_level, paper = 1 - ink_level, 1 - paper
    sheet = paper + (ink_level - paper) * _printed(ink.shape, scene, random)
    picture = (sheet + (ink_level - sheet) * ink) * light
    if scene.noise:
        picture += random.normal(0, scene.noise, ink.shape).astype(np.float32)
    return np.clip(np.rint(picture * 255), 0, 255).astype(np.uint8)


def _printed(shape, scene, random):
    """Return what is printed on the paper: weaker lines, a frame as strong as ink."""
    printed = np.zeros(shape, np.float32)
    if scene.lines != "none":
        step = round(random.uniform(0.1, 0.3) * shape[0])
        thick = max(1, round(0.006 * shape[0]))
        for start in range(int(random.integers(step)), max(shape), step):
            printed[start : start + thick] = 0.35
            if scene.lines == "squared":
                printed[:, start : start + thick] = 0.35
    if scene.frame:
        wide, off = max(1, round(scene.frame * shape[0])), int(random.integers(4))
        printed[off : shape[0] - off, off : shape[1] - off] = 1
        inner = slice(off + wide, -off - wide)
        printed[inner, inner] = 0
    return printed


def _light(shape, shadow, random):
    if shadow == "none":
        return np.float32(1)
    y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, np.newaxis]
    x = np.linspace(-1, 1, shape[1], dtype=np.float32)
    angle = random.uniform(0, 2 * np.pi)
    along = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
    if shadow == "gradient":
        return 0.7 + 0.25 * along
    if shadow == "corners":
        return 1 - 0.25 * (x**2 + y**2)
    # A hand between the lamp and the paper: a soft edge somewhere in the picture.
    edge = (along - random.uniform(-0.5, 0.5)) / random.uniform(0.08, 0.3)
    return 0.5 + 0.5 / (1 + np.exp(-np.clip(edge, -30, 30)))


def scenes(n, random, sides=(12, 16, 20, 28, 40, 64, 100, 160, 300, 640)):
    """Return n scenes of all kinds."""
    found = []
    for _ in range(n):
        side = int(random.choice(sides))
        dark = bool(random.random() < 0.5)
        found.append(
            Scene(
                side=side,
                pen=random.uniform(max(0.06, 1.5 / side), 0.18),
                dark_ink=dark,
                ink=random.uniform(0.05, 0.35),
                paper=random.uniform(0.7, 0.98),
                shadow=str(random.choice(["none", "gradient", "hand"])),
                noise=float(random.choice([0, 0.02, 0.05])),
                rotation=random.uniform(-12, 12),
                margin=random.uniform(0.02, 0.3) if side >= 28 else 0.05,
            )
        )
    return found


def draw_sheet(digits, random, columns=10, cell=90, scene=None, touching=0.0):
    """Draw digits in rows; return the image and the middle (x, y) of each digit.

    `touching` is the share of the digits that are moved to the left until they touch
    the one before; then it also returns which.
    """
    scene = scene or Scene(pen=0.1)
    rows = -(-len(digits) // columns)
    ink = np.zeros((rows * cell, columns * cell), np.float32)
    middles, touches = [], np.zeros(len(digits), bool)
    for i, digit in enumerate(digits):
        top, left = i // columns * cell, i % columns * cell
        top += int(random.integers(cell // 6))
        left += int(random.integers(cell // 6))
        one = _ink(digit, scene, random, cell - cell // 6)
        if touching and i % columns and random.random() < touching:
            while left and not _overlap(ink, one, top, left):
                left -= 1
            touches[i] = True
        part = ink[top : top + len(one), left : left + len(one)]
        np.maximum(part, one[: part.shape[0], : part.shape[1]], out=part)
        middles.append((left + len(one) / 2, top + len(one) / 2))
    ink = np.pad(ink, cell // 2)
    middles = np.array(middles) + cell // 2
    sheet = _expose(ink, scene, random)
    return (sheet, middles, touches) if touching else (sheet, middles)


def _overlap(ink, one, top, left):
    part = ink[top : top + len(one), left : left + len(one)]
    return np.minimum(part, one[: part.shape[0], : part.shape[1]]).max() > 0.5


SHEETS = [
    Scene(pen=0.1),
    Scene(pen=0.12, shadow="gradient", noise=0.02),
    Scene(pen=0.08, dark_ink=False, noise=0.03),
    Scene(pen=0.1, shadow="hand", rotation=5),
]
