import numpy as np
from scipy import ndimage

from skmnist.images._masks import boxes_of, smallest_rectangle


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
