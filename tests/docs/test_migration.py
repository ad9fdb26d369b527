"""The same network, data and seeds, in skmnist and in what people come from."""

import inspect
import re

import keras
import numpy as np
import pages
import pytest
from scikeras.wrappers import KerasClassifier
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from skmnist.datasets import load_digits

N_SEEDS = 2
PEERS = {
    "scikeras": KerasClassifier,
    "keras": keras.wrappers.SKLearnClassifier,
    "mlpclassifier": MLPClassifier,
}


def page_of(peer):
    return f"docs/migration/{peer}.md"


def scores(model):
    """Return accuracy and loss on held-out images; one row per seed."""
    digits = load_digits(test_size=0.5)  # more to test on than the pages have
    x, y = digits.x_test.reshape(-1, 64) / 16, digits.y_test
    found = []
    for seed in range(N_SEEDS):
        keras.utils.set_random_seed(seed)
        if "random_state" in model.get_params():
            model.set_params(random_state=seed)
        model.fit(digits.x_train.reshape(-1, 64) / 16, digits.y_train)
        if hasattr(model, "predict_proba"):
            probability = model.predict_proba(x)
        else:
            probability = model.model_.predict(x, verbose=0)
        right = probability[np.arange(len(y)), y]
        found.append(((probability.argmax(axis=1) == y).mean(), -np.log(right).mean()))
    return np.array(found)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("peer", PEERS)
def test_the_same_network_reaches_the_same(peer, capsys):
    with threadpool_limits(1):  # many threads wait for each other on busy machines
        made = pages.run_python(page_of(peer))
        old, new = scores(made["old"]), scores(made["new"])
    # Keras' wrapper draws bars in between.
    printed = re.findall(r"^[01]\.\d+$", capsys.readouterr().out, re.MULTILINE)

    assert isinstance(made["old"], PEERS[peer])
    assert len(printed) == 2
    assert min(map(float, printed)) > 0.93
    difference = old.mean(axis=0) - new.mean(axis=0)
    assert abs(difference[0]) < 0.02
    assert abs(difference[1]) < 0.15 * new[:, 1].mean()


@pytest.mark.parametrize("peer", PEERS)
def test_every_parameter_has_its_line(peer):
    text = (pages.ROOT / page_of(peer)).read_text(encoding="utf-8")
    left = "\n".join(re.findall(r"^\|(.+?)\|", text, re.MULTILINE))
    named = {re.split(r"\W", code)[0] for code in re.findall(r"`(.+?)`", left)}
    parameters = {
        name
        for name, parameter in inspect.signature(PEERS[peer]).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
    }

    assert parameters <= named


def test_every_attribute_of_mlpclassifier_has_its_line():
    doc = MLPClassifier.__doc__
    attributes = re.findall(r"^    (\w+_) : ", doc, re.MULTILINE)
    text = (pages.ROOT / page_of("mlpclassifier")).read_text(encoding="utf-8")
    assert len(attributes) > 12
    for name in attributes:
        assert re.search(rf"^\|.*`{name}`.*\|.*\|", text, re.MULTILINE), name
