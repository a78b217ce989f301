"""The memory of a study against its number of trials: measured and reported, each in its own process.

    python tests/durability/memory.py --trials 500 10000

prints the largest resident size of the process that runs the study, and of its largest worker. The study is
small and fast, so that what grows with the trials is not hidden. Linux only (it forks).
"""

import argparse
import json
import os
import resource
import sys

import numpy as np
import torch

from verify import Study, verify_dataset
from verify.report.document import document


def study(trials: int) -> Study:
    """Three modalities of noise, 60 rows, nearly no training."""
    rng = np.random.default_rng(0)
    features = {name: rng.normal(size=(60, 2)) for name in ("a", "b", "c")}
    target = features["a"][:, 0] > 0
    return verify_dataset(
        features, target.astype(int), m=[16], head_m=[100], trials=trials, steps=1, width=2
    )


def largest(trials: int, workers: int) -> dict[str, float]:
    """Megabytes of the process and of its largest worker."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        document(study(trials).run(workers=workers))
        worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        os.write(write, str(worker).encode())
        os._exit(0)
    _, status, usage = os.wait4(pid, 0)
    os.close(write)
    if status:
        raise SystemExit("the study failed")
    worker = int(os.read(read, 100))
    return {"trials": trials, "process": usage.ru_maxrss / 1024, "worker": worker / 1024}


def main() -> None:
    """Print one line of JSON per number of trials."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, nargs="+", default=[500, 10000])
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)  # threads do not survive a fork
    document(study(2).run(workers=1))  # what this loads and compiles, the forks need not
    for trials in options.trials:
        print(json.dumps(largest(trials, options.workers)), flush=True)


if __name__ == "__main__":
    sys.exit(main())
