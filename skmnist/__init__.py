"""A multi-layer perceptron with dropout, L2 and class weights for scikit-learn."""

from ._classifier import MLPDigitClassifier
from ._persistence import load, save
from ._preprocessing import PixelScaler

__version__ = "0.1.0"
__all__ = ["MLPDigitClassifier", "PixelScaler", "load", "save"]
