import functools
import hashlib
import http.server
import os
import struct
import threading

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import datasets as sklearn_datasets

from skmnist.datasets import _bundled, fetch_mnist, load_digits

TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_load_digits_has_every_image_once():
    digits = load_digits()
    source = sklearn_datasets.load_digits()

    def rows(x, y):
        return sorted(map(tuple, np.column_stack([x.reshape(len(x), 64), y]).tolist()))

    x = np.concatenate([digits.x_train, digits.x_test])
    y = np.concatenate([digits.y_train, digits.y_test])
    assert rows(x, y) == rows(source.data.astype(int), source.target)
    for part in "train", "test":
        assert digits[f"x_{part}"].dtype == np.uint8
        assert digits[f"y_{part}"].dtype == np.int64
    assert digits.x_train.shape == (1437, 8, 8)
    assert digits.x_test.shape == (360, 8, 8)
    assert digits.x_train.max() == digits.max_value == 16.0
    assert digits.image_shape == (8, 8)
    assert "handwritten digits" in digits.DESCR


def test_load_digits_is_split():
    halves = load_digits(test_size=0.5)
    difference = np.bincount(halves.y_train) - np.bincount(halves.y_test)
    assert abs(difference).max() <= 1
    assert len(load_digits(test_size=100).x_test) == 100

    first, again, other = load_digits(), load_digits(), load_digits(random_state=1)
    assert_array_equal(first.x_test, again.x_test)
    assert_array_equal(first.y_train, again.y_train)
    assert not np.array_equal(first.x_test, other.x_test)


def make_arrays():
    """Give arrays with MNIST's shapes and class counts, and cheap images."""
    arrays = {}
    for part, counts in (("train", TRAIN_COUNTS), ("test", TEST_COUNTS)):
        y = np.repeat(np.arange(10, dtype=np.uint8), counts)
        x = np.zeros((len(y), 28, 28), dtype=np.uint8)
        x[:, 14, 14] = y
        arrays[f"x_{part}"], arrays[f"y_{part}"] = x, y
    return arrays


ARRAYS = make_arrays()


@pytest.fixture(scope="module")
def good_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "mnist.npz"
    np.savez_compressed(path, **ARRAYS)
    return path


@pytest.fixture(autouse=True)
def no_download(monkeypatch, tmp_path):
    """Keep the tests off the network and out of the user's folders."""
    monkeypatch.delenv("SKMNIST_DATA_HOME", raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "sklearn"))
    monkeypatch.setattr(_bundled, "_MNIST_URL", "file://localhost/no/such/mnist.npz")
    monkeypatch.setattr(_bundled, "_RETRY_DELAY", 0)


@pytest.fixture(autouse=True)
def stand_in(monkeypatch, request):
    """Let cheap images pass for MNIST's, but where the real ones are asked for."""
    if "mnist" not in request.fixturenames:
        content = _bundled._digest(ARRAYS)
        monkeypatch.setattr(_bundled, "_MNIST_CONTENT_SHA256", content)


def test_fetch_mnist_reads_the_real_file(mnist):
    # The MD5 sums of the four files as first published, header and all.
    published = {
        "x_train": "6bbc9ace898e44ae57da46a324031adb",
        "y_train": "a25bea736e30d166cdddb491f175f624",
        "x_test": "2646ac647ad5339dbf082846283269ea",
        "y_test": "27ae3e4e09519cfbb04c329615203637",
    }
    for name, digest in published.items():
        array = mnist[name]
        header = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape)
        md5 = hashlib.md5(
            header + array.astype(np.uint8).tobytes(), usedforsecurity=False
        )
        assert md5.hexdigest() == digest
    assert np.bincount(mnist.y_train).tolist() == TRAIN_COUNTS
    assert np.bincount(mnist.y_test).tolist() == TEST_COUNTS


def test_fetch_mnist_reads_a_file_whatever_its_compression(good_file, tmp_path):
    np.savez(tmp_path / "mnist.npz", **ARRAYS)  # stored, not deflated

    for folder in (good_file.parent, tmp_path):
        mnist = fetch_mnist(folder)
        for name, expected in ARRAYS.items():
            assert_array_equal(mnist[name], expected)
            assert mnist[name].dtype == (np.uint8 if name[0] == "x" else np.int64)
            assert mnist[name].flags.writeable
        assert mnist.max_value == 255.0
        assert mnist.image_shape == (28, 28)
        assert "10.1109/5.726791" in mnist.DESCR


@pytest.mark.parametrize("where", ["data_home", "SKMNIST_DATA_HOME", "sklearn", "~"])
def test_fetch_mnist_looks_in_the_first_folder_that_is_named(
    good_file, tmp_path, monkeypatch, where
):
    empty = tmp_path / "empty"
    data_home = None
    if where == "data_home":
        data_home = str(good_file.parent)
        monkeypatch.setenv("SKMNIST_DATA_HOME", str(empty))
    elif where == "SKMNIST_DATA_HOME":
        monkeypatch.setenv("SKMNIST_DATA_HOME", str(good_file.parent))
    elif where == "~":
        data_home = f"~/{good_file.parent.name}"
        monkeypatch.setenv("HOME", str(good_file.parent.parent))
        monkeypatch.setenv("USERPROFILE", str(good_file.parent.parent))
    else:
        monkeypatch.setenv("SKMNIST_DATA_HOME", "")  # empty counts as not set
        monkeypatch.setenv("SCIKIT_LEARN_DATA", str(good_file.parent))

    assert len(fetch_mnist(data_home).x_train) == 60_000
    assert not empty.exists()


def test_fetch_mnist_without_download(server, good_file, tmp_path, monkeypatch):
    monkeypatch.setattr(_bundled, "_MNIST_URL", f"{server.url}/mnist.npz")
    with pytest.raises(FileNotFoundError, match="download_if_missing is False"):
        fetch_mnist(tmp_path / "none", download_if_missing=False)

    assert server.requests == []
    assert not (tmp_path / "none").exists()
    mnist = fetch_mnist(good_file.parent, download_if_missing=False)
    assert mnist.x_train.shape == (60_000, 28, 28)


@pytest.fixture
def server(good_file):
    """Serve the folder of the good file on the loopback interface."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            if self.path == "/cut.npz":  # promises more than it sends
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"PK")
            else:
                super().do_GET()

        def log_message(self, *args):
            pass

    requests = []
    handler = functools.partial(Handler, directory=good_file.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        httpd.requests = requests
        httpd.url = f"http://127.0.0.1:{httpd.server_port}"
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield httpd
        httpd.shutdown()
        thread.join()


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_fetch_mnist_downloads_once(server, good_file, tmp_path, monkeypatch):
    monkeypatch.setattr(_bundled, "_MNIST_URL", f"{server.url}/mnist.npz")
    monkeypatch.setattr(_bundled, "_MNIST_SHA256", sha256(good_file))
    folder = tmp_path / "new" / "folder"

    for _ in range(2):
        mnist = fetch_mnist(folder)
        assert_array_equal(mnist.y_test, ARRAYS["y_test"])

    assert server.requests == ["/mnist.npz"]
    assert os.listdir(folder) == ["mnist.npz"]
    assert sha256(folder / "mnist.npz") == sha256(good_file)


def test_fetch_mnist_checks_what_it_downloaded(server, tmp_path, monkeypatch):
    monkeypatch.setattr(_bundled, "_MNIST_URL", f"{server.url}/mnist.npz")

    with pytest.raises(OSError, match=r"SHA256.*differs"):
        fetch_mnist(tmp_path / "new")

    assert not (tmp_path / "new").exists()


@pytest.mark.filterwarnings("ignore:Retry downloading:UserWarning")
@pytest.mark.parametrize("page", ["missing.npz", "cut.npz"])
def test_a_failed_download_leaves_nothing(server, tmp_path, monkeypatch, page):
    monkeypatch.setattr(_bundled, "_MNIST_URL", f"{server.url}/{page}")
    (tmp_path / "old").mkdir()

    with pytest.raises(OSError, match=f"{page} failed"):
        fetch_mnist(tmp_path / "old" / "new" / "folder")
    assert os.listdir(tmp_path / "old") == []
    with pytest.raises(OSError, match=f"{page} failed"):
        fetch_mnist(tmp_path / "old")
    assert os.listdir(tmp_path / "old") == []


@pytest.mark.filterwarnings("ignore:Retry downloading:UserWarning")
@pytest.mark.parametrize("source", ["data_home", "SKMNIST_DATA_HOME", "scikit-learn"])
def test_no_file_and_no_network_says_where_and_what_to_do(
    tmp_path, monkeypatch, source
):
    folder = tmp_path / "here"
    if source != "data_home":
        name = source if source.isupper() else "SCIKIT_LEARN_DATA"
        monkeypatch.setenv(name, str(folder))
    message = (
        rf"{folder} \({source}.* from file:.* failed: .*put mnist\.npz into a folder"
        ".* SKMNIST_DATA_HOME, or connect to the network"
    )
    with pytest.raises(OSError, match=message):
        fetch_mnist(folder if source == "data_home" else None)


def test_data_home_that_is_no_folder(good_file):
    with pytest.raises(ValueError, match=r"'data_home' parameter of fetch_mnist.*3"):
        fetch_mnist(3)
    with pytest.raises(OSError, match="looked for in"):
        fetch_mnist(good_file)

    assert good_file.exists()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("x_train", lambda x: x[:100]),
        ("x_train", lambda x: x.reshape(-1, 784)),
        ("x_test", lambda x: x.astype(float)),
        ("y_test", lambda y: y[::-1]),
    ],
)
def test_other_arrays_are_refused(tmp_path, name, change):
    path = tmp_path / "mnist.npz"
    np.savez_compressed(path, **{**ARRAYS, name: change(ARRAYS[name])})
    before = path.read_bytes()

    with pytest.raises(ValueError, match="it has other images or labels") as caught:
        fetch_mnist(tmp_path)

    assert str(path) in str(caught.value)
    assert "Delete it" in str(caught.value)
    assert path.read_bytes() == before


def test_a_missing_array_is_named(tmp_path):
    np.savez(tmp_path / "mnist.npz", x_train=np.zeros(3))

    with pytest.raises(ValueError, match=r"not the MNIST file.* no 'y_train' in it"):
        fetch_mnist(tmp_path)


@pytest.mark.parametrize("kept", [0, 1, 100, 0.5, -1])
def test_a_truncated_file_is_refused(good_file, tmp_path, kept):
    content = good_file.read_bytes()
    kept = int(kept * len(content)) if isinstance(kept, float) else kept
    (tmp_path / "mnist.npz").write_bytes(content[:kept])

    with pytest.raises(ValueError, match=r"mnist\.npz is not the MNIST file.*Delete"):
        fetch_mnist(tmp_path)


def test_what_the_system_refuses_is_not_called_damaged(tmp_path):
    (tmp_path / "mnist.npz").mkdir()

    with pytest.raises(OSError, match=r"mnist\.npz"):
        fetch_mnist(tmp_path)
