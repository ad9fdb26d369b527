"""Saved models that somebody has changed, or made to do harm."""

import io
import os
import re
import zipfile

from sklearn.base import BaseEstimator

from skmnist._io._persistence import _add_footer as add_footer


def changed(path, pattern, replacement):
    """Change something in a saved model, and give it checksums that fit."""
    stream, n = io.BytesIO(), 0
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(stream, "w") as target:
        for name in source.namelist():
            data, n_here = re.subn(pattern, replacement, source.read(name))
            target.writestr(name, data)
            n += n_here
    assert n
    return add_footer(stream.getvalue())


class Bait(BaseEstimator):
    """Makes a folder where its state is restored."""

    def __setstate__(self, state):
        super().__setstate__(state)
        if "path" in state:
            os.mkdir(state["path"])
