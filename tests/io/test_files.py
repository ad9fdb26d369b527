# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Files are written whole or not at all, and read within bounds."""

import errno
import os
import resource
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import skmnist
from skmnist import MLPDigitClassifier, PixelScaler
from skmnist._cli import main
from skmnist._cli._report import write_report
from skmnist._cli._tune import draw
from skmnist._io._atomic import write_files
from skmnist._io._untrusted import read_arrays
from skmnist.datasets import load_digits

TOOLS = Path(__file__).parents[2] / "tools"
DIGITS = load_digits()


@contextmanager
def full_disk():
    """Let the system refuse to write more than 500 bytes to a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="module")
def model():
    network = MLPDigitClassifier(8, epochs=1, random_state=0)
    model = make_pipeline(PixelScaler(), network)
    return model.fit(DIGITS.x_train[:200], DIGITS.y_train[:200])


@pytest.fixture(scope="module")
def found(model):
    network = "mlpdigitclassifier"
    grid = {f"{network}__l2": [0, 1e-3], f"{network}__dropout": [0, 0.2]}
    search = GridSearchCV(model, grid, cv=2)
    search.fit(DIGITS.x_train[:200], DIGITS.y_train[:200])
    return search


def report(folder, model, found):
    write_report(folder / "out", model, DIGITS, "digits", 0)


def plot(folder, model, found):
    draw(found, folder / "out" / "plot.png")


def several(folder, model, found):
    files = {"a": b"new", "b": b"new", "c": b"longer than before" * 100}
    write_files({folder / "out" / k: v for k, v in files.items()}, "it")


def export_to(suffix):
    def export(folder, model, found):
        from skmnist._cli._export import export

        export(model, str(folder / "out" / f"model{suffix}"))

    return export


def save(folder, model, found):
    skmnist.save(model, folder / "out" / "model.skops")


WRITERS = [report, plot, several, save, export_to(".onnx")]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("write", WRITERS)
def test_a_disk_that_fills_up_leaves_all_old_files(write, model, found, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    write(tmp_path, model, found)
    names = contents(out)
    assert names
    for name in names:
        (out / name).write_bytes(b"old")
    with full_disk(), pytest.raises(OSError, match=r"cannot be saved .*too large"):
        write(tmp_path, model, found)

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
    model = make_pipeline(PixelScaler(), MLPDigitClassifier(2, epochs=1))
    skmnist.save(model.fit(rows, DIGITS.y_train[:50]), tmp_path / "model.skops")
    page = np.full((200, 200), 255, np.uint8)
    page[60:140, 90:110] = 0
    Image.fromarray(page).save(tmp_path / "page.png")
    out = tmp_path / "read.png"
    out.write_bytes(b"old")
    paths = [str(tmp_path / name) for name in ("model.skops", "page.png")]
    before = contents(tmp_path)
    with full_disk():
        assert main(["predict", *paths, "--sheet", "--annotate", str(out)]) == 1

    assert "the picture cannot be saved (File too large)" in capsys.readouterr().err
    assert contents(tmp_path) == before
    assert main(["predict", *paths, "--sheet", "--annotate", str(out)]) == 0
    with Image.open(out) as picture:
        assert picture.size == (200, 200)


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
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True
        )
        os.chmod(folder, 0o755)

        assert done.stdout.count("the model cannot be saved (Permission denied)") == 2
        assert os.listdir(folder) == ["model.skops"]
        assert skmnist.load(Path(folder, "model.skops")).max_value == 5


def run_script(name, *arguments):
    done = subprocess.run(
        [sys.executable, TOOLS / name, *map(str, arguments)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_killed_while_saving_leaves_a_whole_file():
    assert "whole" in run_script("kill_savers.py", "--kills", 20)


# Numbers of cases of tools/hostile_files.py that failed once.
FAILED_ONCE = [188, 481, 1691, 2809, 5203]


@pytest.mark.slow
def test_hostile_files_are_refused_or_harmless():
    text = run_script("hostile_files.py", "--cases", 500)

    assert "500 cases passed, 0 failed" in text


def test_hostile_files_that_did_harm_once():
    run_script("hostile_files.py", "--only", *FAILED_ONCE)


# Arrays


def test_arrays_come_back_the_same(tmp_path):
    arrays = {
        "a": np.arange(12, dtype=">i2").reshape(3, 4),
        "b": np.asfortranarray(np.random.default_rng(0).random((5, 3))),
        "c": np.array(["ab", "cde"]),
        "d": np.zeros((3, 0), "float16"),
        "e": np.array(5.5),
    }
    np.savez(tmp_path / "stored.npz", **arrays)
    np.savez_compressed(tmp_path / "deflated.npz", **arrays)
    for name in ("stored.npz", "deflated.npz"):
        found = read_arrays(tmp_path / name)
        assert found.keys() == arrays.keys()
        for key, array in arrays.items():
            np.testing.assert_array_equal(found[key], array, strict=True)
    np.save(tmp_path / "one.npy", arrays["b"])
    (one,) = read_arrays(tmp_path / "one.npy").values()
    np.testing.assert_array_equal(one, arrays["b"], strict=True)


def npy(**header):
    fields = {"descr": "|u1", "fortran_order": False, "shape": (3,)} | header
    stream = BytesIO()
    np.lib.format.write_array_header_1_0(stream, fields)
    return stream.getvalue() + b"abc"


def zipped(compression, *arrays):
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for i, data in enumerate(arrays):
            archive.writestr(f"{i}.npy", data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"hello", "neither a .npy nor a .npz"),
        (b"\x93NUMPY", "cannot be read"),
        (npy(shape=(4,)), r"\(4,\) should follow, but there are 3 bytes"),
        (npy(shape=(10**15,)), "should follow"),
        (npy(shape=(-3,)), "should follow"),
        (npy(descr="|O"), "Object arrays cannot be loaded"),
        (npy(descr="<U100000000", shape=(1,)), "should follow"),
        (npy() + b"d", "there are 4 bytes"),
        (zipped(zipfile.ZIP_LZMA, npy()), "must be stored or deflated"),
        (zipped(zipfile.ZIP_BZIP2, npy()), "must be stored or deflated"),
        (
            zipped(zipfile.ZIP_DEFLATED, bytes(200_000_000), bytes(70_000_000)),
            r"unfold into 270,000,000 bytes, .* numpy\.savez writes",
        ),
        (zipped(zipfile.ZIP_STORED, npy()).replace(b"abc", b"abd"), "CRC"),
    ],
)
def test_arrays_that_are_not_read(data, message, tmp_path):
    (tmp_path / "x").write_bytes(data)

    with pytest.raises(ValueError, match=message):
        read_arrays(tmp_path / "x")
