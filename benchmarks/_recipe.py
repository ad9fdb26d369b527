"""The recipe for MNIST that `ablation` takes apart and `recipes` finishes."""

import copy
import time

from sklearn.base import clone
from sklearn.pipeline import Pipeline, make_pipeline

from skmnist import (
    DigitNormalizer,
    ImageAugmentation,
    MLPDigitClassifier,
    PixelScaler,
)

# What augmentation="elastic" is for MNIST's images.
_ELASTIC = {
    "rotation": 15,
    "scale": 0.15,
    "elastic_alpha": 36,
    "elastic_sigma": 5,
    "recenter": True,
    "clean_fraction": 0.1,
}
RECIPE = {
    "hidden_units": 512,
    "dropout": 0.1,
    "batch_size": 256,
    "learning_rate": 0.0015,
    "learning_rate_schedule": "linear",
    "augmentation": ImageAugmentation(**_ELASTIC),
}


def make_model(params):
    """Make a classifier, "upright" behind what makes slanted digits stand so."""
    params = copy.deepcopy(params)
    upright = params.pop("upright", False)
    network = MLPDigitClassifier().set_params(**params)
    if not upright:
        return network
    return make_pipeline(
        DigitNormalizer(deslant=True), PixelScaler(max_value=255), network
    )


def fit(model, X, y, seed, **params):
    model = clone(model)
    network = model[-1] if isinstance(model, Pipeline) else model
    network.set_params(random_state=seed, **params)
    start = time.perf_counter()
    model.fit(X, y)
    return model, time.perf_counter() - start


def compile_for(model, data):
    """Train on a few rows, so that no turn is longer for the first of its kind."""
    fit(model, data.x_train[:500], data.y_train[:500], 0, epochs=1)
