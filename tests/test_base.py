"""Estimators say which version they are of, and check what comes from a file."""

import pickle
import re

import joblib
import pytest
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import make_pipeline

from skmnist import (
    DigitNormalizer,
    MLPDigitClassifier,
    PixelScaler,
    UnsharpMask,
    load,
    save,
)

ESTIMATORS = [
    PixelScaler(3),
    UnsharpMask(amount=3),
    DigitNormalizer(),
    MLPDigitClassifier(),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("library", [pickle, joblib])
def test_a_pickle_of_another_version_is_loaded_with_a_warning(
    estimator, library, tmp_path, monkeypatch
):
    path = tmp_path / "model.pkl"
    with path.open("wb") as stream:
        library.dump(make_pipeline(estimator), stream)
    save(estimator, tmp_path / "model.skops")
    with path.open("rb") as stream:
        library.load(stream)  # without a warning
    monkeypatch.setattr("skmnist._base.__version__", "9.9")
    name = f"skmnist.{type(estimator).__name__} from version 0.* when using version 9.9"
    with path.open("rb") as stream, pytest.warns(InconsistentVersionWarning) as caught:
        (step,) = library.load(stream)

    assert len(caught) == 1
    assert re.search(name, str(caught[0].message))
    assert repr(step) == repr(estimator)
    assert repr(load(tmp_path / "model.skops")) == repr(estimator)  # no warning


def test_a_pickle_leaves_the_state_that_it_is_made_from_alone():
    state = PixelScaler(3).__getstate__()
    before = dict(state)
    PixelScaler().__setstate__(state)

    assert state == before
