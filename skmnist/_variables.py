# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Variables of a graph that get their values by a feed."""

from contextlib import contextmanager

import tensorflow as tf

# Nothing public is like it: tf.Variable adds an initializer to the graph, and takes
# twice as long.
from tensorflow.python.ops.resource_variable_ops import UninitializedVariable

from ._session import open_session


def make_variable(shape, dtype, name):
    """Add a variable without a value to the current graph; None is any size."""
    variable = UninitializedVariable(shape=shape, dtype=dtype, name=name)
    variable.path = name  # as Keras' variables have; Muon asks for it
    return variable


def read(variable):
    """Read a variable, by one operation."""
    return tf.raw_ops.ReadVariableOp(resource=variable.handle, dtype=variable.dtype)


def assign(variable, value):
    """Give a variable a value, by one operation."""
    return tf.raw_ops.AssignVariableOp(resource=variable.handle, value=value)


@contextmanager
def made_without_values(any_size):
    """Let others make their variables like `make_variable`.

    Parameters
    ----------
    any_size : bool
        Whether these may take arrays of any size.

    Yields
    ------
    dict of tf.Reference to (Tensor or ndarray)
        For each variable what it would have begun with; see `evaluate`.
    """
    values, apart = {}, tf.Graph()

    def create(_, initial_value, dtype, name, **others):
        with apart.as_default():
            value = initial_value() if callable(initial_value) else initial_value
        shape = [None] * len(value.shape) if any_size else value.shape
        name, *_ = name.split(":")  # Adafactor takes over that of a weight's output
        variable = make_variable(shape, dtype or value.dtype, name)
        values[variable.ref()] = value
        return variable

    with tf.variable_creator_scope(create):
        yield values


def evaluate(value):
    """Compute one of the values of `made_without_values`.

    Parameters
    ----------
    value : Tensor or ndarray
        A constant, or computed from constants.

    Returns
    -------
    ndarray
    """
    found = tf.get_static_value(value)
    if found is None:
        with open_session(value.graph) as session:
            found = session.run(value)
    return found
