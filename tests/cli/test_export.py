import numpy as np
import onnxruntime
import pytest
from commands import command, finished
from networks import DIGITS, network
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skmnist import DigitNormalizer, PixelScaler, UnsharpMask, save
from skmnist._cli import main

X, Y = DIGITS.x_train[:300], DIGITS.y_train[:300]


@pytest.fixture(scope="module")
def pipeline():
    return make_pipeline(PixelScaler(), network()).fit(X, Y)


def test_export_writes_onnx(pipeline, tmp_path, capsys):
    save(pipeline, tmp_path / "model.skops")
    out = tmp_path / "model.onnx"
    assert main(["export", str(tmp_path / "model.skops"), str(out)]) == 0

    assert "n x 8 x 8 uint8\n" in capsys.readouterr().out
    label = onnxruntime.InferenceSession(out).run(["label"], {"X": X})[0]
    np.testing.assert_array_equal(label, pipeline.predict(X))


@pytest.mark.parametrize("between", [[], [UnsharpMask(radius=1)]])
def test_export_writes_keras(between, tmp_path):
    import keras

    model = make_pipeline(PixelScaler(), *between, network())
    model = GridSearchCV(model, {}, cv=2).fit(X, Y)
    save(model, tmp_path / "model.skops")
    out = tmp_path / "model.keras"
    code, printed, err = finished(command("export", tmp_path / "model.skops", out))

    assert (code, err) == (0, "")
    assert "n x 64 float32, divided by 16\n" in printed
    rows = X.reshape(300, 64).astype("float32") / 16
    np.testing.assert_allclose(
        keras.saving.load_model(out).predict(rows, verbose=0),
        model.predict_proba(X),
        rtol=0,
        atol=1e-6,
    )


def test_export_refuses_what_it_cannot_write(pipeline, tmp_path, capsys):
    path = str(tmp_path / "model.skops")
    save(GaussianNB().fit(X[:, 4], Y), path)
    assert main(["export", path, str(tmp_path / "model.keras")]) == 2
    assert "must be an MLPDigitClassifier, or a pi" in capsys.readouterr().err
    save(make_pipeline(DigitNormalizer(), *[s for _, s in pipeline.steps]), path)
    for out, message in {
        "model.h5": "must end in .onnx or .keras; got 'model.h5'",
        str(tmp_path / "no" / "model.onnx"): "there is no folder",
        str(tmp_path / "model.onnx"): "model.skops: estimator cannot be expressed",
        str(tmp_path / "model.keras"): "model.skops: DigitNormalizer cannot be exp",
    }.items():
        assert main(["export", path, out]) == 2
        assert message in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["model.skops"]
