import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from skmnist import DigitNormalizer
from skmnist.images import _likeness


def test_digits_are_more_like_digits_than_other_shapes(mnist):
    digits = _likeness.unlikeness(mnist.x_test[:500])
    filled = np.zeros((1, 28, 28), np.uint8)
    filled[:, 4:24, 4:24] = 255
    frame = filled.copy()
    frame[:, 7:21, 7:21] = 0

    assert 0.8 < np.median(digits) < 1
    assert np.quantile(digits, 0.98) < 1.8
    assert _likeness.unlikeness(filled)[0] > 2.5
    assert _likeness.unlikeness(frame)[0] > 1.8


@pytest.mark.parametrize("measure", [_likeness.unlikeness, _likeness.novelty])
def test_an_image_is_as_unlike_alone_as_in_company(measure, mnist):
    many = measure(mnist.x_test[:50])
    alone = [measure(image[np.newaxis])[0] for image in mnist.x_test[:50]]
    np.testing.assert_array_equal(many, alone)


def test_few_digits_and_most_letters_are_marked(mnist):
    letters = Image.new("L", (28 * 12, 28))
    font = ImageFont.load_default(24)
    for i, letter in enumerate("AEHKMNRWXemw"):
        ImageDraw.Draw(letters).text((28 * i + 14, 14), letter, 255, font, anchor="mm")
    letters = np.asarray(letters).reshape(28, 12, 28).swapaxes(0, 1)
    framed = DigitNormalizer(output="images", on_blank="zeros").transform(letters)
    framed = framed[framed.any(axis=(1, 2))]

    assert (_likeness.novelty(framed) <= _likeness.NOVEL).sum() <= 1
    assert (_likeness.novelty(mnist.x_test) > _likeness.NOVEL).mean() < 0.016


def test_mirrored_and_turned_digits_are_more_novel(mnist):
    some = mnist.x_test[:2000][np.isin(mnist.y_test[:2000], (2, 4, 5, 7))]
    digits = np.median(_likeness.novelty(some))
    for other in some[:, :, ::-1], some.swapaxes(1, 2):
        assert np.median(_likeness.novelty(other)) > digits + 0.5
