"""The floor: the matrix products of an epoch alone, in NumPy."""

import time
from itertools import pairwise

import numpy as np
from threadpoolctl import threadpool_limits

from .worker import Turn


class Floor:
    """Forward pass, weight gradients and the inner layers' input gradients.

    In single precision and into arrays that are there, with the rows in their order:
    no activation, no loss, no update, nothing drawn.
    """

    def __init__(self, n_rows, layer_sizes, batch_size, n_threads):
        rng = np.random.default_rng(0)

        def normal(*shape):
            return rng.standard_normal(shape, np.float32)

        pairs = list(pairwise(layer_sizes))
        self._x = normal(n_rows, layer_sizes[0])
        self._weights = [normal(*pair) / np.float32(pair[0] ** 0.5) for pair in pairs]
        self._gradients = [np.empty(pair, np.float32) for pair in pairs]
        self._activations = [normal(batch_size, size) for size in layer_sizes[1:]]
        self._deltas = [normal(batch_size, size) for size in layer_sizes[1:]]
        self._batch_size = batch_size
        self._n_threads = n_threads

    def turn(self, seed, epochs):
        with threadpool_limits(self._n_threads):
            start = time.perf_counter()
            for _ in range(epochs):
                self._epoch()
            return Turn(time.perf_counter() - start, None)

    def _epoch(self):
        for start in range(0, len(self._x), self._batch_size):
            x = self._x[start : start + self._batch_size]
            hidden = [array[: len(x)] for array in self._activations]
            deltas = [array[: len(x)] for array in self._deltas]
            inputs = [x, *hidden[:-1]]
            for source, weight, out in zip(inputs, self._weights, hidden, strict=True):
                np.matmul(source, weight, out=out)
            for i in reversed(range(len(inputs))):
                np.matmul(inputs[i].T, deltas[i], out=self._gradients[i])
                if i:
                    np.matmul(deltas[i], self._weights[i].T, out=deltas[i - 1])
