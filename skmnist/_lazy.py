"""The one way to the rooms that need TensorFlow."""

import os
import random
from importlib import import_module


def import_room(name):
    """Import a room of this package without a trace in the process.

    TensorFlow and what it brings along set environment variables and draw from
    Python's global random state while they are imported.

    Parameters
    ----------
    name : {"_keras", "_training"}
        The room.

    Returns
    -------
    module
    """
    state, environment = random.getstate(), dict(os.environ)
    try:
        return import_module(f"skmnist.{name}")
    finally:
        random.setstate(state)
        for key in os.environ.keys() - environment.keys():
            del os.environ[key]
        os.environ.update(environment)
