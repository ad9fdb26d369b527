import numpy as np

from skmnist.images._touching import find_cuts


def strokes(width, *columns):
    mask = np.zeros((40, width), bool)
    for column in columns:
        mask[:, column : column + 4] = True
    return mask


def test_two_strokes_that_touch_are_cut_between_them():
    mask = strokes(24, 0, 20)
    mask[18:21] = True  # a bridge
    left = find_cuts(mask, usual=40)[0]

    assert left[:, :4].mean() > 0.9
    assert not left[:, 20:].any()
    assert not (left & ~mask).any()


def test_one_stroke_is_left_whole():
    assert find_cuts(strokes(4, 0), usual=40) == []
