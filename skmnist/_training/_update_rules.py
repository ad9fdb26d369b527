# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""The update rules of the usual optimizers, by TensorFlow's fused kernels."""

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ._variable import Variable

_kernels = tf.raw_ops


class Update(NamedTuple):
    """What a rule sees: one weight, and all that its update depends on."""

    weight: Variable
    gradient: tf.Tensor
    state: SimpleNamespace  # the optimizer's variables for this weight
    rate: tf.Tensor  # learning rate, in the weight's dtype
    step: tf.Tensor  # number of the update from 1 on, in the weight's dtype
    power: callable  # of an option to `step`, computed once for all weights
    options: SimpleNamespace  # of the optimizer; numbers are tensors


class Rule(NamedTuple):
    """How an optimizer updates a weight.

    `slots` names its variables for each weight, in the order in which Keras makes them:
    those of one group alternate from weight to weight. A group under the name of an
    option exists only where the option is set.
    """

    apply: callable
    slots: dict  # option or None -> names
    scratch: tuple = ()  # more slots, which a kernel wants and Keras has not


def _sgd(u):
    if not hasattr(u.state, "momentum"):
        _kernels.ResourceApplyGradientDescent(
            var=u.weight.handle, alpha=u.rate, delta=u.gradient
        )
    else:
        _kernels.ResourceApplyKerasMomentum(
            var=u.weight.handle,
            accum=u.state.momentum.handle,
            lr=u.rate,
            grad=u.gradient,
            momentum=u.options.momentum,
            use_nesterov=u.options.nesterov,
        )


def _rmsprop(u):
    arguments = {
        "var": u.weight.handle,
        "ms": u.state.velocity.handle,
        "mom": u.state.momentum.handle,
        "lr": u.rate,
        "grad": u.gradient,
        "rho": u.options.rho,
        "momentum": u.options.momentum,
        "epsilon": u.options.epsilon,
    }
    if u.options.centered:
        mean = u.state.average_gradient.handle
        _kernels.ResourceApplyCenteredRMSProp(mg=mean, **arguments)
    else:
        _kernels.ResourceApplyRMSProp(**arguments)


def _adam(u):
    arguments = {
        "var": u.weight.handle,
        "m": u.state.momentum.handle,
        "v": u.state.velocity.handle,
        "beta1_power": u.power("beta_1"),
        "beta2_power": u.power("beta_2"),
        "lr": u.rate,
        "beta1": u.options.beta_1,
        "beta2": u.options.beta_2,
        "epsilon": u.options.epsilon,
        "grad": u.gradient,
    }
    if u.options.amsgrad:
        largest = u.state.velocity_hat.handle
        _kernels.ResourceApplyAdamWithAmsgrad(vhat=largest, **arguments)
    else:
        _kernels.ResourceApplyAdam(**arguments)


def _adafactor(u):
    rate = tf.minimum(u.rate, 1 / tf.sqrt(u.step))
    decay = 1 - u.step**u.options.beta_2_decay
    squares = tf.square(u.gradient) + u.options.epsilon_1

    def averaged(variable, value):
        return variable.assign(decay * variable.read() + (1 - decay) * value)

    if len(u.weight.shape) < 2:
        v = averaged(u.state.velocity, squares)
    else:
        rows = averaged(u.state.row, tf.reduce_mean(squares, axis=1))
        columns = averaged(u.state.column, tf.reduce_mean(squares, axis=0))
        v = rows[:, tf.newaxis] * columns / tf.reduce_mean(rows)
        u.state.velocity.assign(v)
    # Zero where a row and a column have had no gradient: the product underflows.
    v = tf.maximum(v, np.finfo(u.gradient.dtype.as_numpy_dtype).tiny)
    change = u.gradient / tf.sqrt(v)
    change /= tf.maximum(_rms(change) / u.options.clip_threshold, 1)
    scale = tf.maximum(_rms(u.weight.read()), u.options.epsilon_2)
    u.weight.assign_sub(rate * scale * change)


def _rms(x):
    return tf.sqrt(tf.reduce_mean(tf.square(x)))


_ADAM = Rule(_adam, {None: ("momentum", "velocity"), "amsgrad": ("velocity_hat",)})
RULES = {
    # Keras' own divides 0 by 0 where a column of the data is zero.
    "adafactor": Rule(_adafactor, {None: ("row", "column", "velocity")}),
    "adam": _ADAM,
    "adamw": _ADAM,
    "rmsprop": Rule(
        _rmsprop,
        {
            None: ("velocity",),
            "momentum": ("momentum",),
            "centered": ("average_gradient",),
        },
        scratch=("momentum",),
    ),
    "sgd": Rule(_sgd, {"momentum": ("momentum",)}),
}
