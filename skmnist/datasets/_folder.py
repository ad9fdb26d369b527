"""Folders: pictures sorted by their labels, and pairs of IDX files."""

import re
from itertools import chain

import numpy as np

from .._io._untrusted import naming
from ..images import DigitNormalizer, read_image
from ..images._ink import to_gray
from ._idx import read_idx
from ._table import as_labels

_PARTS = {
    "train": "train",
    "training": "train",
    "t10k": "test",
    "test": "test",
    "testing": "test",
}
_IDX_NAME = re.compile(
    r"(?P<set>.*?)(?P<part>train|t10k|test)-(?P<what>images|labels)"
    r"[-.]idx\d-(ubyte|int)(\.gz)?"
)
_LARGEST_SMALL = 64  # pixels of a side of images that are not framed
_OF_THE_SYSTEM = {"Thumbs.db", "desktop.ini"}  # which Windows hides
_AT_ONCE = 256  # pictures in memory


def read_folder(folder):
    """Read IDX pairs, or pictures in one folder per label; return a dict of arrays."""
    names = sorted(path.name for path in folder.iterdir())
    idx = {name: found for name in names if (found := _IDX_NAME.fullmatch(name))}
    if not idx:
        return _read_pictures(folder)
    sets = sorted({found["set"] for found in idx.values()})
    if len(sets) > 1:
        raise ValueError(
            f"has {len(sets)} sets ({', '.join(map(repr, sets))}): name the file with "
            "the images of one"
        )
    arrays = {}
    for name, found in idx.items():
        if found["what"] == "images":
            x, y = read_pair(folder / name)
            part = _PARTS[found["part"]]
            arrays[f"x_{part}"] = x
            if y is not None:
                arrays[f"y_{part}"] = y
    return arrays


def read_pair(path):
    """Read the images of an IDX file, and their labels from the one that goes with it.

    The labels are None where there is no such file.
    """
    with naming(path):
        x = read_idx(path)
        if x.ndim < 2:
            raise ValueError("has no images: name the file that has them")
    if (other := _labels_beside(path)) is None:
        return x, None
    with naming(other):
        y = read_idx(other)
    return x, y[:, 0] if y.ndim == 2 else y  # QMNIST's others are about the writers


def _labels_beside(path):
    """Find the IDX file with the labels of one with images, or None."""
    found = _IDX_NAME.fullmatch(path.name)
    for other in sorted(path.parent.iterdir()) if found else ():
        names = _IDX_NAME.fullmatch(other.name)
        if names and names.group("set", "part", "what") == (
            *found.group("set", "part"),
            "labels",
        ):
            return other
    return None


def _read_pictures(folder):
    parts = {
        _PARTS[each.name.lower()]: each
        for each in folder.iterdir()
        if each.name.lower() in _PARTS and each.is_dir()
    }
    found = {
        part: _find_pictures(each) for part, each in (parts or {"": folder}).items()
    }
    paths = list(chain.from_iterable(paths for paths, _ in found.values()))
    x = _read_all(paths)
    arrays, start = {}, 0
    for part, (names, y) in found.items():
        suffix = f"_{part}" if part else ""
        arrays[f"x{suffix}"] = x[start : start + len(names)]
        arrays[f"y{suffix}"] = as_labels(y)
        start += len(names)
    return arrays


def _find_pictures(folder):
    paths, y = [], []
    for each in sorted(folder.iterdir()):
        if each.is_dir() and not each.name.startswith("."):
            inside = sorted(
                path
                for path in each.iterdir()
                if not path.name.startswith(".") and path.name not in _OF_THE_SYSTEM
            )
            paths += inside
            y += [each.name] * len(inside)
    if not paths:
        raise ValueError(
            f"{folder.name} must have a folder with pictures for each label, such as "
            "0/a.png, or IDX files with their usual names"
        )
    return paths, y


def _read_all(paths):
    """Read pictures; frame them as digits if they are not all of one small size."""
    first = read_image(paths[0])
    shape = first.shape[:2]
    if max(shape) <= _LARGEST_SMALL and all(_size(path) == shape for path in paths):
        images = [_gray(path) for path in paths]
        for path, image in zip(paths, images, strict=True):
            if image.dtype != images[0].dtype:  # and so another range
                raise ValueError(
                    f"{path} has {image.dtype} pixels, others have {images[0].dtype}"
                )
        return np.stack(images)
    normalizer = DigitNormalizer(output="images")
    framed = []
    for start in range(0, len(paths), _AT_ONCE):
        some = paths[start : start + _AT_ONCE]
        try:
            framed.append(normalizer.transform([read_image(path) for path in some]))
        except ValueError as error:
            found = re.match(r"X\[(\d+)\]", str(error))
            if found is None:
                raise
            text = str(error).replace(found[0], str(some[int(found[1])]))
            raise ValueError(text) from error
    return np.concatenate(framed)


def _size(path):
    """Return height and width, without decoding; None if it cannot be told."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return picture.size[::-1]
    except (OSError, Image.DecompressionBombError):
        return None  # reading it will say what is wrong


def _gray(path):
    image = read_image(path)
    if image.ndim == 2:
        return image
    return np.rint(to_gray(image, str(path))).astype(image.dtype)
