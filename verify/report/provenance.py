"""When and on what a result was computed, results as JSON's types, and how they are written."""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from verify.execution.part_files import write_atomically


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


def write_document(
    document: dict[str, Any], page: Path, render: Callable[[dict[str, Any]], str]
) -> Path:
    """Write the document as JSON beside `page`, then the page made from that JSON alone.

    Returns the page's path. Each file is whole or absent.
    """
    text = _text(document)
    write_atomically(page.with_suffix(".json"), text)
    write_atomically(page, render(json.loads(text)).encode())
    return page


def digest(document: dict[str, Any]) -> str:
    """The first 16 digits of the SHA-256 of a document's file, from its contents.

    A page states that of the file it was made from: a run that is killed between the two leaves a page
    that is older than the file beside it.

    Examples
    --------
    >>> import hashlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_document({"m": [1, 2.5]}, Path(folder) / "a.html", digest)
    ...     content = page.with_suffix(".json").read_bytes()
    ...     hashlib.sha256(content).hexdigest()[:16] == page.read_text()
    True
    """
    return hashlib.sha256(_text(document)).hexdigest()[:16]


def _text(document: dict[str, Any]) -> bytes:
    # Halves of characters, which UTF-8 has not, become what JSON writes for them.
    text = json.dumps(document, allow_nan=False, ensure_ascii=False, indent=1)
    return text.encode(errors="backslashreplace")
