# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
import inspect
import os
import re
import signal
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.metrics import classification_report
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

import skmnist
from skmnist import MLPDigitClassifier, PixelScaler, UnsharpMask, load, save
from skmnist._cli import main, make_parser
from skmnist._cli._train import NETWORK_OPTIONS
from skmnist.datasets import load_digits

DIGITS = load_digits()
TRAIN = ["train", "--data", "digits", "--epochs", "3"]
X = "x_train", "x_test"
NAMES = np.array([f"digit {i}" for i in range(10)])


def command(*args, **kwargs):
    """Run the command as a user does, in a process of its own."""
    # As a user's: what this environment says of TensorFlow's log shall not count.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_CPP_")}
    return subprocess.Popen(
        [sys.executable, "-m", "skmnist", *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment | kwargs.pop("env", {}),
        **kwargs,
    )


def finished(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
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


# The processes


def test_train_says_what_it_does(trained):
    path, out = trained
    lines = out.splitlines()

    assert lines[0] == "data     digits  8x8 uint8 of 0 to 16, divided by 16"
    assert lines[1].split() == ["class", *map(str, range(10)), "all"]
    for line, part in zip(lines[2:4], ("train", "test"), strict=True):
        y = DIGITS[f"y_{part}"]
        counts = [*map(str, np.bincount(y)), str(len(y))]
        assert line.split() == [part, *counts]
    assert len({len(line) for line in lines[1:4]}) == 1
    assert lines[4] == "network  64-256-256-10  relu  85,002 parameters"
    for i, line in enumerate(lines[5:8], 1):
        assert re.fullmatch(rf"epoch {i}/3  loss \d\.\d+ .*accuracy 0\.\d+.*", line)
    accuracy = load(path).score(DIGITS.x_test, DIGITS.y_test)
    assert accuracy > 0.8
    assert lines[8] == f"test accuracy  {accuracy:.4f}"
    assert lines[9] == f"model saved    {path}  1.1 MB"
    assert lines[10:] == []


def test_train_uses_the_classifiers_defaults_and_is_repeatable(trained, tmp_path):
    loaded = load(trained[0])
    expected = MLPDigitClassifier(epochs=3, random_state=0, verbose=1)
    assert list(loaded.named_steps) == ["scale", "mlp"]
    assert loaded["mlp"].get_params() == expected.get_params()

    assert main([*TRAIN, "--model", str(tmp_path / "again")]) == 0
    again = load(tmp_path / "again")
    for a, b in zip(again["mlp"].coefs_, loaded["mlp"].coefs_, strict=True):
        assert_array_equal(a, b)


def test_evaluate_prints_accuracy_and_classes(model):
    code, out, err = finished(command("evaluate", model, "--data", "digits"))
    assert (code, err) == (0, "")
    lines = out.splitlines()
    predicted = load(model).predict(DIGITS.x_test)
    report = classification_report(DIGITS.y_test, predicted, output_dict=True)
    n_right = np.count_nonzero(predicted == DIGITS.y_test)

    assert lines[0] == "data      digits  360 test images"
    assert lines[1] == (f"accuracy  {report['accuracy']:.4f}  ({n_right} of 360 right)")
    rows = {heading: cells for heading, *cells in map(str.split, lines[3:])}
    assert rows.pop("class") == ["precision", "recall", "F1", "images"]
    scores = {str(i): report[str(i)] for i in range(10)}
    scores["mean"] = report["macro avg"]
    assert rows == {
        heading: [
            *(f"{row[key]:.4f}" for key in ("precision", "recall", "f1-score")),
            f"{row['support']:.0f}",
        ]
        for heading, row in scores.items()
    }


def test_predict_goes_on_after_a_bad_file(model, tmp_path):
    images = DIGITS.x_test[:5]
    np.save(tmp_path / "stack.npy", images)
    np.savez(tmp_path / "x.npz", x=images, y=np.arange(5))
    (tmp_path / "text.npy").write_text("hello")
    names = ["stack.npy", "text.npy", "nothing.npy", "x.npz"]
    code, out, err = finished(command("predict", model, *names, cwd=tmp_path))

    assert code == 1
    probabilities = load(model).predict_proba(images)
    assert out.splitlines() == [
        f"{name}\t{i}\t{row.argmax()}\t{row.max():.4f}"
        for name in ("stack.npy", "x.npz")
        for i, row in enumerate(probabilities)
    ]
    assert err.splitlines() == [
        "skmnist: error: text.npy: is neither a .npy nor a .npz file",
        "skmnist: error: nothing.npy: No such file or directory",
    ]


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


def test_a_reader_that_goes_away_is_no_error(model, tmp_path):
    # More lines than a pipe holds.
    np.save(tmp_path / "x.npy", np.tile(DIGITS.x_test, (20, 1, 1)))
    process = command("predict", model, tmp_path / "x.npy")
    first = process.stdout.readline()
    process.stdout.close()
    process.wait(timeout=60)

    assert first.startswith(str(tmp_path / "x.npy"))
    assert (process.returncode, process.stderr.read()) == (141, "")
    process.stderr.close()


def test_a_tensorflow_that_does_not_start_says_why(tmp_path):
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow/__init__.py").write_text(
        "import os\n"
        "os.write(2, b'from the depths\\n')\n"
        "raise ImportError('no\\n  such library')\n"
    )
    path = os.pathsep.join([str(tmp_path), *sys.path])
    process = command(*TRAIN, "--model", tmp_path / "m", env={"PYTHONPATH": path})
    code, _, err = finished(process)

    assert code == 2
    assert err.startswith("from the depths\n")
    assert err.endswith("skmnist: error: no such library\n")
    assert os.listdir(tmp_path) == ["tensorflow"]


def test_the_process_is_as_it_was(tmp_path, monkeypatch, capfd):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    environment = dict(os.environ)
    arguments = [*TRAIN, "--model", str(tmp_path / "model"), "--hidden-units", "4"]
    assert main(arguments) == 0

    assert dict(os.environ) == environment
    os.write(2, b"still there")
    assert capfd.readouterr().err == "still there"


# Options


def test_every_parameter_of_the_network_is_an_option():
    parameters = inspect.signature(MLPDigitClassifier).parameters
    others = {"callbacks", "verbose", "warm_start"}
    assert set(NETWORK_OPTIONS) == set(parameters) - others

    arguments = ["train", "--data", "digits", "--model", "x"]
    args = make_parser(arguments).parse_args(arguments)
    for name in NETWORK_OPTIONS:
        default = 0 if name == "random_state" else parameters[name].default
        assert getattr(args, name) == default


@pytest.mark.parametrize(
    ("words", "units", "network"),
    [
        ("16", 16, "64-16-16-10"),
        ("16,", (16,), "64-16-10"),
        ("16 8", (16, 8), "64-16-8-10"),
        ("16, 8", (16, 8), "64-16-8-10"),
        ("16,8,4", (16, 8, 4), "64-16-8-4-10"),
    ],
)
def test_hidden_units(words, units, network, tmp_path, capsys):
    path = str(tmp_path / "model")
    arguments = ["--epochs", "1", "--hidden-units", *words.split()]
    assert main([*TRAIN, "--model", path, *arguments]) == 0

    assert f"network  {network}  relu" in capsys.readouterr().out
    assert load(path)["mlp"].hidden_units == units


def test_every_option_reaches_the_classifier(npz, tmp_path, capsys):
    path = str(tmp_path / "model")
    options = {
        "hidden_units": (8, 4),
        "activation": "gelu",
        "dropout": 0.25,
        "l2": 1e-4,
        "optimizer": "nadam",
        "learning_rate": 0.01,
        "learning_rate_schedule": "cosine",
        "batch_size": 64,
        "epochs": 2,
        "augmentation": "affine",
        "hard_fraction": 0.5,
        "adversarial_epsilon": 0.1,
        "class_weight": "balanced",
        "early_stopping": True,
        "validation_fraction": 0.2,
        "n_iter_no_change": 3,
        "dtype": "float64",
        "random_state": 7,
    }
    assert set(options) == set(NETWORK_OPTIONS)
    arguments = []
    for name, value in options.items():
        arguments.append(f"--{name.replace('_', '-')}")
        if isinstance(value, tuple):
            arguments += map(str, value)
        elif value is not True:
            arguments.append(str(value))
    data = npz(y_train=NAMES[DIGITS.y_train], y_test=NAMES[DIGITS.y_test])
    arguments += ["--data", data, "--model", path, "--max-value", "8"]
    assert main(["train", *arguments]) == 0

    loaded = load(path)
    assert loaded["mlp"].get_params().items() >= options.items()
    assert loaded["scale"].max_value == 8
    assert "val_loss" in capsys.readouterr().out
    assert list(loaded.classes_) == sorted(NAMES)


def test_help_and_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"skmnist {skmnist.__version__}\n"
    for arguments in ([], ["train"], ["tune"], ["evaluate"], ["predict"]):
        assert main([*arguments, "--help"]) == 0
        out, err = capsys.readouterr()
        assert out.startswith(f"usage: {' '.join(['skmnist', *arguments])} [-h]")
        assert max(map(len, out.splitlines())) < 80
        assert err == ""
        assert "SUPPRESS" not in out
        assert "None" not in out


# Data files


def test_sharper_pixels_are_a_part_of_the_model(npz, tmp_path, capsys):
    wide = {name: np.pad(DIGITS[name], [(0, 0), (0, 0), (2, 0)]) for name in X}
    path, data = str(tmp_path / "model"), npz(**wide)

    assert main([*TRAIN, "--data", data, "--model", path, "--sharpen"]) == 0

    out = capsys.readouterr().out
    assert "divided by 16, sharpened\n" in out
    assert "network  80-" in out
    expected = make_pipeline(
        PixelScaler(),
        UnsharpMask(image_shape=(8, 10)),
        MLPDigitClassifier(epochs=3, random_state=0),
    ).fit(wide["x_train"], DIGITS.y_train)
    loaded = load(path)
    x = wide["x_test"]
    assert_array_equal(loaded.predict_proba(x), expected.predict_proba(x))
    assert main(["evaluate", path, "--data", data]) == 0
    assert f"{expected.score(x, DIGITS.y_test):.4f}" in capsys.readouterr().out


def test_rows_that_are_no_images_cannot_be_sharpened(npz, tmp_path, capsys):
    rows = {name: DIGITS[name].reshape(-1, 64)[:, :60] for name in X}
    path = str(tmp_path / "model")

    assert main([*TRAIN, "--data", npz(**rows), "--model", path, "--sharpen"]) == 2

    assert "UnsharpMask" in one_error(capsys)[1]
    assert not os.path.exists(path)


@pytest.mark.parametrize("factor", [np.uint8(15), np.uint8(1), 1 / 16])
def test_the_largest_training_pixel_becomes_one(factor, npz, tmp_path, capsys):
    images = {name: DIGITS[name] * factor for name in X}
    path = str(tmp_path / "model")

    assert main([*TRAIN, "--data", npz(**images), "--model", path]) == 0

    assert load(path)["scale"].max_value_ == 16 * factor
    assert f"divided by {16 * factor:g}\n" in capsys.readouterr().out


def test_many_classes_fit_into_the_window(tmp_path, capsys):
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.random((300, 5, 4, 1)),
        "y_train": np.arange(300) % 47,
        "x_test": rng.random((80, 5, 4, 1)),
        "y_test": np.arange(80) % 49,
    }
    np.savez(tmp_path / "data.npz", **arrays)
    data = ["--data", str(tmp_path / "data.npz")]
    path = str(tmp_path / "model")
    assert main(["train", *data, "--model", path, "--max-value", "1"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert main(["evaluate", path, *data]) == 0
    table = capsys.readouterr().out.splitlines()[3:]

    assert lines[0].startswith(f"data     {data[1]}  5x4 float64 of ")
    assert max(map(len, lines[1:-1])) < 80
    classes = [w for line in lines if line.startswith("class") for w in line.split()]
    assert [w for w in classes if w != "class"] == [*map(str, range(49)), "all"]
    assert "network  20-256-256-47  relu" in out
    # Classes that were never learned are in the table and count.
    assert table[-2].split() == ["48", "0.0000", "0.0000", "0.0000", "1"]
    assert [line.split()[0] for line in table] == [
        "class",
        *map(str, range(49)),
        "mean",
    ]


def test_evaluate_needs_no_training_images(npz, model, capsys):
    assert main(["evaluate", model, "--data", npz(x_train=None, y_train=None)]) == 0
    from_file = capsys.readouterr().out.split("\n", 1)[1]
    assert main(["evaluate", model, "--data", "digits"]) == 0
    assert capsys.readouterr().out.split("\n", 1)[1] == from_file


@pytest.mark.parametrize(
    "arrays",
    [
        {"images": DIGITS.x_test[0]},
        {"x": DIGITS.x_test[0][..., None], "y": np.arange(9)},
        {"x_test": DIGITS.x_test[:1], "x": DIGITS.x_test[1:9]},
        {"a": DIGITS.x_test[:1, ..., None]},
        {"a": DIGITS.x_test[0].ravel()},
        {"a": DIGITS.x_test[0].reshape(1, 64)},
        {"a": DIGITS.x_test[0].astype(float)},
    ],
)
def test_predict_finds_the_image(arrays, model, tmp_path, capsys):
    path = str(tmp_path / "x.npz")
    np.savez(path, **arrays)
    assert main(["predict", model, path]) == 0

    row = load(model).predict_proba(DIGITS.x_test[:1])[0]
    out = capsys.readouterr().out
    assert out == f"{path}\t0\t{row.argmax()}\t{row.max():.4f}\n"


def test_predict_passes_over_what_is_no_array(model, tmp_path, capsys):
    path = str(tmp_path / "x.npz")
    np.savez(path, a=DIGITS.x_test[:2])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("readme.txt", "hello")
    assert main(["predict", model, path]) == 0

    assert len(capsys.readouterr().out.splitlines()) == 2


# Errors


def one_error(capsys):
    out, err = capsys.readouterr()
    assert re.fullmatch(r"skmnist: error: [^\n]+\n", err)
    return out, err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND .see skmnist --help"),
        (["fit"], "invalid choice: 'fit'"),
        (["train"], "required: --data, --model .see skmnist train --help"),
        ([*TRAIN, "--model", "m", "--frob"], "unrecognized arguments: --frob"),
        ([*TRAIN, "--model", "m", "--epochs", "1.5"], "--epochs: invalid int"),
        ([*TRAIN, "--model", "m", "--epochs", "0"], "'epochs' .* Got 0"),
        ([*TRAIN, "--model", "m", "--dropout", "1"], r"'dropout' .*1\.0\)\. Got 1\.0"),
        ([*TRAIN, "--model", "m", "--optimizer", "x"], "--optimizer: .*'x'.*adam"),
        ([*TRAIN, "--model", "m", "--hidden-units", "x"], "whole numbers; got 'x'"),
        ([*TRAIN, "--model", "m", "--hidden-units", ","], "hidden_units must be .*"),
        ([*TRAIN, "--model", "m", "--hidden-units", "8", "0"], r"got \(8, 0\)"),
        ([*TRAIN, "--model", "m", "--max-value", "-1"], "'max_value' .* Got -1"),
        ([*TRAIN, "--model", "nowhere/m"], "nowhere/m: .*no folder .*nowhere"),
        ([*TRAIN, "--model", "."], "cannot be saved .it exists and is not a file"),
        (
            [*TRAIN, "--model", "m", "--data", "digit"],
            "error: digit: .*mnist or a file",
        ),
        ([*TRAIN, "--model", "m", "--data", "text"], "text: is neither a .npy nor"),
        (["evaluate", "nothing", "--data", "digits"], "nothing: No such file"),
        (["evaluate", "text", "--data", "digits"], "text is damaged, or is not a"),
        (["evaluate", "MODEL", "--data", "."], r"\.: Is a directory"),
        (["evaluate", "MODEL", "--data", "x.npy"], "x.npy: has no array x_test; it"),
        (["predict", "MODEL"], "required: FILE .see skmnist predict --help"),
        (["predict", "x.npy", "MODEL"], "x.npy is damaged, or is not a model"),
    ],
)
def test_a_bad_command_line_is_one_line(
    arguments, message, model, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("hello")
    np.save("x.npy", DIGITS.x_test)
    before = sorted(tmp_path.iterdir())
    arguments = [model if word == "MODEL" else word for word in arguments]
    assert main(arguments) == 2

    out, err = one_error(capsys)
    assert out == ""
    assert re.search(message, err)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_test": None}, r"has no array y_test; it has \['x_train', 'y_train',"),
        ({"y_train": DIGITS.y_train[1:]}, r"shapes \(1437, 8, 8\) and \(1436,\)"),
        ({"y_train": DIGITS.y_train[:, None]}, r"and \(1437, 1\)"),
        ({"x_train": DIGITS.y_train}, r"x_train must be one or more images"),
        (
            {"x_test": DIGITS.x_test[:0], "y_test": DIGITS.y_test[:0]},
            "x_test must be one or more images",
        ),
        ({"x_test": DIGITS.x_test.astype(str)}, "x_test must be numbers, not <U"),
        ({"x_train": np.array([{}])}, "cannot be read: Object arrays cannot be"),
        ({"x_test": DIGITS.x_test[:, 1:]}, "X has 56 features, but PixelScaler is"),
        ({"x_test": DIGITS.x_test[:, ::2].reshape(-1, 4, 8)}, "X has 32 features"),
        ({"x_test": DIGITS.x_test.reshape(-1, 4, 16)}, r"images of shape \(4, 16\)"),
        ({"x_train": np.full((1437, 8, 8), np.nan)}, "X contains NaN"),
        ({"x_train": np.zeros((1437, 8, 8, 3))}, "images with one channel"),
        ({"y_test": NAMES[DIGITS.y_test]}, "Mix of label input types"),
        ({"y_train": DIGITS.y_train + 0.5}, "continuous"),
    ],
)
def test_a_bad_data_file_is_an_error_before_the_training(
    changes, message, npz, tmp_path, capsys
):
    path = str(tmp_path / "model")
    arguments = [*TRAIN, "--model", path, "--max-value", "16"]
    assert main([*arguments, "--data", npz(**changes)]) == 2

    out, err = one_error(capsys)
    assert out == ""
    assert re.search(message, err)
    assert not os.path.exists(path)


def test_a_truncated_data_file_is_an_error(npz, model, capsys):
    path = npz()
    with open(path, "r+b") as stream:
        stream.truncate(5000)
    assert main(["evaluate", model, "--data", path]) == 2

    assert f"{path}: cannot be read: " in one_error(capsys)[1]


def test_a_failed_training_keeps_the_old_model(tmp_path, capsys):
    path = tmp_path / "model"
    save(PixelScaler(5), path)
    assert main([*TRAIN, "--model", str(path), "--learning-rate", "1e30"]) == 2

    assert "try a smaller learning_rate" in one_error(capsys)[1]
    assert load(path).max_value == 5
    assert os.listdir(tmp_path) == ["model"]


def test_a_model_that_was_trained_on_other_labels(npz, model, capsys):
    data = npz(y_test=NAMES[DIGITS.y_test])
    assert main(["evaluate", model, "--data", data]) == 2

    assert f"{data}: Mix of label input types" in one_error(capsys)[1]


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (PixelScaler().fit(DIGITS.x_train), "holds a PixelScaler, not a classifier"),
        (SVC(), "holds a SVC, not a classifier that gives probabilities"),
        (MLPDigitClassifier(), "not fitted yet"),
    ],
)
def test_a_file_without_a_fitted_classifier(estimator, message, tmp_path, capsys):
    path = str(tmp_path / "model")
    save(estimator, path)
    assert main(["evaluate", path, "--data", "digits"]) == 2

    assert message in one_error(capsys)[1]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": DIGITS.x_test, "b": DIGITS.x_test}, r"x_test or x, .* \['a', 'b'\]"),
        ({}, r"x\.npz: must have an array x_test or x, or one array only; it has \[\]"),
        ({"x": np.zeros((3, 9, 9))}, r"x\.npz: X has 81 features"),
        ({"x": np.array(3)}, r"x\.npz: .*scalar"),
        ({"x": np.array([{}])}, r"x\.npz: cannot be read: Object arrays"),
    ],
)
def test_predict_names_the_file_it_cannot_use(
    arrays, message, model, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    np.savez("x.npz", **arrays)
    assert main(["predict", model, "x.npz"]) == 1

    out, err = one_error(capsys)
    assert out == ""
    assert re.search(message, err)
