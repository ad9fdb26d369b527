"""``skmnist tune``: search hidden units, dropout and L2, and save the best network."""

import os
from pathlib import Path

import numpy as np
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, ParameterGrid
from sklearn.pipeline import Pipeline

from .._classifier import MLPDigitClassifier
from .._io._atomic import write_files
from .._plot import GridSearchDisplay
from ._shared import check_output, print_table, show_no_window, to_png
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
        "Cross-validate all combinations of hidden units, dropout and L2 factors,\n"
        "print them from best to worst, train the best on all training images, save\n"
        "it, and print its test accuracy."
    )
    parser.epilog = _EXAMPLES
    add_training_arguments(parser, _FIXED_OPTIONS)
    _add_search_arguments(parser)


def main(args):
    fixed = {name: getattr(args, name) for name in _FIXED_OPTIONS}
    mlp = MLPDigitClassifier(**fixed)
    mlp._validate_params()
    grid = _read_grid(args)
    _check_outputs(args)
    data, labels, steps = prepare(args)
    print_data(args, data, labels, steps)
    n_candidates = len(ParameterGrid(grid))
    print(
        f"search   {n_candidates} candidates x {args.cv} folds = "
        f"{n_candidates * args.cv} fits of {args.epochs} epochs",
        flush=True,
    )
    search = GridSearchCV(
        Pipeline([*steps, ("mlp", mlp)]),
        {f"mlp__{name}": values for name, values in grid.items()},
        cv=args.cv,
        n_jobs=args.n_jobs,
        error_score="raise",
    )
    show_progress(search)
    # Threads share the one TensorFlow; processes would each start their own.
    with parallel_config(backend="threading"):
        search.fit(data.x_train, data.y_train)
    print_table(_ranked(search.cv_results_))
    save_and_score(args, search.best_estimator_, data)
    if args.plot is not None:
        show_no_window()
        figure = GridSearchDisplay.from_estimator(search).figure_
        write_files({args.plot: to_png(figure)}, "the plot")
        print(f"plot           {args.plot}")
    return 0


def _add_search_arguments(parser):
    group = parser.add_argument_group("the search")
    texts = (
        "hidden units to try: one number is two hidden layers of that many units, "
        'several with commas ("256,128") are a layer each',
        "dropout rates to try",
        "factors of the L2 penalty to try",
    )
    for (name, default), text in zip(DEFAULT_GRID.items(), texts, strict=True):
        group.add_argument(
            f"--{name.replace('_', '-')}",
            nargs="+",
            type=type(default[0]),
            default=default,
            metavar="X",
            help=f"{text} (default: {' '.join(map(str, default))})",
        )
    n_folds = "folds of the training images (default: 3)"
    group.add_argument("--cv", type=int, default=3, metavar="N", help=n_folds)
    n_jobs = "fits at a time; -1 takes all cores (default: 1)"
    group.add_argument("--n-jobs", type=int, default=1, metavar="N", help=n_jobs)
    plot = "file for a heat map of the scores"
    group.add_argument("--plot", metavar="FILE.png", help=plot)


def _read_grid(args):
    """Return the values to try of each parameter, all of them valid, each once."""
    values = {
        "hidden_units": [read_hidden_units([word]) for word in args.hidden_units],
        "dropout": args.dropout,
        "l2": args.l2,
    }
    values = {name: list(dict.fromkeys(tried)) for name, tried in values.items()}
    for params in ParameterGrid(values):
        MLPDigitClassifier(**params)._validate_params()
    return values


def _check_outputs(args):
    """Find out, before the data is read, what could not be written."""
    sources = args.data, args.test_data
    check_output("--model", args.model, "the model", sources)
    if args.plot is None:
        return
    if Path(args.plot).suffix.lower() != ".png":
        raise ValueError(f"argument --plot: must end in .png; got {args.plot!r}")
    if os.path.realpath(args.plot) == os.path.realpath(args.model):
        raise ValueError(f"argument --plot: is the file of --model, {args.plot!r}")
    check_output("--plot", args.plot, "the plot", sources)


def _ranked(results):
    """Return the rows of a table of the candidates, the best one first."""
    rows = [("rank", "score", "std", "fit time", *DEFAULT_GRID)]
    for i in np.argsort(results["rank_test_score"], kind="stable"):
        rows.append(
            (
                f"{results['rank_test_score'][i]}",
                f"{results['mean_test_score'][i]:.4f}",
                f"{results['std_test_score'][i]:.4f}",
                f"{results['mean_fit_time'][i]:.2f} s",
                *(_word(results["params"][i][f"mlp__{name}"]) for name in DEFAULT_GRID),
            )
        )
    return rows


def _word(value):
    """Write a value as one types it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) + ("," if len(value) == 1 else "")
    return f"{value:g}"
