"""The report of a training: files, pictures, numbers, and nothing from elsewhere."""

import re
from base64 import b64decode
from html.parser import HTMLParser
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from commands import DIGITS, X
from sklearn.metrics import classification_report

from skmnist import load
from skmnist._cli import main

PICTURES = ["sample", "training", "confusion", "mistakes", "units"]
TRAIN = ["train", "--epochs", "3", "--hidden-units", "40", "--data"]


class Page(HTMLParser):
    """A page's tags with their attributes, and its text."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.cells = [], []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] in ("td", "pre", "h1"):
            self.cells.append(data.strip())

    def attributes(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    arguments = ["--model", str(folder / "m.skops"), "--report", str(folder / "a/b")]
    assert main([*TRAIN, "digits", "--early-stopping", *arguments]) == 0
    return folder


def test_the_folder_has_the_pictures_and_the_page(folder):
    report = folder / "a/b"
    names = {path.name for path in report.iterdir()}
    assert names == {f"{name}.png" for name in PICTURES} | {"index.html"}
    for name in PICTURES:
        pixels = plt.imread(report / f"{name}.png")
        assert min(pixels.shape[:2]) > 300
        assert pixels.std() > 0.05
    assert plt.get_fignums() == []


def test_the_page_has_the_pictures_in_it(folder):
    report = folder / "a/b"
    page = Page(report / "index.html")
    images = page.attributes("img")
    assert len(images) == len(PICTURES)
    for image, name in zip(images, PICTURES, strict=True):
        kind, data = image["src"].split(",")
        assert kind == "data:image/png;base64"
        assert b64decode(data, validate=True) == (report / f"{name}.png").read_bytes()
        assert image["alt"]
        assert 300 < int(image["width"]) < 960
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe"})
    sources = [value for _, each in page.tags for value in each.values()]
    assert not [value for value in sources if re.match(r"\w+:(?!image/png)", value)]


def test_the_page_has_the_numbers(folder):
    page = Page(folder / "a/b/index.html")
    model = load(folder / "m.skops")
    predicted = model.predict(DIGITS.x_test)
    n_wrong = np.count_nonzero(predicted != DIGITS.y_test)
    accuracy = model.score(DIGITS.x_test, DIGITS.y_test)

    cells = [cell for cell in page.cells if cell]
    values = dict(pairwise(cells))
    assert cells[0] == "skmnist report: digits"
    assert values["test accuracy"] == f"{accuracy:.4f}, {n_wrong} wrong"
    assert values["training images"] == "1,437"
    assert values["test images"] == "360"
    assert values["parameters"] == f"{65 * 40 + 41 * 40 + 41 * 10:,}"
    last = model["mlp"].history_["val_loss"][-1]
    assert values["validation loss, last epoch"] == f"{last:.4f}"
    assert values["early_stopping"] == "True"
    assert (values["max_value"], values["sharpen"]) == ("16.0", "False")
    report = classification_report(DIGITS.y_test, predicted, digits=4)
    assert report.strip() in cells


def test_labels_are_text_in_the_page(npz, tmp_path):
    names = np.array([f"<b>{i}</b>&" for i in range(10)])
    data = npz(y_train=names[DIGITS.y_train], y_test=names[DIGITS.y_test])
    arguments = ["--model", str(tmp_path / "m"), "--report", str(tmp_path / "r")]
    assert main([*TRAIN, data, "--max-value", "16", *arguments]) == 0
    page = Page(tmp_path / "r/index.html")
    assert not page.attributes("b")
    assert "<b>3</b>&" in "".join(page.cells)


def test_what_cannot_work_fails_before_the_training(npz, tmp_path, capsys):
    model = str(tmp_path / "m")
    data = npz(**{name: DIGITS[name].reshape(-1, 64)[:, :50] for name in X})
    arguments = ["--max-value", "16", "--model", model, "--report", str(tmp_path / "r")]
    assert main([*TRAIN, data, *arguments]) == 2
    out, err = capsys.readouterr()
    assert "rows of 50 pixels are not square images" in err
    assert "epoch" not in out
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("model", ["r", "r/index.html"])
def test_a_report_leaves_the_model_alone(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / model).parent.mkdir(exist_ok=True)
    assert main([*TRAIN, "digits", "--model", model, "--report", "r"]) == 2
    out, err = capsys.readouterr()
    assert (out, "is a file of --report" in err) == ("", True)
