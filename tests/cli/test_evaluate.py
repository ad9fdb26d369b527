import numpy as np
import pandas as pd
from commands import DIGITS, NAMES, one_error
from sklearn.metrics import classification_report

from skmnist import load, load_reader
from skmnist._cli import main
from skmnist.datasets import load_images


def test_evaluate_prints_accuracy_and_classes(model, capsys):
    assert main(["evaluate", "--model", model, "--data", "digits"]) == 0
    lines = capsys.readouterr().out.splitlines()
    predicted = load(model).predict(DIGITS.x_test)
    report = classification_report(DIGITS.y_test, predicted, digits=4)
    accuracy = np.mean(predicted == DIGITS.y_test)
    n_right = np.count_nonzero(predicted == DIGITS.y_test)

    assert lines[0] == "data      digits  360 test images"
    assert lines[1] == f"accuracy  {accuracy:.4f}  ({n_right} of 360 right)"
    assert "\n".join([*lines[3:], ""]) == report


def test_evaluate_measures_the_reader_if_no_model_is_named(capsys):
    assert main(["evaluate", "--data", "digits"]) == 0

    _, accuracy = capsys.readouterr().out.splitlines()[:2]
    expected = load_reader().score(DIGITS.x_test, DIGITS.y_test)
    assert accuracy.startswith(f"accuracy  {expected:.4f}  (")
    assert expected > 0.98


def test_evaluate_needs_no_training_images(npz, model, capsys):
    assert (
        main(["evaluate", "--model", model, "--data", npz(x_train=None, y_train=None)])
        == 0
    )
    from_file = capsys.readouterr().out.split("\n", 1)[1]
    assert main(["evaluate", "--model", model, "--data", "digits"]) == 0
    assert capsys.readouterr().out.split("\n", 1)[1] == from_file


def test_a_model_that_was_trained_on_other_labels(npz, model, capsys):
    data = npz(y_test=NAMES[DIGITS.y_test])
    assert main(["evaluate", "--model", model, "--data", data]) == 2

    assert f"{data}: Mix of label input types" in one_error(capsys)[1]


def test_a_set_without_test_images_is_split_as_train_splits_it(model, tmp_path, capsys):
    path = tmp_path / "data.csv"
    frame = pd.DataFrame(DIGITS.x_test.reshape(-1, 64)).assign(label=DIGITS.y_test)
    frame.to_csv(path, index=False)
    held_out = load_images(path)
    score = load(model).score(held_out.x_test, held_out.y_test)
    for option, n_images in (("--data", 72), ("--test-data", 360)):
        assert main(["evaluate", "--model", model, option, str(path)]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"data      {path}  {n_images} test images\n")
        if option == "--data":
            assert f"accuracy  {score:.4f}" in out
    transposed = pd.DataFrame(FLIPPED).assign(label=DIGITS.y_test)
    transposed.to_csv(path, index=False)
    options = ["--test-data", str(path), "--transpose"]
    assert main(["evaluate", "--model", model, *options]) == 0
    assert capsys.readouterr().out == out


FLIPPED = DIGITS.x_test.swapaxes(1, 2).reshape(-1, 64)
