"""A multi-layer perceptron with dropout, L2 and class weights for scikit-learn."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._augmentation import ImageAugmentation
    from ._classifier import MLPDigitClassifier
    from ._normalizer import DigitNormalizer
    from ._onnx import to_onnx
    from ._persistence import load, save
    from ._plot import (
        DigitGridDisplay,
        GridSearchDisplay,
        HiddenUnitsDisplay,
        TrainingCurveDisplay,
    )
    from ._preprocessing import PixelScaler
    from ._sharpening import UnsharpMask

__version__ = "0.1.0"
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
_ROOMS = {
    "DigitGridDisplay": "_plot",
    "DigitNormalizer": "_normalizer",
    "GridSearchDisplay": "_plot",
    "HiddenUnitsDisplay": "_plot",
    "ImageAugmentation": "_augmentation",
    "MLPDigitClassifier": "_classifier",
    "PixelScaler": "_preprocessing",
    "TrainingCurveDisplay": "_plot",
    "UnsharpMask": "_sharpening",
    "load": "_persistence",
    "save": "_persistence",
    "to_onnx": "_onnx",
}


def __getattr__(name):
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_ROOMS[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
