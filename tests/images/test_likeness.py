import numpy as np
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


def test_an_image_is_as_unlike_alone_as_in_company(mnist):
    many = _likeness.unlikeness(mnist.x_test[:50])
    alone = [_likeness.unlikeness(image[np.newaxis])[0] for image in mnist.x_test[:50]]
    np.testing.assert_array_equal(many, alone)


def test_few_digits_and_most_letters_are_marked(mnist):
    letters = Image.new("L", (28 * 8, 28))
    font = ImageFont.load_default(24)
    for i, letter in enumerate("EHKMNWmw"):
        ImageDraw.Draw(letters).text((28 * i + 14, 14), letter, 255, font, anchor="mm")
    letters = np.asarray(letters).reshape(28, 8, 28).swapaxes(0, 1)
    framed = DigitNormalizer(output="images", on_blank="zeros").transform(letters)
    framed = framed[framed.any(axis=(1, 2))]
    n_marked = 8 - (_likeness.unlikeness(framed) <= _likeness.USUAL).sum()

    assert n_marked >= 7
    assert (_likeness.unlikeness(mnist.x_test[:2000]) > _likeness.USUAL).mean() < 0.03
