import matplotlib.pyplot as plt
import pytest
from figures import DIGITS, texts_of

from skmnist import DigitGridDisplay, HiddenUnitsDisplay, TrainingCurveDisplay


def test_mathematics_in_labels_is_text():
    display = DigitGridDisplay.from_predictions(
        DIGITS.x_test[:2], ["$x", "$\\nothing$"], random_state=0
    )

    display.figure_.draw_without_rendering()
    assert set(texts_of(display)) == {"$x", "$\\nothing$"}


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"ax": 3}, r"ax must hold . axes for this picture; got \[3\]"),
        ({"text_kw": "red"}, "'text_kw' parameter .* must be"),
        ({"line_kw": "red"}, "'line_kw' parameter .* must be"),
        ({"estimator": 3}, "'estimator' parameter .* must be"),
        ({"n_units": 0}, "'n_units' parameter .* must be"),
    ],
)
def test_bad_parameters_are_named(kwargs, message, model):
    line = {"ax", "line_kw", "estimator"} & {*kwargs}
    display = TrainingCurveDisplay if line else HiddenUnitsDisplay
    with pytest.raises(ValueError, match=message):
        display.from_estimator(**{"estimator": model, **kwargs})
    assert plt.get_fignums() == []
