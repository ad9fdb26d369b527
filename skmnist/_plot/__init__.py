"""scikit-learn Displays, one class per file."""

from ._digit_grid import DigitGridDisplay
from ._grid_search import GridSearchDisplay
from ._hidden_units import HiddenUnitsDisplay
from ._training_curve import TrainingCurveDisplay

__all__ = [
    "DigitGridDisplay",
    "GridSearchDisplay",
    "HiddenUnitsDisplay",
    "TrainingCurveDisplay",
]
