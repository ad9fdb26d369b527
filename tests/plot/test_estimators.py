import matplotlib.pyplot as plt
import pytest
from figures import DIGITS
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skmnist import MLPDigitClassifier, PixelScaler, TrainingCurveDisplay


def test_a_search_without_a_fitted_network_is_told():
    search = GridSearchCV(
        MLPDigitClassifier(4, epochs=1, random_state=0), {}, cv=2, refit=False
    )
    search.fit(DIGITS.x_train[:, 4], DIGITS.y_train)
    with pytest.raises(TypeError, match="got GridSearchCV with refit=False"):
        TrainingCurveDisplay.from_estimator(search)


def test_curves_take_searches_axes_and_keywords():
    search = GridSearchCV(
        make_pipeline(PixelScaler(16), MLPDigitClassifier(4, epochs=1)),
        {"mlpdigitclassifier__dropout": [0.1]},
        cv=2,
    ).fit(DIGITS.x_train, DIGITS.y_train)
    figure, axes = plt.subplots(2)
    display = TrainingCurveDisplay.from_estimator(search, ax=axes, line_kw={"lw": 7})

    assert display.figure_ is figure
    assert display.axes_.tolist() == axes.tolist()
    assert display.lines_["accuracy"].get_linewidth() == 7
