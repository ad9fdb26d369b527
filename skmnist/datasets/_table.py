"""Images as the rows of a table: CSV files and data frames."""

import re
from itertools import chain, islice

import numpy as np

from .._validation import square_side
from ._unfold import unfold

_LABELS = ("label", "class")  # names of the column with the labels
_LONGEST_LINE = 8 * 2**20  # bytes
_AT_ONCE = 1000  # lines
_MISSING = {"", "<na>", "nan", "none"}  # instead of a label


def read_csv(path):
    """Read a table of numbers; return images and their labels, or None."""
    with unfold(path) as (stream, most):
        lines = _lines(stream, most)
        first = next(lines, (0, ""))[1].removeprefix("\ufeff")
        if not first.strip():
            raise ValueError("is empty")
        delimiter = max(",;\t", key=first.count)
        names = [cell.strip().strip('"') for cell in first.split(delimiter)]
        if not _is_header(names):
            lines = chain([(1, first)], lines)
            names = [""] * len(names)
        elif "" in names:
            raise ValueError(
                f"its column {names.index('') + 1} has no name: leave out the index of "
                "a data frame, to_csv(..., index=False)"
            )
        label, codes = _find_label(names), {}
        parts = []
        while some := list(islice(lines, _AT_ONCE)):
            parts.append(_parse(some, delimiter, label, codes, len(names)))
    if not parts:
        raise ValueError("has no rows")
    pixels, y = zip(*parts, strict=True)
    if label is None:
        return as_images(np.concatenate(pixels)), None
    return as_images(np.concatenate(pixels)), as_labels(list(codes))[np.concatenate(y)]


def from_frame(frame):
    """Take images, and labels if it has such, from a data frame."""
    names = list(frame.columns)
    label = _find_label(names)
    y = None if label is None else as_labels(frame[names.pop(label)].to_numpy())
    return as_images(as_pixels(frame[names].to_numpy())), y


def as_labels(values):
    """Return int64 labels, or strings where they are not numbers.

    Raises
    ------
    ValueError
        If one is missing, or is not a whole number where all are numbers.
    """
    if getattr(values, "dtype", np.dtype(object)).kind in "biu":
        return values.astype(np.int64)
    texts = np.asarray(values).astype(str)
    lost = np.isin(np.char.lower(texts), list(_MISSING))
    if lost.any():
        raise ValueError(f"row {lost.argmax() + 1} has no label")
    try:
        numbers = texts.astype(float)
    except ValueError:
        return texts
    whole = numbers == np.rint(numbers)
    if not whole.all():
        raise ValueError(
            f"labels must be whole numbers or names; got {texts[whole.argmin()]}"
        )
    return numbers.astype(np.int64)


def as_pixels(numbers):
    """Return whole numbers of 0 to 255 as uint8, and others as float32."""
    if numbers.dtype == np.uint8:
        return numbers
    with np.errstate(over="ignore"):
        numbers = numbers.astype(np.float32)
    if not np.isfinite(numbers).all():
        raise ValueError("a pixel is missing, NaN or too large")
    small = numbers.min() >= 0 and numbers.max() <= 255
    if small and (numbers == np.rint(numbers)).all():
        return numbers.astype(np.uint8)
    return numbers


def as_images(pixels):
    """Give rows of square images their shape."""
    side = square_side(pixels.shape[1])
    return pixels.reshape(-1, side, side) if side else pixels


def _is_header(names):
    # A data frame of pandas may have its columns numbered.
    numbered = names == [str(i) for i in range(len(names))]
    return numbered or any(map(_is_word, names[1:])) or names[0].lower() in _LABELS


def _find_label(names):
    named = [i for i, name in enumerate(names) if str(name).lower() in _LABELS]
    if named or square_side(len(names) - 1):
        return named[0] if named else 0
    if square_side(len(names)):
        return None
    raise ValueError(
        f"has {len(names)} columns, none of them named {' or '.join(_LABELS)}: neither "
        "the pixels of square images nor a label and such pixels"
    )


def _is_word(cell):
    try:
        float(cell)
    except ValueError:
        return cell != ""
    return False


def _lines(stream, most):
    """Give the lines that are not empty, with their numbers, within bounds."""
    n_bytes = number = 0
    while line := stream.readline(_LONGEST_LINE):
        number += 1
        n_bytes += len(line)
        if len(line) == _LONGEST_LINE:
            raise ValueError(f"line {number} is too long")
        if n_bytes > most:
            raise ValueError(f"it would unfold into more than {most:,} bytes")
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise ValueError("is no CSV, IDX or .npz file, and no folder") from None
        if text.strip():
            yield number, text


def _parse(lines, delimiter, label, codes, n_columns):
    """Return the pixels of some lines, and their labels as indices into `codes`."""

    def code(text):
        return codes.setdefault(text.strip(), len(codes))

    def read(lines, dtype):
        return np.loadtxt(
            lines,
            dtype,
            comments=None,
            delimiter=delimiter,
            converters=None if label is None else {label: code},
            quotechar='"',
            ndmin=2,
            encoding=None,
        )

    texts = [line for _, line in lines]
    try:
        table = _read_numbers(texts, read)
        if table.shape[1] != n_columns:
            raise ValueError
    except ValueError as error:
        for number, text in lines:
            if (n_cells := text.count(delimiter) + 1) != n_columns:
                raise ValueError(
                    f"line {number} has {n_cells} columns, not {n_columns}"
                ) from None
            try:
                read([text], float)
            except ValueError as error:
                reason = str(error).partition(" at row")[0]
                raise ValueError(f"line {number}: {reason}") from None
        raise ValueError(f"line {lines[0][0]} or later: {error}") from None
    if label is None:
        return as_pixels(table), None
    for missing in [text for text in codes if text.lower() in _MISSING]:
        row = list(table[:, label]).index(codes[missing])
        raise ValueError(f"line {lines[row][0]} has no label")
    y = table[:, label].astype(np.intp)
    return as_pixels(np.delete(table, label, axis=1)), y


def _read_numbers(texts, read):
    """Read bytes if all are such, which takes a seventh of the time of floats."""
    if not re.search(r"[.eE]", "".join(texts)):
        try:
            return read(texts, np.uint8)
        except ValueError:
            pass  # negative, larger, or a word
    return read(texts, np.float64)
