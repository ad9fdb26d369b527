"""What a user of MLPDigitClassifier relies on, on real digits."""

import pickle
from functools import partial
from itertools import pairwise

import keras
import networks
import numpy as np
import pandas as pd
import pytest
from networks import X_TEST, Y_TEST, X, Y, network, same_weights, weights_of
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier

from skmnist import MLPDigitClassifier
from skmnist._network import ACTIVATIONS

Classifier = partial(network, hidden_units=32, epochs=20)


@pytest.fixture(scope="module")
def fitted():
    return MLPDigitClassifier(random_state=0).fit(X, Y)


def test_learns_digits(fitted):
    others = [MLPDigitClassifier(random_state=seed).fit(X, Y) for seed in (1, 2)]
    scores = [model.score(X_TEST, Y_TEST) for model in (fitted, *others)]
    assert np.mean(scores) > 0.96
    assert [w.shape for w in fitted.coefs_] == [(64, 256), (256, 256), (256, 10)]
    assert [b.shape for b in fitted.intercepts_] == [(256,), (256,), (10,)]
    assert {w.dtype.name for w in weights_of(fitted)} == {"float32"}
    assert fitted.n_layers_ == 4
    assert fitted.n_iter_ == 20 == len(fitted.loss_curve_)
    assert list(fitted.history_) == ["loss", "accuracy"]
    assert fitted.history_["loss"] == fitted.loss_curve_
    assert fitted.loss_curve_[-1] < 0.2 < 2 < fitted.loss_curve_[0]
    assert fitted.history_["accuracy"][-1] > 0.95


def test_the_names_that_mlpclassifier_has(fitted):
    assert fitted.n_outputs_ == 10
    assert fitted.out_activation_ == "softmax"
    assert fitted.loss_ == fitted.loss_curve_[-1]
    assert fitted.best_loss_ == min(fitted.loss_curve_)
    assert fitted.validation_scores_ is None is fitted.best_validation_score_
    stopped = Classifier(early_stopping=True, epochs=3).fit(X, Y)
    assert stopped.validation_scores_ == stopped.history_["val_accuracy"]
    assert stopped.best_validation_score_ == max(stopped.validation_scores_)
    assert stopped.best_loss_ is None
    for name in ("n_outputs_", "out_activation_", "loss_", "validation_scores_"):
        assert not hasattr(Classifier(), name)


@pytest.mark.parametrize("name", ["Adam", "SGD", "RMSprop", "AdamW"])
def test_keras_spelling_of_optimizers(name):
    models = [
        Classifier(optimizer=each, epochs=1, warm_start=True).fit(X, Y)
        for each in (name, name.lower())
    ]
    assert same_weights(*models)
    # Another spelling is not another optimizer.
    models[0].set_params(optimizer=name.lower())
    assert same_weights(*[each.fit(X, Y) for each in models])
    assert type(models[0].to_keras().optimizer).__name__ == name


@pytest.mark.parametrize(
    ("hidden_units", "sizes"),
    [
        (7, (7, 7)),
        ((7,), (7,)),
        ((5, 6, 7), (5, 6, 7)),
        (np.array([8, 4]), (8, 4)),
        (pd.Series([8, 4]), (8, 4)),
        (range(8, 4, -2), (8, 6)),
    ],
)
def test_hidden_units_int_is_two_layers_and_tuple_one_each(hidden_units, sizes):
    model = clone(MLPDigitClassifier(hidden_units, epochs=1)).fit(X, Y)
    assert [w.shape for w in model.coefs_] == [*pairwise((64, *sizes, 10))]


def test_outputs_agree_with_each_other(fitted):
    logits = fitted.decision_function(X)
    proba = fitted.predict_proba(X)
    assert logits.shape == proba.shape == (len(X), 10)
    assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    assert_allclose(np.exp(fitted.predict_log_proba(X)), proba, atol=1e-6)
    assert_array_equal(fitted.predict(X), fitted.classes_[logits.argmax(axis=1)])
    assert np.isfinite(fitted.predict_log_proba(X * 1000)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predicts_in_the_dtype_of_the_input(fitted, dtype):
    x = X_TEST.astype(dtype)
    assert fitted.predict_proba(x).dtype == dtype
    # Many rows go through in parts; the parts must fit together.
    many = np.concatenate([x] * 8)
    assert_allclose(
        fitted.decision_function(many)[-len(x) :], fitted.decision_function(x), 1e-3
    )


def test_two_classes_and_bools():
    model = Classifier().fit(X, Y >= 5)
    assert model.classes_.dtype == bool
    scores = model.decision_function(X_TEST)
    assert scores.shape == (len(X_TEST),)
    assert_array_equal(model.predict(X_TEST), scores > 0)
    assert model.score(X_TEST, Y_TEST >= 5) > 0.9


# All activations are compared with Keras in training/test_step.py too.
ACTIVATION = networks.slow_unless(("gelu", "relu"), sorted(ACTIVATIONS))


@pytest.mark.parametrize("activation", ACTIVATION)
def test_to_keras_gives_the_same_probabilities(activation):
    model = Classifier(activation=activation, epochs=2, l2=1e-4).fit(X, Y)
    twin = model.to_keras()
    assert_allclose(
        twin.predict(X_TEST, verbose=0), model.predict_proba(X_TEST), atol=1e-5
    )
    loss, accuracy = twin.evaluate(X, Y, verbose=0)
    assert accuracy == pytest.approx(model.score(X, Y), abs=1e-6)
    penalty = 1e-4 * sum(np.sum(k**2) for k in model.coefs_[:-1])
    entropy = -model.predict_log_proba(X)[np.arange(len(Y)), Y].mean()
    assert loss == pytest.approx(entropy + penalty, rel=1e-4)


def test_to_keras_is_an_ordinary_model(tmp_path, capsys):
    rng = np.random.default_rng(0)
    x = rng.random((40, 784), dtype=np.float32)
    model = MLPDigitClassifier(epochs=1).fit(x, np.arange(40) % 10)
    twin = model.to_keras()
    assert type(twin) is keras.Sequential
    twin.summary(print_fn=lambda line: print(line))
    assert twin.count_params() == 269_322
    assert "Trainable params: 269,322" in capsys.readouterr().out
    assert isinstance(twin.optimizer, keras.optimizers.Adam)
    path = tmp_path / "x.keras"
    twin.save(path)
    assert_array_equal(
        keras.models.load_model(path).predict(x, verbose=0), twin.predict(x, verbose=0)
    )
    before = model.predict_proba(x)
    assert twin.optimizer.iterations == 1
    assert float(twin.optimizer.learning_rate) == np.float32(0.001)
    twin.fit(x, np.arange(40) % 10, verbose=0)
    assert_array_equal(model.predict_proba(x), before)


def test_optimizer_objects():
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
    model = Classifier(optimizer=optimizer, epochs=3).fit(X, Y)
    assert not optimizer.built
    assert same_weights(clone(model).fit(X, Y), model)
    assert same_weights(pickle.loads(pickle.dumps(clone(model))).fit(X, Y), model)
    plain = Classifier(optimizer="sgd", learning_rate=0.05, epochs=3).fit(X, Y)
    assert model.loss_curve_[-1] < plain.loss_curve_[-1]
    assert model.to_keras().optimizer.momentum == 0.9

    decay = keras.optimizers.schedules.CosineDecay(0.1, 30)
    scheduled = Classifier(optimizer=keras.optimizers.SGD(decay), epochs=4).fit(X, Y)
    # All three epochs of the decay are over: the last one learns nothing.
    three = Classifier(optimizer=keras.optimizers.SGD(decay), epochs=3).fit(X, Y)
    assert same_weights(scheduled, three)


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_learning_rate_schedules_end_at_zero(schedule):
    steps = []
    for epochs in (1, 2, 3):
        model = Classifier(
            learning_rate_schedule=schedule, epochs=epochs, dropout=0.0
        ).fit(X, Y)
        steps.append(model.loss_curve_)
    # A shorter plan has smaller steps from its first epoch on.
    assert steps[0][0] > steps[1][0] > steps[2][0]
    constant = Classifier(epochs=3, dropout=0.0).fit(X, Y)
    assert constant.loss_curve_[0] < steps[2][0]


def test_l2_shrinks_kernels_and_is_in_the_loss():
    free = Classifier(epochs=5).fit(X, Y)
    held = Classifier(epochs=5, l2=0.01).fit(X, Y)
    assert np.sum(held.coefs_[0] ** 2) < 0.7 * np.sum(free.coefs_[0] ** 2)
    penalty = 0.01 * sum(np.sum(k**2) for k in held.coefs_[:-1])
    assert held.loss_curve_[-1] > penalty


def test_dropout_holds_back_training_only():
    without = Classifier(dropout=0.0, epochs=5).fit(X, Y)
    half = Classifier(dropout=0.5, epochs=5).fit(X, Y)
    nearly_all = Classifier(dropout=0.999, epochs=5).fit(X, Y)
    losses = [m.loss_curve_[-1] for m in (without, half, nearly_all)]
    assert losses == sorted(losses)
    assert losses[0] < losses[1] - 0.2
    assert_array_equal(half.predict_proba(X), half.predict_proba(X))


# --- weights ---------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [0, 1e-60])  # the second is zero in float32
def test_weight_zero_leaves_the_row_out(nothing):
    weight = np.where(np.arange(len(Y)) % 3 > 0, 1.0, nothing)
    weighted = Classifier(epochs=3).fit(X, Y, weight)
    kept = weight == 1
    assert same_weights(weighted, Classifier(epochs=3).fit(X[kept], Y[kept]))
    assert not same_weights(weighted, Classifier(epochs=3).fit(X, Y))


@pytest.mark.parametrize("factor", [2.0, 2.0**1022, 2.0**-1073])
def test_only_ratios_of_weights_matter(factor):
    weight = np.full(len(Y), factor)
    plain = Classifier(epochs=3).fit(X, Y)
    assert same_weights(Classifier(epochs=3).fit(X, Y, weight), plain)
    of_classes = Classifier(epochs=3, class_weight=dict.fromkeys(range(10), factor))
    assert same_weights(of_classes.fit(X, Y, weight), plain)


def exact(**kwargs):
    """Full batches, no dropout, float64: weighted losses can be compared exactly."""
    return network(dropout=0.0, dtype="float64", batch_size=1000, epochs=3, **kwargs)


def test_class_weight_multiplies_into_sample_weight():
    x, y = X[:200], Y[:200]
    weight = 1.0 + np.arange(200) % 3
    a = exact(class_weight={0: 5.0, 7: 0.5}).fit(x, y, weight)
    factors = np.where(y == 0, 5, np.where(y == 7, 0.5, 1))
    assert same_weights(a, exact().fit(x, y, weight * factors))
    assert {w.dtype.name for w in weights_of(a)} == {"float64"}
    assert a.predict_proba(x).dtype == np.float32


def test_class_weights_of_labels_that_are_digits_as_strings():
    by_name, by_number = (
        Classifier(epochs=1, class_weight={label: 20.0}).fit(X, labels)
        for label, labels in (("4", Y.astype(str)), (4, Y))
    )
    assert same_weights(by_name, by_number)


def test_class_weights_of_classes_that_a_chunk_lacks():
    chunk, y = X[Y > 0], Y[Y > 0]
    model = Classifier(class_weight={0: 3.0, 1: 2.0})
    model.partial_fit(chunk, y, classes=range(10))
    by_hand = Classifier().partial_fit(chunk, y, range(10), np.where(y == 1, 2, 1))
    assert same_weights(model, by_hand)


def test_balanced_counts_weights():
    x, y = X[:200], Y[:200]
    weight = np.where(y == 3, 0.25, 1.0)
    a = exact(class_weight="balanced").fit(x, y, weight)
    counts = np.bincount(y, weight)
    b = exact().fit(x, y, weight / counts[y])
    for u, v in zip(weights_of(a), weights_of(b), strict=True):
        assert_allclose(u, v, atol=1e-9)


def test_weights_of_held_out_rows_count():
    weight = np.random.default_rng(0).uniform(0.01, 10, len(Y))
    weighted, even = (
        Classifier(early_stopping=True, epochs=3).fit(X, Y, each)
        for each in (weight, None)
    )
    assert weighted.history_["val_loss"] != even.history_["val_loss"]


def test_class_weight_helps_the_rare_class():
    rare = (Y != 8) | (np.cumsum(Y == 8) <= 8)
    plain = MLPDigitClassifier(random_state=0).fit(X[rare], Y[rare])
    balanced = clone(plain).set_params(class_weight="balanced")
    balanced.fit(X[rare], Y[rare])
    eights = X_TEST[Y_TEST == 8]
    assert np.mean(balanced.predict(eights) == 8) > np.mean(plain.predict(eights) == 8)


# --- going on --------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*no bfloat16 instructions")
@pytest.mark.parametrize(
    "params",
    [{}, {"augmentation": "elastic"}, {"hidden_units": 256, "dtype": "mixed_bfloat16"}],
)
def test_two_warm_fits_or_four_partial_ones_are_one_longer_fit(params):
    whole = Classifier(epochs=4, **params).fit(X, Y)
    warm = Classifier(epochs=3, warm_start=True, **params).fit(X, Y)
    warm = pickle.loads(pickle.dumps(warm)).set_params(epochs=1).fit(X, Y)
    assert warm.loss_curve_ == whole.loss_curve_
    assert warm.n_iter_ == 4
    new, begun = Classifier(**params), Classifier(epochs=2, **params).fit(X, Y)
    for parts, n_epochs in ((new, 4), (begun, 2)):
        for _ in range(n_epochs):
            parts.partial_fit(X, Y, classes=np.arange(10))
            parts = pickle.loads(pickle.dumps(parts))
        assert same_weights(parts, whole)
    assert same_weights(warm, whole)


def test_partial_fit_over_chunks():
    model = MLPDigitClassifier(random_state=0)
    for _ in range(10):
        for rows in np.array_split(np.arange(len(Y)), 5):
            model.partial_fit(X[rows], Y[rows], classes=np.arange(10))
    assert model.score(X_TEST, Y_TEST) > 0.93
    assert model.n_iter_ == 50 == len(model.loss_curve_)
    assert max(np.diff(model.loss_curve_[10:])) < 0.5


def test_history_keeps_one_entry_per_epoch_when_rows_are_held_out_only_at_times():
    model = Classifier(epochs=2, warm_start=True).fit(X, Y)

    model.set_params(early_stopping=True).fit(X, Y)
    model.set_params(early_stopping=False).fit(X, Y)

    measured = [np.isfinite(model.history_[key]).tolist() for key in model.history_]
    always, at_times = [True] * 6, [False] * 2 + [True] * 2 + [False] * 2
    assert list(model.history_) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert measured == [always, always, at_times, at_times]


def test_warm_start_with_another_optimizer_gives_it_a_new_state():
    model = Classifier(epochs=3, warm_start=True).fit(X, Y)
    model.set_params(optimizer="sgd").fit(X, Y)
    assert model.n_iter_ == 6
    assert model.loss_curve_[5] < model.loss_curve_[2]
    assert model.set_params(optimizer="lion").to_keras().optimizer.iterations == 0


def test_early_stopping_keeps_the_best_weights():
    model = MLPDigitClassifier(
        (64,),
        random_state=0,
        learning_rate=0.02,
        epochs=100,
        early_stopping=True,
        n_iter_no_change=3,
        validation_fraction=0.2,
        l2=1e-4,
    ).fit(X, Y)
    losses = model.history_["val_loss"]
    best = int(np.argmin(losses))
    assert best < len(losses) - 1  # else there was nothing to restore
    assert len(losses) == best + 4 == model.n_iter_ < 100
    # The same training, ended at the best epoch, has the weights that were kept.
    again = clone(model).set_params(epochs=best + 1).fit(X, Y)
    assert same_weights(again, model)
    assert len(model.history_["val_accuracy"]) == model.n_iter_


def test_early_stopping_with_names_of_features_and_classes():
    names = np.array([f"digit {i}" for i in range(10)])
    frame = pd.DataFrame(X).add_prefix("pixel ")
    model = Classifier(early_stopping=True, n_iter_no_change=10**9, epochs=25)
    model.fit(frame, names[Y])
    assert model.feature_names_in_.tolist() == frame.columns.tolist()
    assert len(model.validation_scores_) == model.n_iter_ == 25


def test_early_stopping_holds_out_every_class():
    rare = (Y != 8) | (np.cumsum(Y == 8) <= 2)
    model = Classifier(early_stopping=True, epochs=2, validation_fraction=0.1)
    assert len(model.fit(X[rare], Y[rare]).history_["val_loss"]) == 2
    source = np.random.RandomState(3)
    before = pickle.dumps(source)
    with pytest.raises(ValueError, match=r"validation_fraction=0\.9 .* class 8"):
        model.set_params(validation_fraction=0.9, random_state=source).fit(
            X[rare], Y[rare]
        )
    assert pickle.dumps(source) == before


def test_verbose_prints_a_line_per_epoch(capsys):
    Classifier(epochs=2).fit(X, Y)
    assert capsys.readouterr().out == ""
    Classifier(epochs=2, verbose=1).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "loss" in lines[0]
    assert "accuracy" in lines[1]


# --- bad input -------------------------------------------------------------------


# Each bad value of each parameter is tried in contract/test_fuzz.py.
@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        (dict.fromkeys(range(10), 0.0), "above 0 for some row"),
        ({"seven": 2.0, 1: 3.0}, r"\['seven'\] that are not in y"),
    ],
)
def test_class_weights_that_no_row_has(class_weight, message):
    with pytest.raises(ValueError, match=message):
        Classifier(class_weight=class_weight).fit(X, Y)


def test_a_loss_that_is_not_finite():
    model = Classifier(epochs=2).fit(X, Y)
    before = model.predict_proba(X_TEST)
    model.set_params(learning_rate=1e30)
    with pytest.raises(
        ValueError, match=r"loss became .* smaller learning_rate .*1e\+30"
    ):
        model.fit(X, Y)
    assert_array_equal(model.predict_proba(X_TEST), before)


@pytest.mark.parametrize(
    ("early_stopping", "what"), [(False, "a weight"), (True, "the loss")]
)
def test_a_last_step_that_is_too_large(early_stopping, what):
    model = network(optimizer="sgd", learning_rate=1e38, epochs=1, batch_size=9999)
    model.set_params(early_stopping=early_stopping)
    with pytest.raises(ValueError, match=f"{what} became NaN or infinite in epoch 1"):
        model.fit(X * 100, Y)


def test_small_number_types():
    small = network(epochs=np.int8(100), batch_size=np.int8(100), l2=np.float16(0.125))
    model = network(epochs=100, batch_size=100, l2=0.125)
    assert same_weights(small.fit(X[:300], Y[:300]), model.fit(X[:300], Y[:300]))


@pytest.mark.parametrize("early_stopping", [False, True])
def test_one_class_is_predicted_with_certainty(early_stopping):
    model = Classifier(early_stopping=early_stopping, epochs=2, class_weight="balanced")
    model.fit(X[:99], ["seven"] * 99)
    assert set(model.predict(X)) == {"seven"}
    assert_array_equal(model.predict_proba(X), np.ones((len(X), 1)))
    # Nor do all rows of other classes need a weight.
    only = Classifier(epochs=2).fit(X, Y, (Y == 4).astype(float))
    assert only.n_outputs_ == 10


def test_columns_of_one_class_in_chains_and_outputs():
    columns = np.c_[Y % 2, np.zeros_like(Y)]
    for kind in (MultiOutputClassifier, ClassifierChain):
        model = kind(Classifier(epochs=1)).fit(X, columns)
        assert (np.asarray(model.predict(X))[:, 1] == 0).all()


def test_partial_fit_refuses_unknown_labels_and_other_classes():
    with pytest.raises(ValueError, match="classes must be passed"):
        Classifier().partial_fit(X, Y)
    model = Classifier().partial_fit(X[Y < 5], Y[Y < 5], classes=np.arange(5))
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match=r"\[5, 6, 7, 8, 9\].*\[0, 1, 2, 3, 4\]"):
        model.partial_fit(X, Y)
    with pytest.raises(ValueError, match="not the same as on last call"):
        model.partial_fit(X, Y, classes=np.arange(10))
    assert pickle.dumps(model) == before


def test_partial_fit_is_not_there_for_what_needs_all_rows():
    assert not hasattr(Classifier(class_weight="balanced"), "partial_fit")


def test_warm_start_refuses_another_network():
    model = Classifier(warm_start=True, epochs=1).fit(X, Y)
    with pytest.raises(ValueError, match="cannot change"):
        model.set_params(hidden_units=16).fit(X, Y)
    model.set_params(hidden_units=32, activation="tanh")
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match=r"cannot change .*'relu'.*'tanh'"):
        model.fit(X, Y)
    model.set_params(activation="relu")
    assert_array_equal(model.predict_proba(X), before)
    with pytest.raises(ValueError, match="warm_start needs the classes"):
        model.fit(X, Y % 5)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"learning_rate": 0.1}, r"learning_rate=0\.1 must be left alone"),
        ({"learning_rate_schedule": "linear"}, "schedule of its own"),
    ],
)
def test_optimizer_objects_bring_their_own_rate(params, message):
    decay = keras.optimizers.schedules.CosineDecay(0.1, 30)
    model = Classifier(optimizer=keras.optimizers.SGD(decay), **params)
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y)


@pytest.mark.parametrize(
    "config",
    [{"gradient_accumulation_steps": 2}, {"use_ema": True}, {"loss_scale_factor": 8.0}],
)
def test_optimizers_that_need_keras_fit_are_refused(config):
    ((name, value),) = config.items()
    optimizer = keras.optimizers.Adam(**config)
    with pytest.raises(ValueError, match=rf"do without {name}.*Adam\({name}={value}\)"):
        Classifier(optimizer=optimizer).fit(X, Y)
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())
    with pytest.raises(ValueError, match="do without inner_optimizer"):
        Classifier(optimizer=optimizer).fit(X, Y)
    optimizer = keras.optimizers.AdamW()
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    with pytest.raises(ValueError, match=r"all in its get_config.*exclude_from_weight"):
        Classifier(optimizer=optimizer).fit(X, Y)


def test_optimizer_objects_must_be_unbuilt_keras_optimizers():
    built = keras.optimizers.SGD()
    built.build([keras.Variable(np.zeros(3), name="v")])
    with pytest.raises(ValueError, match="unbuilt"):
        Classifier(optimizer=built).fit(X, Y)

    class NotAnOptimizer:
        def apply(self): ...

        def get_config(self): ...

    with pytest.raises(TypeError, match=r"keras\.optimizers\.Optimizer"):
        Classifier(optimizer=NotAnOptimizer()).fit(X, Y)
