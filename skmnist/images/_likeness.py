# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""How unlike the digits of MNIST a framed image is.

The distance is that of the modified quadratic discriminant function [1]_: each class
has its mean and its principal components, and beyond them one variance. The numbers
are in `likeness.npz`, which `tools/fit_likeness.py` has made.

.. [1] F. Kimura, K. Takashina, S. Tsuruoka and Y. Miyake, "Modified quadratic
   discriminant functions and the application to Chinese character recognition", IEEE
   Transactions on Pattern Analysis and Machine Intelligence, 9(1):149-153, 1987.
"""

from functools import cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("likeness.npz")
_SIDE = 28
_CELLS, _BLUR = 12, 1.0  # the middle 24 pixels in cells of two, blurred


def features(framed):
    """Return blurred thumbnails of framed images, as rows."""
    view = _view()
    # Image by image, so that no result depends on how many there are.
    thumbnails = view @ framed.astype(np.float32) @ view.T
    return thumbnails.reshape(len(framed), 1, _CELLS**2)


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
    means, directions, weights, rest = _model()
    away = features(framed)[:, np.newaxis] - means[:, np.newaxis]
    along = away @ directions
    square = rest * (away**2).sum(axis=(2, 3)) + (weights * along[:, :, 0] ** 2).sum(2)
    return np.sqrt(square.min(axis=1) / _CELLS**2)


@cache
def _view():
    """Return the matrix that blurs one axis and takes the means of cells."""
    start = (_SIDE - 2 * _CELLS) / 2
    middles = start + 1 + 2 * np.arange(_CELLS)[:, np.newaxis]
    away = (np.arange(_SIDE) + 0.5 - middles) / _BLUR
    view = np.exp(-(away**2) / 2)
    return (view / view.sum(axis=1, keepdims=True) / 255).astype(np.float32)


@cache
def _model():
    with np.load(FILE, allow_pickle=False) as stored:
        means = stored["means"].astype(np.float32)
        scale = stored["scales"].astype(np.float32)[:, np.newaxis]
        directions = stored["directions"].astype(np.float32) * scale
        variances = stored["variances"].astype(np.float32)
    within, rest = variances[:, :-1], 1 / variances[:, -1]
    return means, directions, 1 / within - rest[:, np.newaxis], rest
