import numpy as np
import pytest
from commands import DIGITS, TRAIN, command, finished


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="session")
def trained(folder):
    path = folder / "digits.skops"
    code, out, err = finished(command(*TRAIN, "--model", path))
    assert (code, err) == (0, "")
    return path, out


@pytest.fixture
def model(trained):
    return str(trained[0])


@pytest.fixture
def npz(tmp_path):
    """Write a .npz file of the digits, with some arrays changed or left out."""

    def write(**changes):
        arrays = {name: DIGITS[name] for name in DIGITS if name[:2] in ("x_", "y_")}
        arrays |= changes
        path = tmp_path / "data.npz"
        np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
        return str(path)

    return write
