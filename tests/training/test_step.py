# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""A training step: dropout masks, activations, gradients."""

from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from skmnist import MLPDigitClassifier
from skmnist._network import ACTIVATIONS as NUMPY_ACTIVATIONS
from skmnist._training._sharding import join, shard_axes, split
from skmnist._training._step import ACTIVATIONS, Batch, DropoutMasks, gradients


def masks_of(rate, n_steps=400, n_rows=50, units=(200, 101)):
    """Make masks as a fit does, (n_steps, n_rows, sum of units), 1 where kept."""
    rng = np.random.default_rng(0)
    thresholds = np.floor(rate * 256 + rng.random(n_steps)).astype(np.uint8)
    maker = DropoutMasks([[tf.constant(n)] for n in units], tf.constant(0.0))
    n_words = -(-n_rows * sum(units) // 8)
    made = []
    for threshold in thresholds:
        words = rng.integers(2**64, size=n_words, dtype=np.uint64)
        layers = maker.make(tf.constant(n_rows), tf.constant(threshold), words)
        made.append(tf.concat([shard for (shard,) in layers], axis=1).numpy())
    return np.array(made)


@pytest.mark.parametrize("rate", [0, 0.001, 0.45, 0.99])
def test_dropout_masks(rate):
    masks = masks_of(rate)
    assert set(np.unique(masks)) <= {0, 1}
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


def test_masks_of_shards_and_of_a_last_batch_of_few_rows():
    units = [[tf.constant(3), tf.constant(2)], [tf.constant(4)]]
    maker = DropoutMasks(units, tf.constant(0.5, tf.float64))
    words = np.random.default_rng(0).integers(2**64, size=9, dtype=np.uint64)
    (first, second), (third,) = maker.make(
        tf.constant(2), tf.constant(128, tf.uint8), words
    )
    assert [each.shape for each in (first, second, third)] == [(2, 3), (2, 2), (2, 4)]
    expected = 2.0 * (words.view(np.uint8)[:18] >= 128)
    found = np.concatenate([np.ravel(each) for each in (first, second, third)])
    assert_array_equal(found, expected)


def test_dropout_rate_of_a_fit():
    # One path 1 -> 1 -> 1 with a huge last kernel: the loss is 0 where both units are
    # kept and log 2 where one is dropped.
    model = MLPDigitClassifier(
        (1, 1),
        activation="linear",
        dropout=0.4,
        optimizer="sgd",
        learning_rate=1e-30,
        batch_size=8,
        epochs=1,
        warm_start=True,
        random_state=0,
    )
    x, y = np.ones((8000, 1), np.float32), np.arange(8000) % 2
    model.fit(x, y)
    model.coefs_ = [np.ones((1, 1), "f"), np.ones((1, 1), "f")]
    model.coefs_.append(np.array([[1000, 0]], np.float32))
    model.intercepts_ = [np.zeros(n, np.float32) for n in (1, 1, 2)]
    loss = model.fit(x, y, sample_weight=np.where(y == 0, 1, 1e-12)).loss_curve_[-1]
    assert 1 - loss / np.log(2) == pytest.approx(0.6**2, abs=0.03)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_those_of_keras_and_of_prediction(name):
    z = np.linspace(-4, 4, 81, dtype=np.float32)
    ours = ACTIVATIONS[name](tf.constant(z)).numpy()
    assert_allclose(ours, keras.activations.get(name)(tf.constant(z)), atol=1e-6)
    assert_allclose(ours, NUMPY_ACTIVATIONS[name](z.copy()), atol=1e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradients_are_those_of_a_tape(name):
    rng = np.random.default_rng(0)
    sizes = [5, 4, 3, 2]
    weights = [
        tf.constant(rng.standard_normal(shape))
        for a, b in pairwise(sizes)
        for shape in ((a, b), (b,))
    ]
    masks = [tf.constant(2.0 * (rng.random((6, n)) < 0.5)) for n in (4, 3)]
    x, weight = rng.random((6, 5)), rng.random(6)
    batch = Batch(tf.constant(x), tf.constant([0, 1] * 3), tf.constant(weight), masks)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        h = batch.x
        for k, b, mask in zip(weights[:-2:2], weights[1:-2:2], masks, strict=True):
            h = ACTIVATIONS[name](h @ k + b) * mask
        logits = h @ weights[-2] + weights[-1]
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch.y, logits)
        loss = tf.reduce_sum(losses * weight)
    expected = tape.gradient(loss, weights)
    for sharded in (False, True):
        axes = shard_axes(3, sharded)
        shards = [split(w.numpy(), axis) for w, axis in zip(weights, axes, strict=True)]
        split_masks = [
            split(mask.numpy(), None if axis is None else 1)
            for mask, axis in zip(masks, axes[1::2], strict=False)
        ]
        found, metrics = gradients(
            [[tf.constant(each) for each in weight] for weight in shards],
            batch._replace(masks=split_masks),
            ACTIVATIONS[name],
        )
        assert_allclose(metrics.loss, loss)
        assert_allclose(metrics.row_losses, losses)
        for ours, axis, theirs in zip(found, axes, expected, strict=True):
            assert_allclose(join(ours, axis), theirs, atol=1e-12)
