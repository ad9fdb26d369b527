import numpy as np

from skmnist.images._boxes import without_boxes


def test_the_lines_of_a_box_go_and_what_crosses_them_stays():
    mask = np.zeros((60, 60), bool)
    mask[5:55, 5:55] = True
    mask[8:52, 8:52] = False
    mask[20:58, 28:33] = True  # a stroke through the lower line
    (rest,) = without_boxes(mask[np.newaxis])

    assert rest[20:58, 28:33].mean() > 0.9
    assert not rest[:, :20].any()
    assert not rest[:15].any()


def test_lines_of_ruled_paper_go_and_bold_ink_with_a_rough_edge_stays():
    ruled = np.zeros((60, 60), bool)
    ruled[5::10] = True
    rough = np.zeros((60, 60), bool)
    rough[4:56, 5:55] = True
    rough[5:56:2, 2:58] = True  # lines that are full enough, but for what is between
    rest = without_boxes(np.stack([ruled, rough]))

    assert not rest[0].any()
    np.testing.assert_array_equal(rest[1], rough)
