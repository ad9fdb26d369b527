"""A multi-layer perceptron with dropout, L2 and class weights for scikit-learn."""

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from ._augmentation import ImageAugmentation
    from ._classifier import MLPDigitClassifier
    from ._io._onnx import to_onnx
    from ._io._persistence import load, save
    from ._pixel_scaler import PixelScaler
    from ._plot import (
        DigitGridDisplay,
        GridSearchDisplay,
        HiddenUnitsDisplay,
        TrainingCurveDisplay,
    )
    from ._unsharp_mask import UnsharpMask
    from .images import DigitNormalizer

__all__ = [
    "DigitGridDisplay",
    "DigitNormalizer",
    "GridSearchDisplay",
    "HiddenUnitsDisplay",
    "ImageAugmentation",
    "MLPDigitClassifier",
    "PixelScaler",
    "TrainingCurveDisplay",
    "UnsharpMask",
    "load",
    "save",
    "to_onnx",
]
# Imported when they are asked for: the command is up at once, and its Ctrl-C is clean
# while the rest is imported.
_MODULES = {
    "DigitGridDisplay": "_plot",
    "DigitNormalizer": "images",
    "GridSearchDisplay": "_plot",
    "HiddenUnitsDisplay": "_plot",
    "ImageAugmentation": "_augmentation",
    "MLPDigitClassifier": "_classifier",
    "PixelScaler": "_pixel_scaler",
    "TrainingCurveDisplay": "_plot",
    "UnsharpMask": "_unsharp_mask",
    "load": "_io._persistence",
    "save": "_io._persistence",
    "to_onnx": "_io._onnx",
}


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
