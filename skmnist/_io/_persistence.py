"""Estimators to files and back, by a format that cannot carry code."""

import json
import os
import pickle
import platform
import re
from contextlib import suppress
from errno import EINVAL
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import MetadataRequest

from .._base import model_file
from .._classifier import MLPDigitClassifier
from .._sklearn_compat import validate_params
from .._version import __version__
from ._atomic import write_files
from ._trusted import TRUSTED
from ._untrusted import check_npy, in_one_line

# What is written, and the oldest one that is read.
_FORMAT, _OLDEST = 2, 2
_LIBRARIES = ("keras", "numpy", "scikit-learn", "scipy", "skops", "tensorflow")
_FOOTER = re.compile(rb'(\{"format": (\d+), .*"sha256": ")([0-9a-f]{64})"\}', re.DOTALL)
# The last record of a zip file, with a comment of at most 64 KiB at its end.
_END, _END_SIZE, _LONGEST_END = b"PK\5\6", 22, 22 + 0xFFFF
# skops can make 60 times as much of it in memory.
_LONGEST_SCHEMA = 8_000_000
_MAY_RUN_CODE = {
    "optimizer": "Fit with the optimizer's name and learning_rate instead",
    "callbacks": "Leave them out first: set_params(callbacks=None)",
}
_REQUESTS = MetadataRequest, type(MetadataRequest("").fit)


@validate_params(
    {"estimator": [BaseEstimator], "path": [str, os.PathLike]},
    prefer_skip_nested_validation=True,
)
def save(estimator: BaseEstimator, path: str | os.PathLike[str]) -> None:
    """Save an estimator to a file that is safe to load.

    The file is in the format of `skops <https://skops.readthedocs.io>`_, a zip file,
    whose comment holds the version of skmnist's format, the versions of the libraries
    that made it, and a checksum of all of it. It is written beside `path`, read back,
    and moved into place, so `path` is always the old or the complete new file.

    Parameters
    ----------
    estimator : estimator
        :class:`MLPDigitClassifier`, :class:`PixelScaler`, or a scikit-learn estimator,
        such as a pipeline, a search or an ensemble of these and other estimators of
        scikit-learn, fitted or not. The page on saving lists what cannot be saved.
    path : str or path-like
        File to write, by convention ending in ``.skops``; an existing one is replaced.

    Raises
    ------
    ValueError
        If `estimator` holds something that cannot be loaded safely, or that the
        format would change.
    OSError
        If the file cannot be written; no partial file is left.

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
    write_files({path: _dump(estimator)}, "the model")


@validate_params({"path": [str, os.PathLike]}, prefer_skip_nested_validation=True)
def load(path: str | os.PathLike[str]) -> Any:
    """Load an estimator that :func:`save` wrote.

    Loading runs no code from the file, and imports neither TensorFlow nor Keras. The
    estimator predicts and continues its training as the saved one, bit for bit.

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
        If the file is damaged, is not a model file, or holds a type that skmnist does
        not trust.

    See Also
    --------
    save : Save an estimator.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import skmnist
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "scaler.skops"
    ...     skmnist.save(skmnist.PixelScaler(max_value=16), path)
    ...     skmnist.load(path)
    PixelScaler(max_value=16)
    """
    path = Path(path)
    if path.exists() and not (path.is_file() or path.is_dir()):  # may be endless
        raise OSError(EINVAL, "a model is loaded from a file only", os.fspath(path))
    data = path.read_bytes()
    try:
        return _parse(data)
    except ImportError:  # skops is missing
        raise
    except _OtherFormatError as error:
        raise ValueError(f"{path} {in_one_line(error)}") from None
    except Exception as error:  # zipfile, json, NumPy and skops raise a dozen types
        raise ValueError(
            f"{path} is damaged, or is not a model saved by skmnist: "
            f"{in_one_line(error)}"
        ) from error


load.__module__ = save.__module__ = "skmnist"  # where they are public


class _OtherFormatError(ValueError):
    pass


def _dump(estimator):
    import skops.io  # takes half a second

    parameters = estimator.get_params()
    for each in [estimator, *parameters.values()]:
        if not isinstance(each, MLPDigitClassifier):
            continue
        for name, advice in _MAY_RUN_CODE.items():
            value = getattr(each, name)
            if value and not isinstance(value, str):
                raise ValueError(
                    f"{name}, a {type(value).__name__}, cannot be saved: it may run "
                    f"code when it is loaded. {advice}"
                )
    for name, value in parameters.items():
        # JSON knows no keys but strings: True and False both come back as True.
        if isinstance(value, dict) and (
            any(isinstance(key, bool | np.bool_) for key in value)
            or len({str(key) for key in value}) < len(value)
        ):
            raise ValueError(
                f"{name}={value!r} cannot be saved: its keys would change. Use keys "
                "that are all strings or all numbers (0 and 1 for False and True)"
            )
    try:
        with model_file():
            data = _add_footer(skops.io.dumps(_portable(estimator)))
        _parse(data)
    except Exception as error:
        advice = ""
        if hasattr(estimator, "best_estimator_"):
            advice = ". Save what the search found, search.best_estimator_, instead"
        elif "sklearn.callback" in str(error):
            advice = ". Leave its callbacks out first: set_callbacks()"
        raise ValueError(
            f"estimator, a {type(estimator).__name__}, cannot be saved: "
            f"{in_one_line(error).rstrip('.')}{advice}"
        ) from error
    return data


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj):
        if isinstance(obj, np.memmap):
            return np.asarray(obj).__reduce_ex__(5)
        if not isinstance(obj, _REQUESTS) or isinstance(obj.owner, str):
            return NotImplemented
        *reduced, state = obj.__reduce_ex__(2)[:3]
        return *reduced, {**state, "owner": type(obj.owner).__name__}


def _portable(estimator):
    """Copy an estimator: its requests of metadata have the name of their owner.

    skops would follow a reference to the owner itself without end. Arrays are not
    copied, but memory-mapped ones become ordinary ones.
    """
    stream, arrays = BytesIO(), []
    _Pickler(stream, protocol=5, buffer_callback=arrays.append).dump(estimator)
    return pickle.loads(stream.getvalue(), buffers=arrays)  # noqa: S301 - no file


def _add_footer(data):
    """Write versions and checksum into the comment of a zip file that has none."""
    versions = {"skmnist": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    text = json.dumps({"format": _FORMAT, "versions": versions, "sha256": "0" * 64})
    comment = text.encode()
    data = data[:-2] + len(comment).to_bytes(2, "little") + comment
    return data[:-66] + sha256(data[:-66]).hexdigest().encode() + data[-2:]


def _check_footer(data):
    start = data.rfind(_END, -_LONGEST_END)
    if start < 0:
        raise ValueError("it is not a zip file")
    footer = _FOOTER.fullmatch(data[start + _END_SIZE :])
    if footer is None or sha256(data[:-66]).hexdigest().encode() != footer[3]:
        raise ValueError("its checksum is not that of what it holds")
    number = int(footer[2])
    if not _OLDEST <= number <= _FORMAT:
        made_by = json.loads(footer[0])["versions"]["skmnist"]
        advice = f"reads formats up to {_FORMAT}: pip install -U skmnist"
        if number < _OLDEST:
            advice = f"reads formats from {_OLDEST}: fit and save it again"
        raise _OtherFormatError(
            f"was saved by skmnist {made_by!s:.20} in format {number}, but the one "
            f"here {advice}"
        )


def _parse(data):
    import skops.io

    _check_footer(data)
    with ZipFile(BytesIO(data)) as archive:
        _check_sizes(archive, len(data))
        if archive.getinfo("schema.json").file_size > _LONGEST_SCHEMA:
            raise ValueError("its schema.json is too long")
        _check_schema(json.loads(archive.read("schema.json")))
        _check_arrays(archive)
    with model_file():  # skmnist's own estimators check what they get
        estimator = skops.io.loads(data, trusted=TRUSTED)
    _check_estimator(estimator)
    return estimator


def _check_estimator(estimator):
    if not isinstance(estimator, BaseEstimator):
        raise ValueError(f"it holds a {type(estimator).__name__}, not an estimator")
    estimator.get_params(deep=False)  # AttributeError if one is missing
    if isinstance(estimator, Pipeline):
        for name, step in estimator.steps:
            if not isinstance(name, str):
                raise ValueError(f"a Pipeline cannot have a step named {name!r}")
            if step not in (None, "passthrough"):
                _check_estimator(step)


def _check_sizes(archive, size):
    """Refuse what would unfold into more memory than the file has bytes."""
    members = archive.infolist()
    if any(member.compress_type != ZIP_STORED for member in members):
        raise ValueError("it is compressed, which skmnist's files are not")
    if sum(max(each.file_size, each.compress_size) for each in members) > size:
        raise ValueError("its parts are larger than it is")


def _check_arrays(archive):
    for member in archive.infolist():
        with archive.open(member) as stream:
            start = stream.read(6)
            stream.seek(0)
            if start == b"\x93NUMPY":
                check_npy(stream, member.file_size)
            elif start.startswith(b"PK"):  # skops trusts them
                raise ValueError("sparse matrices are never saved or loaded")


def _check_schema(schema):
    """Check what skops does not: numbers and names that ask for memory."""
    files = {}
    for node in _nodes(schema):
        # The same array would be read into memory many times.
        if "file" in node and files.setdefault(node["file"], node) is not node:
            first = files[node["file"]].get("__id__")
            if first is None or first != node.get("__id__"):
                raise ValueError(f"{node['file']} is there for two arrays")
        # A number that sets the size of an object.
        name = f"{node.get('__module__')}.{node.get('__class__')}"
        if name in {"numpy.void", "numpy.bytes_"}:
            raise ValueError(f"{name} is never loaded")
        if "pool_size" in node and node["pool_size"]["content"] != "4":
            raise ValueError("a SeedSequence must have the pool_size 4")


def _nodes(schema):
    if isinstance(schema, dict):
        yield schema
        schema = schema.values()
    if not isinstance(schema, str):
        for each in schema:
            if isinstance(each, dict | list):
                yield from _nodes(each)
