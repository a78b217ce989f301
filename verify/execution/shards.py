"""Shards of a study: shares of its parts that any number of processes and machines compute in one folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bounds.names import known_options
from verify.design import Design
from verify.execution import devices
from verify.execution.folder import finished, open_folder, record_division
from verify.execution.plan import Plan, Shard, unfinished_shards
from verify.execution.run import Parts, check_workers, compute_missing, reopen
from verify.execution.tasks import Task
from verify.results.trials import KnownTrials

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class Filled:
    """What a folder holds after a shard was computed.

    Parameters
    ----------
    shard
        The shard.
    computed
        The number of parts that this run computed; the others of the shard were there.
    unfinished
        The shards that lack parts, by index: others may still be computing them.
    """

    shard: Shard
    computed: int
    unfinished: tuple[int, ...]

    def __str__(self) -> str:
        done = f"shard {self.shard} is finished, {self.computed} parts computed"
        return f"{done}; {unfinished_shards(self.unfinished, self.shard.count)}"


@known_options
def fill_study(
    design: Design,
    out: str | Path,
    shard: Any,
    *,
    workers: int | None = None,
    chunk: int = 32,
    progress: bool = False,
    client: Client | None = None,
) -> Filled:
    """Compute the parts of one shard that are not in the folder yet.

    Which parts these are depends on the design, the chunk and the shard alone: processes need not know
    of each other. Several may compute the same shard, and a shard that was cut goes on where it was.
    When all shards are finished, `run_study` with `resume` or `assemble` reads the parts: numbers are
    those of one process.

    Parameters
    ----------
    design, workers, chunk, progress, client
        As for `verify.execution.run.run_study`; the chunk must be the same in all shards.
    out
        The folder that all shards share.
    shard
        A `Shard`, the text "i/n", or the pair (i, n), where i counts from 1. Of several GPUs of a
        machine it takes number (i - 1) modulo their count, unless the design names one.

    Raises
    ------
    ValueError
        As `run_study`, and for a shard that is none.
    verify.execution.workers.WorkersLostError
        If workers were killed repeatedly; finished parts are kept, as after the next error.
    OSError
        If the disk is full.
    """
    mine, plan = Shard.of(shard), Plan(design, chunk)
    check_workers(workers, client)
    if client is None:
        devices.local(design.device, mine.index - 1)
    folder = open_folder(out, design)
    record_division(folder, mine.count, chunk)
    parts = Parts(folder, design.fingerprint, resume=True)
    # What others compute counts as known.
    trials, sizes = plan.others(mine)
    known = reopen(plan, parts, trials, sizes) | {m: pd.DataFrame() for m in sizes}
    missing = plan.missing(trials.gaps, known)
    if progress:
        print(
            f"{design.data.name}: shard {mine}, {len(missing)} parts of it are missing in {folder}",
            flush=True,
        )
    if missing:
        compute_missing(plan, parts, trials, known, workers, client, progress, mine.index - 1)
    left = {plan.shard(task, mine.count).index for task in _missing(plan, folder)}
    return Filled(mine, len(missing), tuple(sorted(left)))


def _missing(plan: Plan, folder: Path) -> list[Task]:
    """The parts that no file in the folder is named after."""
    trials = KnownTrials(plan.design.trials)
    for task in finished(folder):
        trials.mark(task.m, range(task.start, task.stop))
    known = [m for m in plan.sizes if (folder / Task("complexity", m).part).exists()]
    return plan.missing(trials.gaps, known)
