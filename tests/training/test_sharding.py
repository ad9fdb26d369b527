"""Shards: axes that fit together, and arrays that come back whole."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmnist._training._sharding import join, shard_axes, split


def test_column_parallel_layers_are_followed_by_row_parallel_ones():
    assert shard_axes(1, True) == [None, None]
    assert shard_axes(2, True) == [1, 0, 0, None]
    assert shard_axes(3, True) == [1, 0, 0, None, None, None]
    assert shard_axes(4, True) == [1, 0, 0, None, 1, 0, 0, None]
    assert shard_axes(2, False) == [None] * 4


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_what_is_split_is_joined(axis):
    array = np.arange(35).reshape(5, 7)
    shards = split(array, axis)
    assert len(shards) == (1 if axis is None else 2)
    joined = join(shards, axis)
    assert_array_equal(joined, array)
    assert not np.shares_memory(joined, array)
