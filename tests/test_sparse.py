"""Sparse rows are trained on and predicted as the dense ones, bit for bit."""

import numpy as np
import pytest
import scipy.sparse
from commands import run_python
from networks import network, same_weights
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

RNG = np.random.default_rng(0)
X = RNG.random((300, 40), np.float32) * (RNG.random((300, 40)) < 0.2)
Y = (X @ RNG.normal(size=(40, 3))).argmax(axis=1)
KINDS = [
    getattr(scipy.sparse, f"{form}_{kind}")
    for form in ("csr", "csc", "coo")
    for kind in ("array", "matrix")
]


def assert_same(a, b):
    assert same_weights(a, b)
    assert a.history_ == b.history_


@pytest.mark.parametrize("kind", KINDS)
def test_every_method(kind):
    sparse = kind(X)
    dense_model, model = network().fit(X, Y), network().fit(sparse, Y)
    assert_same(model, dense_model)
    dense_model.partial_fit(X[:200], Y[:200])
    model.partial_fit(kind(X[:200]), Y[:200])
    assert_same(model, dense_model)
    for method in ("predict", "predict_proba", "predict_log_proba"):
        expected = getattr(dense_model, method)(X)
        np.testing.assert_array_equal(getattr(model, method)(sparse), expected)
    assert model.score(sparse, Y) == dense_model.score(X, Y)


@pytest.mark.filterwarnings("ignore:.*no bfloat16 instructions")
@pytest.mark.parametrize(
    "kwargs",
    [
        {"early_stopping": True},
        {"hard_fraction": 0.3},
        {"class_weight": "balanced", "dtype": "float64"},
        {"batch_size": 7, "learning_rate_schedule": "cosine"},
        {"hidden_units": 256, "batch_size": 256, "dtype": "mixed_bfloat16"},
    ],
)
def test_settings(kwargs):
    weight = np.arange(300) % 3
    dense = network(**kwargs).fit(X, Y, weight)
    assert_same(network(**kwargs).fit(scipy.sparse.csr_array(X), Y, weight), dense)


def test_wide_rows_are_predicted_in_small_parts(monkeypatch):
    model = network().fit(X, Y)
    monkeypatch.setattr("skmnist._network._NUMBERS_AT_ONCE", 400)
    expected = model.predict_proba(X)
    found = model.predict_proba(scipy.sparse.csr_array(X))
    np.testing.assert_array_equal(found, expected)


def test_numbers_given_twice_are_added():
    rows = scipy.sparse.csr_array(X)
    numbers = np.tile(rows.data / 2, 2)
    places = tuple(np.tile(each, 2) for each in rows.nonzero())
    twice = scipy.sparse.coo_array((numbers, places), shape=X.shape)
    assert_same(network().fit(twice, Y), network().fit(X, Y))


def test_behind_vectorizers_and_encoders():
    words = np.array(["one", "two", "three"])
    texts = [" ".join(RNG.permutation([words[i], "and", "so", "on"])) for i in Y]
    model = make_pipeline(TfidfVectorizer(), network(epochs=30, batch_size=16))
    assert cross_val_score(model, texts, Y, cv=2).min() > 0.95
    model = make_pipeline(OneHotEncoder(), network(epochs=30, batch_size=16))
    assert model.fit(words[Y][:, None], Y).score(words[Y][:, None], Y) == 1


@pytest.mark.posix
@pytest.mark.slow
def test_memory_of_wide_rows():
    # 4,000 rows of 100,000 features are 1.6 GB when they are dense; the weights and
    # Adam's two means of each are 307 MB.
    program = """
import resource, scipy.sparse, numpy as np
from skmnist import MLPDigitClassifier
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
x = scipy.sparse.random(4000, 100_000, 0.001, format="csr", dtype=np.float32)
y = np.arange(4000) % 10
model = MLPDigitClassifier(epochs=1, random_state=0)
model.fit(x[:100, :10], y[:100])
before = peak()
model.fit(x, y)
print(peak() - before)
"""
    assert float(run_python(program)) < 1000
