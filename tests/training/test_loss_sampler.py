"""Loss-based sampling: rows with large losses are drawn more often."""

import networks
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmnist import ImageAugmentation
from skmnist._training._loss_sampler import LossSampler

X, Y = networks.X[:400], networks.Y[:400]


def network(hard_fraction, **params):
    params = {"dropout": 0.1, "epochs": 5} | params
    return networks.network(24, hard_fraction=hard_fraction, **params)


def counts(sampler, rng, n_rows):
    order = sampler.order(rng)
    assert len(order) == n_rows
    assert order.dtype == np.int32
    return np.bincount(order, minlength=n_rows)


def test_rows_are_drawn_in_proportion_to_their_losses():
    n_rows, rng = 1000, np.random.default_rng(0)
    sampler = LossSampler(n_rows, 0.4)
    losses = rng.random(n_rows)
    losses[:100] = 0
    losses[100:200] = 50  # counts as 1
    assert_array_equal(counts(sampler, rng, n_rows), 1)
    sampler.update(np.arange(n_rows), losses)
    drawn = np.zeros(n_rows)
    for _ in range(201):
        drawn += counts(sampler, rng, n_rows) / 201
    known = np.minimum(losses, 1)
    expected = 0.6 + 0.4 * known / known.mean()
    assert drawn == pytest.approx(expected, abs=0.16)  # 4.5 standard errors
    assert np.abs(drawn - expected).mean() < 0.04


def test_later_losses_count_more():
    sampler = LossSampler(2, 0.5)
    for losses in ([1, 0], [0, 1], [0, 1]):
        sampler.update(np.arange(2), np.array(losses))
    drawn = sum(counts(sampler, np.random.default_rng(i), 2) for i in range(400)) / 400
    assert drawn == pytest.approx([0.5 + 1 / 7, 0.5 + 6 / 7], abs=0.06)


def test_hard_rows_are_learned_sooner():
    hardest = []
    for fraction in (0, 0.5):
        model = network(fraction, epochs=200).fit(X, Y)
        right = model.predict_proba(X)[np.arange(len(Y)), Y]
        hardest.append(-np.log(np.sort(right)[:40]).mean())
    assert hardest[1] < 0.75 * hardest[0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [32, 100_000])
def test_same_seed_same_bits(dtype, batch_size):
    # Fast enough for losses below 1, where rows differ.
    parameters = {"dtype": dtype, "learning_rate": 0.02, "l2": 1e-5, "epochs": 12}
    parameters["batch_size"] = batch_size
    one, other = (network(0.5, **parameters).fit(X, Y) for _ in range(2))
    assert_array_equal(one.coefs_[0], other.coefs_[0])
    assert one.loss_curve_ == other.loss_curve_
    uniform = network(0.0, **parameters).fit(X, Y)
    assert uniform.loss_curve_[0] == one.loss_curve_[0]
    assert uniform.loss_curve_[1] != one.loss_curve_[1]


def test_clean_epochs_see_each_row_once():
    clean = ImageAugmentation(clean_fraction=0.8)  # 4 of 5 epochs
    losses = [
        network(fraction, augmentation=clean).fit(X, Y).loss_curve_
        for fraction in (0.9, 0.0)
    ]
    assert losses[0] == losses[1]


def test_partial_fit_sees_each_row_once():
    models = network(0.9), network(0.0)
    for model in models:
        for _ in range(4):
            model.partial_fit(X, Y, classes=range(10))
    assert models[0].loss_curve_ == models[1].loss_curve_


def test_with_early_stopping_weights_and_warm_start():
    model = network(0.7, early_stopping=True, class_weight="balanced", warm_start=True)
    model.set_params(epochs=60, batch_size=32)
    weight = np.arange(len(Y)) % 3
    model.fit(X, Y, sample_weight=weight).fit(X, Y, sample_weight=weight)
    assert model.n_iter_ > 20
    assert model.score(X[weight > 0], Y[weight > 0]) > 0.9
