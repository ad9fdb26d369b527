"""Digits of other sources, through DigitNormalizer to a network trained on MNIST."""

import pickle
import subprocess
import sys

import drawn
import numpy as np
import pytest
from image_checks import check_image_transformer
from PIL import Image
from scipy import ndimage
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skmnist import DigitNormalizer
from skmnist.images import _normalizer


def picture(digit=3, seed=0, **scene):
    return drawn.draw(digit, drawn.Scene(**scene), np.random.default_rng(seed))


def frame(*images, **parameters):
    return DigitNormalizer(output="images", **parameters).transform(list(images))


def differ(one, other):
    return np.abs(one.astype(float) - other).mean() / 255


def test_result_is_in_mnists_frame():
    images = [picture(d, d, side=30 + 20 * d, margin=0.1) for d in range(10)]
    framed = frame(*images)
    assert framed.shape == (10, 28, 28)
    assert framed.dtype == np.uint8
    assert (framed.max(axis=(1, 2)) == 255).all()
    for image in framed:
        rows, columns = image.any(axis=1).nonzero()[0], image.any(axis=0).nonzero()[0]
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
        pixels = np.arange(28)
        assert abs(np.average(pixels, weights=image.sum(axis=1)) - 14) <= 0.5
        assert abs(np.average(pixels, weights=image.sum(axis=0)) - 14) <= 0.5


def test_what_is_framed_stays_as_it_is():
    rows = DigitNormalizer().transform([picture(d, side=100) for d in range(10)])
    np.testing.assert_array_equal(DigitNormalizer().transform(rows), rows)
    dark = 255 - rows
    np.testing.assert_array_equal(DigitNormalizer().transform(dark), rows)
    scaled = rows / np.float32(255)
    np.testing.assert_array_equal(DigitNormalizer().transform(scaled), rows)


def test_mnist_passes_nearly_unchanged(mnist):
    framed = DigitNormalizer(output="images").transform(mnist.x_test[:2000])
    assert (framed == mnist.x_test[:2000]).all(axis=(1, 2)).mean() > 0.998


@pytest.mark.slow
def test_bundled_digits_of_other_writers(reader):
    digits = load_digits()
    # The other half was looked at when the defaults were chosen.
    _, images, _, y = train_test_split(
        digits.images.astype(np.uint8),
        digits.target,
        test_size=0.5,
        random_state=0,
        stratify=digits.target,
    )
    assert reader.score(images, y) > 0.85


@pytest.mark.slow
def test_drawn_digits_of_all_kinds(reader):
    random = np.random.default_rng(7)
    y = np.arange(300) % 10
    scenes = drawn.scenes(len(y), random)
    images = [drawn.draw(d, s, random) for d, s in zip(y, scenes, strict=True)]
    right = reader.predict(images) == y
    assert right.mean() >= 0.97
    for kind in ("none", "gradient", "hand"):
        assert right[[scene.shadow == kind for scene in scenes]].mean() > 0.93
    for dark in (True, False):
        assert right[[scene.dark_ink == dark for scene in scenes]].mean() > 0.93


@pytest.mark.parametrize(
    "scene",
    [
        {"shadow": "corners"},
        {"shadow": "corners", "dark_ink": False},
        {"lines": "ruled", "shadow": "hand"},
        {"lines": "squared", "shadow": "gradient", "noise": 0.02},
        {"frame": 0.02, "ink": 0.3},
    ],
)
def test_light_lines_and_frames_do_not_matter(scene):
    clean = {"side": 240, "pen": 0.08, "margin": 0.25}
    for digit in (0, 3, 6):
        strokes = frame(picture(digit, **clean))[0]
        assert differ(frame(picture(digit, **clean | scene))[0], strokes) < 0.06


def test_an_image_comes_out_alike_alone_and_in_company():
    random = np.random.default_rng(1)
    scenes = drawn.scenes(150, random, sides=(16, 28, 90, 130))
    images = [drawn.draw(i % 10, s, random) for i, s in enumerate(scenes)]
    alone = [frame(image)[0] for image in images]
    np.testing.assert_array_equal(frame(*images), alone)


def test_large_picture_with_a_small_digit():
    scene = {"side": 4000, "margin": 0.42, "pen": 0.1, "noise": 0.02}
    large = frame(picture(5, shadow="gradient", **scene))
    small = frame(picture(5, side=100, margin=0.1, pen=0.1))
    assert differ(large, small) < 0.04


def test_color_alpha_and_depth_do_not_matter():
    gray = picture(4, side=60)
    expected = frame(gray)[0]
    color = np.repeat(gray[:, :, np.newaxis], 3, axis=2)
    opaque = np.dstack([color, np.full_like(gray, 255)])
    ink_alone = np.dstack([np.zeros_like(color), 255 - gray])
    white_ink_alone = np.dstack([np.full_like(color, 255), 255 - gray])
    deep = gray.astype(np.uint16) * 257
    kinds = [gray[:, :, np.newaxis], color, opaque, ink_alone, white_ink_alone, deep]
    kinds += [gray / 255, gray.astype(int) * 10 - 500, gray.tolist()]
    kinds += [gray * 1e300, gray * 1e-30, gray * np.int64(2**50)]
    for image, framed in zip(kinds, frame(*kinds), strict=True):
        assert differ(framed, expected) < 0.01, np.shape(image)


@pytest.mark.parametrize("alpha", [(), (255,)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_colors_of_one_luminance_are_told_apart(dtype, alpha):
    gray = picture(4, side=60)
    ink = (gray < 128)[:, :, np.newaxis]
    for red, other in (((205, 40, 40), (60, 110, 60)), ((215, 60, 50), (50, 120, 190))):
        for colors in ((red, other), (other, red)):
            colors = np.array([(*each, *alpha) for each in colors], dtype)
            framed = frame(np.where(ink, *colors))[0]
            assert differ(framed, frame(gray)[0]) < 0.05, colors


def test_specks_and_frame_go_and_broken_strokes_stay():
    clean = picture(5, side=120, pen=0.1, margin=0.25)
    expected = frame(clean)[0]
    dirty = clean.copy()
    dirty[:4], dirty[-3:], dirty[:, :3] = 30, 30, 30
    dirty[20:22, 100:102] = dirty[100:103, 15:18] = 30
    assert differ(frame(dirty)[0], expected) < 0.02
    with pytest.raises(ValueError, match="no digit, only other ink"):
        frame(dirty, drop_frame=False)
    broken = clean.copy()
    broken[58:61] = clean[0, 0]
    assert differ(frame(broken)[0], expected) < 0.03


@pytest.mark.parametrize("pen", [0.03, 0.3])
def test_strokes_get_mnists_width(pen):
    image = picture(1, side=300, pen=pen, margin=0.2)
    middle = frame(image)[0][14].sum() / 255
    assert 1.5 < middle < 4.6
    as_drawn = frame(image, stroke_width=None)[0][14].sum() / 255
    assert (as_drawn < 1.3) if pen < 0.1 else (as_drawn > 4.6)


@pytest.mark.parametrize(
    "parameters",
    [
        {"even_light": False},
        {"threshold": 0.9},
        {"min_part": 0.0},
        {"drop_frame": False},
        {"stroke_width": (5, 6)},
        {"digit_size": 26},
        {"center": "box"},
        {"deslant": True},
        {"moment_power": 0.5},
    ],
)
def test_every_step_has_its_parameter(parameters):
    image = picture(7, side=80, shadow="gradient")
    image[:2] = image[45:47, 55:57] = 20
    assert (frame(image, **parameters)[0] != frame(image)[0]).any()


def test_ink_of_the_other_polarity_is_none():
    image = picture(7, side=80)
    assert differ(frame(image, polarity="dark"), frame(image)) == 0
    with pytest.raises(ValueError, match=r"X\[0\] has no (ink|digit)"):
        frame(image, polarity="light")


def shear_of(image):
    """Measure how far the lines of an image move to the right, per line."""
    weights, (y, x) = image.astype(float), np.mgrid[:28, :28]
    y, x = (each - np.average(each, weights=weights) for each in (y, x))
    return np.average(x * y, weights=weights) / np.average(y * y, weights=weights)


@pytest.mark.parametrize("shear", [-0.4, 0.0, 0.7])
def test_slanted_digits_stand_up(shear):
    for digit in range(10):
        upright = frame(picture(digit, side=100))[0]
        middle = upright.shape[0] / 2
        slanted = ndimage.affine_transform(
            upright, [[1, 0], [-shear, 1]], [0, shear * middle], order=1
        )
        (stood_up,) = frame(slanted, deslant=True)

        assert shear_of(slanted) == pytest.approx(shear_of(upright) + shear, abs=0.05)
        assert shear_of(stood_up) == pytest.approx(0, abs=0.001)
        # What became too wide by the slant was made smaller.
        apart = differ(stood_up, frame(upright, deslant=True)[0])
        assert apart <= 0.7 * differ(slanted, upright)
        ink = float(frame(slanted).sum())
        assert float(stood_up.sum()) == pytest.approx(ink, rel=0.001)
        rows, columns = (
            np.average(np.arange(28), weights=stood_up.sum(axis=axis))
            for axis in (1, 0)
        )
        assert abs(rows - 14) <= 0.02
        assert abs(columns - 14) <= 0.02


USUAL = np.array([5.5, 3.3])  # spreads of MNIST's digits, down and across


def spreads_of(image):
    """Measure how far ink is from its middle, down and, without slant, across."""
    weights, (y, x) = image.astype(float), np.mgrid[:28, :28]
    y, x = (each - np.average(each, weights=weights) for each in (y, x))
    x = x - shear_of(image) * y
    return [np.average(each**2, weights=weights) ** 0.5 for each in (y, x)]


@pytest.mark.parametrize("deslant", [False, True])
@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_digits_are_brought_to_usual_spreads(power, deslant):
    n_far = 0
    for digit in range(10):
        image = frame(picture(digit, side=100))[0].astype(np.float32)
        image = np.rint(ndimage.zoom(image, (1, 0.7), order=1)).astype(np.uint8)
        image = frame(np.pad(image, [(0, 0), (4, 4)]))[0]
        own = np.array(spreads_of(image))
        (moved,) = frame(image, moment_power=power, deslant=deslant)

        stretch = (USUAL / np.clip(own, USUAL / 2, USUAL * 2)) ** power
        spreads, wanted = np.array(spreads_of(moved)), own * stretch
        # A pixel that is shared by two adds a quarter to the mean square at most.
        assert (0.99 * wanted <= spreads).all()
        assert (spreads <= 1.01 * np.hypot(wanted, stretch / 2)).all()
        slant = 0 if deslant else shear_of(image) * stretch[1] / stretch[0]
        assert shear_of(moved) == pytest.approx(slant, abs=0.02)
        n_far += (np.abs(own / USUAL - 1) > 0.1).any()
    assert n_far >= 5


def test_stretched_digits_stay_whole():
    for image in frame(*(picture(d, d, side=100) for d in range(10))):
        (moved,) = frame(image, moment_power=1.0)
        grown = USUAL / np.clip(spreads_of(image), USUAL / 2, USUAL * 2)
        assert moved.sum() / image.sum() == pytest.approx(grown.prod(), rel=0.03)


def stretched(digit, side=32):
    gray = picture(digit, digit, side=200, dark_ink=False)
    rows, columns = (np.flatnonzero((gray > 127).any(axis=axis)) for axis in (1, 0))
    box = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    image = Image.fromarray(gray).resize((side, side), Image.Resampling.BILINEAR, box)
    return np.uint8(np.asarray(image) > 127)


@pytest.mark.parametrize("digit", range(10))
def test_stretched_digits_are_as_wide_as_usual(digit):
    (image,) = frame(stretched(digit))
    width = image.any(axis=0).sum()
    assert width < 10 if digit == 1 else width > 10


def test_a_straight_bar_from_top_to_bottom_is_a_1():
    bar = np.zeros((16, 16), np.uint8)
    bar[:, 4:12] = 255
    (image,) = frame(bar)
    assert image.any(axis=0).sum() < 10


def test_a_stretched_1_is_wide_tall_fine_and_without_a_hole():
    wide = np.zeros((30, 30), bool)
    wide[:, 6:24] = True
    hollow, two, thin, short = (wide.copy() for _ in range(4))
    hollow[14, 12:18] = two[:, 14:16] = thin[:, 12:] = short[:4] = False
    bars = np.stack([wide, hollow, two, thin, short])
    _, found = _normalizer._are_stretched(bars, np.pad(bars, [(0, 0), (9, 9), (9, 9)]))
    assert found.tolist() == [True, False, False, False, False]
    coarse = bars[:1, ::4, ::4]
    assert not _normalizer._are_stretched(coarse, np.pad(coarse, 9)[9:10])[1].any()


@pytest.mark.parametrize(("digit", "bold"), [(9, 7), (7, 9)])
def test_bold_digits_are_no_stretched_ones(digit, bold):
    (image,) = frame(ndimage.maximum_filter(stretched(digit), bold))
    assert image.any(axis=0).sum() > 10


def test_sevens_are_no_stretched_ones():
    images, y = load_digits(return_X_y=True)
    sevens = images[y == 7].reshape(-1, 8, 8).repeat(4, axis=1).repeat(4, axis=2)
    widths = frame(*sevens, on_blank="zeros").any(axis=1).sum(axis=1)
    assert (widths > 8).mean() > 0.95


def test_strokes_that_lie_are_not_stood_up():
    lying = np.zeros((28, 28), np.uint8)
    for x in range(4, 24):
        lying[13 + x // 8 : 15 + x // 8, x] = 255
    (image,) = frame(lying, deslant=True)
    assert image.any(axis=0).sum() == 20


def test_the_box_is_in_the_middle_of_digits_that_stood_up():
    slanted = frame(*(picture(d, d, side=100) for d in range(10)), center="box")
    for image in frame(*slanted, center="box", deslant=True):
        columns = image.any(axis=0).nonzero()[0]
        assert abs((columns[0] + columns[-1]) / 2 - 14) <= 0.5


def test_explain_gives_each_step():
    image = picture(8, side=200, shadow="hand")
    steps = DigitNormalizer().explain(image)
    assert list(steps) == ["gray", "ink", "mask", "digit", "strokes", "framed"]
    np.testing.assert_array_equal(steps["framed"], frame(image)[0])
    assert list(DigitNormalizer().explain(steps["framed"])) == ["gray", "framed"]


@pytest.mark.parametrize("side", [5, 28, 200])
def test_no_ink_is_an_error_that_names_the_image(side):
    blank = np.full((side, side), 200, np.uint8)
    with pytest.raises(ValueError, match=r"X\[1\] has no ink"):
        DigitNormalizer().fit_transform([picture(), blank])


@pytest.mark.parametrize("side", [28, 90])
@pytest.mark.parametrize("moment_power", [0.0, 0.5])
def test_blank_images_become_zeros_if_told_so(side, moment_power):
    blank = np.full((side, side), 200, np.uint8)
    digit = picture(side=side)
    normalizer = DigitNormalizer(on_blank="zeros", moment_power=moment_power)
    rows = normalizer.transform([blank, digit, blank])
    np.testing.assert_array_equal(rows.any(axis=1), [False, True, False])
    np.testing.assert_array_equal(rows[1], normalizer.transform([digit])[0])
    assert not normalizer.explain(blank)["framed"].any()


def test_noise_is_no_ink():
    noise = np.random.default_rng(0).normal(128, 9, (300, 300))
    with pytest.raises(ValueError, match=r"X\[0\] has no ink"):
        DigitNormalizer().fit_transform([noise])


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (3, "must hold images, got int"),
        ("digits", "must hold images, got str"),
        (np.zeros((0, 28, 28)), "no images"),
        ([], "X has no images"),
        (np.zeros((2, 8, 8, 5)), r"X\[0\].*1 to 4 channels, got \(8, 8, 5\)"),
        ([np.zeros((8, 8)), np.zeros((0, 8))], r"X\[0\] has no ink"),
        ([picture(), np.zeros((0, 8))], r"X\[1\] has no pixels"),
        ([np.full((8, 8), np.nan)], r"X\[0\] has NaN"),
        ([np.full((8, 8), "a")], r"X\[0\] must be numbers.* read_image"),
        (np.zeros((2, 63)), "63 pixels.*set image_shape"),
        (None, "must hold images, got NoneType"),
        (np.uint8(np.eye(100)[::-1]), r"X\[0\] has no digit.*one image.*\[X\]"),
        (np.zeros((20, 30, 3)), r"\(20, 30, 3\), which is one color image: .*\[X\]"),
    ],
)
def test_what_is_no_image_is_named(X, message):
    with pytest.raises(ValueError, match=message):
        DigitNormalizer().fit_transform(X)


@pytest.mark.parametrize(
    "parameters",
    [
        {"polarity": "black"},
        {"threshold": 1.5},
        {"min_part": -1},
        {"digit_size": 29},
        {"moment_power": 1.5},
        {"stroke_width": (4, 2)},
        {"stroke_width": (2,)},
        {"image_shape": (8,)},
        {"image_shape": (8, 0)},
        {"on_blank": "ignore"},
        {"output": "row"},
        {"n_jobs": "all"},
    ],
)
def test_parameters_out_of_range_are_named(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        DigitNormalizer(**parameters).fit_transform([picture()])


def test_rows_have_a_shape():
    image = picture(6, side=40)[:, 3:]
    expected = frame(image)[0]
    normalizer = DigitNormalizer(image_shape=image.shape).fit(image.reshape(1, -1))
    assert normalizer.n_features_in_ == image.size
    rows = normalizer.transform(image.reshape(1, -1))
    np.testing.assert_array_equal(rows[0], expected.ravel())
    with pytest.raises(ValueError, match="expecting"):
        normalizer.transform(np.zeros((1, 64)))


def test_is_a_scikit_learn_transformer():
    images = [picture(d, side=50 + d) for d in range(4)]
    normalizer = DigitNormalizer(digit_size=18)
    rows = normalizer.transform(images)  # there is nothing to fit
    for other in (clone(normalizer), pickle.loads(pickle.dumps(normalizer))):
        np.testing.assert_array_equal(other.fit_transform(images), rows)
    parallel = clone(normalizer).set_params(n_jobs=2).fit_transform(images)
    np.testing.assert_array_equal(parallel, rows)
    frame = normalizer.set_output(transform="pandas").fit_transform(images)
    assert list(frame.columns[[0, -1]]) == ["pixel_0_0", "pixel_27_27"]


def test_scikit_learns_checks():
    check_image_transformer(DigitNormalizer())


def test_import_leaves_the_image_libraries_alone():
    code = "import sys, skmnist.images._normalizer; print('PIL' in sys.modules, "
    code += "*(m for m in sys.modules if m.startswith('scipy.ndimage')))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    base = "import sys, sklearn.neural_network; print('PIL' in sys.modules, "
    base += "*(m for m in sys.modules if m.startswith('scipy.ndimage')))"
    peer = subprocess.run(
        [sys.executable, "-c", base], capture_output=True, text=True, check=True
    )
    assert done.stdout == peer.stdout
