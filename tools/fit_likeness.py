"""Fit the models of `skmnist.images` that tell how unlike a digit an image is.

Writes `skmnist/images/likeness.npz` from the first 50,000 training images of MNIST;
the other 10,000 are for thresholds. The network learns to tell these and the bundled
digits, also bold and coarse, from what is made of them that is no digit.
"""

import numpy as np
import synthetic

from skmnist import DigitNormalizer, MLPDigitClassifier
from skmnist.datasets import fetch_mnist, load_digits
from skmnist.images import _likeness

N_DIRECTIONS = 40
N_ROWS = 50_000
N_COARSE, N_NO_DIGITS = 12_000, 6000  # the second of each kind


def main():
    mnist, rng = fetch_mnist(), np.random.default_rng(0)
    images, y = mnist.x_train[:N_ROWS], mnist.y_train[:N_ROWS]
    rows = _features(images).astype(np.float64)
    parts = [_fit(rows[y == digit]) for digit in range(10)]
    names = "means", "directions", "scales", "variances"
    arrays = dict(zip(names, map(np.stack, zip(*parts, strict=True)), strict=True))
    some = images[rng.choice(N_ROWS, N_COARSE)]
    digits = [synthetic.coarse(image, rng) for image in some]
    digits += 2 * [*load_digits().x_train]
    no_digits = synthetic.no_digits(images, y, N_NO_DIGITS, rng)
    arrays |= _fit_network(rows, _framed_features(digits), _framed_features(no_digits))
    np.savez_compressed(_likeness.FILE, **arrays)


def _features(images):
    parts = [_likeness.features(part) for part in np.array_split(images, 50)]
    return np.concatenate(parts)[:, 0]


def _framed_features(images):
    framed = DigitNormalizer(on_blank="zeros", output="images").transform(images)
    return _features(framed[framed.any(axis=(1, 2))])


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


def _fit_network(*kinds):
    """Train a network of one hidden layer, no digits last."""
    X = np.concatenate(kinds)
    y = np.arange(len(X)) >= len(X) - len(kinds[-1])
    middle, scale = X.mean(axis=0), X.std(axis=0)
    network = MLPDigitClassifier((32,), dropout=0.0, epochs=10, l2=1e-5, random_state=0)
    network.fit((X - middle) / scale, y)
    (kernel, out), (bias, out_bias) = network.coefs_, network.intercepts_
    kernel = kernel / scale[:, np.newaxis]
    return {
        "kernel": kernel.astype(np.float16),
        "bias": (bias - middle @ kernel).astype(np.float32),
        "output": (out[:, 1] - out[:, 0]).astype(np.float32),
        "output_bias": np.float32(out_bias[1] - out_bias[0]),
    }


if __name__ == "__main__":
    main()
