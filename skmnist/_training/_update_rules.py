"""The update rules of the usual optimizers, by TensorFlow's fused kernels."""

from functools import partial
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from ._variable import read

_kernels = tf.raw_ops


class Rule(NamedTuple):
    """How an optimizer updates a weight.

    `apply` takes a weight, its gradient, the optimizer's variables for it, and the
    optimizer's options: numbers as tensors, with `step`, the number of the update from
    1 on, and powers of the betas to it.

    `slots` names the variables for each weight, in the order in which Keras makes them:
    those of one group alternate from weight to weight. A group under the name of an
    option exists only where the option is set.

    `elementwise` says that the update of a number depends on that number alone.
    """

    apply: callable
    slots: dict  # option or None -> names
    scratch: tuple = ()  # more slots, which a kernel wants and Keras has not
    elementwise: bool = True


def _sgd(weight, gradient, state, options):
    if not hasattr(state, "momentum"):
        _kernels.ResourceApplyGradientDescent(
            var=weight.handle, alpha=options.learning_rate, delta=gradient
        )
    else:
        _kernels.ResourceApplyKerasMomentum(
            var=weight.handle,
            accum=state.momentum.handle,
            lr=options.learning_rate,
            grad=gradient,
            momentum=options.momentum,
            use_nesterov=options.nesterov,
        )


def _rmsprop(weight, gradient, state, options):
    kernel = _kernels.ResourceApplyRMSProp
    if options.centered:
        mean = state.average_gradient.handle
        kernel = partial(_kernels.ResourceApplyCenteredRMSProp, mg=mean)
    kernel(
        var=weight.handle,
        ms=state.velocity.handle,
        mom=state.momentum.handle,
        lr=options.learning_rate,
        grad=gradient,
        rho=options.rho,
        momentum=options.momentum,
        epsilon=options.epsilon,
    )


def _adam(weight, gradient, state, options):
    kernel = _kernels.ResourceApplyAdam
    if options.amsgrad:
        largest = state.velocity_hat.handle
        kernel = partial(_kernels.ResourceApplyAdamWithAmsgrad, vhat=largest)
    kernel(
        var=weight.handle,
        m=state.momentum.handle,
        v=state.velocity.handle,
        beta1_power=options.beta_1_power,
        beta2_power=options.beta_2_power,
        lr=options.learning_rate,
        beta1=options.beta_1,
        beta2=options.beta_2,
        epsilon=options.epsilon,
        grad=gradient,
    )


def _adafactor(weight, gradient, state, options):
    rate = tf.minimum(options.learning_rate, 1 / tf.sqrt(options.step))
    decay = 1 - options.step**options.beta_2_decay
    squares = tf.square(gradient) + options.epsilon_1

    def averaged(variable, value):
        return variable.assign(decay * read(variable) + (1 - decay) * value)

    if len(weight.shape) < 2:
        v = averaged(state.velocity, squares)
    else:
        rows = averaged(state.row, tf.reduce_mean(squares, axis=1))
        columns = averaged(state.column, tf.reduce_mean(squares, axis=0))
        v = rows[:, tf.newaxis] * columns / tf.reduce_mean(rows)
        state.velocity.assign(v)
    # Zero where a row and a column have had no gradient: the product underflows.
    v = tf.maximum(v, np.finfo(gradient.dtype.as_numpy_dtype).tiny)
    change = gradient / tf.sqrt(v)
    change /= tf.maximum(_rms(change) / options.clip_threshold, 1)
    scale = tf.maximum(_rms(read(weight)), options.epsilon_2)
    weight.assign_sub(rate * scale * change)


def _rms(x):
    return tf.sqrt(tf.reduce_mean(tf.square(x)))


_ADAM = Rule(_adam, {None: ("momentum", "velocity"), "amsgrad": ("velocity_hat",)})
RULES = {
    # Keras' own divides 0 by 0 where a column of the data is zero.
    keras.optimizers.Adafactor: Rule(
        _adafactor, {None: ("row", "column", "velocity")}, elementwise=False
    ),
    keras.optimizers.Adam: _ADAM,
    keras.optimizers.AdamW: _ADAM,
    keras.optimizers.RMSprop: Rule(
        _rmsprop,
        {
            None: ("velocity",),
            "momentum": ("momentum",),
            "centered": ("average_gradient",),
        },
        scratch=("momentum",),
    ),
    keras.optimizers.SGD: Rule(_sgd, {"momentum": ("momentum",)}),
}
