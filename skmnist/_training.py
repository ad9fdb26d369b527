"""The TensorFlow room: the compiled epoch, shared by all fits of one architecture."""

import threading
from collections import OrderedDict
from contextlib import contextmanager
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from ._keras import build_mlp, make_optimizer, optimizer_key
from ._network import evaluate

# Compiled epochs that wait for their next fit, in the whole process.
_MAX_IDLE = 16
# Steps between two looks at Python's signals: about a second of the default network.
_STEPS_PER_CALL = 512


class State(NamedTuple):
    """Where a training stands; enough to go on from there."""

    weights: list  # kernel and bias of each layer in turn
    optimizer: list | None  # the optimizer's variables, None for a new optimizer
    epochs: int  # epochs behind it
    seed: int  # source of every random number, with the epoch


class Data(NamedTuple):
    """Rows, class indices and weights (mean 1) of one data set."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray


class FusedAdam(keras.optimizers.Adam):
    """Keras' Adam with its own variables, updated by TensorFlow's fused kernel."""

    def update_step(self, gradient, variable, learning_rate):
        if self.amsgrad:
            return super().update_step(gradient, variable, learning_rate)
        dtype = variable.dtype
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations.value + 1, dtype)
        beta_1 = tf.constant(self.beta_1, dtype)
        beta_2 = tf.constant(self.beta_2, dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(beta_1, step),
            beta2_power=tf.pow(beta_2, step),
            lr=tf.cast(learning_rate, dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.constant(self.epsilon, dtype),
            grad=tf.cast(gradient, dtype),
        )


def _dropout_mask(shape, rate, seed, dtype):
    # keras.random.dropout wants the rate as a Python number, which would compile anew
    # for each, and draws 32 bits a unit, which is much beside the matrix products. Here
    # 8 do; the threshold is rounded up or down at random, so that the rate is exact in
    # the mean.
    n = shape[0] * shape[1]
    words = tf.random.stateless_uniform(
        (-(-n // 4) + 1,), seed, minval=None, maxval=None, dtype=tf.int32
    )
    rate = tf.minimum(rate, 255 / 256)
    dither = tf.cast(words[0], dtype) * 2.0**-32 + 0.5
    dropped = tf.cast(tf.minimum(tf.floor(rate * 256 + dither), 255), tf.uint8)
    bits = tf.reshape(tf.bitcast(words[1:], tf.uint8), [-1])[:n]
    return tf.cast(tf.reshape(bits, shape) >= dropped, dtype) / (1 - rate)


class CompiledMLP:
    """One network, its optimizer, and the compiled loop that trains it.

    Hyperparameters are arguments of the compiled loop, so that only another
    architecture, batch size or optimizer needs another one. The batch size is fixed
    because TensorFlow picks its fast matrix kernels where it knows all sizes; a
    shorter last batch is filled up with rows of weight zero.
    """

    def __init__(self, architecture, batch_size, optimizer, learning_rate):
        self.model = build_mlp(architecture, output_activation="linear")
        self.optimizer = make_optimizer(optimizer, learning_rate)
        if type(self.optimizer) is keras.optimizers.Adam:
            self.optimizer = FusedAdam.from_config(self.optimizer.get_config())
        self.optimizer.build(self.model.trainable_variables)
        self._new_optimizer = self._optimizer_state()
        self._sets_rate = not isinstance(
            self.optimizer._learning_rate,
            keras.optimizers.schedules.LearningRateSchedule,
        )
        self._batch_size = batch_size
        self._dtype = dtype = architecture.dtype
        # The concrete function: tf.function would warn of frequent tracing where
        # many architectures are searched.
        self._run = tf.function(
            self._steps,
            input_signature=[
                tf.TensorSpec((None, architecture.n_features), dtype, "X"),
                tf.TensorSpec((None,), tf.int32, "rows"),
                tf.TensorSpec((None,), tf.int32, "y"),
                tf.TensorSpec((None,), dtype, "weight"),
                tf.TensorSpec((None,), tf.float32, "learning_rates"),
                tf.TensorSpec((), dtype, "dropout"),
                tf.TensorSpec((), dtype, "l2"),
                tf.TensorSpec((2,), tf.int32, "seed"),
            ],
            autograph=False,
        ).get_concrete_function()

    def _optimizer_state(self):
        return [variable.numpy() for variable in self.optimizer.variables]

    def load(self, state):
        """Take over the weights and the optimizer of `state`."""
        self.model.set_weights(state.weights)
        values = self._new_optimizer if state.optimizer is None else state.optimizer
        for variable, value in zip(self.optimizer.variables, values, strict=True):
            variable.assign(value)

    def weights(self):
        """Copy kernel and bias of each layer in turn."""
        return [variable.numpy() for variable in self.model.trainable_variables]

    def state(self, epochs, seed):
        """Copy all that a later training needs to go on."""
        return State(self.weights(), self._optimizer_state(), epochs, seed)

    def run_epoch(self, X, y, weight, learning_rates, dropout, l2, rng):
        """Train once over all rows, in an order and with masks drawn from `rng`.

        Returns
        -------
        loss, accuracy : float
            Means over the epoch, as the network was when it saw each batch.
        """
        n_samples, n_steps = len(y), len(learning_rates)
        rows = np.zeros(n_steps * self._batch_size, np.int32)
        rows[:n_samples] = rng.permutation(n_samples)
        weight = weight[rows]
        weight[n_samples:] = 0
        seed = rng.integers(2**31, size=2)
        loss = correct = 0.0
        for start in range(0, n_steps, _STEPS_PER_CALL):
            steps = slice(start, start + _STEPS_PER_CALL)
            part = slice(*(self._batch_size * np.array([steps.start, steps.stop])))
            sums = self._run(
                X,
                tf.constant(rows[part]),
                tf.constant(y[rows[part]]),
                tf.constant(weight[part]),
                tf.constant(learning_rates[steps], tf.float32),
                tf.constant(dropout, self._dtype),
                tf.constant(l2, self._dtype),
                tf.constant((seed + (start, 0)) % 2**31, tf.int32),
            )
            loss += float(sums[0])
            correct += float(sums[1])
        return loss / n_samples, correct / n_samples

    def _steps(self, X, rows, y, weight, rates, dropout, l2, seed):
        half = (self._batch_size + 1) // 2

        def step(i, loss, correct):
            batch = [
                tf.slice(each, [i * self._batch_size], [self._batch_size])
                for each in (rows, y, weight)
            ]
            n_rows = tf.math.count_nonzero(batch[2], dtype=self._dtype)
            batch[2] /= n_rows
            # Two halves of the batch are independent branches of the graph, which
            # two cores work on at once; always two, so that the result does not
            # depend on the machine.
            branches = [
                self._branch(
                    X, *(each[part] for each in batch), dropout, (seed[0] + i, key)
                )
                for part, key in (
                    (slice(half), seed[1]),
                    (slice(half, None), seed[1] ^ (1 << 30)),
                )
            ]
            losses, hits, gradients = zip(*branches, strict=True)
            gradients = [a + b for a, b in zip(*gradients, strict=True)]
            penalty, gradients = self._penalised(gradients, l2)
            if self._sets_rate:
                self.optimizer.learning_rate.assign(rates[i])
            self.optimizer.apply(gradients, self.model.trainable_variables)
            loss += n_rows * (tf.add_n(losses) + penalty)
            return i + 1, loss, correct + tf.add_n(hits)

        start = (tf.constant(0), tf.constant(0, self._dtype), tf.constant(0))
        n_steps = tf.shape(rates)[0]
        return tf.while_loop(
            lambda i, *_: i < n_steps, step, start, parallel_iterations=1
        )[1:]

    def _branch(self, X, rows, y, weight, dropout, seed):
        *hidden, output = self.model.layers
        with tf.GradientTape() as tape:
            h = tf.gather(X, rows)
            for i, layer in enumerate(hidden):
                h = layer(h)
                mask = tf.cond(
                    dropout > 0,
                    lambda shape=h.shape, i=i: _dropout_mask(
                        shape, dropout, (seed[0], seed[1] ^ i), self._dtype
                    ),
                    lambda shape=h.shape: tf.ones(shape, self._dtype),
                )
                h *= mask
            logits = output(h)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits)
            loss = tf.reduce_sum(losses * weight)
        hits = (tf.argmax(logits, 1, output_type=tf.int32) == y) & (weight > 0)
        gradients = tape.gradient(loss, self.model.trainable_variables)
        return loss, tf.reduce_sum(tf.cast(hits, tf.int32)), gradients

    def _penalised(self, gradients, l2):
        hidden = [layer.kernel.value for layer in self.model.layers[:-1]]

        def with_penalty():
            penalty = tf.add_n([tf.reduce_sum(tf.square(k)) for k in hidden])
            added = list(gradients)
            for i, kernel in enumerate(hidden):
                added[2 * i] += 2 * l2 * kernel
            return l2 * penalty, added

        def without():
            return tf.zeros((), self._dtype), list(gradients)

        return tf.cond(l2 > 0, with_penalty, without)


class _Pool:
    """Compiled networks between two fits; each serves one fit at a time."""

    def __init__(self):
        self._idle = OrderedDict()  # id -> (key, compiled), least recently used first
        self._lock = threading.Lock()
        self._build_lock = threading.Lock()
        self.n_built = 0

    @contextmanager
    def lease(self, architecture, batch_size, optimizer, learning_rate):
        key = architecture, batch_size, optimizer_key(optimizer)
        with self._lock:
            known = [i for i, (k, _) in self._idle.items() if k == key]
            compiled = self._idle.pop(known[-1])[1] if known else None
        if compiled is None:
            with self._build_lock:
                compiled = CompiledMLP(
                    architecture, batch_size, optimizer, learning_rate
                )
                self.n_built += 1
        # After an error or an interrupt it is dropped, not trusted again.
        yield compiled
        with self._lock:
            self._idle[id(compiled)] = key, compiled
            while len(self._idle) > _MAX_IDLE:
                self._idle.popitem(last=False)


_pool = _Pool()


def compiled_count():
    """How many epochs this process has compiled so far."""
    return _pool.n_built


def _schedule(kind, start, n_steps):
    progress = np.arange(n_steps) / n_steps
    shape = {
        "constant": np.ones(n_steps),
        "linear": 1 - progress,
        "cosine": 0.5 * (1 + np.cos(np.pi * progress)),
    }[kind]
    return start * shape


def train(
    architecture,
    optimizer,
    state,
    data,
    validation=None,
    *,
    learning_rate,
    schedule,
    batch_size,
    epochs,
    dropout,
    l2,
    patience,
    on_epoch,
):
    """Train a network for some epochs.

    Parameters
    ----------
    architecture : Architecture
        The network.
    optimizer : str or keras.optimizers.Optimizer
        A name, or an unbuilt optimizer, which is copied.
    state : State
        Where to start from.
    data : Data
        What to train on.
    validation : Data or None
        What to measure the loss on after each epoch. With it the training ends
        `patience` epochs after the best validation loss, and the best weights and
        the optimizer that went with them are returned.
    learning_rate : float
        Step size at the start; an optimizer with a schedule of its own ignores it.
    schedule : {"constant", "linear", "cosine"}
        How it goes down to zero over the epochs.
    batch_size, epochs : int
        Rows per step, and passes over the rows.
    dropout, l2 : float
        Dropout rate and factor of the squared kernels.
    patience : int
        See `validation`.
    on_epoch : callable
        Called after each epoch with the number of epochs behind the state, a dict of
        that epoch's figures and a function that returns the weights. True ends the
        training.

    Returns
    -------
    state : State
        What the training ended with.
    history : dict of str to list of float
        Keras' keys, one entry per epoch.

    Raises
    ------
    ValueError
        If the loss becomes NaN or infinite.
    """
    history = {"loss": [], "accuracy": []}
    if validation is not None:
        history |= {"val_loss": [], "val_accuracy": []}
    n_steps = -(-len(data.y) // batch_size)
    rates = _schedule(schedule, learning_rate, epochs * n_steps)
    best, best_loss, best_epoch = None, np.inf, 0
    with _pool.lease(architecture, batch_size, optimizer, learning_rate) as compiled:
        compiled.load(state)
        X = tf.constant(data.X)
        for epoch in range(epochs):
            figures = {}
            figures["loss"], figures["accuracy"] = compiled.run_epoch(
                X,
                data.y,
                data.weight,
                rates[epoch * n_steps : (epoch + 1) * n_steps],
                dropout,
                l2,
                np.random.default_rng((state.seed, state.epochs + epoch)),
            )
            if validation is not None:
                weights = compiled.weights()
                loss, figures["val_accuracy"] = evaluate(
                    *validation, weights[::2], weights[1::2], architecture.activation
                )
                penalty = sum(float(np.sum(k * k)) for k in weights[:-2:2])
                figures["val_loss"] = loss + l2 * penalty
            for key, figure in figures.items():
                history[key].append(figure)
            if not all(np.isfinite(list(figures.values()))):
                raise ValueError(
                    f"the loss became {figures['loss']} in epoch {epoch + 1}: "
                    f"try a smaller learning_rate than {learning_rate:g}, and "
                    "features scaled to about [0, 1]"
                )
            stop = on_epoch(state.epochs + epoch + 1, figures, compiled.weights)
            if validation is not None:
                if figures["val_loss"] < best_loss:
                    best_loss, best_epoch = figures["val_loss"], epoch
                    best = compiled.state(state.epochs + epoch + 1, state.seed)
                stop |= epoch - best_epoch >= patience
            if stop:
                break
        done = state.epochs + len(history["loss"])
        last = best if best is not None else compiled.state(done, state.seed)
    return last._replace(epochs=done), history
