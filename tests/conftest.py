"""No test asserts how long anything takes: hypothesis, too, sets no deadlines. Pictures are closed."""

import sys

import pytest
from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(autouse=True)
def _close_pictures():
    """pyplot warns when many figures are open."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
