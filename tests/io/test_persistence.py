import copy
import io
import json
import os
import pickle
import platform
import stat
import zipfile
from hashlib import sha256
from pathlib import Path

import joblib
import keras
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn
import skops.io
from commands import run_python
from networks import DIGITS, network
from saved_files import Bait, add_footer, changed
from sklearn.base import BaseEstimator
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import skmnist
from skmnist import ImageAugmentation, MLPDigitClassifier, PixelScaler, load, save
from skmnist._io._atomic import check_writable
from skmnist._io._persistence import _FORMAT, _OLDEST
from skmnist._io._trusted import TRUSTED

X, Y = DIGITS.x_train[:300], DIGITS.y_train[:300]
ROWS = X.reshape(300, 64) / 16


@pytest.fixture(scope="module")
def model():
    return make_pipeline(PixelScaler(16), network()).fit(X, Y)


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.skops"
    save(model, path)
    return path


def same_state(a, b):
    """Compare all that two estimators remember, to the bit and the type."""
    assert type(a) is type(b)
    if isinstance(a, BaseEstimator):
        same_state(vars(a), vars(b))
    elif isinstance(a, np.ndarray):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b, strict=True)
    elif isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            same_state(a[key], b[key])
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same_state(x, y)
    elif isinstance(a, np.random.RandomState):
        same_state(a.get_state(legacy=False), b.get_state(legacy=False))
    else:
        assert a == b or (a != a and b != b)


# What comes back


@pytest.mark.parametrize(
    ("estimator", "labels"),
    [
        (network(), range(10)),
        (network(dtype="float64", hidden_units=(8,)), [False, True] * 5),
        (network(class_weight={0: 2.0, 1: 1}), [False, True] * 5),
        (network(class_weight={"even": 1.0, "odd": 2.5}), ["even", "odd"] * 5),
        (
            network(random_state=np.random.RandomState(5)),
            np.array([*"abcdefghij"], "O"),
        ),
        (network(early_stopping=True, learning_rate_schedule="cosine"), range(-5, 5)),
        (network(optimizer="sgd", learning_rate=0.1), np.arange(10.0)),
        (network(augmentation=ImageAugmentation(rotation=5)), range(10)),
    ],
)
def test_a_classifier_comes_back_the_same(estimator, labels, tmp_path):
    y = np.asarray(labels)[Y]
    frame = pd.DataFrame(ROWS, columns=[f"pixel {i}" for i in range(64)])
    estimator.fit(frame, y)
    before = copy.deepcopy(estimator)
    save(estimator, tmp_path / "model")
    loaded = load(tmp_path / "model")

    same_state(before, estimator)
    same_state(estimator, loaded)
    for method in ("predict", "predict_proba"):
        expected = getattr(estimator, method)(frame)
        np.testing.assert_array_equal(getattr(loaded, method)(frame), expected)


def test_a_pipeline_and_its_scaler_come_back_the_same(model, saved):
    loaded = load(str(saved))

    same_state(model, loaded)
    scaled = loaded[0].transform(X)
    np.testing.assert_array_equal(loaded[0].inverse_transform(scaled), X, strict=True)


def test_requests_of_metadata_come_back(tmp_path):
    with sklearn.config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        mlp = network(epochs=1).set_fit_request(sample_weight=True, X_val=False)
        scorer = get_scorer("accuracy").set_score_request(sample_weight=True)
        splits = GroupKFold(2).set_split_request(groups=False)
        model = GridSearchCV(make_pipeline(scaler, mlp), {}, scoring=scorer, cv=splits)
        expected = str(model.get_metadata_routing())
        for _ in range(2):  # loaded requests can be saved, too
            save(model, tmp_path / "model")
            model = load(tmp_path / "model")
            assert str(model.get_metadata_routing()) == expected


def test_memory_mapped_weights_are_saved(model, tmp_path):
    joblib.dump(model, tmp_path / "pickle")
    mapped = joblib.load(tmp_path / "pickle", mmap_mode="r")
    assert type(mapped[-1].coefs_[0]) is np.memmap
    save(mapped, tmp_path / "model")
    same_state(model, load(tmp_path / "model"))


def test_an_unfitted_estimator_comes_back_the_same(tmp_path):
    pipeline = make_pipeline(PixelScaler(3.5), network(hidden_units=(3, 2)))
    grid = {"mlpdigitclassifier__l2": np.logspace(-6, -3, 4)}
    estimator = GridSearchCV(pipeline, grid)
    save(estimator, tmp_path / "model")

    same_state(estimator, load(tmp_path / "model"))


@pytest.mark.parametrize("optimizer", ["adam", "nadam", "ftrl"])
def test_training_goes_on_as_if_nothing_had_been_saved(optimizer, tmp_path):
    estimator = network(optimizer=optimizer, warm_start=True).fit(ROWS, Y)
    save(estimator, tmp_path / "model")
    loaded = load(tmp_path / "model")
    for each in (estimator, loaded):
        each.fit(ROWS, Y)
        each.partial_fit(ROWS[:100], Y[:100])

    assert loaded.n_iter_ == 5
    same_state(estimator, loaded)


# Versions

SAVED = Path(__file__).parent / "saved"


def test_each_format_has_a_saved_model():
    names = sorted(path.name for path in SAVED.glob("*.skops"))

    assert names == [f"format-{i}.skops" for i in range(_OLDEST, _FORMAT + 1)]


@pytest.mark.parametrize("number", range(_OLDEST, _FORMAT + 1))
def test_a_saved_model_of_each_format_predicts_in_the_slim_installation(number):
    # What docs/serving.md installs, and what that needs.
    code = """if True:
        import sys
        from importlib.metadata import packages_distributions

        allowed = {"numpy", "scipy", "sklearn", "skmnist"}
        allowed |= {"cloudpickle", "joblib", "narwhals", "threadpoolctl"}
        allowed |= {"skops", "packaging", "prettytable", "wcwidth"}
        others = packages_distributions().keys() - allowed

        class Blocker:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in others:
                    raise ModuleNotFoundError(f"no {name}", name=name)

        sys.meta_path.insert(0, Blocker())
        import numpy as np
        import skmnist
        from skmnist.datasets import load_digits
        model = skmnist.load(sys.argv[1] + ".skops")
        x = load_digits().x_test[:20]
        difference = model.predict_proba(x) - np.load(sys.argv[1] + ".npy")
        print(model.predict(x)[0], np.abs(difference).max() < 1e-6)
        assert {"tensorflow", "keras", "pandas", "matplotlib"} < others
        for needs in (
            lambda: model.fit(x, model.predict(x)),
            lambda: skmnist.to_onnx(model),
        ):
            try:
                needs()
            except ImportError as error:
                print(error)
    """
    # scikit-learn warns of its own Pipeline, if another version has saved it.
    warnings = "error,ignore:Trying to unpickle"
    out = run_python(code, SAVED / f"format-{number}", env={"PYTHONWARNINGS": warnings})

    assert out.splitlines() == [
        "digit 7 True",
        "training and to_keras need TensorFlow and Keras: pip install tensorflow keras",
        "to_onnx needs onnx and skl2onnx: pip install 'skmnist[onnx]'",
    ]


@pytest.mark.parametrize(
    ("number", "advice"),
    [(1, "fit and save it again"), (9, "pip install -U skmnist")],
)
def test_another_format_is_refused_in_one_clear_line(number, advice, saved, tmp_path):
    data = saved.read_bytes()[:-66]
    data = data.replace(f'"format": {_FORMAT}'.encode(), f'"format": {number}'.encode())
    data += sha256(data).hexdigest().encode() + b'"}'
    (tmp_path / "model").write_bytes(data)

    message = f"model was saved by .* in format {number}, .* {_FORMAT}: {advice}$"
    with pytest.raises(ValueError, match=message) as e:
        load(tmp_path / "model")
    assert "\n" not in str(e.value)


def test_the_versions_are_in_the_file(saved):
    with zipfile.ZipFile(saved) as archive:
        versions = json.loads(archive.comment)["versions"]

    assert versions["skmnist"] == skmnist.__version__
    assert versions["numpy"] == np.__version__
    assert versions["keras"] == keras.__version__
    assert versions["python"] == platform.python_version()


def test_skops_reads_the_file_too(model, saved):
    same_state(model, skops.io.load(saved, trusted=TRUSTED))


# What a file cannot do


def test_a_type_that_is_not_trusted_is_named_and_not_loaded(tmp_path):
    bait = Bait()
    bait.path = str(tmp_path / "trace")
    data = skops.io.dumps(make_pipeline(PixelScaler(), bait))
    (tmp_path / "model").write_bytes(add_footer(data))

    with pytest.raises(ValueError, match=r"model is damaged, or .*Bait"):
        load(tmp_path / "model")
    assert not (tmp_path / "trace").exists()
    # The bait is a good one.
    skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))
    assert (tmp_path / "trace").exists()


class Command:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_no_pickle_is_loaded(saved, tmp_path):
    command = Command(str(tmp_path / "trace"))
    (tmp_path / "model").write_bytes(pickle.dumps(command))
    with pytest.raises(ValueError, match="not a zip file"):
        load(tmp_path / "model")

    array = io.BytesIO()
    np.save(array, np.array([command]), allow_pickle=True)
    data = changed(saved, rb"(?s)^\x93NUMPY.+", lambda _: array.getvalue())
    (tmp_path / "model").write_bytes(data)
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        load(tmp_path / "model")
    assert not (tmp_path / "trace").exists()
    array.seek(0)
    np.load(array, allow_pickle=True)
    assert (tmp_path / "trace").exists()


# Files that are no models


def flipped(data):
    for i in range(len(data)):
        yield data[:i] + bytes([data[i] ^ 1 << i % 8]) + data[i + 1 :]


def test_every_flipped_bit_is_an_error(saved, tmp_path):
    path = tmp_path / "model"
    save(PixelScaler(), path)
    whole = saved.read_bytes()
    lengths = 0, 1, 100, len(whole) // 2, len(whole) - 30, len(whole) - 1
    truncated = [whole[:length] for length in lengths]
    without_checksum = skops.io.dumps(PixelScaler())
    for data in (*flipped(path.read_bytes()), *truncated, without_checksum):
        path.write_bytes(data)
        with pytest.raises(ValueError, match="model is damaged, or is not a model"):
            load(path)


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        (rb'"content": "64"', b'"content": "63"', "image_shape_=.* 63 pixels"),
        (rb'"content": "16.0"', b'"content": "-1.0"', "max_value_ must be above 0"),
        (rb"'shape': \(64, 16\)", b"'shape': (16, 64)", "cannot have the weights"),
        (rb"'shape': \(64, 16\)", b"'shape': (64, 17)", "should follow, but there are"),
        (rb"'descr': '<f4'", b"'descr': '<i4'", "float32 or float64"),
        (rb'"intercepts_"', b'"intercepts"', "no attribute 'intercepts_'"),
        (rb'"n_iter_"', b'"predict"', "has no attribute predict of its own"),
        (rb"relu", b"swish", "'activation' parameter"),
        (rb'"__class__": "uint8"', b'"__class__": "str"', "Untrusted .*numpy.str"),
    ],
)
def test_what_does_not_fit_together_is_an_error(
    pattern, replacement, message, saved, tmp_path
):
    (tmp_path / "model").write_bytes(changed(saved, pattern, replacement))

    with pytest.raises(ValueError, match=f"model is damaged, or .*{message}"):
        load(tmp_path / "model")


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        (rb'"file": "[0-9]+.npy"', b'"file": "twice.npy"', "two arrays"),
        (rb'"__class__": "uint8"', b'"__class__": "void"', "numpy.void is never"),
        (rb'"content": "4"', b'"content": "9"', "pool_size 4"),
        # skops before 0.15 calls whatever numpy.random has under that name.
        (b"PCG64", b"seed", r"Untrusted types .*numpy\.random\.seed"),
    ],
)
def test_what_skops_would_let_through_is_an_error(
    pattern, replacement, message, tmp_path
):
    arrays = {"a": np.arange(3), "b": np.arange(4), "c": np.uint8(1)}
    estimator = FunctionTransformer(kw_args={"rng": np.random.default_rng(0), **arrays})
    path = tmp_path / "model"
    save(estimator, path)
    path.write_bytes(changed(path, pattern, replacement))

    with pytest.raises(ValueError, match=message):
        load(path)


@pytest.mark.parametrize("name", ["csr_matrix", "spmatrix"])
def test_no_sparse_matrix_is_loaded(name, tmp_path):
    # Compiled code would follow its indices to any place in memory.
    matrix = scipy.sparse.csr_matrix(np.eye(3))
    stored = io.BytesIO()
    scipy.sparse.save_npz(stored, matrix, compressed=False)
    path = tmp_path / "model"
    skops.io.dump(FunctionTransformer(kw_args={"matrix": matrix}), path)
    kind = getattr(scipy.sparse, name)
    for pattern, replacement in (
        (rb"(?s)^PK.+", lambda _: stored.getvalue()),
        (b"csr_matrix", name.encode()),
        (rb"scipy\.sparse\._csr", kind.__module__.encode()),
    ):
        path.write_bytes(changed(path, pattern, replacement))

    with pytest.raises(ValueError, match="sparse matrices are never"):
        load(path)


def archive(**members):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as target:
        for name, text in members.items():
            target.writestr(name.replace("_", "."), text)
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"hello", "not a zip file"),
        (archive(), r"schema\.json"),
        (archive(schema_json="hello"), "Expecting value"),
        (archive(schema_json="[" * 100_000), "recursion"),
        (archive(schema_json="[]"), "list"),
        (archive(schema_json=" " * 8_000_001), "too long"),
        (archive(schema_json='{"protocol": 10000}'), "protocol"),
        (skops.io.dumps({"a": 1}), "it holds a dict"),
        (skops.io.dumps(MLPDigitClassifier), "it holds a type"),
        (skops.io.dumps(PixelScaler(), compression=zipfile.ZIP_DEFLATED), "compressed"),
    ],
)
def test_another_file_is_an_error_that_says_why(data, reason, tmp_path):
    (tmp_path / "model").write_bytes(add_footer(data) if data[:2] == b"PK" else data)

    with pytest.raises(ValueError, match=f"model is damaged, or is not .*{reason}"):
        load(tmp_path / "model")


@pytest.mark.posix
def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing"):
        load(tmp_path / "nothing")
    with pytest.raises(OSError, match=tmp_path.name):
        load(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):  # endless
        with pytest.raises(OSError, match="loaded from a file only"):
            load(path)
    with pytest.raises(ValueError, match="'path' parameter of load"):
        load(5)


# Estimators that cannot be saved


@pytest.fixture
def existing(tmp_path):
    path = tmp_path / "model.skops"
    save(PixelScaler(7), path)
    yield path
    assert os.listdir(tmp_path) == ["model.skops"]
    assert load(path).max_value == 7


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (FunctionTransformer(lambda x: x), "FunctionTransformer, cannot be saved"),
        (make_pipeline(Bait()), "a Pipeline, cannot be saved: .*Bait"),
        (
            FunctionTransformer(kw_args={"matrix": scipy.sparse.csr_array(np.eye(3))}),
            "cannot be saved: sparse matrices",
        ),
        (network(class_weight={True: 2.0, False: 1.0}), "class_weight=.* would change"),
        (
            GridSearchCV(network(class_weight={1: 2, "1": 1}), {}),
            "class_weight=.* would",
        ),
        (network(class_weight={(1, 2): 1.0}), "cannot be saved"),
        ("model", "'estimator' parameter of save must be"),
        (MLPDigitClassifier, "'estimator' parameter of save must be"),
    ],
)
def test_what_cannot_be_saved_is_an_error(estimator, message, existing):
    with pytest.raises(ValueError, match=message):
        save(estimator, existing)


def test_optimizers_cannot_be_saved(existing):
    # Made here: the first one of a process decides over TensorFlow's threads.
    mlp = network(optimizer=keras.optimizers.SGD(0.1))
    with pytest.raises(ValueError, match=r"optimizer, a SGD, cannot .* learning_rate"):
        save(make_pipeline(PixelScaler(), mlp), existing)


# Places that cannot be written


@pytest.mark.parametrize(
    "write",
    [
        lambda path: save(PixelScaler(), path),
        lambda path: check_writable(path, "the model"),
    ],
)
@pytest.mark.posix
def test_a_path_that_cannot_be_written(write, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("text")
    os.mkfifo(tmp_path / "pipe")
    before = sorted(tmp_path.rglob("*"))
    for name, message in {
        "nowhere/model": r"there is no folder .*nowhere\): .*nowhere/model'",
        "folder": "is not a file.*folder'",
        "pipe": "is not a file.*pipe'",
        "file/model": "file/model'",
        "x" * 300: "File name too long",
    }.items():
        with pytest.raises(OSError, match=f"the model cannot be saved .*{message}"):
            write(tmp_path / name)
    with pytest.raises(ValueError, match="'path' parameter of"):
        save(PixelScaler(), None)

    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "text"


def test_looking_whether_a_path_can_be_written_leaves_it_alone(existing):
    check_writable(existing, "it")
    check_writable(existing.with_name("other"), "it")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.posix
def test_a_new_file_has_the_users_permissions_and_an_old_one_keeps_its_own(tmp_path):
    before = os.umask(0o027)
    try:
        save(PixelScaler(), tmp_path / "new")
        (tmp_path / "old").touch()
        (tmp_path / "old").chmod(0o604)
        save(PixelScaler(), tmp_path / "old")
    finally:
        os.umask(before)

    assert mode(tmp_path / "new") == 0o640
    assert mode(tmp_path / "old") == 0o604


@pytest.mark.posix
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder/model")
    save(PixelScaler(5), tmp_path / "link")

    assert (tmp_path / "link").is_symlink()
    assert load(tmp_path / "folder/model").max_value == 5
