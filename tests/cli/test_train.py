import inspect
import os
import re

import numpy as np
import pandas as pd
import pytest
from commands import DIGITS, NAMES, TRAIN, X, one_error
from networks import SETTINGS
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline

from skmnist import MLPDigitClassifier, PixelScaler, UnsharpMask, load, save
from skmnist._cli import main, make_parser
from skmnist._cli._train import NETWORK_OPTIONS


def test_train_says_what_it_does(trained):
    path, out = trained
    lines = out.splitlines()

    assert lines[0] == "data     digits  8x8 uint8 of 0 to 16, divided by 16"
    assert lines[1].split() == ["class", "train", "test"]
    train, test = DIGITS.y_train, DIGITS.y_test
    for i, line in enumerate(lines[2:12]):
        counts = (i, np.sum(train == i), np.sum(test == i))
        assert line.split() == list(map(str, counts))
    assert lines[12].split() == ["all", "1437", "360"]
    assert len({len(line) for line in lines[1:13]}) == 1
    lines = lines[9:]
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
    assert set(SETTINGS) == set(NETWORK_OPTIONS)
    arguments = []
    for name, value in SETTINGS.items():
        arguments.append(f"--{name.replace('_', '-')}")
        if isinstance(value, tuple):
            arguments += map(str, value)
        elif value is not True:
            arguments.append(str(value))
    data = npz(y_train=NAMES[DIGITS.y_train], y_test=NAMES[DIGITS.y_test])
    arguments += ["--data", data, "--model", path, "--max-value", "8"]
    assert main(["train", *arguments]) == 0

    loaded = load(path)
    assert loaded["mlp"].get_params().items() >= SETTINGS.items()
    assert loaded["scale"].max_value == 8
    assert "val_loss" in capsys.readouterr().out
    assert list(loaded.classes_) == sorted(NAMES)


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
    assert main(["evaluate", "--model", path, "--data", data]) == 0
    assert f"{expected.score(x, DIGITS.y_test):.4f}" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:The number of unique classes:UserWarning")
def test_many_classes(npz, tmp_path, capsys):
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.random((300, 5, 4, 1)),
        "y_train": np.arange(300) % 47,
        "x_test": rng.random((80, 5, 4, 1)),
        "y_test": np.arange(80) % 49,
    }
    data = ["--data", npz(**arrays)]
    path = str(tmp_path / "model")
    assert main(["train", *data, "--model", path, "--max-value", "1"]) == 0
    out = capsys.readouterr().out
    assert main(["evaluate", "--model", path, *data]) == 0
    table = capsys.readouterr().out.splitlines()[3:]

    assert out.startswith(f"data     {data[1]}  5x4 float64 of ")
    assert "\n48         0     1\n" in out
    assert "network  20-256-256-47  relu" in out
    # Classes that were never learned are in the table and count.
    assert "48     0.0000    0.0000    0.0000         1" in "\n".join(table)


def test_the_help_has_each_choice_once_and_takes_any_case(capsys):
    arguments = ["train", "--data", "digits", "--model", "m", "--optimizer", "RMSprop"]
    assert make_parser(arguments).parse_args(arguments).optimizer == "rmsprop"
    assert main(["train", "--help"]) == 0
    assert capsys.readouterr().out.lower().count("adamw") == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_test": None}, r"no images with labels to test on; it has x_train and"),
        ({"y_train": DIGITS.y_train[1:]}, r"shapes \(1437, 8, 8\) and \(1436,\)"),
        ({"y_train": DIGITS.y_train[:, None]}, r"and \(1437, 1\)"),
        ({"x_train": DIGITS.y_train}, r"x_train must be one or more images"),
        ({"x_test": np.zeros((0, 8, 8)), "y_test": []}, "x_test must be one or more"),
        ({"x_test": DIGITS.x_test.astype(str)}, "x_test must be numbers, not <U"),
        ({"x_train": np.array([{}])}, "cannot be read: Object arrays cannot be"),
        ({"x_test": DIGITS.x_test[:, 1:]}, "X has 56 features, but PixelScaler is"),
        ({"x_test": DIGITS.x_test.reshape(-1, 4, 16)}, r"images of shape \(4, 16\)"),
        ({"x_train": np.full((1437, 8, 8), np.nan)}, "X contains NaN"),
        ({"x_train": np.zeros((1437, 8, 8, 3))}, "images with one channel"),
        ({"y_test": NAMES[DIGITS.y_test]}, "Mix of label input types"),
        ({"y_train": DIGITS.y_train + 0.5}, "whole numbers .*names; got 3.5"),
        ({x: DIGITS[x].reshape(-1, 64)[:, :60] for x in X}, "UnsharpMask needs images"),
    ],
)
def test_a_bad_data_file_is_an_error_before_the_training(
    changes, message, npz, tmp_path, capsys
):
    path = str(tmp_path / "model")
    arguments = [*TRAIN, "--model", path, "--max-value", "16", "--sharpen"]
    assert main([*arguments, "--data", npz(**changes)]) == 2

    out, err = one_error(capsys)
    assert out == ""
    assert re.search(message, err)
    assert not os.path.exists(path)


def test_a_failed_training_keeps_the_old_model(tmp_path, capsys):
    path = tmp_path / "model"
    save(PixelScaler(5), path)
    assert main([*TRAIN, "--model", str(path), "--learning-rate", "1e30"]) == 2

    assert "try a smaller learning_rate" in one_error(capsys)[1]
    assert load(path).max_value == 5
    assert os.listdir(tmp_path) == ["model"]


def test_images_to_test_on_from_another_file(tmp_path, capsys):
    paths = []
    for part in "train", "test":
        pixels = DIGITS[f"x_{part}"].reshape(-1, 64)
        frame = pd.DataFrame(pixels).assign(label=DIGITS[f"y_{part}"])
        paths.append(str(tmp_path / f"{part}.csv"))
        frame.to_csv(paths[-1], index=False)
    lines = []
    for name, data in (("a", ["--test-data", paths[1], "--data", paths[0]]), ("b", [])):
        assert main([*TRAIN, *data, "--model", str(tmp_path / name)]) == 0
        out = capsys.readouterr().out.replace(paths[0], "digits")
        lines.append([line for line in out.splitlines() if "saved" not in line])
    assert lines[0] == lines[1]
