import matplotlib
import numpy as np
import pytest
from figures import DIGITS
from sklearn.pipeline import make_pipeline

from skmnist import MLPDigitClassifier, PixelScaler


@pytest.fixture(autouse=True)
def _nothing_global_changes():
    def state():
        generator = np.random.mtrand._rand.get_state()
        return dict(matplotlib.rcParams), generator[1].tolist(), generator[2]

    before = state()
    yield
    assert state() == before


@pytest.fixture(scope="session")
def model():
    network = MLPDigitClassifier((12, 8), epochs=6, dropout=0.1, random_state=0)
    model = make_pipeline(PixelScaler(), network)
    return model.fit(DIGITS.x_train, DIGITS.y_train)
