"""Mutated model and data files: python tools/hostile_files.py --cases 5000.

Each case is a file that is damaged or made to do harm; it is loaded, exported or
predicted from. It must be one clear error that names the file, or the right answer.
Code that a file brings along would be noticed by an audit hook of Python's, and more
memory than 1 GB by a limit on the process.
"""

import argparse
import contextlib
import io
import json
import os
import pickle
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import traceback
import warnings
import zipfile
from pathlib import Path

import joblib
import numpy as np
import skops.io
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import skmnist
from skmnist._cli import main as skmnist_main
from skmnist._io._persistence import _add_footer
from skmnist.datasets import load_digits

MEMORY = 1_000_000_000  # bytes
SECONDS = 30  # of one case
_MAKE = """
import pathlib, sys
import hostile_files
hostile_files.save_good_files(pathlib.Path(sys.argv[1]))
"""
X = load_digits().x_test[:30]
LABELS = np.array([f"digit {i}" for i in range(10)])
Y = LABELS[load_digits().y_test[:30]]

# What code from a file could do; a hook sees it wherever it is called from.
HARM = {
    "exec", "pickle.find_class", "ctypes.dlopen", "os.exec", "os.fork", "os.forkpty",
    "os.mkdir", "os.posix_spawn", "os.rename", "os.rmdir", "os.spawn", "os.system",
    "shutil.rmtree", "socket.__new__", "subprocess.Popen", "urllib.Request",
}  # fmt: skip


class Watch:
    """Notes events that only code from a file would cause."""

    def __init__(self):
        self.armed, self.seen = False, []
        sys.addaudithook(self._hook)

    def _hook(self, event, arguments):
        ours = event == "os.rename" and ".skmnist-" in str(arguments[0])
        if self.armed and event in HARM and not ours:
            self.seen.append(f"{event} {arguments!r:.200}")

    @contextlib.contextmanager
    def __call__(self):
        self.armed, self.seen = True, []
        try:
            yield
        finally:
            self.armed = False


class Bait:
    """Makes a folder where it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("trace",)


class Estimator(BaseEstimator):
    """Makes a folder where its state is restored."""

    def __setstate__(self, state):
        os.mkdir("trace")


def save_good_files(folder):
    """Write one file of each kind."""
    digits = load_digits()
    x, y = digits.x_train[:100], digits.y_train[:100]
    rows = x.reshape(100, 64) / 16.0
    network = skmnist.MLPDigitClassifier((6, 5), epochs=1, random_state=0)
    pipeline = make_pipeline(skmnist.PixelScaler(), network)
    pipeline.fit(x, LABELS[y])
    other = skmnist.MLPDigitClassifier(
        7,
        epochs=1,
        class_weight={0: 2.0},
        dtype="float64",
        random_state=np.random.RandomState(0),
    )
    models = {
        "pipeline": pipeline,
        "classifier": other.fit(rows, y),
        "scaler": skmnist.PixelScaler().fit(x),
        "search": GridSearchCV(pipeline, {"mlpdigitclassifier__l2": [0.0]}),
        "foreign": make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, y),
        "framed": make_pipeline(
            skmnist.DigitNormalizer(),
            skmnist.MLPDigitClassifier(augmentation=skmnist.ImageAugmentation()),
        ),
        "calibrated": CalibratedClassifierCV(
            GridSearchCV(network, {"l2": [0.0]}, cv=2), cv=2
        ).fit(rows, y),
        "votes": VotingClassifier([("a", network)]).fit(rows, y),
        "generator": FunctionTransformer(kw_args={"rng": np.random.default_rng(0)}),
    }
    for name, model in models.items():
        skmnist.save(model, folder / f"{name}.skops")
    arrays = {"x_test": X, "y_test": Y, "x_train": X, "y_train": Y}
    np.savez(folder / "stored.npz", **arrays)
    np.savez_compressed(folder / "deflated.npz", **arrays)
    np.save(folder / "images.npy", X)


# Bytes


def flip(data, random):
    data = bytearray(data)
    for place in random.integers(len(data), size=random.integers(1, 9)):
        data[place] ^= 1 << random.integers(8)
    return bytes(data)


def truncate(data, random):
    return data[: random.integers(len(data))]


def overwrite(data, random):
    a, b = sorted(random.integers(len(data), size=2))
    b = min(b, a + 2000)
    filling = random.bytes(b - a) if random.random() < 0.5 else bytes(b - a)
    return data[:a] + filling + data[b:]


def cut(data, random):
    a, b = sorted(random.integers(len(data), size=2))
    return data[:a] + data[b:]


def repeat(data, random):
    a, b = sorted(random.integers(len(data), size=2))
    return data[:b] + data[a:b] * random.integers(1, 4) + data[b:]


def flip_at_the_end(data, random):
    """Of a zip file: its directory, its last record and the comment."""
    n = min(len(data), 900)
    return data[:-n] + flip(data[-n:], random)


BYTES = [flip, flip, truncate, overwrite, cut, repeat, flip_at_the_end]


# Members of a zip file


def read_zip(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(members, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def header(dtype, shape, data):
    text = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}, }}"
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data


def some_array(array, random):
    """An array file that is not what is expected in its place."""
    kind = random.integers(8)
    if kind == 0:
        return npy(np.array([Bait()], object))
    if kind == 1:
        shape = tuple(int(10 ** random.integers(1, 15)) for _ in array.shape) or (9,)
        return header(array.dtype.str, shape, array.tobytes())
    if kind == 2:
        return header("|O", array.shape, pickle.dumps([Bait()]))
    if kind == 3:
        return header(f"<U{10 ** int(random.integers(1, 9))}", (1,), b"")
    if kind == 4:
        return header(array.dtype.str, (-1, *array.shape), array.tobytes())
    if kind == 5:
        return npy(np.resize(array, random.integers(0, 5, random.integers(0, 4))))
    if kind == 6:
        dtypes = ["<f2", "<f4", "<f8", "<i8", "|u1", "<c8", "<M8[s]", "<U3", "|b1"]
        with contextlib.suppress(ValueError):
            array = array.astype(random.choice(dtypes))
        return npy(array)
    array = array.copy()
    if array.size and array.dtype.kind == "f":
        array.flat[random.integers(array.size)] = random.choice([np.nan, np.inf, 1e38])
    return npy(array)


def swap_members(members, random):
    a, b = random.choice(list(members), 2)
    members[a], members[b] = members[b], members[a]


def drop_member(members, random):
    del members[random.choice(list(members))]


def rename_member(members, random):
    name = random.choice(list(members))
    members[random.choice(["../x.npy", "/x", "x.npy", "\n"])] = members.pop(name)


def change_array(members, random):
    names = [name for name, data in members.items() if data.startswith(b"\x93NUMPY")]
    if names:
        name = random.choice(names)
        array = np.load(io.BytesIO(members[name]), allow_pickle=False)
        members[name] = some_array(array, random)


def pickle_member(members, random):
    members[random.choice(list(members))] = pickle.dumps(Bait())


def change_schema(members, random):
    if "schema.json" not in members:
        return change_array(members, random)
    schema = json.loads(members["schema.json"])
    for _ in range(random.integers(1, 4)):
        parent, key = random_place(schema, random)
        parent[key] = something(parent[key], key, schema, random)
    nested = "[" * 3000 + "]" * 3000
    text = json.dumps(schema).replace(json.dumps(DEEP), nested)
    members["schema.json"] = text.encode()


TYPES = [
    "os.system", "os.mkdir", "builtins.eval", "builtins.exec", "builtins.bytearray",
    "builtins.object", "builtins.map", "builtins.set", "subprocess.Popen",
    "pickle.loads", "numpy.load", "numpy.void", "numpy.bytes_", "numpy.random.seed",
    "numpy.f2py.main", "joblib.load", "sklearn.datasets.load_files", "__main__.Bait",
    "__main__.Estimator", "skmnist.load", "skmnist.MLPDigitClassifier",
    "sklearn.pipeline.Pipeline", "sklearn.tree._tree.Tree", "scipy.sparse.csr_matrix",
    "collections.OrderedDict", "functools.partial", "numpy.random._generator.Generator",
]  # fmt: skip
LOADERS = [
    "ObjectNode", "FunctionNode", "TypeNode", "PartialNode", "ReduceNode", "SetNode",
    "MethodNode", "OperatorFuncNode", "ConstructorFromReduceNode", "BytesNode",
    "BytearrayNode", "SparseMatrixNode", "MaskedArrayNode", "DTypeNode", "SliceNode",
    "RandomStateNode", "RandomGeneratorNode", "DefaultDictNode", "CachedNode",
    "TreeNode",
]  # fmt: skip
DEEP = "deep"  # stands for lists in lists that json does not write
VALUES = [
    None, True, -1, 0, 1.5, 10**30, 1e400, "", "x", "../../etc/passwd", [], {}, [[]],
    "null", "[1, 2]", "1e999", "NaN", '"a"', "10000000000", "9" * 5000, "-1", "\ud800",
]  # fmt: skip


def random_place(schema, random):
    """Walk down at random; deep places are as likely as high ones."""
    parent, key, node = None, None, schema
    while True:
        keys = list(node) if isinstance(node, dict) else range(len(node))
        if not keys:
            return parent, key
        parent, key = node, keys[random.integers(len(keys))]
        node = parent[key]
        if not (isinstance(node, dict | list) and node) or random.random() < 0.1:
            return parent, key


def something(value, key, schema, random):
    kind = random.integers(6)
    if key == "__loader__":
        return LOADERS[random.integers(len(LOADERS))]
    if key in ("__class__", "__module__"):
        module, _, name = TYPES[random.integers(len(TYPES))].rpartition(".")
        return name if key == "__class__" else module
    if kind == 0 and isinstance(value, dict):
        module, _, name = TYPES[random.integers(len(TYPES))].rpartition(".")
        return value | {"__module__": module, "__class__": name}
    if kind == 1:
        parent, key = random_place(schema, random)
        return json.loads(json.dumps(parent[key]))
    if kind == 2 and isinstance(value, list) and value:
        return value * int(random.integers(0, 4))
    if kind == 3:
        return DEEP if random.random() < 0.3 else [value] * 1000
    if kind == 4 and isinstance(value, dict):
        return {k: v for k, v in value.items() if random.random() < 0.8}
    return VALUES[random.integers(len(VALUES))]


MEMBERS = [
    swap_members, drop_member, rename_member, change_array, change_array,
    pickle_member, change_schema, change_schema, change_schema, change_schema,
]  # fmt: skip


def change_members(data, random, is_model):
    members = read_zip(data)
    # A second change may find nothing left that it could change.
    with contextlib.suppress(ValueError, MemoryError, RecursionError):
        for _ in range(random.integers(1, 3)):
            MEMBERS[random.integers(len(MEMBERS))](members, random)
    ways = [zipfile.ZIP_STORED] * 8 + [
        zipfile.ZIP_DEFLATED,
        zipfile.ZIP_BZIP2,
        zipfile.ZIP_LZMA,
    ]
    items = list(members.items())
    if random.random() < 0.1:
        items += items[: random.integers(4)]  # of the same name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the two that have the same name
        data = write_zip(items, ways[random.integers(len(ways))])
    return _add_footer(data) if is_model and random.random() < 0.9 else data


BOMBS = {}  # they take a second each to make


def bomb_file(data, random, is_model):
    way = [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2][random.integers(2)]
    if (is_model, way) not in BOMBS:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", way, compresslevel=1) as archive:
            for name, content in read_zip(data).items():
                if name in ("schema.json", "y_test.npy"):
                    archive.writestr(name, content)
                    continue
                info = zipfile.ZipInfo(name)
                info.compress_type = way
                with archive.open(info, "w", force_zip64=True) as member:
                    member.write(header("|u1", (1_500, 1_000, 1_000), b""))
                    zeros = bytes(10_000_000)
                    for _ in range(150):
                        member.write(zeros)
                break
        BOMBS[is_model, way] = stream.getvalue()
    data = BOMBS[is_model, way]
    return _add_footer(data) if is_model else data


def overlap(data, random, is_model):
    """Many names for the same stored bytes."""
    members = read_zip(data)
    big = header("|u1", (5_000_000,), bytes(5_000_000))
    items = [*members.items(), ("big.npy", big)]
    data = write_zip(items)
    start = data.rfind(b"PK\1\2")
    entry, end = data[start : data.rfind(b"PK\5\6")], data[data.rfind(b"PK\5\6") :]
    n = int(random.integers(50, 400))
    copies = b"".join(entry.replace(b"big.npy", b"%03d.npy" % i) for i in range(n))
    count = len(items) + n
    size = struct.unpack("<L", end[12:16])[0] + len(copies)
    end = end[:8] + struct.pack("<HHL", count, count, size) + end[16:]
    data = data[: data.rfind(b"PK\5\6")] + copies + end
    return _add_footer(data) if is_model else data


def long_schema(random):
    """Many small parts, each of which takes much more memory than in the file."""
    names = '{"__class__":"a","__module__":"b","__loader__":"%s"}'
    loader = random.choice(["FunctionNode", "ObjectNode", "TypeNode", "Unknown"])
    part = str(random.choice([names % loader, "{}", "[]", '{"":{}}']))
    parts = ",".join([part] * (7_900_000 // (len(part) + 1)))
    text = (
        '{"__class__":"list","__module__":"builtins","__loader__":"ListNode",'
        f'"protocol":2,"content":[{parts}]}}'
    )
    return _add_footer(write_zip([("schema.json", text)]))


def foreign(random):
    """Files of other formats that run code where they are loaded as such."""
    kind = random.integers(6)
    if kind == 0:
        return pickle.dumps(Bait(), protocol=int(random.integers(6)))
    if kind == 1:
        stream = io.BytesIO()
        joblib.dump(Bait(), stream)
        return stream.getvalue()
    if kind == 2:
        return npy(np.array([Bait()], object))
    if kind == 3:
        return write_zip([("schema.json", pickle.dumps(Bait())), ("x.npy", b"")])
    if kind == 4:
        return skops.io.dumps(Pipeline([("a", Estimator())]))
    return random.bytes(int(random.integers(3000)))


def mutate(data, name, random):
    is_model = name.endswith(".skops")
    share = random.random()
    if share < 0.35:
        return BYTES[random.integers(len(BYTES))](data, random)
    if share < 0.449:
        return foreign(random)
    if share < 0.45 and is_model:
        return long_schema(random)
    if name.endswith(".npy"):
        return some_array(X, random)
    if share < 0.47:
        return overlap(data, random, is_model)
    if share < 0.50:
        return bomb_file(data, random, is_model)
    return change_members(data, random, is_model)


# What is done with a file


def run_command(*arguments):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = skmnist_main(list(map(str, arguments)))
    return code, err.getvalue()


def check_model(path, random):
    try:
        model = skmnist.load(path)
    except ValueError as error:
        check_message(str(error), path)
        return "refused"
    assert isinstance(model, BaseEstimator), type(model)
    if random.random() < 0.3:
        code, err = run_command("export", path, "out.onnx")
        assert code in (0, 2), (code, err)
        if code:
            check_message(err, path)
        assert (code == 0) == os.path.exists("out.onnx")
        with contextlib.suppress(FileNotFoundError):
            os.unlink("out.onnx")
    steps = [step for _, step in getattr(model, "steps", [(None, model)])]
    own = all(type(step).__module__.startswith("skmnist") for step in steps)
    if own and hasattr(steps[-1], "coefs_"):
        rows = X if isinstance(model, Pipeline) else X.reshape(30, 64) / 16
        try:
            probabilities = model.predict_proba(rows)
        except ValueError:
            return "loaded, but of no use"
        assert len(probabilities) == 30
    return "loaded"


def check_data(path, random):
    if random.random() < 0.5 and path.suffix != ".npy":
        arguments = ("evaluate", "--model", "model.skops", "--data", path)
    else:
        arguments = ("predict", "--model", "model.skops", path)
    code, err = run_command(*arguments)
    assert code in (0, 1, 2), (code, err)
    if code:
        check_message(err, path)
    return "refused" if code else "loaded"


def check_message(text, path):
    # The limit on memory is a net that nothing must fall into.
    assert "MemoryError" not in text, text
    assert "allocate" not in text, text
    assert str(path) in text, text
    assert len(text.strip().splitlines()) == 1, text
    assert len(text) < 1000, text


def on_alarm(*_):
    raise TimeoutError(f"{SECONDS} seconds")


def run_case(number, names, folder, watch):
    random = np.random.default_rng(number)
    name = names[random.integers(len(names))]
    data = mutate((folder / name).read_bytes(), name, random)
    path = Path(f"hostile-{number}").with_suffix(Path(name).suffix)
    path.write_bytes(data)
    signal.alarm(SECONDS)
    try:
        with watch(), warnings.catch_warnings(record=True) as caught:
            check = check_model if path.suffix == ".skops" else check_data
            result = check(path, random)
        if watch.seen:
            raise AssertionError(f"code ran: {watch.seen}")
        other = [w for w in caught if w.category is not InconsistentVersionWarning]
        if other:
            raise AssertionError(f"warning: {other[0].message}")
    finally:
        signal.alarm(0)
        path.unlink()
    return name, result


def warm_up(names, folder):
    """Import what is imported when it is needed, which is code that runs."""
    for name in names:
        path = Path(folder / name)
        check = check_model if path.suffix == ".skops" else check_data
        for i in range(8):
            assert check(path, np.random.default_rng(i)) == "loaded", name
    with contextlib.suppress(ValueError):
        skmnist.load(__file__)


def memory(what):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    raise LookupError(what)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--only", type=int, nargs="+", help="numbers of some cases")
    args = parser.parse_args()
    numbers = args.only or range(args.first, args.first + args.cases)
    counts, failures = {}, []
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, "good")
        folder.mkdir()
        # In a process of its own, which takes TensorFlow with it.
        command = [sys.executable, "-c", _MAKE, str(folder)]
        subprocess.run(command, check=True, cwd=Path(__file__).parent)
        names = sorted(each.name for each in folder.iterdir())
        os.chdir(root)
        Path("model.skops").write_bytes((folder / "pipeline.skops").read_bytes())
        warm_up(names, folder)
        watch = Watch()
        check_that_bait_is_noticed(watch)
        signal.signal(signal.SIGALRM, on_alarm)
        limit = memory("VmSize") + MEMORY - memory("VmRSS")
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        for number in numbers:
            try:
                key = run_case(number, names, folder, watch)
            except Exception as error:
                failures.append(number)
                lines = traceback.format_exception(error, limit=-4, chain=False)
                text = "".join(f"{line:.500}\n" for line in lines)
                print(f"case {number}: {text}", file=sys.stderr)
                continue
            counts[key] = counts.get(key, 0) + 1
        litter = sorted({each.name for each in Path().iterdir()} - {"good"})
        if litter != ["model.skops"]:
            failures.append("litter")
            print(f"left behind: {litter}", file=sys.stderr)
    peak = memory("VmHWM")
    for (name, result), count in sorted(counts.items()):
        print(f"{name:16} {result:22} {count:5}")
    print(f"{sum(counts.values())} cases passed, {len(failures)} failed {failures}")
    print(f"memory {peak / 1e6:.0f} MB at most")
    return 1 if failures or peak > MEMORY else 0


def check_that_bait_is_noticed(watch):
    with watch():
        pickle.loads(pickle.dumps(Bait()))
    os.rmdir("trace")
    assert any(each.startswith("os.mkdir") for each in watch.seen), watch.seen


if __name__ == "__main__":
    sys.exit(main())
