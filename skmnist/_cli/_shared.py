"""What the commands share: their data and models, tables and errors."""

import os
from errno import ENOENT
from io import BytesIO
from pathlib import Path

from sklearn.base import is_classifier
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from .._io._atomic import check_writable
from .._io._untrusted import naming

DPI = 144  # of plots
DATA_NAMES = "digits", "mnist"  # that --data takes beside paths


def add_data_arguments(parser, test_alone=False):
    """Add --data, --test-data and --transpose; `test_alone`: one of two is enough."""
    group = parser.add_argument_group("the images")
    either = group.add_mutually_exclusive_group(required=True) if test_alone else group
    either.add_argument(
        "--data",
        required=not test_alone,
        metavar="digits|mnist|PATH",
        help="scikit-learn's 8x8 digits; MNIST, which is downloaded at its first use; "
        "or a CSV, IDX or .npz file, or a folder of IDX files or of pictures sorted by "
        "label. Without test images, a fifth of the images is held out",
    )
    either.add_argument("--test-data", metavar="PATH", help="test images; all are used")
    add_transpose_argument(group)


def add_transpose_argument(parser):
    parser.add_argument(
        "--transpose",
        action="store_true",
        help="swap rows and columns of the images, as EMNIST's files need it",
    )


def add_model_argument(parser):
    parser.add_argument(
        "--model",
        metavar="FILE",
        help="model saved by train (default: the reader of handwritten digits "
        "that comes with skmnist)",
    )


def check_output(option, path, what, sources):
    """Find out whether a file can be written, and that it is none of those read."""
    check_writable(path, what)
    for source in sources:
        if source is None or source in DATA_NAMES:
            continue
        if os.path.realpath(path) == os.path.realpath(Path(source).expanduser()):
            raise ValueError(f"argument {option}: {path!r} is a file that is read")


def load_classifier(path):
    if path is None:
        from .._reader import load_reader

        return load_reader()
    from .._io._persistence import load

    model = load(path)
    with naming(path):
        if not (is_classifier(model) and hasattr(model, "predict_proba")):
            raise ValueError(
                f"holds a {type(model).__name__}, not a classifier that gives "
                "probabilities"
            )
        check_is_fitted(model)
        if isinstance(getattr(model, "classes_", None), list):
            raise ValueError(
                f"holds a {type(model).__name__} of several labels per image"
            )
    return model


def load_data(args, parts):
    """Load what is to "train" and to "test" on, of --data and --test-data."""
    from ..datasets._load import take_part

    sources = {"train": args.data, "test": args.test_data or args.data}
    test_size = None if args.test_data else 0.2
    found = {
        source: read_source(source, args.transpose, test_size)
        for source in {sources[part] for part in parts}
    }
    data = Bunch()
    for part in parts:
        data |= take_part(found[sources[part]], part, sources[part])
    return data


def read_source(source, transpose, test_size=None):
    from ..datasets import fetch_mnist, load_digits, load_images

    if transpose and source in DATA_NAMES:
        raise ValueError(f"argument --transpose: is for files; got --data {source}")
    if source == "digits":
        return load_digits()
    if source == "mnist":
        return fetch_mnist()
    if not Path(source).expanduser().exists():
        reason = "is neither digits nor mnist, and there is no such file or folder"
        raise FileNotFoundError(ENOENT, reason, source)
    return load_images(source, transpose=transpose, test_size=test_size)


def print_table(rows):
    """Print rows of strings in columns, the first of them to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = (
            cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)
        )
        print(first.ljust(widths[0]), *cells, sep="  ")


def show_no_window():
    """Use matplotlib's backend without windows."""
    import matplotlib as mpl

    mpl.use("agg")


def to_png(figure):
    """Return a figure as the bytes of a PNG file, and close it."""
    import matplotlib.pyplot as plt

    stream = BytesIO()
    figure.savefig(stream, format="png", dpi=DPI)
    plt.close(figure)
    return stream.getvalue()
