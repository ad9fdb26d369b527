"""What scikit-learn makes of our estimators is saved; what could do harm is not."""

import importlib
import inspect
import os

import networks
import numpy as np
import pytest
import sklearn
import skops.io
from networks import network
from packaging.version import Version
from saved_files import Bait, add_footer
from scipy import stats
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import SelectKBest, VarianceThreshold, chi2
from sklearn.frozen import FrozenEstimator
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, hinge_loss, make_scorer
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    check_cv,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    QuantileTransformer,
    StandardScaler,
)

from skmnist import PixelScaler, load, save
from skmnist._io._trusted import TRUSTED
from skmnist._sklearn_compat import ProgressBar

X, Y = networks.X[:200], networks.Y[:200]
BEFORE_1_8 = Version(sklearn.__version__) < Version("1.8")
GRID = {"hidden_units": [3, 4]}
HALVING = {"cv": 2, "random_state": 0}


def mlp(epochs=1):
    return network(5, epochs=epochs)


def two():
    return [("a", mlp()), ("b", mlp(epochs=2))]


def search_of_a_pipeline():
    grid = {"mlpdigitclassifier__hidden_units": [3, 4]}
    return GridSearchCV(make_pipeline(PixelScaler(), mlp()), grid, cv=2)


KINDS = {
    "grid": lambda: GridSearchCV(mlp(), GRID, cv=2),
    "log loss": lambda: GridSearchCV(mlp(), GRID, cv=2, scoring="neg_log_loss"),
    "several scores": lambda: GridSearchCV(
        mlp(), GRID, cv=2, scoring=["accuracy", "neg_log_loss"], refit="accuracy"
    ),
    "own scorer": lambda: GridSearchCV(
        mlp(), GRID, cv=2, scoring=make_scorer(f1_score, average="macro")
    ),
    "splits": lambda: GridSearchCV(
        mlp(), GRID, cv=StratifiedKFold(2, shuffle=True, random_state=0)
    ),
    "repeated": lambda: GridSearchCV(
        mlp(), {}, cv=RepeatedStratifiedKFold(n_splits=2, n_repeats=1, random_state=0)
    ),
    "randomized": lambda: RandomizedSearchCV(mlp(), GRID, n_iter=1, **HALVING),
    "halving": lambda: HalvingGridSearchCV(mlp(), GRID, **HALVING),
    "halving randomized": lambda: HalvingRandomSearchCV(
        mlp(), GRID, n_candidates=2, **HALVING
    ),
    "sigmoid": lambda: CalibratedClassifierCV(mlp(), cv=2),
    "isotonic": lambda: CalibratedClassifierCV(mlp(), cv=2, method="isotonic"),
    "temperature": lambda: CalibratedClassifierCV(mlp(), cv=2, method="temperature"),
    "frozen": lambda: CalibratedClassifierCV(
        FrozenEstimator(mlp().fit(X, Y)), method="isotonic"
    ),
    "soft votes": lambda: VotingClassifier(two(), voting="soft"),
    "hard votes": lambda: VotingClassifier([*two(), ("c", LogisticRegression())]),
    "stacking": lambda: StackingClassifier(two(), cv=2),
    "tuned threshold": lambda: TunedThresholdClassifierCV(mlp(), cv=2),
    "fixed threshold": lambda: FixedThresholdClassifier(mlp(), threshold=0.3),
    "imputer": lambda: make_pipeline(SimpleImputer(), StandardScaler(), mlp()),
    "neighbors": lambda: make_pipeline(KNNImputer(), PCA(9), mlp()),
    "selection": lambda: make_pipeline(VarianceThreshold(), SelectKBest(k=9), mlp()),
    "chi2": lambda: make_pipeline(MinMaxScaler(), SelectKBest(chi2, k=9), mlp()),
    "quantiles": lambda: make_pipeline(QuantileTransformer(n_quantiles=9), mlp()),
    "columns": lambda: make_pipeline(
        ColumnTransformer([("a", PCA(2), slice(0, 32))], remainder="passthrough"), mlp()
    ),
    "union": lambda: make_pipeline(make_union(PCA(2), StandardScaler()), mlp()),
    "bag": lambda: BaggingClassifier(mlp(), n_estimators=2, random_state=0),
    "boosting": lambda: AdaBoostClassifier(
        mlp(epochs=9), n_estimators=2, random_state=0
    ),
    "one against the rest": lambda: OneVsRestClassifier(mlp()),
    "one against one": lambda: OneVsOneClassifier(mlp()),
    "outputs": lambda: MultiOutputClassifier(mlp()),
    "chain": lambda: ClassifierChain(mlp()),
    "search of a pipeline, calibrated, in a vote": lambda: VotingClassifier(
        [("a", CalibratedClassifierCV(search_of_a_pipeline(), cv=2))], voting="soft"
    ),
}
OTHER_LABELS = {
    "tuned threshold": Y % 2,
    "fixed threshold": Y % 2,
    "outputs": np.c_[Y % 2, Y % 3 > 0],
    "chain": np.c_[Y % 2, Y % 3 > 0],
}


@pytest.mark.filterwarnings("ignore:Features .* are constant")
@pytest.mark.filterwarnings("ignore:invalid value encountered in divide")
@pytest.mark.parametrize("kind", KINDS)
def test_a_fitted_composition_comes_back_and_predicts_the_same(kind, tmp_path):
    if kind == "temperature" and BEFORE_1_8:
        pytest.skip("scikit-learn has it since 1.8")
    model = KINDS[kind]().fit(X, OTHER_LABELS.get(kind, Y))
    save(model, tmp_path / "model")
    loaded = load(tmp_path / "model")

    for method in ("predict", "predict_proba", "transform"):
        if hasattr(model, method):
            np.testing.assert_array_equal(
                getattr(loaded, method)(X), getattr(model, method)(X)
            )
    if hasattr(model, "cv_results_"):
        assert loaded.best_params_ == model.best_params_
        assert loaded.score(X, Y) == model.score(X, Y)


# What stays outside


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            RandomizedSearchCV(
                mlp(), {"dropout": stats.uniform(0, 0.5)}, n_iter=1, **HALVING
            ),
            r"uniform_gen.* Save what the search found, search\.best_estimator_",
        ),
        (
            StackingClassifier([("a", mlp()), ("b", RandomForestClassifier(2))], cv=2),
            r"StackingClassifier, cannot be saved: .*sklearn\.tree\._tree\.Tree",
        ),
        (
            GridSearchCV(mlp(), {}, cv=2, scoring=lambda *_: 0.0),
            r"lambda.* search\.best_estimator_",
        ),
    ],
)
def test_what_is_refused_says_what_to_save_instead(model, message, tmp_path):
    model.fit(X, Y)
    with pytest.raises(ValueError, match=message):
        save(model, tmp_path / "model")
    assert os.listdir(tmp_path) == []
    if "best_estimator_" in message:
        save(model.best_estimator_, tmp_path / "model")


@pytest.mark.skipif(ProgressBar is None, reason="scikit-learn has them since 1.9")
def test_callbacks_of_scikit_learn_are_left_out_first(tmp_path):
    model = mlp().fit(X, Y).set_callbacks(ProgressBar())
    with pytest.raises(ValueError, match=r"ProgressBar.* first: set_callbacks\(\)"):
        save(model, tmp_path / "model")
    save(model.set_callbacks(), tmp_path / "model")


def find(name):
    module, _, name = name.rpartition(".")
    return getattr(importlib.import_module(module), name, None)


# Temperature scaling came with scikit-learn 1.8.
SKLEARN = [name for name in TRUSTED if name.startswith("sklearn.") and find(name)]
TYPES = [name for name in SKLEARN if inspect.isclass(find(name))]


def write(model, path):
    path.write_bytes(add_footer(skops.io.dumps(model)))


@pytest.mark.parametrize("name", TYPES)
def test_a_trusted_type_lets_nothing_else_in(name, tmp_path):
    bait = Bait()
    bait.path = str(tmp_path / "trace")
    kind = find(name)
    carrier = kind.__new__(kind)
    if isinstance(carrier, dict):
        carrier["bait"] = bait
    else:
        vars(carrier)["bait"] = bait
    write(FunctionTransformer(kw_args={"carrier": carrier}), tmp_path / "model")

    with pytest.raises(ValueError, match=r"Untrusted types .*Bait'\]"):
        load(tmp_path / "model")
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("name", TYPES)
def test_a_trusted_type_runs_nothing_when_it_is_made(name):
    # A state from a file is only kept, as an attribute or not at all.
    for each in find(name).__mro__[:-1]:
        harmless = {"sklearn.base", "sklearn.utils._bunch", "builtins"}
        if {"__setstate__", "__new__", "__del__"} & {*vars(each)}:
            assert each.__module__ in harmless


@pytest.mark.parametrize("name", sorted({*SKLEARN} - {*TYPES}))
def test_a_trusted_function_comes_back(name, tmp_path):
    save(FunctionTransformer(find(name)), tmp_path / "model")
    assert load(tmp_path / "model").func is find(name)


@pytest.mark.parametrize("function", [os.system, eval, hinge_loss, np.load, check_cv])
def test_other_functions_do_not(function, tmp_path):
    write(FunctionTransformer(function), tmp_path / "model")
    with pytest.raises(ValueError, match=f"Untrusted types .*{function.__name__}"):
        load(tmp_path / "model")


def test_the_state_of_a_distribution_would_run():
    # Why scipy.stats stays outside. If this fails, it can be trusted.
    state = stats.uniform.__getstate__() | {"_parse_arg_template": "1 / 0"}
    with pytest.raises(ZeroDivisionError):
        type(stats.uniform).__new__(type(stats.uniform)).__setstate__(state)
