"""Kill a study with SIGKILL at random moments, resume it, and compare with one that was left alone.

    python tests/durability/kill_and_resume.py --kills 50 --seed 0
    python tests/durability/kill_and_resume.py --kills 10 --small        # in seconds

After each kill: no finished part may change or vanish, no worker may outlive its parent for long, and
the resumed study must report the same numbers, bit for bit. A small study has parts of a few milliseconds
and no page: its kills meet files that are being written more often. Then two processes run one study in one
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from empirical import datasets
from verify import Study, verify_dataset

GRACE = 10.0
"""Seconds that a worker may outlive its parent."""


def fork(run: Callable[..., object], out: Path, workers: int, chunk: int) -> int:
    """Start `Study.run` or `Study.report` in a process of its own; its id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    with contextlib.suppress(BaseException):
        # What is said about damaged files belongs to the summary's reader.
        run(out, resume=True, workers=workers, chunk=chunk)
        code = 0
    os._exit(code)


def finish(pid: int) -> None:
    """Wait for a process that must end well."""
    if os.waitpid(pid, 0)[1] != 0:
        raise SystemExit("a study that nobody killed did not finish")


def numbers(study: Study, out: Path, small: bool) -> Any:
    """report.json without what time and place decide; of a small study what its parts hold."""
    if small:
        found = study.run(out, resume=True, workers=1)
        return found.frame.to_csv(), found.complexities.to_csv()
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


def a_study(trials: int) -> Study:
    """Parts of about a second."""
    return Study(
        datasets.diabetes(),
        pairs=[(["vitals", "serum"], ["vitals"])],
        m=[64, 256],
        head_m=[1000],
        delta=[0.1],
        trials=trials,
        steps=10,
    )


def small_study(trials: int) -> Study:
    """Nearly no rows and no training."""
    rng = np.random.default_rng(0)
    rows = {name: rng.normal(size=(40, 2)) for name in ("a", "b")}
    y = (rows["a"][:, 0] > 0).astype(int)
    return verify_dataset(rows, y, m=[8, 16], head_m=[], trials=trials, steps=1, width=2)


def main() -> int:
    """Run, print one line per kill and a summary; 0 where nothing differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="taken in turn")
    options = parser.parse_args()
    torch.set_num_threads(1)  # threads do not survive a fork
    study = small_study(options.trials) if options.small else a_study(options.trials)
    small, chunk = options.small, 1 if options.small else 32
    run = study.run if small else study.report
    moments = random.Random(options.seed)
    work = Path(tempfile.mkdtemp(prefix="kill-and-resume-"))
    # The first one runs here: what it loads and compiles, the forks need not.
    run(work / "whole", workers=1)
    expected = numbers(study, work / "whole", small)
    faults = landed = kept = 0
    seconds = {}
    for workers in sorted(set(options.workers)):
        began = time.monotonic()
        finish(fork(run, work / f"whole-{workers}", workers, chunk))
        seconds[workers] = time.monotonic() - began
        faults += numbers(study, work / f"whole-{workers}", small) != expected
    while landed < options.kills:
        workers = options.workers[landed % len(options.workers)]
        out, after = work / "cut", moments.uniform(0, seconds[workers])
        killed, orphans = kill(fork(run, out, workers, chunk), after)
        before = parts(out) if out.exists() else {}
        finish(fork(run, out, workers, chunk))
        now = parts(out)
        lost = [name for name in before if now.get(name) != before[name]]
        differs = numbers(study, out, small) != expected
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
    both = [fork(run, work / "shared", options.workers[-1], c) for c in (32, 64)]
    for pid in both:
        finish(pid)
    finish(fork(run, work / "shared", 1, chunk))
    differs = numbers(study, work / "shared", small) != expected
    faults += differs
    print(f"two processes in one folder: numbers {'DIFFER' if differs else 'equal'}")
    print(f"{landed} kills (seed {options.seed}), {kept} finished parts kept, {faults} faults")
    shutil.rmtree(work)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
