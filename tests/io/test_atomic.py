"""Files are written whole or not at all."""

import errno
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from commands import DIGITS, run_python
from networks import network
from PIL import Image
from sklearn.pipeline import make_pipeline

import skmnist
from skmnist import PixelScaler
from skmnist._cli import main
from skmnist._cli._export import export
from skmnist._cli._report import write_report
from skmnist._io._atomic import write_files


@contextmanager
def full_disk():
    """Let the system refuse to write more than 500 bytes to a file."""
    resource = pytest.importorskip("resource", reason="limits are POSIX's")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="module")
def model():
    model = make_pipeline(PixelScaler(), network(8, epochs=1))
    return model.fit(DIGITS.x_train[:200], DIGITS.y_train[:200])


def report(folder, model):
    write_report(folder / "out", model, DIGITS, "digits", 0)


def several(folder, model):
    files = {"a": b"new", "b": b"new", "c": b"longer than before" * 100}
    write_files({folder / "out" / k: v for k, v in files.items()}, "it")


def export_to_onnx(folder, model):
    export(model, str(folder / "out" / "model.onnx"))


def save(folder, model):
    skmnist.save(model, folder / "out" / "model.skops")


WRITERS = [report, several, save, export_to_onnx]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("write", WRITERS)
def test_a_disk_that_fills_up_leaves_all_old_files(write, model, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    write(tmp_path, model)
    names = contents(out)
    assert names
    for name in names:
        (out / name).write_bytes(b"old")
    with full_disk(), pytest.raises(OSError, match=r"cannot be saved .*too large"):
        write(tmp_path, model)

    assert contents(out) == dict.fromkeys(names, b"old")


def test_a_file_that_cannot_be_replaced_leaves_all_as_they_were(tmp_path, monkeypatch):
    paths = [tmp_path / name for name in "abc"]
    paths[0].write_bytes(b"old")
    replace = os.replace

    def refuse(source, target):  # as Windows does while a program has a file open
        if target == paths[2]:
            raise PermissionError(errno.EACCES, "is in use")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match=r"it cannot be saved \(is in use\): .*/c'"):
        write_files(dict.fromkeys(paths, b"new"), "it")

    assert contents(tmp_path) == {"a": b"old"}


def test_a_missing_folder_is_that_of_its_file(tmp_path):
    paths = tmp_path / "a", tmp_path / "nowhere" / "b"
    with pytest.raises(OSError, match=r"there is no folder .*nowhere\): .*nowhere/b'"):
        write_files(dict.fromkeys(paths, b"new"), "it")

    assert contents(tmp_path) == {}


@pytest.mark.slow
def test_a_picture_that_does_not_fit_on_the_disk_leaves_the_old_one(tmp_path, capsys):
    rows = np.repeat(DIGITS.x_train[:50].reshape(50, 64), 13, axis=1)[:, :784]
    model = make_pipeline(PixelScaler(), network(2))
    skmnist.save(model.fit(rows, DIGITS.y_train[:50]), tmp_path / "model.skops")
    page = np.full((200, 200), 255, np.uint8)
    page[60:140, 90:110] = 0
    Image.fromarray(page).save(tmp_path / "page.png")
    out = tmp_path / "read.png"
    out.write_bytes(b"old")
    paths = [str(tmp_path / name) for name in ("page.png", "model.skops")]
    paths.insert(1, "--model")
    before = contents(tmp_path)
    with full_disk():
        assert main(["predict", *paths, "--sheet", "--annotate", str(out)]) == 1

    assert "the picture cannot be saved (File too large)" in capsys.readouterr().err
    assert contents(tmp_path) == before
    assert main(["predict", *paths, "--sheet", "--annotate", str(out)]) == 0
    with Image.open(out) as picture:
        assert picture.size == (200, 200)


@pytest.mark.posix
def test_a_folder_that_is_read_only():
    code = """if True:
        import os, sys
        import skmnist
        scaler = skmnist.PixelScaler(5)
        skmnist.save(scaler, "model.skops")
        os.chmod(".", 0o555)
        if os.geteuid() == 0:  # whom nothing is read-only
            os.seteuid(65534)
        for path in ("model.skops", "new.skops"):
            try:
                skmnist.save(skmnist.PixelScaler(6), path)
            except OSError as error:
                print(error)
    """
    # The folders of pytest are closed to other users.
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        out = run_python(code, cwd=folder)
        os.chmod(folder, 0o755)

        assert out.count("the model cannot be saved (Permission denied)") == 2
        assert os.listdir(folder) == ["model.skops"]
        assert skmnist.load(Path(folder, "model.skops")).max_value == 5
