"""Fitted estimators as ONNX models, by skl2onnx."""

import copy
import math
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier
from sklearn.neighbors import KNeighborsTransformer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import QuantileTransformer
from sklearn.utils.validation import check_is_fitted

from .._classifier import MLPDigitClassifier
from .._pixel_scaler import PixelScaler
from .._sklearn_compat import validate_params
from .._unsharp_mask import UnsharpMask
from .._version import __version__
from ._untrusted import in_one_line

# Of 2020, with IR 7: every runtime in use reads them.
_OPSET = {"": 13, "ai.onnx.ml": 1}
_NOTHING = None, "passthrough"
_CONVERTED_WRONGLY = KNeighborsTransformer, OneVsOneClassifier, QuantileTransformer

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
    """Convert a fitted classifier, pipeline, search or ensemble to ONNX.

    The model runs from ``onnxruntime`` alone. Its input ``X`` is what the first step
    takes: raw images of the shape and data type that :class:`PixelScaler` was fitted
    on, or float32 rows; the number of images is free. Its outputs are ``label`` (int64
    or string; bool and double too for :class:`MLPDigitClassifier`) and
    ``probabilities`` (float32), as of `predict` and `predict_proba`. Computations are
    in float32.

    Parameters
    ----------
    estimator : estimator
        Fitted classifier: :class:`MLPDigitClassifier`, a pipeline, a search, or an
        ensemble of scikit-learn's. skl2onnx converts scikit-learn's steps.

    Returns
    -------
    model : onnx.ModelProto
        ``model.SerializeToString()`` are the bytes for ``onnxruntime``,
        ``onnx.save(model, path)`` writes them to a file.

    Raises
    ------
    ImportError
        If ``skl2onnx`` is not installed.
    ValueError
        If `estimator` has steps or labels that cannot be expressed, or is damaged.
    sklearn.exceptions.NotFittedError
        If it is not fitted.

    See Also
    --------
    register_onnx_converters : For skl2onnx's own functions and their options.

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
    register_onnx_converters()
    import onnx
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import guess_data_type
    from skl2onnx.sklapi import CastTransformer

    check_is_fitted(estimator)
    if not is_classifier(estimator):
        raise ValueError(
            f"estimator must be a classifier; got a {type(estimator).__name__}"
        )
    raw_scores = []
    prepared = _prepared(estimator, raw_scores)
    shape, dtype = _input(prepared)
    ((_, kind),) = guess_data_type(np.empty((1, 1), dtype))
    kind = type(kind)([None, *shape])
    model = Pipeline([("model", prepared)])
    if dtype != np.float32:  # skl2onnx's own converters take floats only
        model.steps.insert(0, ("cast", CastTransformer()))
    options = {id(each): {"raw_scores": True} for each in raw_scores}
    try:
        converted = convert_sklearn(
            model,
            "skmnist",
            [("X", kind)],
            target_opset=_OPSET,
            options={id(model): {"zipmap": False}, **options},
            final_types=[("label", None), ("probabilities", None)],
        )
        onnx.checker.check_model(converted, full_check=True)
    except Exception as error:  # they raise a dozen types
        raise ValueError(
            f"estimator cannot be expressed in ONNX: {in_one_line(error)} Of a "
            "Pipeline, the steps behind can be exported alone: pipeline[1:]"
        ) from error
    converted.producer_name, converted.producer_version = "skmnist", __version__
    return converted


def register_onnx_converters() -> None:
    """Register converters for the estimators of skmnist with skl2onnx.

    Call it once before skl2onnx converts a pipeline with them, for all the options that
    ``skl2onnx.to_onnx`` has; :func:`to_onnx` does it by itself. `MLPDigitClassifier`
    has the options ``zipmap`` and ``raw_scores``. :class:`DigitNormalizer` cannot be
    expressed in ONNX.

    Raises
    ------
    ImportError
        If ``skl2onnx`` is not installed.

    Examples
    --------
    >>> import skl2onnx  # doctest: +SKIP
    >>> skmnist.register_onnx_converters()  # doctest: +SKIP
    >>> skl2onnx.to_onnx(model, rows[:1], target_opset=17)  # doctest: +SKIP
    """
    try:
        from skl2onnx import update_registered_converter
    except ImportError as error:
        raise ImportError(
            "to_onnx needs onnx and skl2onnx: pip install 'skmnist[onnx]'"
        ) from error
    of_classifiers = {
        "zipmap": [True, False, "columns"],
        "output_class_labels": [False, True],
        "raw_scores": [True, False],
        "nocl": [False],
    }
    for kind, shape, convert, options in (
        (PixelScaler, _rows_shape, _convert_scaler, None),
        (UnsharpMask, _rows_shape, _convert_mask, None),
        (MLPDigitClassifier, _classifier_shape, _convert_classifier, of_classifiers),
    ):
        name = f"Skmnist{kind.__name__}"
        update_registered_converter(kind, name, shape, convert, options=options)


register_onnx_converters.__module__ = to_onnx.__module__ = "skmnist"  # public there


def _prepared(value, raw_scores):
    """Copy an estimator, without its arrays, into the form that skl2onnx knows.

    Adds to the list `raw_scores` those whose logits, not probabilities, are asked for.
    What skl2onnx 1.20 would convert wrongly is a ValueError.
    """
    if isinstance(value, list | tuple):
        return type(value)([_prepared(each, raw_scores) for each in value])
    if not isinstance(value, BaseEstimator) and not hasattr(value, "calibrators"):
        return value
    if hasattr(value, "best_estimator_"):  # a search
        return _prepared(value.best_estimator_, raw_scores)
    if isinstance(value, FrozenEstimator):
        return _prepared(value.estimator, raw_scores)
    _check(value)
    new = copy.copy(value)
    if isinstance(new, Pipeline):
        new.steps = [each for each in new.steps if each[1] not in _NOTHING]
    for name in vars(new).keys() - _templates(new):
        setattr(new, name, _prepared(getattr(new, name), raw_scores))
    _adapt(new, raw_scores)
    return new


def _adapt(copied, raw_scores):
    if isinstance(copied, VotingClassifier):
        copied.flatten_transform = False  # of no meaning for predictions
        if copied.weights is not None:
            used = [each != "drop" for _, each in copied.estimators]
            copied.weights = np.compress(used, copied.weights)
    if hasattr(copied, "calibrators"):
        step = copied.estimator
        while isinstance(step, Pipeline):
            step = step[-1]
        if hasattr(step, "decision_function"):
            raw_scores.append(step)
    # A pipeline's are those of its last step.
    classes = vars(copied).get("classes_")
    if getattr(classes, "dtype", np.dtype(int)).kind == "u":
        copied.classes_ = _labels(classes)


def _templates(estimator):
    """Name the attributes with estimators that were cloned, not fitted themselves."""
    if not isinstance(estimator, BaseEstimator) or isinstance(
        estimator, Pipeline | FeatureUnion
    ):
        return set()
    names = {*estimator.get_params(deep=False)}
    return names | {"estimator_"} if hasattr(estimator, "estimators_") else names


def _check(estimator):
    if isinstance(estimator, PixelScaler | UnsharpMask | MLPDigitClassifier):
        check_is_fitted(estimator)
        try:
            estimator._check_fitted()
        except (AttributeError, TypeError) as error:
            raise ValueError(f"estimator is damaged: {error}") from error
        return
    reason = None
    if isinstance(estimator, TunedThresholdClassifierCV):
        reason = "skl2onnx leaves its threshold out: export its estimator_"
    elif isinstance(estimator, _CONVERTED_WRONGLY):
        reason = "skl2onnx computes other values"
    elif isinstance(estimator, CalibratedClassifierCV):
        if estimator.method != "sigmoid":
            reason = f"skl2onnx knows method='sigmoid', not {estimator.method!r}"
    elif set(getattr(estimator, "stack_method_", ())) - {"predict_proba"}:
        reason = "skl2onnx knows stack_method='predict_proba' only"
    if reason is not None:
        name = type(estimator).__name__
        raise ValueError(f"{name} cannot be expressed in ONNX: {reason}")


def _input(estimator):
    """Return shape and dtype of one sample, as the first step takes it."""
    if isinstance(estimator, Pipeline):
        return _input(estimator.steps[0][1])
    if isinstance(estimator, PixelScaler):
        return estimator.image_shape_, estimator.dtype_
    if isinstance(estimator, VotingClassifier | StackingClassifier):
        return _input(estimator.estimators_[0])
    if isinstance(estimator, CalibratedClassifierCV):
        return _input(estimator.calibrated_classifiers_[0].estimator)
    return (getattr(estimator, "n_features_in_", None),), np.float32


# How skl2onnx asks for them: the type of the outputs, and the operators.


def _rows_shape(operator):
    from skl2onnx.common.data_types import FloatTensorType

    n_features = operator.raw_operator.n_features_in_
    operator.outputs[0].type = FloatTensorType([None, n_features])


def _classifier_shape(operator):
    from skl2onnx.common.data_types import FloatTensorType, guess_data_type

    labels = _labels(operator.raw_operator.classes_)
    ((_, kind),) = guess_data_type(labels)
    operator.outputs[0].type = type(kind)([None])
    operator.outputs[1].type = FloatTensorType([None, len(labels)])


def _operators(container):
    """Return a function that makes an operator by its name."""
    from skl2onnx.algebra import onnx_ops

    def make(name, *inputs, **kwargs):
        operator = getattr(onnx_ops, f"Onnx{name}")
        return operator(*inputs, op_version=container.target_opset, **kwargs)

    return make


def _as_float(make, x):
    return make("Cast", x, to=1)  # onnx.TensorProto.FLOAT


def _convert_scaler(scope, operator, container):
    """Make rows of images, in the same order of operations as PixelScaler."""
    scaler, make = operator.raw_operator, _operators(container)
    rows = make("Reshape", operator.inputs[0], np.array([-1, scaler.n_features_in_]))
    scaled = make(
        "Div",
        _as_float(make, rows),
        np.float32([scaler.max_value_]),
        output_names=operator.outputs,
    )
    scaled.add_to(scope, container)


def _convert_mask(scope, operator, container):
    """Sharpen by a convolution with what the mask makes of a single point."""
    mask, make = operator.raw_operator, _operators(container)
    height, width = mask.image_shape_
    point = np.zeros((1, 2 * height - 1, 2 * width - 1))
    point[0, height - 1, width - 1] = 1
    kernel = clone(mask).set_params(image_shape=None).fit_transform(point)
    kernel = kernel.reshape(point.shape[1:])
    top, left = (int(kernel.any(axis=axis).argmax()) for axis in (1, 0))
    kernel = kernel[top : len(kernel) - top, left : kernel.shape[1] - left]
    pads = [height - 1 - top, width - 1 - left] * 2
    images = make(
        "Reshape",
        _as_float(make, operator.inputs[0]),
        np.array([-1, 1, height, width]),
    )
    sharp = make("Conv", images, np.float32(kernel[np.newaxis, np.newaxis]), pads=pads)
    rows = make(
        "Reshape", sharp, np.array([-1, height * width]), output_names=operator.outputs
    )
    rows.add_to(scope, container)


def _convert_classifier(scope, operator, container):
    mlp, make = operator.raw_operator, _operators(container)
    h = _as_float(make, operator.inputs[0])
    for i, (kernel, bias) in enumerate(zip(mlp.coefs_, mlp.intercepts_, strict=True)):
        if i:
            h = _activate(make, h, mlp._fitted_activation())
        h = make("MatMul", h, kernel.astype(np.float32))
        h = make("Add", h, bias.astype(np.float32))
    label, scores = operator.outputs
    best = make("ArgMax", h, axis=1, keepdims=0)
    make("Gather", _labels(mlp.classes_), best, axis=0, output_names=[label]).add_to(
        scope, container
    )
    options = container.get_options(mlp, {"raw_scores": False})
    if not options["raw_scores"]:
        out = make("Softmax", h, axis=1, output_names=[scores])
    elif len(mlp.classes_) == 2:  # skl2onnx's convention: minus and plus the score
        signs = np.float32([[1, -1], [-1, 1]])
        out = make("MatMul", h, signs, output_names=[scores])
    else:
        out = make("Identity", h, output_names=[scores])
    out.add_to(scope, container)


def _activate(make, h, activation):
    if activation in _OPERATORS:
        name, attributes = _OPERATORS[activation]
        return make(name, h, **attributes)
    if activation == "silu":
        return make("Mul", h, make("Sigmoid", h))
    if activation == "gelu":
        erf = make("Erf", make("Mul", h, np.float32([math.sqrt(0.5)])))
        part = make("Add", erf, np.float32([1]))
        return make("Mul", make("Mul", h, np.float32([0.5])), part)
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
