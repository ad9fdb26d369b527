"""A fitted network as an ONNX model: standard operators that any runtime has."""

import copy
import math
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._classifier import MLPDigitClassifier
from .._pixel_scaler import PixelScaler
from .._sklearn_compat import validate_params
from .._unsharp_mask import UnsharpMask
from .._version import __version__

# Of 2020, with IR 7: every runtime in use reads them.
_OPSET, _IR = 13, 7

# Operators that are one of Keras' activations; the others are made of several.
_OPERATORS = {
    "elu": ("Elu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.2}),
    "relu": ("Relu", {}),
    "selu": ("Selu", {"alpha": 1.6732632423543772, "gamma": 1.0507009873554805}),
    "sigmoid": ("Sigmoid", {}),
    "softplus": ("Softplus", {}),
    "tanh": ("Tanh", {}),
}


@validate_params({"estimator": [BaseEstimator]}, prefer_skip_nested_validation=True)
def to_onnx(estimator: BaseEstimator) -> Any:
    """Convert a fitted classifier, or a pipeline that ends in one, to ONNX.

    The model runs from ``onnxruntime`` alone. Its input ``X`` is what the first step
    takes: raw images of the shape and data type that :class:`PixelScaler` was fitted
    on, or float32 rows for a classifier by itself; the number of images is free. Its
    outputs are ``label`` (int64, bool, double or string) and ``probabilities``
    (float32), as of `predict` and `predict_proba`. All is computed in float32.

    Parameters
    ----------
    estimator : MLPDigitClassifier or Pipeline
        Fitted. The steps before the classifier may be :class:`PixelScaler`,
        :class:`UnsharpMask`, which becomes part of the first layer, or
        ``"passthrough"``.

    Returns
    -------
    model : onnx.ModelProto
        ``model.SerializeToString()`` are the bytes for ``onnxruntime``,
        ``onnx.save(model, path)`` writes them to a file.

    Raises
    ------
    ImportError
        If ``onnx`` is not installed.
    ValueError
        If `estimator` has steps or labels that cannot be expressed, or is damaged.
    sklearn.exceptions.NotFittedError
        If it is not fitted.

    Notes
    -----
    The model does not validate its input: NaN in, NaN out.

    References
    ----------
    `ONNX operators <https://onnx.ai/onnx/operators/>`_, opset 13.

    Examples
    --------
    >>> import onnxruntime  # doctest: +SKIP
    >>> model = skmnist.to_onnx(pipeline)  # doctest: +SKIP
    >>> session = onnxruntime.InferenceSession(
    ...     model.SerializeToString()
    ... )  # doctest: +SKIP
    >>> label, probabilities = session.run(None, {"X": images})  # doctest: +SKIP
    """
    scalers, mlp = scalers_and_network(estimator)
    graph = _Graph()
    h = "X"
    for scaler in scalers:
        h = _scale(graph, h, scaler)
    h = _logits(graph, h, mlp)
    graph.add("Softmax", h, output="probabilities", axis=1)
    best = graph.add("ArgMax", h, axis=1, keepdims=0)
    graph.add("Gather", _labels(mlp.classes_), best, output="label", axis=0)
    shape, dtype = (mlp.n_features_in_,), np.float32
    if scalers:
        shape, dtype = scalers[0].image_shape_, scalers[0].dtype_
    return graph.model(shape, dtype, mlp.classes_)


to_onnx.__module__ = "skmnist"  # where it is public


def scalers_and_network(estimator):
    """Take a fitted estimator apart: scalers, and a network that takes their pixels.

    Pixels of the network are not sharpened: its first layer does it. What cannot be
    expressed is an error as in :func:`to_onnx`.
    """
    *before, network = _steps(estimator) or [None]
    if not isinstance(network, MLPDigitClassifier):
        raise ValueError(
            "estimator must be an MLPDigitClassifier or a Pipeline that ends in one "
            "(of a search, its best_estimator_); it ends in a "
            f"{type(network).__name__}"
        )
    for step in before:
        if type(step) not in (PixelScaler, UnsharpMask):
            raise ValueError(
                f"the step {type(step).__name__} cannot be exported: only PixelScaler "
                "and UnsharpMask may come before the MLPDigitClassifier. Export the "
                "steps behind it, pipeline[1:], and give the model what it makes"
            )
    for step in (*before, network):
        _check_fitted(step)
    for step in before:
        if step.n_features_in_ != network.n_features_in_:
            raise ValueError(
                f"{type(step).__name__} has {step.n_features_in_} pixels, but the "
                f"classifier {network.n_features_in_}"
            )
    for step in reversed(before):
        if type(step) is UnsharpMask:
            network = _sharpening(step, network)
    return [step for step in before if type(step) is PixelScaler], network


def _check_fitted(step):
    check_is_fitted(step)
    try:
        step._check_fitted()
    except (AttributeError, TypeError) as error:
        raise ValueError(f"estimator is damaged: {error}") from error


def _sharpening(mask, network):
    """Make the first layer sharpen, which is linear, and so is scaling."""
    kernel, *others = network.coefs_
    sharpened = mask.transform(np.eye(len(kernel))) @ kernel
    network = copy.copy(network)
    network.coefs_ = [sharpened.astype(kernel.dtype), *others]
    return network


def _steps(estimator):
    if not isinstance(estimator, Pipeline):
        return [] if estimator in (None, "passthrough") else [estimator]
    return [step for _, each in estimator.steps for step in _steps(each)]


def _scale(graph, h, scaler):
    """Images to rows in float32; in the same order of operations as PixelScaler."""
    rows = graph.add("Reshape", h, np.array([-1, scaler.n_features_in_]))
    pixels = graph.add("Cast", rows, to="float32")
    return graph.add("Div", pixels, np.float32(scaler.max_value_))


def _logits(graph, h, mlp):
    for i, (kernel, bias) in enumerate(zip(mlp.coefs_, mlp.intercepts_, strict=True)):
        if i:
            h = _activate(graph, h, mlp.activation)
        h = graph.add("MatMul", h, kernel.astype(np.float32))
        h = graph.add("Add", h, bias.astype(np.float32))
    return h


def _activate(graph, h, activation):
    if activation in _OPERATORS:
        operator, attributes = _OPERATORS[activation]
        return graph.add(operator, h, **attributes)
    if activation == "silu":
        return graph.add("Mul", h, graph.add("Sigmoid", h))
    if activation == "gelu":
        scaled = graph.add("Mul", h, np.float32(math.sqrt(0.5)))
        part = graph.add("Add", graph.add("Erf", scaled), np.float32(1))
        return graph.add("Mul", graph.add("Mul", h, np.float32(0.5)), part)
    return h  # linear


def _labels(classes):
    """Return labels in a type that runtimes hand out."""
    kinds = {"b": bool, "i": np.int64, "u": np.int64, "f": np.float64, "U": object}
    kind = classes.dtype.kind
    if kind == "O" and all(isinstance(label, str) for label in classes):
        kind = "U"
    if kind not in kinds or (kind == "u" and classes.max() >= 2**63):
        raise ValueError(
            "classes_ must be strings, booleans, or numbers to be expressed in ONNX; "
            f"got {classes.tolist()!r:.80} of dtype {classes.dtype}"
        )
    return classes.astype(kinds[kind])


class _Graph:
    """Operators one after the other, and the constants that they take."""

    def __init__(self):
        try:
            import onnx
        except ImportError as error:
            raise ImportError(
                "to_onnx needs onnx: pip install 'skmnist[onnx]'"
            ) from error
        self._onnx = onnx
        self._nodes, self._constants = [], []

    def add(self, operator, *inputs, output=None, **attributes):
        if operator == "Cast":
            attributes["to"] = self._type(attributes["to"])
        output = output or f"{operator.lower()}_{len(self._nodes)}"
        names = [
            each if isinstance(each, str) else self._constant(each) for each in inputs
        ]
        node = self._onnx.helper.make_node(operator, names, [output], **attributes)
        self._nodes.append(node)
        return output

    def _constant(self, value):
        name = f"constant_{len(self._constants)}"
        tensor = self._onnx.numpy_helper.from_array(np.asarray(value), name)
        self._constants.append(tensor)
        return name

    def _type(self, dtype):
        return self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))

    def model(self, shape, dtype, classes):
        helper = self._onnx.helper
        info = helper.make_tensor_value_info
        label = self._type(_labels(classes).dtype)
        graph = helper.make_graph(
            self._nodes,
            "skmnist",
            [info("X", self._type(dtype), ["n", *shape])],
            [
                info("label", label, ["n"]),
                info("probabilities", self._type(np.float32), ["n", len(classes)]),
            ],
            self._constants,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR,
            producer_name="skmnist",
            producer_version=__version__,
        )
        self._onnx.checker.check_model(model, full_check=True)
        return model
