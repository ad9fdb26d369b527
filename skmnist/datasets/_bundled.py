"""Handwritten digits to train on, each with a fixed train/test split."""

import os
from contextlib import suppress
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path

import numpy as np
from sklearn import datasets as _sklearn_datasets
from sklearn.model_selection import train_test_split
from sklearn.utils import Bunch

from .._io._untrusted import in_one_line, read_arrays
from .._sklearn_compat import validate_params

_MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
_MNIST_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
_MNIST_FILE = "mnist.npz"
_RETRY_DELAY = 1  # seconds

_MNIST_NAMES = ("x_train", "y_train", "x_test", "y_test")
# Of the four arrays: a file of theirs may be deflated or not.
_MNIST_CONTENT_SHA256 = (
    "1b53cbbbdb112b9ef1facb1539b20725f225e37081445212dbecb5201246388e"
)

_MNIST_DESCR = """\
MNIST, the database of handwritten digits

70,000 gray images of 28x28 pixels, 0 (background) to 255 (ink), of the digits 0 to 9
in the handwriting of about 500 people: 60,000 images to train on and 10,000 to test
on, by different writers, in their original order.

References
----------
Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to
document recognition", Proceedings of the IEEE, 86(11):2278-2324, 1998.
https://doi.org/10.1109/5.726791
"""


def load_digits(
    *,
    test_size: float | int = 0.2,
    random_state: int | np.random.RandomState | None = 0,
) -> Bunch:
    """Load scikit-learn's bundled 8x8 digits, split for training and testing.

    The 1,797 images come with scikit-learn: nothing is downloaded. The split is
    stratified, so that each digit has its share of both parts.

    Parameters
    ----------
    test_size : float or int, default=0.2
        Share (float, between 0 and 1) or number (int) of the images to test on, as
        in :func:`sklearn.model_selection.train_test_split`.

    random_state : int, RandomState instance or None, default=0
        Seed of the split. Pass None for another split in each call.

    Returns
    -------
    digits : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        x_train, x_test : ndarray of shape (n_images, 8, 8), dtype uint8
            Images to train and to test on, pixels 0 to 16.
        y_train, y_test : ndarray of shape (n_images,), dtype int64
            Their digits, 0 to 9.
        max_value : float
            The largest pixel value, 16.0.
        image_shape : tuple of int
            ``(8, 8)``.
        DESCR : str
            Description of the dataset.

    Raises
    ------
    ValueError
        If a parameter is out of range, or `test_size` leaves fewer than ten images,
        one per digit, on one of the two sides.

    Examples
    --------
    >>> from skmnist.datasets import load_digits
    >>> digits = load_digits()
    >>> digits.x_train.shape, digits.x_test.shape
    ((1437, 8, 8), (360, 8, 8))
    """
    digits = _sklearn_datasets.load_digits()
    x_train, x_test, y_train, y_test = train_test_split(
        digits.images.astype(np.uint8),
        digits.target.astype(np.int64),
        test_size=test_size,
        random_state=random_state,
        stratify=digits.target,
    )
    return Bunch(
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        max_value=16.0,
        image_shape=(8, 8),
        DESCR=digits.DESCR,
    )


@validate_params(
    {"data_home": [str, os.PathLike, None], "download_if_missing": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def fetch_mnist(
    data_home: str | os.PathLike[str] | None = None, *, download_if_missing: bool = True
) -> Bunch:
    """Load MNIST, downloading it at the first use.

    Reads ``mnist.npz``, the file that Keras publishes, from one folder: `data_home`;
    if that is None, the environment variable ``SKMNIST_DATA_HOME``; if that is not
    set, scikit-learn's data home (:func:`sklearn.datasets.get_data_home`). When the
    file is not there it is downloaded into that folder (11 MB) and its SHA-256
    checked. A file that is there is used if its arrays are MNIST's, compressed or not.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder of ``mnist.npz``. ``~`` is the home folder.

    download_if_missing : bool, default=True
        If False, a missing file is an error.

    Returns
    -------
    mnist : :class:`~sklearn.utils.Bunch`
        As of :func:`load_digits`: 60,000 images to train and 10,000 to test on, of
        shape (28, 28) and pixels 0 to 255.

    Raises
    ------
    OSError
        If the file is not in the folder and cannot (or must not) be downloaded, or
        cannot be read. A failed download leaves nothing behind.
    ValueError
        If the file is damaged, or is not MNIST.

    See Also
    --------
    load_images : Loads other sets.

    Examples
    --------
    >>> from skmnist.datasets import fetch_mnist
    >>> mnist = fetch_mnist()  # doctest: +SKIP
    >>> mnist.x_train.shape  # doctest: +SKIP
    (60000, 28, 28)
    """
    folder, source = _data_home(data_home)
    path = folder / _MNIST_FILE
    if not path.exists():
        if not download_if_missing:
            raise FileNotFoundError(
                f"MNIST was looked for in {folder} ({source}), which has no "
                f"{_MNIST_FILE}, and download_if_missing is False"
            )
        _download_mnist(folder, source)
    return Bunch(
        **_read_mnist(path),
        max_value=255.0,
        image_shape=(28, 28),
        DESCR=_MNIST_DESCR,
    )


def _data_home(data_home):
    """Return the folder to look in, and which of the three settings named it."""
    if data_home is not None:
        return Path(data_home).expanduser(), "data_home"
    if from_environment := os.environ.get("SKMNIST_DATA_HOME"):
        return Path(from_environment).expanduser(), "SKMNIST_DATA_HOME"
    return Path(_sklearn_datasets.get_data_home()), "scikit-learn's data home"


def _download_mnist(folder, source):
    created = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sklearn_datasets.fetch_file(
            _MNIST_URL,
            folder=folder,
            local_filename=_MNIST_FILE,
            sha256=_MNIST_SHA256,
            delay=_RETRY_DELAY,
        )
    except BaseException as error:
        for path in created:
            with suppress(OSError):
                path.rmdir()
        if not isinstance(error, OSError | HTTPException):
            raise
        raise OSError(
            f"MNIST was looked for in {folder} ({source}), which has no {_MNIST_FILE}, "
            f"and downloading it from {_MNIST_URL} failed: {error}. Either put "
            f"{_MNIST_FILE} into a folder and name that folder with data_home or the "
            "environment variable SKMNIST_DATA_HOME, or connect to the network and "
            "call fetch_mnist again."
        ) from error


def _read_mnist(path):
    """Read the four arrays; a damaged or hostile file is a ValueError."""
    try:
        arrays = read_arrays(path)
        mnist = {name: arrays[name] for name in _MNIST_NAMES}
        if _digest(mnist) != _MNIST_CONTENT_SHA256:
            raise ValueError("it has other images or labels")
        for name in ("y_train", "y_test"):
            mnist[name] = mnist[name].astype(np.int64)
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"{path} is not the MNIST file, or is damaged: {in_one_line(error)}. "
            "Delete it, and fetch_mnist will download it again."
        ) from error
    return mnist


def _digest(arrays):
    digest = sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {array.shape} {array.dtype.str}".encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
