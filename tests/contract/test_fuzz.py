"""Hypothesis looks for input that breaks a promise.

Whatever comes in, a call either gives the right answer, or raises a ValueError or
TypeError that names what is wrong and leaves everything as it was. A few hundred cases
by default, more than 10,000 with --full-size.
"""

import copy
import os
import pickle
import random
import re
import warnings
from numbers import Real

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from hostile import (
    ALLOWED,
    BAD_LABELS,
    BAD_ROWS,
    BASE,
    HOSTILE,
    LABELS,
    N_FEATURES,
    OTHER_WIDTH,
    TOO_LARGE,
    UNKNOWN,
    Input,
    is_in,
    labels,
    parameters,
    rows,
    weights,
)
from hypothesis import event, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from skmnist import MLPDigitClassifier, PixelScaler
from skmnist.datasets import fetch_mnist, load_digits

# NumPy warns of its own np.matrix.
pytestmark = pytest.mark.filterwarnings("ignore:the matrix subclass")

WARNINGS = (
    "X has feature names|X does not have valid feature names|A column-vector y|"
    "X looks inverted|divide both by the same number"
)
# Where all inputs are good there may still be reasons to refuse their combination.
TOGETHER = {
    "hidden_units": "the network cannot change",
    "activation": "the network cannot change",
    "dtype": "the network cannot change",
    "warm_start": "warm_start needs the classes",
    "validation_fraction": "leaves no row",
    "learning_rate": "became NaN",
    "l2": "became NaN",
}


# --- what a call may change, and what not ----------------------------------------


def frozen(thing):
    """Copy what can change, down to the bytes of arrays."""
    if isinstance(thing, np.ndarray) and thing.dtype != object:
        return (thing.dtype, thing.shape, thing.strides, np.asarray(thing).tobytes())
    if isinstance(thing, np.random.RandomState):
        return frozen(list(thing.get_state()))
    if isinstance(thing, BaseEstimator):
        return (type(thing), frozen(vars(thing)))
    if isinstance(thing, dict):
        return [(repr(key), frozen(value)) for key, value in thing.items()]
    if isinstance(thing, list | tuple):
        return (type(thing), [frozen(value) for value in thing])
    if isinstance(thing, pd.DataFrame | pd.Series):
        return pickle.dumps((thing.to_numpy(object).tolist(), thing.index.tolist()))
    if isinstance(thing, pl.DataFrame | pl.Series):
        return repr(thing.rows() if isinstance(thing, pl.DataFrame) else list(thing))
    if scipy.sparse.issparse(thing):
        return thing.toarray().tobytes()
    return repr(thing)


def process():
    numpy_state = frozen(list(np.random.get_state()))  # noqa: NPY002
    filters = list(warnings.filters)
    return dict(os.environ), random.getstate(), numpy_state, np.geterr(), filters


def outcome(call, estimator, *inputs):
    """Return what a call returns or raises; whatever it is, it keeps the promises."""
    given = {each.what: each.given for each in inputs}
    before = frozen(vars(estimator)), frozen(given)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        around = process()
        try:
            result = call(*given.values())
        except Exception as error:
            result = error
        assert process() == around
    for each in caught:
        assert re.search(WARNINGS, str(each.message)), each.message
    if isinstance(result, Exception):
        assert isinstance(result, ValueError | TypeError), repr(result)
        assert frozen(vars(estimator)) == before[0]
    assert frozen(given) == before[1]
    return result


def check_refused(result, bad):
    """Demand an error that names one of the inputs that cannot be used."""
    assert isinstance(result, Exception), [each.what for each in bad]
    patterns = [each.message for each in bad] + list(TOGETHER.values())
    found = any(re.search(pattern, str(result)) for pattern in patterns)
    assert found, f"{result!r} does not match any of {patterns}"


def check_trained(result, model, twin, expected):
    """Demand what the twin has learned from plain arrays, bit for bit."""
    if isinstance(expected, Exception):
        reasons = "|".join(TOGETHER.values())
        assert re.search(reasons, str(expected)), repr(expected)
        assert str(result) == str(expected)
        return
    if isinstance(result, Exception):
        raise result
    assert result is model
    assert all(np.isfinite(each).all() for each in model.coefs_ + model.intercepts_)
    if model.random_state is not None:
        learned, expected = map(learned_by, (model, twin))
        assert learned == expected


def learned_by(model):
    names = sorted(name for name in vars(model) if name[-1] == "_")
    assert "coefs_" in names
    return [
        (name, frozen(getattr(model, name)))
        for name in names
        if name != "feature_names_in_"
    ]


def attempt(call, *args, **kwargs):
    try:
        return call(*args, **kwargs)
    except (TypeError, ValueError) as error:
        return error


def cases(share):
    """Give a test its share of the cases, in percent."""
    return settings(max_examples=settings().max_examples * share // 100)


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    x = rng.random((24, N_FEATURES))
    return {
        kind: MLPDigitClassifier(**BASE).fit(x, names[np.arange(24) % 3])
        for kind, names in LABELS.items()
    }


def start(fitted, kind, params):
    if kind is None:
        return MLPDigitClassifier(**params)
    return copy.deepcopy(fitted[kind]).set_params(**params)


def bad_of(*inputs):
    for each in inputs:
        event(f"{each.what} {'bad' if each.message else 'good'}")
    return [each for each in inputs if each.message]


@cases(40)
@given(data=st.data())
def test_fit(fitted, data):
    params, tried = data.draw(parameters())
    n_rows = data.draw(st.integers(12, 20))
    large = [] if "float64" in repr(params.get("dtype")) else [TOO_LARGE]
    X = data.draw(rows(n_rows, BAD_ROWS + large))
    # The class weights that are tried are those of integers.
    kind = "int" if tried.what == "class_weight" else None
    y, names = data.draw(labels(n_rows, BAD_LABELS, kind=kind))
    weight = data.draw(weights(n_rows))
    past = data.draw(st.sampled_from([None, *LABELS]))
    model = start(fitted, past, params)
    twin = copy.deepcopy(model)
    result = outcome(model.fit, model, X, y, weight)
    if bad := bad_of(X, y, weight, tried):
        return check_refused(result, bad)
    expected = attempt(
        twin.fit, X.plain.astype(twin.dtype), names[y.plain], weight.plain
    )
    return check_trained(result, model, twin, expected)


GOING_ON = ["dropout", "l2", "learning_rate", "batch_size", "random_state", "verbose"]


@cases(20)
@given(data=st.data())
def test_partial_fit(fitted, data):
    kind = data.draw(st.sampled_from(sorted(LABELS)))
    past = data.draw(st.sampled_from([None, kind]))
    params, tried = data.draw(parameters(GOING_ON))
    n_rows = data.draw(st.integers(1, 12))
    X = data.draw(rows(n_rows, BAD_ROWS + (OTHER_WIDTH if past else [])))
    bad = [each for each in BAD_LABELS if n_rows > 3] + [UNKNOWN] * (kind == "int")
    y, names = data.draw(labels(n_rows, bad, kind=kind))
    weight = data.draw(weights(n_rows))
    classes = data.draw(classes_of(names, past))
    model = start(fitted, past, params)
    twin = copy.deepcopy(model)
    result = outcome(model.partial_fit, model, X, y, classes, weight)
    if bad := bad_of(X, y, classes, weight, tried):
        return check_refused(result, bad)
    expected = attempt(
        twin.partial_fit,
        X.plain.astype(twin.dtype),
        names[y.plain],
        names,
        weight.plain,
    )
    return check_trained(result, model, twin, expected)


BAD_CLASSES = [
    lambda names: names[:0],
    lambda names: 3,
    lambda names: "no",
    lambda names: [None, 1],
    lambda names: [1, "a"],
    lambda names: np.array([0.5, np.nan]),
    lambda names: np.eye(3) + 0.5,
    lambda names: {"a": 1},
    lambda names: [[0, 1], [2]],
    lambda names: np.ma.masked_array(names, names == names[0]),
]


@st.composite
def classes_of(draw, names, past):
    if draw(st.floats(0, 1)) < 0.15:
        given = draw(st.sampled_from(BAD_CLASSES))(names)
        return Input("classes", given, names, "classes")
    forms = [names, names[::-1], names.tolist(), pd.Series(names), np.repeat(names, 2)]
    if past:
        forms.append(None)
    given = draw(st.sampled_from(range(len(forms))))
    return Input("classes", forms[given], names)


@cases(25)
@given(data=st.data())
def test_predict(fitted, data):
    kind = data.draw(st.sampled_from(sorted(LABELS)))
    model = copy.deepcopy(fitted[kind])
    method = data.draw(
        st.sampled_from(
            ["predict", "predict_proba", "predict_log_proba", "decision_function"]
        )
    )
    X = data.draw(rows(data.draw(st.integers(1, 5)), BAD_ROWS + OTHER_WIDTH))
    result = outcome(getattr(model, method), model, X)
    if bad := bad_of(X):
        return check_refused(result, bad)
    if isinstance(result, Exception):
        raise result
    h = np.maximum(X.plain @ model.coefs_[0] + model.intercepts_[0], 0)
    logits = h @ model.coefs_[1] + model.intercepts_[1]
    odds = np.exp(logits)
    proba = odds / odds.sum(axis=1, keepdims=True)
    if method == "predict":
        assert result.dtype == model.classes_.dtype
        gap = np.diff(np.sort(logits, axis=1)[:, -2:]).ravel()
        sure = gap > 1e-4
        best = model.classes_[logits.argmax(axis=1)]
        return assert_array_equal(result[sure], best[sure])
    right = {
        "predict_proba": proba,
        "predict_log_proba": np.log(proba),
        "decision_function": logits,
    }
    return assert_allclose(result, right[method], rtol=1e-3, atol=1e-5)


@cases(1)
@given(data=st.data())
def test_predict_before_fit(data):
    model = MLPDigitClassifier()
    X = data.draw(rows(3, BAD_ROWS))
    result = outcome(model.predict, model, X)
    assert isinstance(result, NotFittedError)


BAD_IMAGES = [
    ("5-D", lambda x: np.zeros((2, 2, 2, 1, 1)), r"X must be images"),
    ("color", lambda x: np.zeros((2, 2, 2, 3)), r"X .*one channel.*\(2, 2, 2, 3\)"),
    ("color first", lambda x: np.zeros((2, 1, 2, 2)), r"X .*one ch.*\(2, 1, 2, 2\)"),
    ("times", lambda x: np.zeros((2, 2, 2), "datetime64[s]"), "X must hold numbers"),
    ("words", lambda x: np.full((2, 2, 2), "seven").tolist(), r"\bX\b"),
    ("ragged", lambda x: [np.zeros((2, 2)), np.zeros((3, 2))], r"X must .* same shape"),
    ("no pixels", lambda x: np.zeros((2, 0, 2)), r"\bX\b.*0 feature"),
    ("no images", lambda x: np.zeros((0, 2, 2)), r"\bX\b.*0 sample"),
    ("nan", lambda x: np.full((1, 2, 2), np.nan), "X contains NaN"),
    ("masked", lambda x: np.ma.masked_all((2, 2, 2)), r"\bX\b.*masked"),
    ("csr", scipy.sparse.csr_array, r"[Ss]parse.* X"),
]
NO_FAULT_OF_IMAGES = {"3-D", "3-D list", "5-D"}
BAD_PIXELS = [each for each in BAD_ROWS if each[0] not in NO_FAULT_OF_IMAGES]


@st.composite
def images(draw, n_rows, bad=()):
    """Rows in all their forms, or images."""
    X = draw(rows(n_rows, [*BAD_PIXELS, *BAD_IMAGES, *bad], of_images=True))
    if X.message or draw(st.booleans()):
        return X
    shape = draw(st.sampled_from([(2, 2), (1, 4), (2, 2, 1), (4, 1, 1)]))
    x = X.plain.reshape(n_rows, *shape)
    forms = [
        x,
        x.astype("f4"),
        np.asfortranarray(x),
        list(x),
        x.tolist(),
        x[::-1][::-1],
    ]
    given = draw(st.sampled_from(range(len(forms))))
    return Input("X", forms[given], X.plain)


@cases(15)
@given(data=st.data())
def test_scaler_fit(data):
    value = data.draw(st.sampled_from(["auto"] * 30 + HOSTILE))
    value = copy.deepcopy(value)

    tried = Input("max_value", value, value, "" if is_pixel(value) else "max_value")
    model = PixelScaler().fit(np.ones((1, 2, 2)))
    model.set_params(max_value=value)
    X = data.draw(images(data.draw(st.integers(1, 5))))
    result = outcome(model.fit, model, X)
    if bad := bad_of(X, tried):
        return check_refused(result, bad)
    assert result is model
    largest = np.abs(X.plain).max() or 1.0
    assert model.max_value_ == (largest if value == "auto" else float(value))
    assert model.n_features_in_ == N_FEATURES
    return None


def is_pixel(value):
    return (
        value == "auto"
        if isinstance(value, str)
        else is_in(value, Real, 0, 1e308, "right")
    )


@cases(15)
@given(data=st.data())
def test_scaler_transform(data):
    model = PixelScaler().fit(np.full((1, 4), 2.0))
    n_rows = data.draw(st.integers(1, 5))
    method = data.draw(st.sampled_from(["transform", "inverse_transform"]))
    X = data.draw(images(n_rows, [*OTHER_WIDTH, TOO_LARGE_TO_SCALE]))
    if "does not fit" in X.message and method == "inverse_transform":
        return None
    result = outcome(getattr(model, method), model, X)
    if bad := bad_of(X):
        return check_refused(result, bad)
    if isinstance(result, Exception):
        raise result
    if method == "inverse_transform":
        assert result.dtype == np.float64
        return assert_allclose(result, X.plain * 2, rtol=1e-6)
    assert result.dtype == np.float32
    return assert_array_equal(result, (X.plain / 2).astype(np.float32))


def each(bad):
    return pytest.mark.parametrize("bad", bad, ids=[name for name, *_ in bad])


def made(what, plain, bad):
    _, make, message = bad
    return Input(what, make(plain), plain, message)


def check_refused_in_fits(fitted, X, y):
    drawn = {"random_state": np.random.RandomState(3)}
    past = start(fitted, "int", BASE)
    for model in (MLPDigitClassifier(**BASE | drawn), past):
        result = outcome(model.fit, model, X, y)
        check_refused(result, [each for each in (X, y) if each.message])
    return past


@each(BAD_ROWS)
def test_each_bad_form_of_rows(fitted, bad):
    X = made("X", np.arange(48.0).reshape(12, 4) / 48, bad)
    model = check_refused_in_fits(fitted, X, Input("y", np.arange(12) % 3, None))
    check_refused(outcome(model.predict, model, X), [X])


@each(BAD_LABELS)
def test_each_bad_form_of_labels(fitted, bad):
    y = made("y", np.arange(12) % 3, bad)
    check_refused_in_fits(fitted, Input("X", np.eye(12, 4), None), y)


@pytest.mark.parametrize("name", ALLOWED)
def test_each_bad_value_of_a_parameter(fitted, name):
    X, y = Input("X", np.eye(12, 4), None), Input("y", np.arange(12) % 3, None)
    bad = [value for value in HOSTILE if not ALLOWED[name](value)]
    assert len(bad) > 20
    for value in map(copy.deepcopy, bad):
        model = start(fitted, "int", BASE | {name: value})
        # Of several callbacks or weights, the message has one.
        said = "" if name in ("callbacks", "class_weight") else re.escape(repr(value))
        message = rf"(?s)\b{name}\b.*{said}"
        for fit in (model.fit, model.partial_fit):
            result = outcome(fit, model, X, y)
            check_refused(result, [Input(name, value, None, message)])


@each([*BAD_PIXELS, *BAD_IMAGES])
@pytest.mark.parametrize("method", ["fit", "transform", "inverse_transform"])
def test_each_bad_form_of_images(method, bad):
    x = np.arange(48.0).reshape(12, 4)
    model = PixelScaler().fit(pd.DataFrame(x).add_prefix("p"))
    X = made("X", x, bad)
    check_refused(outcome(getattr(model, method), model, X), [X])


TOO_LARGE_TO_SCALE = ("too large", lambda x: x * 0 + 1e300, "X .*does not fit")


@cases(2)
@given(value=st.sampled_from(HOSTILE))
def test_loaders(value):
    for load, name in (
        (load_digits, "test_size"),
        (load_digits, "random_state"),
        (fetch_mnist, "data_home"),
    ):
        if load is fetch_mnist and isinstance(value, str | None):
            continue  # it would be looked for there
        value = copy.deepcopy(value)
        before = frozen(value)
        digits = attempt(load, **{name: value})
        if isinstance(digits, Exception):
            assert re.search(rf"\b{name}\b", str(digits))
            assert frozen(value) == before
        else:
            assert len(digits.x_train) + len(digits.x_test) == 1797
