"""Files are read within bounds."""

import zipfile
from io import BytesIO

import numpy as np
import pytest

from skmnist._io._untrusted import read_arrays


def test_arrays_come_back_the_same(tmp_path):
    arrays = {
        "a": np.arange(12, dtype=">i2").reshape(3, 4),
        "b": np.asfortranarray(np.random.default_rng(0).random((5, 3))),
        "c": np.array(["ab", "cde"]),
        "d": np.zeros((3, 0), "float16"),
        "e": np.array(5.5),
    }
    np.savez(tmp_path / "stored.npz", **arrays)
    np.savez_compressed(tmp_path / "deflated.npz", **arrays)
    for name in ("stored.npz", "deflated.npz"):
        found = read_arrays(tmp_path / name)
        assert found.keys() == arrays.keys()
        for key, array in arrays.items():
            np.testing.assert_array_equal(found[key], array, strict=True)
    np.save(tmp_path / "one.npy", arrays["b"])
    (one,) = read_arrays(tmp_path / "one.npy").values()
    np.testing.assert_array_equal(one, arrays["b"], strict=True)


def npy(**header):
    fields = {"descr": "|u1", "fortran_order": False, "shape": (3,)} | header
    stream = BytesIO()
    np.lib.format.write_array_header_1_0(stream, fields)
    return stream.getvalue() + b"abc"


def zipped(compression, *arrays):
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for i, data in enumerate(arrays):
            archive.writestr(f"{i}.npy", data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"hello", "neither a .npy nor a .npz"),
        (b"\x93NUMPY", "cannot be read"),
        (npy(shape=(4,)), r"\(4,\) should follow, but there are 3 bytes"),
        (npy(shape=(10**15,)), "should follow"),
        (npy(shape=(-3,)), "should follow"),
        (npy(descr="|O"), "Object arrays cannot be loaded"),
        (npy(descr="<U100000000", shape=(1,)), "should follow"),
        (npy() + b"d", "there are 4 bytes"),
        (zipped(zipfile.ZIP_LZMA, npy()), "must be stored or deflated"),
        (zipped(zipfile.ZIP_BZIP2, npy()), "must be stored or deflated"),
        (
            zipped(zipfile.ZIP_DEFLATED, bytes(200_000_000), bytes(70_000_000)),
            r"unfold into 270,000,000 bytes, .* numpy\.savez writes",
        ),
        (zipped(zipfile.ZIP_STORED, npy()).replace(b"abc", b"abd"), "CRC"),
    ],
)
def test_arrays_that_are_not_read(data, message, tmp_path):
    (tmp_path / "x").write_bytes(data)

    with pytest.raises(ValueError, match=message):
        read_arrays(tmp_path / "x")
