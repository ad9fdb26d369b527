# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""One training step: forward pass, loss, backpropagation, dropout masks."""

from itertools import islice
from typing import NamedTuple

import numpy as np
import tensorflow as tf

ACTIVATIONS = {
    "elu": tf.nn.elu,
    "gelu": lambda z: tf.nn.gelu(z, approximate=False),
    "leaky_relu": lambda z: tf.nn.leaky_relu(z, alpha=0.2),
    "linear": tf.identity,
    "relu": tf.nn.relu,
    "selu": tf.nn.selu,
    "sigmoid": tf.nn.sigmoid,
    # tf.nn.silu has a custom gradient, which TensorFlow keeps with its graph for good.
    "silu": lambda z: z * tf.nn.sigmoid(z),
    "softplus": tf.nn.softplus,
    "tanh": tf.nn.tanh,
}


class Batch(NamedTuple):
    """What a step sees of some rows."""

    x: tf.Tensor  # (n_rows, n_features)
    y: tf.Tensor  # (n_rows,), int32
    weight: tf.Tensor  # (n_rows,), of each row in the mean loss
    masks: list  # of each hidden layer, its shards, (n_rows, n_units)


class Metrics(NamedTuple):
    """What a step tells of some rows."""

    loss: tf.Tensor  # (), weighted sum
    n_correct: tf.Tensor  # ()
    row_losses: tf.Tensor  # (n_rows,), unweighted


class DropoutMasks:
    """Dropout masks of the hidden layers, with the units `n_units` of their shards."""

    def __init__(self, n_units, rate):
        self._n_shards = [len(layer) for layer in n_units]
        self._n_units = [n for layer in n_units for n in layer]
        self._total = tf.add_n(self._n_units)
        self._scale = 1 / (1 - rate)

    def make(self, n_rows, threshold, words):
        """Make the masks of a batch: ``1 / (1 - rate)`` where a unit is kept, else 0.

        Each unit of each row has a byte of the random `words`, of dtype uint64, and is
        dropped if that is below the `threshold`, of dtype uint8.
        """
        n_bytes = 8 * tf.size(words)
        kept = tf.reshape(tf.bitcast(words, tf.uint8), [-1]) >= threshold
        masks = tf.cast(kept, self._scale.dtype) * self._scale
        sizes = [n_rows * n for n in self._n_units]
        sizes.append(n_bytes - n_rows * self._total)
        *masks, _ = tf.split(masks, tf.stack(sizes), num=len(sizes))
        masks = iter([tf.reshape(mask, tf.stack([n_rows, -1])) for mask in masks])
        return [list(islice(masks, n)) for n in self._n_shards]


def _pairs(first, second):
    """Pair shards; what is in one piece goes with each shard of the other."""
    n = max(len(first), len(second))
    return zip(first * (n // len(first)), second * (n // len(second)), strict=True)


def _forward(weights, batch, activation):
    """Return the logits, each layer's inputs, and each activation with its tape."""
    inputs, activations = [[batch.x]], []
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    for i, (kernels, biases) in enumerate(layers):
        z = [tf.matmul(h, k) for h, k in _pairs(inputs[-1], kernels)]
        if len(z) > len(biases):  # row-parallel
            z = [tf.add_n(z)]
        z = [tf.nn.bias_add(each, b) for each, b in zip(z, biases, strict=True)]
        if i == len(layers) - 1:
            return z[0], inputs, activations
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(z)
            a = [activation(each) for each in z]
        masks = batch.masks[i]
        inputs.append([each * mask for each, mask in zip(a, masks, strict=True)])
        activations.append((tape, z, a, masks))


def _backward(weights, delta, activations):
    """Return the gradient of the loss at the output of each layer's matrix product."""
    deltas = [[delta]]
    for i in reversed(range(len(activations))):
        tape, z, a, masks = activations[i]
        below = [
            tf.matmul(d, kernel, transpose_b=True)
            for d, kernel in _pairs(deltas[0], weights[2 * i + 2])
        ]
        if len(below) > len(z):  # column-parallel
            below = [tf.add_n(below)]
        of_output = [d * mask for d, mask in zip(below, masks, strict=True)]
        deltas.insert(
            0,
            [
                tape.gradient(a[j], z[j], output_gradients=of_output[j])
                for j in range(len(z))
            ],
        )
    return deltas


def _cross_entropy(logits, y):
    """Return the loss of each row and its gradient at the logits."""
    return tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(features=logits, labels=y)


def gradients(weights, batch, activation):
    """Compute the gradients of the weighted cross-entropy, by backpropagation.

    `weights` are kernel and bias of each layer in turn, each a list of its shards, and
    so are their gradients, which are returned with the `Metrics`.
    """
    logits, inputs, activations = _forward(weights, batch, activation)
    row_losses, delta = _cross_entropy(logits, batch.y)
    delta *= batch.weight[:, tf.newaxis]
    found = []
    for h, d in zip(inputs, _backward(weights, delta, activations), strict=True):
        found.append([tf.matmul(a, b, transpose_a=True) for a, b in _pairs(h, d)])
        found.append([tf.raw_ops.BiasAddGrad(out_backprop=each) for each in d])
    correct = tf.equal(tf.argmax(logits, 1, output_type=tf.int32), batch.y)
    n_correct = tf.reduce_sum(tf.cast(correct, logits.dtype))
    loss = tf.reduce_sum(row_losses * batch.weight)
    return found, Metrics(loss, n_correct, row_losses)


def perturb(weights, batch, activation, epsilon):
    """Move each row along the gradient of its loss, to make an adversarial example.

    The fast gradient method (Goodfellow, Shlens and Szegedy, "Explaining and Harnessing
    Adversarial Examples", ICLR 2015). `epsilon` is the L2 norm of the perturbation
    relative to that of the row.
    """
    logits, _, activations = _forward(weights, batch, activation)
    _, delta = _cross_entropy(logits, batch.y)
    deltas = _backward(weights, delta, activations)[0]
    direction = tf.add_n(
        [tf.matmul(d, k, transpose_b=True) for d, k in _pairs(deltas, weights[0])]
    )
    # A gradient may be zero, or have a square that is.
    tiny = np.finfo(batch.x.dtype.as_numpy_dtype).tiny ** 0.5
    norm = tf.maximum(_row_norms(direction), tiny)
    return batch.x + direction * (epsilon * _row_norms(batch.x) / norm)


def _row_norms(rows):
    return tf.sqrt(tf.reduce_sum(rows * rows, 1, keepdims=True))
