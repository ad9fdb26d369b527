# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Estimators to files and back, by a format that cannot carry code."""

import os
import shutil
from contextlib import contextmanager, suppress
from errno import EEXIST
from io import BytesIO
from pathlib import Path
from secrets import token_hex
from zipfile import ZIP_STORED, ZipFile

from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import validate_params

from ._classifier import MLPDigitClassifier

# Types that a file may hold besides those of which skops knows that they are safe.
_TRUSTED = [
    "skmnist._augmentation.ImageAugmentation",
    "skmnist._classifier.MLPDigitClassifier",
    "skmnist._normalizer.DigitNormalizer",
    "skmnist._preprocessing.PixelScaler",
]


@validate_params(
    {"estimator": [BaseEstimator], "path": [str, os.PathLike]},
    prefer_skip_nested_validation=True,
)
def save(estimator, path):
    """Save an estimator to a file that is safe to load.

    The file is in the format of `skops <https://skops.readthedocs.io>`_. It is
    written beside `path`, read back, and moved into place, so that `path` is at any
    time either what it was or the whole new file.

    Parameters
    ----------
    estimator : estimator
        :class:`MLPDigitClassifier`, :class:`PixelScaler`, or a scikit-learn estimator,
        such as a pipeline, made of these and of others of scikit-learn's. Fitted or
        not.
    path : str or path-like
        File to write; what is there is replaced. By convention it ends in ``.skops``.

    Raises
    ------
    ValueError
        If `estimator` holds something that cannot be loaded safely, or that the
        format would change.
    OSError
        If the file cannot be written. Nothing is left behind then.

    See Also
    --------
    load : Load the file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import skmnist
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "model.skops"
    ...     skmnist.save(skmnist.MLPDigitClassifier(dropout=0.2), path)
    ...     skmnist.load(path)
    MLPDigitClassifier(dropout=0.2)
    """
    data = _dump(estimator)
    with _temporary_beside(path) as (temporary, target):
        with open(temporary, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)


@validate_params({"path": [str, os.PathLike]}, prefer_skip_nested_validation=True)
def load(path):
    """Load an estimator that :func:`save` wrote.

    Loading runs no code from the file, and takes neither TensorFlow nor Keras. The
    estimator predicts, and goes on with its training, as the saved one does, bit for
    bit.

    Parameters
    ----------
    path : str or path-like
        File to read.

    Returns
    -------
    estimator

    Raises
    ------
    OSError
        If the file cannot be read; FileNotFoundError if there is none.
    ValueError
        If the file is damaged, is no such file, or holds a type that skmnist does not
        trust.

    See Also
    --------
    save : Save an estimator.
    """
    data = Path(path).read_bytes()
    try:
        return _parse(data)
    except Exception as error:  # zipfile, json, NumPy and skops raise a dozen types
        raise ValueError(
            f"{os.fspath(path)} is damaged, or is not a model saved by skmnist: "
            f"{_reason(error)}"
        ) from error


@validate_params({"path": [str, os.PathLike]}, prefer_skip_nested_validation=True)
def check_writable(path):
    """Find out whether :func:`save` can write a file, and leave no trace.

    Parameters
    ----------
    path : str or path-like
        File to be written later.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    with _temporary_beside(path):
        pass


def _dump(estimator):
    from skops.io import dumps  # takes a second: it imports all of scikit-learn

    parameters = estimator.get_params()
    for each in [estimator, *parameters.values()]:
        if isinstance(each, MLPDigitClassifier) and not isinstance(each.optimizer, str):
            name = type(each.optimizer).__name__
            raise ValueError(
                f"optimizer={name}(...) cannot be saved: an optimizer object may run "
                "code when it is loaded. Fit with the optimizer's name and "
                f"learning_rate instead: optimizer={name.lower()!r}"
            )
    try:
        data = dumps(estimator)
        loaded = _parse(data).get_params()
    except Exception as error:
        raise ValueError(
            f"estimator, a {type(estimator).__name__}, cannot be saved: "
            f"{_reason(error)}"
        ) from error
    for name, value in parameters.items():
        # JSON knows no keys but strings: True and False both come back as True.
        if isinstance(value, dict) and list(loaded[name]) != list(value):
            raise ValueError(
                f"{name}={value!r} cannot be saved: its keys would change. Use keys "
                "that are all strings or all numbers (0 and 1 for False and True)"
            )
    return data


def _parse(data):
    from skops.io import loads

    with ZipFile(BytesIO(data)) as archive:
        if any(member.compress_type != ZIP_STORED for member in archive.infolist()):
            # A small file could unfold into any amount of memory.
            raise ValueError("it is compressed, which skmnist's files are not")
    estimator = loads(data, trusted=_TRUSTED)
    if not isinstance(estimator, BaseEstimator):
        raise ValueError(f"it holds a {type(estimator).__name__}, not an estimator")
    return estimator


def _reason(error):
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


@contextmanager
def _temporary_beside(path):
    """Make an empty file in the folder of `path`; it is gone when the block ends."""
    target = Path(path).resolve()  # the file that a link points to, not the link
    temporary = target.with_name(f".skmnist-{token_hex(8)}.tmp")
    try:
        if target.exists() and not target.is_file():
            raise FileExistsError(EEXIST, "it exists and is not a file")
        temporary.touch(exist_ok=False)
        yield temporary, target
    except OSError as error:
        reason = error.strerror
        if not target.parent.exists():
            reason = f"there is no folder {target.parent}"
        # The error would name the temporary file.
        raise OSError(
            error.errno, f"the model cannot be saved ({reason})", os.fspath(path)
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
