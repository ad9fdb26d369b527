"""A multi-layer perceptron with dropout, L2 and class weights for scikit-learn."""

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from ._augmentation import ImageAugmentation as ImageAugmentation
    from ._classifier import MLPDigitClassifier as MLPDigitClassifier
    from ._io._onnx import register_onnx_converters as register_onnx_converters
    from ._io._onnx import to_onnx as to_onnx
    from ._io._persistence import load as load
    from ._io._persistence import save as save
    from ._pixel_scaler import PixelScaler as PixelScaler
    from ._plot import DigitGridDisplay as DigitGridDisplay
    from ._plot import GridSearchDisplay as GridSearchDisplay
    from ._plot import HiddenUnitsDisplay as HiddenUnitsDisplay
    from ._plot import TrainingCurveDisplay as TrainingCurveDisplay
    from ._reader import load_reader as load_reader
    from ._unsharp_mask import UnsharpMask as UnsharpMask
    from .images import DigitNormalizer as DigitNormalizer

# Imported lazily: the command starts at once, and handles Ctrl-C while the rest is
# imported.
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
    "load_reader": "_reader",
    "load": "_io._persistence",
    "register_onnx_converters": "_io._onnx",
    "save": "_io._persistence",
    "to_onnx": "_io._onnx",
}
__all__ = [*_MODULES]
_SUBMODULES = {"datasets", "images"}


def __getattr__(name):
    if name in _SUBMODULES:
        return import_module(f".{name}", __name__)
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    except AttributeError as error:  # which Python would take for a missing name
        raise ImportError(f"skmnist.{name} cannot be imported: {error}") from error
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__, *_SUBMODULES})
