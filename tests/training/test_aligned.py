"""Arrays begin where TensorFlow needs no copy."""

import numpy as np
import pytest

from skmnist._training._aligned import aligned_empty


@pytest.mark.parametrize("shape", [(0, 3), (5,), (7, 3), ()])
def test_addresses(shape):
    for dtype in (bool, np.float32, np.float64):
        array = aligned_empty(shape, dtype)
        assert array.shape == shape
        assert array.dtype == dtype
        assert array.ctypes.data % 64 == 0 or not array.size
        array[...] = 1
