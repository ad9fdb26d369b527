"""Variables inside a training loop."""

import tensorflow as tf


def read(variable):
    """Return the value, by one operation where that of a `tf.Variable` takes two."""
    return tf.raw_ops.ReadVariableOp(resource=variable.handle, dtype=variable.dtype)


class Variable:
    """A resource variable of any size, by one operation for each use.

    `tf.Variable` makes several operations more, each of which takes a third of a
    millisecond to build.
    """

    def __init__(self, value):
        self.dtype, self.shape = value.dtype, value.shape
        name = tf.compat.v1.get_default_graph().unique_name("skmnist")
        self.handle = tf.raw_ops.VarHandleOp(
            dtype=value.dtype, shape=value.shape, shared_name=name
        )
        self.assign(value)

    def assign(self, value):
        """Change the value, and return the new one."""
        tf.raw_ops.AssignVariableOp(resource=self.handle, value=value)
        return value

    def assign_sub(self, change):
        """Subtract from the value."""
        tf.raw_ops.AssignSubVariableOp(resource=self.handle, value=change)
