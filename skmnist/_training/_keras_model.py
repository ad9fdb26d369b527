"""The network as a ``keras.Sequential``."""

from functools import partial

import keras

from ._optimizers import state_variables

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"Keras runs on the {keras.backend.backend()!r} backend in this process; "
        "skmnist trains with the 'tensorflow' backend: set the environment variable "
        "KERAS_BACKEND=tensorflow before Keras is imported"
    )


def build_mlp(architecture, *, dropout=0.0, l2=0.0, seed=0, dtype="float32"):
    """Build the multi-layer perceptron from Keras' own layers.

    Every layer gets a name and a seed: Keras would otherwise count names up in a
    process-wide register and draw seeds from Python's global random state. The model is
    built and not compiled. `dtype` is the policy of the hidden layers.
    """
    n_features, hidden_units, n_classes, activation, number = architecture
    initializer = keras.initializers.GlorotUniform(seed=seed)
    dense = partial(keras.layers.Dense, kernel_initializer=initializer)
    layers = [keras.layers.Input((n_features,), dtype=number, name="pixels")]
    for i, units in enumerate(hidden_units, 1):
        regularizer = keras.regularizers.L2(l2) if l2 else None
        options = {"activation": activation, "kernel_regularizer": regularizer}
        layers.append(dense(units, dtype=dtype, name=f"hidden_{i}", **options))
        if dropout:
            options = {"seed": seed + i, "dtype": dtype, "name": f"dropout_{i}"}
            layers.append(keras.layers.Dropout(dropout, **options))
    options = {"activation": "softmax", "name": "probabilities"}
    layers.append(dense(n_classes, dtype=number, **options))
    return keras.Sequential(layers, name="mlp")


def trained_model(architecture, weights, optimizer, optimizer_state, **options):
    """Build the compiled ``keras.Sequential`` of a finished fit.

    It takes over the `optimizer`. The state is that of `state_variables`, or None; the
    options are those of `build_mlp`.
    """
    model = build_mlp(architecture, **options)
    model.set_weights(weights)
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=optimizer,
        metrics=["accuracy"],
    )
    optimizer.build(model.trainable_variables)
    if optimizer_state is not None:
        variables = state_variables(optimizer)
        for variable, value in zip(variables, optimizer_state, strict=True):
            variable.assign(value)
    return model
