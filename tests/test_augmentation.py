"""Augmentation does what its parameters say, and nothing else to the images."""

import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from networks import DIGITS
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import map_coordinates
from scipy.stats import kstest
from sklearn.base import clone

from skmnist import DigitNormalizer, ImageAugmentation
from skmnist._augmentation import PRESETS, plan_distortion

N = 2000


def maps(augmentation, shape=(28, 28), n_images=N):
    """Tell where each pixel of each image came from: (n, 2, height, width), x first.

    Ramps say it themselves: between the pixels of a ramp nothing is lost. Pixels from
    outside are NaN.
    """
    y, x = np.indices(shape, dtype=np.float64)
    augmentation = clone(augmentation).set_params(image_shape=shape)

    def sampled(image):
        rows = np.tile(image.ravel(), (n_images, 1))
        return augmentation.sample(rows, random_state=1).reshape(n_images, *shape)

    inside = sampled(np.ones(shape)) > 1 - 1e-9
    return np.where(inside[:, None], np.stack([sampled(x), sampled(y)], 1), np.nan)


def affine_parts(augmentation):
    """Undo the affine map of each image: angle, factors, slant, shift."""
    shape = 21, 27
    middle = (np.array(shape[::-1]) - 1) / 2
    to = np.indices(shape)[::-1].reshape(2, -1).T - middle
    parts = []
    for came_from in maps(augmentation, shape).reshape(N, 2, -1):
        seen = np.isfinite(came_from).all(axis=0)
        assert seen.sum() > 100
        matrix = np.column_stack([came_from[:, seen].T - middle, np.ones(seen.sum())])
        solution, residual, *_ = np.linalg.lstsq(matrix, to[seen], rcond=None)
        assert residual.max() < 1e-12
        forward, shift = solution[:2].T, solution[2]
        # Rotation times shear times scaling.
        angle = np.arctan2(forward[1, 0], forward[0, 0])
        cos, sin = np.cos(angle), np.sin(angle)
        upper = np.array([[cos, sin], [-sin, cos]]) @ forward
        width, height = np.diag(upper)
        slant = np.arctan(upper[0, 1] / height)
        parts.append([np.degrees(angle), width, height, np.degrees(slant), *shift])
    names = "angle", "width", "height", "slant", "right", "down"
    return dict(zip(names, np.transpose(parts), strict=True))


def test_each_part_is_uniform_over_its_range_and_independent_of_the_others():
    parts = affine_parts(ImageAugmentation(rotation=20, scale=0.2, shear=40, shift=3))
    for name, low, high in (
        ("angle", -20, 20),
        ("width", 0.8, 1.2),
        ("height", 0.8, 1.2),
        ("slant", -40, 40),
        ("right", -3, 3),
        ("down", -3, 3),
    ):
        assert low <= parts[name].min() < parts[name].max() <= high
        assert kstest(parts[name], "uniform", (low, high - low)).pvalue > 0.001, name
    correlations = np.corrcoef(list(parts.values())) - np.eye(6)
    assert abs(correlations).max() < 4 / np.sqrt(N)


@pytest.mark.parametrize(
    ("asked", "moved"),
    [
        ({"rotation": 15}, {"angle"}),
        ({"scale": 0.15}, {"width", "height"}),
        ({"shear": 8}, {"slant"}),
        ({"shift": 2}, {"right", "down"}),
    ],
)
def test_only_what_is_asked_for_changes(asked, moved):
    still = {"angle": 0, "width": 1, "height": 1, "slant": 0, "right": 0, "down": 0}
    for name, values in affine_parts(ImageAugmentation(**asked)).items():
        if name in moved:
            assert np.ptp(values) > 0.2
        else:
            assert_allclose(values, still[name], atol=1e-9)


@pytest.mark.parametrize("sigma", [1.5, 4, 7])
def test_elastic_displacement_is_smoothed_noise(sigma):
    deviation = 0.15
    alpha = deviation * 2 * sigma * np.sqrt(3 * np.pi)
    came_from = maps(ImageAugmentation(elastic_alpha=alpha, elastic_sigma=sigma))
    moved = (came_from - np.indices((28, 28))[::-1])[:, :, 1:-1, 1:-1]
    assert np.isfinite(moved).all()
    assert abs(moved.mean(axis=0)).max() < 5 * deviation / np.sqrt(N)
    assert_allclose(moved.std(axis=0), deviation, rtol=0.1)  # the same everywhere
    assert_allclose(moved.std(axis=0).mean(), deviation, rtol=0.01)
    for apart in 1, 3, 6:
        expected = np.exp(-((apart / (2 * sigma)) ** 2))
        for a, b in (
            (moved[..., apart:], moved[..., :-apart]),
            (moved[:, :, apart:], moved[:, :, :-apart]),
        ):
            correlation = (a * b).mean() / deviation**2
            assert_allclose(correlation, expected, atol=0.03)
    along_x, along_y = moved[:, 0], moved[:, 1]
    next_image = moved[1:, 0], moved[:-1, 0]
    for a, b in (along_x, along_y), next_image:
        assert abs(np.mean(a * b, axis=0)).max() < 5 * deviation**2 / np.sqrt(N)


def test_simards_own_recipe_has_the_displacement_of_smoothed_noise():
    # Simard: uniform noise in [-1, 1], a Gaussian of sum one, times alpha.
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(0).uniform(-1, 1, (300, 60, 60))
    simards = 34 * gaussian_filter(noise, (0, 4, 4), mode="wrap")
    plan = plan_distortion(
        ImageAugmentation(elastic_alpha=34, elastic_sigma=4), 784, np.float64
    )
    ours = np.sqrt((plan.modes**2).sum(axis=0) / 3)
    assert_allclose(ours, simards.std(), rtol=0.02)
    assert len(plan.modes) < 40


@pytest.mark.parametrize("shape", [(28, 28), (9, 16)])
def test_pixels_are_bilinear_and_zero_outside(shape):
    augmentation = ImageAugmentation(
        rotation=180, scale=0.5, shear=30, shift=5, elastic_alpha=20, image_shape=shape
    )
    images = np.random.default_rng(1).random((50, *shape))
    ours = augmentation.sample(images.reshape(50, -1), random_state=1)
    came_from = maps(augmentation, shape, n_images=50)
    seen = np.isfinite(came_from).all(axis=1)
    assert 0.2 < seen.mean() < 0.9
    for image, x_y, inside, pixels in zip(
        images, came_from, seen, ours.reshape(images.shape), strict=True
    ):
        expected = map_coordinates(image, x_y[::-1, inside], order=1)
        assert_allclose(pixels[inside], expected, atol=1e-9)


def test_nothing_comes_in_from_the_other_side_or_from_another_image():
    images = np.zeros((600, 28, 28), np.float32)
    images[::3] = 1  # every third image is all ink, its neighbors are empty
    images[1::3, :, :3] = 1  # or have ink on the left
    augmentation = ImageAugmentation(shift=12, elastic_alpha=36)
    after = augmentation.sample(images.reshape(600, -1), 0).reshape(images.shape)
    assert (after[2::3] == 0).all()
    assert (after[1::3, :, 22:] == 0).all()
    assert after[1::3, :, :14].max() > 0.9
    assert after.min() >= 0
    assert after.max() <= 1 + 1e-6
    # Far outside there is nothing.
    gone = ImageAugmentation(shift=1e6).sample(images.reshape(600, -1), 0)
    assert (gone == 0).all()


@pytest.fixture(scope="module")
def framed():
    images = DigitNormalizer().fit_transform(DIGITS.x_train[:700])
    return images.reshape(-1, 28, 28) / np.float32(255)


def moments(images):
    mass = images.sum(axis=(1, 2))
    y, x = np.indices(images.shape[1:])
    return mass, (images * x).sum((1, 2)) / mass, (images * y).sum((1, 2)) / mass


@pytest.mark.parametrize(("preset", "farthest"), [("affine", 0.5), ("elastic", 0.4)])
def test_presets_keep_ink_and_place_in_the_mean_and_all_strokes_in_the_frame(
    framed, preset, farthest
):
    augmentation = ImageAugmentation(**PRESETS[preset])
    before = moments(framed)
    after = moments(augmentation.sample(framed.reshape(-1, 784), 0).reshape(-1, 28, 28))
    ink = after[0] / before[0]
    assert abs(ink.mean() - 1) < 4 * ink.std() / np.sqrt(len(ink))
    assert ink.std() < 0.25
    for now, then in zip(after[1:], before[1:], strict=True):
        moved = now - then
        assert abs(moved.mean()) < 4 * moved.std() / np.sqrt(len(moved))
        assert moved.std() < farthest
    # The ink that leaves the frame, seen on a larger sheet.
    sheet = np.pad(framed, [(0, 0), (8, 8), (8, 8)])
    augmentation.image_shape = sheet.shape[1:]
    sheet = augmentation.sample(sheet.reshape(len(sheet), -1), 0).reshape(sheet.shape)
    total = sheet.sum()
    sheet[:, 8:-8, 8:-8] = 0
    assert sheet.sum() < 0.002 * total


def test_recentered_images_are_off_by_their_shift_only(framed):
    away = np.roll(framed, (3, -4), axis=(1, 2))  # nor is the middle a place to go to
    away[::2] *= -1
    away[0] = 0
    distorted = {"rotation": 15, "elastic_alpha": 36}

    def moved(**params):
        after = ImageAugmentation(**params).sample(away.reshape(-1, 784), 0)
        assert np.isfinite(after).all()
        assert (after[0] == 0).all()
        after = after.reshape(-1, 28, 28)
        return np.subtract(moments(after[1:])[1:], moments(away[1:])[1:])

    assert moved(**distorted).std() > 0.8
    assert moved(**distorted, recenter=True).std() < 0.35
    shifts = moved(shift=2, recenter=True)
    assert abs(shifts - moved(shift=2)).max() < 0.5
    both = moved(**distorted, shift=2, recenter=True)
    assert np.corrcoef(both.ravel(), shifts.ravel())[0, 1] > 0.95


def test_ink_below_zero_weighs_as_much(framed):
    share = framed / framed.sum(axis=(1, 2), keepdims=True)
    images = share[:300] - share[300:600]  # signed, they weigh nothing
    rows = images.reshape(-1, 784)
    distorted = ImageAugmentation(rotation=15, elastic_alpha=36, recenter=True)
    after = distorted.sample(rows, random_state=0)
    assert (abs(after).sum(axis=1) > 0.5 * abs(rows).sum(axis=1)).all()


def test_the_same_seed_gives_the_same_pixels(framed):
    rows = framed.reshape(-1, 784)[:300]
    rows.setflags(write=False)
    augmentation = ImageAugmentation(rotation=15, elastic_alpha=36)
    first = augmentation.sample(rows, random_state=3)
    assert_array_equal(first, augmentation.sample(rows, random_state=3))
    assert not np.array_equal(first, augmentation.sample(rows, random_state=4))
    assert not np.array_equal(augmentation.sample(rows), augmentation.sample(rows))
    double = augmentation.sample(rows.astype(np.float64), random_state=3)
    assert (first.dtype, double.dtype) == (np.float32, np.float64)
    assert_allclose(first, double, atol=1e-3)
    assert_array_equal(ImageAugmentation().sample(rows), rows)


def test_many_samples_compile_once(framed, caplog, capfd):
    rows = framed.reshape(-1, 784)
    for n_rows in range(1, 10):
        ImageAugmentation(rotation=n_rows, recenter=True).sample(rows[:n_rows], 0)
    assert "retracing" not in caplog.text + capfd.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_samples_of_many_sizes_take_no_memory(framed):
    rows = framed.reshape(-1, 784)
    augmentation = ImageAugmentation(rotation=10, elastic_alpha=30, recenter=True)
    for n_rows in (65, 64, 33):
        augmentation.sample(rows[:n_rows], 0)
    before = resident()
    for n_rows in range(34, 98):
        assert augmentation.sample(rows[:n_rows], 0).shape == (n_rows, 784)
    assert resident() - before < 30e6


def resident():
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_presets_fit_the_size_of_the_images():
    large, small = (plan_distortion("elastic", n, np.float32) for n in (56**2, 14**2))
    assert (large.kind.image_shape, small.kind.image_shape) == ((56, 56), (14, 14))
    deviations = [np.sqrt((plan.modes**2).sum(0) / 3).mean() for plan in (large, small)]
    assert_allclose(deviations[0] / deviations[1], 4, rtol=1e-3)


def test_it_is_a_value_like_other_parameters():
    augmentation = ImageAugmentation(rotation=10, image_shape=(9, 7))
    for copy in clone(augmentation), pickle.loads(pickle.dumps(augmentation)):
        assert copy is not augmentation
        assert copy.get_params() == augmentation.get_params()
    assert repr(augmentation) == "ImageAugmentation(image_shape=(9, 7), rotation=10)"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"rotation": -1}, "'rotation' parameter .* Got -1"),
        ({"rotation": 181}, "'rotation'"),
        ({"rotation": "ten"}, "'rotation'"),
        ({"scale": 1.0}, "'scale' parameter .* range \\[0.0, 1.0\\)"),
        ({"shear": 90}, "'shear'"),
        ({"shift": np.nan}, "'shift'"),
        ({"elastic_alpha": np.inf}, "'elastic_alpha'"),
        ({"elastic_sigma": 0.5}, "'elastic_sigma' parameter .* range \\[1.0, inf\\)"),
        ({"clean_fraction": 1}, "'clean_fraction' parameter .* range \\[0.0, 1.0\\)"),
        ({"image_shape": 28}, "'image_shape'"),
        ({"image_shape": (28,)}, "two ints >= 1; got \\(28,\\)"),
        ({"image_shape": (28.0, 28.0)}, "two ints >= 1"),
        ({"image_shape": (28, 27)}, "756 pixels; the rows have 784 features"),
    ],
)
def test_what_cannot_be_used_is_named(parameters, message):
    augmentation = ImageAugmentation(**parameters)
    with pytest.raises(ValueError, match=message):
        augmentation.sample(np.zeros((1, 784)))


@pytest.mark.parametrize("n_features", [4, 49, 30, 783])
def test_rows_that_are_no_images_are_refused(n_features):
    X = np.zeros((1, n_features))
    with pytest.raises(ValueError, match=r"X: .*dim 3"):
        ImageAugmentation().sample(X[np.newaxis])
    with pytest.raises(ValueError, match="X must hold numbers"):
        ImageAugmentation().sample(X.astype("M8[s]"))
    with pytest.raises(ValueError, match=f"needs images: rows of {n_features} feat"):
        ImageAugmentation(rotation=5).sample(X)
    assert ImageAugmentation(image_shape=(1, n_features)).sample(X).shape == X.shape
