"""A user's script is checked by mypy: what is right passes, what is wrong does not."""

from pathlib import Path

import pytest

import skmnist

api = pytest.importorskip("mypy.api", reason="the extra test installs mypy")
# NumPy 1's ndarray has no default type parameters.
CONFIG = "[mypy]\nstrict = true\nignore_missing_imports = true\n"
CONFIG += "disallow_any_generics = false\n"
RIGHT = """
import numpy as np
from typing import assert_type

import skmnist
from skmnist import DigitNormalizer, ImageAugmentation, MLPDigitClassifier
from skmnist import PixelScaler, UnsharpMask
from skmnist.datasets import load_digits
from skmnist.images import find_digits, read_image

digits = load_digits(test_size=0.25, random_state=None)
scaler = PixelScaler(max_value=16).fit(digits.x_train)
assert_type(scaler.max_value_, float)
rows = UnsharpMask(image_shape=(8, 8)).fit(digits.x_train).transform(digits.x_train)
assert_type(rows, np.ndarray)
gentle = ImageAugmentation(rotation=10, image_shape=(8, 8))
model = MLPDigitClassifier(
    hidden_units=(512, 256), l2=0, augmentation=gentle, class_weight={0: 2}
)
assert_type(model.fit(rows, digits.y_train), MLPDigitClassifier)
assert_type(model.predict_proba(rows), np.ndarray)
assert_type(model.coefs_, list[np.ndarray])
assert_type(model.history_, dict[str, list[float]])
DigitNormalizer(threshold=0.5, stroke_width=None).transform([read_image("a.png")])
find_digits(np.zeros((9, 9)), polarity="dark")
skmnist.save(model, "model.skops")
skmnist.DigitGridDisplay.from_estimator(model, rows, n_images=9).plot()
"""
WRONG = {
    "skmnist.MLPDigitClassifier(dropout='a lot')": "arg-type",
    "skmnist.MLPDigitClassifier(hidden_unit=3)": "call-arg",
    "skmnist.MLPDigitClassifier(learning_rate_schedule='square')": "arg-type",
    "skmnist.PixelScaler('most')": "arg-type",
    "skmnist.save(skmnist.PixelScaler())": "call-arg",
    "skmnist.MLPDigitClassifier().coefs_.shape": "attr-defined",
}


def check(script, folder, monkeypatch):
    (folder / "script.py").write_text(script)
    (folder / "mypy.ini").write_text(CONFIG)
    monkeypatch.chdir(folder)
    # Where a checkout is installed for editing, mypy does not find it by itself.
    if (home := Path(skmnist.__file__).parents[1]).name != "site-packages":
        monkeypatch.setenv("MYPYPATH", str(home))
    out, err, _ = api.run(["--follow-imports=silent", "script.py"])
    assert err == ""
    return [line for line in out.splitlines() if ": error:" in line]


@pytest.mark.slow
def test_a_users_script(tmp_path, monkeypatch):
    assert check(RIGHT, tmp_path, monkeypatch) == []


@pytest.mark.slow
def test_mistakes_are_found(tmp_path, monkeypatch):
    script = "\n".join(["import skmnist", *WRONG])
    errors = check(script, tmp_path, monkeypatch)

    assert [line.rpartition("[")[2].strip("]") for line in errors] == [*WRONG.values()]
