"""Run a study: parts of it on workers, each written to its file when it is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict

import pandas as pd
import torch

from bounds.domains import POSITIVE_INTEGER
from bounds.names import known_options
from empirical import measure
from verify.design import Design
from verify.execution import cluster, devices, part_files, workers
from verify.execution import progress as shown
from verify.execution.folder import (
    check_writable,
    divisions,
    finished,
    open_folder,
    record_deltas,
    record_look,
)
from verify.execution.plan import Plan, unfinished_shards
from verify.execution.tasks import Context, Task, Timing, compute, timed
from verify.execution.threads import one_thread
from verify.results.measurements import Measurements
from verify.results.results import Results
from verify.verdicts.shares import shares

if TYPE_CHECKING:
    from distributed import Client

REFERENCE = "reference.parquet"


class Options(TypedDict, total=False):
    """How parts are computed; no number depends on it. See `run_study`."""

    workers: int | None
    chunk: int
    progress: bool
    client: Client | None


class RunOptions(Options, total=False):
    """How a study is run; no number depends on it. See `run_study`."""

    resume: bool
    assemble: bool


class UnfinishedError(RuntimeError):
    """Parts are missing where none was to be computed."""


class Gathered(Protocol):
    """What takes the measured trials, part by part, and knows which are missing."""

    def add(self, frame: pd.DataFrame) -> None:
        """Take the trials of a part."""

    def gaps(self, m: int) -> list[range]:
        """The trials that are missing at size m."""


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

    def settle(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Write a part that all processes must share; where another one was first, its part counts."""
        if self.folder is None or not self.resume:
            self.write(name, frame)
            return frame
        part_files.create_part(self.folder / name, frame, self.study)
        there = self.read(name)
        return frame if there is None else there

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
    assemble: bool = False,
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
        Processes of one thread each; None: one per core. On a GPU it is always this process alone: several
        cards take one process each, as shards.
    chunk
        Trials per part, at most: a part that takes longer than 20 s holds fewer. Numbers do not
        depend on it, nor on `workers`.
    progress
        Print what is run and, once a few samples were measured, about how long if it takes more than
        two minutes; show a bar with the time left on a terminal.
    client
        A `distributed.Client` (extra `cluster`): compute on its cluster, write parts from here.
    assemble
        Compute nothing: use the parts that `verify.execution.shards.fill_study` has written.

    Raises
    ------
    ValueError
        If `out` cannot be written or holds another configuration's study, if workers or chunk is not
        a positive integer, or if both workers and a client are given.
    UnfinishedError
        If parts are missing that `assemble` needs, with the shards that lack them.
    verify.execution.workers.WorkersLostError
        If workers were killed repeatedly; finished parts are kept, as after the next error.
    OSError
        If the disk is full.
    """
    began = time.monotonic()
    plan = Plan(design, chunk)
    check_workers(workers, client)
    devices.check(design.device, resume or assemble, client)
    parts = _parts(design, out, resume or assemble)
    measurements = Measurements(design.trials, parts.folder)
    known = reopen(plan, parts, measurements)
    missing = plan.missing(measurements.gaps, known)
    unfinished = _unfinished(design, parts, measurements, known) if missing else ""
    if assemble and missing:
        counted = "1 part is" if len(missing) == 1 else f"{len(missing)} parts are"
        raise UnfinishedError(f"{counted} missing in {out}" + (unfinished and f": {unfinished}"))
    requests = (
        (design.delta,) if parts.folder is None else record_deltas(parts.folder, design.delta)
    )
    if progress:
        _announce(design, parts, measurements)
        if unfinished:
            print(f"{unfinished}: what is missing is computed here", flush=True)
    reference = compute_missing(plan, parts, measurements, known, workers, client, progress)
    alpha = shares(requests)
    return Results(
        # A delta once asked for stays a part of every claim.
        design=design.at(tuple(sorted(alpha, reverse=True))),
        measurements=measurements,
        complexities=pd.concat([known[m] for m in plan.sizes], ignore_index=True),
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
    trained, all_sets = len(design.family.subsets), 2 ** len(design.data.names) - 1
    if trained < all_sets:
        print(
            f"{trained} of {all_sets:,} sets of modalities are trained, {len(design.family.pairs)} pairs"
            " compared; --pair chooses others",
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


def reopen(
    plan: Plan, parts: Parts, trials: Gathered, known: Container[int] = ()
) -> dict[int, pd.DataFrame]:
    """Read every part that fills a gap, each once; return the complexities by m, but those known."""
    if not parts.resume:
        return {}
    read = {m: parts.read(Task("complexity", m).part) for m in plan.sizes if m not in known}
    for task in parts.finished():
        gaps = trials.gaps(task.m) if task.m in plan.design.m else []
        if any(gap.start < task.stop and task.start < gap.stop for gap in gaps):
            frame = parts.read(task.part)
            if frame is not None:
                trials.add(frame)
    return {m: frame for m, frame in read.items() if frame is not None}


def compute_missing(
    plan: Plan,
    parts: Parts,
    trials: Gathered,
    known: dict[int, pd.DataFrame],
    workers: int | None,
    client: Client | None,
    progress: bool,
    turn: int = 0,
) -> measure.Reference:
    """Compute what is missing, write each part, and add it to `trials` or to `known`.

    `turn` is the number of this process among those that share the study, from 0.
    """
    missing = plan.missing(trials.gaps, known)
    design = plan.design
    if missing and client is None:
        devices.local(design.device, turn)
    if parts.folder is not None and missing:
        check_writable(parts.folder)
    reference = _reference(design, parts)
    work = partial(timed, compute, Context.of(design, reference, turn))
    total = design.trials * len(design.m)
    done = total - sum(task.trials for task in missing)
    at_once = 1 if client is not None else _processes(missing, workers, design.device)
    left = {m: sum(task.trials for task in missing if task.m == m) for m in design.m}
    forecast = shown.Forecast(left, at_once, progress and client is None)
    missing = plan.order(missing, at_once)
    with shown.bar(total, "measuring", "trials", progress, initial=done) as bar:
        while missing:
            for asked, (frame, timing) in _spread(work, missing, workers, client, design.device):
                task = asked.done(frame)
                parts.write(task.part, frame)
                if task.kind == "complexity":
                    known[task.m] = frame
                else:
                    trials.add(frame)
                    forecast.add(task.m, task.trials, timing.seconds, timing.cold)
                bar.update(task.trials)
            # Trials are left over where a part took too long for all of them.
            missing = plan.missing(trials.gaps, known)
    return reference


def check_workers(workers: int | None, client: Client | None = None) -> None:
    """Check how the work is shared out."""
    if workers is not None:
        POSITIVE_INTEGER.whole("workers", workers)
        if client is not None:
            raise ValueError(f"workers must be None where a client is given, got {workers}")


def _parts(design: Design, out: str | Path | None, resume: bool) -> Parts:
    return Parts(None if out is None else open_folder(out, design), design.fingerprint, resume)


def _unfinished(design: Design, parts: Parts, trials: Gathered, known: Container[int]) -> str:
    """The shards whose parts are missing, in words, if the study was ever divided."""
    words = []
    for count, chunk in [] if parts.folder is None else divisions(parts.folder):
        plan = Plan(design, chunk)
        left = {plan.shard(task, count).index for task in plan.missing(trials.gaps, known)}
        words.append(unfinished_shards(left, count))
    return "; ".join(words)


def _reference(design: Design, parts: Parts) -> measure.Reference:
    frame = parts.read(REFERENCE)
    if frame is not None:
        return _reference_of(frame)
    with one_thread():
        losses = measure.fit_reference(design.population, design.plan).losses
    # Processes that fit it at once, perhaps on different processors, must all use the same one.
    return _reference_of(parts.settle(REFERENCE, pd.DataFrame({"loss": losses.numpy()})))


def _reference_of(frame: pd.DataFrame) -> measure.Reference:
    losses = torch.from_numpy(frame["loss"].to_numpy(copy=True))
    return measure.Reference(losses, float(losses.mean()))


def _spread(
    work: Callable[[Task], tuple[pd.DataFrame, Timing]],
    tasks: list[Task],
    count: int | None,
    client: Client | None,
    device: str,
) -> Iterator[tuple[Task, tuple[pd.DataFrame, Timing]]]:
    if client is not None:
        return cluster.spread(client, work, tasks)
    return workers.spread(work, tasks, _processes(tasks, count, device))


def _processes(tasks: list[Task], count: int | None, device: str) -> int:
    # One process drives a GPU; more would share it, and its memory.
    most = 1 if devices.kind(device) == "cuda" else workers.most_workers(count)
    return min(most, max(1, len(tasks)))
