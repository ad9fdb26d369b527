"""``skmnist train``: train a network and save it."""

import inspect
import os
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.multiclass import unique_labels

from .._classifier import MLPDigitClassifier
from .._io._persistence import save
from .._io._untrusted import naming
from .._pixel_scaler import PixelScaler
from .._sklearn_compat import ProgressBar, StrOptions
from .._unsharp_mask import UnsharpMask
from ._report import check_report, write_report
from ._shared import add_data_arguments, check_output, load_data, print_table

_EXAMPLES = """\
examples:
  skmnist train --data digits --model digits.skops
  skmnist train --data mnist --model mnist.skops --hidden-units 512 --l2 1e-6
  skmnist train --data digits --model digits.skops --report report
  skmnist train --data mnist --model mnist.skops --dropout 0 --epochs 60 \\
      --learning-rate 0.0015 --learning-rate-schedule linear \\
      --sharpen --augmentation elastic --adversarial-epsilon 0.08
  skmnist train --data train.csv.gz --model digits.skops
  skmnist train --data a.csv --test-data b.csv.gz --model letters.skops \\
      --hidden-units 256 128 64 --class-weight balanced --early-stopping
"""

_OF_REPORTS = (".html", ".png")
# What the options of `train` say of the classifier's parameters; names, defaults,
# types and choices come from the classifier itself.
NETWORK_OPTIONS = {
    "hidden_units": "one number: two hidden layers of that many units; several: one "
    'layer each; one with a comma ("64,"): a single layer',
    "activation": "activation of the hidden layers",
    "dropout": "dropout rate after each hidden layer, in [0, 1)",
    "l2": "L2 regularization (weight decay) of each hidden layer's kernel",
    "optimizer": "Keras optimizer",
    "learning_rate": "step size of the optimizer",
    "learning_rate_schedule": "decay of the learning rate to 0 over the epochs",
    "batch_size": "images per gradient step",
    "epochs": "passes over the images",
    "augmentation": "data augmentation: random distortions of the training images",
    "hard_fraction": "loss-based sampling: share of an epoch drawn by loss",
    "adversarial_epsilon": "adversarial training (fast gradient method): relative L2 "
    "size of the perturbation",
    "class_weight": "class weights in inverse proportion to the frequencies",
    "early_stopping": "stop when the validation loss no longer improves, and restore "
    "the best weights",
    "validation_fraction": "share of images held out for --early-stopping",
    "n_iter_no_change": "epochs without improvement before --early-stopping",
    "dtype": "precision of the training and the weights",
    "random_state": "seed of all random numbers",
}


def add_arguments(parser):
    parser.description = (
        "Train a network on images, save it, and print its accuracy on the test images."
    )
    parser.epilog = _EXAMPLES
    add_training_arguments(parser, NETWORK_OPTIONS)
    parser.add_argument(
        "--report",
        metavar="DIR",
        help="folder for an HTML report: index.html, and its plots as PNG files",
    )


def main(args):
    mlp = MLPDigitClassifier(verbose=1)
    mlp.set_params(**{name: getattr(args, name) for name in NETWORK_OPTIONS})
    mlp.set_params(hidden_units=read_hidden_units(args.hidden_units))
    # Errors are found before the training starts.
    mlp._validate_params()
    sources = args.data, args.test_data
    check_output("--model", args.model, "the model", sources)
    if args.report is not None:
        model, report = Path(args.model).resolve(), Path(args.report).resolve()
        if model == report or (model.parent == report and model.suffix in _OF_REPORTS):
            raise ValueError(f"argument --model: {args.model!r} is a file of --report")
    data, labels, steps = prepare(args)
    if args.report is not None:
        with naming(args.data):
            check_report(args.report, data)
    print_data(args, data, labels, steps)
    n_classes = len(np.unique(data.y_train))
    sizes = [steps[0][1].n_features_in_, *mlp._hidden_units(), n_classes]
    n_parameters = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))
    print(
        f"network  {'-'.join(map(str, sizes))}  {mlp.activation}  "
        f"{n_parameters:,} parameters",
        flush=True,
    )
    model = Pipeline([*steps, ("mlp", mlp)])
    show_progress(mlp)
    mlp.fit(model[:-1].transform(data.x_train), data.y_train)
    if ProgressBar is not None:
        mlp.set_callbacks()  # a bar is no part of a model
    save_and_score(args, model, data)
    if args.report is not None:
        page = write_report(args.report, model, data, args.data, args.random_state)
        print(f"report         {page}")
    return 0


def add_training_arguments(parser, names):
    add_data_arguments(parser)
    parser.add_argument(
        "--model",
        required=True,
        metavar="OUT",
        help="file to save the model to; an existing one is replaced",
    )
    parser.add_argument(
        "--max-value",
        type=float,
        metavar="X",
        help="pixel value that becomes 1 (default: the largest of the training images)",
    )
    parser.add_argument(
        "--sharpen",
        action="store_true",
        help="sharpen the images (unsharp mask): a network learns in fewer epochs",
    )
    group = parser.add_argument_group("the network and its training")
    signature = inspect.signature(MLPDigitClassifier)
    for name in names:
        default = signature.parameters[name].default
        if name == "random_state":
            default = 0  # the same command gives the same model
        group.add_argument(
            f"--{name.replace('_', '-')}",
            default=default,
            **_option_arguments(name, NETWORK_OPTIONS[name], default),
        )


def _option_arguments(name, text, default):
    if default is False:
        return {"action": "store_true", "help": text}
    kwargs = {"metavar": "N" if isinstance(default, int) else "X"}
    if default is not None:
        kwargs["type"] = type(default)
    for constraint in MLPDigitClassifier._parameter_constraints[name]:
        if isinstance(constraint, StrOptions):
            choices = sorted({option.lower() for option in constraint.options})
            kwargs = {"metavar": "NAME", "type": str.lower, "choices": choices}
            text += f": {', '.join(choices)}"
    if default is not None:
        text += f" (default: {default})"
    if name == "hidden_units":
        kwargs |= {"type": str, "nargs": "+"}
    return kwargs | {"help": text}


def read_hidden_units(value):
    if isinstance(value, int):
        return value
    text = " ".join(value)
    try:
        units = tuple(int(word) for word in text.replace(",", " ").split())
    except ValueError:
        raise ValueError(
            f"argument --hidden-units: must be whole numbers; got {text!r}"
        ) from None
    return units if len(units) != 1 or "," in text else units[0]


def prepare(args):
    """Read the images and fit what comes before the network: bad data are found early.

    The steps are those of a pipeline, with their names.
    """
    with naming(args.data):
        data = load_data(args, ["train", "test"])
        labels = unique_labels(data.y_train, data.y_test)
        scaler = PixelScaler("auto" if args.max_value is None else args.max_value)
        scaler.fit(data.x_train).transform(data.x_test)
        steps = [("scale", scaler)]
        if args.sharpen:
            one = data.x_train[:1]
            mask = UnsharpMask(image_shape=one.shape[1:3] if one.ndim > 2 else None)
            steps.append(("sharpen", mask.fit(scaler.transform(one))))
    return data, labels, steps


def print_data(args, data, labels, steps):
    x = data.x_train
    size = "x".join(map(str, x.shape[1:3])) if x.ndim > 2 else f"{x.shape[1]} features"
    print(
        f"data     {args.data}  {size} {x.dtype} of {x.min():.5g} to {x.max():.5g}, "
        f"divided by {steps[0][1].max_value_:g}{', sharpened' if args.sharpen else ''}"
    )
    rows = [("class", "train", "test")]
    for label in labels:
        counts = [np.count_nonzero(y == label) for y in (data.y_train, data.y_test)]
        rows.append((str(label), *map(str, counts)))
    print_table([*rows, ("all", str(len(data.y_train)), str(len(data.y_test)))])


def save_and_score(args, model, data):
    save(model, args.model)
    print(f"test accuracy  {model.score(data.x_test, data.y_test):.4f}")
    print(f"model saved    {args.model}  {os.path.getsize(args.model) / 1e6:.1f} MB")


def show_progress(estimator):
    """Show a progress bar of the fit, on a terminal only."""
    if ProgressBar is not None and sys.stdout.isatty():
        # Bars of nested fits would take more lines than a terminal has.
        estimator.set_callbacks(ProgressBar(max_propagation_depth=0))
