# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""One training step: forward pass, loss, backpropagation, dropout masks."""

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
    weight: tf.Tensor  # (n_rows, 1), of each row in the mean loss
    masks: list  # of each hidden layer, its shards, (n_rows, n_units)


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
        below = [d * mask for d, mask in zip(below, masks, strict=True)]
        found = [
            tape.gradient(a_, z_, output_gradients=d)
            for a_, z_, d in zip(a, z, below, strict=True)
        ]
        deltas.insert(0, found)
    return deltas


def _cross_entropy(logits, y):
    """Return the loss of each row and its gradient at the logits."""
    return tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(features=logits, labels=y)


def gradients(weights, batch, activation):
    """Compute the gradients of the weighted cross-entropy, by backpropagation.

    `weights` are kernel and bias of each layer in turn, each a list of its shards, and
    so are their gradients. The loss of each row, without its weight, and whether it is
    classified correctly are returned with them.
    """
    logits, inputs, activations = _forward(weights, batch, activation)
    losses, delta = _cross_entropy(logits, batch.y)
    found, before = [], []
    deltas = _backward(weights, delta * batch.weight, activations)
    for h, d in zip(inputs, deltas, strict=True):
        # In this order both cores have as much to do: the first layer is the largest.
        with tf.control_dependencies(before):
            before = [tf.matmul(a, b, transpose_a=True) for a, b in _pairs(h, d)]
        found += [before, [tf.raw_ops.BiasAddGrad(out_backprop=each) for each in d]]
    correct = tf.equal(tf.argmax(logits, 1, output_type=tf.int32), batch.y)
    return found, losses, correct


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
