"""Files that are not trusted: their arrays, and what is wrong with them in one line."""

import math
import os
from contextlib import contextmanager
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import numpy as np

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
MOST_UNFOLDED = 256 * 2**20


def _read_npy(stream, size):
    """Read an array of `size` bytes, if :func:`check_npy` allows it."""
    start = stream.tell()
    check_npy(stream, size)
    stream.seek(start)
    return np.lib.format.read_array(stream, allow_pickle=False)


def in_one_line(error):
    """Tell what is wrong with a file that may have written its own error message."""
    text = str(error.args[0]) if isinstance(error, KeyError) else str(error)
    if isinstance(error, KeyError) and " " not in text:
        text = f"there is no {text!r} in it"
    line = next(iter(text.splitlines()), type(error).__name__)
    return line if len(line) < 300 else f"{line[:300]} ..."


@contextmanager
def naming(path):
    """Put the file that is at fault before the message of an error, in one line."""
    try:
        yield
    except ValueError as error:
        named = str(path) in str(error)
        text = in_one_line(error)
        raise ValueError(text if named else f"{path}: {text}") from error


def check_npy(stream, size):
    """Compare the header of an array with the bytes that follow it.

    A header of a few bytes can ask for any amount of memory, or for Python objects,
    which may be code: both are a ValueError.
    """
    start = stream.tell()
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"unknown version {version} of the .npy format")
    shape, _, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise ValueError("Object arrays cannot be loaded: they may be code")
    size -= stream.tell() - start
    if any(n < 0 for n in shape) or math.prod(shape) * dtype.itemsize != size:
        raise ValueError(
            f"an array of {dtype} and the shape {shape} should follow, but there are "
            f"{size} bytes"
        )


def read_arrays(path):
    """Read all arrays of a .npy or .npz file, by their names.

    The key of the one in a .npy file says that it has none. A file that is damaged,
    holds Python objects, or would unfold into more than 256 MiB, is a ValueError.
    """
    with open(path, "rb") as stream:
        start = stream.read(6)
        stream.seek(0)
        if not start.startswith((b"\x93NUMPY", b"PK")):
            raise ValueError("is neither a .npy nor a .npz file")
        size = os.fstat(stream.fileno()).st_size
        try:
            if not start.startswith(b"PK"):
                return {"(one without a name)": _read_npy(stream, size)}
            with ZipFile(stream) as archive:
                return _read_members(archive, size)
        except Exception as error:  # zipfile, zlib and NumPy raise a dozen types
            raise ValueError(f"cannot be read: {in_one_line(error)}") from error


def _read_members(archive, size):
    members = [each for each in archive.infolist() if each.filename.endswith(".npy")]
    totals = {ZIP_STORED: 0, ZIP_DEFLATED: 0}
    for member in members:
        if member.compress_type not in totals:  # others unfold without a limit
            raise ValueError(f"{member.filename} must be stored or deflated")
        totals[member.compress_type] += member.file_size
    if totals[ZIP_STORED] > size:
        raise ValueError("its arrays are larger than it is")
    if totals[ZIP_DEFLATED] > MOST_UNFOLDED:
        raise ValueError(
            f"it would unfold into {totals[ZIP_DEFLATED]:,} bytes, more than the "
            f"{MOST_UNFOLDED:,} that compressed files may; numpy.savez writes files "
            "that are not compressed"
        )
    arrays = {}
    for member in members:
        with archive.open(member) as stream:
            name = member.filename.removesuffix(".npy")
            arrays[name] = _read_npy(stream, member.file_size)
            stream.read(1)  # at the end the checksum is compared
    return arrays
