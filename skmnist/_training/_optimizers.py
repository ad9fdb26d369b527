# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Optimizers inside a training loop, with the updates and variables of Keras' own.

Optimizers with a rule take weights of any size. All others are Keras' own, in loops for
weights of one size.
"""

from functools import cache
from types import SimpleNamespace

import keras
import numpy as np
import tensorflow as tf

from ._update_rules import RULES, Update
from ._variable import Variable

# Their updates depend on more than the gradients of a step.
_NEED_KERAS_FIT = (
    "gradient_accumulation_steps",
    "inner_optimizer",
    "loss_scale_factor",
    "use_ema",
)

# Adafactor keeps means over one axis of a kernel, and placeholders for biases.
_KEPT_AXIS = {"row": 0, "column": 1}


class RuleOptimizer:
    """An optimizer with a rule of `RULES`, for weights of any size."""

    any_size = True

    def __init__(self, name, config):
        self._rule = RULES[name]
        self._options = SimpleNamespace(**config)
        rate = config["learning_rate"]
        self._schedule = None
        if isinstance(rate, dict):
            self._schedule = keras.optimizers.schedules.deserialize(rate)
        # Whether the update of a number depends on that number's gradient alone.
        self.elementwise = name != "adafactor" and not self._options.clipnorm

    def _slots(self, n_weights):
        """List the variables as (name, index of the weight)."""
        for option, names in self._rule.slots.items():
            if option is None or getattr(self._options, option):
                for i in range(n_weights):
                    yield from ((name, i) for name in names)

    def owners(self, n_weights):
        """List the weight that each variable belongs to, or None, in Keras' order."""
        return [None, *(i for _, i in self._slots(n_weights))]

    def variables(self, shapes, dtype):
        """Say that the loop makes the variables."""
        return None

    def initial_state(self, weights):
        """Return the values of a new optimizer, for some arrays."""

        def value(name, i):
            shape = weights[i].shape
            if name in _KEPT_AXIS:
                shape = shape[_KEPT_AXIS[name] :][:1] if len(shape) > 1 else ()
            return np.zeros(shape, weights[i].dtype)  # no memory until written to

        return [np.int64(0), *(value(*each) for each in self._slots(len(weights)))]

    def connect(self, weights, state):
        """Take over the variables of weights and of `owners`, as lists of shards."""
        (self._iterations,), *slots = state
        self._weights = [each for shards in weights for each in shards]
        self._states = [
            SimpleNamespace(
                **{
                    name: Variable(tf.zeros_like(weight.read()))
                    for name in self._rule.scratch
                }
            )
            for weight in self._weights
        ]
        first = np.cumsum([0, *map(len, weights)])
        for (name, i), shards in zip(self._slots(len(weights)), slots, strict=True):
            for state, variable in zip(self._states[first[i] :], shards, strict=False):
                setattr(state, name, variable)

    def apply(self, gradients, rate):
        """Update all weights once; `rate` counts unless there is a schedule."""
        dtype = gradients[0].dtype
        options = SimpleNamespace(
            **{
                name: tf.constant(value, dtype)
                if type(value) in (int, float)
                else value
                for name, value in vars(self._options).items()
            }
        )
        iterations = self._iterations.read()
        if self._schedule is not None:
            rate = self._schedule(iterations)
        rate = tf.cast(rate, dtype)
        step = tf.cast(self._iterations.assign(iterations + 1), dtype)
        power = cache(lambda option: getattr(options, option) ** step)
        for weight, gradient, state in zip(
            self._weights, self._clip(gradients), self._states, strict=True
        ):
            if options.weight_decay is not None:
                weight.assign_sub(weight.read() * options.weight_decay * rate)
            self._rule.apply(
                Update(weight, gradient, state, rate, step, power, options)
            )

    def _clip(self, gradients):
        options = self._options
        if options.clipnorm:
            return [tf.clip_by_norm(g, options.clipnorm) for g in gradients]
        if options.global_clipnorm:
            return tf.clip_by_global_norm(gradients, options.global_clipnorm)[0]
        if options.clipvalue:
            limit = options.clipvalue
            return [tf.clip_by_value(g, -limit, limit) for g in gradients]
        return gradients


class KerasOptimizer:
    """Any other Keras optimizer, for weights of one size."""

    any_size = elementwise = False

    def __init__(self, kind, config):
        self._make = lambda: kind.from_config(dict(config))
        self._has_schedule = isinstance(config["learning_rate"], dict)

    def variables(self, shapes, dtype):
        """Make the variables of weights and state; Keras takes only its own kind."""
        weights = [tf.Variable(tf.zeros(shape, dtype)) for shape in shapes]
        self._optimizer = self._make()
        for i, weight in enumerate(weights):
            weight.path = f"weight_{i}"  # as Keras' variables have; Muon reads it
        self._optimizer.build(weights)
        rate = None if self._has_schedule else self._optimizer.learning_rate
        self._state = [
            each.value for each in self._optimizer.variables if each is not rate
        ]
        return weights + self._state

    def owners(self, n_weights):
        return [None] * len(self._state)

    def initial_state(self, weights):
        with tf.compat.v1.Session(graph=self._state[0].graph) as session:
            return session.run([each.initial_value for each in self._state])

    def connect(self, weights, state):
        self._weights = [weight for (weight,) in weights]

    def apply(self, gradients, rate):
        if not self._has_schedule:
            self._optimizer.learning_rate = rate
        self._optimizer.apply(gradients, self._weights)


def check_optimizer(optimizer):
    """Return the configuration of an optimizer, or raise an error that tells why not.

    A TypeError for what is no Keras optimizer, a ValueError for one that has been built
    or that uses something in which Keras' ``fit`` has to take part.
    """
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(
            "optimizer must be the name of a Keras optimizer or a "
            f"keras.optimizers.Optimizer; got {optimizer!r}"
        )
    name = type(optimizer).__name__
    if optimizer.built:
        raise ValueError(
            f"optimizer must be unbuilt; got a keras.optimizers.{name} that already "
            "belongs to a model: pass a new one"
        )
    config = optimizer.get_config()
    for option in _NEED_KERAS_FIT:
        if config.get(option):
            raise ValueError(
                f"optimizer must do without {option}, which Keras' own fit takes part "
                f"in; got keras.optimizers.{name}({option}={config[option]!r})"
            )
    return config


def make_optimizer(optimizer):
    """Make the optimizer of a training loop from that of `MLPDigitClassifier`."""
    if isinstance(optimizer, str):
        kind, config = _defaults(optimizer)
    else:
        kind, config = type(optimizer), check_optimizer(optimizer)
    name = kind.__name__
    if getattr(keras.optimizers, name, None) is kind and name.lower() in RULES:
        return RuleOptimizer(name.lower(), config)
    return KerasOptimizer(kind, config)


@cache
def _defaults(name):
    optimizer = keras_optimizer(name, 0.001)
    return type(optimizer), optimizer.get_config()


def keras_optimizer(optimizer, learning_rate):
    """Make a new Keras optimizer from a name, or like one that brings its own rate."""
    if not isinstance(optimizer, str):
        return type(optimizer).from_config(check_optimizer(optimizer))
    config = {"learning_rate": float(learning_rate), "name": optimizer}
    return keras.optimizers.get({"class_name": optimizer, "config": config})


def optimizer_key(optimizer):
    """Tell optimizers apart, but for name and a learning rate that is a number."""
    if isinstance(optimizer, str):
        return optimizer
    config = check_optimizer(optimizer)
    config.pop("name", None)  # Keras counts them up
    if not isinstance(config["learning_rate"], dict):
        del config["learning_rate"]
    kind = type(optimizer)
    return f"{kind.__module__}.{kind.__qualname__}({sorted(config.items())})"
