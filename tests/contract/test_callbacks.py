"""scikit-learn's callbacks see every epoch."""

import numpy as np
import pytest
from networks import DIGITS, X, Y, network, same_weights
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skmnist import DigitNormalizer, PixelScaler, UnsharpMask

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 has it")
ProgressBar, ScoringMonitor = callback.ProgressBar, callback.ScoringMonitor


def test_scoring_monitor_records_each_epoch():
    monitor = ScoringMonitor(scoring="accuracy")
    model = network(epochs=5).set_callbacks(monitor).fit(X, Y)
    frame = monitor.get_logs().data_as_pandas
    scores = frame.query("task_name == 'epoch'").sort_values("task_id")["accuracy"]
    assert len(scores) == 5
    assert scores.iloc[-1] == model.score(X, Y)
    assert scores.iloc[0] < scores.iloc[-1]
    # They only watch: the fit is that without them.
    assert same_weights(model, network(epochs=5).fit(X, Y))


class StopAfter:
    """Ends the training, as the protocol of callbacks allows."""

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs
        self.torn_down = 0

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        self.torn_down += 1

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        if context.task_name == "epoch":
            assert fitted_estimator.predict(np.zeros((1, 64))).shape == (1,)
            return context.task_id + 1 == self.n_epochs
        return False


def test_a_callback_can_end_the_training():
    stop = StopAfter(3)
    model = network(epochs=9).set_callbacks(stop)
    assert model.fit(X, Y).n_iter_ == 3
    assert stop.torn_down == 1
    with pytest.raises(ValueError, match="contains NaN"):
        model.fit(np.full_like(X, np.nan), Y)
    assert model.n_iter_ == 3


def test_inside_a_search():
    monitor = ScoringMonitor(scoring="accuracy")
    model = make_pipeline(PixelScaler(16), network().set_callbacks(monitor))
    grid = {"mlpdigitclassifier__dropout": [0.0, 0.2]}
    GridSearchCV(model, grid, cv=2, refit=False).fit(DIGITS.x_train, Y)
    logs = monitor.get_logs(select="all")
    epochs = sum((log.data_as_pandas["task_name"] == "epoch").sum() for log in logs)
    assert epochs == 2 * 2 * 2


def test_a_progress_bar_shows_all_of_a_search(capsys):
    pipeline = make_pipeline(
        DigitNormalizer(), PixelScaler(), UnsharpMask(), network(8)
    )
    grid = {"mlpdigitclassifier__dropout": [0.0, 0.3]}
    search = GridSearchCV(pipeline, grid, cv=2).set_callbacks(
        ProgressBar(max_propagation_depth=None)
    )
    # An estimator that takes no callbacks would warn, which is an error here.
    search.fit(DIGITS.x_train[:60], Y[:60])
    shown = capsys.readouterr().out
    for text in ("GridSearchCV", "Pipeline", "MLPDigitClassifier"):
        assert text in shown
