# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""The training loop: many steps in one call into TensorFlow."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ._distortion import make_distort
from ._interrupts import defer_interrupts
from ._session import open_session, run_options
from ._sharding import join, n_shards, shard_axes, split
from ._step import ACTIVATIONS, Batch, DropoutMasks, gradients, perturb

_v1 = tf.compat.v1


class LoopSpec(NamedTuple):
    """What decides over the operations of a loop; all else are its inputs."""

    n_layers: int
    activation: str
    dtype: str
    optimizer: str  # its key
    sharded: bool  # whether weights are in two shards
    penalized: bool
    adversarial: bool
    row_losses: bool
    distortion: tuple | None  # arguments of `make_distort`
    layer_sizes: tuple | None  # None for a loop that takes any


class Steps(NamedTuple):
    """Inputs of some steps."""

    rows: np.ndarray  # (sum of `n_rows`,), int32, those of the first step first
    n_rows: np.ndarray  # (n_steps,), int32, rows of each step
    rates: np.ndarray  # (n_steps,), float32, learning rates
    seeds: np.ndarray  # (n_steps, 2), int32, of distortions
    thresholds: np.ndarray  # (n_steps,), uint8, of dropout
    words: np.ndarray  # (n_steps, n_words), uint64, of dropout, see `DropoutMasks`


class Hyperparameters(NamedTuple):
    """Inputs that are the same in all steps of a call."""

    batch_size: int
    dropout: float
    l2: float
    epsilon: float  # of adversarial training
    ranges: np.ndarray  # of distortions, see `make_distort`
    modes: np.ndarray


class TrainingLoop:
    """A graph and its session, in which one fit at a time trains a network.

    Weights and data are variables of any size, and what changes from fit to fit are
    inputs, so that one loop serves all networks of one `LoopSpec`. The optimizer, of
    `make_optimizer`, belongs to this loop.
    """

    def __init__(self, spec, optimizer):
        self.spec = spec
        self._dtype = tf.as_dtype(spec.dtype)
        self._optimizer = optimizer
        self._distort = make_distort(*spec.distortion) if spec.distortion else None
        self._axes = shard_axes(spec.n_layers, spec.sharded)
        with tf.Graph().as_default() as graph:
            self._weights = self._make_weights()
            state, scratch = optimizer.build(self._weights, self._make_variable)
            self._data = [
                self._make_variable(2, self._dtype),
                self._make_variable(1, tf.int32),
                self._make_variable(1, self._dtype),
            ]
            steps, settings = self._make_inputs()
            # A tf.function keeps reads and writes of variables in order.
            metrics = tf.function(self._run, autograph=False)(steps, settings)
            # Shards of each weight and state variable, and the weight they belong to.
            stored = [(shards, i) for i, shards in enumerate(self._weights)] + state
            assign_data = self._assign(self._data)
            assign_state = self._assign(_flat(shards for shards, _ in stored + scratch))
            values = [[_read(v) for v in shards] for shards, _ in stored]
        self._stored_axes = [
            None if i is None else self._axes[i] for _, i in stored + scratch
        ]
        self._session = open_session(graph)
        make = self._session.make_callable
        self._load_data = make(*assign_data)
        self._load_state = make(*assign_state)
        self._read_state = make(values)
        self._read_weights = make(values[: len(self._weights)])
        self._train = make(metrics, [*steps, *settings], accept_options=True)

    def _make_variable(self, rank, dtype):
        shape = tf.TensorShape([None] * rank)
        value = _v1.placeholder(dtype, shape)
        return tf.Variable(value, trainable=False, shape=shape)

    def _make_weights(self):
        ranks, sizes = [2, 1] * self.spec.n_layers, self.spec.layer_sizes
        if sizes is None:
            return [
                [self._make_variable(rank, self._dtype) for _ in range(n_shards(axis))]
                for rank, axis in zip(ranks, self._axes, strict=True)
            ]
        shapes = [sizes[i // 2 : i // 2 + 2][-rank:] for i, rank in enumerate(ranks)]
        return [[tf.Variable(tf.zeros(shape, self._dtype))] for shape in shapes]

    def _assign(self, variables):
        """Return an operation that gives variables new values, and their feeds."""
        feeds = [_v1.placeholder(each.dtype, each.shape) for each in variables]
        assigned = [
            tf.raw_ops.AssignVariableOp(resource=variable.handle, value=value)
            for variable, value in zip(variables, feeds, strict=True)
        ]
        return tf.group(assigned), feeds

    def _make_inputs(self):
        kinds = (tf.int32, tf.int32, tf.float32, tf.int32, tf.uint8, tf.uint64)
        ranks = (1, 1, 1, 2, 1, 2)
        steps = [
            _v1.placeholder(kind, [None] * rank)
            for kind, rank in zip(kinds, ranks, strict=True)
        ]
        settings = [_v1.placeholder(tf.int32, [])]
        shapes = [], [], [], [6], [None, None]
        settings += [_v1.placeholder(self._dtype, shape) for shape in shapes]
        return Steps(*steps), Hyperparameters(*settings)

    def _run(self, steps, settings):
        n_steps = tf.size(steps.rates)
        starts = tf.cumsum(steps.n_rows, exclusive=True)
        last = n_steps - 1
        data = [_read(each) for each in self._data]
        shapes = [(2,), (None,)] if self.spec.row_losses else [(2,)]
        metrics = [
            tf.TensorArray(self._dtype, n_steps, element_shape=shape, infer_shape=False)
            for shape in shapes
        ]

        n_units = [[tf.size(_read(b)) for b in bs] for bs in self._weights[1:-2:2]]
        masks = DropoutMasks(n_units, settings.dropout)

        def batch(i):
            i = tf.minimum(i, last)
            rows = tf.slice(
                steps.rows, [tf.gather(starts, i)], [tf.gather(steps.n_rows, i)]
            )
            x, y, weight = (tf.gather(each, rows) for each in data)
            return self._prepare(i, Batch(x, y, weight, masks), steps, settings)

        def step(i, metrics, ready):
            found = self._step(ready, tf.gather(steps.rates, i), settings)
            # While one core computes the loss, the other has time for the next batch.
            with tf.control_dependencies(found[:1]):
                ready = batch(i + 1)
            metrics = [m.write(i, x) for m, x in zip(metrics, found, strict=False)]
            return i + 1, metrics, ready

        _, metrics, _ = tf.while_loop(
            lambda i, *_: i < n_steps,
            step,
            (tf.constant(0), metrics, batch(tf.constant(0))),
            parallel_iterations=1,
        )
        return [each.concat() for each in metrics]

    def _prepare(self, i, batch, steps, settings):
        """Distort the rows of a batch, and make its weights and masks."""
        n_rows, x = tf.size(batch.y), batch.x
        if self._distort is not None:
            # XLA compiles for each size of batch.
            x = tf.pad(x, [[0, settings.batch_size - n_rows], [0, 0]])
            seed = tf.gather(steps.seeds, i)
            x = self._distort(x, seed, settings.ranges, settings.modes)[:n_rows]
        masks = batch.masks.make(
            n_rows, tf.gather(steps.thresholds, i), tf.gather(steps.words, i)
        )
        weight = batch.weight / tf.cast(n_rows, self._dtype)
        return Batch(x, batch.y, weight, masks)

    def _step(self, batch, rate, settings):
        """Train one step; return loss and number of correct rows, and row losses."""
        weights = [[_read(v) for v in shards] for shards in self._weights]
        activation = ACTIVATIONS[self.spec.activation]
        if self.spec.adversarial:
            x = perturb(weights, batch, activation, settings.epsilon)
            batch = batch._replace(x=x)
        found, metrics = gradients(weights, batch, activation)
        loss = metrics.loss
        if self.spec.penalized:
            for kernels, of_kernels in zip(weights[:-2:2], found[:-2:2], strict=True):
                loss += 2 * settings.l2 * tf.add_n([tf.nn.l2_loss(k) for k in kernels])
                for j, kernel in enumerate(kernels):
                    of_kernels[j] += 2 * settings.l2 * kernel
        self._optimizer.apply(_flat(self._weights), _flat(found), rate)
        return tf.stack([loss, metrics.n_correct]), metrics.row_losses

    def close(self):
        """Release the memory of the session."""
        self._session.close()

    @defer_interrupts()
    def load_data(self, X, y, sample_weight):
        """Take over the rows to train on."""
        self._load_data(X, y, sample_weight)

    def release_data(self):
        """Forget the rows."""
        number = self._dtype.as_numpy_dtype
        self.load_data(
            np.empty((0, 0), number), np.empty(0, np.int32), np.empty(0, number)
        )

    @defer_interrupts()
    def load_state(self, weights, optimizer_state):
        """Take over weights and the optimizer's state; None is a new optimizer."""
        new, scratch = self._optimizer.initial_state(weights)
        state = new if optimizer_state is None else optimizer_state
        arrays = zip([*weights, *state, *scratch], self._stored_axes, strict=True)
        self._load_state(*_flat(split(array, axis) for array, axis in arrays))

    @defer_interrupts()
    def state(self):
        """Copy the weights, and the optimizer's state in Keras' order."""
        read = self._read_state()[::-1]
        # One by one, so that no two copies of all are there at a time.
        values = [join(read.pop(), axis) for axis in self._stored_axes[: len(read)]]
        return values[: len(self._weights)], values[len(self._weights) :]

    @defer_interrupts()
    def weights(self):
        """Copy kernel and bias of each layer in turn."""
        return list(map(join, self._read_weights(), self._stored_axes))

    @defer_interrupts()
    def train(self, steps, settings, alone):
        """Train some steps; `alone` says that no other fit is running.

        Returns the mean loss of each step with the penalty and its number of correct
        rows, as the network was before the step, of shape (n_steps, 2), and if the spec
        asks for it the loss of each row without weight and penalty.
        """
        metrics, *row_losses = self._train(
            *steps, *settings, options=run_options(alone and self.spec.sharded)
        )
        return metrics.reshape(-1, 2), *row_losses


def _flat(lists):
    return [each for some in lists for each in some]


def _read(variable):
    # By one operation; `read_value` takes two.
    return tf.raw_ops.ReadVariableOp(resource=variable.handle, dtype=variable.dtype)
