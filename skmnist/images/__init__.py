"""Images from files, the digits in pictures of pages, and MNIST's frame for them."""

from ._images import find_digits, read_image
from ._normalizer import DigitNormalizer

__all__ = ["DigitNormalizer", "find_digits", "read_image"]

for _function in (find_digits, read_image):
    _function.__module__ = __name__
