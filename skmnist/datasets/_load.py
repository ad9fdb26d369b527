"""Load images and labels from files, folders and data frames."""

import os
import reprlib
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import Bunch

from .._io._untrusted import naming, read_arrays
from .._sklearn_compat import HasMethods, Interval, validate_params
from ._folder import read_folder, read_pair
from ._idx import is_idx
from ._table import as_labels, from_frame, read_csv
from ._unfold import unfold

# Data frames have these methods, a series has not.
_SOURCE = [str, os.PathLike, HasMethods(["to_numpy", "join"])]
_NAMES = ("x_train", "y_train", "x_test", "y_test", "x", "y")


@validate_params(
    {
        "source": _SOURCE,
        "test": [*_SOURCE, None],
        "transpose": ["boolean"],
        "test_size": [
            Interval(Real, 0, 1, closed="neither"),
            Interval(Integral, 1, None, closed="left"),
            None,
        ],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def load_images(
    source: Any,
    test: Any = None,
    *,
    transpose: bool = False,
    test_size: float | int | None = 0.2,
    random_state: int | np.random.RandomState | None = 0,
) -> Bunch:
    """Load images and their labels from files, folders and data frames.

    Parameters
    ----------
    source : str, path-like or data frame
        One of the following. The format of a file is detected from its content.

        - A table: a CSV file, gzipped or not, with or without a header, or a data
          frame, such as ``fetch_openml("mnist_784", as_frame=True).frame``. Each row
          is an image: the label and the pixels. Labels are in the column named "label",
          "class" or "target", or else in the last one if only its name is unlike the
          others, or else in the first. A table of square images and nothing else has
          no labels. Columns without a name, and those named "id", "ImageId" or "index",
          are left out.
        - IDX files, gzipped or not, by their usual names, such as
          ``train-images-idx3-ubyte.gz``: the folder, or the file with the images.
        - A folder with one folder of pictures per label (``0/a.png``), or two such
          folders, named train and test. If the pictures are not all of one size of at
          most 64x64 pixels, :class:`skmnist.DigitNormalizer` frames them.
        - A ``.npz`` file with the arrays x_train, y_train, x_test and y_test, some of
          them, or x and y; in small letters or capitals. A ``.npy`` file with images,
          without labels.

    test : str, path-like or data frame, default=None
        Source of the test images, if not in `source`.

    transpose : bool, default=False
        Whether to swap the rows and columns of the images, as EMNIST needs.

    test_size : float, int or None, default=0.2
        Share (float, between 0 and 1) or number (int) of the images to test on, if
        `source` is a single set and no `test` is given. None does not split it.

    random_state : int, RandomState instance or None, default=0
        Seed of the split, which is stratified: each class has its share of both parts.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with `x_train`, `y_train`, `x_test` and `y_test`; or with
        `x` and `y`, if a single set is not split; or with `x` alone, if it has no
        labels.

        Images are arrays of shape (n, height, width); rows of a table that are not
        square, (n, n_pixels). Tables of whole numbers of 0 to 255 are uint8, others
        float32. Labels are int64, or strings.

    Raises
    ------
    OSError
        If a file cannot be read.
    ValueError
        If a file is damaged, or has other than images and a label for each. The message
        names it, and nothing is returned. A gzipped file may decompress to 256 MiB or
        50 times its size.

    See Also
    --------
    load_digits : scikit-learn's 8x8 digits.
    fetch_mnist : MNIST.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.datasets import load_digits
    >>> from skmnist.datasets import load_images
    >>> digits = load_digits()
    >>> frame = pd.DataFrame(digits.data).assign(label=digits.target)
    >>> data = load_images(frame)
    >>> data.x_train.shape, data.x_test.shape, data.y_test.dtype
    ((1437, 8, 8), (360, 8, 8), dtype('int64'))
    """
    data = _read(source, transpose)
    if test is not None:
        tested = take_part(_read(test, transpose), "test", test)
        data = take_part(data, "train", source) | tested
    elif "y" in data and test_size is not None:
        with naming(f"{_name(source)}: cannot be split"):
            parts = train_test_split(
                data["x"],
                data["y"],
                test_size=test_size,
                random_state=random_state,
                stratify=data["y"],
            )
        data = dict(zip(("x_train", "x_test", "y_train", "y_test"), parts, strict=True))
    return Bunch(**data)


def take_part(data, part, source):
    """Take the images and labels of a part, or all of a set that has no parts."""
    x, y = (data.get(f"{name}_{part}", data.get(name)) for name in "xy")
    if x is None or y is None:
        raise ValueError(
            f"{_name(source)}: has no images with labels to {part} on; it has "
            f"{' and '.join(name for name in _NAMES if name in data)}"
        )
    return {f"x_{part}": x, f"y_{part}": y}


def _read(source, transpose):
    """Read what is there into a dict of arrays, as they will be handed out."""
    if isinstance(source, str | os.PathLike):
        source = Path(source).expanduser()
    with naming(_name(source)):
        if isinstance(source, Path):
            data = _read_path(source)
        else:
            data = _as_dict(*from_frame(source))
        return _checked(data, transpose)


def _read_path(path):
    if path.is_dir():
        return read_folder(path)
    with unfold(path) as (stream, _):
        start = stream.read(4)
    if is_idx(start):
        return _as_dict(*read_pair(path))
    if start.startswith((b"\x93NUM", b"PK")):
        found = read_arrays(path)
        if not found:
            raise ValueError("is a zip file without .npy files: unpack it first")
        if start.startswith(b"\x93"):
            return {"x": found.popitem()[1]}
        arrays = {name.lower(): array for name, array in found.items()}
        data = {name: arrays[name] for name in _NAMES if name in arrays}
        if not any(name.startswith("x") for name in data):
            raise ValueError(
                f"has no array x, x_train or x_test; it has {reprlib.repr(list(found))}"
            )
        return data
    return _as_dict(*read_csv(path))


def _as_dict(x, y):
    return {"x": x} if y is None else {"x": x, "y": y}


def _checked(data, transpose):
    for name, y in data.items():
        if name.startswith("y") and y.ndim == 1:
            data[name] = as_labels(y)
    for name, x in data.items():
        if name.startswith("y"):
            continue
        y = data.get(f"y{name[1:]}")
        if x.ndim < 2 or not x.size or (y is not None and y.shape != x.shape[:1]):
            shapes = x.shape if y is None else f"{x.shape} and {y.shape}"
            raise ValueError(
                f"{name} must be one or more images and y{name[1:]} a label for each; "
                f"they have the shapes {shapes}"
            )
        if x.dtype.kind not in "buif":
            raise ValueError(f"{name} must be numbers, not {x.dtype}")
        if transpose and x.ndim < 3:
            raise ValueError(f"{name} has rows, which cannot be transposed")
        data[name] = np.ascontiguousarray(x.swapaxes(1, 2)) if transpose else x
    return data


def _name(source):
    return source if isinstance(source, str | os.PathLike) else "the data frame"
