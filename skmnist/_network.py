"""The network as arrays: its shape, its first weights, its forward pass."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse
from scipy.special import erf, expit, log_softmax

from ._blas import threads_for

# Rows that go through the network together: enough for fast matrix products,
# few enough that the hidden activations stay in the processor's cache, and that sparse
# rows can be made dense.
_ROWS_AT_ONCE, _NUMBERS_AT_ONCE = 2048, 2**23


class Architecture(NamedTuple):
    """All that decides the shape of the computation."""

    n_features: int
    hidden_units: tuple[int, ...]
    n_classes: int
    activation: str
    dtype: str

    @property
    def layer_sizes(self):
        """Units per layer, from the input to the output."""
        return (self.n_features, *self.hidden_units, self.n_classes)

    @property
    def n_multiplications(self):
        """Multiplications of a forward pass of one row."""
        return sum(fan_in * fan_out for fan_in, fan_out in pairwise(self.layer_sizes))


def _selu(h):
    scale, alpha = h.dtype.type(1.0507009873554805), h.dtype.type(1.6732632423543772)
    return scale * np.where(h > 0, h, alpha * np.expm1(np.minimum(h, 0)))


# Keras' activations of the same name, on an array that may be overwritten.
ACTIVATIONS = {
    "elu": lambda h: np.where(h > 0, h, np.expm1(np.minimum(h, 0))),
    "gelu": lambda h: 0.5 * h * (1 + erf(h * h.dtype.type(np.sqrt(0.5)))),
    "leaky_relu": lambda h: np.where(h > 0, h, 0.2 * h),
    "linear": lambda h: h,
    "relu": lambda h: np.maximum(h, 0, out=h),
    "selu": _selu,
    "sigmoid": lambda h: expit(h, out=h),
    "silu": lambda h: h * expit(h),
    "softplus": lambda h: np.logaddexp(h, h.dtype.type(0)),
    "tanh": lambda h: np.tanh(h, out=h),
}


def glorot_uniform(architecture, rng):
    """Draw first weights as ``keras.layers.Dense`` does by default.

    Kernels are uniform within ``sqrt(6 / (fan_in + fan_out))`` of zero (Glorot and
    Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    2010), biases are zero. Returns the kernel and the bias of each layer in turn.
    """
    weights = []
    for fan_in, fan_out in pairwise(architecture.layer_sizes):
        limit = np.sqrt(6 / (fan_in + fan_out))
        kernel = rng.uniform(-limit, limit, (fan_in, fan_out))
        weights.append(kernel.astype(architecture.dtype))
        weights.append(np.zeros(fan_out, architecture.dtype))
    return weights


def logits(X, coefs, intercepts, activation):
    """Compute the network's output before the softmax, in the dtype of `X`.

    `X` are dense or CSR rows of floating-point numbers; `coefs` and `intercepts` the
    kernel and bias of each layer; `activation` a key of `ACTIVATIONS`, applied after
    every layer but the last. Returns an array of shape (n_samples, n_classes).
    """
    coefs = [kernel.astype(X.dtype, copy=False) for kernel in coefs]
    intercepts = [bias.astype(X.dtype, copy=False) for bias in intercepts]
    activate = ACTIVATIONS[activation]
    out = np.empty((X.shape[0], coefs[-1].shape[1]), X.dtype)
    with threads_for(X.shape[0] * sum(kernel.size for kernel in coefs)):
        n_at_once = max(1, min(_ROWS_AT_ONCE, _NUMBERS_AT_ONCE // X.shape[1]))
        for start in range(0, X.shape[0], n_at_once):
            rows = slice(start, start + n_at_once)
            h = X[rows].toarray() if issparse(X) else X[rows]
            for kernel, bias in zip(coefs[:-1], intercepts[:-1], strict=True):
                h = h @ kernel
                h += bias
                h = activate(h)
            np.matmul(h, coefs[-1], out=out[rows])
    out += intercepts[-1]
    return out


def evaluate(X, y, weight, coefs, intercepts, activation):
    """Return the weighted mean cross-entropy and the plain accuracy.

    `y` are class indices, and `weight` those of the rows in the loss.
    """
    out = logits(X, coefs, intercepts, activation)
    row = np.arange(y.shape[0])
    losses = -log_softmax(out.astype(np.float64), axis=1)[row, y]
    accuracy = np.mean(out.argmax(axis=1) == y)
    return float(np.average(losses, weights=weight)), float(accuracy)
