"""The one way to the rooms that need TensorFlow."""

import os
from functools import cache
from importlib import import_module

from ._interrupts import interrupts_wait


@cache  # looking after the environment takes half a millisecond
@interrupts_wait()
def import_room(name):
    """Import a room of this package and leave the environment as it was.

    TensorFlow and what it brings along set environment variables while they are
    imported. A Ctrl-C waits until they are.

    Parameters
    ----------
    name : {"_distortion", "_keras", "_keras_callbacks", "_training"}
        The room.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If TensorFlow or Keras is not installed.
    """
    environment = dict(os.environ)
    try:
        return import_module(f"skmnist.{name}")
    except ModuleNotFoundError as error:
        if error.name not in ("keras", "tensorflow"):
            raise
        raise ImportError(
            "training and to_keras need TensorFlow and Keras: "
            "pip install tensorflow keras"
        ) from error
    finally:
        for key in os.environ.keys() - environment.keys():
            del os.environ[key]
        os.environ.update(environment)
