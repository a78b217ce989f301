"""The history of the benchmarks: each run adds one line of JSON to a file.

A line holds the benchmark, the time, the commit of the library that was measured, the machine, and the
figures by name, which are ratios wherever the benchmark has something to compare with. The file is
`history.jsonl` beside this module, which git ignores, or the one after `--history`; `--history ""` keeps
nothing. `python tests/benchmarks/plot_history.py` draws such a file.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

DEFAULT = Path(__file__).with_name("history.jsonl")
LIBRARY = Path(str(getattr(find_spec("bounds"), "origin", __file__))).parents[1]
"""Where the library that is measured lies, which may be another checkout than this file's."""


def parser(description: str | None, data: Path | None = None) -> argparse.ArgumentParser:
    """The options of a benchmark: `--history`, to which it may add its own.

    Parameters
    ----------
    description
        The benchmark's docstring.
    data
        The file that it reads if the command names no other; None: it reads none.
    """
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument(
        "--history",
        default=str(DEFAULT),
        metavar="FILE",
        help="add a line with the figures to this file; '' for none",
    )
    if data is not None:
        made.add_argument("path", nargs="?", type=Path, default=data)
    return made


def record(script: str, figures: Mapping[str, float], history: str = str(DEFAULT)) -> None:
    """Add the line of a run that has ended.

    Parameters
    ----------
    script
        The benchmark's `__file__`.
    figures
        What it measured, by name.
    history
        The value of `--history`.

    Raises
    ------
    ValueError
        If there is no figure, or one is not finite.
    """
    values = {name: float(value) for name, value in figures.items()}
    wrong = [name for name, value in values.items() if not math.isfinite(value)]
    if wrong or not values:
        raise ValueError(f"figures must be finite numbers, got {wrong or 'none'}")
    if not history:
        return
    line = {
        "benchmark": Path(script).stem,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **commit(LIBRARY),
        "machine": machine(),
        "figures": {name: float(f"{value:.6g}") for name, value in values.items()},
    }
    # One write to a file opened for appending: lines of runs that end at once do not mix.
    with open(history, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    print(f"added to {history}")


def read(path: str | Path) -> list[dict[str, Any]]:
    """The lines of a history, oldest first.

    Raises
    ------
    ValueError
        Naming the first line that is not one of a history.
    """
    lines = []
    for number, text in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), start=1):
        try:
            line = json.loads(text)
            lines.append({**line, "figures": dict(line["figures"])})
            str(line["benchmark"]), str(line["time"])
        except (ValueError, TypeError, KeyError):
            raise ValueError(f"line {number} of {path} must be a run, got {text[:80]!r}") from None
    return sorted(lines, key=lambda line: str(line["time"]))


def commit(folder: Path) -> dict[str, Any]:
    """The commit that is checked out in a folder, and whether files differ from it."""
    head = _git(folder, "rev-parse", "--short=10", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"commit": head, "changed": None if head is None else bool(changes)}


def machine() -> dict[str, Any]:
    """What speed depends on besides the code; load is that of the last five minutes."""
    import torch  # here, since whoever reads a history needs none

    return {
        "processor": processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[1], 1) if hasattr(os, "getloadavg") else None,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in ("torch", "numpy")},
    }


def processor() -> str:
    """The name of the processor."""
    try:
        lines: Iterable[str] = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = ()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
