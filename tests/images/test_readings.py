"""Pictures that can be read in several ways, and those that cannot be read."""

import drawn
import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from skmnist import DigitNormalizer


def frame(image, **parameters):
    (framed,) = DigitNormalizer(output="images", **parameters).transform([image])
    return framed.astype(float)


def bold(digit, side):
    """Crop a digit of thick strokes to its box, light on dark."""
    scene = drawn.Scene(side=300, pen=0.2, dark_ink=False, ink=0, paper=1, margin=0.2)
    image = Image.fromarray(drawn.draw(digit, scene, np.random.default_rng(digit)))
    cut = image.crop(image.point(lambda v: 255 * (v > 127)).getbbox())
    scale = side / max(cut.size)
    return np.asarray(cut.resize([round(scale * n) for n in cut.size]))


@pytest.mark.parametrize("side", [20, 64, 280])
@pytest.mark.parametrize("two_levels", [False, True])
def test_tight_digits_of_bold_strokes_are_read_on_either_paper(side, two_levels):
    for digit in (0, 2, 3, 5, 6, 8, 9):
        image = bold(digit, side)
        if two_levels:
            image = np.uint8(255 * (image > 127))
        expected = frame(np.pad(image, side // 3), polarity="light")
        for picture in (image, 255 - image):
            assert np.abs(frame(picture) - expected).mean() / 255 < 0.1, digit


def test_an_eight_of_a_thick_brush_crosses_the_border():
    image = Image.new("L", (280, 280), 255)
    pen = ImageDraw.Draw(image)
    for box in [45, 0, 234, 170], [30, 110, 249, 279]:
        pen.ellipse(box, outline=0, width=60)
    expected = frame(np.asarray(image), polarity="dark")
    assert np.abs(frame(np.asarray(image)) - expected).mean() / 255 < 0.03


@pytest.mark.parametrize("desk", [20, 90, 160])
def test_a_sheet_of_paper_on_a_desk_is_read(desk):
    clean = drawn.draw(5, drawn.Scene(side=200, margin=0.25), np.random.default_rng(0))
    on_desk = np.pad(clean, 60, constant_values=desk)
    assert np.abs(frame(on_desk) - frame(clean)).mean() / 255 < 0.04


@pytest.mark.parametrize("index", [3269, 4498, 3033])
def test_a_bright_part_of_the_paper_is_no_digit(mnist, index):
    large = Image.fromarray(mnist.x_test[index]).resize((200, 200), Image.BICUBIC)
    paper = np.pad(255 - np.asarray(large), 150, constant_values=255)
    noise = np.random.default_rng(0).normal(0, 6, paper.shape)
    photo = 0.8 * paper * np.linspace(0.5, 0.95, 500) + noise
    framed = frame(np.clip(photo, 0, 255).astype(np.uint8))
    assert np.mean(framed > 128) < 0.22


def blanks():
    box = np.full((300, 400), 235, np.uint8)
    box[:10] = box[-10:] = box[:, :10] = box[:, -10:] = 0
    paper = np.full((300, 400), 230, np.uint8)
    paper[:, :150] = 90
    y, x = np.mgrid[-1:1:300j, -1:1:400j]
    ruled = np.full((342, 81), 220, np.uint8)
    for line in range(3):
        ruled[10 + line :: 30] = 150
    narrow = np.pad(np.full((280, 70), 235, np.uint8), 10, constant_values=0)
    narrow = np.pad(narrow, 12, constant_values=235)
    tall = np.pad(np.full((272, 82), 220, np.uint8), 12, constant_values=40)
    tall = np.pad(tall, 1, constant_values=220)
    noisy = np.full((300, 200), 230.0)
    noisy[10:-10, 10:-10] = 40
    noisy[14:-14, 14:-14] = 230
    noisy += np.random.default_rng(0).normal(0, 1, noisy.shape)
    thin = np.full((373, 98), 200, np.uint8)
    thin[20:-20, 20:-20] = 20
    thin[23:-23, 23:-23] = 200
    wide = np.pad(np.full((125, 292), 30, np.uint8), 12, constant_values=235)
    wide = np.pad(wide, 39, constant_values=30)
    squared = np.full((440, 90), 220, np.uint8)
    squared[7::25] = squared[8::25] = squared[:, 9::30] = squared[:, 10::30] = 150
    small = np.full((400, 80), 35, np.uint8)
    small[7::16] = small[8::16] = small[:, 9::30] = small[:, 10::30] = 105
    return {
        "squared": 255 - squared,
        "squared in small": small,
        "thin box": thin,
        "wide box": wide,
        "noisy box": np.uint8(np.rint(noisy)),
        "box without a margin": tall,
        "narrow box": narrow,
        "beside a desk, narrow": paper[:, 70:170],
        "narrow and ruled": ruled,
        "box": box,
        "beside a desk": paper,
        "gradient": np.tile(np.uint8(np.linspace(100, 220, 300)), (300, 1)),
        "vignette": np.uint8(230 - 60 * (x**2 + y**2)),
    }


@pytest.mark.parametrize("kind", blanks())
def test_pictures_without_a_digit_are_an_error(kind):
    with pytest.raises(ValueError, match=r"X\[0\] has no (ink|digit)"):
        frame(blanks()[kind])


def test_parts_of_a_frame_are_no_part_of_the_digit():
    plain = drawn.Scene(side=100, dark_ink=False, shadow="gradient", noise=0.02)
    for digit in range(10):
        framed = [
            frame(drawn.draw(digit, scene, np.random.default_rng(digit)))
            for scene in (plain, plain._replace(frame=0.02))
        ]
        assert np.abs(framed[0] - framed[1]).mean() / 255 < 0.05, digit


@pytest.mark.parametrize("digit", [0, 4])
def test_a_frame_seen_closely_does_not_hide_the_digit(digit):
    scene = drawn.Scene(side=300, margin=0.12, dark_ink=False, noise=0.02)
    scene = scene._replace(frame=0.02, shadow="gradient")
    assert frame(drawn.draw(digit, scene, np.random.default_rng(4))).any()


def test_a_bold_digit_with_a_small_loop_is_no_block(mnist):
    large = Image.fromarray(mnist.x_test[8076]).resize((280, 280), Image.BICUBIC)
    disk = np.hypot(*np.mgrid[-15:16, -15:16]) <= 15
    bold = ndimage.maximum_filter(large, footprint=disk)
    (box,) = ndimage.find_objects((bold > 60).astype(int))
    assert frame(255 - bold[box]).any()


@pytest.mark.parametrize("side", [44, 160, 320])
def test_digits_whose_loop_is_nearly_filled_are_read_and_discs_are_not(side):
    image = Image.new("L", (320, 320), 255)
    pen = ImageDraw.Draw(image)
    pen.ellipse((100, 130, 230, 260), 0)
    disc = np.asarray(image.resize((side, side)))
    with pytest.raises(ValueError, match="no digit, only other ink"):
        frame(disc)
    pen.line([(120, 180), (150, 110), (200, 70)], 0, 40, joint="curve")
    pen.ellipse((160, 190, 170, 200), 255)
    assert frame(np.asarray(image.resize((side, side)))).any()


@pytest.mark.parametrize("mark", ["ring", "open ring", "line", "two lines"])
def test_rings_around_digits_and_lines_under_them_are_no_part(mark):
    for digit in range(10):
        scene = drawn.Scene(side=200, margin=0.28, shadow="gradient")
        clean = drawn.draw(digit, scene, np.random.default_rng(digit))
        image = Image.fromarray(clean)
        pen = ImageDraw.Draw(image)
        if "ring" in mark:
            pen.arc((12, 8, 188, 192), 10 * ("open" in mark), 360, 35, 5)
        for i in range(("line" in mark) + ("two" in mark)):
            pen.line((45, 172 + 12 * i, 155, 166 + 12 * i), 35, 5)
        difference = np.abs(frame(np.asarray(image)) - frame(clean)).mean() / 255
        assert difference < 0.1, digit


@pytest.mark.parametrize(("gap", "stub"), [(2, 0), (14, 6)])
def test_the_base_of_a_broken_two_is_no_underline(gap, stub):
    image = Image.new("L", (100, 120), 235)
    pen = ImageDraw.Draw(image)
    pen.line([(30, 25), (48, 15), (65, 28), (32, 74)], 40, 8, joint="curve")
    pen.rectangle((30, 77 + gap, 72, 84 + gap), 40)
    pen.rectangle((30, 77 + gap - stub, 40, 84 + gap), 40)
    assert frame(np.asarray(image))[-9:].max(axis=0).sum() / 255 > 10


@pytest.mark.parametrize("what", ["stain", "finger"])
def test_weaker_ink_behind_a_digit_is_no_part_of_it(what):
    behind = Image.new("L", (200, 200), 255)
    pen = ImageDraw.Draw(behind)
    if what == "stain":
        pen.ellipse((20, 60, 130, 170), 225, outline=185, width=5)
    else:
        pen.polygon([(0, 40), (0, 140), (110, 100), (110, 80)], 140)
    for digit in range(10):
        scene = drawn.Scene(side=200, ink=0.1, noise=0.01)
        clean = drawn.draw(digit, scene, np.random.default_rng(digit))
        seen = np.uint8(clean / 255 * np.asarray(behind))
        assert np.abs(frame(seen) - frame(clean)).mean() / 255 < 0.1, digit


def test_a_pencil_that_is_too_faint_for_a_closer_look_is_read():
    random = np.random.default_rng(0)
    grain = ndimage.gaussian_filter(random.random((380, 380)), 0.8) > 0.5
    light = np.linspace(0.7, 1, 380)
    for digit in (2, 5):
        scene = drawn.Scene(side=380, pen=0.09, margin=0.3, ink=0, paper=1)
        clean = drawn.draw(digit, scene, np.random.default_rng(digit))
        faint = light * (230 - 65 * (clean < 128) * grain)
        noisy = np.uint8(faint + random.normal(0, 4, clean.shape))
        assert np.abs(frame(noisy) - frame(clean)).mean() / 255 < 0.1, digit
