"""The recipes run, and do what they promise."""

import numpy as np
import pages
import pytest

PAGE = "docs/recipes.md"
# Warnings of other people's libraries are not ours to mend.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),
]


@pytest.fixture(scope="module")
def made(mnist, tmp_path_factory):
    for name in ("mlflow", "optuna", "cleanlab", "imblearn"):
        pytest.importorskip(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("recipes"))
        yield pages.run_python(PAGE)


def test_mlflow_gives_the_model_back(made):
    x = made["digits"].x_test
    np.testing.assert_array_equal(
        made["same"].predict_proba(x), made["model"].predict_proba(x)
    )


def test_optuna_prunes(made):
    trials = made["study"].trials
    assert len(trials) == 6
    assert {"PRUNED", "COMPLETE"} == {trial.state.name for trial in trials}


def test_cleanlab_finds_most_planted_errors(made):
    assert made["found"] >= 75
    assert made["suspects"].sum() < 140


def test_imbalanced_learn_reads_the_rare_class(made):
    rare = made["digits"].y_test == 8
    predicted = made["resampled"].predict(made["test_rows"][rare])
    assert (predicted == 8).mean() > 0.5
