"""Inside scikit-learn: clone, searches, routing of sample weights."""

import numpy as np
import sklearn
from networks import DIGITS, SETTINGS
from packaging.version import Version
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from skmnist import MLPDigitClassifier, PixelScaler

BEFORE_1_8 = Version(sklearn.__version__) < Version("1.8")


def network(**params):
    params = {"hidden_units": 32, "dropout": 0.1, "random_state": 0, **params}
    return Pipeline([("scale", PixelScaler(16)), ("mlp", MLPDigitClassifier(**params))])


def test_every_setting_survives_clone_and_search():
    settings = SETTINGS | {"callbacks": [], "warm_start": True, "verbose": 0}
    model = MLPDigitClassifier(**settings)
    defaults = MLPDigitClassifier().get_params()
    assert {k for k in settings if settings[k] == defaults[k]} == {"verbose"}
    assert clone(model).get_params() == settings
    search = GridSearchCV(network(), {"mlp__epochs": [1, 7]}, cv=2)
    best = search.fit(DIGITS.x_train, DIGITS.y_train).best_estimator_["mlp"]
    assert best.n_iter_ == 7 == len(best.loss_curve_)


def test_sample_weight_is_routed():
    weight = np.where(DIGITS.y_train < 5, 1.0, 0.0)
    with sklearn.config_context(enable_metadata_routing=True):
        model = network(epochs=20)
        model["mlp"].set_fit_request(sample_weight=True)
        model["mlp"].set_score_request(sample_weight=True)
        if BEFORE_1_8:
            model.set_score_request(sample_weight=True)
        search = GridSearchCV(model, {"mlp__l2": [0.0, 1e-4]}, cv=2)
        search.fit(DIGITS.x_train, DIGITS.y_train, sample_weight=weight)
        # Rows of weight zero are neither learned nor scored.
        assert set(search.predict(DIGITS.x_test)) <= set(range(5))
        assert search.best_score_ > 0.8
