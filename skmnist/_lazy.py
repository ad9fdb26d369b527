"""The one way to the rooms that need TensorFlow."""

import os
from importlib import import_module


def import_room(name):
    """Import a room of this package and leave the environment as it was.

    TensorFlow and what it brings along set environment variables while they are
    imported.

    Parameters
    ----------
    name : {"_distortion", "_keras", "_training"}
        The room.

    Returns
    -------
    module
    """
    environment = dict(os.environ)
    try:
        return import_module(f"skmnist.{name}")
    finally:
        for key in os.environ.keys() - environment.keys():
            del os.environ[key]
        os.environ.update(environment)
