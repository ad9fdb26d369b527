# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""How a network is cut in two, so that two cores work on one batch."""

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


def cut(array, axis):
    """Cut an array into its halves, or into the one piece that it is."""
    if axis is None:
        return [array]
    return np.split(array, [(array.shape[axis] + 1) // 2], axis=axis)


def join(pieces, axis):
    """Put the pieces of an array together; the result is a copy."""
    return np.array(pieces[0]) if axis is None else np.concatenate(pieces, axis=axis)
