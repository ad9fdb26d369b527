"""Errors as the commands print them."""

import sys
from contextlib import contextmanager


def print_error(error):
    if isinstance(error, OSError) and error.filename and error.strerror:
        text = f"{error.filename}: {error.strerror}"
    else:
        text = str(error) or type(error).__name__
    print("skmnist: error:", " ".join(text.split()), file=sys.stderr)


@contextmanager
def naming(path):
    """Put the file that is at fault before the message of an error."""
    try:
        yield
    except ValueError as error:
        named = str(path) in str(error)
        raise ValueError(str(error) if named else f"{path}: {error}") from error
