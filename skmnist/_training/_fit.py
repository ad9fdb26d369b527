"""Training: epochs, learning rate schedules, early stopping."""

import warnings

import numpy as np
from scipy.sparse import issparse

from .._network import evaluate
from . import check_not_forked
from ._config import State
from ._dropout import MAX_DROPOUT, draw_masks
from ._loop import LoopSpec, Steps
from ._loop_cache import cache
from ._loss_sampler import LossSampler
from ._optimizers import make_optimizer, optimizer_key
from ._processor import lacks_bfloat16
from ._sharding import shard_axes, shard_sizes

# Steps, and multiplications, between two looks at Python's signals: at most a second.
_STEPS_PER_CALL = 512
_MULTIPLICATIONS_PER_CALL = 2**36
_MASKS_PER_CALL = 2**25  # bytes
# Multiplications of a forward pass of a batch from which on two shards are faster. The
# choice must not depend on the machine: it decides over the last bits.
_WORTH_SHARDING = 1_500_000
# And from which on products in bfloat16 gain more than the conversions take.
_WORTH_BFLOAT16 = 4_000_000


def train(config, state, data, validation=None, on_epoch=None, callbacks=None):
    """Train a network for some epochs; return its `State` and the history.

    The list of the weights of `state` is emptied. With `validation`, rows of its own as
    `data` are, the training ends `config.patience` epochs after the best loss on them,
    and the state of that epoch is returned. `on_epoch` is called after each epoch with
    the number of epochs behind the state, its metrics and a function that returns the
    weights; True ends the training. A learning rate that `callbacks`, a
    `KerasCallbacks`, set is that of the next step, and the schedule goes on from there.
    The history has a list for each of Keras' keys, with one number per epoch.
    """
    check_not_forked()
    every_epoch = any(each is not None for each in (validation, on_epoch, callbacks))
    plan = _Plan(config, data, state, single_epochs=every_epoch)
    if plan.spec.mixed_precision and lacks_bfloat16():
        warnings.warn(
            "dtype='mixed_bfloat16' is slower than 'float32' here: this processor has "
            "no bfloat16 instructions",
            stacklevel=2,
        )
    stopping = _EarlyStopping(validation, config)
    history = {}
    with cache.lease(plan.spec, plan.optimizer) as loop:
        loop.load_data(data.X)
        loop.load_state(state.weights, state.optimizer)
        state.weights.clear()  # of a large network they take much memory

        def call(hook, epoch, *args):
            if callbacks is not None:
                rate = np.float32(plan.learning_rate * _decay(config, epoch, 1))
                plan.change_rate(callbacks.call(hook, loop, rate, *args), rate, epoch)

        call("on_train_begin", 0)
        for epochs in plan.blocks:
            call("on_epoch_begin", epochs[0], state.epochs + epochs[0])
            for epoch, metrics in zip(epochs, plan.run(loop, epochs), strict=True):
                done = state.epochs + epoch + 1
                metrics |= stopping.evaluate(loop)
                for key, value in metrics.items():
                    history.setdefault(key, []).append(value)
                _check_finite("the loss", metrics.values(), epoch, config)
                stop = on_epoch is not None and on_epoch(done, metrics, loop.weights)
                call("on_epoch_end", epoch + 1, done - 1, metrics)
                stop |= callbacks is not None and callbacks.stopped
                stop |= stopping.update(loop, metrics, epoch)
            if stop:
                break
        weights, optimizer_state = stopping.best or loop.state(last=True)
        if callbacks is not None:
            loop.load_state(weights, optimizer_state)
            call("on_train_end", epoch + 1, metrics)
            weights, optimizer_state = loop.state()
    _check_finite("a weight", weights, epoch, config)
    return State(weights, optimizer_state, done, state.seed), history


class _Plan:
    """The steps of a training."""

    def __init__(self, config, data, state, single_epochs):
        self.config = config
        self.learning_rate = config.learning_rate
        self._first_epoch, self._seed = state.epochs, state.seed
        self._dropout = min(config.dropout, MAX_DROPOUT)
        self._data, n_rows = data, len(data.y)
        # No longer than the rows; a power of two, so that distortions are compiled for
        # few sizes.
        self._batch_size = min(config.batch_size, 1 << (n_rows - 1).bit_length())
        self._n_steps = -(-n_rows // self._batch_size)
        distorted = config.epochs
        if config.distortion is not None:
            distorted -= round(config.distortion.clean_fraction * config.epochs)
        self._n_distorted = distorted
        self._sampler = LossSampler(n_rows, config.hard_fraction)
        n_products = self._batch_size * config.architecture.n_multiplications
        self.optimizer = make_optimizer(config.optimizer)
        self.spec = self._make_spec(n_products)
        units = config.architecture.hidden_units
        axes = shard_axes(self.spec.n_layers, self.spec.sharded)[1:-2:2]
        self._hidden = list(map(shard_sizes, units, axes))
        limit = min(
            _MULTIPLICATIONS_PER_CALL // (3 * n_products),
            _MASKS_PER_CALL // (self._batch_size * sum(units)),
        )
        self._steps_per_call = max(1, min(_STEPS_PER_CALL, limit))
        at_once = 1
        if not (single_epochs or config.hard_fraction):
            at_once = max(1, self._steps_per_call // self._n_steps)
        self.blocks = [
            epochs[start : start + at_once]
            for epochs in (range(distorted), range(distorted, config.epochs))
            for start in range(0, len(epochs), at_once)
        ]

    def _make_spec(self, n_products):
        config, network = self.config, self.config.architecture
        return LoopSpec(
            n_layers=len(network.layer_sizes) - 1,
            activation=network.activation,
            dtype=network.dtype,
            optimizer=optimizer_key(config.optimizer),
            sharded=self.optimizer.elementwise and n_products >= _WORTH_SHARDING,
            mixed_precision=config.mixed_precision and n_products >= _WORTH_BFLOAT16,
            penalized=config.l2 > 0,
            adversarial=config.adversarial_epsilon > 0,
            distortion=config.distortion and config.distortion.kind,
            layer_sizes=None if self.optimizer.any_size else network.layer_sizes,
            sparse=issparse(self._data.X),
        )

    def change_rate(self, wanted, rate, epoch):
        """Go on from another learning rate than planned."""
        decay = _decay(self.config, epoch, 1)
        if wanted != rate and decay:
            self.learning_rate = wanted / decay

    def run(self, loop, epochs):
        """Train some epochs, and return the metrics of each."""
        clean = epochs[0] >= self._n_distorted
        losses, correct = [], []
        for steps in self._draw(epochs, clean):
            of_rows, hits, *penalty = loop.train(steps, cache.one_in_use)
            self._sampler.update(steps.rows, of_rows)
            of_rows = of_rows * self._data.sample_weight[steps.rows]
            for each in penalty:
                of_rows += np.repeat(each, np.diff(steps.bounds[:-1]))
            losses.append(of_rows)
            correct.append(hits)
        means = (
            np.concatenate(each).reshape(len(epochs), -1).mean(axis=1).tolist()
            for each in (losses, correct)
        )
        return [{"loss": a, "accuracy": b} for a, b in zip(*means, strict=True)]

    def _draw(self, epochs, clean):
        """Draw the inputs of some epochs, call by call."""
        n_steps, n_rows = self._n_steps, len(self._data.y)
        config, number = self.config, self._data.X.dtype.type
        ranges = np.zeros(6, number)
        modes = np.zeros((0, self._data.X.shape[1]), number)
        if config.distortion is not None and not clean:
            ranges, modes = config.distortion.ranges, config.distortion.modes
        # An epoch has a generator of its own; of NumPy's SFC64 is the fastest.
        keys = [(self._seed, self._first_epoch + epoch) for epoch in epochs]
        rngs = [np.random.Generator(np.random.SFC64(key)) for key in keys]
        order = np.array([self._sampler.order(rng, uniform=clean) for rng in rngs])
        seeds = np.array(
            [rng.integers(2**31, size=(n_steps, 2), dtype=np.int32) for rng in rngs]
        )
        steps = np.arange(n_steps * epochs[0], n_steps * (epochs[-1] + 1))
        rates = np.float32(self.learning_rate * _decay(config, steps, n_steps))
        rates = rates.reshape(len(epochs), n_steps)
        bounds = np.minimum(np.arange(n_steps + 1) * self._batch_size, n_rows)
        # Several epochs in one call, or one epoch in several.
        for first in range(0, n_steps, self._steps_per_call):
            some = slice(first, first + self._steps_per_call)
            of_call = bounds[first : first + self._steps_per_call + 1]
            sizes = np.diff(of_call)
            rows = order[:, of_call[0] : of_call[-1]].ravel()
            masks = draw_masks(rngs, sizes, self._dropout, self._hidden)
            sizes = np.tile(sizes, len(epochs))
            weight = self._data.sample_weight[rows] / np.repeat(sizes, sizes)
            yield Steps(
                bounds=np.cumsum([0, *sizes, 0], dtype=np.int32),
                rows=rows,
                y=self._data.y[rows],
                weight=weight.astype(number)[:, np.newaxis],
                dropout_masks=masks,
                rates=rates[:, some].ravel(),
                seeds=seeds[:, some].reshape(-1, 2),
                batch_size=np.int32(self._batch_size),
                scale=number(1 / (1 - self._dropout)),
                decay=number(2 * config.l2),
                epsilon=number(config.adversarial_epsilon),
                ranges=ranges,
                modes=modes,
            )


def _decay(config, step, steps_per_epoch):
    """Compute the learning rate of a step as a part of the first one's."""
    progress = np.asarray(step) / (config.epochs * steps_per_epoch)
    return {
        "constant": np.ones_like(progress),
        "linear": 1 - progress,
        "cosine": 0.5 * (1 + np.cos(np.pi * progress)),
    }[config.schedule]


class _EarlyStopping:
    """Measures the validation loss and remembers the best weights."""

    def __init__(self, validation, config):
        self._validation = validation
        self._config = config
        self._best_loss, self._best_epoch = np.inf, 0
        self.best = None  # weights and optimizer's state

    def evaluate(self, loop):
        """Return the validation metrics, if there are validation rows."""
        if self._validation is None:
            return {}
        weights, config = loop.weights(), self._config
        layers = weights[::2], weights[1::2]
        with np.errstate(over="ignore", invalid="ignore"):  # it becomes an error
            loss, accuracy = evaluate(
                *self._validation, *layers, config.architecture.activation
            )
            penalty = sum(float(np.sum(k * k)) for k in layers[0][:-1])
        return {"val_loss": loss + config.l2 * penalty, "val_accuracy": accuracy}

    def update(self, loop, metrics, epoch):
        """Take over the epoch's metrics; return whether to stop."""
        if self._validation is None:
            return False
        if metrics["val_loss"] < self._best_loss:
            self._best_loss, self._best_epoch = metrics["val_loss"], epoch
            self.best = loop.state()
        return epoch - self._best_epoch >= self._config.patience


def _check_finite(what, numbers, epoch, config):
    if not all(np.isfinite(each).all() for each in numbers):
        raise ValueError(
            f"{what} became NaN or infinite in epoch {epoch + 1}: try a smaller "
            f"learning_rate ({config.learning_rate:g}), l2 ({config.l2:g}) or "
            f"adversarial_epsilon ({config.adversarial_epsilon:g}), and features "
            "scaled to about [0, 1]"
        )
