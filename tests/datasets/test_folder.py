import gzip

import drawn
import numpy as np
import pytest
from idx_files import idx
from numpy.testing import assert_array_equal
from PIL import Image
from sklearn.datasets import load_digits

from skmnist import DigitNormalizer
from skmnist.datasets import load_images

DIGITS = load_digits()
X, Y = DIGITS.images[:60].astype(np.uint8), DIGITS.target[:60]


def write_pair(folder, start, x, y, dash="-", end="", code=8):
    compress = gzip.compress if end else bytes
    kind, size = ("int", 2) if y.ndim == 2 else ("ubyte", 1)
    name = f"{start}-images{dash}idx3-ubyte{end}"
    (folder / name).write_bytes(compress(idx(x)))
    name = f"{start}-labels{dash}idx{size}-{kind}{end}"
    (folder / name).write_bytes(compress(idx(y, code)))


@pytest.mark.parametrize(
    ("train", "test"),
    [("train", "t10k"), ("emnist-digits-train", "emnist-digits-test")],
)
@pytest.mark.parametrize(("dash", "end"), [("-", ""), ("-", ".gz"), (".", "")])
def test_a_folder_of_idx_files(train, test, dash, end, tmp_path):
    y = Y.astype(np.uint8)
    write_pair(tmp_path, train, X[:40], y[:40], dash, end)
    write_pair(tmp_path, test, X[40:], y[40:], dash, end)
    (tmp_path / "readme.txt").write_text("hello")
    data = load_images(tmp_path)

    assert sorted(data) == ["x_test", "x_train", "y_test", "y_train"]
    assert_array_equal(data.x_train, X[:40])
    assert_array_equal(data.y_train, Y[:40])
    assert_array_equal(data.x_test, X[40:])
    assert_array_equal(data.y_test, Y[40:])
    assert data.y_test.dtype == np.int64
    one = load_images(tmp_path / f"{test}-images{dash}idx3-ubyte{end}", test_size=None)
    assert_array_equal(one.x, X[40:])
    assert_array_equal(one.y, Y[40:])


def test_several_sets_in_a_folder(tmp_path):
    for name in "letters", "digits":
        write_pair(tmp_path, f"emnist-{name}-train", X, Y.astype(np.uint8))
    with pytest.raises(ValueError, match=r"has 2 sets .*'emnist-digits-', 'emnist-let"):
        load_images(tmp_path)

    name = "emnist-letters-train-images-idx3-ubyte"
    assert len(load_images(tmp_path / name, test_size=None).y) == 60


def test_the_labels_of_qmnist(tmp_path):
    labels = np.stack([Y, Y + 100], axis=1).astype(">i4")
    write_pair(tmp_path, "qmnist-train", X, labels, code=12)

    assert_array_equal(load_images(tmp_path).y_train, Y)


def test_images_without_labels_and_with_too_few(tmp_path):
    write_pair(tmp_path, "train", X, Y[1:].astype(np.uint8))
    images = tmp_path / "train-images-idx3-ubyte"
    for source in (tmp_path, images):
        with pytest.raises(ValueError, match=r"\(60, 8, 8\) and \(59,\)"):
            load_images(source)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    assert sorted(load_images(images)) == ["x"]
    assert sorted(load_images(tmp_path)) == ["x_train"]
    with pytest.raises(ValueError, match="no images with labels to test on; it has x"):
        load_images(images, test=images)


def write_pictures(folder, images, labels, kind="png"):
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / str(label) / f"{i:03}.{kind}")


def order(labels):
    return np.argsort(labels.astype(str), kind="stable")


@pytest.mark.parametrize("kind", ["gray", "color", "transparent"])
def test_a_folder_of_small_pictures(kind, tmp_path):
    images = np.stack([X] * 3, axis=3) if kind == "color" else X
    if kind == "transparent":  # light ink, which a viewer shows on dark paper
        images = np.stack([np.full_like(X, 255), X], axis=3)
    write_pictures(tmp_path, images, Y)
    for name in (".hidden", "Thumbs.db", "desktop.ini"):
        (tmp_path / "0" / name).write_text("hello")
    data = load_images(tmp_path, test_size=None)

    assert_array_equal(data.x, X[order(Y)])
    assert_array_equal(data.y, Y[order(Y)])
    assert data.x.dtype == np.uint8


def test_folders_for_training_and_testing(tmp_path):
    write_pictures(tmp_path / "training", X[:40], Y[:40])
    write_pictures(tmp_path / "Testing", X[40:], Y[40:])
    data = load_images(tmp_path)

    assert_array_equal(data.x_train, X[:40][order(Y[:40])])
    assert_array_equal(data.y_test, Y[40:][order(Y[40:])])


def test_pictures_of_several_sizes_are_framed(tmp_path):
    random = np.random.default_rng(0)
    images = [drawn.draw(i, drawn.Scene(side=40 + i % 3), random) for i in range(9)]
    write_pictures(tmp_path, images, ["ab"[i % 2] for i in range(9)])
    data = load_images(tmp_path, test_size=None)

    images = images[::2] + images[1::2]
    assert_array_equal(data.x, DigitNormalizer(output="images").transform(images))
    assert data.y.tolist() == ["a"] * 5 + ["b"] * 4


def test_a_picture_that_cannot_be_used_is_named(tmp_path):
    with pytest.raises(ValueError, match="must have a folder with pictures for each"):
        load_images(tmp_path)
    image = drawn.draw(7, drawn.Scene(side=90), np.random.default_rng(0))
    write_pictures(tmp_path, [image], "a")
    write_pictures(tmp_path, [np.full((99, 99), 200, np.uint8)], "b")
    with pytest.raises(ValueError, match=r"000\.png") as caught:
        load_images(tmp_path)
    assert str(tmp_path / "b" / "000.png") in str(caught.value)
    (tmp_path / "b" / "000.png").write_text("hello")
    with pytest.raises(ValueError, match=r"b/000\.png: cannot be read"):
        load_images(tmp_path)


def test_pictures_of_8_and_16_bits_are_not_mixed(tmp_path):
    write_pictures(tmp_path, [X[0], X[1].astype(np.uint16) * 256], "ab")
    with pytest.raises(ValueError, match=r"b.001\.png has uint16 .*others have uint8"):
        load_images(tmp_path)
