# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""A training loop that is ready to run, and the arrays that it runs on."""

from functools import cached_property
from itertools import pairwise

import numpy as np

from ._halves import choose_widths, cut, join, widen
from ._interrupts import interrupts_wait
from ._session import make_callable, open_session, run_options


class CompiledMLP:
    """A session in which one fit at a time trains its network.

    Parameters
    ----------
    graph : TrainingGraph
        What the session runs; other sessions may run it at the same time.

    Attributes
    ----------
    units : list of (int, int)
        Hidden units of each layer: those of the network that was loaded, and how many
        it is trained with.
    """

    def __init__(self, graph):
        self.graph = graph
        self._session = open_session(graph.graph)
        self._assign = make_callable(
            self._session, feeds=graph.new_values, targets=graph.assigned
        )
        self._read = make_callable(self._session, fetches=graph.values)
        self._runs = {}

    def close(self):
        """Give back the memory of the session."""
        self._session.close()

    @interrupts_wait()
    def load(self, weights, optimizer):
        """Take over weights and optimizer variables; None stands for new ones."""
        graph = self.graph
        sizes = [len(weights[0]), *map(len, weights[1::2])]
        widths = choose_widths(sizes, graph.dtype) if graph.any_size else sizes
        self.units = list(zip(sizes, widths, strict=True))[1:-1]
        self._shapes = _shapes(sizes)
        wide = _shapes(widths)
        new = [np.broadcast_to(np.zeros((), graph.dtype), shape) for shape in wide]
        new += graph.new_optimizer(wide)
        values = [*weights, *(new[len(weights) :] if optimizer is None else optimizer)]
        pieces = [
            np.asarray(piece, order="C")
            for value, into, (_, axis, _) in zip(
                values, new, graph.variables, strict=True
            )
            for piece in cut(widen(value, into), axis)
        ]
        self._assign(*pieces)

    @interrupts_wait()
    def state(self):
        """Copy the weights, and the variables of the optimizer as Keras orders them."""
        values = _joined(self._read(), self.graph.variables, self._shapes)
        return values[: self.graph.n_weights], values[self.graph.n_weights :]

    @interrupts_wait()
    def weights(self):
        """Copy kernel and bias of each layer in turn."""
        variables = self.graph.variables[: self.graph.n_weights]
        return _joined(self._read_weights(), variables, self._shapes)

    @cached_property
    def _read_weights(self):
        # Not every fit is looked into.
        variables = self.graph.variables[: self.graph.n_weights]
        n_pieces = sum(len(pieces) for pieces, *_ in variables)
        return make_callable(self._session, fetches=self.graph.values[:n_pieces])

    @interrupts_wait()
    def run(
        self,
        X,
        batches,
        rates,
        rate,
        l2,
        epsilon,
        ranges,
        modes,
        *,
        by_row=False,
        alone=True,
    ):
        """Train some steps.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            All rows, as `aligned` returns them.
        batches : Batches
            What the steps see of them.
        rates : ndarray of shape (n_steps,) and dtype float32
            Learning rates.
        rate, l2, epsilon : float
            Dropout rate, factor of the squared kernels, and how far rows are moved.
        ranges, modes : ndarray
            What the distortions are; see `make_distort`.
        by_row : bool
            Whether the loss of each row is asked for.
        alone : bool
            Whether no other fit wants a core.

        Returns
        -------
        list of ndarray
            The mean loss of each step and its number of hits, as the network was when
            it saw the batch, shape (n_steps, 2). With `by_row` the loss of each row as
            well, without weight and penalty, shape (n_steps, batch_size).
        """
        number = np.dtype(self.graph.dtype).type
        n_rows = batches.n_rows.astype(self.graph.dtype)
        l2, epsilon = number(l2), number(epsilon)
        return self._loop(l2 > 0, epsilon > 0, by_row)(
            X,
            batches.rows,
            batches.y,
            batches.weight / n_rows[:, None],
            rates,
            batches.kept,
            number(1 / (1 - rate)),
            batches.seeds,
            ranges,
            modes,
            l2,
            epsilon,
            options=run_options(alone),
        )

    def _loop(self, *variant):
        if variant not in self._runs:
            self._runs[variant] = self._session.make_callable(
                self.graph.figures(*variant), self.graph.feeds, accept_options=True
            )
        return self._runs[variant]


def _shapes(sizes):
    return [shape for a, b in pairwise(sizes) for shape in ((a, b), (b,))]


def _joined(pieces, variables, shapes):
    pieces = iter(pieces)
    return [
        join([next(pieces) for _ in parts], axis, None if at is None else shapes[at])
        for parts, axis, at in variables
    ]
