"""The modules keep to the architecture: docs/architecture.md draws it."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import skmnist

ROOT = Path(__file__).parents[2]
PACKAGE = Path(skmnist.__file__).parent
# From the bottom to the top. An import goes to the same layer or further down, at the
# head of a module or inside a function.
LAYERS = [
    {"_base", "_sklearn_compat", "_version"},
    {"_validation"},
    {"_network", "_blas"},
    {"_training"},
    {"_image_transformer"},
    {"_augmentation", "_classifier", "_pixel_scaler", "_unsharp_mask", "images"},
    {"_io", "_plot", "_reader", "datasets"},
    {"_cli"},
    {"__init__", "__main__"},
]
TESTED_ELSEWHERE = {
    "__main__": "contract/test_interrupt.py",
    "_blas": "training/test_blas.py",
    "_image_transformer": "test_pixel_scaler.py",
    "_network": "test_classifier.py",
    "_training._config": "training/test_fit.py",
    "_training._distortion": "training/test_augmented_training.py",
    "_training._interrupts": "training/test_loop_cache.py",
    "_training._loop": "training/test_fit.py",
    "_training._update_rules": "training/test_optimizers.py",
    "_training._sharding": "training/test_step.py",
    "_training._variable": "training/test_optimizers.py",
    "_validation": "contract/test_fuzz.py",
    "_version": "test_packaging.py",
}
LONGEST_FUNCTION = 80  # lines, without the docstring
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): ast.parse(
        path.read_text(encoding="utf-8")
    )
    for path in sorted(PACKAGE.rglob("*.py"))
}


def layer(module):
    top = module.partition(".")[0]
    (found,) = [i for i, names in enumerate(LAYERS) if top in names]
    return found


def for_types_only(tree):
    """Find what is imported for type checkers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from ast.walk(node)


def imports(module):
    """Find the modules of the package that one imports."""
    tree = MODULES[module]
    skipped = set(for_types_only(tree))
    here = module.split(".")[:-1]
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not node.level or node in skipped:
            continue
        base = here[: len(here) - node.level + 1]
        base += node.module.split(".") if node.module else []
        for each in node.names:
            for name in (".".join([*base, each.name]), ".".join(base)):
                found = name if name in MODULES else f"{name}.__init__"
                if found in MODULES and found != module:
                    yield found
                    break


@pytest.mark.parametrize("module", MODULES)
def test_no_import_goes_up(module):
    up = [name for name in imports(module) if layer(name) > layer(module)]

    assert up == []


def test_no_imports_go_in_a_circle():
    graph = {module: set(imports(module)) for module in MODULES}

    assert sum(map(len, graph.values())) > 80
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_private_names_of_scikit_learn_are_in_one_place(module):
    private = [
        f"{node.module}.{each.name}"
        for node in ast.walk(MODULES[module])
        if isinstance(node, ast.ImportFrom) and (node.module or "")[:7] == "sklearn"
        for each in node.names
        if any(part[0] == "_" for part in (*node.module.split("."), each.name))
    ]

    assert bool(private) == (module == "_sklearn_compat")


PUBLIC_WITH_UNDERSCORE = {"_replace", "_asdict"}  # of named tuples


@pytest.mark.parametrize("module", MODULES)
def test_tensorflow_and_keras_by_their_public_names(module):
    used, private = False, []
    for node in ast.walk(MODULES[module]):
        names = []
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{each.name}" for each in node.names]
        names = [
            each for each in names if each.split(".")[0] in ("keras", "tensorflow")
        ]
        used |= bool(names)
        private += [
            each
            for each in names
            if {"python", "core", "src"} & set(each.split(".")) or "._" in each
        ]
    if used:
        assert module.startswith("_training.")
        private += [
            ast.unparse(node)
            for node in ast.walk(MODULES[module])
            if isinstance(node, ast.Attribute)
            and node.attr[0] == "_"
            and node.attr[:2] != "__"
            and node.attr not in PUBLIC_WITH_UNDERSCORE
            and ast.unparse(node.value) not in ("self", "cls")
        ]
    assert private == []


def test_every_module_has_its_tests():
    missing = []
    for module in MODULES:
        *folders, name = (part.strip("_") for part in module.split("."))
        path = "/".join([*folders, f"test_{name}.py"])
        path = TESTED_ELSEWHERE.get(module, path)
        if name != "init" and not (ROOT / "tests" / path).is_file():
            missing.append(path)

    assert missing == []


@pytest.mark.parametrize("module", MODULES)
def test_functions_are_short(module):
    long = {}
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.FunctionDef):
            start, *_ = node.body
            if ast.get_docstring(node) is not None:
                start = node.body[1] if len(node.body) > 1 else start
            lines = node.end_lineno - start.lineno + 1
            if lines > LONGEST_FUNCTION:
                long[node.name] = lines

    assert long == {}


def test_the_help_of_the_command_imports_neither_numpy_nor_scikit_learn():
    code = (
        "import sys; from skmnist._cli import main; main(['--help']); "
        "main(['--version']); "
        "print({'numpy', 'sklearn', 'scipy', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "set()"
