"""Fit the model of `skmnist.images` that tells how unlike a digit an image is.

Writes `skmnist/images/likeness.npz` from the first 50,000 training images of MNIST;
the other 10,000 are for thresholds.
"""

import numpy as np

from skmnist.datasets import fetch_mnist
from skmnist.images import _likeness

N_DIRECTIONS = 40
N_ROWS = 50_000


def main():
    mnist = fetch_mnist()
    rows = [_likeness.features(part) for part in np.split(mnist.x_train[:N_ROWS], 50)]
    rows = np.concatenate(rows)[:, 0].astype(np.float64)
    parts = [_fit(rows[mnist.y_train[:N_ROWS] == digit]) for digit in range(10)]
    names = "means", "directions", "scales", "variances"
    arrays = dict(zip(names, map(np.stack, zip(*parts, strict=True)), strict=True))
    np.savez_compressed(_likeness.FILE, **arrays)


def _fit(rows):
    variances, directions = np.linalg.eigh(np.cov(rows.T))
    kept = variances[: -N_DIRECTIONS - 1 : -1]
    directions = directions[:, : -N_DIRECTIONS - 1 : -1]
    scale = np.abs(directions).max(axis=0) / 127
    return (
        rows.mean(axis=0).astype(np.float16),
        np.rint(directions / scale).astype(np.int8),
        scale.astype(np.float16),
        np.append(kept, variances[:-N_DIRECTIONS].mean()).astype(np.float32),
    )


if __name__ == "__main__":
    main()
