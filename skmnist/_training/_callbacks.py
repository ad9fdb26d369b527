"""Keras' callbacks, on a Keras model that follows the training loop."""

from contextlib import contextmanager
from copy import deepcopy
from io import IOBase

import keras
import numpy as np

from ._interrupts import defer_interrupts
from ._optimizers import state_variables

_HOOKS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")
_OTHER_HOOKS = [
    name
    for name in vars(keras.callbacks.Callback)
    if name.startswith("on_") and name not in _HOOKS
]
# Keras' own with hooks that do nothing as long as this option is "epoch".
_PER_EPOCH = {
    keras.callbacks.ModelCheckpoint: "save_freq",
    keras.callbacks.TensorBoard: "update_freq",
}


def check_callbacks(callbacks):
    """Refuse what is no Keras callback, or has hooks that are never called."""
    for number, callback in enumerate(callbacks):
        if hasattr(callback, "on_fit_task_begin"):
            raise TypeError(
                "callbacks takes Keras callbacks; scikit-learn's are for set_callbacks:"
                f" estimator.set_callbacks({type(callback).__name__}(...))"
            )
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(
                "callbacks must hold instances of keras.callbacks.Callback; "
                f"callbacks[{number}] is {callback!r}"
            )
        _check_hooks(number, callback)


def _check_hooks(number, callback):
    kinds, hint = [keras.callbacks.Callback], ""
    for kind, option in _PER_EPOCH.items():
        if isinstance(callback, kind):
            if getattr(callback, option) == "epoch":
                kinds.append(kind)
            else:
                hint = f'. A {kind.__name__} needs {option}="epoch"'
    for name in _OTHER_HOOKS:
        hook = getattr(callback, name)
        function = getattr(hook, "__func__", hook)
        if not any(function is getattr(kind, name) for kind in kinds):
            raise ValueError(
                f"callbacks[{number}], a {type(callback).__name__}, has the hook "
                f"{name}, which is never called: epochs are trained as a whole. "
                f"Allowed are {', '.join(_HOOKS)}{hint}"
            )


class KerasCallbacks:
    """Callbacks around a training, on a compiled model of the network."""

    @defer_interrupts()
    def __init__(self, callbacks, model, **params):
        self._model = model
        self._optimizer = model.optimizer
        rate = self._optimizer.learning_rate
        # None where the optimizer has a schedule of its own.
        self._rate = rate if isinstance(rate, keras.Variable) else None
        # Monitors ask the metrics whether more is better; they are made at first use.
        row = np.zeros((1, *model.input_shape[1:]), model.dtype)
        target = np.zeros((1, *model.output_shape[1:]), model.dtype)
        model.compute_metrics(row, np.zeros((1, 1), np.int32), target)
        model.reset_metrics()
        self._callbacks = keras.callbacks.CallbackList(
            list(callbacks), add_history=True, model=model, **params
        )

    @property
    def stopped(self):
        """Whether the training is to end."""
        return self._model.stop_training

    def call(self, hook, loop, rate, *args):
        """Call a hook of each callback; `loop` takes over what they change.

        Takes the learning rate of the next step, and returns it as they want it.
        """
        weights, state = loop.state()
        before = weights + state
        variables = self._model.trainable_variables + state_variables(self._optimizer)
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        if self._rate is not None:
            self._rate.assign(rate)

        getattr(self._callbacks, hook)(*args)

        optimizer = self._model.optimizer
        own_rate = self._rate is None or optimizer.learning_rate is self._rate
        if optimizer is not self._optimizer or not own_rate:
            raise ValueError(
                "callbacks may change the weights of the model and the learning rate, "
                "to another number, but not the optimizer or its schedule"
            )
        after = [variable.numpy() for variable in variables]
        if not all(map(np.array_equal, before, after)):
            loop.load_state(after[: len(weights)], after[len(weights) :])
        return rate if self._rate is None else self._rate.numpy()


@contextmanager
def keras_callbacks(callbacks, model, **params):
    """Check and prepare callbacks; let go of the model when the training is over."""
    check_callbacks(callbacks)
    before = [dict(vars(callback)) for callback in callbacks]
    try:
        yield KerasCallbacks(callbacks, model, **params)
    finally:
        for callback, attributes in zip(callbacks, before, strict=True):
            keras.callbacks.Callback.set_model(callback, None)
            _put_back(callback, attributes)


def _put_back(callback, before):
    """Put back attributes that `clone` could not copy, such as files that were open."""
    for name, value in list(vars(callback).items()):
        if name in before and value is before[name]:
            continue
        try:
            deepcopy(value)
        except Exception:  # noqa: BLE001 (each type has its own)
            if isinstance(value, IOBase):
                value.close()
            del vars(callback)[name]
            if name in before:
                vars(callback)[name] = before[name]
