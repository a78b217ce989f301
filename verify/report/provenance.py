"""When and on what a result was computed, and results as JSON's types."""

from __future__ import annotations

import math
import os
import platform
import sys
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import torch


def provenance() -> dict[str, Any]:
    """Date, Python, platform, cores, GPU and packages."""
    packages = (
        "multimodal-bounds",
        "torch",
        "numpy",
        "scipy",
        "sympy",
        "pandas",
        "pyarrow",
        "scikit-learn",
        "matplotlib",
    )
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "packages": {name: metadata.version(name) for name in packages},
    }


def plain(value: Any) -> Any:
    """JSON's types only; non-finite numbers become None.

    Examples
    --------
    >>> import numpy as np
    >>> plain({"a": (np.float64("inf"), np.int64(2))})
    {'a': [None, 2]}
    """
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
