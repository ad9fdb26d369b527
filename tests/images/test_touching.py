import numpy as np

from skmnist.images._touching import find_parts


def strokes(width, *columns):
    mask = np.zeros((40, width), bool)
    for column in columns:
        mask[:, column : column + 4] = True
    return mask


def test_two_strokes_that_touch_are_parted_between_them():
    mask = strokes(24, 0, 20)
    mask[18:21] = True  # a bridge
    parts = find_parts(mask, usual=40)
    n_cuts = max(last for _, last, _ in parts)

    assert any(first == 0 and last == n_cuts for first, last, _ in parts)
    for first, last, part in parts:
        assert not (part & ~mask).any()
        if last < n_cuts:
            assert part[:, :4].mean() > 0.9
            assert not part[:, 20:].any()
        elif first > 0:
            assert part[:, 20:].mean() > 0.9
            assert not part[:, :4].any()


def test_one_stroke_is_left_whole():
    ((first, last, part),) = find_parts(strokes(4, 0), usual=40)
    assert first == 0
    assert last == 1
    assert part.all()
