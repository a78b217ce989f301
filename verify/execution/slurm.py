"""Shards as jobs of a batch system, by submitit: a job that is cut is queued again and goes on.

Needs the extra `slurm`. Executors, and with them partitions, times and memory, are submitit's own.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from loky.backend.reduction import dumps

from bounds.domains import POSITIVE_INTEGER
from verify.design import Design
from verify.execution import part_files
from verify.execution.folder import open_folder
from verify.execution.plan import Shard
from verify.execution.run import check_workers
from verify.execution.shards import Filled, fill_study

if TYPE_CHECKING:
    from submitit import Executor, Job
    from submitit.helpers import DelayedSubmission


@dataclass(frozen=True)
class ShardJob:
    """One shard, as a job computes it.

    Parameters
    ----------
    study
        The file with the pickled study.
    out, shard, workers, chunk
        As for `fill_study`.
    """

    study: Path
    out: Path
    shard: Shard
    workers: int | None
    chunk: int

    def __call__(self) -> Filled:
        """Compute the parts that are missing."""
        design: Design = pickle.loads(self.study.read_bytes())
        return fill_study(
            design, self.out, self.shard, workers=self.workers, chunk=self.chunk, progress=True
        )

    def checkpoint(self) -> DelayedSubmission:
        """What submitit queues when the job is preempted or out of time: parts are checkpoints."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


def submit_study(
    design: Design,
    executor: Executor,
    out: str | Path,
    shards: int,
    *,
    workers: int | None = None,
    chunk: int = 32,
) -> list[Job[Filled]]:
    """Submit one job for each shard of a study; on Slurm, as one array.

    The study is written once, beside the parts, and read by each job. When all jobs have ended,
    `run_study` with `assemble` reads the parts.

    Parameters
    ----------
    design, workers, chunk
        As for `verify.execution.run.run_study`.
    executor
        A `submitit.AutoExecutor` or another executor of submitit, with its parameters set.
    out
        The folder of the study; jobs and this process must share it.
    shards
        How many jobs there are.

    Returns
    -------
    list of submitit.Job
        Each has a `Filled` as its result.

    Raises
    ------
    ValueError
        For an executor that is none, a number of shards, workers or a chunk that is not positive, and
        as `run_study` for the folder.
    """
    if not callable(getattr(executor, "submit", None)) or not hasattr(executor, "batch"):
        raise ValueError(
            "executor must be one of submitit (pip install 'multimodal-bounds[slurm]'), as"
            f" submitit.AutoExecutor(folder), got {type(executor).__name__}"
        )
    count = Shard(1, POSITIVE_INTEGER.whole("shards", shards)).count
    POSITIVE_INTEGER.whole("chunk", chunk)
    check_workers(workers)
    parts = open_folder(out, design).resolve()
    content = dumps(design)
    # The same study has the same file: jobs that are submitted again read it as well.
    path = parts / f"study-{sha256(content).hexdigest()[:16]}.pickle"
    part_files.create(path, content)
    with executor.batch():
        return [
            executor.submit(ShardJob(path, parts.parent, Shard(i, count), workers, chunk))
            for i in range(1, count + 1)
        ]
