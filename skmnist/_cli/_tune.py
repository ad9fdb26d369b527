"""``skmnist tune``: search hidden units, dropout and L2, and save the best network."""

import math
from pathlib import Path

import numpy as np
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from .._classifier import MLPDigitClassifier
from .._io._atomic import check_writable, write_files
from .._plot import GridSearchDisplay
from .._plot._png import show_no_window, to_png
from ._shared import print_table
from ._train import (
    NETWORK_OPTIONS,
    add_training_arguments,
    prepare,
    print_data,
    read_hidden_units,
    save_and_score,
    show_progress,
)

_EXAMPLES = """\
examples:
  skmnist tune --data digits --model digits.skops --plot search.png
  skmnist tune --data mnist --model mnist.skops --epochs 10 --n-jobs 2 \\
      --hidden-units 256 512 512,256 --dropout 0.3 0.45 --l2 0
"""
# What is searched by default; the other parameters have the one value they are given.
DEFAULT_GRID = {
    "hidden_units": ["128", "256", "512"],
    "dropout": [0.2, 0.45],
    "l2": [0.0, 0.001],
}
# `train` has one value of each, as of the others.
_FIXED_OPTIONS = [name for name in NETWORK_OPTIONS if name not in DEFAULT_GRID]


def add_arguments(parser):
    parser.description = (
        "Try each combination of some hidden units, dropout rates and L2 factors on\n"
        "folds of the training images, print them from the best to the worst, train\n"
        "the best on all training images, save it, and print its test accuracy."
    )
    parser.epilog = _EXAMPLES
    add_training_arguments(parser, _FIXED_OPTIONS)
    _add_search_arguments(parser)


def main(args):
    fixed = {name: getattr(args, name) for name in _FIXED_OPTIONS}
    mlp = MLPDigitClassifier(**fixed)
    mlp._validate_params()
    grid = _read_grid(args)
    _check_search(args)
    check_writable(args.model, "the model")
    data, labels, steps = prepare(args)
    _check_folds(args.cv, data.y_train)
    print_data(args, data, labels, steps)
    print(f"search   {_count_fits(grid, args.cv)} of {args.epochs} epochs", flush=True)
    found = _search(Pipeline([*steps, ("mlp", mlp)]), grid, data, args)
    print_table(_ranked(found))
    save_and_score(args, found.best_estimator_, data)
    if args.plot is not None:
        draw(found, args.plot)
        print(f"plot           {args.plot}")
    return 0


def _add_search_arguments(parser):
    group = parser.add_argument_group("the search")
    for name, metavar, text in (
        (
            "hidden_units",
            "N",
            "numbers of hidden units to try: one number is two hidden layers of that "
            'many units; several with commas ("256,128") one layer each',
        ),
        ("dropout", "X", "dropout rates to try"),
        ("l2", "X", "factors of the L2 penalty to try"),
    ):
        default = DEFAULT_GRID[name]
        group.add_argument(
            f"--{name.replace('_', '-')}",
            nargs="+",
            type=type(default[0]),
            default=default,
            metavar=metavar,
            help=f"{text} (default: {' '.join(f'{value}' for value in default)})",
        )
    group.add_argument(
        "--cv",
        type=int,
        default=3,
        metavar="N",
        help="folds of the training images (default: 3)",
    )
    group.add_argument(
        "--n-jobs",
        type=int,
        default=1,
        metavar="N",
        help="fits at a time; -1 takes all cores (default: 1)",
    )
    group.add_argument(
        "--plot", metavar="FILE.png", help="file for a heat map of the scores"
    )


def _read_grid(args):
    """Return the values to try of each parameter, all of them valid, each once."""
    values = {
        "hidden_units": [read_hidden_units([word]) for word in args.hidden_units],
        "dropout": args.dropout,
        "l2": args.l2,
    }
    for name, tried in values.items():
        for value in tried:
            mlp = MLPDigitClassifier(**{name: value})
            try:
                mlp._validate_params()
                mlp._hidden_units()
            except ValueError as error:
                option = name.replace("_", "-")
                raise ValueError(f"argument --{option}: {error}") from None
    return {name: list(dict.fromkeys(tried)) for name, tried in values.items()}


def _check_search(args):
    """Find out, before the data is read, what would make the search fail."""
    if args.cv < 2:
        raise ValueError(f"argument --cv: must be 2 or more; got {args.cv}")
    if args.n_jobs == 0:
        raise ValueError("argument --n-jobs: must be 1 or more, or -1; got 0")
    if args.plot is None:
        return
    if Path(args.plot).suffix.lower() != ".png":
        raise ValueError(f"argument --plot: must end in .png; got {args.plot!r}")
    if Path(args.plot).resolve() == Path(args.model).resolve():
        raise ValueError(f"argument --plot: is the file of --model, {args.plot!r}")
    check_writable(args.plot, "the plot")


def _check_folds(cv, y):
    """Refuse more folds than the rarest class has images."""
    labels, counts = np.unique(y, return_counts=True)
    if counts.min() < cv:
        raise ValueError(
            f"argument --cv: must be at most {counts.min()}, the number of training "
            f"images of class {labels[counts.argmin()]}; got {cv}"
        )


def _count_fits(grid, cv):
    n_candidates = math.prod(map(len, grid.values()))
    return f"{n_candidates} candidates x {cv} folds = {n_candidates * cv} fits"


def _search(model, grid, data, args):
    found = GridSearchCV(
        model,
        {f"mlp__{name}": values for name, values in grid.items()},
        cv=args.cv,
        n_jobs=args.n_jobs,
        error_score="raise",
    )
    show_progress(found)
    # Threads share the one TensorFlow; processes would each start their own.
    with parallel_config(backend="threading"):
        return found.fit(data.x_train, data.y_train)


def _ranked(found):
    """Return the columns of a table of the candidates, the best one first."""
    results = found.cv_results_
    order = np.argsort(results["rank_test_score"], kind="stable")
    columns = [["rank", *(f"{results['rank_test_score'][i]}" for i in order)]]
    for heading, key, digits in (
        ("score", "mean_test_score", 4),
        ("std", "std_test_score", 4),
        ("fit time", "mean_fit_time", 2),
    ):
        unit = " s" if key == "mean_fit_time" else ""
        cells = [f"{results[key][i]:.{digits}f}{unit}" for i in order]
        columns.append([heading, *cells])
    for name in DEFAULT_GRID:
        cells = [_word(results["params"][i][f"mlp__{name}"]) for i in order]
        columns.append([name, *cells])
    return columns


def _word(value):
    """Write a value as one types it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) + ("," if len(value) == 1 else "")
    return f"{value:g}"


def draw(found, path):
    show_no_window()
    figure = GridSearchDisplay.from_estimator(found).figure_
    write_files({path: to_png(figure)}, "the plot")
