"""Every example in a docstring runs and prints what it says, in the packages as they are imported."""

import doctest
import importlib
import importlib.util
import pkgutil
import warnings
from pathlib import Path

import pytest

PACKAGES = ("bounds", "empirical", "verify")


def modules_with_examples():
    """Names of the modules whose source has an example; nothing but packages is imported for it."""
    found = []
    for package in PACKAGES:
        root = importlib.import_module(package)
        names = [package]
        names += [m.name for m in pkgutil.walk_packages(root.__path__, f"{package}.")]
        for name in names:
            spec = importlib.util.find_spec(name)
            if spec is None or spec.origin is None:
                continue
            if ">>> " in Path(spec.origin).read_text(encoding="utf-8"):
                found.append(name)
    return found


MODULES = modules_with_examples()


def test_each_package_has_examples():
    assert {name.partition(".")[0] for name in MODULES} == set(PACKAGES)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        results = doctest.testmod(module, verbose=False)
    assert results.attempted > 0
    assert results.failed == 0, f"{results.failed} of {results.attempted} examples in {name} failed"
