"""Sharpened images: what the filter is, and that a network learns faster from them."""

import pickle

import numpy as np
import pytest
from image_checks import check_image_transformer
from networks import DIGITS, network
from numpy.testing import assert_allclose, assert_array_equal
from saved_files import changed
from scipy.ndimage import gaussian_filter
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skmnist import PixelScaler, UnsharpMask, load, save


@pytest.fixture
def images():
    return np.random.default_rng(0).random((5, 9, 12), np.float32)


def test_in_a_pipeline_and_a_search(tmp_path):
    model = make_pipeline(
        PixelScaler(), UnsharpMask(radius=1.5), network(64, epochs=20)
    )
    search = GridSearchCV(model, {"unsharpmask__amount": [0, 2]}, cv=3)
    search.fit(DIGITS.x_train, DIGITS.y_train)

    plain, sharp = search.cv_results_["mean_test_score"]
    assert sharp > plain + 0.01
    save(search.best_estimator_, tmp_path / "model.skops")
    assert_array_equal(
        load(tmp_path / "model.skops").predict_proba(DIGITS.x_test),
        search.predict_proba(DIGITS.x_test),
    )


def test_pixels_are_less_correlated():
    rows = PixelScaler().fit_transform(DIGITS.x_train)
    sharp = UnsharpMask(radius=1.5).fit_transform(rows)

    def share_of_the_first_component(rows):
        variances = np.linalg.eigvalsh(rows.T @ rows)
        return variances[-1] / variances.sum()

    assert share_of_the_first_component(rows) > 0.65
    assert share_of_the_first_component(sharp) < 0.55


@pytest.mark.parametrize(("radius", "amount"), [(2.0, 2.0), (0.7, 5.0), (9, 0.5)])
def test_adds_what_a_gaussian_takes_away(images, radius, amount):
    sharp = UnsharpMask(radius=radius, amount=amount).fit_transform(images)

    far = 4 * 9 + 4  # the filter mirrors what is beyond the border
    for row, image in zip(sharp, images, strict=True):
        framed = np.pad(image.astype(float), far)
        expected = framed + amount * (framed - gaussian_filter(framed, radius))
        assert_allclose(
            row.reshape(9, 12), expected[far:-far, far:-far], atol=1e-5, rtol=1e-5
        )


def test_is_linear_and_off_at_zero(images):
    mask = UnsharpMask().fit(images)
    a, b = images.astype(float)[:2]
    together = mask.transform([2 * a - 3 * b])
    assert_allclose(together, 2 * mask.transform([a]) - 3 * mask.transform([b]))
    assert_array_equal(
        UnsharpMask(amount=0).fit_transform(images), images.reshape(5, -1)
    )


def test_an_image_does_not_depend_on_its_neighbors():
    many = np.random.default_rng(0).random((1500, 64))
    mask = UnsharpMask(radius=1).fit(many)
    whole = mask.transform(many)
    for i in 0, 1023, 1024, 1499:
        assert_array_equal(mask.transform(many[i : i + 1])[0], whole[i])


def test_images_and_rows_give_the_same(images):
    mask = UnsharpMask().fit(images)
    assert mask.image_shape_ == (9, 12)
    assert mask.n_features_in_ == 108
    expected = mask.transform(images)
    assert expected.shape == (5, 108)
    rows = images.reshape(5, 108)
    for X in (images[..., np.newaxis], rows, list(images), np.asfortranarray(rows)):
        assert_array_equal(mask.transform(X), expected)
    by_rows = UnsharpMask(image_shape=[9, 12]).fit(rows)
    assert by_rows.image_shape_ == (9, 12)
    assert_array_equal(by_rows.transform(images), expected)
    assert_array_equal(images, np.random.default_rng(0).random((5, 9, 12), np.float32))


@pytest.mark.parametrize(
    ("given", "returned"),
    [("f4", "f4"), ("f8", "f8"), ("f2", "f4"), ("u1", "f4"), ("?", "f4"), ("O", "f8")],
)
def test_types(images, given, returned):
    X = np.rint(images).astype(given)
    sharp = UnsharpMask(amount=0).fit_transform(X)
    assert sharp.dtype == returned
    assert_array_equal(sharp, X.reshape(5, -1).astype(returned))


@pytest.mark.parametrize(
    ("params", "X", "message"),
    [
        ({"radius": 0}, None, "'radius' parameter of UnsharpMask must be a float in"),
        ({"radius": 12.5}, None, "radius must be at most .* 12; got 12.5"),
        ({"amount": -1}, None, "'amount' parameter of UnsharpMask must be a float in"),
        ({"image_shape": 3}, None, "'image_shape' parameter"),
        ({"image_shape": (9, 11)}, np.ones((2, 108)), "99 pixels; the rows have 108"),
        ({"image_shape": (108,)}, np.ones((2, 108)), "height and width in pixels"),
        ({}, np.ones((2, 108)), "UnsharpMask needs images: .*108 features"),
        ({}, np.ones((2, 49)), "for other images pass UnsharpMask\\(image_shape="),
        ({}, np.full((2, 8, 8), np.nan), "X contains NaN"),
    ],
)
def test_what_fit_refuses(images, params, X, message):
    mask = UnsharpMask().fit(images)
    mask.set_params(**params)
    before = pickle.dumps(mask)
    with pytest.raises(ValueError, match=message):
        mask.fit(images if X is None else X)
    assert pickle.dumps(mask) == before


def test_what_transform_refuses(images):
    with pytest.raises(NotFittedError):
        UnsharpMask().transform(images)
    mask = UnsharpMask().fit(images)
    for X, message in (
        (np.ones((2, 12, 9)), "fitted on images of shape"),
        (np.ones((2, 107)), "107 features"),
        (np.full((2, 108), np.inf), "X contains inf"),
        (np.full((2, 108), 3e38, np.float32), "amount=2.0 does not fit into float32"),
    ):
        with pytest.raises(ValueError, match=message):
            mask.transform(X)
    mask.set_params(radius=1e9)  # or from a damaged file: its blur would take for ever
    with pytest.raises(ValueError, match="radius must be at most"):
        mask.transform(images)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [(b"12", b"11", "does not have 108"), (b"1.5", b"0.0", "radius")],
)
def test_a_damaged_file_is_refused(images, tmp_path, before, after, message):
    save(UnsharpMask(radius=1.5).fit(images), tmp_path / "good.skops")
    path = tmp_path / "bad.skops"
    path.write_bytes(changed(tmp_path / "good.skops", before, after))
    with pytest.raises(ValueError, match=message):
        load(path)


def test_scikit_learns_checks():
    check_image_transformer(UnsharpMask())
