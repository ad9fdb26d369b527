"""The same network in skmnist and in each of its peers.

Every estimator is made for one `Network` and has scikit-learn's `fit` and `predict`.
All imports are inside functions: a contender's process has nothing of the others.
"""

from importlib.util import find_spec
from itertools import pairwise
from typing import NamedTuple

_LEARNING_RATE = 0.001


class Network(NamedTuple):
    """What is trained, and how; Adam with a learning rate of 0.001."""

    hidden_units: tuple[int, ...] = (256, 256)
    dropout: float = 0.45
    l2: float = 0.0
    batch_size: int = 128
    epochs: int = 20
    seed: int = 0


def skmnist_model(network, **options):
    from skmnist import MLPDigitClassifier

    return MLPDigitClassifier(
        network.hidden_units,
        dropout=network.dropout,
        l2=network.l2,
        learning_rate=_LEARNING_RATE,
        batch_size=network.batch_size,
        epochs=network.epochs,
        random_state=network.seed,
        **options,
    )


def mixed_model(network):
    return skmnist_model(network, dtype="mixed_bfloat16")


def sklearn_model(network):
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore", ConvergenceWarning)
    return MLPClassifier(
        network.hidden_units,
        alpha=sklearn_alpha(network.l2, network.batch_size),
        learning_rate_init=_LEARNING_RATE,
        batch_size=network.batch_size,
        max_iter=network.epochs,
        n_iter_no_change=network.epochs,  # no early end
        tol=0,
        random_state=network.seed,
    )


def sklearn_alpha(l2, batch_size):
    """Give the `alpha` of the same penalty: its loss has alpha / 2 / batch * w ** 2."""
    return 2 * batch_size * l2


def keras_network(
    n_features,
    hidden_units,
    dropout,
    l2,
    loss="sparse_categorical_crossentropy",
):
    """Build and compile the network as any Keras user would."""
    import keras

    layers = [keras.layers.Input((n_features,))]
    for units in hidden_units:
        regularizer = keras.regularizers.L2(l2) if l2 else None
        layers.append(
            keras.layers.Dense(units, activation="relu", kernel_regularizer=regularizer)
        )
        layers.append(keras.layers.Dropout(dropout))
    layers.append(keras.layers.Dense(10, activation="softmax"))
    model = keras.Sequential(layers)
    model.compile(
        optimizer=keras.optimizers.Adam(_LEARNING_RATE), loss=loss, metrics=["accuracy"]
    )
    return model


class KerasModel:
    """Plain ``keras.Model.fit`` and ``predict``."""

    def __init__(self, network):
        self.network = network

    def fit(self, X, y):
        self._build(X.shape[1])
        return self._train(X, y, self.network.epochs)

    def partial_fit(self, X, y, classes=None):
        if not hasattr(self, "model_"):
            self._build(X.shape[1])
        return self._train(X, y, 1)

    def _build(self, n_features):
        import keras

        network = self.network
        keras.utils.set_random_seed(network.seed)
        self.model_ = keras_network(
            n_features, network.hidden_units, network.dropout, network.l2
        )

    def _train(self, X, y, epochs):
        batch_size = self.network.batch_size
        self.model_.fit(X, y, epochs=epochs, batch_size=batch_size, verbose=0)
        return self

    def predict(self, X):
        return self.model_.predict(X, verbose=0).argmax(axis=1)


def _scikeras_network(meta, hidden_units, dropout, l2):
    return keras_network(meta["n_features_in_"], hidden_units, dropout, l2)


def scikeras_model(network):
    from scikeras.wrappers import KerasClassifier

    return KerasClassifier(
        _scikeras_network,
        model__hidden_units=network.hidden_units,
        model__dropout=network.dropout,
        model__l2=network.l2,
        batch_size=network.batch_size,
        epochs=network.epochs,
        verbose=0,
        random_state=network.seed,
    )


def keras_wrapper_model(network):
    import keras

    def build(X, y, **settings):
        keras.utils.set_random_seed(network.seed)
        return keras_network(X.shape[1], loss="categorical_crossentropy", **settings)

    return keras.wrappers.SKLearnClassifier(
        build,
        model_kwargs={
            "hidden_units": network.hidden_units,
            "dropout": network.dropout,
            "l2": network.l2,
        },
        fit_kwargs={
            "batch_size": network.batch_size,
            "epochs": network.epochs,
            "verbose": 0,
        },
    )


def skorch_model(network):
    import torch
    from skorch import NeuralNetClassifier

    class Module(torch.nn.Module):
        def __init__(self, n_features, hidden_units, dropout):
            super().__init__()
            layers, sizes = [], (n_features, *hidden_units)
            for pair in pairwise(sizes):
                layers += [
                    torch.nn.Linear(*pair),
                    torch.nn.ReLU(),
                    torch.nn.Dropout(dropout),
                ]
            self.layers = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], 10))

        def forward(self, X):
            return self.layers(X)

    class Classifier(NeuralNetClassifier):
        # The width of the input is known to fit alone, as with the others.
        def fit(self, X, y):
            torch.manual_seed(network.seed)
            self.set_params(module__n_features=X.shape[1])
            return super().fit(X, y)

    return Classifier(
        Module,
        module__hidden_units=network.hidden_units,
        module__dropout=network.dropout,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=_LEARNING_RATE,
        batch_size=network.batch_size,
        max_epochs=network.epochs,
        train_split=None,
        verbose=0,
    )


class Contender(NamedTuple):
    label: str
    make: object
    needs: tuple[str, ...] = ()
    environment: dict = {}


# TensorFlow reads these before its first operation.
ONE_THREAD = {"TF_NUM_INTEROP_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}

CONTENDERS = {
    "skmnist": Contender("skmnist", skmnist_model),
    "mixed": Contender("skmnist, mixed_bfloat16", mixed_model),
    "sklearn": Contender("scikit-learn MLPClassifier (no dropout)", sklearn_model),
    "keras": Contender("Keras model.fit and predict", KerasModel),
    "scikeras": Contender("scikeras KerasClassifier", scikeras_model, ("scikeras",)),
    "keras-wrapper": Contender("Keras SKLearnClassifier", keras_wrapper_model),
    "skorch": Contender(
        "skorch NeuralNetClassifier", skorch_model, ("torch", "skorch")
    ),
}


def missing(key):
    """Name the packages that a contender lacks."""
    return [name for name in CONTENDERS[key].needs if find_spec(name) is None]
