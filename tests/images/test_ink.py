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
