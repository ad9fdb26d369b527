"""The training loop: many steps in one call into TensorFlow."""

from contextlib import nullcontext
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ._aligned import aligned_copy
from ._distortion import make_distort
from ._interrupts import defer_interrupts
from ._session import open_session, run_options
from ._sharding import join, shard_axes, split
from ._startup import quiet_startup
from ._step import ACTIVATIONS, Batch, gradients, perturb
from ._variable import Variable, read


class LoopSpec(NamedTuple):
    """What decides over the operations of a loop; all else are its inputs."""

    n_layers: int
    activation: str
    dtype: str
    optimizer: str  # its key
    sharded: bool  # whether weights are in two shards
    mixed_precision: bool
    penalized: bool
    adversarial: bool
    distortion: tuple | None  # arguments of `make_distort`
    layer_sizes: tuple | None  # None for a loop that takes any
    sparse: bool  # whether the rows are


class Steps(NamedTuple):
    """Inputs of some steps. Their rows follow each other, those of the first first."""

    bounds: np.ndarray  # (n_steps + 2,), int32, first row of each, twice the end
    rows: np.ndarray  # (n_rows,), int32, into the data
    y: np.ndarray  # (n_rows,), int32
    weight: np.ndarray  # (n_rows, 1), of each row in the mean loss of its step
    dropout_masks: list  # of each hidden layer, its shards, (n_rows, n_units), bool
    rates: np.ndarray  # (n_steps,), float32, learning rates
    seeds: np.ndarray  # (n_steps, 2), int32, of distortions
    # The same in all steps:
    batch_size: int
    scale: float  # of the units that dropout keeps
    decay: float  # of the kernels, 2 * l2
    epsilon: float  # of adversarial training
    ranges: np.ndarray  # of distortions, see `make_distort`
    modes: np.ndarray


class SparseRows(NamedTuple):
    """Rows of some steps as their numbers other than zero."""

    bounds: np.ndarray  # (n_steps + 2,), int32, first number of each, twice the end
    index: np.ndarray  # (n_numbers, 2), int64, row of the step, and column
    values: np.ndarray  # (n_numbers,)
    n_features: int


class TrainingLoop:
    """A graph and its session, in which one fit at a time trains a network.

    A call takes weights, the optimizer's state and data of any size, trains some steps,
    and returns the new weights and state, so that one loop serves all networks of one
    `LoopSpec`. The `optimizer`, of `make_optimizer`, belongs to this loop.
    """

    def __init__(self, spec, optimizer):
        self.spec = spec
        self._dtype = tf.as_dtype(spec.dtype)
        self._low = tf.bfloat16 if spec.mixed_precision else self._dtype
        self._optimizer = optimizer
        self._distort = make_distort(*spec.distortion) if spec.distortion else None
        self._n_weights = 2 * spec.n_layers
        self._session = self._call = None
        self.release()

    def _build(self, inputs):
        """Make graph and session, for inputs of the kinds of these arrays."""

        def placeholder(array):
            return tf.compat.v1.placeholder(array.dtype, [None] * array.ndim)

        with tf.Graph().as_default() as graph:
            inputs = tf.nest.map_structure(placeholder, inputs)
            # A tf.function keeps reads and writes of variables in order.
            run = tf.function(self._run, autograph=False)
            results = run.get_concrete_function(*inputs)(*inputs)
        self._session = open_session(graph)
        self._call = self._session.make_callable(
            results, tf.nest.flatten(inputs), accept_options=True
        )

    def _run(self, values, X, steps):
        shapes = [shards[0].shape for shards in self._values[: self._n_weights]]
        stored = self._optimizer.store(values, shapes)
        weights = stored[: self._n_weights]
        # A tensor from outside of the loop costs four operations in each step, a
        # variable one.
        inputs = tf.nest.map_structure(Variable, (X, steps))
        X, steps = inputs

        def step(i, metrics, batch):
            rate = tf.gather(read(steps.rates), i)
            found = self._step(weights, batch, rate, steps)
            # While one core computes the loss, the other has time for the next batch.
            with tf.control_dependencies(found[:1]):
                batch = self._batch(i + 1, X, steps)
            metrics = [m.write(i, x) for m, x in zip(metrics, found, strict=True)]
            return i + 1, metrics, batch

        dtypes = [self._dtype, tf.bool] + [self._dtype] * self.spec.penalized
        n_steps = tf.size(read(steps.rates))
        metrics = [tf.TensorArray(x, n_steps, infer_shape=False) for x in dtypes]
        first = tf.constant(0)
        _, metrics, _ = tf.while_loop(
            lambda i, *_: i < tf.size(read(steps.rates)),
            step,
            (first, metrics, self._batch(first, X, steps)),
            parallel_iterations=1,
        )
        values = tf.nest.map_structure(read, stored)
        for each in tf.nest.flatten((inputs, stored)):
            tf.raw_ops.DestroyResourceOp(resource=each.handle)
        return values, [each.concat() for each in metrics]

    def _batch(self, i, X, steps):
        """Gather the rows of a step, distort them, and make the dropout masks."""
        of_step = _slicing(read(steps.bounds), i)
        y = of_step(steps.y)
        if self.spec.sparse:
            numbers = _slicing(read(X.bounds), i)
            x = tf.raw_ops.SparseToDense(
                sparse_indices=numbers(X.index),
                output_shape=[tf.size(y, tf.int64), read(X.n_features)],
                sparse_values=numbers(X.values),
                default_value=tf.zeros([], self._dtype),
                validate_indices=False,
            )
        else:
            x = tf.gather(read(X), of_step(steps.rows))
        if self._distort is not None:
            # XLA compiles for each size of batch.
            n_rows = tf.shape(x)[0]
            x = tf.pad(x, [[0, read(steps.batch_size) - n_rows], [0, 0]])
            seed = tf.gather(
                read(steps.seeds), tf.minimum(i, tf.size(read(steps.rates)) - 1)
            )
            ranges, modes = read(steps.ranges), read(steps.modes)
            x = self._distort(x, seed, ranges, modes)[:n_rows]
        scale = read(steps.scale)
        masks = [
            [tf.cast(of_step(mask), self._dtype) * scale for mask in shards]
            for shards in steps.dropout_masks
        ]
        return Batch(x, y, of_step(steps.weight), masks)

    def _step(self, variables, batch, rate, steps):
        """Train one step; return losses of rows, whether they are correct, penalty."""
        values = tf.nest.map_structure(read, variables)
        weights = list(values)
        weights[::2] = [
            [tf.cast(each, self._low) for each in shards] for shards in values[::2]
        ]
        activation = ACTIVATIONS[self.spec.activation]
        if self.spec.adversarial:
            x = perturb(weights, batch, activation, read(steps.epsilon))
            batch = batch._replace(x=x)
        found, *metrics = gradients(weights, batch, activation)
        if self.spec.penalized:
            squares, decay = [], read(steps.decay)
            for kernels, of_kernels in zip(values[:-2:2], found[:-2:2], strict=True):
                squares += [tf.nn.l2_loss(kernel) for kernel in kernels]
                for j, kernel in enumerate(kernels):
                    of_kernels[j] += decay * kernel
            metrics.append(tf.reshape(decay * tf.add_n(squares), [1]))
        self._optimizer.apply([each for shards in found for each in shards], rate)
        return metrics

    def close(self):
        """Release the memory of the session; return the graph, if there is one."""
        session, self._session, self._call = self._session, None, None
        if session is not None:
            session.close()
            return session.graph

    def release(self):
        """Forget data and weights."""
        self._X = self._values = None

    def load_data(self, X):
        """Take over the rows to train on, an array or a CSR matrix."""
        dtype = self._low.as_numpy_dtype
        self._X = X if self.spec.sparse else aligned_copy(X, dtype)

    def load_state(self, weights, optimizer_state):
        """Take over weights and the optimizer's state; None is a new optimizer."""
        if optimizer_state is None:
            optimizer_state = self._optimizer.initial_state(weights)
        axes = shard_axes(self.spec.n_layers, self.spec.sharded)
        self._axes = axes + self._optimizer.state_axes(axes, optimizer_state)
        arrays = zip([*weights, *optimizer_state], self._axes, strict=True)
        self._values = [
            [aligned_copy(shard) for shard in split(array, axis)]
            for array, axis in arrays
        ]

    def state(self, *, last=False):
        """Copy the weights, and the optimizer's state in Keras' order.

        With `last`, each is let go of once it is copied.
        """
        values = list(self._values)
        if last:
            self._values = None
        values = [join(values.pop(0), axis) for axis in self._axes]
        return values[: self._n_weights], values[self._n_weights :]

    def weights(self):
        """Copy kernel and bias of each layer in turn."""
        return list(map(join, self._values[: self._n_weights], self._axes))

    @defer_interrupts()
    def train(self, steps, alone, metadata=None):
        """Train some steps; `alone` says that no other fit is running.

        Returns the loss of each row and whether it was classified correctly, as the
        network was before the step, both of shape (n_rows,), and if the spec is
        penalized the penalty of each step. `metadata`, a `tf.compat.v1.RunMetadata`, is
        filled with the time that each operation took.
        """
        X = _sparse_rows(self._X, steps) if self.spec.sparse else self._X
        inputs = self._values, X, steps
        first = self._session is None
        if first:
            self._build(inputs)
        options = run_options(alone and self.spec.sharded)
        if metadata is not None:
            options.trace_level = options.FULL_TRACE
        # XLA writes to stderr when it compiles first.
        with quiet_startup() if first and self.spec.distortion else nullcontext():
            values, metrics = self._call(
                *tf.nest.flatten(inputs), options=options, run_metadata=metadata
            )
        # TensorFlow keeps memory that it once had, so it is to have the values once.
        for old, new in zip(*map(tf.nest.flatten, (self._values, values)), strict=True):
            old[...] = new
        return metrics


def _slicing(bounds, i):
    """Return a function that takes what belongs to step `i` out of a variable."""
    begin, end = tf.split(tf.gather(bounds, i + [0, 1]), 2)

    def of_step(variable):
        return tf.raw_ops.StridedSlice(
            input=read(variable), begin=begin, end=end, strides=[1]
        )

    return of_step


def _sparse_rows(X, steps):
    rows = X[steps.rows]
    rows.sum_duplicates()
    bounds = steps.bounds
    row = np.arange(len(steps.rows)) - np.repeat(bounds[:-2], np.diff(bounds[:-1]))
    index = np.stack([np.repeat(row, np.diff(rows.indptr)), rows.indices], axis=1)
    return SparseRows(
        bounds=rows.indptr[bounds].astype(np.int32),
        index=index.astype(np.int64),
        values=rows.data,
        n_features=np.int64(X.shape[1]),
    )
