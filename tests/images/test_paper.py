import numpy as np

from skmnist.images._paper import sheet_of


def test_a_sheet_of_paper_is_found_on_a_desk():
    desk = np.full((100, 120), 90, np.float32)
    desk[20:80, 30:90] = 230
    assert sheet_of(desk) is None  # nothing is written on it
    desk[40:60, 55:60] = 30
    sheet = sheet_of(desk)
    assert sheet[30:70, 40:80].all()
    assert not sheet[:20].any()
    assert not sheet[:, :30].any()
