"""Other designs of the training loop, beside skmnist's: MNIST and the bundled digits.

tape: variables of any size as arguments of one tf.function, GradientTape, fused Adam.
layers: the same loop around the Dense layers of a Keras model, a function per model.
default: skmnist in a process that has used TensorFlow before, whose threads it shares.

All train the network 784-256-256-10 (or 64-...) with dropout and batches of 128.
"""

import time
from itertools import pairwise

import numpy as np

from .._harness.contenders import Network
from .._harness.data import load
from .._harness.fits import Fit
from .._harness.worker import Job, Turn, take_turns, workers

OPTIONS = {
    "rounds": (6, 1, "turns of each design"),
    "mnist_epochs": (3, 1, "epochs of a fit on MNIST"),
    "digits_epochs": (20, 1, "epochs of a fit on the bundled digits"),
}
_BATCH, _RATE = 128, 0.45


def run(report, rounds, mnist_epochs, digits_epochs):
    for data, epochs in (("digits", digits_epochs), ("mnist", mnist_epochs)):
        jobs = {
            "skmnist": Job(
                "skmnist: a session of its own", Fit, ("skmnist", data, None)
            ),
            "default": Job("skmnist, TensorFlow used before", DefaultThreads, (data,)),
            "tape": Job("GradientTape in a tf.function", TapeFit, (data, _tape_run)),
            "layers": Job(
                "Keras' layers in a tf.function", TapeFit, (data, _layer_run)
            ),
        }
        with workers(jobs) as crew:
            take_turns(crew, 1, epochs)
            turns, threads = take_turns(crew, rounds, epochs)
        table = report.table(f"{data}, {epochs} epochs: one more fit")
        for key, job in jobs.items():
            table.add(key, job.label, turns[key], threads=threads[key])
        table.relate("x skmnist", "skmnist")


class DefaultThreads(Fit):
    def __init__(self, data):
        import tensorflow as tf

        tf.constant(1.0) + 1.0
        super().__init__("skmnist", data, None)


class TapeFit:
    """Fits of a loop in a tf.function; a turn is a whole fit."""

    def __init__(self, data, make_run):
        self._data = load(data)
        self._make_run = make_run
        self._cache = {}

    def turn(self, seed, epochs):
        import tensorflow as tf

        data, rng = self._data, np.random.default_rng(seed)
        start = time.perf_counter()
        n_features = data.x_train.shape[1]
        sizes = (n_features, *Network().hidden_units, 10)
        weights, run = self._make_run(sizes, rng, self._cache)
        zeros = [np.zeros_like(w.numpy()) for w in weights]
        moments, squares = ([_variable(z) for z in zeros] for _ in range(2))
        variables, step = (weights, moments, squares), tf.Variable(0, dtype=tf.int64)
        n_steps = len(data.x_train) // _BATCH
        X, y = tf.constant(data.x_train), tf.constant(data.y_train.astype(np.int32))
        for _ in range(epochs):
            rows = rng.permutation(len(data.x_train))[: n_steps * _BATCH]
            rows = rows.reshape(-1, _BATCH).astype(np.int32)
            words = rng.integers(2**64, size=(n_steps, _BATCH * 64), dtype=np.uint64)
            run(variables, step, (X, y), tf.constant(rows), words)
        seconds = time.perf_counter() - start
        return Turn(seconds, _accuracy([w.numpy() for w in weights], data))


def _variable(value):
    import tensorflow as tf

    return tf.Variable(value, shape=tf.TensorShape([None] * value.ndim))


def _accuracy(weights, data):
    h = data.x_test
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        h = np.maximum(h @ kernel + bias, 0)
    return float(((h @ weights[-2] + weights[-1]).argmax(1) == data.y_test).mean())


def _glorot(sizes, rng):
    for a, b in pairwise(sizes):
        limit = np.sqrt(6 / (a + b))
        yield rng.uniform(-limit, limit, (a, b)).astype(np.float32)
        yield np.zeros(b, np.float32)


def _tape_run(sizes, rng, cache):
    import tensorflow as tf

    def logits(weights, x, masks):
        for i, mask in enumerate(masks):
            x = (
                tf.nn.relu(tf.nn.bias_add(x @ weights[2 * i], weights[2 * i + 1]))
                * mask
            )
        return tf.nn.bias_add(x @ weights[-2], weights[-1])

    if "run" not in cache:
        loop = _loop(logits)
        cache["run"] = tf.function(loop, autograph=False, reduce_retracing=True)
    return [_variable(w) for w in _glorot(sizes, rng)], cache["run"]


def _layer_run(sizes, rng, cache):
    import keras
    import tensorflow as tf

    layers = [keras.layers.Dense(n, "relu") for n in sizes[1:-1]]
    layers.append(keras.layers.Dense(sizes[-1]))
    for layer, n_inputs in zip(layers, sizes[:-1], strict=True):
        layer.build((None, n_inputs))

    def logits(weights, x, masks):
        for layer, mask in zip(layers[:-1], masks, strict=True):
            x = layer(x) * mask
        return layers[-1](x)

    variables = [v.value for layer in layers for v in (layer.kernel, layer.bias)]
    return variables, tf.function(_loop(logits), autograph=False)


def _loop(logits_of):
    """Make the epoch: what it is given are variables and the inputs of each step."""
    import tensorflow as tf

    def run(variables, step, data, rows, words):
        (weights, moments, squares), (X, y) = variables, data

        def train(i, loss):
            batch, labels = tf.gather(X, rows[i]), tf.gather(y, rows[i])
            kept = tf.bitcast(words[i], tf.uint8) >= tf.constant(115, tf.uint8)
            kept = tf.cast(kept, tf.float32) / (1 - _RATE)
            masks = tf.split(tf.reshape(kept, [_BATCH, 512]), 2, axis=1)
            with tf.GradientTape() as tape:
                z = logits_of(weights, batch, masks)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, z)
                loss = tf.reduce_mean(losses)
            t = tf.cast(step.assign_add(1), tf.float32)
            for w, m, v, g in zip(
                weights, moments, squares, tape.gradient(loss, weights), strict=True
            ):
                tf.raw_ops.ResourceApplyAdam(
                    var=w.handle,
                    m=m.handle,
                    v=v.handle,
                    beta1_power=0.9**t,
                    beta2_power=0.999**t,
                    lr=0.001,
                    beta1=0.9,
                    beta2=0.999,
                    epsilon=1e-7,
                    grad=g,
                )
            return i + 1, loss

        n_steps = tf.shape(rows)[0]
        first = tf.constant(0), tf.constant(0.0)
        return tf.while_loop(lambda i, _: i < n_steps, train, first)[1]

    return run
