"""Public names live where users find them, and their examples run."""

import doctest
import importlib

import pytest

MODULES = ("skmnist", "skmnist.datasets", "skmnist.images")
PUBLIC = {
    f"{module}.{name}": getattr(importlib.import_module(module), name)
    for module in MODULES
    for name in importlib.import_module(module).__all__
}


@pytest.mark.parametrize("name", PUBLIC)
def test_it_says_where_it_is_public(name):
    found = PUBLIC[name]
    own = f"{found.__module__}.{found.__qualname__}"

    assert PUBLIC[own] is found
    assert name in (own, "skmnist.images.DigitNormalizer")


# pytest looks for examples where a module defines a class, not where it is public.
@pytest.mark.parametrize("name", PUBLIC)
def test_its_examples(name):
    found = PUBLIC[name]
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    tests = doctest.DocTestFinder().find(found, name, module=False, globs={})
    for test in tests:
        runner.run(test)

    assert runner.summarize(verbose=False).failed == 0
    assert any(test.examples for test in tests)
