"""Variables inside a graph keep what they are told, in order."""

import numpy as np
import tensorflow as tf
from numpy.testing import assert_array_equal

from skmnist._training._variable import Variable, read


def test_a_variable_is_assigned_and_read():
    def run(value):
        first, second = Variable(value), Variable(2 * value)
        before = read(first)
        assert first.assign(before + 1) is not None
        second.assign_sub(tf.ones_like(value))
        return before, read(first), read(second)

    with tf.Graph().as_default() as graph:
        value = tf.compat.v1.placeholder(tf.float32, [None])
        results = tf.function(run, autograph=False)(value)
    with tf.compat.v1.Session(graph=graph) as session:
        for size in (3, 5):
            fed = np.arange(size, dtype=np.float32)
            before, first, second = session.run(results, {value: fed})
            assert_array_equal(before, fed)
            assert_array_equal(first, fed + 1)
            assert_array_equal(second, 2 * fed - 1)
