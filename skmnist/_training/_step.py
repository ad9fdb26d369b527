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


def _multiply(first, second, dtype, **transposed):
    """Multiply shards, in their own dtype, and return the products in another.

    What is in one piece goes with each shard of the other.
    """
    n = max(len(first), len(second))
    pairs = zip(first * (n // len(first)), second * (n // len(second)), strict=True)
    return [tf.cast(tf.matmul(a, b, **transposed), dtype) for a, b in pairs]


def _cast(shards, dtype):
    return [tf.cast(each, dtype) for each in shards]


def _forward(weights, batch, activation):
    """Return the logits, each layer's inputs, and each activation with its tape."""
    number, low = batch.weight.dtype, weights[0][0].dtype
    inputs, activations = [_cast([batch.x], low)], []
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    for i, (kernels, biases) in enumerate(layers):
        z = _multiply(inputs[-1], kernels, number)
        if len(z) > len(biases):  # row-parallel
            z = [tf.add_n(z)]
        z = [tf.nn.bias_add(each, b) for each, b in zip(z, biases, strict=True)]
        if i == len(layers) - 1:
            return z[0], inputs, activations
        with tf.GradientTape() as tape:
            tape.watch(z)
            a = [activation(each) for each in z]
        masks = batch.masks[i]
        h = [each * mask for each, mask in zip(a, masks, strict=True)]
        inputs.append(_cast(h, low))
        activations.append((tape, z, a, masks))


def _backward(weights, delta, activations):
    """Return the gradient of the loss at the output of each layer's matrix product."""
    number, low = delta.dtype, weights[0][0].dtype
    deltas = [[delta]]
    for i in reversed(range(len(activations))):
        tape, z, a, masks = activations[i]
        kernels = weights[2 * i + 2]
        below = _multiply(_cast(deltas[0], low), kernels, number, transpose_b=True)
        if len(below) > len(z):  # column-parallel
            below = [tf.add_n(below)]
        of_output = [d * mask for d, mask in zip(below, masks, strict=True)]
        deltas.insert(0, tape.gradient(a, z, output_gradients=of_output))
    return deltas


def _cross_entropy(logits, y):
    """Return the loss of each row and its gradient at the logits."""
    return tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(features=logits, labels=y)


def gradients(weights, batch, activation):
    """Compute the gradients of the weighted cross-entropy, by backpropagation.

    `weights` are kernel and bias of each layer in turn, each a list of its shards, and
    so are their gradients. Matrices are multiplied in the dtype of the kernels. The
    loss of each row, without its weight, and whether it is classified correctly are
    returned with the gradients.
    """
    logits, inputs, activations = _forward(weights, batch, activation)
    number, low = logits.dtype, weights[0][0].dtype
    losses, delta = _cross_entropy(logits, batch.y)
    found, before = [], []
    deltas = _backward(weights, delta * batch.weight, activations)
    for h, d in zip(inputs, deltas, strict=True):
        # In this order both cores have as much to do: the first layer is the largest.
        with tf.control_dependencies(before):
            before = _multiply(h, _cast(d, low), number, transpose_a=True)
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
    deltas = _cast(_backward(weights, delta, activations)[0], weights[0][0].dtype)
    directions = _multiply(deltas, weights[0], logits.dtype, transpose_b=True)
    direction = tf.add_n(directions)
    # A gradient may be zero, or have a square that is.
    tiny = np.finfo(direction.dtype.as_numpy_dtype).tiny ** 0.5
    norm = tf.maximum(_row_norms(direction), tiny)
    x = tf.cast(batch.x, direction.dtype)
    return x + direction * (epsilon * _row_norms(x) / norm)


def _row_norms(rows):
    return tf.sqrt(tf.reduce_sum(rows * rows, 1, keepdims=True))
