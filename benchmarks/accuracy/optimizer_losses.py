"""Training losses of each optimizer beside Keras' own, after two epochs.

The mean loss over some seeds, with dropout and without, on the bundled digits and on a
part of MNIST. First weights, order and masks are drawn apart, so that losses agree up
to their spread. Adafactor differs: Keras' divides by zero where pixels are always zero.
"""

import numpy as np

from .._harness.contenders import keras_network
from .._harness.data import load

OPTIONS = {
    "seeds": (5, 1, "fits of each optimizer"),
    "rows": (5000, 1000, "images of MNIST"),
    "epochs": (2, 1, "epochs of a fit"),
}
_NETWORK = {"hidden_units": (64, 64), "l2": 0.0}


def run(report, seeds, rows, epochs):
    from skmnist._classifier import _OPTIMIZERS

    for name, n_rows in (("digits", None), ("mnist", rows)):
        data = load(name, n_rows)
        X, y = data.x_train, data.y_train
        for optimizer in sorted(filter(str.islower, _OPTIMIZERS)):
            for dropout in (0.0, 0.45):
                losses = np.array(
                    [
                        [fit(X, y, optimizer, dropout, epochs, seed) for fit in FITS]
                        for seed in range(seeds)
                    ]
                )
                ours, theirs = losses.mean(axis=0)
                error = losses.std(axis=0).max() / np.sqrt(seeds)
                report.note(
                    f"{name}, {optimizer}, dropout {dropout}: loss {ours:.4f}, "
                    f"Keras {theirs:.4f}, standard error {error:.4f}"
                )


def _skmnist_loss(X, y, optimizer, dropout, epochs, seed):
    from skmnist import MLPDigitClassifier

    units = _NETWORK["hidden_units"]
    model = MLPDigitClassifier(
        units, optimizer=optimizer, dropout=dropout, epochs=epochs, random_state=seed
    )
    return model.fit(X, y).loss_curve_[-1]


def _keras_loss(X, y, optimizer, dropout, epochs, seed):
    import keras

    keras.utils.set_random_seed(seed)
    model = keras_network(X.shape[1], dropout=dropout, **_NETWORK)
    config = {"class_name": optimizer, "config": {"learning_rate": 0.001}}
    model.compile(keras.optimizers.get(config), "sparse_categorical_crossentropy")
    history = model.fit(X, y, epochs=epochs, batch_size=128, verbose=0)
    return history.history["loss"][-1]


FITS = (_skmnist_loss, _keras_loss)
