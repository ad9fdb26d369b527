"""TensorFlow, Keras and matplotlib stay out until something trains or plots."""

import ast
import pickle
from pathlib import Path

import pytest
from commands import DIGITS, run_python
from networks import network
from sklearn.pipeline import make_pipeline

import skmnist
from skmnist import PixelScaler

HEAVY = ("tensorflow", "keras", "matplotlib")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    model = make_pipeline(PixelScaler(), network(64, epochs=3))
    model.fit(DIGITS.x_train, DIGITS.y_train)
    folder = tmp_path_factory.mktemp("models")
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    skmnist.save(model, folder / "model.skops")
    return folder


def test_everything_but_training_leaves_them_out(stored):
    program = f"""
import pickle, sys
from pathlib import Path
import skmnist
from skmnist import MLPDigitClassifier, PixelScaler
from skmnist.datasets import load_digits
from sklearn.base import clone
folder = Path(sys.argv[1])
digits = load_digits()
new = MLPDigitClassifier((64, 32), dropout=0.2)
repr(new), new._repr_html_(), dir(new), clone(new), new.get_params()
for model in (
    pickle.loads((folder / "model.pkl").read_bytes()),
    skmnist.load(folder / "model.skops"),
):
    repr(model), model._repr_html_(), dir(model), dir(model[-1]), clone(model)
    for method in (
        "predict", "predict_proba", "predict_log_proba", "decision_function",
    ):
        getattr(model, method)(digits.x_test)
    assert model.score(digits.x_test, digits.y_test) > 0.3
    pickle.dumps(model)
print(*(name for name in {HEAVY!r} if name in sys.modules))
"""
    assert run_python(program, stored).split() == []


def test_public_names_are_imported_when_they_are_asked_for():
    program = """
import sys, skmnist
print("sklearn" in sys.modules)
print(*(name for name in skmnist.__all__ if name not in dir(skmnist)))
print({"datasets", "images"} <= set(dir(skmnist)))
print(skmnist.datasets.load_digits.__name__, skmnist.images.read_image.__name__)
from skmnist import *
print(*(name for name in skmnist.__all__ if name not in globals()))
try:
    skmnist.nothing
except AttributeError as error:
    print(error)
"""
    assert run_python(program).splitlines() == [
        "False",
        "",
        "True",
        "load_digits read_image",
        "",
        "module 'skmnist' has no attribute 'nothing'",
    ]


def test_an_attribute_error_while_a_name_is_imported_keeps_its_cause():
    program = """
import sys, types
sys.modules["skmnist._pixel_scaler"] = types.ModuleType("broken")
try:
    from skmnist import PixelScaler
except ImportError as error:
    print(error)
    print(repr(error.__cause__))
"""
    message, cause = run_python(program).splitlines()
    assert message.startswith("skmnist.PixelScaler cannot be imported: ")
    assert cause.startswith('AttributeError("module')


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(skmnist.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    assert {
        f"{node.module}.{each.asname}" for node in block.body for each in node.names
    } == {f"{module}.{name}" for name, module in skmnist._MODULES.items()}


def test_import_is_no_heavier_than_scikit_learn():
    program = "import sys; import {}; print(*sys.modules)"
    ours = set(run_python(program.format("skmnist")).split())
    theirs = set(run_python(program.format("sklearn.neural_network")).split())
    extra = {name for name in ours - theirs if not name.startswith("skmnist")}
    assert len(extra) < 10, sorted(extra)


def test_first_fit_of_a_process_leaves_it_as_it_was():
    program = """
import os, random, sys, threading, time
import numpy as np
from skmnist import MLPDigitClassifier
def state():
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OTHER_")}
    return environment, random.getstate(), np.random.get_state()[1].tolist()
def set_meanwhile():
    for i in range(2000):
        os.environ[f"OTHER_{i}"] = "1"
        time.sleep(0.001)
before = state()
thread = threading.Thread(target=set_meanwhile)
thread.start()
x = np.random.default_rng(0).random((50, 4))
MLPDigitClassifier(3, epochs=1, callbacks=[]).fit(x, x[:, 0] > 0.5).to_keras()
thread.join()
print(state() == before, sum(key.startswith("OTHER_") for key in os.environ))
print("skmnist._training._callbacks" in sys.modules)
"""
    assert run_python(program).split() == ["True", "2000", "False"]


def test_another_keras_backend_is_named():
    # Stands for a process that runs Keras on JAX or PyTorch, neither of which is
    # worth installing for this one line.
    program = """
import keras, numpy as np
keras.backend.backend = lambda: "jax"
from skmnist import MLPDigitClassifier
x = np.random.default_rng(0).random((50, 4))
model = MLPDigitClassifier(3, epochs=1)
try:
    model.fit(x, x[:, 0] > 0.5).to_keras()
except ImportError as error:
    print(error)
"""
    assert "KERAS_BACKEND=tensorflow" in run_python(program)
