"""Keras callbacks see and steer the compiled training."""

import csv
import pickle
from importlib.util import find_spec

import keras
import networks
import numpy as np
import pytest
from networks import same_weights as same
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import skmnist
from skmnist import MLPDigitClassifier

EarlyStopping = keras.callbacks.EarlyStopping
LambdaCallback = keras.callbacks.LambdaCallback
HOOKS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")


DATA = networks.X[:400], networks.Y[:400]


def network(*callbacks, **params):
    params = {"epochs": 4, "batch_size": 64} | params
    return networks.network(callbacks=list(callbacks) or None, **params)


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.calls = []
        self.rates = []

    def on_train_begin(self, logs=None):
        assert self.model.stop_training is False
        self.calls.append(("on_train_begin",))

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(("on_epoch_begin", epoch))
        self.rates.append(float(self.model.optimizer.learning_rate))

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(("on_epoch_end", epoch, dict(logs)))

    def on_train_end(self, logs=None):
        self.calls.append(("on_train_end", dict(logs)))


def test_hooks_are_called_in_the_order_of_keras():
    recorder, theirs = Recorder(), Recorder()
    model = network(recorder, epochs=3, early_stopping=True).fit(*DATA)
    other = network().fit(*DATA).to_keras()
    rows = slice(0, 40)
    held_out = DATA[0][rows], DATA[1][rows]
    fit = {"epochs": 3, "verbose": 0, "validation_data": held_out}
    other.fit(*DATA, callbacks=[theirs], **fit)
    assert [call[:-1] for call in recorder.calls] == [
        call[:-1] for call in theirs.calls
    ]
    ends = [call[-1] for call in recorder.calls if call[0] == "on_epoch_end"]
    assert ends == [
        {key: values[i] for key, values in model.history_.items()} for i in range(3)
    ]
    assert ends[0].keys() == theirs.calls[2][-1].keys()
    assert recorder.calls[-1] == ("on_train_end", ends[-1])
    assert {"epochs": 3, "steps": 6}.items() <= recorder.params.items()


def test_callbacks_that_watch_change_nothing():
    seen = []
    watch = LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(
            (watch.model.get_weights(), int(watch.model.optimizer.iterations))
        )
    )
    plain = network(l2=1e-3).fit(*DATA)
    model = network(watch, l2=1e-3).fit(*DATA)
    assert same(model, plain)
    assert model.history_ == plain.history_
    # They see each epoch's weights.
    assert [steps for _, steps in seen] == [7, 14, 21, 28]
    shorter = network(l2=1e-3, epochs=2).fit(*DATA)
    assert all(map(np.array_equal, seen[1][0], shorter._weights()))


def test_early_stopping_ends_the_training_and_restores():
    stop = EarlyStopping("loss", min_delta=10, patience=2, restore_best_weights=True)
    model = network(stop, epochs=30).fit(*DATA)
    assert model.n_iter_ == 3
    assert stop.stopped_epoch == 2
    assert same(model, network(epochs=1).fit(*DATA))
    # Which way accuracy is better Keras learns from the model's metrics.
    stop = EarlyStopping("val_accuracy", min_delta=2, patience=2)
    assert network(stop, epochs=9, early_stopping=True).fit(*DATA).n_iter_ == 3


def test_own_early_stopping_ends_at_its_best():
    params = {"early_stopping": True, "n_iter_no_change": 2, "learning_rate": 0.05}
    plain = network(epochs=40, **params).fit(*DATA)
    assert plain.n_iter_ < 40
    at_end = []
    watch = LambdaCallback(
        on_train_end=lambda logs: at_end.extend(watch.model.get_weights())
    )
    model = network(watch, epochs=40, **params).fit(*DATA)
    assert same(model, plain)
    assert all(map(np.array_equal, at_end, plain._weights()))


def test_a_learning_rate_takes_effect():
    recorder = Recorder()
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    network(halve, recorder).fit(*DATA)
    rates = np.float32(0.001) / 2.0 ** np.arange(1, 5)
    np.testing.assert_array_equal(recorder.rates, rates)

    still = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.0)
    model = network(still, optimizer="sgd").fit(*DATA)
    start = network(still, optimizer="sgd", epochs=1).fit(*DATA)
    assert same(model, start)

    # Two epochs at 0.001 and two at 0.01 are those of two fits.
    steps = keras.callbacks.LearningRateScheduler(lambda i, _: 0.001 if i < 2 else 0.01)
    model = network(steps).fit(*DATA)
    halves = network(epochs=2, warm_start=True).fit(*DATA)
    assert same(model, halves.set_params(learning_rate=0.01).fit(*DATA))


def test_plateaus():
    plateau = keras.callbacks.ReduceLROnPlateau("loss", min_delta=10, patience=1)
    recorder = Recorder()
    network(plateau, recorder).fit(*DATA)
    expected = np.float32([1e-3, 1e-3, 1e-4, 1e-5])
    np.testing.assert_allclose(recorder.rates, expected, rtol=1e-6)
    assert recorder.calls[2][-1]["learning_rate"] == pytest.approx(1e-3)


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_a_schedule_goes_on_from_a_learning_rate(schedule):
    params = {"learning_rate_schedule": schedule, "optimizer": "sgd"}
    planned, scaled = Recorder(), Recorder()
    model = network(planned, **params).fit(*DATA)
    assert same(model, network(**params).fit(*DATA))
    assert planned.rates[0] > planned.rates[1] > planned.rates[2] > 0

    def scale(epoch, rate):
        return rate / 2 if epoch == 1 else rate

    halve = keras.callbacks.LearningRateScheduler(scale)
    network(halve, scaled, **params).fit(*DATA)
    expected = np.multiply(planned.rates, [1, 0.5, 0.5, 0.5])
    np.testing.assert_allclose(scaled.rates, expected, rtol=1e-6)


def test_an_optimizer_with_a_schedule_keeps_its_rate():
    decay = keras.optimizers.schedules.ExponentialDecay(0.01, 7, 0.5)
    recorder = Recorder()
    network(recorder, optimizer=keras.optimizers.SGD(decay)).fit(*DATA)
    np.testing.assert_allclose(recorder.rates, [0.01, 0.005, 0.0025, 0.00125])
    force = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1)
    model = network(force, optimizer=keras.optimizers.SGD(decay))
    with pytest.raises(TypeError, match="not settable"):
        model.fit(*DATA)


def test_weights_that_a_callback_changes_are_trained_on():
    class Zero(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                bias = self.model.layers[-1].bias
                bias.assign(np.full(bias.shape, 7.0))

    at_begin = []
    watch = LambdaCallback(
        on_epoch_begin=lambda epoch, logs: at_begin.append(watch.model.get_weights())
    )
    model = network(Zero(), watch).fit(*DATA)
    assert (at_begin[2][-1] == 7).all()
    assert not same(model, network().fit(*DATA))
    assert (abs(model.intercepts_[-1] - 7) < 0.1).all()


def test_files(tmp_path):
    log, path = tmp_path / "log.csv", tmp_path / "{epoch:02d}.keras"
    callbacks = keras.callbacks.CSVLogger(log), keras.callbacks.ModelCheckpoint(path)
    model = network(*callbacks).fit(*DATA)
    with log.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["epoch"] for row in rows] == list("0123")
    assert [float(row["loss"]) for row in rows] == model.history_["loss"]
    saved = keras.models.load_model(tmp_path / "04.keras")
    assert all(map(np.array_equal, saved.get_weights(), model._weights()))
    assert int(saved.optimizer.iterations) == 28
    assert len(list(tmp_path.iterdir())) == 5


@pytest.mark.skipif(not find_spec("tensorboard"), reason="tensorboard is not installed")
def test_tensorboard(tmp_path):
    board = keras.callbacks.TensorBoard(tmp_path, histogram_freq=1)
    model = network(board, early_stopping=True).fit(*DATA)
    assert len(list(tmp_path.rglob("events.out.tfevents.*"))) == 2
    clone(model)


def test_epochs_are_counted_over_calls():
    recorder = Recorder()
    model = network(recorder, epochs=2, warm_start=True)
    model.fit(*DATA).fit(*DATA).partial_fit(*DATA)
    begun = [call[1] for call in recorder.calls if call[0] == "on_epoch_begin"]
    assert begun == [0, 1, 2, 3, 4]
    assert sum(call[0] == "on_train_begin" for call in recorder.calls) == 3
    plain = network(epochs=2, warm_start=True).fit(*DATA).fit(*DATA).partial_fit(*DATA)
    assert same(model, plain)


class HasBatchHook(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        raise AssertionError


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (HasBatchHook(), "HasBatchHook, has the hook on_train_batch_begin"),
        (LambdaCallback(on_train_batch_end=print), "the hook on_train_batch_end"),
        (keras.callbacks.TerminateOnNaN(), "TerminateOnNaN, has the hook on_batch_end"),
        (keras.callbacks.ModelCheckpoint("a.keras", save_freq=3), 'save_freq="epoch"'),
        (keras.callbacks.TensorBoard("a", update_freq="batch"), 'update_freq="epoch"'),
    ],
)
def test_other_hooks_are_refused(callback, message):
    recorder = Recorder()
    model = network(recorder, callback)
    with pytest.raises(ValueError, match=r"callbacks\[1\]") as error:
        model.fit(*DATA)
    assert message in str(error.value)
    assert ", ".join(HOOKS) in str(error.value)
    assert recorder.calls == []
    assert not hasattr(model, "coefs_")


@pytest.mark.parametrize("wrong", [EarlyStopping, "EarlyStopping", None, [Recorder()]])
def test_what_is_no_callback_is_refused(wrong):
    with pytest.raises(TypeError, match=r"callbacks\[0\] is"):
        network(wrong).fit(*DATA)


def test_callbacks_of_scikit_learn_go_elsewhere():
    callback = pytest.importorskip("sklearn.callback")
    with pytest.raises(TypeError, match=r"set_callbacks\(ProgressBar\(...\)\)"):
        network(callback.ProgressBar()).fit(*DATA)
    with pytest.raises(ValueError, match="callbacks"):
        MLPDigitClassifier(callbacks=EarlyStopping()).fit(*DATA)


class Fails(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 3:
            raise RuntimeError("on purpose")


def test_an_error_in_a_callback_changes_nothing(tmp_path):
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    model = network(log, Fails(), epochs=3).fit(*DATA)
    before = vars(model).copy()
    with pytest.raises(RuntimeError, match="on purpose"):
        model.set_params(epochs=9).fit(*DATA)
    assert vars(model) == before | {"epochs": 9}
    # Nor is a file left open that clone could not copy.
    assert getattr(log, "csv_file", None) is None  # Keras 3.8 has none before
    clone(model)


def test_another_optimizer_is_refused():
    def compile_anew(logs):
        callback.model.compile("sgd", "sparse_categorical_crossentropy")

    callback = LambdaCallback(on_train_begin=compile_anew)
    with pytest.raises(ValueError, match="not the optimizer"):
        network(callback).fit(*DATA)


def test_clone_pickle_and_search(tmp_path):
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    stop = EarlyStopping("loss", min_delta=10, patience=1)
    model = network(stop, log, Recorder()).fit(*DATA)
    assert stop.model is None
    assert getattr(log, "csv_file", None) is None  # Keras 3.8 has none before
    again = pickle.loads(pickle.dumps(model))
    assert same(model, again)
    for other in (clone(model), again):
        assert other.callbacks[0] is not stop
        assert same(other.fit(*DATA), model)
    grid = {"callbacks": [None, [stop]], "dropout": [0.0, 0.2]}
    search = GridSearchCV(network(), grid, cv=2, refit=False).fit(*DATA)
    assert len(search.cv_results_["params"]) == 4
    search = GridSearchCV(network(stop), {"dropout": [0.2]}, cv=2, n_jobs=2)
    assert search.fit(*DATA).best_estimator_.n_iter_ == 2


def test_callbacks_are_not_saved(tmp_path):
    model = network(EarlyStopping("loss")).fit(*DATA)
    with pytest.raises(ValueError, match=r"set_params\(callbacks=None\)"):
        skmnist.save(model, tmp_path / "model")
    skmnist.save(model.set_params(callbacks=None), tmp_path / "model")
    loaded = skmnist.load(tmp_path / "model")
    assert same(loaded, model)
