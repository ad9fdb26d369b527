"""Fits with augmentation: in training only, the same bits, one loop for a search."""

import networks
import numpy as np
import pytest
from networks import Y_TEST, Y, network, same_weights
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skmnist import ImageAugmentation
from skmnist._training._loop_cache import LoopCache

# Digits in a frame of 12x12, with space to move.
X, X_TEST = (
    np.pad(rows.reshape(-1, 8, 8), [(0, 0), (2, 2), (2, 2)]).reshape(-1, 144)
    for rows in (networks.X, networks.X_TEST)
)


def test_digits_that_moved_are_read_better():
    moved = ImageAugmentation(rotation=10, shift=1.5)
    x_moved = moved.sample(X_TEST, random_state=5)
    scores = [
        network(augmentation=augmentation, hidden_units=64, dropout=0.0, epochs=30)
        .fit(X, Y)
        .score(x_moved, Y_TEST)
        for augmentation in (None, moved)
    ]
    assert scores[1] > scores[0] + 0.05
    assert scores[1] > 0.75


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_augmentation_of_nothing_changes_nothing(dtype):
    plain, same, other = (
        network(augmentation=augmentation, dtype=dtype).fit(X, Y)
        for augmentation in (None, ImageAugmentation(), "affine")
    )
    assert same_weights(plain, same)
    assert not np.array_equal(plain.coefs_[0], other.coefs_[0])


def test_every_epoch_distorts_anew():
    copies, labels = np.repeat(X[:1], 256, axis=0), np.arange(256) % 2

    def losses(augmentation):
        # The network stays as it is.
        model = network(augmentation=augmentation, learning_rate=1e-12, dropout=0.0)
        return model.set_params(epochs=5).fit(copies, labels).loss_curve_

    assert np.ptp(losses(None)) < 1e-5
    assert np.diff(np.sort(losses("affine"))).min() > 1e-5


@pytest.mark.parametrize("epochs", [6, 40])
def test_the_last_epochs_see_the_images_as_they_are(epochs):
    x, y = X[:300], Y[:300]
    all_of_it = ImageAugmentation(
        rotation=15, scale=0.1, shear=5, shift=1, elastic_alpha=10, recenter=True
    )
    closed = network(augmentation=clone(all_of_it).set_params(clean_fraction=0.33))
    closed.set_params(epochs=epochs).fit(x, y)
    n_clean = {6: 2, 40: 13}[epochs]
    by_hand = network(augmentation=all_of_it, warm_start=True)
    by_hand.set_params(epochs=epochs - n_clean).fit(x, y)
    by_hand.set_params(epochs=n_clean, augmentation=None).fit(x, y)
    assert same_weights(closed, by_hand)


def test_partial_fit_has_no_last_epochs():
    models = [
        network(augmentation=ImageAugmentation(rotation=15, clean_fraction=fraction))
        for fraction in (0, 0.9)
    ]
    for model in models:
        model.partial_fit(X, Y, classes=range(10))
    assert same_weights(*models)


@pytest.mark.parametrize("preset", ["affine", "elastic"])
def test_presets_leave_a_tenth_of_the_epochs_clean(preset):
    x, y = X[:300], Y[:300]
    whole = network(augmentation=preset, epochs=10).fit(x, y)
    by_hand = network(augmentation=preset)
    for _ in range(9):
        by_hand.partial_fit(x, y, classes=range(10))
    by_hand.set_params(augmentation=None).partial_fit(x, y)
    assert same_weights(whole, by_hand)


def test_rows_of_weight_zero_are_left_out():
    weight = 1.0 + np.arange(len(Y)) % 3 * (np.arange(len(Y)) < 900)
    weight[900:] = 0
    model = network(augmentation="affine")
    left_out = clone(model).fit(X[:900], Y[:900], weight[:900])
    assert same_weights(model.fit(X, Y, weight), left_out)


def test_held_out_rows_are_not_distorted():
    away = ImageAugmentation(shift=1e6)  # trains on empty images
    model = network(augmentation=away, early_stopping=True, n_iter_no_change=9)
    model.fit(X, Y)
    held_out = model._split(Y.astype(np.int32), model._seed)[1]
    accuracies = [model.score(X[held_out], Y[held_out])]
    assert set(accuracies) <= set(model.history_["val_accuracy"])
    assert not np.allclose(model.coefs_[0], 0)
    empty = model.predict_proba(np.zeros_like(X))
    assert not np.array_equal(model.predict_proba(X), empty)
    assert_array_equal(model.predict_proba(X), model.predict_proba(X))


def test_a_search_over_ranges_shares_one_loop(monkeypatch):
    cache = LoopCache()
    monkeypatch.setattr("skmnist._training._fit.cache", cache)
    x, y = X[:300], Y[:300]
    model = network(augmentation=ImageAugmentation(), hidden_units=(9, 7))
    grid = {
        "augmentation__rotation": [0, 10],
        "augmentation__scale": [0, 0.1],
        "augmentation__elastic_alpha": [0, 10],
        "augmentation__elastic_sigma": [2, 3],
    }
    GridSearchCV(model, grid, cv=2).fit(x, y)
    assert cache.n_built == 1
    search = GridSearchCV(model, {"augmentation": [None, "affine", "elastic"]}, cv=2)
    search.fit(x, y)
    # None, and both presets, which recenter.
    assert cache.n_built == 3
    assert np.ptp(search.cv_results_["mean_test_score"]) > 0


@pytest.mark.parametrize(
    ("augmentation", "message"),
    [
        ("elastic", "needs images: rows of 20 features"),
        (ImageAugmentation(image_shape=(4, 6)), "24 pixels; the rows have 20"),
        (ImageAugmentation(rotation=-5), "'rotation' parameter of ImageAugmentation"),
        ("rotate", "'augmentation' parameter of MLPDigitClassifier"),
        (15, "'augmentation' parameter of MLPDigitClassifier"),
    ],
)
def test_a_refused_augmentation_leaves_the_estimator_alone(augmentation, message):
    x = np.random.default_rng(0).random((40, 20))
    y = np.arange(40) % 2
    model = network(epochs=1).fit(x, y)
    before = vars(model.set_params(augmentation=augmentation)).copy()
    with pytest.raises(ValueError, match=message):
        model.fit(x, y)
    assert vars(model) == before
    new = network(augmentation=augmentation)
    with pytest.raises(ValueError, match=message):
        new.partial_fit(x, y, classes=[0, 1])
    assert not hasattr(new, "coefs_")
