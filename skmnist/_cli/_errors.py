"""Errors and warnings as the commands print them."""

import sys


def print_error(error):
    if isinstance(error, OSError) and error.filename and error.strerror:
        text = f"{error.filename}: {error.strerror}"
    else:
        text = str(error) or type(error).__name__
    print("skmnist: error:", " ".join(text.split()), file=sys.stderr)


def print_warning(message, *_):
    print("skmnist: warning:", message, file=sys.stderr)
