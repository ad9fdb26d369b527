"""Good and bad input of every form, for Hypothesis to draw from."""

import copy
import math
import tempfile
from collections import namedtuple
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Real

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse
from hypothesis import strategies as st

from skmnist import MLPDigitClassifier

N_FEATURES = 4
LABELS = {
    "int": np.array([0, 1, 2]),
    "negative": np.array([-7, 0, 2**40]),
    "str": np.array(["no", "perhaps", "yes"]),
    "object": np.array(["no", "perhaps", "yes"], object),
    "float": np.array([-1.0, 0.0, 5.0]),
}

# An input as a call gets it, the plain array that it stands for, and what the message
# of the refusal must say; "" if it is not to be refused.
Input = namedtuple("Input", "what given plain message", defaults=("",))


# --- rows --------------------------------------------------------------------------


@st.composite
def plain_rows(draw, n_rows, n_features=N_FEATURES):
    """Numbers that float16, and all above, can hold."""
    seed = draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 9, (n_rows, n_features)) / 8
    if draw(st.booleans()):
        x = x * 4 - 2
    return x


def memory_mapped(x, mode):
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file.name, x)
        return np.load(file.name, mmap_mode=mode)


class WithArray:
    def __init__(self, x):
        self.x = x

    def __array__(self, dtype=None, copy=None):
        return np.array(self.x, dtype=dtype)

    def __len__(self):
        return len(self.x)


def read_only(x):
    x = x.copy()
    x.setflags(write=False)
    return x


def every_other(x):
    wide = np.zeros((2 * len(x), 3 * x.shape[1]), x.dtype)
    wide[::2, ::3] = x
    return wide[::2, ::3]


FORMS = {
    "C": lambda x: x.copy(),
    "F": np.asfortranarray,
    "strided": every_other,
    "backwards": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "read-only": read_only,
    "memory-mapped r": lambda x: memory_mapped(x, "r"),
    "memory-mapped c": lambda x: memory_mapped(x, "c"),
    "float32": lambda x: x.astype(np.float32),
    "float16": lambda x: x.astype(np.float16),
    "longdouble": lambda x: x.astype(np.longdouble),
    "big-endian": lambda x: x.astype(">f8"),
    "big-endian 4": lambda x: x.astype(">f4"),
    "object": lambda x: x.astype(object),
    "list": lambda x: x.tolist(),
    "tuple of arrays": tuple,
    "list of tuples": lambda x: [tuple(row) for row in x],
    "__array__": WithArray,
    "subclass": lambda x: x.view(type("Sub", (np.ndarray,), {})),
    "no mask": lambda x: np.ma.masked_array(x, False),
    "pandas": pd.DataFrame,
    "pandas names": lambda x: pd.DataFrame(x).add_prefix("pixel "),
    "pandas odd index": lambda x: pd.DataFrame(x, index=np.arange(len(x))[::-1] + 9),
    "pandas Float32": lambda x: pd.DataFrame(x).astype("Float32"),
    "pandas object": lambda x: pd.DataFrame(x).astype(object),
    "polars": lambda x: pl.DataFrame(x, schema=[f"p{i}" for i in range(x.shape[1])]),
}
SPARSE_FORMS = {
    "csr": scipy.sparse.csr_array,
    "csc": scipy.sparse.csc_matrix,
    "coo": scipy.sparse.coo_array,
}
WHOLE_FORMS = {
    name: (lambda x, name=name: x.astype(name))
    for name in ("uint8", "int8", "int64", ">i4", "uint64")
}


def one(x, value):
    x = np.array(x)
    x[-1, -1] = value
    return x


def one_object(x, value):
    x = np.array(x, object)
    x[0, 0] = value
    return x


SPARSE = pd.SparseDtype(float, np.nan)
NO_NUMBERS = r"\bX must hold numbers"
# Name, what is given, what the message must say.
BAD_ROWS = [
    ("nan", lambda x: one(x, np.nan), "X contains NaN"),
    ("inf", lambda x: one(x, -np.inf), "X contains infinity"),
    ("inf 4", lambda x: one(x, np.inf).astype("f4"), "X contains infinity"),
    ("list nan", lambda x: one(x, np.nan).tolist(), "X contains NaN"),
    ("object None", lambda x: one_object(x, None), "X"),
    ("object list", lambda x: one_object(x, [1, 2]), r"\bX\b"),
    ("object word", lambda x: one_object(x, "seven"), r"\bX\b.*seven"),
    ("object huge", lambda x: one_object(x, 10**400), r"\bX\b"),
    ("object NA", lambda x: one_object(x, pd.NA), r"\bX\b"),
    ("pandas NA", lambda x: pd.DataFrame(one_object(x, pd.NA)), r"\bX\b"),
    ("polars null", lambda x: pl.DataFrame(one_object(x, None).tolist()), r"\bX\b"),
    ("words", lambda x: np.full(x.shape, "seven"), r"\bX\b.*(seven|strings)"),
    ("bytes", lambda x: np.full(x.shape, b"seven"), r"\bX\b.*(seven|strings)"),
    ("dates", lambda x: x.astype("M8[D]"), NO_NUMBERS),
    ("durations", lambda x: list(x.astype("m8[s]")), NO_NUMBERS),
    ("pandas dates", lambda x: pd.DataFrame(x).assign(a=pd.NaT), NO_NUMBERS),
    ("polars times", lambda x: pl.DataFrame(x.astype("m8[us]")), NO_NUMBERS),
    ("complex", lambda x: x + 1j, r"\bX\b.*[Cc]omplex"),
    ("masked", lambda x: np.ma.masked_array(x, one(x * 0, 1)), r"\bX\b.*masked"),
    ("ragged", lambda x: [*x.tolist(), [1.0]], r"\bX\b"),
    ("1-D", lambda x: x[:, 0], r"\bX\b.*2D array.*1D array"),
    ("3-D", lambda x: x[:, :, None], r"\bX\b.*dim 3.*PixelScaler"),
    ("3-D list", lambda x: x[:, :, None].tolist(), r"\bX\b.*dim 3.*PixelScaler"),
    ("5-D", lambda x: x[:, :, None, None, None], r"\bX\b.*dim 5.*PixelScaler"),
    ("0-D", lambda x: np.array(1.0), r"\bX\b.*scalar"),
    ("no rows", lambda x: x[:0], r"\bX\b.*0 sample"),
    ("no features", lambda x: x[:, :0], r"\bX\b.*0 feature"),
    ("empty list", lambda x: [], r"\bX\b"),
    ("None", lambda x: None, r"\bX\b"),
    ("number", lambda x: 3, r"\bX\b"),
    ("word", lambda x: "seven", r"\bX\b"),
    ("dict", lambda x: {"a": 1}, r"\bX\b"),
    ("set", lambda x: {1, 2}, r"\bX\b"),
    ("generator", lambda x: (row for row in []), r"\bX\b"),
    ("type", lambda x: np.ndarray, r"\bX\b"),
    ("matrix", np.asmatrix, r"\bX\b.*np\.matrix"),
    ("structured", lambda x: np.zeros(len(x), "f4,f4,f4,f4"), r"\bX\b"),
    ("csr empty", lambda x: scipy.sparse.csr_array(x[:0]), r"\bX\b"),
    ("csr nan", lambda x: scipy.sparse.csr_array(one(x, np.nan)), "X"),
    ("pandas sparse", lambda x: pd.DataFrame(one(x, np.nan)).astype(SPARSE), r"\bX\b"),
    (
        "names",
        lambda x: pd.DataFrame(one(x, np.inf)).add_prefix("q"),
        "X.* (inf|names)",
    ),
    ("pandas words", lambda x: pd.DataFrame(np.full(x.shape, "seven")), r"\bX\b"),
    ("polars words", lambda x: pl.DataFrame(np.full(x.shape, "seven")), r"\bX\b"),
]
TOO_LARGE = ("too large", lambda x: one(x, 1e300), "X contains infinity or a value too")
OTHER_WIDTH = [
    ("wider", lambda x: np.hstack([x, x]), r"\bX has 8 features.*4 features"),
    ("narrower", lambda x: x[:, :3], r"\bX has 3 features.*4 features"),
    ("much wider", lambda x: np.tile(x, 5000), r"\bX has 20000 features.*4 features"),
    ("one", lambda x: x[:, :1].tolist(), r"\bX has 1 features.*4 features"),
]


@st.composite
def rows(draw, n_rows, bad=(), p_bad=0.3, of_images=False):
    x = draw(plain_rows(n_rows))
    if bad and draw(st.floats(0, 1)) < p_bad:
        _, make, message = draw(st.sampled_from(bad))
        return Input("X", make(x), x, message)
    forms = dict(FORMS)
    if draw(st.booleans()):
        x = np.abs(np.rint(x))
        forms |= WHOLE_FORMS
    if not of_images:
        forms["numbers as text"] = lambda x: x.astype(str)
        forms |= SPARSE_FORMS
    return Input("X", forms[draw(st.sampled_from(sorted(forms)))](x), x)


# --- labels ------------------------------------------------------------------------

LABEL_FORMS = {
    "array": lambda y: y.copy(),
    "strided": lambda y: np.repeat(y, 2)[::2],
    "backwards": lambda y: y[::-1].copy()[::-1],
    "read-only": read_only,
    "list": lambda y: y.tolist(),
    "tuple": lambda y: tuple(y),
    "Series": pd.Series,
    "Series odd index": lambda y: pd.Series(y, index=np.arange(len(y))[::-1] + 9),
    "categorical": lambda y: pd.Series(pd.Categorical(y)),
    "column": lambda y: y[:, None],
    "object": lambda y: np.array(y.tolist(), object),
    "no mask": lambda y: np.ma.masked_array(y, False),
}
BAD_LABELS = [
    ("too few", lambda y: y[:-1], r"\by\b.*inconsistent numbers of samples"),
    ("too many", lambda y: [*y, y[0]], r"\by\b.*inconsistent numbers of samples"),
    ("none at all", lambda y: y[:0], r"\by\b"),
    ("None", lambda y: None, "requires y to be passed"),
    ("a number", lambda y: 3, r"\by\b"),
    ("a word", lambda y: "no", r"\by\b"),
    ("a dict", lambda y: {"no": 1}, r"\by\b"),
    ("a generator", lambda y: (label for label in y), r"\by\b"),
    ("one-hot", lambda y: np.eye(len(y)), r"\by\b.*y\.argmax\(axis=1\)"),
    ("two columns", lambda y: np.stack([y, y], 1), r"\by\b.*MultiOutputClassifier"),
    ("objects", lambda y: np.array([*range(len(y))], object), r"y: .*y\.astype\(int\)"),
    ("3-D", lambda y: y[:, None, None], r"\by\b"),
    ("lists", lambda y: [[1]] * (len(y) - 1) + [[1, 2]], r"\by\b"),
    ("sets", lambda y: [{1}] * len(y), r"\by\b"),
    ("nan", lambda y: np.full(len(y), np.nan), r"\by contains NaN"),
    ("inf", lambda y: np.full(len(y), np.inf), r"\by contains infinity"),
    ("fractions", lambda y: np.arange(len(y)) + 0.5, r"\by\b.*continuous"),
    ("complex", lambda y: np.arange(len(y)) + 1j, r"\by\b.*[Cc]omplex"),
    ("bytes", lambda y: np.array([b"n", b"y"] * len(y))[: len(y)], r"\by\b.*bytes"),
    ("mixed", lambda y: np.array([1, "a"] * len(y), object)[: len(y)], r"\by\b"),
    ("None in it", lambda y: np.array([None, *y[1:]], object), r"\by\b"),
    ("NA in it", lambda y: pd.Series([pd.NA, *[1] * (len(y) - 1)]), r"\by\b"),
    ("NaT", lambda y: np.full(len(y), "NaT", "M8[s]"), r"\by contains NaT"),
    ("masked", lambda y: np.ma.masked_array(y, np.arange(len(y)) < 1), "y .*masked"),
    ("sparse", lambda y: scipy.sparse.csr_array(np.eye(len(y))), r"\by\b"),
    ("structured", lambda y: np.zeros(len(y), "f4,f4"), r"\by\b"),
]
UNKNOWN = ("unknown", lambda y: np.full(len(y), 99), r"y has labels \[99\].*classes")


@st.composite
def labels(draw, n_rows, bad=(), p_bad=0.2, kind=None):
    kind = kind or draw(st.sampled_from(sorted(LABELS)))
    index = np.arange(n_rows) % 3
    y = LABELS[kind][index]
    if bad and draw(st.floats(0, 1)) < p_bad:
        _, make, message = draw(st.sampled_from(bad))
        return Input("y", make(y), index, message), LABELS[kind]
    name = draw(st.sampled_from(sorted(LABEL_FORMS)))
    form = LABEL_FORMS[name]
    if name == "object" and y.dtype.kind in "if":
        return Input("y", form(y), index, r"\by\b.*[Uu]nknown label"), LABELS[kind]
    return Input("y", form(y), index), LABELS[kind]


# --- weights -----------------------------------------------------------------------

WEIGHT_FORMS = {
    "array": lambda w: w.copy(),
    "float32": lambda w: w.astype(np.float32),
    "int": lambda w: w.astype(int),
    "uint8": lambda w: w.astype(np.uint8),
    "object": lambda w: w.astype(object),
    "list": lambda w: w.tolist(),
    "Series": lambda w: pd.Series(w, index=np.arange(len(w))[::-1]),
    "polars": pl.Series,
    "read-only": read_only,
    "strided": lambda w: np.repeat(w, 2)[::2],
    "big-endian": lambda w: w.astype(">f8"),
    "huge": lambda w: w * 2.0**1020,
    "tiny": lambda w: w * 2.0**-1060,
    "no mask": lambda w: np.ma.masked_array(w, False),
}
WEIGHT = "sample_weight"
BAD_WEIGHTS = [
    ("negative", lambda w: -1 - w, f"[Nn]egative.*{WEIGHT}"),
    ("nan", lambda w: w * np.nan, f"{WEIGHT} contains NaN"),
    ("inf", lambda w: (1 + w) * np.inf, f"{WEIGHT} contains infinity"),
    ("too few", lambda w: w[:-1], WEIGHT),
    ("too many", lambda w: [*w, 1.0], WEIGHT),
    ("empty", lambda w: [], WEIGHT),
    ("column", lambda w: w[:, None], WEIGHT),
    ("words", lambda w: ["much"] * len(w), f"{WEIGHT}.*much"),
    ("a word", lambda w: "balanced", f"{WEIGHT}.*balanced"),
    ("None in it", lambda w: [None, *w[1:]], WEIGHT),
    ("complex", lambda w: w + 1j, WEIGHT),
    ("dict", lambda w: {0: 1.0}, WEIGHT),
    ("durations", lambda w: w.astype("m8[s]"), f"{WEIGHT} must hold numbers"),
    ("masked", lambda w: np.ma.masked_array(w, w < 9), f"{WEIGHT}.*masked"),
    ("sparse", lambda w: scipy.sparse.csr_array(w[:, None]), WEIGHT),
    ("all zero", lambda w: w * 0, WEIGHT),
]


@st.composite
def weights(draw, n_rows, p_bad=0.15):
    if draw(st.booleans()):
        return Input(WEIGHT, None, np.ones(n_rows))
    w = draw(st.lists(st.integers(1, 3), min_size=n_rows, max_size=n_rows))
    w = np.array(w, float)
    if draw(st.floats(0, 1)) < p_bad:
        _, make, message = draw(st.sampled_from(BAD_WEIGHTS))
        return Input(WEIGHT, make(w), w, message)
    form = WEIGHT_FORMS[draw(st.sampled_from(sorted(WEIGHT_FORMS)))]
    return Input(WEIGHT, form(w), w)


# --- parameters --------------------------------------------------------------------

INTEGERS = [-1, 0, 1, 2, 2**63, 10**30, 10**400, np.int8(2), np.uint64(2**63)]
FLOATS = [-0.0, 0.5, 1.0, 1.5, 1e-320, 1e300, math.nan, math.inf, -math.inf]
FLOATS += [np.float16(0.5), np.float32(0.25), np.longdouble(0.5), np.float64("nan")]
WORDS = ["", "adam", "Adam", "relu", np.str_("relu"), "relu\0", "balanced", "constant"]
WORDS += ["float32", b"relu"]
SEQUENCES = [(), [], (2,), [2], (0,), (2, -1), (2.0,), (2, None), ("2",), (10**30,)]
SEQUENCES += [(True,), {2}, range(2), np.array(2), np.array([2]), np.array([2, 2])]
SEQUENCES += [(2, 1.5), np.array([0, 1]), np.array([8.5]), np.array([[8, 4]])]
DICTS = [{}, {0: 2.0}, {"0": 2.0}, {0: -1}, {0: "much"}, {0: None}, {0: [1]}]
DICTS += [{0: math.nan}, {0: 10**400}, {9: 1.0}]
OTHERS = [None, True, False, np.bool_(True), Fraction(1, 2), Decimal("0.5"), 1j, pd.NA]
OTHERS += [np.float32, np.dtype("float32"), np.datetime64("2000-01-01"), object()]
OTHERS += [print, MLPDigitClassifier]
OTHERS += [np.random.RandomState(0), np.random.default_rng(0)]
HOSTILE = [*INTEGERS, *FLOATS, *WORDS, *SEQUENCES, *DICTS, *OTHERS]
SAFE = {
    "hidden_units": [3, (2,), [2], np.int32(3)],
    "dropout": [0, 0.45, np.float32(0.5), 0.999],
    "l2": [0, 1e-4, 1, np.float64(0.1)],
    "optimizer": ["sgd", "adam"],
    "learning_rate": [1e-3, 0.5, np.float32(0.01), 1e-30],
    "learning_rate_schedule": ["linear", "cosine"],
    "batch_size": [64, 8, np.int64(8)],
    "epochs": [1, 3, np.int16(2)],
    "hard_fraction": [0, 0.5, np.float32(0.9)],
    "adversarial_epsilon": [0, 0.1, np.float32(0.5)],
    "class_weight": ["balanced", None],
    "early_stopping": [True, np.bool_(False)],
    "validation_fraction": [0.2, 0.4],
    "n_iter_no_change": [1, 10**30],
    "warm_start": [True],
    "dtype": ["float64"],
    "random_state": [7, np.uint32(7), np.random.RandomState(7)],
    "verbose": [0, False],
}
ACTIVATIONS = "elu gelu leaky_relu linear relu selu sigmoid silu softplus tanh"
OPTIMIZERS = "adadelta adafactor adagrad adam adamax adamw ftrl lion nadam rmsprop sgd"
LARGEST = 2**31 - 1


def is_in(value, kind, low, high, closed="both"):
    if not isinstance(value, kind) or isinstance(value, Fraction):
        return False
    value = value.item() if isinstance(value, np.generic) else value
    return (value > low or (closed == "both" and value == low)) and value <= high


def is_units(value):
    if isinstance(value, tuple | list | np.ndarray) and np.shape(value) != ():
        return len(value) > 0 and all(is_in(each, Integral, 1, 1000) for each in value)
    return is_in(value, Integral, 1, 1000)


def is_class_weight(value):
    # Of the classes 0 to 2.
    if isinstance(value, dict):
        return all(
            key in (0, 1, 2) and is_in(weight, Real, 0, 1e300)
            for key, weight in value.items()
        )
    return value is None or is_word("balanced")(value)


def is_word(*words):
    return lambda value: isinstance(value, str) and value in words


def is_flag(value):
    return isinstance(value, bool | np.bool_)


def is_empty(value):
    return isinstance(value, tuple | list) and not value


def is_random_state(value):
    state = value is None or isinstance(value, np.random.RandomState)
    return state or is_in(value, Integral, 0, 2**32 - 1)


# What the documentation allows, in words of its own.
ALLOWED = {
    "hidden_units": is_units,
    "activation": is_word(*ACTIVATIONS.split()),
    "dropout": lambda value: is_in(value, Real, 0, 1 - 1e-9),
    "l2": lambda value: is_in(value, Real, 0, 3e38),
    "optimizer": is_word("Adam", *OPTIMIZERS.split()),
    "learning_rate": lambda value: is_in(value, Real, 0, 3e38, "right"),
    "learning_rate_schedule": is_word("constant", "linear", "cosine"),
    "batch_size": lambda value: is_in(value, Integral, 1, LARGEST),
    "epochs": lambda value: is_in(value, Integral, 1, LARGEST),
    "hard_fraction": lambda value: is_in(value, Real, 0, 1 - 1e-9),
    "adversarial_epsilon": lambda value: is_in(value, Real, 0, 3e38),
    "class_weight": is_class_weight,
    "early_stopping": is_flag,
    "validation_fraction": lambda value: is_in(value, Real, 0, 1 - 1e-9, "right"),
    "n_iter_no_change": lambda value: is_in(value, Integral, 1, math.inf),
    "augmentation": lambda value: value is None,
    "callbacks": lambda value: value is None or is_empty(value),
    "warm_start": is_flag,
    "dtype": is_word("float32", "float64"),
    "random_state": is_random_state,
    "verbose": lambda value: is_flag(value) or is_in(value, Integral, 0, math.inf),
}
BASE = {
    "hidden_units": (2,),
    "dropout": 0.25,
    "batch_size": 8,
    "epochs": 2,
    "random_state": 0,
}


@st.composite
def parameters(draw, names=tuple(ALLOWED), p_bad=0.3):
    """Parameters, and the Input of the one of them that is hostile."""
    params = dict(BASE)
    if draw(st.floats(0, 1)) >= p_bad:
        safe = sorted(SAFE.keys() & set(names))
        for name in draw(st.lists(st.sampled_from(safe), max_size=3)):
            params[name] = copy.deepcopy(draw(st.sampled_from(SAFE[name])))
        return params, Input("nothing", None, None)
    name = draw(st.sampled_from(sorted(names)))
    value = copy.deepcopy(draw(st.sampled_from(HOSTILE)))
    message = "" if ALLOWED[name](value) else rf"\b{name}\b"
    return params | {name: value}, Input(name, value, value, message)
