"""Run a study: parts of it on workers, each written to its file when it is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import loky
import pandas as pd
import torch
from tqdm import tqdm

from empirical import measure
from verify.design import Design
from verify.execution import cluster, workers
from verify.execution import part_files as store
from verify.execution.folder import check_writable, finished, open_folder
from verify.execution.tasks import Context, Task, compute, one_thread
from verify.results.results import Results
from verify.results.trials import Trials

if TYPE_CHECKING:
    from distributed import Client

REFERENCE = "reference.parquet"


class RunOptions(TypedDict, total=False):
    """How a study is run; no number depends on it. See `run_study`."""

    resume: bool
    workers: int | None
    chunk: int
    progress: bool
    client: Client | None


def run_study(
    design: Design,
    out: str | Path | None = None,
    *,
    resume: bool = False,
    workers: int | None = None,
    chunk: int = 32,
    progress: bool = False,
    client: Client | None = None,
) -> Results:
    """Measure every trial of a study, in memory that does not grow with their number.

    Parameters
    ----------
    out
        Folder for part files, which survive this process; None: a scratch file that does not.
    resume
        Use the parts that are there; without it they are computed again and replaced one by one.
    workers
        Processes of one thread each; None: one per core. A GPU is driven from this process.
    chunk
        Trials per part; numbers do not depend on it, nor on `workers`.
    progress
        Say what is run, and show a progress bar on a terminal.
    client
        a `distributed.Client`: compute on its cluster (extra `cluster`), write parts from here.

    Raises
    ------
    ValueError
        If `out` cannot be written or holds another configuration's study, if workers or chunk is
        not a positive integer, or if both workers and a client are given;
        `workers.WorkersLostError` where workers die faster than they finish anything.
    OSError
        If the disk is full. What was finished is kept in any case.
    """
    for name, value in (("workers", 1 if workers is None else workers), ("chunk", chunk)):
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a positive integer, got {value!r}")
    if client is not None and workers is not None:
        raise ValueError(f"workers must be None where a client is given, got {workers}")
    began = time.monotonic()
    parts = None if out is None else open_folder(out, design)
    if progress:
        _announce(design)
    trials = Trials(design.trials, parts)
    known = _reopen(design, parts, trials) if resume and parts is not None else {}
    missing = _missing(design, chunk, trials, known)
    if parts is not None and missing:
        check_writable(parts)
    if parts is not None and progress:
        _say_what_is_kept(parts, trials, design, resume)
    reference = _reference(design, parts, resume)
    work = partial(compute, Context.of(design, reference))
    identity = design.fingerprint
    with tqdm(
        total=design.trials * len(design.m),
        initial=design.trials * len(design.m) - sum(task.trials for task in missing),
        unit=" trials",
        desc="measuring",
        disable=None if progress else True,
    ) as bar:
        for task, frame in _spread(work, missing, workers, client, design.device):
            if parts is not None:
                store.write_part(parts / task.part, frame, identity)
            if task.kind == "complexity":
                known[task.m] = frame
            else:
                trials.add(frame)
            bar.update(task.trials)
    return Results(
        design=design,
        trials=trials,
        complexities=pd.concat([known[m] for m in _sizes(design)], ignore_index=True),
        reference_risk=reference.risk,
        seconds=time.monotonic() - began,
    )


def _announce(design: Design) -> None:
    heads = f" (heads alone: {', '.join(map(str, design.head_m))})" if design.head_m else ""
    print(
        f"{design.data.name}: {design.population.rows:,} rows, modalities"
        f" {' '.join(', '.join(design.data.names).split())}; {design.trials} samples at each m ="
        f" {', '.join(map(str, design.m))}{heads}",
        flush=True,
    )


def _say_what_is_kept(parts: Path, trials: Trials, design: Design, resume: bool) -> None:
    there = len(list(finished(parts)))
    if there and not resume:
        print(f"{there} parts of this study are there: computed again (--resume uses them)")
    if resume:
        left = sum(len(gap) for m in design.m for gap in trials.gaps(m))
        total = trials.count * len(design.m)
        rest = "the rest is computed" if left else "none is computed again"
        print(f"{total - left:,} of {total:,} samples are there, {rest}", flush=True)


def _reopen(design: Design, parts: Path, trials: Trials) -> dict[int, pd.DataFrame]:
    """Read every part that this study can use, each once; return the complexities by m."""
    known = {}
    for m in _sizes(design):
        frame = store.read_part(parts / Task("complexity", m).part)
        if frame is not None:
            known[m] = frame
    for task in finished(parts):
        wanted = range(task.start, min(task.stop, trials.count))
        gaps = trials.gaps(task.m) if task.m in design.m else []
        if any(max(gap.start, wanted.start) < min(gap.stop, wanted.stop) for gap in gaps):
            frame = store.read_part(parts / task.part)
            if frame is not None:
                trials.add(frame)
    return known


def _sizes(design: Design) -> list[int]:
    return sorted({*design.m, *design.head_m}, reverse=True)


def _missing(
    design: Design, chunk: int, trials: Trials, known: dict[int, pd.DataFrame]
) -> list[Task]:
    tasks = [Task("complexity", m) for m in _sizes(design) if m not in known]
    # The longest first, so that no worker is left alone with one at the end.
    for m in sorted(design.m, reverse=True):
        size = measure.block_size(m, design.population.rows)
        step = -(-chunk // size) * size
        for gap in trials.gaps(m):
            # Cut at multiples of the step, whatever the gap: a block is always computed whole.
            inner = range(gap.start - gap.start % step + step, gap.stop, step)
            edges = [gap.start, *inner, gap.stop]
            tasks += [Task("trials", m, a, b) for a, b in pairwise(edges)]
    return tasks


def _reference(design: Design, parts: Path | None, resume: bool) -> measure.Reference:
    if resume and parts is not None:
        frame = store.read_part(parts / REFERENCE)
        if frame is not None:
            losses = torch.from_numpy(frame["loss"].to_numpy(copy=True))
            return measure.Reference(losses, float(losses.mean()))
    with one_thread():
        reference = measure.fit_reference(design.population, design.plan)
    if parts is not None:
        frame = pd.DataFrame({"loss": reference.losses.numpy()})
        store.write_part(parts / REFERENCE, frame, design.fingerprint)
    return reference


def _spread(
    work: partial[pd.DataFrame],
    tasks: list[Task],
    count: int | None,
    client: Client | None,
    device: str,
) -> Iterator[tuple[Task, pd.DataFrame]]:
    if client is not None:
        return cluster.spread(client, work, tasks)
    # One process drives a GPU; more would share it, and its memory.
    most = 1 if device == "cuda" else count or loky.cpu_count()
    return workers.spread(work, tasks, min(most, max(1, len(tasks))))
