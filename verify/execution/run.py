"""Run a study: parts of it on workers, each written to its file when it is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import pandas as pd
import torch

from bounds.domains import POSITIVE_INTEGER
from bounds.names import known_options
from empirical import measure
from verify.design import Design
from verify.execution import cluster, part_files, workers
from verify.execution import progress as shown
from verify.execution.folder import (
    check_writable,
    finished,
    open_folder,
    record_deltas,
    record_look,
)
from verify.execution.tasks import Context, Task, compute
from verify.execution.threads import one_thread
from verify.results.measurements import Measurements
from verify.results.results import Results
from verify.verdicts.shares import shares

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


@dataclass(frozen=True)
class Parts:
    """The part files of a run.

    Parameters
    ----------
    folder
        Where they are; None: nothing is read or written.
    study
        The hash of the configuration to which they belong.
    resume
        Whether existing parts are used.
    """

    folder: Path | None
    study: str
    resume: bool

    def read(self, name: str) -> pd.DataFrame | None:
        """An existing part, if it may be used."""
        if self.folder is None or not self.resume:
            return None
        return part_files.read_part(self.folder / name)

    def write(self, name: str, frame: pd.DataFrame) -> None:
        """Write a part that is done."""
        if self.folder is not None:
            part_files.write_part(self.folder / name, frame, self.study)

    def finished(self) -> list[Task]:
        """The existing parts with trials."""
        return [] if self.folder is None else finished(self.folder)


@known_options
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
    design
        What is measured.
    out
        Folder for part files, which are kept; None: a scratch file that is not. Every delta ever
        asked for in it stays a part of the claims, and has a share of alpha. The looks at it are recorded.
    resume
        Use existing parts. Without it they are computed again and replaced one by one.
    workers
        Processes of one thread each; None: one per core. On a GPU it is always this process alone.
    chunk
        Trials per part, at most: a part that takes longer than 20 s holds fewer. Numbers do not
        depend on it, nor on `workers`.
    progress
        Print what is run and, if it takes more than two minutes, about how long; show a bar with the
        time left on a terminal.
    client
        A `distributed.Client` (extra `cluster`): compute on its cluster, write parts from here.

    Raises
    ------
    ValueError
        If `out` cannot be written or holds another configuration's study, if workers or chunk is not
        a positive integer, or if both workers and a client are given.
    verify.execution.workers.WorkersLostError
        If workers were killed repeatedly; finished parts are kept, as after the next error.
    OSError
        If the disk is full.
    """
    began = time.monotonic()
    POSITIVE_INTEGER.whole("chunk", chunk)
    if workers is not None:
        POSITIVE_INTEGER.whole("workers", workers)
        if client is not None:
            raise ValueError(f"workers must be None where a client is given, got {workers}")
    parts = Parts(None if out is None else open_folder(out, design), design.fingerprint, resume)
    requests = (
        (design.delta,) if parts.folder is None else record_deltas(parts.folder, design.delta)
    )
    measurements = Measurements(design.trials, parts.folder)
    known = _reopen(design, parts, measurements)
    missing = _missing(design, chunk, measurements, known)
    if progress:
        _announce(design, parts, measurements)
    if parts.folder is not None and missing:
        check_writable(parts.folder)
    reference = _reference(design, parts)
    work = partial(compute, Context.of(design, reference))
    total = design.trials * len(design.m)
    done = total - sum(task.trials for task in missing)
    at_once = 1 if client is not None else _processes(missing, workers, design.device)
    forecast = shown.Forecast(
        sum(task.kind == "trials" for task in missing), at_once, progress and client is None
    )
    with shown.bar(total, "measuring", "trials", progress, initial=done) as bar:
        while missing:
            for asked, frame in _spread(work, missing, workers, client, design.device):
                task = asked.done(frame)
                parts.write(task.part, frame)
                if task.kind == "complexity":
                    known[task.m] = frame
                    forecast.begin()
                else:
                    forecast.tell(share=task.trials / asked.trials)
                    measurements.add(frame)
                bar.update(task.trials)
            # Trials are left over where a part took too long for all of them.
            missing = _missing(design, chunk, measurements, known)
    alpha = shares(requests)
    return Results(
        # A delta once asked for stays a part of every claim.
        design=design.at(tuple(sorted(alpha, reverse=True))),
        measurements=measurements,
        complexities=pd.concat([known[m] for m in _sizes(design)], ignore_index=True),
        reference_risk=reference.risk,
        seconds=time.monotonic() - began,
        alpha=alpha,
        planned=design.planned(requests[0]) if requests[0] else 0,
        looks=(
            (design.trials,) if parts.folder is None else record_look(parts.folder, design.trials)
        ),
    )


def _announce(design: Design, parts: Parts, measurements: Measurements) -> None:
    """Print what is measured, and which part of it exists already."""
    heads = f" (heads alone: {', '.join(map(str, design.head_m))})" if design.head_m else ""
    print(
        f"{design.data.name}: {design.population.rows:,} rows, modalities"
        f" {' '.join(', '.join(design.data.names).split())}; {design.trials} samples at each m ="
        f" {', '.join(map(str, design.m))}{heads}",
        flush=True,
    )
    if parts.folder is None:
        return
    if parts.resume:
        left = sum(len(gap) for m in design.m for gap in measurements.gaps(m))
        total = design.trials * len(design.m)
        rest = "the rest is computed" if left else "none is computed again"
        print(f"{total - left:,} of {total:,} samples are there, {rest}", flush=True)
    elif there := len(parts.finished()):
        print(f"{there} parts of this study are there: computed again (--resume uses them)")


def _reopen(design: Design, parts: Parts, measurements: Measurements) -> dict[int, pd.DataFrame]:
    """Read every part that this study can use, each once; return the complexities by m."""
    if not parts.resume:
        return {}
    read = {m: parts.read(Task("complexity", m).part) for m in _sizes(design)}
    for task in parts.finished():
        gaps = measurements.gaps(task.m) if task.m in design.m else []
        if any(gap.start < task.stop and task.start < gap.stop for gap in gaps):
            frame = parts.read(task.part)
            if frame is not None:
                measurements.add(frame)
    return {m: frame for m, frame in read.items() if frame is not None}


def _sizes(design: Design) -> list[int]:
    return sorted({*design.m, *design.head_m}, reverse=True)


def _missing(
    design: Design, chunk: int, measurements: Measurements, known: dict[int, pd.DataFrame]
) -> list[Task]:
    """The parts that must be computed."""
    tasks = [Task("complexity", m) for m in _sizes(design) if m not in known]
    # The longest first, so that no worker has a long one left at the end.
    for m in sorted(design.m, reverse=True):
        size = measure.block_size(m, design.population.rows, design.population.outputs)
        step = -(-chunk // size) * size
        for gap in measurements.gaps(m):
            # Cut at multiples of the step, whatever the gap: blocks are always computed as a whole.
            inner = range(gap.start - gap.start % step + step, gap.stop, step)
            edges = [gap.start, *inner, gap.stop]
            tasks += [Task("trials", m, a, b) for a, b in pairwise(edges)]
    return tasks


def _reference(design: Design, parts: Parts) -> measure.Reference:
    frame = parts.read(REFERENCE)
    if frame is not None:
        losses = torch.from_numpy(frame["loss"].to_numpy(copy=True))
        return measure.Reference(losses, float(losses.mean()))
    with one_thread():
        reference = measure.fit_reference(design.population, design.plan)
    parts.write(REFERENCE, pd.DataFrame({"loss": reference.losses.numpy()}))
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
    return workers.spread(work, tasks, _processes(tasks, count, device))


def _processes(tasks: list[Task], count: int | None, device: str) -> int:
    # One process drives a GPU; more would share it, and its memory.
    most = 1 if device == "cuda" else workers.most_workers(count)
    return min(most, max(1, len(tasks)))
