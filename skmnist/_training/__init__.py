"""Training on TensorFlow: the only folder that imports TensorFlow or Keras.

Other modules import it inside the functions that need it, so that everything else works
without TensorFlow.
"""

import os
import random

from ._interrupts import defer_interrupts
from ._startup import quiet_startup

# Set while TensorFlow is imported; the environment is to stay as it was.
_SET_BY_TENSORFLOW = (
    "ENABLE_RUNTIME_UPTIME_TELEMETRY",
    "HDF5_PLUGIN_PATH",
    "TF2_BEHAVIOR",
    "TPU_ML_PLATFORM",
    "TPU_ML_PLATFORM_VERSION",
)
_IMPORTED_BY = os.getpid()


def _import_tensorflow():
    new = [name for name in _SET_BY_TENSORFLOW if name not in os.environ]
    state = random.getstate()  # Keras 3.10 draws from it
    try:
        import keras  # noqa: F401
        import tensorflow  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name not in ("keras", "tensorflow"):
            raise
        raise ImportError(
            "training and to_keras need TensorFlow and Keras: "
            "pip install tensorflow keras"
        ) from error
    finally:
        random.setstate(state)
        for name in new:
            os.environ.pop(name, None)


def check_not_forked():
    """Raise a RuntimeError in a process forked from one that had loaded TensorFlow.

    TensorFlow's threads do not exist there, and calls into it would never return.
    """
    if os.getpid() != _IMPORTED_BY:
        raise RuntimeError(
            "this process was forked from one that had already trained, and TensorFlow "
            "does not work after a fork: start worker processes by 'spawn', "
            "'forkserver' or joblib's default 'loky', or use threads. Predicting works "
            "in forked processes too"
        )


# TensorFlow cannot be imported again after half an import.
with defer_interrupts(), quiet_startup():
    _import_tensorflow()
