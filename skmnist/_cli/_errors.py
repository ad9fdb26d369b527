"""Errors as the commands print them."""

import sys


def print_error(error):
    if isinstance(error, OSError) and error.filename and error.strerror:
        text = f"{error.filename}: {error.strerror}"
    else:
        text = str(error) or type(error).__name__
    print("skmnist: error:", " ".join(text.split()), file=sys.stderr)
