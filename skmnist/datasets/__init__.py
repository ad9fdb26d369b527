"""Images to train on: handwritten digits, and files of your own."""

from ._bundled import fetch_mnist, load_digits
from ._load import load_images

__all__ = ["fetch_mnist", "load_digits", "load_images"]

for _each in fetch_mnist, load_digits, load_images:
    _each.__module__ = __name__  # where they are public
del _each
