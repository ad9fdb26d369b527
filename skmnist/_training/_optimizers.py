"""Optimizers inside a training loop, with the updates and variables of Keras' own.

Optimizers with a rule take weights of any size. All others are Keras' own, in loops for
weights of one size.
"""

from functools import cache
from itertools import chain
from types import SimpleNamespace

import keras
import numpy as np
import tensorflow as tf

from ._update_rules import RULES
from ._variable import Variable, read

# Their updates depend on more than the gradients of a step.
_NEED_KERAS_FIT = (
    "gradient_accumulation_steps",
    "inner_optimizer",
    "loss_scale_factor",
    "use_ema",
)


class RuleOptimizer:
    """An optimizer with a rule of `RULES`, for weights of any size."""

    any_size = True

    def __init__(self, rule, config):
        self._rule, self._config = rule, config
        rate = config["learning_rate"]
        self._schedule = None
        if isinstance(rate, dict):
            self._schedule = keras.optimizers.schedules.deserialize(rate)
        # Whether the update of a number depends on that number's gradient alone.
        self.elementwise = rule.elementwise and not config["clipnorm"]

    def _slots(self, n_weights):
        """List the variables as (name, index of the weight), in Keras' order."""
        for option, names in self._rule.slots.items():
            if option is None or self._config[option]:
                for i in range(n_weights):
                    yield from ((name, i) for name in names)

    def state_axes(self, axes, state):
        """Choose the axis along which each variable is split, by those of weights."""
        return [None, *(axes[i] for _, i in self._slots(len(axes)))]

    def initial_state(self, weights):
        """Return the values of a new optimizer, for some arrays."""

        def value(name, i):
            shape = weights[i].shape
            if name in ("row", "column"):  # of Adafactor, placeholders for biases
                shape = (shape[name == "column"],) if len(shape) > 1 else ()
            return np.zeros(shape, weights[i].dtype)  # no memory until written to

        return [np.int64(0), *(value(*each) for each in self._slots(len(weights)))]

    def store(self, values, shapes):
        """Make variables of weights of some shapes and of state, as lists of shards."""
        stored = [list(map(Variable, shards)) for shards in values]
        n_weights = len(shapes)
        (self._iterations,) = stored[n_weights]
        self._weights = [
            [(each, self._scratch(each)) for each in shards]
            for shards in stored[:n_weights]
        ]
        slots = zip(self._slots(n_weights), stored[n_weights + 1 :], strict=True)
        for (name, i), shards in slots:
            for (_, state), variable in zip(self._weights[i], shards, strict=True):
                setattr(state, name, variable)
        return stored

    def _scratch(self, weight):
        return SimpleNamespace(
            **{
                name: Variable(tf.zeros_like(read(weight)))
                for name in self._rule.scratch
            }
        )

    def apply(self, gradients, rate):
        """Update all weights once; `rate` counts unless there is a schedule."""
        dtype = gradients[0].dtype
        iterations = read(self._iterations)
        step = tf.cast(self._iterations.assign(iterations + 1), dtype)
        if self._schedule is not None:
            rate = self._schedule(iterations)
        options = {
            name: tf.constant(value, dtype) if type(value) in (int, float) else value
            for name, value in self._config.items()
        }
        for beta in ("beta_1", "beta_2"):
            if beta in options:
                options[f"{beta}_power"] = options[beta] ** step
        options |= {"learning_rate": tf.cast(rate, dtype), "step": step}
        options = SimpleNamespace(**options)
        weights = chain.from_iterable(self._weights)
        gradients = self._clip(gradients)
        for (weight, state), gradient in zip(weights, gradients, strict=True):
            if options.weight_decay is not None:
                decayed = read(weight) * options.weight_decay
                weight.assign_sub(decayed * options.learning_rate)
            self._rule.apply(weight, gradient, state, options)

    def _clip(self, gradients):
        config = self._config
        if norm := config["clipnorm"]:
            return [tf.clip_by_norm(each, norm) for each in gradients]
        if norm := config["global_clipnorm"]:
            return tf.clip_by_global_norm(gradients, norm)[0]
        if limit := config["clipvalue"]:
            return [tf.clip_by_value(each, -limit, limit) for each in gradients]
        return gradients


class KerasOptimizer:
    """Any other Keras optimizer, for weights of one size."""

    any_size = elementwise = False

    def __init__(self, kind, config):
        self._kind, self._config = kind, config
        self._has_schedule = isinstance(config["learning_rate"], dict)

    def _build(self, shapes, dtype):
        """Make an optimizer, and weights for it, which are zero."""
        weights = [
            keras.Variable("zeros", shape, dtype.name, name=f"weight_{i}")
            for i, shape in enumerate(shapes)
        ]
        optimizer = self._kind.from_config(dict(self._config))
        optimizer.build(weights)
        return optimizer, weights

    def initial_state(self, weights):
        shapes = [each.shape for each in weights]
        optimizer, _ = self._build(shapes, weights[0].dtype)
        return [each.numpy() for each in state_variables(optimizer)]

    def state_axes(self, axes, state):
        return [None] * len(state)

    def store(self, values, shapes):
        with tf.init_scope():  # no variables are made inside of a tf.function
            self._optimizer, self._weights = self._build(shapes, values[0][0].dtype)
        variables = self._weights + state_variables(self._optimizer)
        stored = [[each.value] for each in variables]
        for (variable,), (value,) in zip(stored, values, strict=True):
            variable.assign(value)
        return stored

    def apply(self, gradients, rate):
        if not self._has_schedule:
            self._optimizer.learning_rate = rate
        # As a replica it would be in a custom gradient, which TensorFlow never frees.
        tf.distribute.get_replica_context().merge_call(
            lambda strategy: self._optimizer.apply(gradients, self._weights)
        )


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
    copied = type(optimizer).from_config(optimizer.get_config())  # which changes it
    if lost := vars(optimizer).keys() - vars(copied).keys():
        raise ValueError(
            f"optimizer must be all in its get_config(); got a keras.optimizers.{name} "
            f"with {sorted(lost)}, which exclude_from_weight_decay sets, for example"
        )
    return config


def make_optimizer(optimizer):
    """Make the optimizer of a training loop from that of `MLPDigitClassifier`."""
    if isinstance(optimizer, str):
        kind, config = _defaults(optimizer)
    else:
        kind, config = type(optimizer), check_optimizer(optimizer)
    if kind in RULES:
        return RuleOptimizer(RULES[kind], config)
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


def state_variables(optimizer):
    """List the variables of a built Keras optimizer, but for its learning rate."""
    return [each for each in optimizer.variables if each is not optimizer.learning_rate]


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
