import numpy as np
import pytest
from scipy import ndimage

from skmnist.images._masks import boxes_of, maximum, pieces_of, smallest_rectangle


def test_boxes_are_around_the_ink():
    masks = np.zeros((1, 20, 30), bool)
    masks[0, 5:9, 7:20] = True
    starts, sides = boxes_of(masks)

    np.testing.assert_array_equal(starts, [[5, 7]])
    np.testing.assert_array_equal(sides, [[4, 13]])


def test_the_smallest_rectangle_is_turned_as_the_mask():
    mask = np.zeros((80, 80), bool)
    mask[20:60, 10:70] = True
    turned = ndimage.rotate(mask, 8, order=0)
    area, degrees = smallest_rectangle(turned)
    assert degrees == 8
    np.testing.assert_allclose(area, mask.sum(), rtol=0.05)


@pytest.mark.parametrize("size", [1, 3, 7, 11])
def test_the_maximum_is_that_of_each_image_and_dtype(size):
    images = np.random.default_rng(0).random((3, 9, 14), np.float32)
    for stack in (images, images > 0.9):
        highest = maximum(stack, size)
        expected = [ndimage.maximum_filter(each, size) for each in stack]
        np.testing.assert_array_equal(highest, expected)
        assert highest.dtype == stack.dtype


def test_pieces_are_measured_with_numbers_that_are_not_used():
    pieces = np.zeros((2, 6, 8), np.int32)
    pieces[0, 1:3, 2:7] = 1
    pieces[1, 4, 5] = 3
    image, starts, stops, areas = pieces_of(pieces)

    assert areas.tolist() == [10, 0, 1]
    assert image[[0, 2]].tolist() == [0, 1]
    assert starts[[0, 2]].tolist() == [[1, 2], [4, 5]]
    assert stops[[0, 2]].tolist() == [[3, 7], [5, 6]]
