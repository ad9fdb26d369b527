import networks
import numpy as np
import pytest
import sklearn
from networks import DIGITS, network, same_weights
from networks import X_TEST as X_VAL
from networks import Y_TEST as Y_VAL
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from skmnist import PixelScaler

X, Y = networks.X[:400], networks.Y[:400]


def make_mlp(**params):
    return network(**{"epochs": 4, "early_stopping": True} | params)


@pytest.mark.parametrize("names", [False, True])
def test_the_same_rows_held_out_or_given(names):
    labels = np.array([f"digit {i}" for i in range(10)])[Y] if names else Y
    expected = make_mlp().fit(X, labels)
    kept, held_out = expected._split(Y, expected._seed)
    given = make_mlp().fit(
        X[kept], labels[kept], X_val=X[held_out], y_val=labels[held_out]
    )

    assert given.history_ == expected.history_
    assert same_weights(given, expected)


@pytest.mark.parametrize("dtype", ["float64", "mixed_bfloat16"])
@pytest.mark.filterwarnings("ignore:.*no bfloat16 instructions")
def test_in_every_precision(dtype):
    mlp = make_mlp(dtype=dtype).fit(X, Y, X_val=X_VAL, y_val=Y_VAL)
    assert len(mlp.history_["val_loss"]) == mlp.n_iter_


def test_training_stops_by_the_rows_that_are_given():
    wrong = (Y_VAL + 1) % 10  # the better it learns, the larger their loss
    mlp = make_mlp(epochs=50, n_iter_no_change=2)
    mlp.fit(X, Y, np.linspace(1, 2, 400), X_val=X_VAL, y_val=wrong)

    assert mlp.n_iter_ < 50
    assert len(mlp.history_["val_loss"]) == mlp.n_iter_


def test_through_a_pipeline_and_a_search():
    with sklearn.config_context(enable_metadata_routing=True):
        mlp = make_mlp().set_fit_request(X_val=True, y_val=True)
        model = Pipeline(
            [("scale", PixelScaler()), ("mlp", mlp)], transform_input=["X_val"]
        )
        rows = {"X_val": DIGITS.x_test, "y_val": Y_VAL}
        model.fit(DIGITS.x_train[:400], Y, **rows)
        expected = make_mlp().fit(X, Y, X_val=X_VAL, y_val=Y_VAL)
        assert same_weights(model[-1], expected)
        search = GridSearchCV(model, {"mlp__dropout": [0, 0.2]}, cv=2)
        search.fit(DIGITS.x_train[:400], Y, **rows)
        assert "val_loss" in search.best_estimator_[-1].history_


def test_partial_fit_validates_and_trains_as_without():
    mlp, plain = make_mlp(), make_mlp(early_stopping=False)
    for _ in range(3):
        mlp.partial_fit(X, Y, range(10), X_val=X_VAL, y_val=Y_VAL)
        plain.partial_fit(X, Y, range(10))
        assert mlp.validation_scores_[-1] == mlp.score(X_VAL, Y_VAL)

    assert len(mlp.validation_scores_) == mlp.n_iter_ == 3
    # Without them none of the rows are held out.
    assert same_weights(mlp.partial_fit(X, Y), plain.partial_fit(X, Y))


@pytest.mark.parametrize(
    ("params", "rows", "message"),
    [
        ({}, {"X_val": X_VAL}, "must be given together"),
        ({}, {"y_val": Y_VAL}, "must be given together"),
        ({"early_stopping": False}, {"X_val": X_VAL, "y_val": Y_VAL}, "early_stopping"),
        ({}, {"X_val": X_VAL, "y_val": Y_VAL[1:]}, "X_val and y_val: .*inconsistent"),
        ({}, {"X_val": X_VAL[:, 1:], "y_val": Y_VAL}, "X_val and y_val: .*63 features"),
        ({}, {"X_val": X_VAL * np.nan, "y_val": Y_VAL}, "X_val and y_val: .*NaN"),
        ({}, {"X_val": X_VAL, "y_val": Y_VAL + 5}, "X_val and y_val: .*not in classes"),
    ],
)
def test_bad_rows_leave_the_estimator_alone(params, rows, message):
    mlp = make_mlp(**params)
    with pytest.raises(ValueError, match=message):
        mlp.fit(X, Y, **rows)

    assert not hasattr(mlp, "coefs_")
    assert not hasattr(mlp, "classes_")
