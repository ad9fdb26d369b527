"""Versions of scikit-learn without callbacks will do."""

from commands import run_python

CODE = """
import sys
import sklearn.metrics, sklearn.model_selection, sklearn.pipeline
sys.modules["sklearn.callback"] = None  # as before scikit-learn 1.9
import numpy as np
from skmnist import MLPDigitClassifier, PixelScaler, UnsharpMask
from skmnist._cli._train import show_progress
from skmnist._sklearn_compat import ProgressBar
images = np.random.default_rng(0).random((40, 8, 8))
rows = UnsharpMask().fit_transform(PixelScaler().fit_transform(images))
model = MLPDigitClassifier(4, epochs=2)
show_progress(model)
print(model.fit(rows, np.arange(40) % 2).n_iter_, ProgressBar)
"""


def test_estimators_are_fitted_without_callbacks():
    assert run_python(CODE).split() == ["2", "None"]
