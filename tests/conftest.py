"""No test asserts how long anything takes: hypothesis, too, sets no deadlines. Pictures are closed."""

import os
import sys

import pytest
from hypothesis import settings

# Each worker of pytest-xdist is one process on one thread, and so is what it starts.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The mutants of proofs take longest: begun last, they would run while other processes are done."""
    items.sort(key=lambda item: item.path.name != "test_kills.py")


@pytest.fixture(autouse=True)
def _close_pictures():
    """pyplot warns when many figures are open."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
