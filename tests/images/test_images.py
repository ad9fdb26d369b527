"""Images from real files, and the digits of drawn sheets."""

import os
from io import BytesIO

import drawn
import numpy as np
import pytest
from bad_images import bad_files
from PIL import Image
from scipy import ndimage

from skmnist import DigitNormalizer
from skmnist.images import find_digits, read_image


@pytest.fixture
def gray():
    return drawn.draw(5, drawn.Scene(side=60), np.random.default_rng(0))


def framed(image):
    return DigitNormalizer(output="images").transform([image])[0].astype(float)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "bmp"])
def test_formats(tmp_path, gray, suffix):
    path = tmp_path / f"digit.{suffix}"
    Image.fromarray(gray).save(path)
    image = read_image(path)
    assert image.shape == gray.shape
    assert image.dtype == np.uint8
    assert np.abs(image - gray.astype(float)).mean() < 3


def test_bytes_and_open_files_are_read(tmp_path, gray):
    path = tmp_path / "digit.png"
    Image.fromarray(gray).save(path)
    np.testing.assert_array_equal(read_image(path.read_bytes()), gray)
    with open(path, "rb") as stream:
        np.testing.assert_array_equal(read_image(stream), gray)
    with pytest.raises(ValueError, match="bytes: cannot be read: it is no PNG"):
        read_image(b"no picture")


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_the_first_image_of_an_animation_is_read(tmp_path, gray, suffix):
    path = tmp_path / f"moving.{suffix}"
    others = [Image.fromarray(255 - gray)]
    Image.fromarray(gray).save(path, save_all=True, append_images=others)
    assert np.abs(framed(read_image(path)) - framed(gray)).mean() < 8


def test_modes_give_the_same_digit(tmp_path, gray):
    picture = Image.fromarray(gray)
    clear = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    clear.putalpha(Image.fromarray(255 - gray))
    transparent_palette = picture.convert("P")
    pictures = {
        "rgb.png": picture.convert("RGB"),
        "rgba.png": clear,
        "la.png": picture.convert("LA"),
        "palette.png": picture.convert("P"),
        "bits.png": picture.point(lambda v: 255 * (v > 128)).convert("1"),
        "deep.png": Image.fromarray(gray.astype(np.uint16) * 257),
        "float.tif": Image.fromarray(gray.astype(np.float32)),
        "cmyk.jpg": picture.convert("CMYK"),
    }
    for name, each in pictures.items():
        each.save(tmp_path / name)
        difference = np.abs(framed(read_image(tmp_path / name)) - framed(gray))
        assert difference.mean() < 4, name
    frames = [Image.fromarray(255 - gray)]
    picture.save(tmp_path / "moving.png", save_all=True, append_images=frames)
    transparent_palette.save(tmp_path / "pages.tif", save_all=True)
    np.testing.assert_array_equal(read_image(tmp_path / "moving.png"), gray)
    assert np.abs(framed(read_image(tmp_path / "pages.tif")) - framed(gray)).mean() < 4


def test_the_cameras_orientation_is_honoured(tmp_path, gray):
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera turned to the left
    Image.fromarray(np.rot90(gray)).save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "turned.png"), gray)


def test_bad_files_are_one_clear_line(tmp_path, gray):
    for path in bad_files(tmp_path, gray):
        with pytest.raises(ValueError, match="cannot be read") as caught:
            read_image(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="no PNG, JPEG, TIFF, BMP, WebP or GIF"):
        read_image(tmp_path / "text.png")
    with pytest.raises(ValueError, match="100,000,000"):
        read_image(tmp_path / "huge.png")
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "nothing.png")


def test_a_pipe_is_read():
    stored = BytesIO()
    Image.fromarray(np.eye(5, dtype=np.uint8)).save(stored, "PNG")
    out, into = os.pipe()
    with open(into, "wb") as stream:
        stream.write(stored.getvalue())
    with open(out, "rb") as stream:
        np.testing.assert_array_equal(read_image(stream), np.eye(5))


@pytest.mark.parametrize("scene", drawn.SHEETS)
def test_every_digit_of_a_sheet_is_found_in_order(scene):
    random = np.random.default_rng(3)
    y = random.integers(0, 10, 50)
    sheet, middles = drawn.draw_sheet(y, random, scene=scene)
    found = find_digits(sheet)
    assert len(found.images) == 50
    inside = (found.boxes[:, :2] < middles) & (middles < found.boxes[:, 2:])
    np.testing.assert_array_equal(np.bincount(found.lines), [10] * 5)
    off = np.abs((found.boxes[:, :2] + found.boxes[:, 2:]) / 2 - middles)
    assert inside.all() or off.max() < 25
    assert not found.touching.any()


def test_ruled_paper_in_uneven_light_is_no_sheet_on_a_desk():
    random = np.random.default_rng(4)
    y, scene = random.integers(0, 10, 50), drawn.SHEETS[1]._replace(lines="ruled")
    sheet, _ = drawn.draw_sheet(y, random, scene=scene)
    assert len(find_digits(sheet).images) == 50


def test_digits_up_and_down_in_their_boxes_are_one_line():
    page = np.full((120, 400), 240, np.uint8)
    for i, top in enumerate([10, 60, 50, 15, 60, 10]):
        page[top : top + 45, 30 + 60 * i : 40 + 60 * i] = 20
    assert not find_digits(page).lines.any()
    page[5:50, 90:100] = 20  # above another one
    assert find_digits(page).lines.any()


def test_boxes_fit_and_specks_are_dropped():
    page = np.full((100, 200), 240, np.uint8)
    page[20:80, 30:40] = page[25:85, 150:158] = 20
    page[50:53, 100:103] = 20
    page[:3] = page[-3:] = page[:, :3] = 20
    found = find_digits(page)
    np.testing.assert_array_equal(found.boxes, [[30, 20, 40, 80], [150, 25, 158, 85]])
    doubled = find_digits(page.repeat(30, axis=0).repeat(30, axis=1))
    assert np.abs(doubled.boxes / 30 - found.boxes).max() <= 0.2


def test_pieces_of_a_digit_stay_together_and_touching_digits_are_cut():
    page = np.full((100, 400), 240, np.uint8)
    page[20:80, 20:30] = page[20:80, 360:370] = 20
    page[20:80, 100:108] = page[20:28, 111:135] = 20  # a bar that is off by a little
    page[20:80, 200:210] = page[20:80, 280:290] = page[48:54, 200:290] = 20
    found = find_digits(page)
    assert len(found.images) == 5
    np.testing.assert_array_equal(found.touching, [False, False, True, True, False])
    assert found.boxes[2, 0] == 200
    assert found.boxes[2, 2] - found.boxes[3, 0] <= 10  # cuts may slope
    assert found.boxes[3, 2] == 290


def test_a_long_bar_above_a_digit_is_a_part_of_it():
    page = np.full((100, 200), 240, np.uint8)
    page[20:80, 20:30] = page[20:80, 160:170] = 20
    page[35:80, 100:108] = page[20:30, 100:135] = 20
    boxes = [[20, 20, 30, 80], [100, 20, 135, 80], [160, 20, 170, 80]]
    np.testing.assert_array_equal(find_digits(page).boxes, boxes)


def page_of_strokes(*places):
    page = np.full((100, 500), 240, np.uint8)
    for x in 20, 420, 460, *places:
        page[20:80, x : x + 10] = 20
    page[48:54, places[0] : places[-1]] = 20  # all of `places` touch
    return page


def test_a_chain_of_touching_digits_is_cut_into_all():
    found = find_digits(page_of_strokes(200, 280, 360))
    touching = [False, True, True, True, False, False]
    np.testing.assert_array_equal(found.touching, touching)


def test_touching_digits_less_wide_than_high_are_cut_too():
    page = page_of_strokes(200, 235)
    found = find_digits(page)
    assert found.touching.tolist() == [False, True, True, False, False]


def test_ink_that_is_no_digit_is_marked():
    page = page_of_strokes(200, 280)
    page[20:80, 340:400] = 20
    found = find_digits(page)
    np.testing.assert_array_equal(found.is_digit, found.boxes[:, 0] != 340)


def boxes_of_a_form(line):
    page = np.full((100, 400), 240, np.uint8)
    for left in range(20, 380, 90):
        if line == "comb":
            page[70:90, left : left + 2] = 20
        elif line == "box":
            page[10:90, left : left + 2] = page[10:90, left + 80 : left + 82] = 20
            page[10:12, left : left + 82] = 20
        page[88:90, left : left + (90 if line == "comb" else 82)] = 20
        page[20:80, left + 38 : left + 46] = 20
    return page


@pytest.mark.parametrize("line", ["box", "comb", "under"])
def test_lines_of_forms_are_no_digits(line):
    found = find_digits(boxes_of_a_form(line))
    np.testing.assert_array_equal(found.boxes[:, 0], [58, 148, 238, 328])


def turned(page, degrees):
    picture = Image.fromarray(page)
    options = {"expand": True, "fillcolor": 240}
    return np.asarray(picture.rotate(degrees, Image.Resampling.BICUBIC, **options))


@pytest.mark.parametrize("degrees", [1, -4, 9])
def test_lines_of_tilted_boxes_are_no_digits(degrees):
    found = find_digits(turned(boxes_of_a_form("box"), degrees))
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    assert len(sides) == 4
    assert (abs(sides[:, 1] - 60) < 5).all()


@pytest.mark.parametrize("degrees", [0, 2, -8])
def test_strokes_that_cross_lines_of_a_table_are_kept(degrees):
    page = np.full((260, 400), 240, np.uint8)
    page[20:242:55, 20:380] = page[21:243:55, 20:380] = 20
    page[20:242, 20:381:90] = page[20:242, 21:382:90] = 20
    for left in range(60, 380, 90):
        for top in (25, 90, 155):  # the second and the third cross lines
            page[top : top + 40, left : left + 6] = 20
    found = find_digits(turned(page, degrees))
    heights = found.boxes[:, 3] - found.boxes[:, 1]
    assert len(heights) == 12
    assert (abs(heights - 41) < 4).all()


def test_the_lines_of_a_curved_table_are_no_digits():
    page = boxes_of_a_form("box")
    page[10:12, 20:372] = page[88:90, 20:372] = 20  # boxes that share their lines
    y, x = np.indices((100, 400))
    places = [y + 8 * np.sin(x / 60) - 8, x]
    page = ndimage.map_coordinates(page, places, mode="nearest")
    assert len(find_digits(page).boxes) == 4


def test_a_dark_corner_of_the_desk_is_no_digit():
    page = page_of_strokes(200, 280)
    page[np.add(*np.indices(page.shape)) < 32] = 30
    np.testing.assert_array_equal(find_digits(page).boxes[0], [20, 20, 30, 80])


def test_what_has_no_ink_is_an_error():
    with pytest.raises(ValueError, match="image has no ink"):
        find_digits(np.full((50, 50), 255, np.uint8))
    specks = np.full((200, 200), 255, np.uint8)
    specks[20::40, 20::40] = 0
    with pytest.raises(ValueError, match="image has no digits, only specks"):
        find_digits(specks)
    with pytest.raises(ValueError, match="image must have the shape"):
        find_digits(np.zeros(5))
    with pytest.raises(ValueError, match="image has no"):
        find_digits([[0, 255], [255, 255]])


@pytest.mark.slow
def test_sheets_are_read(reader):
    random, right = np.random.default_rng(11), []
    for scene in drawn.SHEETS:
        y = random.integers(0, 10, 50)
        sheet, _ = drawn.draw_sheet(y, random, scene=scene)
        right.append((reader.predict(find_digits(sheet).images) == y).mean())
    assert np.mean(right) >= 0.95
    assert min(right) >= 0.9


@pytest.mark.parametrize("side", [16, 60])
def test_one_digit_that_fills_its_picture_is_one(side):
    for digit in range(2, 10):
        scene = drawn.Scene(side=200, pen=0.15, ink=0, paper=1)
        page = Image.fromarray(drawn.draw(digit, scene, np.random.default_rng(digit)))
        tight = page.crop(page.point(lambda v: 255 * (v < 127)).getbbox())
        tight.thumbnail((side, side))
        (box,) = find_digits(np.asarray(tight)).boxes
        assert np.all(np.abs(box - [0, 0, *tight.size]) <= 1), digit
