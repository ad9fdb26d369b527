import gzip

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_digits

from skmnist.datasets import load_images

DIGITS = load_digits()
X, Y = DIGITS.images[:40].astype(np.uint8), DIGITS.target[:40]
FRAME = pd.DataFrame(X.reshape(40, 64)).add_prefix("pixel")


def with_label(place=0, name="label", labels=Y):
    frame = FRAME.copy()
    frame.insert(place, name, labels)
    return frame


@pytest.fixture
def csv(tmp_path):
    def write(text):
        path = tmp_path / "data.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def as_csv(frame, **kwargs):
    return frame.to_csv(index=False, **kwargs)


@pytest.mark.parametrize(
    "text",
    [
        as_csv(with_label()),
        as_csv(with_label(64, "Label")),
        as_csv(with_label(3, "class")),
        as_csv(with_label(3, "target")),
        with_label().to_csv(),
        as_csv(with_label().assign(Id="a1")),
        as_csv(with_label().sort_index(axis=1)),
        as_csv(with_label(0, "digit")),
        as_csv(with_label(64, "digit")),
        as_csv(with_label(), header=False),
        as_csv(with_label(), header=False).replace("\n", "\r\n"),
        as_csv(with_label(), header=False).rstrip("\n"),
        as_csv(with_label(), sep=";"),
        as_csv(with_label(), sep="\t", header=False),
        as_csv(with_label(), quoting=1),
        "\ufeff" + as_csv(with_label()) + "\n\n",
        as_csv(with_label().astype(float)),
        gzip.compress(as_csv(with_label()).encode()),
    ],
)
def test_a_csv_file_with_labels(text, csv):
    data = load_images(csv(text), test_size=None)

    assert sorted(data) == ["x", "y"]
    assert_array_equal(data.x, X)
    assert_array_equal(data.y, Y)
    assert (data.x.dtype, data.y.dtype) == (np.uint8, np.int64)


@pytest.mark.parametrize("header", [True, False])
def test_a_csv_file_without_labels(header, csv):
    data = load_images(csv(as_csv(FRAME, header=header)))

    assert sorted(data) == ["x"]
    assert_array_equal(data.x, X)


@pytest.mark.parametrize("factor", [1 / 16, -1, 100])
def test_other_numbers_are_float32(factor, csv):
    frame = FRAME.astype(float) * factor
    frame.insert(0, "label", Y)
    data = load_images(csv(as_csv(frame)), test_size=None)

    assert data.x.dtype == np.float32
    assert_array_equal(data.x, X * np.float32(factor))
    assert_array_equal(data.y, Y)


def test_names_for_labels(csv):
    names = np.array(["zero", "one"])[Y % 2]
    data = load_images(csv(as_csv(with_label(labels=names))), test_size=None)

    assert_array_equal(data.y, names)


def test_many_rows_and_labels(csv):
    """More than are parsed together, and more labels than fit into a byte."""
    y = np.arange(2500) - 7
    frame = pd.DataFrame(np.resize(X, (2500, 64)))
    frame.insert(0, "label", y)
    data = load_images(csv(as_csv(frame)), test_size=None)

    assert_array_equal(data.y, y)
    assert_array_equal(data.x, np.resize(X, (2500, 8, 8)))


def test_rows_that_are_no_squares_stay_rows(csv):
    text = "label,a,b\n0,1,2\n1,3,4\n"
    data = load_images(csv(text), test_size=None)

    assert_array_equal(data.x, [[1, 2], [3, 4]])
    with pytest.raises(ValueError, match="x has rows, which cannot be transposed"):
        load_images(csv(text), transpose=True)


GOOD = as_csv(with_label()).splitlines()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "is empty"),
        (GOOD[:1], "has no rows"),
        ([*GOOD[:7], GOOD[7][:50]], r"line 8: it has \d+ columns, not 65"),
        ([*GOOD[:7], GOOD[7] + ",3", *GOOD[8:]], "line 8: it has 66 columns, not 65"),
        ([*GOOD[:5], GOOD[5][:-1] + "x"], r"line 6: .*x"),
        ([*GOOD[:5], GOOD[5][:-1] + "nan"], "missing, NaN or too large"),
        ([*GOOD[:5], GOOD[5][:-1] + "1e39"], "missing, NaN or too large"),
        ([*GOOD[:5], GOOD[5][:-2] + ","], r"line 6: .*''"),
        ([*GOOD[:5], "," + GOOD[5][2:]], "line 6: it has no label"),
        ([*GOOD[:5], "NaN," + GOOD[5][2:]], "line 6: it has no label"),
        ([*GOOD[:5], "0.5," + GOOD[5][2:]], "15 digits, or names; got 0.5"),
        ([*GOOD[:5], "9007199254740993," + GOOD[5][2:]], "or names; got 90071992"),
        ([GOOD[0], GOOD[1] + ",3"], "has 65 names for 66 columns"),
        ([line + ",7" for line in GOOD[1:]], "has 66 columns, none of them named"),
        (["\xff\xfe\0"], "data.csv: has 1 columns"),
        (["7" * 9_000_000], "line 1 is too long"),
    ],
)
def test_a_bad_csv_file_is_one_line(lines, message, csv):
    path = csv("\n".join(lines))
    with pytest.raises(ValueError, match=message) as caught:
        load_images(path)

    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value).splitlines()) == 1


def test_bytes_that_are_no_text(csv):
    with pytest.raises(ValueError, match=r"data\.csv: is no CSV.* must be UTF-8"):
        load_images(csv(as_csv(with_label()).encode("utf-16")))


@pytest.mark.parametrize(
    "frame",
    [
        # As `fetch_openml("mnist_784").frame` has it.
        with_label(64, "class", pd.Categorical(Y.astype(str))),
        with_label(64, "class", Y.astype(str)),
        with_label().reset_index(),
        pl.DataFrame(with_label().to_dict("list")),
    ],
)
def test_a_data_frame(frame):
    data = load_images(frame, test_size=None)

    assert_array_equal(data.x, X)
    assert_array_equal(data.y, Y)
    assert (data.x.dtype, data.y.dtype) == (np.uint8, np.int64)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (with_label(labels=[None, *Y[1:]]), "the data frame: row 1 has no label"),
        (with_label(labels=Y.astype(str)).replace(16, np.nan), "missing, NaN"),
        (with_label().astype(object).replace(16, "three"), "three"),
        (FRAME.iloc[:, :60], "has 60 columns"),
        (with_label().iloc[:0], "one or more images"),
        (with_label().astype(float).iloc[:0], "one or more images"),
        (with_label().astype("Int16").replace(16, pd.NA), "the data frame: .*NAType"),
        (pd.concat([with_label(), FRAME], axis=1), "two columns of one name"),
    ],
)
def test_a_bad_data_frame(frame, message):
    with pytest.raises(ValueError, match=message):
        load_images(frame)
