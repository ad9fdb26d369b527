import pickle
import sys

import joblib
import numpy as np
import onnxruntime
import pytest
import skl2onnx
from commands import run_python
from networks import DIGITS, network
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, StandardScaler

import skmnist
from skmnist import DigitNormalizer, PixelScaler, UnsharpMask, to_onnx
from skmnist._network import ACTIVATIONS

X, Y = DIGITS.x_train[:300], DIGITS.y_train[:300]


def pixels(**kwargs):
    return make_pipeline(PixelScaler(), network(**kwargs))


@pytest.fixture(scope="module")
def model():
    return pixels().fit(X, Y)


def run(model, x):
    session = onnxruntime.InferenceSession(to_onnx(model).SerializeToString())
    return session.run(["label", "probabilities"], {"X": x})


def check_same(model, x, onnx_x=None, atol=1e-6):
    label, probabilities = run(model, x if onnx_x is None else onnx_x)
    np.testing.assert_array_equal(label, model.predict(x))
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities, model.predict_proba(x), rtol=0, atol=atol)
    return label


# The same answers


@pytest.mark.slow
@pytest.mark.parametrize("labels", [range(10), [f"digit {i}" for i in range(10)]])
def test_all_of_mnist(labels, mnist):
    y = np.asarray(labels)[mnist.y_train[:10_000]]
    model = pixels(hidden_units=128, epochs=3)
    model.fit(mnist.x_train[:10_000], y)
    assert len(check_same(model, mnist.x_test, atol=1e-5)) == 10_000


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_every_activation(activation):
    model = network(activation=activation, learning_rate=0.01)
    pipeline = make_pipeline(PixelScaler(), model).fit(X, Y)
    # Far from what was trained on, where activations differ most.
    check_same(pipeline, (X * 15).astype(np.uint8))


@pytest.mark.parametrize("scaled_first", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sharpening_becomes_part_of_the_first_layer(scaled_first, dtype):
    steps = [PixelScaler(), UnsharpMask(radius=1)][:: 1 if scaled_first else -1]
    model = make_pipeline(*steps, UnsharpMask(amount=0.5), network(dtype=dtype))
    model.fit(X, Y)
    kernel = model[-1].coefs_[0].copy()
    x = X if scaled_first else X.reshape(300, 64).astype("float32")
    check_same(model, X, x)
    np.testing.assert_array_equal(model[-1].coefs_[0], kernel)


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [
        (np.arange(10, dtype=np.uint8), np.int64),
        (np.arange(-5, 5), np.int64),
        (np.arange(10.0), np.float64),
        (np.array([False, True] * 5), bool),
        (np.array(list("abcdefghiö")), object),
        (np.array(list("abcdefghij"), object), object),
    ],
)
def test_every_kind_of_labels(labels, dtype):
    pipeline = pixels().fit(X, labels[Y])

    assert check_same(pipeline, X).dtype == dtype


@pytest.mark.parametrize("n_images", [0, 1, 7])
def test_any_number_of_images(n_images, model):
    label, probabilities = run(model, X[:n_images])

    assert label.shape == (n_images,)
    assert probabilities.shape == (n_images, 10)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(64,), (8, 8), (8, 8, 1)])
def test_every_kind_of_images(dtype, shape):
    x = X.astype(dtype).reshape(-1, *shape)
    check_same(pixels(epochs=1).fit(x, Y), x)


def test_a_classifier_alone_takes_rows():
    rows = PixelScaler().fit_transform(X)
    check_same(network().fit(rows, Y), rows)
    double = network(dtype="float64").fit(rows.astype(float), Y)
    check_same(double, rows.astype(float), rows)


def test_memory_mapped_weights(model, tmp_path):
    joblib.dump(model, tmp_path / "model")
    check_same(joblib.load(tmp_path / "model", mmap_mode="r"), X)


def test_steps_that_do_nothing_and_pipelines_in_pipelines():
    inner = make_pipeline(PixelScaler(max_value=4), "passthrough")
    model = Pipeline([("a", None), ("b", inner), ("c", network())]).fit(X, Y)

    check_same(model, X)


def test_the_model_runs_where_there_is_nothing_but_onnxruntime(model, tmp_path):
    (tmp_path / "model.onnx").write_bytes(to_onnx(model).SerializeToString())
    np.save(tmp_path / "x.npy", X)
    code = """if True:
        import sys
        import numpy, onnxruntime
        session = onnxruntime.InferenceSession("model.onnx")
        x = numpy.load("x.npy")
        numpy.save("y.npy", session.run(["label"], {"X": x})[0])
        print(*{"skmnist", "sklearn", "tensorflow", "onnx"} & set(sys.modules))
    """
    assert run_python(code, cwd=tmp_path) == "\n"
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), model.predict(X))


# What scikit-learn makes of it: rows for some, images for others


def voting(*steps, **kwargs):
    return VotingClassifier([(str(i), step) for i, step in enumerate(steps)], **kwargs)


ROWS = X.reshape(300, 64).astype("float32")
OTHER = LogisticRegression(max_iter=1000)
SELECTION = SimpleImputer(), VarianceThreshold()
QUANTILES = make_pipeline(PixelScaler(), QuantileTransformer(n_quantiles=9))
COLUMNS = make_column_transformer((PCA(5), slice(40)), remainder="passthrough")
COMPOSITIONS = {
    "scaler": (make_pipeline(StandardScaler(), network()), ROWS),
    "components": (make_pipeline(StandardScaler(), PCA(20), network()), ROWS),
    "selected": (
        make_pipeline(*SELECTION, SelectKBest(k=30), MinMaxScaler(), network()),
        ROWS,
    ),
    "union": (make_pipeline(make_union(StandardScaler(), PCA(5)), network()), ROWS),
    "columns": (make_pipeline(COLUMNS, network()), ROWS / 16),
    "search": (GridSearchCV(pixels(), {"pixelscaler__max_value": [9]}, cv=2), X),
    "calibrated": (CalibratedClassifierCV(pixels(), cv=2), X),
    "voting": (
        voting(pixels(), "drop", pixels(epochs=4), voting="soft", weights=[1, 9, 2]),
        X,
    ),
    "stacking": (
        StackingClassifier([("a", network()), ("b", OTHER)], OTHER, cv=2),
        ROWS / 16,
    ),
    "stacked images": (StackingClassifier([("a", pixels())], network(), cv=2), X),
    "one of each": (OneVsRestClassifier(network()), ROWS / 16),
    "bag": (BaggingClassifier(network(), n_estimators=2, random_state=0), ROWS / 16),
    "calibrated votes": (
        CalibratedClassifierCV(voting(pixels(), pixels(), voting="soft"), cv=2),
        X,
    ),
}


@pytest.mark.parametrize("kind", COMPOSITIONS)
@pytest.mark.parametrize(
    "labels", [range(10), [0, 1] * 5, ["even", "odd"] * 5], ids=["ten", "two", "names"]
)
def test_compositions_of_scikit_learn(kind, labels):
    model, x = COMPOSITIONS[kind]
    check_same(clone(model).fit(x, np.asarray(labels)[Y]), x)


def test_frozen_estimators_and_hard_votes():
    y = Y.astype("uint8")
    frozen = FrozenEstimator(pixels().fit(X, y))
    check_same(CalibratedClassifierCV(frozen, cv=2).fit(X, y), X)
    model = voting(pixels(), pixels(epochs=4)).fit(X, y)
    np.testing.assert_array_equal(run(model, X)[0], model.predict(X))


def test_skl2onnx_by_itself_knows_the_estimators():
    rows = ROWS / 16
    model = make_pipeline(StandardScaler(), network()).fit(rows, Y)
    skmnist.register_onnx_converters()
    converted = skl2onnx.to_onnx(model, rows[:1], target_opset=17)
    session = onnxruntime.InferenceSession(converted.SerializeToString())
    label, maps = session.run(None, {"X": rows})

    np.testing.assert_array_equal(label, model.predict(rows))
    assert maps[0] == pytest.approx(
        dict(enumerate(model.predict_proba(rows)[0])), abs=1e-6
    )


def test_converting_leaves_the_estimator_alone():
    model, x = COMPOSITIONS["voting"]
    model = clone(model).fit(x, Y)
    before = pickle.dumps(model)
    to_onnx(model)
    assert pickle.dumps(model) == before


def test_only_standard_operators(model):
    converted = to_onnx(model)

    versions = {each.domain: each.version for each in converted.opset_import}
    assert versions == {"": 13, "ai.onnx.ml": 1}
    assert {node.domain for node in converted.graph.node} == {""}


# What cannot be converted


def damaged(step, **attributes):
    model = pixels(epochs=1).fit(X, Y)
    vars(model[step]).update(attributes)
    return model


@pytest.mark.parametrize(
    ("estimator", "error", "message"),
    [
        ("model", ValueError, "'estimator' parameter of to_onnx"),
        (network(), NotFittedError, "not fitted"),
        (pixels(), NotFittedError, "not fitted"),
        (GridSearchCV(network(), {}), NotFittedError, "GridSearchCV"),
        (PixelScaler().fit(X), ValueError, "must be a classifier; got a PixelScaler"),
        (damaged(1, coefs_=[]), ValueError, "an array for each layer"),
        (damaged(1, coefs_=None), ValueError, "damaged"),
        (damaged(1, n_features_in_=63), ValueError, "63 features and 10 classes can"),
        (damaged(1, classes_=np.arange(9)), ValueError, "9 classes cannot have"),
        (damaged(1, _activation="exp"), ValueError, "activation='exp'"),
        (damaged(0, n_features_in_=49, image_shape_=(7, 7)), ValueError, "MatMul"),
        (damaged(0, max_value_=0.0), ValueError, "max_value_ must be above 0"),
        (damaged(0, dtype_=str), ValueError, "no type of pixels"),
        (
            damaged(1, classes_=np.array([*range(9), "a"], object)),
            ValueError,
            "classes_ must be strings, booleans, or numbers",
        ),
    ],
)
def test_what_cannot_be_converted_is_an_error(estimator, error, message):
    with pytest.raises(error, match=message):
        to_onnx(estimator)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (make_pipeline(DigitNormalizer(), pixels()), r"Normalizer.*pipeline\[1:\]"),
        (CalibratedClassifierCV(pixels(), method="isotonic"), "Calib.* 'isotonic'"),
        (make_pipeline(QUANTILES, network()), "^QuantileT"),
        (make_pipeline(PixelScaler(), OneVsOneClassifier(network())), "^OneVsOne"),
        (TunedThresholdClassifierCV(pixels(), cv=2), "TunedThres.* estimator_"),
        (StackingClassifier([("a", pixels())], stack_method="predict"), "Stack.*proba"),
    ],
)
def test_what_onnx_cannot_express_is_named(estimator, message):
    estimator.fit(X, Y % 2)
    with pytest.raises(ValueError, match=message):
        to_onnx(estimator)


def test_without_skl2onnx_the_error_says_how_to_get_it(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'skmnist\[onnx\]'"):
        to_onnx(model)
