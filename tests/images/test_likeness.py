import numpy as np

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
