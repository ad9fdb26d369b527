"""Inside scikit-learn: pipelines, searches, ensembles, calibration, routing."""

import numpy as np
import pytest
import sklearn
from packaging.version import Version
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
)
from sklearn.pipeline import Pipeline

from skmnist import MLPDigitClassifier, PixelScaler
from skmnist.datasets import load_digits

BEFORE_1_8 = Version(sklearn.__version__) < Version("1.8")


@pytest.fixture(scope="module")
def digits():
    return load_digits()


def network(**params):
    params = {"hidden_units": 32, "dropout": 0.1, "random_state": 0, **params}
    return Pipeline([("scale", PixelScaler(16)), ("mlp", MLPDigitClassifier(**params))])


def test_every_setting_survives_clone_and_search(digits):
    settings = {
        "hidden_units": (9, 8),
        "activation": "tanh",
        "dropout": 0.2,
        "l2": 1e-4,
        "optimizer": "nadam",
        "learning_rate": 0.002,
        "learning_rate_schedule": "cosine",
        "batch_size": 50,
        "epochs": 2,
        "augmentation": "affine",
        "hard_fraction": 0.5,
        "adversarial_epsilon": 0.1,
        "class_weight": {3: 2.0},
        "early_stopping": True,
        "validation_fraction": 0.2,
        "n_iter_no_change": 3,
        "callbacks": [],
        "warm_start": True,
        "dtype": "float64",
        "random_state": 5,
        "verbose": 0,
    }
    model = MLPDigitClassifier(**settings)
    defaults = MLPDigitClassifier().get_params()
    assert {k for k in settings if settings[k] == defaults[k]} == {"verbose"}
    assert clone(model).get_params() == settings
    search = GridSearchCV(network(), {"mlp__epochs": [1, 7]}, cv=2)
    best = search.fit(digits.x_train, digits.y_train).best_estimator_["mlp"]
    assert best.n_iter_ == 7 == len(best.loss_curve_)


def test_randomized_and_halving_search(digits):
    space = {"mlp__hidden_units": [4, 32, 64], "mlp__dropout": [0.0, 0.3]}
    search = RandomizedSearchCV(
        network(epochs=2), space, n_iter=3, cv=2, random_state=0
    ).fit(digits.x_train, digits.y_train)
    assert len(search.cv_results_["params"]) == 3
    halving = HalvingGridSearchCV(
        network(),
        {"mlp__hidden_units": [4, 32, 64]},
        resource="mlp__epochs",
        max_resources=9,
        cv=2,
        random_state=0,
    ).fit(digits.x_train, digits.y_train)
    assert halving.best_estimator_["mlp"].n_iter_ == 9
    assert halving.best_params_["mlp__hidden_units"] > 4


@pytest.mark.parametrize("method", ["sigmoid", *["temperature"] * (not BEFORE_1_8)])
def test_calibration(digits, method):
    model = CalibratedClassifierCV(network(epochs=20), method=method, cv=2)
    model.fit(digits.x_train, digits.y_train)
    assert model.score(digits.x_test, digits.y_test) > 0.8


def test_ensembles(digits):
    members = [("a", network(epochs=20)), ("b", network(epochs=20, hidden_units=64))]
    last = LogisticRegression(max_iter=1000)
    for model in (
        VotingClassifier(members, voting="soft"),
        StackingClassifier(members, last, cv=2),
    ):
        model.fit(digits.x_train, digits.y_train)
        assert model.score(digits.x_test, digits.y_test) > 0.88
    rows = PixelScaler(16).fit_transform(digits.x_train)
    bag = BaggingClassifier(
        MLPDigitClassifier(32, dropout=0.1, epochs=20), n_estimators=3, random_state=0
    ).fit(rows, digits.y_train)
    test_rows = PixelScaler(16).fit_transform(digits.x_test)
    assert bag.score(test_rows, digits.y_test) > 0.8


def test_sample_weight_is_routed(digits):
    weight = np.where(digits.y_train < 5, 1.0, 0.0)
    with sklearn.config_context(enable_metadata_routing=True):
        model = network(epochs=20)
        model["mlp"].set_fit_request(sample_weight=True)
        model["mlp"].set_score_request(sample_weight=True)
        if BEFORE_1_8:
            model.set_score_request(sample_weight=True)
        search = GridSearchCV(model, {"mlp__l2": [0.0, 1e-4]}, cv=2)
        search.fit(digits.x_train, digits.y_train, sample_weight=weight)
        # Rows of weight zero are neither learned nor scored.
        assert set(search.predict(digits.x_test)) <= set(range(5))
        assert search.best_score_ > 0.8
        unrequested = network(epochs=1)
        with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
            unrequested.fit(digits.x_train, digits.y_train, sample_weight=weight)
