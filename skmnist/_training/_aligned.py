"""Arrays that TensorFlow reads in place."""

import numpy as np

# TensorFlow copies arrays that do not begin at such an address.
_ALIGNMENT = 64


def aligned_empty(shape, dtype):
    """Return an array like that of ``numpy.empty``, at an aligned address."""
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    buffer = np.empty(n_bytes + _ALIGNMENT, np.uint8)
    start = -buffer.ctypes.data % _ALIGNMENT
    return buffer[start : start + n_bytes].view(dtype).reshape(shape)


def aligned_copy(array, dtype=None):
    """Return a contiguous copy of an array, at an aligned address."""
    copy = aligned_empty(array.shape, dtype or array.dtype)
    copy[...] = array
    return copy
