import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from commands import run_python
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.ensemble import StackingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

import skmnist

DIGITS = load_digits()
CARD = Path(__file__).parents[1] / "docs"
X, Y = DIGITS.images.astype(np.uint8), DIGITS.target


@pytest.fixture
def reader():
    return skmnist.load_reader()


def test_it_reads_digits(reader):
    figures = json.loads((CARD / "reader.json").read_text())["bundled_seen"]
    right = reader.predict(X) == Y
    assert right.mean() >= 0.99
    assert figures["accuracy"] == pytest.approx(right.mean(), abs=1e-5)
    for digit, part in enumerate(figures["by_digit"]):
        assert part == pytest.approx(right[digit == Y].mean(), abs=1e-4)
    names = ["digitnormalizer", "pixelscaler", "unsharpmask", "mlpdigitclassifier"]
    assert list(reader.named_steps) == names
    assert reader.classes_.tolist() == list(range(10))
    assert skmnist.load_reader() is not reader


def test_data_frames_between_steps_make_no_warnings(reader):
    with config_context(transform_output="pandas"):
        assert reader.predict(X[:3]).tolist() == Y[:3].tolist()


@pytest.mark.slow
def test_it_reads_the_test_images_of_mnist(reader, mnist):
    assert reader.score(mnist.x_test, mnist.y_test) >= 0.9955


def test_it_is_small():
    from skmnist import _reader

    assert _reader.FILE.stat().st_size <= 1_500_000


def test_it_needs_neither_tensorflow_nor_skops():
    code = """
import sys
for name in "tensorflow", "keras", "skops":
    sys.modules[name] = None
import numpy as np, skmnist
from sklearn.datasets import load_digits
digits = load_digits()
reader = skmnist.load_reader()
print(reader.score(digits.images[:100].astype(np.uint8), digits.target[:100]))
"""
    assert float(run_python(code)) > 0.97


def test_it_can_be_copied_and_saved(reader, tmp_path):
    expected = reader.predict_proba(X[:20])
    skmnist.save(reader, tmp_path / "reader.skops")
    for other in (
        pickle.loads(pickle.dumps(reader)),
        skmnist.load(tmp_path / "reader.skops"),
    ):
        assert_array_equal(other.predict_proba(X[:20]), expected)
    fitted = skmnist.MLPDigitClassifier(2, epochs=1).fit(np.eye(4), [0, 1, 0, 1])
    assert vars(reader[-1]).keys() == vars(fitted).keys()
    assert len(reader[-1].loss_curve_) == reader[-1].n_iter_ == 60
    new = clone(reader)
    assert new.get_params().keys() == reader.get_params().keys()
    assert not hasattr(new[-1], "coefs_")


def test_it_can_be_calibrated_and_stacked(reader):
    frozen = FrozenEstimator(reader)
    for model in (
        CalibratedClassifierCV(frozen, cv=2),
        StackingClassifier([("reader", frozen)], LogisticRegression(), cv="prefit"),
    ):
        assert model.fit(X[:150], Y[:150]).score(X[150:250], Y[150:250]) > 0.97


def test_its_network_can_be_exported(reader):
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    rows = reader[:1].transform(X[:20])
    model = skmnist.to_onnx(reader[1:])
    onnx.checker.check_model(model)
    session = runtime.InferenceSession(model.SerializeToString())
    (name,) = [each.name for each in session.get_inputs()]
    label, probabilities = session.run(None, {name: rows})
    assert_array_equal(label, reader.predict(X[:20]))
    assert_allclose(probabilities, reader.predict_proba(X[:20]), atol=1e-5)


@pytest.mark.slow
def test_ten_own_digits_teach_it_a_handwriting(reader, mnist):
    """As the docs have it, by a writer whose paper is tilted."""
    framed = reader[:1].transform(X).reshape(-1, 28, 28)
    tilted = ndimage.rotate(framed, 35, axes=(2, 1), reshape=False, order=1)
    rows = reader[1:-1].transform(tilted)
    own = [np.flatnonzero(digit == Y)[0] for digit in range(10)]
    others = np.setdiff1d(np.arange(len(Y)), own)
    of_mnist = reader[:-1].transform(mnist.x_test)
    before = reader[-1].score(rows[others], Y[others])
    before_on_mnist = reader[-1].score(of_mnist, mnist.y_test)

    network = reader[-1].set_params(learning_rate=3e-4)
    for _ in range(10):
        network.partial_fit(rows[own], Y[own])

    assert network.score(rows[others], Y[others]) >= before + 0.02
    assert network.score(of_mnist, mnist.y_test) >= before_on_mnist - 0.002
    assert network.n_iter_ == 70


@pytest.mark.parametrize(
    ("key", "row"),
    [
        ("mnist_test", "MNIST, test images"),
        ("bundled_seen", "bundled digits, which it was trained on"),
        (
            "bundled_folds",
            "bundled digits, in five folds, trained without the fold, 20 epochs",
        ),
    ],
)
def test_the_model_card_has_the_figures_of_the_training(key, row):
    figures = json.loads((CARD / "reader.json").read_text())[key]
    text = (CARD / "reader.md").read_text()
    cells = (
        figures["images"],
        f"{100 * figures['accuracy']:.2f}",
        f"{figures['log_loss']:.4f}",
        f"{100 * figures['calibration_error']:.2f}",
    )
    assert f"| {row} | {' | '.join(map(str, cells))} |" in text
    cells = [f"{100 * each:.2f}" for each in figures["by_digit"]]
    assert f"| {row} | {' | '.join(cells)} |" in text
