import numpy as np
import pytest
from figures import DIGITS, texts_of

from skmnist import DigitGridDisplay


@pytest.mark.parametrize("shape", [(-1, 8, 8), (-1, 8, 8, 1), (-1, 64)])
def test_images_come_in_three_shapes(shape):
    display = DigitGridDisplay.from_predictions(
        DIGITS.x_test.reshape(shape), n_images=3, random_state=0
    )

    np.testing.assert_array_equal(display.images, DIGITS.x_test[display.indices])
    assert texts_of(display) == [""] * 3
