# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""The command ``skmnist``: for each subcommand one parser and one main function."""

import argparse
import inspect
import json
import os
import reprlib
import sys
import tempfile
from contextlib import contextmanager
from errno import ENOENT
from itertools import pairwise
from pathlib import Path

import numpy as np
from sklearn.base import is_classifier
from sklearn.metrics import precision_recall_fscore_support
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import check_is_fitted

from . import __version__
from ._classifier import MLPDigitClassifier
from ._cli_export import add_export_arguments, check_export, export
from ._cli_predict import (
    add_picture_arguments,
    check_annotate,
    is_picture,
    read_picture,
)
from ._cli_tune import (
    DEFAULT_GRID,
    add_search_arguments,
    check_folds,
    check_search,
    count_fits,
    draw,
    ranked,
    read_grid,
    search,
    show_progress,
)
from ._files import check_writable, read_arrays
from ._lazy import import_room
from ._persistence import load, save
from ._preprocessing import PixelScaler
from ._report import check_report, write_report
from ._sharpening import UnsharpMask
from .datasets import fetch_mnist, load_digits

_LINE_WIDTH = 79

_TRAIN_EXAMPLES = """\
examples:
  skmnist train --data digits --model digits.skops
  skmnist train --data mnist --model mnist.skops --hidden-units 512 --l2 1e-6
  skmnist train --data digits --model digits.skops --report report
  skmnist train --data mnist --model mnist.skops --dropout 0 --epochs 60 \\
      --learning-rate 0.0015 --learning-rate-schedule linear \\
      --sharpen --augmentation elastic --adversarial-epsilon 0.08
  skmnist train --data letters.npz --model letters.skops \\
      --hidden-units 256 128 64 --class-weight balanced --early-stopping
"""
_TUNE_EXAMPLES = """\
examples:
  skmnist tune --data digits --model digits.skops --plot search.png
  skmnist tune --data mnist --model mnist.skops --epochs 10 --n-jobs 2 \\
      --hidden-units 256 512 512,256 --dropout 0.3 0.45 --l2 0
"""
_EVALUATE_EXAMPLES = """\
example:
  skmnist evaluate digits.skops --data digits
"""
_PREDICT_EXAMPLES = """\
examples:
  skmnist predict mnist.skops scan1.npy scan2.npy more-scans.npz
  skmnist predict mnist.skops seven.jpg three.png
  skmnist predict mnist.skops page.jpg --sheet --annotate read.png --json
"""
_EXPORT_EXAMPLES = """\
examples:
  skmnist export digits.skops digits.onnx
  skmnist export digits.skops digits.keras
"""

# What the options of `train` say of the classifier's parameters; names, defaults,
# types and choices come from the classifier itself.
_NETWORK_OPTIONS = {
    "hidden_units": "one number: two hidden layers of that many units; several: one "
    'layer each; one with a comma ("64,"): a single layer',
    "activation": "activation of the hidden layers",
    "dropout": "dropout rate after each hidden layer, in [0, 1)",
    "l2": "factor of the L2 penalty on each hidden layer's kernel",
    "optimizer": "Keras optimizer",
    "learning_rate": "step size of the optimizer",
    "learning_rate_schedule": "how the learning rate goes down to 0 over the epochs",
    "batch_size": "images per gradient step",
    "epochs": "passes over the images",
    "augmentation": "distort the images at random in training",
    "hard_fraction": "share of the images of an epoch that are drawn by their loss",
    "adversarial_epsilon": "how far images are moved to where their loss is larger, as "
    "a part of their length",
    "class_weight": "weigh the classes so that all count the same",
    "early_stopping": "hold out a part of the images, stop when the loss on it gets "
    "no better, and keep the best weights",
    "validation_fraction": "part to hold out for --early-stopping",
    "n_iter_no_change": "epochs that --early-stopping waits for a better loss",
    "dtype": "precision of the training and the weights",
    "random_state": "seed of all random numbers",
}
# `tune` takes several values of the others.
_FIXED_OPTIONS = [name for name in _NETWORK_OPTIONS if name not in DEFAULT_GRID]


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str, default=None
        The arguments; those of the process if None.

    Returns
    -------
    int
        Exit code: 0 if all went well, 1 if `predict` left out a file that it could
        not use, 2 after an error, 130 after Ctrl-C, 141 when the reader of the output
        has gone.
    """
    try:
        return _run(argv)
    except BrokenPipeError:
        # Python would try once more to write the rest when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        print("skmnist: interrupted", file=sys.stderr)
        return 130
    except (ImportError, MemoryError, OSError, ValueError) as error:
        _print_error(error)
        return 2


def _run(argv):
    try:
        args = _parser().parse_args(argv)
    except SystemExit as stop:  # after --help and --version
        code = stop.code
    else:
        code = args.main(args)
    print(end="", flush=True)
    return code


def _print_error(error):
    if isinstance(error, OSError) and error.filename and error.strerror:
        text = f"{error.filename}: {error.strerror}"
    else:
        text = str(error) or type(error).__name__
    print("skmnist: error:", " ".join(text.split()), file=sys.stderr)


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise ValueError(f"{message} (see {self.prog} --help)")


def _parser():
    parser = _Parser(
        prog="skmnist",
        description="Train, evaluate and use a multi-layer perceptron for small "
        "images, such as handwritten digits.",
        epilog="skmnist COMMAND --help explains a command.",
    )
    parser.add_argument("--version", action="version", version=f"skmnist {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", required=True
    )
    for name, add_arguments, main_function, summary in (
        ("train", _add_train_arguments, _train_main, "train a network and save it"),
        (
            "tune",
            _add_tune_arguments,
            _tune_main,
            "search hidden units, dropout and L2, and save the best network",
        ),
        (
            "evaluate",
            _add_evaluate_arguments,
            _evaluate_main,
            "measure a saved model on test images",
        ),
        (
            "predict",
            _add_predict_arguments,
            _predict_main,
            "print the predicted label of each image in some files",
        ),
        (
            "export",
            _add_export_arguments,
            _export_main,
            "write a saved model as ONNX or Keras file",
        ),
    ):
        command = commands.add_parser(
            name,
            help=summary,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add_arguments(command)
        command.set_defaults(main=main_function)
    return parser


def _add_data_argument(parser, arrays):
    parser.add_argument(
        "--data",
        required=True,
        metavar="digits|mnist|FILE.npz",
        help="scikit-learn's 8x8 digits; MNIST, which is downloaded at its first use; "
        f"or a file with the arrays {arrays}",
    )


# train


def _add_train_arguments(parser):
    parser.description = (
        "Train a network on images, save it, and print its accuracy on the test images."
    )
    parser.epilog = _TRAIN_EXAMPLES
    _add_training_arguments(parser, _NETWORK_OPTIONS)
    parser.add_argument(
        "--report",
        metavar="DIR",
        help="folder for a report: index.html, a page with pictures and numbers, and "
        "the pictures as PNG files",
    )


def _add_training_arguments(parser, names):
    _add_data_argument(parser, "x_train, y_train, x_test and y_test")
    parser.add_argument(
        "--model",
        required=True,
        metavar="OUT",
        help="file to save the model in; what is there is replaced",
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
        help="strengthen the edges of the images: a network learns in fewer epochs",
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
            **_option_arguments(name, _NETWORK_OPTIONS[name], default),
        )


def _option_arguments(name, text, default):
    if default is False:
        return {"action": "store_true", "help": text}
    kwargs = {"metavar": "N" if isinstance(default, int) else "X"}
    for constraint in MLPDigitClassifier._parameter_constraints[name]:
        if isinstance(constraint, StrOptions):
            kwargs = {"metavar": "NAME", "choices": sorted(constraint.options)}
            text += f": {', '.join(kwargs['choices'])}"
    if default is not None:
        kwargs["type"] = type(default)
        text += f" (default: {default})"
    if name == "hidden_units":
        kwargs |= {"type": str, "nargs": "+"}
    return kwargs | {"help": text}


def _train_main(args):
    mlp = MLPDigitClassifier(verbose=1)
    mlp.set_params(**{name: getattr(args, name) for name in _NETWORK_OPTIONS})
    mlp.set_params(hidden_units=_hidden_units(args.hidden_units))
    # All that can be wrong is looked for before the time is spent.
    mlp._validate_params()
    units = mlp._hidden_units()
    check_writable(args.model, "the model")
    data, labels, steps = _prepare(args)
    if args.report is not None:
        with _naming(args.data):
            check_report(args.report, data)
    _print_data(args, data, labels, steps)
    n_classes = len(np.unique(data.y_train))
    sizes = [steps[0][1].n_features_in_, *units, n_classes]
    n_parameters = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))
    print(
        f"network  {'-'.join(map(str, sizes))}  {mlp.activation}  "
        f"{n_parameters:,} parameters",
        flush=True,
    )
    with _quiet_tensorflow():
        import_room("_training")
    model = Pipeline([*steps, ("mlp", mlp)])
    show_progress(mlp)
    mlp.fit(model[:-1].transform(data.x_train), data.y_train)
    mlp.set_callbacks()  # a bar is no part of a model
    _save_and_score(args, model, data)
    if args.report is not None:
        page = write_report(args.report, model, data, args.data, args.random_state)
        print(f"report         {page}")
    return 0


def _prepare(args):
    """Read the images and fit what comes before the network: bad data are found early.

    The steps are those of a pipeline, with their names.
    """
    with _naming(args.data):
        data = _load_data(args.data, ("train", "test"))
        labels = unique_labels(data.y_train, data.y_test)
        scaler = PixelScaler("auto" if args.max_value is None else args.max_value)
        scaler.fit(data.x_train).transform(data.x_test)
        steps = [("scale", scaler)]
        if args.sharpen:
            one = data.x_train[:1]
            mask = UnsharpMask(image_shape=one.shape[1:3] if one.ndim > 2 else None)
            steps.append(("sharpen", mask.fit(scaler.transform(one))))
    return data, labels, steps


def _print_data(args, data, labels, steps):
    x = data.x_train
    print(
        f"data     {args.data}  {_pixels(x)} {x.dtype} of {_range(x)}, divided by "
        f"{steps[0][1].max_value_:g}{', sharpened' if args.sharpen else ''}"
    )
    _print_class_counts(labels, {"train": data.y_train, "test": data.y_test})


def _save_and_score(args, model, data):
    save(model, args.model)
    print(f"test accuracy  {model.score(data.x_test, data.y_test):.4f}")
    print(f"model saved    {args.model}  {os.path.getsize(args.model) / 1e6:.1f} MB")


def _hidden_units(value):
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


def _print_class_counts(labels, parts):
    columns = [["class  ", *(f"{name:7}" for name in parts)]]
    for label in labels:
        counts = [np.count_nonzero(y == label) for y in parts.values()]
        columns.append([str(label), *map(str, counts)])
    columns.append(["all", *(str(len(y)) for y in parts.values())])
    _print_table(columns)


# tune


def _add_tune_arguments(parser):
    parser.description = (
        "Try each combination of some hidden units, dropout rates and L2 factors on\n"
        "folds of the training images, print them from the best to the worst, train\n"
        "the best on all training images, save it, and print its test accuracy."
    )
    parser.epilog = _TUNE_EXAMPLES
    _add_training_arguments(parser, _FIXED_OPTIONS)
    add_search_arguments(parser)


def _tune_main(args):
    fixed = {name: getattr(args, name) for name in _FIXED_OPTIONS}
    mlp = MLPDigitClassifier(**fixed)
    mlp._validate_params()
    grid = read_grid(args, _hidden_units)
    check_search(args)
    check_writable(args.model, "the model")
    data, labels, steps = _prepare(args)
    check_folds(args.cv, data.y_train)
    _print_data(args, data, labels, steps)
    print(f"search   {count_fits(grid, args.cv)} of {args.epochs} epochs", flush=True)
    with _quiet_tensorflow():
        import_room("_training")
    found = search(Pipeline([*steps, ("mlp", mlp)]), grid, data, args)
    _print_table(ranked(found))
    _save_and_score(args, found.best_estimator_, data)
    if args.plot is not None:
        draw(found, args.plot)
        print(f"plot           {args.plot}")
    return 0


# evaluate


def _add_evaluate_arguments(parser):
    parser.description = (
        "Print the accuracy of a saved model on test images, and for each class the\n"
        "precision, the recall, their harmonic mean F1 and the number of images."
    )
    parser.epilog = _EVALUATE_EXAMPLES
    parser.add_argument("model", metavar="MODEL", help="file that train has saved")
    _add_data_argument(parser, "x_test and y_test")


def _evaluate_main(args):
    model = _load_classifier(args.model)
    with _naming(args.data):
        data = _load_data(args.data, ("test",))
        y = data.y_test
        labels = unique_labels(model.classes_, y)
        predicted = model.predict(data.x_test)
    n_right = np.count_nonzero(predicted == y)
    print(f"data      {args.data}  {len(y):,} test images")
    print(f"accuracy  {n_right / len(y):.4f}  ({n_right:,} of {len(y):,} right)")
    print()
    table = precision_recall_fscore_support(
        y, predicted, labels=labels, zero_division=0
    )
    columns = [["class", *map(str, labels), "mean"]]
    for name, scores in zip(("precision", "recall", "F1"), table, strict=False):
        mean = np.mean(scores[table[3] > 0])
        columns.append([name, *(f"{score:.4f}" for score in [*scores, mean])])
    columns.append(["images", *(f"{count:,}" for count in [*table[3], len(y)])])
    _print_table(columns)
    return 0


# predict


def _add_predict_arguments(parser):
    parser.description = (
        "Print one line for each image: the file, the index of the image in it, the\n"
        "predicted label and its probability, separated by tabs."
    )
    parser.epilog = _PREDICT_EXAMPLES
    parser.add_argument("model", metavar="MODEL", help="file that train has saved")
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="picture of a digit (PNG, JPEG, TIFF, BMP), .npy file with an image or a "
        "stack of images, or .npz file with such an array: x_test, x, or its only one",
    )
    parser.add_argument(
        "--json", action="store_true", help="print each line as a JSON object"
    )
    add_picture_arguments(parser)


def _predict_main(args):
    check_annotate(args)
    model = _load_classifier(args.model)
    code = 0
    for path in args.files:
        try:
            with _naming(path):
                if is_picture(path):
                    predictions = read_picture(path, model, args)
                else:
                    predictions = list(_predict_arrays(path, model))
        except (OSError, ValueError) as error:
            _print_error(error)
            code = 1
            continue
        for i, prediction in enumerate(predictions):
            _print_prediction(path, i, prediction, args.json)
    return code


def _predict_arrays(path, model):
    probabilities = model.predict_proba(_read_images(path, model))
    for row, column in zip(probabilities, probabilities.argmax(axis=1), strict=True):
        label = model.classes_[column].item()
        yield {"label": label, "probability": round(float(row[column]), 4)}


def _print_prediction(path, i, prediction, as_json):
    if as_json:
        print(json.dumps({"file": path, "index": i, **prediction}))
        return
    cells = [path, i, prediction["label"], f"{prediction['probability']:.4f}"]
    if prediction.get("unsure"):
        cells.append("?")
    print(*cells, sep="\t")


def _read_images(path, model):
    arrays = read_arrays(path)
    name = next((name for name in ("x_test", "x") if name in arrays), None)
    if name is None and len(arrays) == 1:
        (name,) = arrays
    if name is None:
        raise ValueError(
            f"must have an array x_test or x, or one array only; it has {_some(arrays)}"
        )
    images = arrays[name]
    if images.size == getattr(model, "n_features_in_", 0) and images.shape[:1] != (1,):
        return images[np.newaxis]
    return images


# export


def _add_export_arguments(parser):
    parser.description = "Write a saved model to a file that other programs read."
    parser.epilog = _EXPORT_EXAMPLES
    add_export_arguments(parser)


def _export_main(args):
    check_export(args)
    model = _load_classifier(args.model)
    with _naming(args.model), _quiet_tensorflow():
        takes = export(model, args.out)
    print(f"input     {takes}")
    print(f"exported  {args.out}  {os.path.getsize(args.out) / 1e6:.1f} MB")
    return 0


# What the commands share


@contextmanager
def _naming(path):
    """Put the file that is at fault before the message of an error."""
    try:
        yield
    except ValueError as error:
        named = str(path) in str(error)
        raise ValueError(str(error) if named else f"{path}: {error}") from error


def _load_classifier(path):
    model = load(path)
    with _naming(path):
        if not (is_classifier(model) and hasattr(model, "predict_proba")):
            raise ValueError(
                f"holds a {type(model).__name__}, not a classifier that gives "
                "probabilities"
            )
        check_is_fitted(model)
    return model


def _load_data(source, parts):
    if source == "digits":
        return load_digits()
    if source == "mnist":
        return fetch_mnist()
    if not Path(source).exists():
        reason = "--data must be digits, mnist or a file, and there is no such file"
        raise FileNotFoundError(ENOENT, reason, source)
    arrays = read_arrays(source)
    data = Bunch()
    for part in parts:
        for name in (f"x_{part}", f"y_{part}"):
            if name not in arrays:
                raise ValueError(f"has no array {name}; it has {_some(arrays)}")
            data[name] = arrays[name]
        x, y = data[f"x_{part}"], data[f"y_{part}"]
        if x.ndim < 2 or y.shape != x.shape[:1] or not x.size:
            raise ValueError(
                f"x_{part} must be one or more images and y_{part} a label for each; "
                f"they have the shapes {x.shape} and {y.shape}"
            )
        if x.dtype.kind not in "buif":
            raise ValueError(f"x_{part} must be numbers, not {x.dtype}")
    return data


def _some(names):
    return reprlib.repr(list(names))


def _range(x):
    return f"{float(x.min()):.5g} to {float(x.max()):.5g}"


def _pixels(x):
    return "x".join(map(str, x.shape[1:3])) if x.ndim > 2 else f"{x.shape[1]} features"


def _print_table(columns):
    """Print columns side by side, as many at a time as go into a line."""
    widths = [max(map(len, column)) for column in columns]
    start = 1
    while start < len(columns):
        stop, width = start + 1, widths[0] + 2 + widths[start]
        while stop < len(columns) and width + 2 + widths[stop] <= _LINE_WIDTH:
            width += 2 + widths[stop]
            stop += 1
        for heading, *row in zip(columns[0], *columns[start:stop], strict=True):
            cells = (
                cell.rjust(w) for cell, w in zip(row, widths[start:stop], strict=True)
            )
            print(heading.ljust(widths[0]), *cells, sep="  ")
        start = stop


@contextmanager
def _quiet_tensorflow():
    """Keep back what TensorFlow writes while it starts, unless it does not start.

    It tells of GPUs that are not there before it looks at its own log level. Whoever
    sets that level, TF_CPP_MIN_LOG_LEVEL, sees all of it.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ or sys.stderr is None:
        yield
        return
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # read once, for all that comes later
        try:
            yield
        except ImportError:
            log.seek(0)
            os.write(stderr, log.read())
            raise
        finally:
            del os.environ["TF_CPP_MIN_LOG_LEVEL"]
            os.dup2(stderr, 2)
            os.close(stderr)
