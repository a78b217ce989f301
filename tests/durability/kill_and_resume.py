"""Kill a study with SIGKILL at random moments, resume it, and compare with one that was left alone.

    python tests/durability/kill_and_resume.py --kills 50 --seed 0

After each kill: no finished part may change or vanish, no worker may outlive its parent for long, and
the resumed study must report the same numbers, bit for bit. Then two processes run one study in one
folder at the same time. The exit code is 1 where anything differed. Linux only (it forks).
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import torch

from empirical import datasets
from verify import Study

GRACE = 10.0
"""Seconds that a worker may outlive its parent."""


def fork(study: Study, out: Path, workers: int, chunk: int) -> int:
    """Start the study in a process of its own; its id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    with contextlib.suppress(BaseException):
        # What is said about damaged files belongs to the summary's reader.
        study.report(out, resume=True, workers=workers, chunk=chunk)
        code = 0
    os._exit(code)


def finish(pid: int) -> None:
    """Wait for a process that must end well."""
    if os.waitpid(pid, 0)[1] != 0:
        raise SystemExit("a study that nobody killed did not finish")


def numbers(out: Path) -> dict[str, Any]:
    """report.json without what time and place decide."""
    document = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return {k: v for k, v in document.items() if k not in ("seconds", "environment", "command")}


def parts(out: Path) -> dict[str, tuple[str, int]]:
    """Each finished part's digest and time of change."""
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in (out / "parts").glob("*.parquet")
    }


def kill(pid: int, after: float) -> tuple[bool, int]:
    """SIGKILL after some seconds: whether it came before the end, and the workers left for long."""
    time.sleep(after)
    children = []
    with contextlib.suppress(psutil.NoSuchProcess):
        children = psutil.Process(pid).children(recursive=True)
    os.kill(pid, signal.SIGKILL)
    killed = os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    return killed, len(psutil.wait_procs(children, timeout=GRACE)[1])


def main() -> int:
    """Run, print one line per kill and a summary; 0 where nothing differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="taken in turn")
    options = parser.parse_args()
    torch.set_num_threads(1)  # threads do not survive a fork
    study = Study(
        datasets.diabetes(),
        pairs=[(["vitals", "serum"], ["vitals"])],
        m=[64, 256],
        head_m=[1000],
        delta=[0.1],
        trials=options.trials,
        steps=10,
    )
    moments = random.Random(options.seed)
    work = Path(tempfile.mkdtemp(prefix="kill-and-resume-"))
    # The first one runs here: what it loads and compiles, the forks need not.
    study.report(work / "whole", workers=1)
    expected = numbers(work / "whole")
    faults = landed = kept = 0
    seconds = {}
    for workers in sorted(set(options.workers)):
        began = time.monotonic()
        finish(fork(study, work / f"whole-{workers}", workers, chunk=32))
        seconds[workers] = time.monotonic() - began
        faults += numbers(work / f"whole-{workers}") != expected
    while landed < options.kills:
        workers = options.workers[landed % len(options.workers)]
        out, after = work / "cut", moments.uniform(0, seconds[workers])
        killed, orphans = kill(fork(study, out, workers, chunk=32), after)
        before = parts(out) if out.exists() else {}
        finish(fork(study, out, workers, chunk=32))
        now = parts(out)
        lost = [name for name in before if now.get(name) != before[name]]
        differs = numbers(out) != expected
        landed += killed
        kept += len(before) if killed else 0
        faults += bool(lost) + bool(orphans) + differs
        print(
            f"{workers} worker(s), {'killed' if killed else 'ended'} at {after:5.2f} s:"
            f" {len(before):3d} of {len(now)} parts there, {len(lost)} lost, {orphans} orphans,"
            f" numbers {'DIFFER' if differs else 'equal'}",
            flush=True,
        )
        shutil.rmtree(out)
    both = [fork(study, work / "shared", options.workers[-1], chunk=c) for c in (32, 64)]
    for pid in both:
        finish(pid)
    finish(fork(study, work / "shared", 1, chunk=32))
    differs = numbers(work / "shared") != expected
    faults += differs
    print(f"two processes in one folder: numbers {'DIFFER' if differs else 'equal'}")
    print(f"{landed} kills (seed {options.seed}), {kept} finished parts kept, {faults} faults")
    shutil.rmtree(work)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
