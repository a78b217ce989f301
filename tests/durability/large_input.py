"""The memory of `report` on a large file, as multiples of the data: of its process, and of all its processes.

    python tests/durability/large_input.py --rows 50000 --columns 1000

The same command on a file of few rows tells what the libraries take; it is measured first and subtracted.
Resident memory counts every page that a process has mapped; proportional memory counts a page that n
processes share as 1/n for each, so that its sum over all processes counts each page once. Linux only.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

MODALITIES = 4
FEW = 400


def write(path: Path, rows: int, columns: int) -> int:
    """A file of noise with two classes; the bytes of its features."""
    draws = np.random.default_rng(0)
    width = columns // MODALITIES
    features = {
        f"m{k}": draws.standard_normal((rows, width), dtype=np.float32) for k in range(MODALITIES)
    }
    y = (features["m0"][:, 0] + draws.normal(size=rows) > 0).astype(int)
    np.savez(path, **features, y=y)
    return sum(each.nbytes for each in features.values())


def peaks(data: Path, out: Path, workers: int, every: float) -> dict[str, float]:
    """The largest resident memory of the process, and the largest proportional one of all, in bytes."""
    command = [sys.executable, "-m", "verify", "report", "--data", str(data), "--out", str(out)]
    command += ["--m", "64", "--head-m", "0", "--trials", "8", "--pair", "m0+m1:m0"]
    environment = {**os.environ, "LOKY_MAX_CPU_COUNT": str(workers), "OMP_NUM_THREADS": "1"}
    run = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    process, together = 0, 0
    while run.poll() is None:
        process = max(process, counted(Path(f"/proc/{run.pid}/status"), "VmHWM"))
        found = [counted(Path(f"/proc/{pid}/smaps_rollup"), "Pss") for pid in family(run.pid)]
        together = max(together, sum(found))
        time.sleep(every)
    if run.returncode:
        raise SystemExit(f"the report ended with exit code {run.returncode}")
    return {"process": process, "together": together}


def family(pid: int) -> list[int]:
    """A process and all that it started, directly or not."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:  # it has ended
                continue
    return found


def counted(path: Path, name: str) -> int:
    """One line of a file of /proc, in bytes; 0 for a process that has ended."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--columns", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--every", type=float, default=0.02, help="seconds between two looks")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        few, many = place / "few.npz", place / "many.npz"
        write(few, FEW, options.columns)
        size = write(many, options.rows, options.columns)
        before = peaks(few, place / "few", options.workers, options.every)
        after = peaks(many, place / "many", options.workers, options.every)
    found = {
        "rows": options.rows,
        "columns": options.columns,
        "workers": options.workers,
        "megabytes": size / 2**20,
    }
    for name in before:
        found[f"{name}_without_data"] = before[name] / 2**20
        found[name] = after[name] / 2**20
        found[f"{name}_ratio"] = (after[name] - before[name]) / size
        found[f"{name}_ratio_with_libraries"] = after[name] / size
    print(json.dumps({key: round(value, 2) for key, value in found.items()}))


if __name__ == "__main__":
    sys.exit(main())
