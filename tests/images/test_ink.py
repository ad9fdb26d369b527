import numpy as np
import pytest

from skmnist.images import _ink


@pytest.mark.parametrize("dark", [True, False])
def test_ink_is_found_on_either_paper(dark):
    page = np.full((1, 40, 40), 200 if dark else 30, np.float32)
    page[:, 10:30, 18:22] = 30 if dark else 200
    ink, pieces, level = _ink.find_ink(page, np.array([dark]), even_light=False)

    assert np.unique(pieces[0, 12:28, 19:21]).size == 1
    assert pieces[0, 20, 20] > 0
    assert not pieces[0, :, :14].any()
    assert ink[0, 20, 20] > level[0] > ink[0, 2, 2]


def test_what_is_no_image_is_named():
    for image, message in {
        "words": "must be numbers",
        (1.0, 2.0): "must have the shape",
        ((np.nan,),): "NaN or infinite",
    }.items():
        with pytest.raises(ValueError, match=rf"^X\[3\] .*{message}"):
            _ink.to_gray(image, "X[3]")


def test_boxes_are_around_the_ink():
    masks = np.zeros((1, 20, 30), bool)
    masks[0, 5:9, 7:20] = True
    starts, sides = _ink.boxes_of(masks)

    np.testing.assert_array_equal(starts, [[5, 7]])
    np.testing.assert_array_equal(sides, [[4, 13]])


def test_the_lines_of_a_box_go_and_what_crosses_them_stays():
    mask = np.zeros((60, 60), bool)
    mask[5:55, 5:55] = True
    mask[8:52, 8:52] = False
    mask[20:58, 28:33] = True  # a stroke through the lower line
    (rest,) = _ink.without_boxes(mask[np.newaxis])

    assert rest[20:58, 28:33].mean() > 0.9
    assert not rest[:, :20].any()
    assert not rest[:15].any()


def test_a_sheet_of_paper_is_found_on_a_desk():
    desk = np.full((100, 120), 90, np.float32)
    desk[20:80, 30:90] = 230
    assert _ink.sheet_of(desk) is None  # nothing is written on it
    desk[40:60, 55:60] = 30
    sheet = _ink.sheet_of(desk)
    assert sheet[30:70, 40:80].all()
    assert not sheet[:20].any()
    assert not sheet[:, :30].any()
