# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Arrays that TensorFlow reads where they are."""

import numpy as np

# TensorFlow takes over arrays that begin at such an address, and copies others.
_ALIGNMENT = 64


def aligned(array):
    """Return `array`, or a copy that TensorFlow reads in place."""
    if array.flags.c_contiguous and array.ctypes.data % _ALIGNMENT == 0:
        return array
    copy = aligned_empty(array.shape, array.dtype)
    copy[...] = array
    return copy


def aligned_empty(shape, dtype):
    """Return an array like that of ``numpy.empty`` that TensorFlow reads in place."""
    dtype = np.dtype(dtype)
    n_bytes = int(np.prod(shape)) * dtype.itemsize
    buffer = np.empty(n_bytes + _ALIGNMENT, np.uint8)
    start = -buffer.ctypes.data % _ALIGNMENT
    return buffer[start : start + n_bytes].view(dtype).reshape(shape)
