"""Images as the rows of a table: CSV files and data frames."""

import re
from itertools import chain

import numpy as np

from .._validation import square_side
from ._unfold import unfold

_LABELS = ("label", "class", "target")  # names of the column with the labels
_ROW_NUMBERS = {"", "id", "imageid", "index", "unnamed: 0"}  # and of what is left out
_LONGEST_LINE = 8 * 2**20  # bytes
_LARGEST_LABEL = 1e15  # below which floats are exact
_DIGITS = re.compile("[0-9]+")
_MISSING = {"", "<na>", "nan", "none"}  # instead of a label


def read_csv(path):
    """Read a table of numbers; return images and their labels, or None."""
    try:
        return _read_csv(path, np.uint8)  # in a seventh of the time of floats
    except ValueError:
        return _read_csv(path, np.float32)


def _read_csv(path, dtype):
    with unfold(path) as (stream, most):
        lines = _Lines(stream, most)
        delimiter, names, rows = _read_header(iter(lines))
        pixels, label = _find_columns(names)
        converters = {i: lambda text: 0 for i in {*range(len(names))} - {*pixels}}
        labels = []

        def read_label(text):
            if text.strip().lower() in _MISSING:
                raise ValueError("it has no label")
            labels.append(text.strip())
            return 0

        if label is not None:
            converters[label] = read_label

        def check(text):
            if dtype == np.uint8 and re.search(r"[.eE]", text):
                raise ValueError("it has other numbers")  # loadtxt would cut them off
            return text

        try:
            table = np.loadtxt(
                map(check, rows),
                dtype,
                comments=None,
                delimiter=delimiter,
                converters=converters,
                quotechar='"',
                ndmin=2,
                encoding=None,
            )
        except ValueError as error:
            # What a converter raises is the cause.
            reason = str(error.__cause__ or error).partition(" at row")[0]
            if (n_cells := lines.text.count(delimiter) + 1) != len(names):
                reason = f"it has {n_cells} columns, not {len(names)}"
            raise ValueError(f"line {lines.number}: {reason}") from None
    if table.shape[1] != len(names):
        raise ValueError(f"has {len(names)} names for {table.shape[1]} columns")
    images = as_images(as_pixels(table[:, pixels]))
    return images, None if label is None else as_labels(labels)


def _read_header(rows):
    """Return the delimiter, the names of the columns, and the rows of numbers."""
    first = next(rows, "").removeprefix("\ufeff")
    if not first.strip():
        raise ValueError("is empty")
    delimiter = max(",;\t", key=first.count)
    names = [cell.strip().strip('"') for cell in first.split(delimiter)]
    if not _is_header(names):
        names = ["pixel"] * len(names)
    elif (first := next(rows, None)) is None:
        raise ValueError("has no rows")
    return delimiter, names, chain([first], rows)


class _Lines:
    """The lines of a file that are not empty, within bounds, and the last one read."""

    def __init__(self, stream, most):
        self.stream, self.most = stream, most
        self.number, self.text = 0, ""

    def __iter__(self):
        n_bytes = 0
        while line := self.stream.readline(_LONGEST_LINE):
            self.number += 1
            n_bytes += len(line)
            if len(line) == _LONGEST_LINE:
                raise ValueError(f"line {self.number} is too long")
            if n_bytes > self.most:
                raise ValueError(f"it would unfold into more than {self.most:,} bytes")
            try:
                self.text = line.decode()
            except UnicodeDecodeError:
                raise ValueError(
                    "is no CSV, IDX or .npz file, and no folder; CSV must be UTF-8"
                ) from None
            if self.text.strip():
                yield self.text


def from_frame(frame):
    """Take images, and labels if it has such, from a data frame."""
    names = list(frame.columns)
    if len(set(names)) < len(names):
        raise ValueError("has two columns of one name")
    pixels, label = _find_columns(names)
    y = None if label is None else as_labels(frame[names[label]].to_numpy())
    return as_images(as_pixels(frame[[names[i] for i in pixels]].to_numpy())), y


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
    whole = (numbers == np.rint(numbers)) & (np.abs(numbers) < _LARGEST_LABEL)
    if not whole.all():
        raise ValueError(
            "labels must be whole numbers of at most 15 digits, or names; got "
            f"{texts[whole.argmin()]}"
        )
    return numbers.astype(np.int64)


def as_pixels(numbers):
    """Return whole numbers of 0 to 255 as uint8, and others as float32."""
    if numbers.dtype == np.uint8:
        return numbers
    try:
        with np.errstate(over="ignore"):
            numbers = numbers.astype(np.float32)
    except TypeError as error:  # of the NA of pandas
        raise ValueError(str(error)) from None
    if not np.isfinite(numbers).all():
        raise ValueError("a pixel is missing, NaN or too large")
    small = numbers.min(initial=0) >= 0 and numbers.max(initial=0) <= 255
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


def _find_columns(names):
    """Return the columns of the pixels, and that of the labels or None."""
    names = [str(name).lower() for name in names]
    columns = [i for i, name in enumerate(names) if name not in _ROW_NUMBERS]
    label = next((names.index(name) for name in _LABELS if name in names), None)
    if label is None and len(columns) > 1 and square_side(len(columns) - 1):
        # Pixels have names that are alike, such as pixel_0_1 or 1x1.
        stems = [names[i].rstrip("0123456789_x") for i in columns]
        label = columns[-1 if stems[0] == stems[1] != stems[-1] else 0]
    elif label is None and not square_side(len(columns)):
        raise ValueError(
            f"has {len(names)} columns, none of them named {', '.join(_LABELS)}: "
            "neither the pixels of square images nor a label and such pixels"
        )
    pixels = [i for i in columns if i != label]
    if pixels == sorted(pixels, key=lambda i: names[i]):  # pixel10 before pixel2
        pixels.sort(key=lambda i: [int(digits) for digits in _DIGITS.findall(names[i])])
    return pixels, label


def _is_word(cell):
    try:
        float(cell)
    except ValueError:
        return cell != ""
    return False
