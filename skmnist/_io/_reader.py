# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""The part of the skops format that skmnist's own models use, read in little time.

skops imports all of scikit-learn, which takes longer than everything else in a process
that loads a model and predicts.
"""

import json
from contextlib import suppress
from io import BytesIO
from numbers import Real

import numpy as np

from .._augmentation import ImageAugmentation
from .._base import STAMP
from .._classifier import MLPDigitClassifier
from .._network import ACTIVATIONS
from .._pixel_scaler import PixelScaler
from .._unsharp_mask import UnsharpMask
from ..images._normalizer import DigitNormalizer
from ._files import read_npy

_PROTOCOL = 2  # of skops 0.15 and 0.16; what else there is, skops reads
_OWN = {
    f"{each.__module__}.{each.__name__}": each
    for each in (
        ImageAugmentation,
        MLPDigitClassifier,
        DigitNormalizer,
        PixelScaler,
        UnsharpMask,
    )
}
# What is checked when it is fitted, and has this.
_LEARNED = {
    MLPDigitClassifier: "coefs_",
    PixelScaler: "max_value_",
    UnsharpMask: "image_shape_",
}
_PYTHON_TYPES = {f"builtins.{each.__name__}": each for each in (bool, int, float, str)}
# NumPy 1 and 2 have two names for the same booleans.
_NUMPY_TYPES = {"numpy.bool": np.bool_} | {
    f"numpy.{each.__name__}": each
    for each in {np.dtype(code).type for code in "?bBhHiIlLqQefd"}
}
TRUSTED = list(_OWN)  # by skops, besides what it knows to be safe


class Unknown(Exception):
    """A node that is none of those here: skops shall read the file, or refuse it."""


def read(schema, archive):
    """Make the estimator that a schema describes.

    Parameters
    ----------
    schema : dict
        What is in ``schema.json``.
    archive : zipfile.ZipFile
        With the arrays.

    Returns
    -------
    estimator : estimator
        :class:`MLPDigitClassifier`, :class:`DigitNormalizer`, :class:`PixelScaler`,
        :class:`UnsharpMask` or a Pipeline of them.

    Raises
    ------
    Unknown
        If there is anything else in the schema.
    ValueError
        If a fitted estimator could not work as it is described. Other damage is a
        KeyError, TypeError or the like.
    """
    if schema["protocol"] != _PROTOCOL:
        raise Unknown
    return _Reader(archive).build(schema)


def check_foreign(schema, archive):
    """Check what skops does not check in a schema that it will read.

    Parameters
    ----------
    schema, archive
        As in :func:`read`.

    Raises
    ------
    ValueError
        As in :func:`read`, for skmnist's estimators within others; also if the file
        asks for more memory than its size.
    """
    files = {}
    for node in _nodes(schema):
        if _name(node) in _OWN:
            with suppress(Unknown):
                _Reader(archive).build(node)
        # One array, many times in memory.
        if "file" in node and files.setdefault(node["file"], node) is not node:
            first = files[node["file"]].get("__id__")
            if first is None or first != node.get("__id__"):
                raise ValueError(f"{node['file']} is there for two arrays")
        # A number that makes a thing of that size.
        if _name(node) in {"numpy.void", "numpy.bytes_"}:
            raise ValueError(f"{_name(node)} is never loaded")
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


def _name(node):
    return f"{node.get('__module__')}.{node.get('__class__')}"


class _Reader:
    def __init__(self, archive):
        self._archive = archive
        self._built = {}  # what was one object comes back as one

    def build(self, node):
        key = node.get("__id__")
        if key is None or key not in self._built:
            method = self._methods.get(node["__loader__"])
            if method is None:
                raise Unknown
            self._built[key] = method(self, node)
        return self._built[key]

    def _scalar(self, node):
        value = json.loads(node["content"])
        if not (value is None or isinstance(value, str | Real)):
            raise ValueError(f"{type(value).__name__} where one value should be")
        return value

    def _dict(self, node):
        _demand(node, "builtins.dict")
        types = self._list(node["key_types"])
        items = zip(types, node["content"].items(), strict=True)
        return {make(key): self.build(value) for make, (key, value) in items}

    def _list(self, node):
        _demand(node, "builtins.list")
        return [self.build(each) for each in node["content"]]

    def _tuple(self, node):
        _demand(node, "builtins.tuple")
        return tuple(self.build(each) for each in node["content"])

    def _array(self, node):
        name = _name(node)
        if name != "numpy.ndarray" and name not in _NUMPY_TYPES:
            raise Unknown
        if node["type"] == "json":
            (length,) = self._tuple(node["shape"])
            array = np.empty(len(node["content"]), object)
            if length != len(array) or name != "numpy.ndarray":
                raise ValueError(f"{length} objects should follow, but {len(array)} do")
            array[:] = [self.build(each) for each in node["content"]]
            return array
        if node["type"] != "numpy":
            raise Unknown
        data = self._archive.read(node["file"])
        array = read_npy(BytesIO(data), len(data))
        if name == "numpy.ndarray":
            return array
        if array.shape:
            raise ValueError(f"an array of the shape {array.shape} for one {name}")
        return array.astype(_NUMPY_TYPES[name])[()]

    def _type(self, node):
        name = _name(node)
        if name in _PYTHON_TYPES:
            return _PYTHON_TYPES[name]
        if name in _NUMPY_TYPES:
            return _NUMPY_TYPES[name]
        raise Unknown

    def _random_state(self, node):
        _demand(node, "numpy.random.mtrand.RandomState")
        random_state = np.random.RandomState(0)
        random_state.set_state(self._dict(node["content"]))
        return random_state

    def _estimator(self, node):
        name = _name(node)
        state = self.build(node["content"]) if name in _OWN else None
        if state is not None:
            # The format is kept over versions: no warning is due, as for a pickle.
            state.pop(STAMP, None)
            estimator = _OWN[name].__new__(_OWN[name])
            if hidden := [key for key in state if hasattr(estimator, key)]:
                raise ValueError(f"{name} has no attribute {hidden[0]} of its own")
            vars(estimator).update(state)
            learned = _LEARNED.get(type(estimator))
            if learned is not None and hasattr(estimator, learned):
                estimator._validate_params()
                check_fitted(estimator)
            return estimator
        _demand(node, "sklearn.pipeline.Pipeline")
        from sklearn.pipeline import Pipeline

        state = self._dict(node["content"])
        state.pop("_sklearn_version")
        # Made from its parameters, a pipeline is one of the scikit-learn that is here.
        if not state.keys() <= {"steps", "transform_input", "memory", "verbose"}:
            raise Unknown
        for name, step in state["steps"]:
            own = type(step) in (*_OWN.values(), Pipeline)
            if not (isinstance(name, str) and (own or step in (None, "passthrough"))):
                raise ValueError(f"a Pipeline cannot have the step {step!r}")
        return Pipeline(**state)

    _methods = {
        "JsonNode": _scalar,
        "DictNode": _dict,
        "ListNode": _list,
        "TupleNode": _tuple,
        "NdArrayNode": _array,
        "TypeNode": _type,
        "RandomStateNode": _random_state,
        "ObjectNode": _estimator,
    }


def _demand(node, name):
    if _name(node) != name:
        raise Unknown


def check_fitted(estimator):
    """Check that what was learned fits together.

    Parameters
    ----------
    estimator : MLPDigitClassifier, PixelScaler or UnsharpMask
        With the attributes of a fitted one.

    Raises
    ------
    AttributeError, TypeError, ValueError
        If it does not.
    """
    if isinstance(estimator, MLPDigitClassifier):
        _check_network(estimator)
    elif isinstance(estimator, PixelScaler):
        _check_scaler(estimator)
    else:
        _check_image_shape(estimator, [2])


def _check_network(mlp):
    classes = mlp.classes_
    if not (isinstance(classes, np.ndarray) and classes.ndim == 1 and len(classes) > 1):
        raise ValueError("classes_ must be an array of two or more labels")
    if mlp.activation not in ACTIVATIONS:
        raise ValueError(f"activation={mlp.activation!r} is not known")
    if not len(mlp.coefs_) == len(mlp.intercepts_) > 0:
        raise ValueError("coefs_ and intercepts_ must have an array for each layer")
    dtype = getattr(mlp.coefs_[0], "dtype", None)
    size = mlp.n_features_in_
    for kernel, bias in zip(mlp.coefs_, mlp.intercepts_, strict=True):
        for array, shape in ((kernel, (size, -1)), (bias, (-1,))):
            if not (
                type(array) is np.ndarray
                and array.dtype == dtype
                and dtype in (np.float32, np.float64)
                and array.ndim == len(shape)
                and np.isfinite(array).all()
            ):
                raise ValueError(
                    "coefs_ and intercepts_ must be finite float32 or float64 matrices "
                    "and vectors"
                )
        if kernel.shape != (size, len(bias)):
            raise ValueError(
                f"a layer of {len(bias)} units after {size} cannot have the weights "
                f"{kernel.shape}"
            )
        size = len(bias)
    if size != len(classes):
        raise ValueError(f"{len(classes)} classes cannot have {size} outputs")


def _check_scaler(scaler):
    top = scaler.max_value_
    if not (isinstance(top, Real) and 0 < top < np.inf):
        raise ValueError(f"max_value_ must be above 0 and finite; got {top!r}")
    _check_image_shape(scaler, [1, 2, 3])
    if scaler.dtype_ not in _NUMPY_TYPES.values():
        raise ValueError(f"dtype_={scaler.dtype_!r} is no type of pixels")


def _check_image_shape(transformer, lengths):
    shape, n_pixels = transformer.image_shape_, transformer.n_features_in_
    if not (
        isinstance(shape, tuple)
        and all(type(side) is int for side in (*shape, n_pixels))
        and len(shape) in lengths
        and np.prod(shape) == n_pixels > 0
    ):
        raise ValueError(f"image_shape_={shape!r} does not have {n_pixels!r} pixels")
