# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""The update rules of Keras' optimizers, by TensorFlow's fused kernels."""

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
    options: dict  # with Keras' defaults
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


def _adamax(u):
    _kernels.ResourceApplyAdaMax(
        var=u.weight.handle,
        m=u.state.momentum.handle,
        v=u.state.norm.handle,
        beta1_power=u.power("beta_1"),
        lr=u.rate,
        beta1=u.options.beta_1,
        beta2=u.options.beta_2,
        epsilon=u.options.epsilon,
        grad=u.gradient,
    )


def _nadam(u):
    beta_1, beta_2 = u.options.beta_1, u.options.beta_2
    now, following = (beta_1 * (1 - 0.5 * 0.96**t) for t in (u.step, u.step + 1))
    product = u.state.u_product.read()  # of `now` over the steps so far
    m, v = u.state.momentum.read(), u.state.velocity.read()
    m = u.state.momentum.assign(m + (u.gradient - m) * (1 - beta_1))
    v = u.state.velocity.assign(v + (tf.square(u.gradient) - v) * (1 - beta_2))
    m_hat = following * m / (1 - product * following)
    m_hat += (1 - now) * u.gradient / (1 - product)
    v_hat = v / (1 - u.power("beta_2"))
    u.weight.assign_sub(u.rate * m_hat / (tf.sqrt(v_hat) + u.options.epsilon))


def _adagrad(u):
    total = u.state.accumulator.read() + tf.square(u.gradient)
    u.state.accumulator.assign(total)
    u.weight.assign_sub(u.rate * u.gradient / tf.sqrt(total + u.options.epsilon))


def _adadelta(u):
    _kernels.ResourceApplyAdadelta(
        var=u.weight.handle,
        accum=u.state.accumulated_grad.handle,
        accum_update=u.state.accumulated_delta_var.handle,
        lr=u.rate,
        rho=u.options.rho,
        epsilon=u.options.epsilon,
        grad=u.gradient,
    )


def _ftrl(u):
    _kernels.ResourceApplyFtrlV2(
        var=u.weight.handle,
        accum=u.state.accumulator.handle,
        linear=u.state.linear.handle,
        grad=u.gradient,
        lr=u.rate,
        l1=u.options.l1_regularization_strength,
        l2=u.options.l2_regularization_strength + u.options.beta / (2 * u.rate),
        l2_shrinkage=u.options.l2_shrinkage_regularization_strength,
        lr_power=u.options.learning_rate_power,
    )


def _lion(u):
    m, beta_1, beta_2 = u.state.momentum.read(), u.options.beta_1, u.options.beta_2
    u.weight.assign_sub(u.rate * tf.sign(m * beta_1 + u.gradient * (1 - beta_1)))
    u.state.momentum.assign(m * beta_2 + u.gradient * (1 - beta_2))


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


_EPSILON = {"epsilon": 1e-7}
_BETAS = {"beta_1": 0.9, "beta_2": 0.999}
_ADAM = Rule(
    _adam,
    {None: ("momentum", "velocity"), "amsgrad": ("velocity_hat",)},
    _BETAS | _EPSILON | {"amsgrad": False},
)
RULES = {
    "adadelta": Rule(
        _adadelta,
        {None: ("accumulated_grad", "accumulated_delta_var")},
        _EPSILON | {"rho": 0.95},
    ),
    "adafactor": Rule(
        _adafactor,
        {None: ("row", "column", "velocity")},
        {
            "beta_2_decay": -0.8,
            "epsilon_1": 1e-30,
            "epsilon_2": 1e-3,
            "clip_threshold": 1.0,
        },
    ),
    "adagrad": Rule(
        _adagrad,
        {None: ("accumulator",)},
        _EPSILON | {"initial_accumulator_value": 0.1},
    ),
    "adam": _ADAM,
    "adamax": Rule(_adamax, {None: ("momentum", "norm")}, _BETAS | _EPSILON),
    "adamw": _ADAM._replace(options=_ADAM.options | {"weight_decay": 0.004}),
    "ftrl": Rule(
        _ftrl,
        {None: ("accumulator", "linear")},
        {
            "learning_rate_power": -0.5,
            "initial_accumulator_value": 0.1,
            "l1_regularization_strength": 0.0,
            "l2_regularization_strength": 0.0,
            "l2_shrinkage_regularization_strength": 0.0,
            "beta": 0.0,
        },
    ),
    "lion": Rule(_lion, {None: ("momentum",)}, {"beta_1": 0.9, "beta_2": 0.99}),
    "nadam": Rule(_nadam, {None: ("momentum", "velocity")}, _BETAS | _EPSILON),
    "rmsprop": Rule(
        _rmsprop,
        {
            None: ("velocity",),
            "momentum": ("momentum",),
            "centered": ("average_gradient",),
        },
        _EPSILON | {"rho": 0.9, "momentum": 0.0, "centered": False},
        scratch=("momentum",),
    ),
    "sgd": Rule(
        _sgd, {"momentum": ("momentum",)}, {"momentum": 0.0, "nesterov": False}
    ),
}
