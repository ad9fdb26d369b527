"""Input is checked by one code, and errors name it."""

import numpy as np
import pytest

from skmnist._validation import checking, flatten_images, shape_of_rows


def test_errors_name_the_input_once():
    with pytest.raises(ValueError, match=r"^X: it is wrong$"), checking("X", 1):
        raise ValueError("it is wrong")
    with pytest.raises(TypeError, match=r"^X is wrong$"), checking("X", 1):
        raise TypeError("X is wrong")
    with pytest.raises(ValueError, match=r"^y: too large$"), checking("y", 1):
        raise OverflowError("too large")


def test_masked_elements_are_refused():
    masked = np.ma.masked_equal([1, 2], 2)
    with (
        pytest.raises(ValueError, match=r"X has masked elements.* X\.filled"),
        checking("X", masked),
    ):
        pass


@pytest.mark.parametrize("shape", [(3, 8, 9), (3, 8, 9, 1)])
def test_images_become_rows(shape):
    rows, image_shape = flatten_images(np.zeros(shape))

    assert rows.shape == (3, 72)
    assert image_shape == shape[1:]
    assert flatten_images(rows)[1] is None


def test_the_shape_of_rows():
    assert shape_of_rows(None, 64, "It") == (8, 8)
    assert shape_of_rows([4, 16], 64, "It") == (4, 16)
    for shape, message in (
        (None, r"60 features are not .* pass It\(image_shape"),
        ((4, 0), "image_shape must be"),
        ((4, 4), "has 16 pixels; the rows have 60"),
    ):
        with pytest.raises(ValueError, match=message):
            shape_of_rows(shape, 60, "It")
