"""The trained reader that comes with the package."""

from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline

from ._classifier import MLPDigitClassifier
from ._pixel_scaler import PixelScaler
from ._unsharp_mask import UnsharpMask
from .images import DigitNormalizer

FILE = Path(__file__).with_name("reader.npz")  # by tools/train_reader.py
_N_PIXELS = 784
_HISTORY = "loss", "accuracy"


def load_reader() -> Pipeline:
    """Load the reader of handwritten digits that comes with skmnist.

    It was trained on MNIST and on scikit-learn's bundled digits, and reads pictures of
    single digits of any size, on light or dark paper. Neither TensorFlow nor skops is
    imported.

    Returns
    -------
    reader : :class:`~sklearn.pipeline.Pipeline`
        Fitted: :class:`DigitNormalizer`, :class:`PixelScaler`, :class:`UnsharpMask`
        and an :class:`MLPDigitClassifier` of 784-256-256-10 units. Each call returns a
        new one.

    See Also
    --------
    skmnist.images.read_image : Reads an image from a file.
    skmnist.images.find_digits : Finds the digits of a page.

    Examples
    --------
    >>> import skmnist
    >>> from skmnist.datasets import load_digits
    >>> digits = load_digits()
    >>> skmnist.load_reader().predict(digits.x_test[:5]) == digits.y_test[:5]
    array([ True,  True,  True,  True,  True])
    """
    network = MLPDigitClassifier(
        dropout=0.0, adversarial_epsilon=0.08, batch_size=128, random_state=0
    )
    with np.load(FILE) as arrays:
        history = {name: arrays[name].tolist() for name in _HISTORY}
        names = [name for name in arrays.files if name not in _HISTORY]
        weights = [arrays[name].astype(np.float32) for name in names]
    vars(network).update(
        classes_=np.arange(len(weights[-1])),
        n_features_in_=_N_PIXELS,
        coefs_=weights[::2],
        intercepts_=weights[1::2],
        n_layers_=len(weights) // 2 + 1,
        n_iter_=len(history["loss"]),
        loss_curve_=history["loss"],
        history_=history,
        _activation=network.activation,
        _seed=0,
        _optimizer_state={"optimizer": None, "variables": None},
    )
    reader = Pipeline([*make_steps().steps, ("mlpdigitclassifier", network)])
    # Its steps were fitted without names, which data frames would have.
    return reader.set_output(transform="default")


load_reader.__module__ = "skmnist"  # where it is public


def make_steps():
    """Make what comes before the network, ready to use."""
    # A symmetric image of the range and about the mean of MNIST.
    row = np.uint8(255 * np.tri(28, 28, 1) * np.tri(28, 28, 1).T).reshape(1, _N_PIXELS)
    scaler = PixelScaler(max_value=255).fit(row)
    return make_pipeline(
        DigitNormalizer(deslant=True, moment_power=0.5),
        scaler,
        UnsharpMask().fit(scaler.transform(row)),
    )


def write(network):
    """Write the weights of a network that was trained on what `make_steps` gives."""
    names = "kernel", "bias"
    pairs = zip(network.coefs_, network.intercepts_, strict=True)
    arrays = {
        f"{name}_{i}": array.astype(np.float16)
        for i, pair in enumerate(pairs)
        for name, array in zip(names, pair, strict=True)
    }
    np.savez_compressed(FILE, **arrays, **network.history_)
