import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from skmnist import PixelScaler


@parametrize_with_checks([PixelScaler(), PixelScaler(max_value=1)])
def test_sklearn_checks(estimator, check):
    check(estimator)


@pytest.fixture
def images():
    """Every uint8 value, in 6 images of 8x6."""
    values = np.random.default_rng(0).permutation(6 * 8 * 6) % 256
    return values.astype(np.uint8).reshape(-1, 8, 6)


@pytest.mark.parametrize(
    ("shape", "image_shape"),
    [((6, 8, 6), (8, 6)), ((6, 8, 6, 1), (8, 6, 1)), ((6, 48), (48,))],
)
def test_all_layouts_give_the_same_rows_and_their_shape_back(
    images, shape, image_shape
):
    X = images.reshape(shape)
    scaler = PixelScaler()
    scaled = scaler.fit_transform(X)

    assert scaler.image_shape_ == image_shape
    assert scaled.dtype == np.float32
    assert_array_equal(scaled, images.reshape(6, 48) / np.float32(255))
    for other in images, images[..., np.newaxis], images.reshape(6, 48):
        assert_array_equal(scaler.transform(other), scaled)
    restored = scaler.inverse_transform(scaled)
    assert restored.dtype == np.uint8
    assert_array_equal(restored, X)


@pytest.mark.parametrize(
    "dtype",
    ["bool", "int8", "uint8", "int16", "uint16", "int32", "int64", "uint64"]
    + ["float16", "float32", "float64"],
)
def test_every_dtype_is_scaled_and_comes_back(dtype):
    X = np.array([[[0, 1], [5, 100]]]).astype(dtype)
    scaler = PixelScaler(max_value=10)
    scaled = scaler.fit_transform(X)

    assert scaled.dtype == np.float32
    expected = [[0, 0.1, 0.1, 0.1]] if dtype == "bool" else [[0, 0.1, 0.5, 10]]
    np.testing.assert_allclose(scaled, expected, rtol=1e-6)
    restored = scaler.inverse_transform(scaled)
    assert restored.dtype == X.dtype
    np.testing.assert_allclose(restored, X, rtol=1e-3 if dtype == "float16" else 1e-6)


@pytest.mark.parametrize(
    ("X", "largest"),
    [
        (np.array([[[0, 51], [102, 255]]], dtype=np.uint8), 255),
        (np.array([[0, 4, 16]], dtype=np.uint8), 16),
        (np.array([[0, 0.5, 1]], dtype=np.float32), 1),
        (np.array([[-4.0, 2.0]]), 4),
        (np.array([[-128, 127]], dtype=np.int8), 128),
        (np.array([[False, True]]), 1),
        (np.zeros((2, 3)), 1),
    ],
)
def test_the_largest_training_pixel_becomes_one(X, largest):
    scaler = PixelScaler().fit(X)

    assert scaler.max_value_ == largest
    expected = X.reshape(len(X), -1).astype(np.float32) / np.float32(largest)
    assert_array_equal(scaler.transform(X), expected)
    assert_array_equal(scaler.inverse_transform(expected), X)


def test_inverse_transform_rounds_and_stays_in_the_range_of_the_dtype():
    scaler = PixelScaler(max_value=255).fit(np.zeros((1, 2, 2), dtype=np.uint8))

    restored = scaler.inverse_transform([[-0.5, 99.6 / 255, 100.4 / 255, 2.0]])

    assert_array_equal(restored, [[[0, 100], [100, 255]]])


@pytest.mark.parametrize("dtype", ["bool", "int8", "int32", "int64", "uint64"])
@pytest.mark.parametrize("scaled_dtype", ["float32", "float64"])
def test_inverse_transform_of_huge_values_gives_the_nearest_the_dtype_can_hold(
    dtype, scaled_dtype
):
    scaler = PixelScaler(max_value=1.0).fit(np.zeros((1, 2), dtype=dtype))

    low, high = scaler.inverse_transform(np.array([[-1e30, 1e30]], scaled_dtype))[0]

    limits = np.iinfo("uint8" if dtype == "bool" else dtype)
    greatest = 1 if dtype == "bool" else limits.max
    assert low == limits.min
    assert int(greatest) * (1 - 1e-7) <= int(high) <= int(greatest)


@pytest.mark.parametrize("method", ["transform", "inverse_transform"])
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((6, 6, 8), r"shape \(6, 8\).*shape \(8, 6\)"),
        ((6, 47), "47 features.*expecting 48 features"),
        ((6, 7, 7), "49 features.*expecting 48 features"),
        ((3, 8, 12), "96 features.*expecting 48 features"),
    ],
)
def test_images_of_another_shape_are_refused(images, shape, message, method):
    with pytest.raises(NotFittedError):
        getattr(PixelScaler(), method)(images)
    scaler = PixelScaler().fit(images)
    with pytest.raises(ValueError, match=message):
        getattr(scaler, method)(np.zeros(shape))


@pytest.mark.parametrize("max_value", [0, -1.0, np.nan, np.inf, "255", "Auto", None])
def test_bad_max_value_is_refused(max_value):
    with pytest.raises(ValueError, match=r"'max_value'.*\(0.0, inf\).*Got"):
        PixelScaler(max_value=max_value).fit(np.zeros((1, 2)))


@pytest.mark.parametrize(
    ("max_value", "value"),
    [(1.0, 1e39), (1e-10, 1e30), (1e-60, 1.0), (1e-310, 1e-310)],
)
def test_results_beyond_float32_are_refused_not_infinite(max_value, value):
    X = np.array([[value / 2, value]])

    with pytest.raises(ValueError, match=f"max_value={max_value}.*float32"):
        PixelScaler(max_value=max_value).fit_transform(X)


def test_fit_forgets_the_fit_before(images):
    frame = pd.DataFrame(images.reshape(6, 48)).add_prefix("p")
    scaler = PixelScaler().fit(frame).fit(images[:, :4].astype(float))

    assert not hasattr(scaler, "feature_names_in_")
    assert scaler.n_features_in_ == 24
    assert scaler.image_shape_ == (4, 6)
    assert scaler.dtype_ == np.float64


def test_feature_names(images):
    frame = pd.DataFrame(images.reshape(6, 48)).add_prefix("p")

    names = PixelScaler().fit(images).get_feature_names_out()
    assert names[[0, 47]].tolist() == ["x0", "x47"]
    scaler = PixelScaler().fit(frame)
    assert scaler.get_feature_names_out().tolist() == frame.columns.tolist()
    assert scaler.dtype_ == np.uint8


def test_pixels_of_another_range_are_warned_of():
    images = np.zeros((4, 8, 8), np.uint8)
    images[:, 2:5, 3:5] = 255
    scaler = PixelScaler().fit(images)
    with pytest.warns(UserWarning, match="largest pixel of X is 1, and .* was 255"):
        scaler.transform(images / 255)
    with pytest.warns(UserWarning, match="X looks inverted"):
        scaler.transform(255 - images)
    with pytest.warns(UserWarning, match="largest pixel of X is 255, and .* was 1"):
        PixelScaler().fit(images / 255).transform(images)
    scaler.transform(np.zeros_like(images))  # blank images are no other range
    scaler.transform(images // 2)


@pytest.mark.parametrize("n", [10, 200])
def test_transposed_images_are_warned_of(n):
    digits = load_digits()
    scaler = PixelScaler().fit(digits.images[:1000])
    for start in range(1000, 1797 - n, n):
        images = digits.images[start : start + n]
        scaler.transform(images)
        with pytest.warns(UserWarning, match="X look transposed"):
            scaler.transform(images.swapaxes(1, 2).reshape(n, 64))
    rng = np.random.default_rng(0)
    PixelScaler().fit(rng.random((n, 49))).transform(rng.random((n, 49)))


def test_a_scaler_without_a_mean_image_warns_of_nothing():
    images = load_digits().images
    scaler = PixelScaler().fit(images)
    del scaler.mean_image_  # as files of earlier versions
    scaler.transform(images.swapaxes(1, 2).reshape(-1, 64))


def test_one_image_in_place_of_a_stack_is_refused():
    images = np.ones((3, 8, 8), np.uint8)
    with pytest.raises(ValueError, match=r"one image of 64 pixels: .*X\[np.newaxis\]"):
        PixelScaler().fit(images).transform(images[0])
