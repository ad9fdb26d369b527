"""What the commands share: their data and models, tables and errors."""

import os
import reprlib
import sys
import tempfile
from contextlib import contextmanager
from errno import ENOENT
from pathlib import Path

from sklearn.base import is_classifier
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from .._io._persistence import load
from .._io._untrusted import read_arrays
from ..datasets import fetch_mnist, load_digits
from ._errors import naming

_LINE_WIDTH = 79


def add_data_argument(parser, arrays):
    parser.add_argument(
        "--data",
        required=True,
        metavar="digits|mnist|FILE.npz",
        help="scikit-learn's 8x8 digits; MNIST, which is downloaded at its first use; "
        f"or a file with the arrays {arrays}",
    )


def load_classifier(path):
    model = load(path)
    with naming(path):
        if not (is_classifier(model) and hasattr(model, "predict_proba")):
            raise ValueError(
                f"holds a {type(model).__name__}, not a classifier that gives "
                "probabilities"
            )
        check_is_fitted(model)
    return model


def load_data(source, parts):
    if source == "digits":
        return load_digits()
    if source == "mnist":
        return fetch_mnist()
    if not Path(source).exists():
        reason = "--data must be digits, mnist or a file, and there is no such file"
        raise FileNotFoundError(ENOENT, reason, source)
    arrays = read_arrays(source)
    data = Bunch()
    for part in parts:
        for name in (f"x_{part}", f"y_{part}"):
            if name not in arrays:
                raise ValueError(f"has no array {name}; it has {some(arrays)}")
            data[name] = arrays[name]
        x, y = data[f"x_{part}"], data[f"y_{part}"]
        if x.ndim < 2 or y.shape != x.shape[:1] or not x.size:
            raise ValueError(
                f"x_{part} must be one or more images and y_{part} a label for each; "
                f"they have the shapes {x.shape} and {y.shape}"
            )
        if x.dtype.kind not in "buif":
            raise ValueError(f"x_{part} must be numbers, not {x.dtype}")
    return data


def some(names):
    return reprlib.repr(list(names))


def print_table(columns):
    """Print columns side by side, as many at a time as go into a line."""
    widths = [max(map(len, column)) for column in columns]
    start = 1
    while start < len(columns):
        stop, width = start + 1, widths[0] + 2 + widths[start]
        while stop < len(columns) and width + 2 + widths[stop] <= _LINE_WIDTH:
            width += 2 + widths[stop]
            stop += 1
        for heading, *row in zip(columns[0], *columns[start:stop], strict=True):
            cells = (
                cell.rjust(w) for cell, w in zip(row, widths[start:stop], strict=True)
            )
            print(heading.ljust(widths[0]), *cells, sep="  ")
        start = stop


@contextmanager
def quiet_tensorflow():
    """Keep back what TensorFlow writes while it starts, unless it does not start.

    It tells of GPUs that are not there before it looks at its own log level. Whoever
    sets that level, TF_CPP_MIN_LOG_LEVEL, sees all of it.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ or sys.stderr is None:
        yield
        return
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # read once, for all that comes later
        try:
            yield
        except ImportError:
            log.seek(0)
            os.write(stderr, log.read())
            raise
        finally:
            del os.environ["TF_CPP_MIN_LOG_LEVEL"]
            os.dup2(stderr, 2)
            os.close(stderr)
