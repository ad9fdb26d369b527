import os
import sys

import numpy as np
import pytest
from commands import DIGITS, TRAIN, command, finished, one_error
from sklearn.multioutput import MultiOutputClassifier
from sklearn.svm import SVC

from skmnist import MLPDigitClassifier, PixelScaler, save
from skmnist._cli import main


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


@pytest.mark.parametrize("name", ["evaluate", "predict"])
def test_known_data_need_no_transposing(name, capsys):
    assert main([name, "--data", "digits", "--transpose"]) == 2
    assert "--transpose: is for files; got --data digits" in one_error(capsys)[1]


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (PixelScaler().fit(DIGITS.x_train), "holds a PixelScaler, not a classifier"),
        (SVC(), "holds a SVC, not a classifier that gives probabilities"),
        (MLPDigitClassifier(), "not fitted yet"),
        (
            MultiOutputClassifier(MLPDigitClassifier(epochs=1)).fit(
                DIGITS.x_test[:, 4], np.eye(10, dtype=int)[DIGITS.y_test, :2]
            ),
            "holds a MultiOutputClassifier of several labels per image",
        ),
    ],
)
def test_a_file_without_a_fitted_classifier(estimator, message, tmp_path, capsys):
    path = str(tmp_path / "model")
    save(estimator, path)
    assert main(["evaluate", "--model", path, "--data", "digits"]) == 2

    assert message in one_error(capsys)[1]
