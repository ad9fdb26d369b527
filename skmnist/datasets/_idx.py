"""Files in the format of MNIST, IDX."""

import math
import struct

import numpy as np

from ._unfold import unfold

_DTYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def is_idx(start):
    return len(start) > 3 and start[:2] == b"\0\0" and start[2] in _DTYPES


def read_idx(path):
    """Read an array; a header that does not go with what follows is a ValueError."""
    with unfold(path) as (stream, most):
        start = stream.read(4)
        if not is_idx(start):
            raise ValueError("is no IDX file")
        numbers = stream.read(4 * start[3])
        if len(numbers) < 4 * start[3]:
            raise ValueError("ends within its header")
        shape = struct.unpack(f">{start[3]}I", numbers)
        dtype = np.dtype(_DTYPES[start[2]])
        size = math.prod(shape) * dtype.itemsize
        if size <= most:
            # One byte more than there should be: the end of a gzipped file has a
            # checksum, which is compared when it is reached.
            data = stream.read(size + 1)
        if size > most or len(data) != size:
            found = "less" if size > most or len(data) < size else "more"
            raise ValueError(
                f"its header tells of {' x '.join(map(str, shape))} numbers of "
                f"{dtype.itemsize} bytes, but {found} follow"
            )
    return np.frombuffer(data, dtype).astype(dtype.newbyteorder("=")).reshape(shape)
