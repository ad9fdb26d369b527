# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""How the weights of a network are laid out: cut in two, and of which width."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np


class Layer(NamedTuple):
    """How the weights of a layer are cut; None leaves an array whole."""

    kernel_axis: int | None
    bias_axis: int | None


class Structure(NamedTuple):
    """What decides over the operations of a step."""

    layers: tuple[Layer, ...]
    activation: str
    dtype: str
    sizes: tuple[int, ...] | None  # units per layer; None for any


# Multiplications of a forward pass from which on halves pay; below, two cores wait for
# each other more than they work.
_WORTH_CUTTING = 1_500_000

# Rows of a kernel so many bytes apart, or a multiple, get the same place in the cache.
_COLLIDING = 4096
_MARGIN = 16  # units

COLUMNS = Layer(1, 0)  # each half gives half of the layer's units
ROWS = Layer(0, None)  # each half takes half of its input; their outputs are added
WHOLE = Layer(None, None)


def choose_structure(architecture, batch_size, elementwise):
    """Choose how each layer is cut, and whether what is built serves other sizes.

    A layer cut by columns and the next one by rows are worked through without a word
    between the halves (Shoeybi et al., "Megatron-LM: Training Multi-Billion Parameter
    Language Models Using Model Parallelism", 2019). Small networks stay whole. The
    choice depends on the network and the batch size alone, so that the bits of a result
    do not depend on the machine's cores.

    Parameters
    ----------
    architecture : Architecture
        The network.
    batch_size : int
        Rows per step.
    elementwise : bool
        Whether the optimizer treats each number of a weight alone, so that halves of
        it may be updated apart, and it need not know the size.

    Returns
    -------
    Structure
    """
    layers = tuple(_layers(architecture, batch_size, elementwise))
    sizes = None if elementwise else architecture.layer_sizes
    return Structure(layers, architecture.activation, architecture.dtype, sizes)


def _layers(architecture, batch_size, elementwise):
    sizes = architecture.layer_sizes
    n_layers = len(sizes) - 1
    products = batch_size * sum(a * b for a, b in pairwise(sizes))
    if not elementwise or products < _WORTH_CUTTING:
        return [WHOLE] * n_layers
    layers = []
    for units in sizes[1:]:
        if layers and layers[-1] is COLUMNS:
            layers.append(ROWS)
        elif len(layers) < n_layers - 1 and units > 1:
            layers.append(COLUMNS)
        else:
            layers.append(WHOLE)
    return layers


def choose_widths(layer_sizes, dtype):
    """Choose how many units each layer is trained with.

    A few more where the rows of a kernel would collide in the cache, which slows its
    products down. They are no part of the network: dropped in every step.

    Parameters
    ----------
    layer_sizes : sequence of int
        Features, hidden units of each layer, classes.
    dtype : str
        Of the weights.

    Returns
    -------
    list of int
        At least as many for each layer; as many features and classes.
    """
    size = np.dtype(dtype).itemsize
    n_features, *hidden, n_classes = layer_sizes
    wide = [n if n * size % _COLLIDING else n + _MARGIN for n in hidden]
    return [n_features, *wide, n_classes]


def widen(array, into):
    """Put an array into the first places of a larger one, unless it is as large."""
    if np.shape(array) == into.shape:
        return array
    into = np.array(into)
    into[tuple(map(slice, np.shape(array)))] = array
    return into


def cut(array, axis):
    """Cut an array into its halves, or into the one piece that it is."""
    if axis is None:
        return [array]
    return np.split(array, [(array.shape[axis] + 1) // 2], axis=axis)


def join(pieces, axis, shape):
    """Put the pieces of an array together; the result is a copy of that shape.

    None is the shape that the pieces have.
    """
    whole = np.array(pieces[0]) if axis is None else np.concatenate(pieces, axis=axis)
    if shape is None or shape == whole.shape:
        return whole
    return whole[tuple(map(slice, shape))].copy()
