import gzip

import numpy as np
import pytest
from idx_files import idx
from numpy.testing import assert_array_equal

from skmnist.datasets import load_images


@pytest.fixture
def bomb(tmp_path):
    def write(start, repeated):
        path = tmp_path / "train-images-idx3-ubyte.gz"
        with gzip.open(path, "wb", compresslevel=1) as stream:
            stream.write(start)
            for _ in range(300):
                stream.write(repeated * (2**20 // len(repeated)))
        return path

    return write


@pytest.mark.slow
def test_what_unfolds_without_end_is_refused(bomb):
    row = b"0," * 64 + b"0\n"
    with pytest.raises(ValueError, match="unfold into more than 268,435,456 bytes"):
        load_images(bomb(b"", row))
    images = np.empty((300 * 2**20 // 64, 8, 8), np.uint8)
    with pytest.raises(ValueError, match="but less follow"):
        load_images(bomb(idx(images[:0]).replace(b"\0" * 4, b"\0\x4b\0\0", 1), b"\0"))


@pytest.mark.parametrize("damage", ["cut", "changed", "header"])
def test_damaged_gzip_files(damage, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (9, 8, 8), np.uint8)
    content = bytearray(gzip.compress(idx(images)))
    if damage == "cut":
        del content[-20:]
    elif damage == "changed":
        content[-30] ^= 1
    else:
        content[2] = 9
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"compressed data are damaged|follow"):
        load_images(path)


def test_a_file_that_compresses_well_is_read(tmp_path):
    images = np.zeros((20_000, 8, 8), np.uint8)
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(idx(images)))

    assert_array_equal(load_images(path).x, images)
