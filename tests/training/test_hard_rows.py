# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Rows that are hard to learn are seen more often, the same ones for the same seed."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmnist import ImageAugmentation, MLPDigitClassifier
from skmnist._batches import Batches
from skmnist._hard_rows import HardRows
from skmnist.datasets import load_digits


@pytest.fixture(scope="module")
def digits():
    bunch = load_digits()
    return bunch.x_train[:400].reshape(400, -1) / 16, bunch.y_train[:400]


def network(hard_fraction, **parameters):
    defaults = {"hidden_units": 24, "dropout": 0.1, "epochs": 5, "random_state": 0}
    return MLPDigitClassifier(hard_fraction=hard_fraction, **defaults | parameters)


def batches_of(rows, weight):
    rows, weight = np.atleast_2d(rows), np.atleast_2d(weight)
    nothing = np.zeros(0)
    return Batches(rows, nothing, weight, nothing, nothing, nothing)


def counts(hard, rng, n_rows):
    order = hard.order(rng)
    assert len(order) == n_rows
    return np.bincount(order, minlength=n_rows)


def test_rows_are_drawn_in_proportion_to_their_losses():
    n_rows, rng = 1000, np.random.default_rng(0)
    hard = HardRows(n_rows, 0.4, n_epochs=203)
    losses = rng.random(n_rows)
    losses[:100] = 0
    losses[100:200] = 50  # counts as 1
    hard.begin_epoch()
    assert_array_equal(counts(hard, rng, n_rows), 1)
    hard.note(batches_of(np.arange(n_rows), np.ones(n_rows)), losses[None])
    hard.begin_epoch()
    assert_array_equal(counts(hard, rng, n_rows), 1)  # may be drawn before the losses
    drawn = np.zeros(n_rows)
    for _ in range(201):
        hard.begin_epoch()
        drawn += counts(hard, rng, n_rows) / 201
    known = np.minimum(losses, 1)
    expected = 0.6 + 0.4 * known / known.mean()
    assert drawn == pytest.approx(expected, abs=0.16)  # 4.5 standard errors
    assert np.abs(drawn - expected).mean() < 0.04
    # Those epochs are over.
    hard.begin_epoch()
    assert_array_equal(counts(hard, rng, n_rows), 1)


def test_rows_without_weight_are_not_hard():
    hard = HardRows(4, 0.5, n_epochs=9)
    hard.note(batches_of([0, 1, 2, 3, 0], [1, 1, 1, 0, 0]), np.array([[1, 1, 1, 9, 9]]))
    rng = np.random.default_rng(0)
    hard.begin_epoch()
    hard.order(rng)
    drawn = np.zeros(4)
    for _ in range(600):
        hard.begin_epoch()
        drawn += counts(hard, rng, 4) / 600
        if hard._left == 0:
            hard._left = 9
    assert drawn == pytest.approx([7 / 6, 7 / 6, 7 / 6, 1 / 2], abs=0.08)


def test_hard_rows_are_learned_sooner(digits):
    x, y = digits
    hardest = []
    for fraction in (0, 0.5):
        model = network(fraction, epochs=200).fit(x, y)
        right = model.predict_proba(x)[np.arange(len(y)), y]
        hardest.append(-np.log(np.sort(right)[:40]).mean())
    assert hardest[1] < 0.75 * hardest[0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_seed_same_bits(monkeypatch, digits, dtype):
    # Fast enough for losses below 1, where rows differ.
    parameters = {"dtype": dtype, "learning_rate": 0.02, "l2": 1e-5, "epochs": 12}
    models = []
    for n_threads in (1, 2):  # batches are drawn when they are needed, or ahead
        monkeypatch.setattr("skmnist._training.n_threads", lambda n=n_threads: n)
        for batch_size in (32, 100_000):
            models.append(
                network(0.5, batch_size=batch_size, **parameters).fit(*digits)
            )
    for one, other in ((0, 2), (1, 3)):
        assert_array_equal(models[one].coefs_[0], models[other].coefs_[0])
        assert models[one].loss_curve_ == models[other].loss_curve_
    uniform = network(0.0, batch_size=32, **parameters).fit(*digits)
    assert uniform.loss_curve_[:2] == models[0].loss_curve_[:2]
    assert uniform.loss_curve_[2] != models[0].loss_curve_[2]


def test_clean_epochs_see_each_row_once(digits):
    clean = ImageAugmentation(clean_fraction=0.6)  # 3 of 5 epochs
    losses = [
        network(fraction, augmentation=clean).fit(*digits).loss_curve_
        for fraction in (0.9, 0.0)
    ]
    assert losses[0] == losses[1]


def test_partial_fit_sees_each_row_once(digits):
    models = network(0.9), network(0.0)
    for model in models:
        for _ in range(4):
            model.partial_fit(*digits, classes=range(10))
    assert models[0].loss_curve_ == models[1].loss_curve_


def test_with_early_stopping_weights_and_warm_start(digits):
    x, y = digits
    model = network(0.7, early_stopping=True, class_weight="balanced", warm_start=True)
    model.set_params(epochs=60, batch_size=32)
    weight = np.arange(len(y)) % 3
    model.fit(x, y, sample_weight=weight).fit(x, y, sample_weight=weight)
    assert model.n_iter_ > 20
    assert model.score(x[weight > 0], y[weight > 0]) > 0.9
