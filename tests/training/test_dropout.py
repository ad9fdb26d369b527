"""Dropout masks: their rate, and independent units, rows and steps."""

import numpy as np
import pytest
from networks import network

from skmnist._training._dropout import draw_masks


@pytest.mark.parametrize("rate", [0, 0.001, 0.45, 0.99])
def test_dropout_masks(rate):
    n_steps, n_rows = 400, 50
    rng = np.random.default_rng(0)
    sizes = [n_rows] * (n_steps // 2)
    shards = draw_masks([rng, rng], sizes, rate, [[100, 100], [101]])
    shards = [each for layer in shards for each in layer]
    assert [each.shape for each in shards] == [
        (n_steps * n_rows, n) for n in (100, 100, 101)
    ]
    masks = np.hstack(shards).reshape(n_steps, n_rows, -1).astype(float)
    spread = np.sqrt(rate * (1 - rate))
    # The rate is right in the mean, and for each unit and each row.
    error = spread / np.sqrt(masks.size) + 0.5 / 256 / np.sqrt(len(masks))
    assert abs(masks.mean() - (1 - rate)) <= (5 * error if rate else 0)
    for axes in ((0, 1), (0, 2)):
        means = masks.mean(axis=axes)
        n_draws = masks.size / means.size
        assert means.std() == pytest.approx(spread / np.sqrt(n_draws), rel=0.4)
    # Neighbors, in the layer and from step to step, are independent.
    dropped = 1 - masks - rate
    for other in (np.roll(dropped, 1, axis=2), np.roll(dropped, 1, axis=0)):
        # The rounded threshold is that of a whole step.
        bound = 5 * spread**2 / np.sqrt(masks.size) + (0.5 / 256) ** 2
        assert abs(np.mean(dropped * other)) <= bound


def test_dropout_rate_of_a_fit():
    # One path 1 -> 1 -> 1 with a huge last kernel: the loss is 0 where both units are
    # kept and log 2 where one is dropped.
    model = network(
        (1, 1), activation="linear", dropout=0.4, batch_size=8, epochs=1
    ).set_params(optimizer="sgd", learning_rate=1e-30, warm_start=True)
    x, y = np.ones((8000, 1), np.float32), np.arange(8000) % 2
    model.fit(x, y)
    model.coefs_ = [np.ones((1, 1), "f"), np.ones((1, 1), "f")]
    model.coefs_.append(np.array([[1000, 0]], np.float32))
    model.intercepts_ = [np.zeros(n, np.float32) for n in (1, 1, 2)]
    loss = model.fit(x, y, sample_weight=np.where(y == 0, 1, 1e-12)).loss_curve_[-1]
    assert 1 - loss / np.log(2) == pytest.approx(0.6**2, abs=0.03)
