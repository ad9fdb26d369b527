"""The recipe for MNIST that `ablation` takes apart and `recipes` finishes."""

import copy
import time

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline, make_pipeline

from skmnist import (
    DigitNormalizer,
    ImageAugmentation,
    MLPDigitClassifier,
    PixelScaler,
    UnsharpMask,
)
from skmnist._augmentation import PRESETS

RECIPE = {
    "hidden_units": 512,
    "dropout": 0.1,
    "batch_size": 256,
    "learning_rate": 0.0015,
    "learning_rate_schedule": "linear",
    "augmentation": ImageAugmentation(**PRESETS["elastic"]),
}

MOMENTS = {"deslant": True, "moment_power": 0.5}


def make_model(params):
    """Make a classifier, behind a "normalizer" and what makes digits "sharp"."""
    params = copy.deepcopy(params)
    steps = []
    if normalizer := params.pop("normalizer", None):
        steps += DigitNormalizer(**normalizer), PixelScaler(max_value=255)
    if params.pop("sharp", False):
        steps.append(UnsharpMask())
    network = MLPDigitClassifier().set_params(**params)
    return make_pipeline(*steps, network) if steps else network


def fit(model, X, y, seed, **params):
    model = clone(model)
    network = model[-1] if isinstance(model, Pipeline) else model
    network.set_params(random_state=seed, **params)
    start = time.perf_counter()
    model.fit(X, y)
    return model, time.perf_counter() - start


def compile_all(models, data):
    """Train on a few rows, so that no turn is longer for the first of its kind."""
    for model in models.values():
        fit(model, data.x_train[:500], data.y_train[:500], 0, epochs=1)


def mean_metrics(turns):
    """Average the other metrics, as the accuracy is averaged."""
    return {
        name: float(np.mean([turn.metrics[name] for turn in turns]))
        for name in turns[0].metrics
    }
