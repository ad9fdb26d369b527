# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Keras' optimizers inside a private graph: the same updates, without replicas."""

import keras
import numpy as np
import tensorflow as tf

# Those that treat each number of a weight alone.
_ELEMENTWISE = (
    keras.optimizers.SGD,
    keras.optimizers.RMSprop,
    keras.optimizers.Adam,
    keras.optimizers.AdamW,
    keras.optimizers.Adadelta,
    keras.optimizers.Adagrad,
    keras.optimizers.Adamax,
    keras.optimizers.Ftrl,
    keras.optimizers.Lion,
    keras.optimizers.Nadam,
)


class _OneReplica:
    # Keras adds up gradients over replicas by a tf.custom_gradient, which TensorFlow
    # keeps, graph and all, for good.
    def _all_reduce_sum_gradients(self, grads_and_vars):
        return grads_and_vars

    def add_variable_from_reference(
        self, reference_variable, name=None, initializer="zeros"
    ):
        if initializer == "zeros":  # without an operation for each
            initializer = np.zeros
        # Keras wants to know all sizes; where any will do, it is told 1.
        variable = self.add_variable(
            [n or 1 for n in reference_variable.shape],
            initializer,
            reference_variable.dtype,
            name=name,
        )
        self._references().append((variable, reference_variable))
        return variable

    def _references(self):
        # Not an attribute in Keras' sense, which would keep track of the variables.
        return vars(self).setdefault("_skmnist_references", [])

    def set_rate(self, rate):
        """Set the learning rate of the next update, unless there is a schedule."""
        vars(self)["_skmnist_rate"] = rate

    def _get_current_learning_rate(self):
        if isinstance(self._learning_rate, keras.Variable):
            return vars(self)["_skmnist_rate"]
        return super()._get_current_learning_rate()

    def weight_of(self, variable):
        """Return the weight that a variable belongs to, None for one of them all."""
        return next((w for v, w in self._references() if v is variable), None)

    def variables_of(self, weight):
        """List the variables of a weight."""
        return [v for v, w in self._references() if w is weight]


class _FusedAdam(_OneReplica):
    # TensorFlow's own kernel goes over each array once; Keras' code a dozen times.
    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        if self.amsgrad:
            super()._backend_update_step(grads, trainable_variables, learning_rate)
            return
        dtype = trainable_variables[0].dtype
        step = tf.cast(self.iterations.value + 1, dtype)
        beta1, beta2 = tf.constant(self.beta_1, dtype), tf.constant(self.beta_2, dtype)
        same = {
            "lr": tf.cast(learning_rate, dtype),
            "beta1": beta1,
            "beta2": beta2,
            "beta1_power": tf.pow(beta1, step),
            "beta2_power": tf.pow(beta2, step),
            "epsilon": tf.constant(self.epsilon, dtype),
        }
        for gradient, variable in zip(grads, trainable_variables, strict=True):
            index = self._get_variable_index(variable)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=self._momentums[index].value.handle,
                v=self._velocities[index].value.handle,
                grad=gradient,
                **same,
            )


def is_elementwise(optimizer_class, config):
    """Tell whether an optimizer may be built without the sizes of the weights.

    Parameters
    ----------
    optimizer_class, config : type, dict
        A Keras optimizer and its configuration.

    Returns
    -------
    bool
        False also where it may not update the halves of a weight apart.
    """
    return optimizer_class in _ELEMENTWISE and not config.get("clipnorm")


def one_replica(optimizer_class):
    """Derive the optimizer that runs in a private graph.

    Parameters
    ----------
    optimizer_class : type
        A Keras optimizer.

    Returns
    -------
    type
    """
    fused = optimizer_class in (keras.optimizers.Adam, keras.optimizers.AdamW)
    base = _FusedAdam if fused else _OneReplica
    return type(optimizer_class.__name__, (base, optimizer_class), {})
