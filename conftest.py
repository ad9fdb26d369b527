# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""What the tests and the examples in docstrings share."""

import os
import sys

import pytest

# Also on a computer with a screen no test opens a window and waits.
os.environ["MPLBACKEND"] = "agg"


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")  # not imported for all others
    if pyplot is not None:
        pyplot.close("all")
