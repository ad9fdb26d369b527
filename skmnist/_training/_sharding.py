"""Tensor parallelism: the weights of a large network in two shards.

A layer that is column-parallel (each shard computes half of its units), followed by one
that is row-parallel (each shard takes half of its inputs, and their outputs are added),
needs no exchange between the shards in between: Shoeybi et al., "Megatron-LM: Training
Multi-Billion Parameter Language Models Using Model Parallelism", 2019.
"""

from itertools import cycle, islice

import numpy as np

COLUMN_PARALLEL, ROW_PARALLEL, WHOLE = (1, 0), (0, None), (None, None)


def shard_axes(n_layers, sharded):
    """Choose the axis along which kernel and bias of each layer are split, or None."""
    if not sharded:
        return [*WHOLE] * n_layers
    layers = list(islice(cycle([COLUMN_PARALLEL, ROW_PARALLEL]), n_layers))
    if layers[-1] is COLUMN_PARALLEL:  # the loss wants all logits
        layers[-1] = WHOLE
    return [axis for layer in layers for axis in layer]


def shard_sizes(size, axis):
    """Return the sizes of the shards along the axis."""
    return [size] if axis is None else [(size + 1) // 2, size // 2]


def split(array, axis):
    """Split an array into its shards, or return it as the only one."""
    if axis is None:
        return [array]
    return np.split(array, shard_sizes(array.shape[axis], axis)[:1], axis=axis)


def join(shards, axis):
    """Join the shards of an array; the result is a copy."""
    return np.array(shards[0]) if axis is None else np.concatenate(shards, axis=axis)
