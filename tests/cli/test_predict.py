import json
import re
import zipfile
from pathlib import Path

import drawn
import numpy as np
import pandas as pd
import pytest
from bad_images import bad_files
from commands import DIGITS, NAMES, one_error, run_python
from PIL import Image
from sklearn.ensemble import VotingClassifier
from sklearn.naive_bayes import GaussianNB

import skmnist
from skmnist import load
from skmnist._cli import main
from skmnist._cli._predict import _annotate


def line_of(name, i, row):
    """Write what is printed for the probabilities of an image."""
    line = f"{name}\t{i}\t{row.argmax()}\t{row.max():.4f}"
    if row.max() >= 0.7:
        return line
    second = row.argsort()[-2]
    return f"{line}\t?\t{second}\t{row[second]:.4f}"


def test_predict_goes_on_after_a_bad_file(model, tmp_path, monkeypatch, capsys):
    images = DIGITS.x_test[:5]
    np.save(tmp_path / "stack.npy", images)
    np.savez(tmp_path / "x.npz", x=images, y=np.arange(5))
    (tmp_path / "text.npy").write_text("hello")
    names = ["stack.npy", "text.npy", "nothing.npy", "nothing.png", "x.npz"]
    monkeypatch.chdir(tmp_path)
    assert main(["predict", "--model", model, *names]) == 1

    out, err = capsys.readouterr()
    probabilities = load(model).predict_proba(images)
    assert out.splitlines() == [
        line_of(name, i, row)
        for name in ("stack.npy", "x.npz")
        for i, row in enumerate(probabilities)
    ]
    assert err.splitlines() == [
        "skmnist: error: text.npy: is neither a .npy nor a .npz file",
        "skmnist: error: nothing.npy: No such file or directory",
        "skmnist: error: nothing.png: No such file or directory",
    ]


@pytest.mark.parametrize(
    "arrays",
    [
        {"images": DIGITS.x_test[0]},
        {"X": DIGITS.x_test[0][..., None], "y": np.arange(9)},
        {"x_test": DIGITS.x_test[:1], "x": DIGITS.x_test[1:9]},
        {"a": DIGITS.x_test[:1, ..., None]},
        {"a": DIGITS.x_test[0].ravel()},
        {"a": DIGITS.x_test[0].reshape(1, 64)},
        {"a": DIGITS.x_test[0].astype(float)},
    ],
)
def test_predict_finds_the_image(arrays, model, tmp_path, capsys):
    path = str(tmp_path / "x.npz")
    np.savez(path, **arrays)
    assert main(["predict", "--model", model, path]) == 0

    row = load(model).predict_proba(DIGITS.x_test[:1])[0]
    out = capsys.readouterr().out
    assert out == line_of(path, 0, row) + "\n"


def test_predict_passes_over_what_is_no_array(model, tmp_path, capsys):
    path = str(tmp_path / "x.npz")
    np.savez(path, a=DIGITS.x_test[:2])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("readme.txt", "hello")
    assert main(["predict", "--model", model, path]) == 0

    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": DIGITS.x_test, "b": DIGITS.x_test}, r"x_test or x, .* \['a', 'b'\]"),
        ({}, r"x\.npz: must have an array x_test or x, or one array only; it has \[\]"),
        ({"x": np.zeros((3, 9, 9))}, r"x\.npz: X has 81 features"),
        ({"y": np.arange(9)}, r"x\.npz: has no images, but .* shape \(9,\)"),
        ({"x": np.array([{}])}, r"x\.npz: cannot be read: Object arrays"),
    ],
)
def test_predict_names_the_file_it_cannot_use(
    arrays, message, model, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    np.savez("x.npz", **arrays)
    assert main(["predict", "--model", model, "x.npz"]) == 1

    out, err = one_error(capsys)
    assert out == ""
    assert re.search(message, err)


def test_predict_shows_pictures_only(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", DIGITS.x_test)
    for options in (["--show-framed", "o.png"], ["--sheet", "--annotate", "o.png"]):
        assert main(["predict", "--model", model, "x.npy", *options]) == 1
        assert "x.npy: holds arrays" in one_error(capsys)[1]


@pytest.fixture
def table(tmp_path):
    """Write the digits to test on as a CSV file, with their labels or without."""

    def write(name, **columns):
        frame = pd.DataFrame(DIGITS.x_test.reshape(-1, 64)).assign(**columns)
        frame.to_csv(tmp_path / name, index=False)
        return str(tmp_path / name)

    return write


def test_predict_writes_what_a_competition_takes(model, table, tmp_path, capsys):
    out = tmp_path / "submission.csv"
    data = ["--data", table("test.csv")]
    assert main(["predict", "--model", model, *data, "--output", str(out)]) == 0

    assert capsys.readouterr() == ("", "")
    expected = load(model).predict(DIGITS.x_test)
    submission = pd.read_csv(out)
    assert submission.columns.tolist() == ["ImageId", "Label"]
    assert submission.ImageId.tolist() == list(range(1, 361))
    assert submission.Label.tolist() == expected.tolist()
    assert main(["predict", "--model", model, *data]) == 0
    printed = [line.split("\t")[2] for line in capsys.readouterr().out.splitlines()]
    assert printed == list(map(str, expected))


def test_predict_takes_the_images_to_test_on(model, table, capsys):
    printed = []
    for data in ("digits", table("test.csv", label=DIGITS.y_test)):
        assert main(["predict", "--model", model, "--data", data]) == 0
        out = capsys.readouterr().out
        printed.append([line.split("\t")[1:] for line in out.splitlines()])
    assert printed[0] == printed[1]


def test_predict_takes_labels_that_are_objects(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", DIGITS.x_test[:, 4])
    model = VotingClassifier([("a", GaussianNB())], voting="soft")
    model.fit(DIGITS.x_test[:, 4], NAMES[DIGITS.y_test].astype(object))
    skmnist.save(model, "model")
    assert main(["predict", "--model", "model", "x.npy"]) == 0

    assert capsys.readouterr().out.startswith("x.npy\t0\tdigit ")


def test_predict_leaves_no_output_after_an_error(model, tmp_path, capsys):
    out, data = tmp_path / "out.csv", tmp_path / "data.csv"
    data.write_text("label,a\n1,2\n1\n")
    arguments = ["--data", str(data), "--output", str(out)]
    assert main(["predict", "--model", model, *arguments]) == 2

    assert f"{data}: line 3: it has 1 columns" in one_error(capsys)[1]
    assert not out.exists()
    assert main(["predict", model, str(data), str(tmp_path)]) == 1
    assert re.findall("(?<=: )is a .*", capsys.readouterr().err) == [
        "is a saved model: name it by --model",
        "is a table: name it by --data",
        "is a folder: name the pictures in it",
    ]


@pytest.fixture(scope="session")
def mnist_model(reader, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "mnist.skops"
    skmnist.save(reader, path)
    return str(path)


@pytest.fixture
def seven(tmp_path):
    random = np.random.default_rng(5)
    image = drawn.draw(7, drawn.Scene(side=400, shadow="hand"), random)
    path = tmp_path / "seven.jpg"
    Image.fromarray(image).save(path)
    return str(path)


def test_model_for_other_images_is_refused(model, seven, capsys):
    assert main(["predict", "--model", model, seven]) == 1
    assert "--data mnist" in capsys.readouterr().err


def test_a_photo_is_read_without_a_model():
    """The lines of the README, which need neither TensorFlow nor skops."""
    code = """
import sys
from skmnist._cli import main
code = main(sys.argv[1:])
assert not {"tensorflow", "keras", "skops"} & set(sys.modules)
sys.exit(code)
"""
    images = Path(__file__).parents[2] / "docs" / "images"
    for options, expected in (
        (["photo.jpg"], [5]),
        (["page.jpg", "--sheet"], list(range(10)) * 2),
    ):
        out = run_python(code, "predict", *options, cwd=images)
        read = [line.split("\t") for line in out.splitlines()]
        assert [int(cells[2]) for cells in read] == expected


@pytest.mark.slow
def test_bad_files_are_a_line_each_and_stop_nothing(
    mnist_model, seven, tmp_path, capsys
):
    bad = [
        str(p)
        for p in bad_files(
            tmp_path, drawn.draw(1, drawn.Scene(side=60), np.random.default_rng(0))
        )
    ]
    Image.new("L", (30, 30), 255).save(tmp_path / "blank.png")
    (tmp_path / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(99))
    (tmp_path / "folder.png").mkdir()
    names = "blank.png", "photo.heic", "nothing.png", "folder.png"
    bad += [str(tmp_path / name) for name in names]
    assert main(["predict", "--model", mnist_model, *bad, seven]) == 1
    out, err = capsys.readouterr()
    path, index, label, probability, *mark = out.strip("\n").split("\t")
    assert (path, index, label) == (seven, "0", "7")
    assert bool(mark) == (float(probability) < 0.7)
    lines = err.splitlines()
    assert len(lines) == len(bad)
    for path, line in zip(bad, lines, strict=True):
        assert line.startswith("skmnist: error:")
        assert line.count(path) == 1
    assert main(["predict", "--model", mnist_model, seven]) == 0


@pytest.mark.slow
def test_sheet_is_read_and_annotated(mnist_model, tmp_path, capsys):
    random = np.random.default_rng(8)
    y = random.integers(0, 10, 50)
    sheet, middles = drawn.draw_sheet(y, random, scene=drawn.SHEETS[1])
    path, out = str(tmp_path / "sheet.png"), tmp_path / "read.png"
    Image.fromarray(sheet).save(path)
    options = ["--sheet", "--json", "--annotate", str(out)]
    assert main(["predict", "--model", mnist_model, path, *options]) == 0
    digits = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(digits) == 50
    assert np.mean([each["label"] for each in digits] == y) >= 0.9
    for digit, (x, y_) in zip(digits, middles, strict=True):
        left, top, right, bottom = digit["box"]
        assert left - 20 < x < right + 20
        assert top - 20 < y_ < bottom + 20
        assert digit["unsure"] == (digit["probability"] < 0.7)
    marked = np.asarray(Image.open(out))
    assert marked.shape == (*sheet.shape, 3)
    assert (np.ptp(marked.astype(int), axis=2) > 100).any(axis=1).sum() > 200


@pytest.mark.parametrize(("apart", "below"), [(0, True), (100, False)])
def test_labels_of_neighbors_keep_apart(apart, below):
    boxes = [50, 80, 70, 120], [70 + apart, 80, 90 + apart, 120]
    one = {"label": 1, "probability": 1.0, "unsure": False}
    image = np.full((200, 300), 255, np.uint8)
    picture = _annotate(image, [one | {"box": box} for box in boxes])
    colored = np.ptp(np.asarray(picture).astype(int), axis=2) > 100
    assert colored[:75].any()
    # The second label goes below where the first one takes its place.
    assert colored[125:].any() == below


@pytest.mark.slow
def test_page_without_sheet_is_noted(mnist_model, seven, tmp_path, capsys):
    sheet, _ = drawn.draw_sheet(range(10), np.random.default_rng(8), columns=5)
    path = str(tmp_path / "page\twithout suffix")
    Image.fromarray(sheet).save(path, "PNG")
    assert main(["predict", "--model", mnist_model, path, seven]) == 0
    out, err = capsys.readouterr()
    assert [line.count("\t") for line in out.splitlines()] == [6, 3]
    (line,) = err.splitlines()
    assert line.startswith(f"skmnist: note: {path}: ")
    assert "like 10: --sheet" in line


@pytest.mark.slow
def test_framed_digits_are_shown_and_polarity_can_be_told(
    mnist_model, seven, tmp_path, capsys
):
    out = tmp_path / "framed.png"
    options = ["--polarity", "dark", "--show-framed", str(out), "--json"]
    assert main(["predict", "--model", mnist_model, seven, *options]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    digit = json.loads(line)
    assert digit["label"] == 7
    assert digit["second_label"] != 7
    assert digit["probability"] + digit["second_probability"] <= 1.0001
    shown = np.asarray(Image.open(out))
    assert shown.shape == (120, 1200)
    assert shown[:, :120].max() == 255
    assert not shown[:, 120:].any()
