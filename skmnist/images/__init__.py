"""Read images, find the digits of a page, and frame them as MNIST does."""

from ._images import find_digits, read_image
from ._normalizer import DigitNormalizer

__all__ = ["DigitNormalizer", "find_digits", "read_image"]

for _function in (find_digits, read_image):
    _function.__module__ = __name__
