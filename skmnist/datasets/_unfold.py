"""Files that may be gzipped, within bounds."""

import gzip
import os
import zlib
from contextlib import contextmanager

from .._io._untrusted import MOST_UNFOLDED

_HIGHEST_RATIO = 50  # of a gzipped file; those of digits have 4 to 12


@contextmanager
def unfold(path):
    """Open a file, gzipped or not; give the stream, and the most bytes to take of it.

    Damage that gzip finds while the file is read is a ValueError.
    """
    with open(path, "rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        gzipped = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        if not gzipped:
            yield stream, size
            return
        try:
            with gzip.open(stream) as unfolded:
                yield unfolded, max(MOST_UNFOLDED, _HIGHEST_RATIO * size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"its compressed data are damaged: {error}") from error
