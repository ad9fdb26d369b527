import os

import numpy as np
import pytest
from networks import DIGITS, network, same_weights
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from skmnist import PixelScaler, load
from skmnist._cli import main, make_parser
from skmnist._cli._tune import DEFAULT_GRID
from skmnist._sklearn_compat import ProgressBar

TUNE = ["tune", "--data", "digits", "--epochs", "2", "--cv", "2"]
needs_callbacks = pytest.mark.skipif(
    ProgressBar is None, reason="scikit-learn has no callbacks before 1.9"
)
SMALL = ["--hidden-units", "8", "16,8", "--dropout", "0", "0.2", "0.2", "--l2", "1e-4"]


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    import matplotlib.pyplot as plt

    folder = tmp_path_factory.mktemp("tune")
    arguments = ["--model", str(folder / "m"), "--plot", str(folder / "s.png")]
    assert main([*TUNE, *SMALL, *arguments]) == 0
    # Here, because every test closes what it finds open.
    assert plt.get_fignums() == []
    return folder


def test_it_finds_what_a_search_in_python_finds(tuned, tmp_path, capsys):
    path = str(tmp_path / "m")
    assert main([*TUNE, *SMALL, "--model", path, "--n-jobs", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    grid = {"hidden_units": [8, (16, 8)], "dropout": [0.0, 0.2], "l2": [1e-4]}
    search = GridSearchCV(
        Pipeline([("scale", PixelScaler()), ("mlp", network())]),
        {f"mlp__{name}": values for name, values in grid.items()},
        cv=2,
    ).fit(DIGITS.x_train, DIGITS.y_train)
    results = search.cv_results_

    assert lines[13] == "search   4 candidates x 2 folds = 8 fits of 2 epochs"
    order = np.argsort(results["rank_test_score"])
    for rank, i, line in zip(range(1, 5), order, lines[15:19], strict=True):
        cells = line.split()
        assert cells[0] == str(rank)
        assert cells[1] == f"{results['mean_test_score'][i]:.4f}"
        assert cells[2] == f"{results['std_test_score'][i]:.4f}"
        assert float(cells[3]) > 0
        units, dropout, l2 = (results["params"][i][k] for k in search.param_grid)
        word = "8" if units == 8 else "16,8"
        assert cells[4:] == ["s", word, f"{dropout:g}", f"{l2:g}"]
    accuracy = search.score(DIGITS.x_test, DIGITS.y_test)
    assert lines[19] == f"test accuracy  {accuracy:.4f}"
    assert lines[20].startswith(f"model saved    {path}  ")
    assert lines[21:] == []
    best = search.best_estimator_[-1]
    for model in (load(path), load(tuned / "m")):
        assert list(model.named_steps) == ["scale", "mlp"]
        assert model["mlp"].get_params() == best.get_params()
        assert same_weights(model["mlp"], best)


def test_the_picture_is_a_png_and_no_figure_stays(tuned):
    import matplotlib.pyplot as plt

    assert (tuned / "s.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert plt.get_fignums() == []
    assert sorted(os.listdir(tuned)) == ["m", "s.png"]


@needs_callbacks
@pytest.mark.parametrize("terminal", [False, True])
def test_a_progress_bar_on_a_terminal_only(terminal, tmp_path, monkeypatch, capsys):
    given = []
    monkeypatch.setattr(
        GridSearchCV, "set_callbacks", lambda self, *bars: given.extend(bars)
    )
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    options = ["--hidden-units", "4", "--dropout", "0", "--l2", "0"]
    assert main([*TUNE, *options, "--model", str(tmp_path / "m")]) == 0

    assert [type(bar) for bar in given] == [ProgressBar] * terminal
    out, err = capsys.readouterr()
    assert "GridSearchCV" not in out
    assert err == ""


def test_the_defaults():
    arguments = ["tune", "--data", "digits", "--model", "m"]
    args = make_parser(arguments).parse_args(arguments)
    assert DEFAULT_GRID == {
        "hidden_units": ["128", "256", "512"],
        "dropout": [0.2, 0.45],
        "l2": [0, 0.001],
    }
    assert {name: getattr(args, name) for name in DEFAULT_GRID} == DEFAULT_GRID
    assert (args.cv, args.n_jobs, args.epochs, args.random_state) == (3, 1, 20, 0)


@needs_callbacks
@pytest.mark.parametrize("terminal", [False, True])
def test_train_shows_a_bar_on_a_terminal_only(terminal, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    path = str(tmp_path / "m")
    train = ["train", "--data", "digits", "--hidden-units", "4", "--epochs", "2"]
    assert main([*train, "--model", path]) == 0

    out, err = capsys.readouterr()
    assert ("MLPDigitClassifier - fit" in out) == terminal
    assert "epoch 2/2  loss" in out
    assert err == ""
    assert "_skl_callbacks" not in vars(load(path)[-1])
