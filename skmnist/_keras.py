"""The Keras room: the same network as a ``keras.Sequential``."""

import keras

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"Keras runs on the {keras.backend.backend()!r} backend in this process; "
        "skmnist trains with the 'tensorflow' backend: set the environment variable "
        "KERAS_BACKEND=tensorflow before Keras is imported"
    )


_OPTIMIZERS = {
    kind.__name__.lower(): kind
    for kind in (
        keras.optimizers.Adadelta,
        keras.optimizers.Adafactor,
        keras.optimizers.Adagrad,
        keras.optimizers.Adam,
        keras.optimizers.Adamax,
        keras.optimizers.AdamW,
        keras.optimizers.Ftrl,
        keras.optimizers.Lion,
        keras.optimizers.Nadam,
        keras.optimizers.RMSprop,
        keras.optimizers.SGD,
    )
}
# Their updates depend on more than the gradients of a step.
_NEED_KERAS_FIT = (
    "gradient_accumulation_steps",
    "inner_optimizer",
    "loss_scale_factor",
    "use_ema",
)


def build_mlp(
    architecture, *, dropout=0.0, l2=0.0, output_activation="softmax", seed=0
):
    """Build the multi-layer perceptron from Keras' own layers.

    Every layer gets a name and a seed: Keras would otherwise count names up in a
    process-wide register and draw seeds from Python's global random state.

    Parameters
    ----------
    architecture : Architecture
        The network.
    dropout : float, default=0.0
        Rate of the ``keras.layers.Dropout`` after each hidden layer; no such layer
        for 0.
    l2 : float, default=0.0
        Factor of ``keras.regularizers.L2`` on each hidden layer's kernel.
    output_activation : {"softmax", "linear"}, default="softmax"
        Probabilities or logits.
    seed : int, default=0
        Seed of the initializers and dropout masks.

    Returns
    -------
    keras.Sequential
        A built, uncompiled model.
    """

    def dense(name, units, activation, regularizer):
        return keras.layers.Dense(
            units,
            activation=activation,
            kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
            kernel_regularizer=regularizer,
            dtype=architecture.dtype,
            name=name,
        )

    layers = [
        keras.layers.Input(
            (architecture.n_features,), dtype=architecture.dtype, name="pixels"
        )
    ]
    for i, units in enumerate(architecture.hidden_units, 1):
        regularizer = keras.regularizers.L2(l2) if l2 else None
        layers.append(dense(f"hidden_{i}", units, architecture.activation, regularizer))
        if dropout:
            layers.append(
                keras.layers.Dropout(
                    dropout,
                    seed=seed + i,
                    dtype=architecture.dtype,
                    name=f"dropout_{i}",
                )
            )
    name = "probabilities" if output_activation == "softmax" else "logits"
    layers.append(dense(name, architecture.n_classes, output_activation, None))
    return keras.Sequential(layers, name="mlp")


def optimizer_recipe(optimizer, learning_rate):
    """Tell how to make a fresh Keras optimizer.

    Parameters
    ----------
    optimizer : str or keras.optimizers.Optimizer
        A name, or an unbuilt optimizer whose configuration is copied.
    learning_rate : float
        For a name; an optimizer brings its own.

    Returns
    -------
    kind : type
        Its class.
    config : dict
        What the class's ``from_config`` takes.

    Raises
    ------
    TypeError
        If `optimizer` is neither a name nor a Keras optimizer.
    ValueError
        If `optimizer` has been built, so that it belongs to another model, or uses
        something that Keras' ``fit`` has to take part in.
    """
    if isinstance(optimizer, str):
        kind = _OPTIMIZERS[optimizer]
        return kind, {"learning_rate": float(learning_rate), "name": optimizer}
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(
            "optimizer must be the name of a Keras optimizer or a "
            f"keras.optimizers.Optimizer; got {optimizer!r}"
        )
    if optimizer.built:
        raise ValueError(
            "optimizer must be unbuilt; got a keras.optimizers."
            f"{type(optimizer).__name__} that already belongs to a model: "
            "pass a new one"
        )
    config = optimizer.get_config()
    for name in _NEED_KERAS_FIT:
        if config.get(name):
            raise ValueError(
                f"optimizer must do without {name}, which Keras' own fit takes part "
                f"in; got keras.optimizers.{type(optimizer).__name__}({name}="
                f"{config[name]!r})"
            )
    return type(optimizer), config


def make_optimizer(optimizer, learning_rate):
    """Make a fresh Keras optimizer as `optimizer_recipe` tells."""
    kind, config = optimizer_recipe(optimizer, learning_rate)
    return kind.from_config(config)


def optimizer_key(optimizer):
    """Tell optimizers apart, but for their name and a learning rate that is a number.

    Parameters
    ----------
    optimizer : str or keras.optimizers.Optimizer
        As `MLPDigitClassifier` takes it.

    Returns
    -------
    str
    """
    if isinstance(optimizer, str):
        return optimizer
    config = optimizer.get_config()
    config.pop("name", None)  # Keras counts them up
    if not isinstance(config["learning_rate"], dict):
        del config["learning_rate"]
    kind = type(optimizer)
    return f"{kind.__module__}.{kind.__qualname__}({sorted(config.items())})"


def trained_model(
    architecture, weights, optimizer, optimizer_state, *, dropout, l2, seed
):
    """Build the compiled ``keras.Sequential`` of a finished fit.

    Parameters
    ----------
    architecture : Architecture
        The network.
    weights : list of ndarray
        Kernel and bias of each layer in turn.
    optimizer : keras.optimizers.Optimizer
        An unbuilt optimizer, which the model takes over.
    optimizer_state : list of ndarray or None
        Values of the optimizer's variables, None for a new one. Its learning rate is
        left as it is: a training with a schedule ends at zero.
    dropout, l2, seed
        As in `build_mlp`.

    Returns
    -------
    keras.Sequential
    """
    model = build_mlp(architecture, dropout=dropout, l2=l2, seed=seed)
    model.set_weights(weights)
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=optimizer,
        metrics=["accuracy"],
    )
    optimizer.build(model.trainable_variables)
    if optimizer_state is not None:
        for variable, value in zip(optimizer.variables, optimizer_state, strict=True):
            if variable is not optimizer._learning_rate:
                variable.assign(value)
    return model
