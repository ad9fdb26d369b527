"""A training step: activations and gradients."""

from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from skmnist._network import ACTIVATIONS as NUMPY_ACTIVATIONS
from skmnist._training._sharding import join, shard_axes, split
from skmnist._training._step import ACTIVATIONS, Batch, gradients


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
    batch = Batch(
        tf.constant(x), tf.constant([0, 1] * 3), tf.constant(weight[:, None]), masks
    )
    with tf.GradientTape() as tape:
        tape.watch(weights)
        h = batch.x
        for k, b, mask in zip(weights[:-2:2], weights[1:-2:2], masks, strict=True):
            h = ACTIVATIONS[name](h @ k + b) * mask
        logits = h @ weights[-2] + weights[-1]
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch.y, logits)
        loss = tf.tensordot(losses, tf.constant(weight), 1)
    expected = tape.gradient(loss, weights)
    for sharded in (False, True):
        axes = shard_axes(3, sharded)
        shards = [split(w.numpy(), axis) for w, axis in zip(weights, axes, strict=True)]
        split_masks = [
            split(mask.numpy(), None if axis is None else 1)
            for mask, axis in zip(masks, axes[1::2], strict=False)
        ]
        found, row_losses, correct = gradients(
            [[tf.constant(each) for each in weight] for weight in shards],
            batch._replace(masks=split_masks),
            ACTIVATIONS[name],
        )
        assert_allclose(row_losses, losses)
        assert_allclose(correct, np.argmax(logits, axis=1) == batch.y)
        for ours, axis, theirs in zip(found, axes, expected, strict=True):
            assert_allclose(join(ours, axis), theirs, atol=1e-12)
