"""What the tests and the examples in docstrings share."""

import os
import sys

import pytest

# Also on a computer with a screen no test opens a window and waits.
os.environ["MPLBACKEND"] = "agg"


def pytest_addoption(parser):  # noqa: D103
    parser.addoption(
        "--full-size",
        action="store_true",
        help="as many cases, calls and interrupts as the documentation promises",
    )


def pytest_configure(config):  # noqa: D103
    from hypothesis import settings

    full_size = config.getoption("--full-size")
    settings.register_profile(
        "skmnist",
        max_examples=12_000 if full_size else 400,
        derandomize=not full_size,
        deadline=None,
        database=None,
        print_blob=True,
    )
    settings.load_profile("skmnist")


def pytest_collection_modifyitems(items):  # noqa: D103
    if os.name != "posix":
        skip = pytest.mark.skip(reason="signals, file modes and limits are POSIX's")
        for item in items:
            if item.get_closest_marker("posix"):
                item.add_marker(skip)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")  # not imported for all others
    if pyplot is not None:
        pyplot.close("all")
