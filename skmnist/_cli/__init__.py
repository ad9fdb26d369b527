"""The command ``skmnist``: each subcommand is a module with its parser and its main."""

import argparse
import os
import sys
import warnings
from importlib import import_module

from .._version import __version__
from ._errors import print_error, print_warning

_COMMANDS = {
    "train": "train a network and save it",
    "tune": "search hidden units, dropout and L2, and save the best network",
    "evaluate": "measure a model on test images",
    "predict": "print the predicted label of each image",
    "export": "write a saved model as ONNX or Keras file",
}


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
        with warnings.catch_warnings():
            warnings.showwarning = print_warning
            return _run(argv)
    except BrokenPipeError:
        # Python would try once more to write the rest when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        print("skmnist: interrupted", file=sys.stderr)
        return 130
    except (ImportError, MemoryError, OSError, ValueError) as error:
        print_error(error)
        return 2


def _run(argv):
    argv = sys.argv[1:] if argv is None else argv
    if "" in argv:  # pathlib takes it for the current folder
        raise ValueError("an argument is empty")
    try:
        args = make_parser(argv).parse_args(argv)
    except SystemExit as stop:  # after --help and --version
        code = stop.code
    else:
        code = args.main(args)
    print(end="", flush=True)
    return code


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise ValueError(f"{message} (see {self.prog} --help)")


def make_parser(argv):
    """Make the parser of a command line.

    Only the command that is named in it is imported: a list of all of them takes no
    time, and no scikit-learn.
    """
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
    named = next((word for word in argv if not word.startswith("-")), None)
    for name, summary in _COMMANDS.items():
        command = commands.add_parser(
            name,
            help=summary,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == named:
            module = import_module(f"._{name}", __name__)
            module.add_arguments(command)
            command.set_defaults(main=module.main)
    return parser
