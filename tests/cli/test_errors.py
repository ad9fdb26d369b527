import os
import re
import signal

import numpy as np
import pytest
from commands import DIGITS, TRAIN, command, finished, one_error

from skmnist._cli import main

TRAIN_TO_M = "train --data digits --model m"
TUNE = "tune --data digits --model m.png"
EVALUATE = "evaluate --model MODEL --data"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "required: COMMAND .see skmnist --help"),
        ("fit", "invalid choice: 'fit'"),
        ("train", "required: --data, --model .see skmnist train --help"),
        (f"{TRAIN_TO_M} --frob", "unrecognized arguments: --frob"),
        (f"{TRAIN_TO_M} --epochs 1.5", "--epochs: invalid int"),
        (f"{TRAIN_TO_M} --epochs 0", "'epochs' .* Got 0"),
        (f"{TRAIN_TO_M} --optimizer x", "--optimizer: .*'x'.*adam"),
        (f"{TRAIN_TO_M} --hidden-units x", "whole numbers; got 'x'"),
        (f"{TRAIN_TO_M} --hidden-units ,", "hidden_units must be .*"),
        (f"{TRAIN_TO_M} --max-value -1", "'max_value' .* Got -1"),
        (f"{TRAIN_TO_M} --model nowhere/m", "nowhere/m: .*no folder .*nowhere"),
        (f"{TRAIN_TO_M} --model .", "cannot be saved .it exists and is not a file"),
        (f"{TRAIN_TO_M} --report text", "error: text: File exists"),
        (f"{TRAIN_TO_M} --data digit", "error: digit: .*nor mnist.* no such file"),
        (f"{TRAIN_TO_M} --data text", "text: (is no CSV, IDX or .npz|has 1 columns)"),
        (
            "train --data text --model ./text",
            "--model: './text' is a file",
        ),
        ("tune --data digits --test-data text --model text", "is a file that is read"),
        (f"{TUNE} --dropout 0.2 1", r"'dropout' .*\[0\.0, 1\.0\)\. Got 1\.0"),
        (f"{TUNE} --hidden-units 64 0,8", r"hidden_units must be .*got \(0, 8\)"),
        (f"{TUNE} --hidden-units x", "--hidden-units: must be whole numbers; got 'x'"),
        (f"{TUNE} --plot s.jpg", r"--plot: must end in \.png; got 's\.jpg'"),
        (f"{TUNE} --plot m.png", "--plot: is the file of --model, 'm.png'"),
        (f"{TUNE} --plot nowhere/s.png", "nowhere/s.png: .*no folder"),
        (f"{TUNE} --epochs 0", "'epochs' .* Got 0"),
        (f"{TUNE} --model nowhere/m", "nowhere/m: .*no folder"),
        ("evaluate --model nothing --data digits", "nothing: No such file"),
        ("evaluate --model text --data digits", "text is damaged, or is not a"),
        (f"{EVALUATE} .", "must have a folder with pictures for each label"),
        (f"{EVALUATE} x.npy", "x.npy: has no images with labels to test on"),
        ("evaluate", "--data --test-data is required .see skmnist evaluate --help"),
        ("predict", "FILE or --data is required"),
        ("predict x.npy --data digits", "FILE or --data is required, not both"),
        ("predict --data x.npy --output x.npy", "'x.npy' is a file that is read"),
        ("predict a.png --sheet --annotate ./a.png", "'./a.png' is a file that is rea"),
        ("predict x.npy --output a.csv", "--output: needs --data"),
        ("predict x.npy --transpose", "--transpose: needs --data"),
        ("predict MODEL --model x.npy", "x.npy is damaged, or is not a model"),
        ("predict a.png --annotate out.png", "--annotate: needs --sheet"),
        ("predict a.png b.png --show-framed o.png", "--show-framed: needs one picture"),
    ],
)
def test_a_bad_command_line_is_one_line(
    line, message, model, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("hello")
    np.save("x.npy", DIGITS.x_test)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert main(line.replace("MODEL", model).split()) == 2

    out, err = one_error(capsys)
    assert out == ""
    assert re.search(message, err)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_empty_argument_is_no_folder(capsys):
    assert main(["train", "--data", "", "--model", "m"]) == 2
    assert "an argument is empty" in one_error(capsys)[1]


@pytest.mark.posix
def test_a_link_to_itself_is_no_file(tmp_path, capsys):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert main(["train", "--data", str(loop), "--model", str(tmp_path / "m")]) == 2
    assert "loop: is neither digits nor mnist" in one_error(capsys)[1]


@pytest.mark.posix
def test_ctrl_c_is_one_line_and_leaves_no_file(tmp_path):
    process = command(
        *TRAIN[:-1], "100000", "--model", tmp_path / "model", process_group=0
    )
    while not process.stdout.readline().startswith("epoch"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    code, _, err = finished(process)

    assert (code, err) == (130, "skmnist: interrupted\n")
    assert os.listdir(tmp_path) == []


@pytest.mark.posix
def test_a_reader_that_goes_away_is_no_error(model, tmp_path):
    # More lines than a pipe holds.
    np.save(tmp_path / "x.npy", np.tile(DIGITS.x_test, (20, 1, 1)))
    process = command("predict", "--model", model, tmp_path / "x.npy")
    first = process.stdout.readline()
    process.stdout.close()
    process.wait(timeout=60)

    assert first.startswith(str(tmp_path / "x.npy"))
    assert (process.returncode, process.stderr.read()) == (141, "")
    process.stderr.close()


@pytest.mark.filterwarnings("default")
def test_a_warning_is_a_line(model, tmp_path, capsys):
    np.save(tmp_path / "x.npy", 16 - DIGITS.x_test)
    assert main(["predict", "--model", model, str(tmp_path / "x.npy")]) == 0
    warning = r"skmnist: warning: the mean pixel [^\n]* X looks inverted\n"
    assert re.fullmatch(warning, capsys.readouterr().err)
