"""The code of the README and of the pages in docs/ runs, in order."""

import re
import shutil

import numpy as np
import pages
import pandas as pd
import pytest

from skmnist._cli import main
from skmnist.datasets import load_digits

ROOT = pages.ROOT
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    if "_build" not in path.parts
)
# test_plots_page.py and test_migration.py run the code of these, and look closer.
ELSEWHERE = {"docs/plots.md", "docs/recipes.md"} | {
    page for page in PAGES if "migration" in page
}
NEEDS_MNIST = {"docs/own-digits.md"}
IMAGES = ROOT / "docs" / "images"
# What a page takes for granted.
GIVEN = {
    "docs/serving.md": """
import onnx
import skmnist
from skmnist.datasets import load_digits
from sklearn.pipeline import make_pipeline
digits = load_digits()
images = digits.x_test
model = make_pipeline(skmnist.PixelScaler(), skmnist.MLPDigitClassifier(8, epochs=1))
model.fit(digits.x_train, digits.y_train)
onnx.save(skmnist.to_onnx(model), "digits.onnx")
""",
}


PYTHON_PAGES = [
    page
    for page in PAGES
    if {"python", "pycon"} & {language for _, language, _ in pages.blocks(page)}
    and page not in ELSEWHERE | NEEDS_MNIST
]
COMMAND_PAGES = [
    page for page in PAGES if pages.commands(page) and page not in NEEDS_MNIST
]


def write_files():
    """Write what the pages read."""
    digits = load_digits()
    np.save("images.npy", digits.x_test[:3])
    rows = pd.DataFrame(digits.x_train.reshape(-1, 64))
    rows[:200].to_csv("test.csv", index=False)
    rows = rows.assign(label=digits.y_train)
    for name in "train.csv", "other.csv":
        rows[:400].to_csv(name, index=False)
    for name in "photo.jpg", "page.jpg":
        shutil.copy(IMAGES / name, name)


def run(page):
    if "sklearn.callback" in (ROOT / page).read_text(encoding="utf-8"):
        pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 has it")
    namespace = {}
    exec(GIVEN.get(page, ""), namespace)
    return pages.run_python(page, namespace)


@pytest.mark.slow
@pytest.mark.parametrize("page", PYTHON_PAGES)
def test_python(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_files()
    run(page)

    if page == "README.md":
        score, best = capsys.readouterr().out.splitlines()
        assert float(score) >= 0.96
        assert float(best.split()[-1]) >= 0.9


@pytest.mark.slow
def test_own_digits(mnist, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_files()
    (page,) = NEEDS_MNIST
    made = run(page)

    assert made["model"].predict([made["photo"]]) == [5]
    assert len(made["page"].images) == 20


@pytest.mark.slow
@pytest.mark.parametrize("page", COMMAND_PAGES)
def test_commands(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_files()
    for command in pages.commands(page):
        # Fewer epochs, where the page leaves them at 20.
        if command[1] in ("train", "tune") and "--epochs" not in command:
            command += ["--epochs", "2"]
        assert main(command[1:]) == 0, command
        out, err = capsys.readouterr()
        assert out or "--output" in command
        assert err == ""


def test_there_are_pages_with_code():
    assert len(PYTHON_PAGES) >= 8
    assert len(pages.commands("README.md")) >= 3
    assert len(pages.commands("docs/getting-started.md")) >= 3


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page != "docs/changelog.md"]
)
def test_make_targets_exist(page):
    makefile = (ROOT / "Makefile").read_text()
    text = "\n".join(text for _, kind, text in pages.blocks(page) if kind == "console")
    for target in re.findall(r"^make ([\w-]+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
