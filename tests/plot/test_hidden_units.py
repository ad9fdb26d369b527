import numpy as np
import pytest
from figures import DIGITS, assert_no_overlap, texts_of
from sklearn.pipeline import make_pipeline

from skmnist import HiddenUnitsDisplay, MLPDigitClassifier, PixelScaler


def test_units_are_images_the_strongest_first(model):
    display = HiddenUnitsDisplay.from_estimator(model, n_units=5)

    kernel = model[-1].coefs_[0]
    order = np.argsort(-np.linalg.norm(kernel, axis=0))[:5]
    assert texts_of(display) == [str(unit) for unit in order]
    limit = np.abs(kernel[:, order]).max()
    for image, unit in zip(display.images_, order, strict=True):
        np.testing.assert_array_equal(image.get_array(), kernel[:, unit].reshape(8, 8))
        assert image.get_clim() == (-limit, limit)  # white is zero
    assert display.ax_.get_title() == (
        "Weights of the first hidden layer\n5 of 12 units, strongest first"
    )
    assert display.colorbar_.ax.get_ylabel() == "weight of the pixel"


@pytest.mark.parametrize("n_units", [1, 8, 64, 300])
def test_units_are_legible(n_units):
    display = HiddenUnitsDisplay(
        weights=np.random.default_rng(0).normal(size=(n_units, 28, 28)),
        indices=np.arange(n_units),
        title="A title",
    ).plot()

    assert len(display.images_) == n_units
    assert_no_overlap(display)
    assert min(text.get_fontsize() for text in display.texts_) >= 6


def test_the_shape_comes_from_the_scaler_or_the_caller():
    X, y = DIGITS.x_train[:, :, 2:6], DIGITS.y_train
    network = MLPDigitClassifier(3, epochs=1, random_state=0)
    model = make_pipeline(PixelScaler(16), network).fit(X, y)
    assert HiddenUnitsDisplay.from_estimator(model).weights.shape == (3, 8, 4)
    display = HiddenUnitsDisplay.from_estimator(model, image_shape=(4, 8))
    assert display.weights.shape == (3, 4, 8)

    with pytest.raises(ValueError, match=r"rows of 32 pixels are not square images"):
        HiddenUnitsDisplay.from_estimator(model[-1])
    for wrong in (5, 5), (-4, -8), "48":
        with pytest.raises(ValueError, match=r"image_shape.*(25 pixels|-4, -8|'48')"):
            HiddenUnitsDisplay.from_estimator(model, image_shape=wrong)
    with pytest.raises(ValueError, match="'n_units' parameter"):
        HiddenUnitsDisplay.from_estimator(model, n_units=0)
