"""How unlike the digits of MNIST a framed image is.

Of each image, the edges in each direction and cell are looked at. The distance is that
of the modified quadratic discriminant function [1]_: each class has its mean and its
principal components, and beyond them one variance. The numbers are in `likeness.npz`,
which `tools/fit_likeness.py` has made.

What looks like no digit is marked by that distance and a network of one hidden layer,
trained to tell digits from mirrored, turned, mixed ones, scribbles and letters
(outlier exposure) [3]_.

.. [1] F. Kimura, K. Takashina, S. Tsuruoka and Y. Miyake, "Modified quadratic
   discriminant functions and the application to Chinese character recognition", IEEE
   Transactions on Pattern Analysis and Machine Intelligence, 9(1):149-153, 1987.
.. [2] C.-L. Liu, K. Nakashima, H. Sako and H. Fujisawa, "Handwritten digit
   recognition: benchmarking of state-of-the-art techniques", Pattern Recognition,
   36(10):2271-2285, 2003.
.. [3] D. Hendrycks, M. Mazeika and T. Dietterich, "Deep anomaly detection with outlier
   exposure", International Conference on Learning Representations, 2019.
"""

from functools import cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("likeness.npz")
NOVEL = 1.67  # 1.5 % of MNIST's digits have a greater novelty
_ODDS = 0.06  # of the log-odds count
_SIDE = 28
_CELLS, _BLUR = 6, 2.0  # the middle 24 pixels in cells of four, blurred
_DIRECTIONS = 8


def features(framed):
    """Return how strong the edges of framed images are in each direction and cell.

    A gradient is the sum of one along an axis and one along a diagonal [2]_.
    """
    image = np.pad(framed.astype(np.float32), [(0, 0), (1, 1), (1, 1)])
    across = image[:, :-2] + 2 * image[:, 1:-1] + image[:, 2:]
    across = across[:, :, 2:] - across[:, :, :-2]
    down = image[:, :, :-2] + 2 * image[:, :, 1:-1] + image[:, :, 2:]
    down = down[:, 2:] - down[:, :-2]
    right, low = across > 0, down > 0
    excess = np.abs(across) - np.abs(down)
    diagonal = 2**0.5 * np.minimum(np.abs(across), np.abs(down))
    along, vertical = np.maximum(excess, 0), np.maximum(-excess, 0)
    edges = np.empty((len(framed), _DIRECTIONS, _SIDE, _SIDE), np.float32)
    for i, (strength, which) in enumerate(
        [
            (along, right),
            (along, ~right),
            (vertical, low),
            (vertical, ~low),
            (diagonal, right & low),
            (diagonal, right & ~low),
            (diagonal, ~right & low),
            (diagonal, ~right & ~low),
        ]
    ):
        np.multiply(strength, which, out=edges[:, i])
    view = _view()
    # Image by image, so that no result depends on how many there are.
    strengths = view @ edges @ view.T
    return np.sqrt(strengths).reshape(len(framed), 1, _DIRECTIONS * _CELLS**2)


def unlikeness(framed):
    """Return the distance of framed images to the nearest class of digits.

    Parameters
    ----------
    framed : ndarray of shape (n, 28, 28), dtype uint8

    Returns
    -------
    unlike : ndarray of shape (n,), dtype float32
        About 1 for a usual digit; root of the mean square over the features.
    """
    return _distance(features(framed))


def novelty(framed):
    """Return how much framed images look like no digit; above `NOVEL` they are marked.

    Parameters
    ----------
    framed : ndarray of shape (n, 28, 28), dtype uint8

    Returns
    -------
    novelty : ndarray of shape (n,), dtype float32
        The distance of `unlikeness`, and a part of the log-odds of no digit.
    """
    kernel, bias, output, output_bias = _network()
    edges = features(framed)
    hidden = np.maximum(edges @ kernel + bias, 0)
    return _distance(edges) + _ODDS * ((hidden @ output)[:, 0] + output_bias)


def _distance(edges):
    means, directions, weights, rest = _model()
    away = edges[:, np.newaxis] - means[:, np.newaxis]
    along = away @ directions
    square = rest * (away**2).sum(axis=(2, 3)) + (weights * along[:, :, 0] ** 2).sum(2)
    return np.sqrt(square.min(axis=1) / away.shape[-1])


@cache
def _view():
    """Return the matrix that blurs one axis and takes the means of cells."""
    middles = 4 * np.arange(_CELLS)[:, np.newaxis] + 4
    away = (np.arange(_SIDE) + 0.5 - middles) / _BLUR
    view = np.exp(-(away**2) / 2)
    return (view / view.sum(axis=1, keepdims=True) / 1020).astype(np.float32)


@cache
def _model():
    with np.load(FILE, allow_pickle=False) as stored:
        means = stored["means"].astype(np.float32)
        scale = stored["scales"].astype(np.float32)[:, np.newaxis]
        directions = stored["directions"].astype(np.float32) * scale
        variances = stored["variances"].astype(np.float32)
    within, rest = variances[:, :-1], 1 / variances[:, -1]
    return means, directions, 1 / within - rest[:, np.newaxis], rest


@cache
def _network():
    names = "kernel", "bias", "output", "output_bias"
    with np.load(FILE, allow_pickle=False) as stored:
        return [stored[name].astype(np.float32) for name in names]
