"""A multi-layer perceptron with dropout, L2 and class weights for scikit-learn."""

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
    "load",
    "save",
    "to_onnx",
]
