import contextlib
import gzip
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from idx_files import idx
from numpy.testing import assert_array_equal
from sklearn.datasets import load_digits

from skmnist.datasets import load_images

DIGITS = load_digits()
X, Y = DIGITS.images[:200].astype(np.uint8), DIGITS.target[:200]
FRAME = pd.DataFrame(X.reshape(200, 64)).assign(label=Y)


def rows(*parts):
    return sorted(map(tuple, np.concatenate(parts).reshape(-1, 64).tolist()))


def test_a_single_set_is_split():
    data, again = load_images(FRAME), load_images(FRAME)
    other = load_images(FRAME, random_state=1)

    assert sorted(data) == ["x_test", "x_train", "y_test", "y_train"]
    assert data.x_test.shape == (40, 8, 8)
    assert rows(data.x_train, data.x_test) == rows(X)
    assert abs(np.bincount(data.y_test) - np.bincount(Y) / 5).max() < 1
    assert_array_equal(data.x_test, again.x_test)
    assert not np.array_equal(data.x_test, other.x_test)
    assert len(load_images(FRAME, test_size=30).y_test) == 30


def test_images_to_test_on_can_be_named():
    data = load_images(FRAME[:150], FRAME[150:])

    assert_array_equal(data.x_train, X[:150])
    assert_array_equal(data.y_test, Y[150:])


@pytest.mark.parametrize("suffix", ["", ".npz"])
def test_the_arrays_of_a_npz_file(suffix, tmp_path):
    path = tmp_path / f"data{suffix}"
    with open(path, "wb") as stream:
        np.savez(stream, x_test=X, y_test=Y.astype(np.uint8), other=3)
    data = load_images(path)

    assert sorted(data) == ["x_test", "y_test"]
    assert_array_equal(data.x_test, X)
    assert data.y_test.dtype == np.int64
    assert_array_equal(load_images(path, transpose=True).x_test, X.swapaxes(1, 2))
    with open(path, "wb") as stream:
        np.savez(stream, X=X, Y=Y)
    data = load_images(str(path), test_size=None)
    assert_array_equal(data.x, X)
    assert_array_equal(data.y, Y)
    with open(path, "wb") as stream:
        np.save(stream, X)
    assert list(load_images(path)) == ["x"]
    with open(path, "wb") as stream:
        np.savez(stream, **{f"a{i}": X for i in range(99)})
    with pytest.raises(ValueError, match=r"it has \['a0', .*, \.\.\.\]$"):
        load_images(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train.csv", "label")
    with pytest.raises(ValueError, match=r"without \.npy files: unpack it"):
        load_images(path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"test_size": 0.0}, "'test_size' .* Got 0.0"),
        ({"test_size": 5}, "the data frame: cannot be split: .*test_size = 5"),
        ({"source": FRAME[:3]}, "the data frame: cannot be split: "),
        ({"source": 3}, "'source' parameter of load_images .* Got 3"),
        ({"source": FRAME["label"]}, "'source' parameter of load_images "),
        ({"source": FRAME[[]]}, "the data frame: has 0 columns, none of them named"),
        ({"test": FRAME.drop(columns="label")}, "no images with labels to test on"),
        ({"random_state": "zero"}, "'random_state'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        load_images(**{"source": FRAME} | arguments)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_images(tmp_path / "nothing")


CSV = FRAME[:20].to_csv(index=False).encode()
SEEDS = [CSV, CSV.partition(b"\n")[2], idx(X[:20]), idx(X[:20].astype(">f4"), 13)]
SEEDS += [gzip.compress(each) for each in SEEDS]


@st.composite
def damaged(draw):
    """Change a good file at a few places, or cut it."""
    content = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(content)) | st.integers(0, 20))
        new = draw(st.binary(max_size=4) | st.sampled_from([b",", b"\n", b'"', b"1e9"]))
        content[place : place + draw(st.integers(0, 4))] = new
    return bytes(content[: draw(st.none() | st.integers(0, len(content)))])


@given(damaged() | st.binary(max_size=100))
def test_a_damaged_file_is_one_line_or_images_with_labels(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(content)
        with contextlib.suppress(ValueError):
            try:
                data = load_images(path, test_size=None)
            except ValueError as error:
                text = str(error)
                assert text.startswith(str(path)), text
                assert len(text.splitlines()) == 1, text
                assert len(text) < 1000, text
                raise
            assert data.x.size > 0
            assert np.isfinite(data.x).all()
            assert "y" not in data or data.y.shape == data.x.shape[:1]
