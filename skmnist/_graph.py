# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""The training loop of networks of one structure, as a private TensorFlow graph."""

import threading

import keras
import numpy as np
import tensorflow as tf

from ._distortion import make_distort
from ._halves import COLUMNS, ROWS
from ._optimizers import one_replica
from ._variables import assign, evaluate, made_without_values, make_variable, read

_v1 = tf.compat.v1


class TrainingGraph:
    """A network, its optimizer, and the loop that trains it.

    Hyperparameters and sizes are arguments of the loop, so that only another structure
    or optimizer needs another one.

    Parameters
    ----------
    structure : Structure
        Of the network.
    optimizer : (type, dict)
        Class and configuration of a Keras optimizer.
    distortion : DistortionKind or None
        What is done to the images, if anything is.

    Attributes
    ----------
    graph : tf.Graph
        Sessions share it.
    variables : list of (list of tf.Variable, int or None, int or None)
        Kernel and bias of each layer in turn, and the optimizer's as Keras orders
        them: the pieces of each, the axis along which it is cut, and the place of the
        weight whose shape it has.
    n_weights : int
        How many of them are kernels and biases.
    any_size : bool
        Whether they take weights of any size.
    """

    def __init__(self, structure, optimizer, distortion):
        optimizer_class, config = optimizer
        self.dtype = structure.dtype
        self._structure = structure
        self._distort = make_distort(*distortion) if distortion else None
        self._activation = _activation(structure.activation)
        self.graph = tf.Graph()
        # Reads and writes of variables keep the order of the code, as in a tf.function,
        # which would be one more function to optimise for each session.
        self.graph._add_control_dependencies = True
        self.any_size = structure.sizes is None
        with (
            self.graph.as_default(),
            made_without_values(self.any_size) as first_values,
        ):
            self.optimizer = one_replica(optimizer_class).from_config(dict(config))
            self._weights = self._make_weights()
            self.optimizer.build([v for pieces, _ in self._weights for v in pieces])
            of_optimizer = self._optimizer_variables()
            places = enumerate(self._weights)
            self.variables = [(*weight, i) for i, weight in places] + of_optimizer
            self.n_weights = len(self._weights)
            flat = [v for pieces, *_ in self.variables for v in pieces]
            self.feeds = self._make_placeholders()
            self.new_values = [_v1.placeholder(v.dtype, v.shape) for v in flat]
            self.assigned = [
                assign(v, x) for v, x in zip(flat, self.new_values, strict=True)
            ]
            self.values = [self.graph.as_graph_element(v) for v in flat]
        self._new_optimizer = [
            (evaluate(first_values[pieces[0].ref()]), place)
            for pieces, _, place in of_optimizer
        ]
        self._figures = {}
        self._lock = threading.Lock()

    def new_optimizer(self, shapes):
        """List what the optimizer's variables begin with, beside weights so shaped."""
        return [
            value if place is None else np.broadcast_to(value, shapes[place])
            for value, place in self._new_optimizer
        ]

    def figures(self, penalised, adversarial, by_row):
        """Return what the loop gives; built when it is first asked for.

        Without a penalty no step looks at the kernels once more, and rows that are not
        `adversarial` go through the network once. The loss of each row is there if
        `by_row` is true.
        """
        key = penalised, adversarial, by_row
        with self._lock:
            if key not in self._figures:
                *feeds, l2, epsilon = self.feeds
                if not penalised:
                    l2 = None
                if not adversarial:
                    epsilon = None
                with self.graph.as_default():
                    figures = self._loop(*feeds, l2, epsilon, by_row)
                if not self._figures:
                    self._check_updates()
                self._figures[key] = figures
            return self._figures[key]

    def _check_updates(self):
        # The switch is not public: without it a loop would train nothing.
        functions = self.graph.as_graph_def().library.function
        if not any(function.control_ret for function in functions):
            raise RuntimeError(
                f"TensorFlow {tf.__version__} leaves the updates of weights out of a "
                "loop: please report it, and use an earlier version"
            )

    def _make_weights(self):
        # Lists of (the pieces of a weight, the axis along which it is cut).
        weights = []
        layers = self._structure.layers
        sizes = self._structure.sizes or [None] * (len(layers) + 1)
        for i, layer in enumerate(layers):
            for name, shape, axis in (
                ("kernel", sizes[i : i + 2], layer.kernel_axis),
                ("bias", sizes[i + 1 : i + 2], layer.bias_axis),
            ):
                pieces = [
                    make_variable(shape, self.dtype, f"{name}_{i}_{piece}")
                    for piece in range(1 if axis is None else 2)
                ]
                weights.append((pieces, axis))
        return weights

    def _optimizer_variables(self):
        # As Keras orders those of a network in one piece: the halves of each together,
        # where that of the first half stands. With each the place of its weight.
        first = {pieces[0].ref(): i for i, (pieces, _) in enumerate(self._weights)}
        of_weight = self.optimizer.variables_of
        found = []
        for variable in self.optimizer.variables:
            weight = self.optimizer.weight_of(variable)
            if weight is None:
                found.append(([variable.value], None, None))
            elif weight.ref() in first:
                place = first[weight.ref()]
                pieces, axis = self._weights[place]
                n = [v is variable for v in of_weight(weight)].index(True)
                halves = [of_weight(piece)[n].value for piece in pieces]
                found.append((halves, axis, place))
        return found

    def _make_placeholders(self):
        return [
            _v1.placeholder(dtype, shape, name)
            for name, dtype, shape in (
                ("X", self.dtype, (None, None)),
                ("rows", tf.int32, (None, None)),
                ("y", tf.int32, (None, None)),
                ("weight", self.dtype, (None, None)),
                ("rates", tf.float32, (None,)),
                ("kept", tf.uint8, (None, None, None)),
                ("scale", self.dtype, ()),
                ("seeds", tf.int32, (None, 2)),
                ("ranges", self.dtype, (6,)),
                ("modes", self.dtype, (None, None)),
                ("l2", self.dtype, ()),
                ("epsilon", self.dtype, ()),
            )
        ]

    def _loop(
        self,
        X,
        rows,
        y,
        weight,
        rates,
        kept,
        scale,
        seeds,
        ranges,
        modes,
        l2,
        epsilon,
        by_row,
    ):
        n_steps = tf.shape(rates)[0]
        last = n_steps - 1
        variables = [v for pieces, _ in self._weights for v in pieces]
        factor = None if l2 is None else 2 * l2
        biases = [piece for pieces, _ in self._weights[1:-2:2] for piece in pieces]
        n_units = [tf.raw_ops.VariableShape(input=bias.handle) for bias in biases]
        n_units = tf.concat(n_units, axis=0)

        def batch(i):
            i = tf.minimum(i, last)
            x = _take(X, _take(rows, i))
            if self._distort is not None:
                x = self._distort(x, _take(seeds, i), ranges, modes)
            masks = tf.cast(_take(kept, i), self.dtype) * scale
            return [x, *tf.split(masks, n_units, axis=1, num=len(biases))]

        def step(i, wanted, *ready):
            kernels, biases = (
                [[read(v) for v in pieces] for pieces, _ in self._weights[first::2]]
                for first in (0, 1)
            )
            labels, (x, *masks) = _take(y, i), ready
            if epsilon is not None:
                x = self._adversarial(kernels, biases, x, masks, labels, epsilon)
            losses, loss, hits, gate, gradients = self._pass(
                kernels, biases, x, masks, labels, _take(weight, i)
            )
            following = i + 1
            # This is done while one core waits for the other.
            with tf.control_dependencies([gate]):
                ready = batch(following)
                if factor is not None:
                    penalty, decays = _penalty(kernels[:-1], factor)
            if factor is not None:
                loss += penalty
                for of_kernel, decay in zip(gradients[:-2:2], decays, strict=True):
                    of_kernel[:] = map(tf.add, of_kernel, decay)
            self.optimizer.set_rate(_take(rates, i))
            flat = [piece for pieces in gradients for piece in pieces]
            self.optimizer.apply(flat, variables)
            given = [tf.stack([loss, hits]), losses]
            written = [w.write(i, x) for w, x in zip(wanted, given, strict=False)]
            return following, written, *ready

        shapes = [(2,), (None,)] if by_row else [(2,)]
        wanted = [
            tf.TensorArray(self.dtype, n_steps, element_shape=shape) for shape in shapes
        ]
        state = (tf.constant(0), wanted, *batch(tf.constant(0)))
        wanted = tf.while_loop(lambda i, *_: i < n_steps, step, state)[1]
        return [each.stack() for each in wanted]

    def _adversarial(self, kernels, biases, x, masks, labels, epsilon):
        """Move each row along the gradient of its loss, `epsilon` times its length."""
        logits, _, outputs, _ = self._forward(kernels, biases, x, masks)
        _, dz = _cross_entropy(logits, labels)
        deltas = self._deltas(dz, kernels, outputs)
        dx = tf.add_n(
            [_times_transposed(d, k) for d, k in _pairs(deltas[0], kernels[0])]
        )
        # A gradient may be zero, or have a square that is.
        steepness = tf.maximum(_row_lengths(dx), np.finfo(self.dtype).tiny ** 0.5)
        return x + dx * (epsilon * _row_lengths(x) / steepness)

    def _pass(self, kernels, biases, x, masks, labels, weight):
        """Go forward and back.

        Returns the loss of each row, that of all, the number of hits, a tensor after
        which one core has little to do, and for each kernel and bias in turn the
        gradients of its pieces.
        """
        logits, inputs, outputs, gate = self._forward(kernels, biases, x, masks)
        losses, dz = _cross_entropy(logits, labels)
        loss = tf.reduce_sum(losses * weight)
        best = tf.argmax(logits, 1, output_type=tf.int32)
        hits = tf.cast(tf.equal(best, labels) & (weight > 0), self.dtype)
        dz *= tf.expand_dims(weight, 1)
        gradients = _gradients(inputs, self._deltas(dz, kernels, outputs))
        return losses, loss, tf.reduce_sum(hits), gate, gradients

    def _forward(self, kernels, biases, x, masks):
        """Return the logits, the inputs and outputs of each layer, and the gate."""
        layers, masks, gate = self._structure.layers, iter(masks), None
        inputs, outputs = [[x]], []  # of each layer, piece by piece
        for layer, kernel, bias in zip(layers, kernels, biases, strict=True):
            h = inputs[-1]
            if layer is ROWS:
                parts = [tf.matmul(a, k) for a, k in zip(h, kernel, strict=True)]
                z = [tf.add_n(parts) + bias[0]]
            else:
                z = [
                    tf.nn.bias_add(tf.matmul(h[0], k), b)
                    for k, b in zip(kernel, bias, strict=True)
                ]
            if gate is None and len(z) == 1:
                gate = z[0]
            if len(outputs) < len(layers) - 1:
                active = [self._activation(each) for each in z]
                kept = [next(masks) for _ in z]
                outputs.append((z, active, kept))
                inputs.append([a * m for a, m in zip(active, kept, strict=True)])
        return z[0], inputs, outputs, gate

    def _deltas(self, dz, kernels, outputs):
        """Go back: the gradients of what each layer sums up, from the first on."""
        deltas = [[dz]]
        for i in reversed(range(1, len(kernels))):
            dh = [_times_transposed(d, k) for d, k in _pairs(deltas[0], kernels[i])]
            if self._structure.layers[i] is COLUMNS:
                dh = [tf.add_n(dh)]
            below = [
                self._through_activation(z, a, d * m)
                for z, a, m, d in zip(*outputs[i - 1], dh, strict=True)
            ]
            deltas.insert(0, below)
        return deltas

    def _through_activation(self, z, a, gradient):
        if self._structure.activation == "relu":  # sooner built
            return tf.raw_ops.ReluGrad(gradients=gradient, features=a)
        return tf.gradients(a, z, gradient)[0]


def _gradients(inputs, deltas):
    # What the next step waits for first comes first, and each half goes on with its
    # own: left to itself one core would do the same part for both.
    gradients, before = [], deltas[0]
    for h, dz in zip(inputs, deltas, strict=True):
        of_kernel = []
        for j, (a, d) in enumerate(_pairs(h, dz)):
            with tf.control_dependencies([before[min(j, len(before) - 1)]]):
                of_kernel.append(tf.matmul(a, d, transpose_a=True))
        of_bias = [tf.raw_ops.BiasAddGrad(out_backprop=d) for d in dz]
        gradients += [of_kernel, of_bias]
        before = of_kernel
    return gradients


def _cross_entropy(logits, labels):
    """Return the loss of each row, and its gradient with respect to the logits."""
    return tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(
        features=logits, labels=labels
    )


def _times_transposed(a, kernel):
    return tf.matmul(a, kernel, transpose_b=True)


def _row_lengths(rows):
    return tf.sqrt(tf.reduce_sum(rows * rows, 1, keepdims=True))


def _take(array, at):
    # tf.gather adds an axis to the graph each time.
    return tf.raw_ops.Gather(params=array, indices=at)


def _penalty(kernels, factor):
    """Return the L2 penalty and its gradient with respect to each piece."""
    squares = [tf.nn.l2_loss(k) for pieces in kernels for k in pieces]  # half their sum
    decays = [[factor * k for k in pieces] for pieces in kernels]
    return factor * tf.add_n(squares), decays


def _pairs(first, second):
    # One piece goes with each of several.
    n = max(len(first), len(second))
    return zip(first * (n // len(first)), second * (n // len(second)), strict=True)


def _activation(name):
    # tf.nn.silu defines a gradient that TensorFlow would keep, graph and all, for good.
    return _silu if name == "silu" else keras.activations.get(name)


def _silu(z):
    return z * tf.sigmoid(z)
