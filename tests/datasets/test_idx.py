import gzip
import struct

import numpy as np
import pytest
from idx_files import idx
from numpy.testing import assert_array_equal

from skmnist.datasets import load_images
from skmnist.datasets._idx import read_idx


@pytest.mark.parametrize(
    ("code", "dtype"),
    [(8, "u1"), (9, "i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")],
)
def test_each_type_comes_back(code, dtype, tmp_path):
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    path = tmp_path / "a"
    for content in (idx(array, code), gzip.compress(idx(array, code))):
        path.write_bytes(content)
        found = read_idx(path)
        assert_array_equal(found, array)
        assert found.dtype == array.dtype.newbyteorder("=")
        assert found.flags.writeable


GOOD = idx(np.zeros((5, 8, 8), np.uint8))


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD[:-1], "5 x 8 x 8 numbers of 1 bytes, but less follow"),
        (GOOD + b"\0", "but more follow"),
        (GOOD[:9], "ends within its header"),
        (struct.pack(">HBB3I", 0, 8, 3, 10**9, 28, 28), "1000000000 x 28 x 28 .* less"),
        (struct.pack(">HBB3I", 0, 14, 3, *[2**32 - 1] * 3), "less follow"),
    ],
)
def test_a_header_that_does_not_fit(content, message, compress, tmp_path):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(compress(content))
    for source in (path, tmp_path):
        with pytest.raises(ValueError, match=message) as caught:
            load_images(source)
        assert str(caught.value).startswith(str(source))
        assert "train-images-idx3-ubyte" in str(caught.value)


def test_labels_are_no_images(tmp_path):
    path = tmp_path / "labels"
    path.write_bytes(idx(np.zeros(5, np.uint8)))
    with pytest.raises(ValueError, match="labels: has no images"):
        load_images(path)
