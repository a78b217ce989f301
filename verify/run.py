"""Run a study: chunks of trials on worker processes, each streamed to its part file when it is done."""

from __future__ import annotations

import os
import pickle
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import joblib
import pandas as pd
import torch
from tqdm import tqdm

from empirical import complexity, measure
from empirical.fusion import Subsets
from empirical.worlds.finite import FinitePopulation
from verify import store
from verify.study import Study

PARTS = "parts"


@dataclass(frozen=True)
class Results:
    """A finished study.

    frame         one row per (trial, m, subset, head), the columns of `empirical.measure.measure`
    complexities  one row per (m, class of a subset): ends of the complexity intervals and what was found
    reference_risk  the population risk of the function that stands for h* o g*
    seconds       wall-clock time of this run
    """

    study: Study
    frame: pd.DataFrame
    complexities: pd.DataFrame
    reference_risk: float
    seconds: float


@dataclass(frozen=True)
class Task:
    """One part: the complexities at m, or the trials [start, stop) at m."""

    kind: str
    m: int
    start: int = 0
    stop: int = 0

    @property
    def part(self) -> str:
        """The part's file name."""
        if self.kind == "trials":
            return f"trials-m{self.m}-{self.start:06d}-{self.stop:06d}.parquet"
        return f"{self.kind}-m{self.m}.parquet"


def run_study(
    study: Study,
    out: str | Path | None = None,
    *,
    resume: bool = False,
    workers: int | None = None,
    chunk: int = 32,
    progress: bool = False,
) -> Results:
    """Measure every trial of a study.

    out       folder for part files; None keeps results in memory only
    resume    use the parts that are there; without it they are computed again and replaced one by one
    workers   processes of one thread each; None: one per core. A GPU is driven from this process
    chunk     trials per part; numbers do not depend on it, nor on `workers`
    progress  say what is run, and show a progress bar on a terminal

    Raises ValueError where `out` cannot be written or holds another configuration's study, or where
    workers or chunk is not a positive integer.
    """
    for name, value in (("workers", 1 if workers is None else workers), ("chunk", chunk)):
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a positive integer, got {value!r}")
    began = time.monotonic()
    identity = study.fingerprint()
    folder = None if out is None else open_folder(out, identity)
    tasks = _tasks(study, chunk)
    done: dict[Task, pd.DataFrame] = {}
    if resume and folder is not None:
        for task in tasks:
            frame = store.read_part(folder / task.part)
            if frame is not None:
                done[task] = frame
    missing = [task for task in tasks if task not in done]
    if progress:
        _announce(study, folder, resume)
    reference = _reference(study, folder, identity, resume)
    count = min(workers or len(os.sched_getaffinity(0)), max(1, len(missing)))
    with tempfile.TemporaryDirectory() as scratch:
        context = Path(scratch) / "context.pickle"
        classes = tuple(study.indices(subset) for subset in study.classes)
        shared = (study.population, study.design, reference, study.head_m, classes)
        context.write_bytes(pickle.dumps(shared))
        job = _Job(str(context), study.device, None if folder is None else str(folder), identity)
        bar = tqdm(
            total=sum(_cost(t) for t in tasks),
            initial=sum(_cost(t) for t in done),
            unit=" trials",
            desc="measuring",
            disable=None if progress else True,
        )
        with bar:
            for task, frame in _execute(job, missing, count, max(study.m)):
                done[task] = frame
                bar.update(_cost(task))
    ordered = [done[task] for task in tasks if task.kind == "trials"]
    return Results(
        study=study,
        frame=pd.concat(ordered, ignore_index=True),
        complexities=pd.concat(
            [done[t] for t in tasks if t.kind == "complexity"], ignore_index=True
        ),
        reference_risk=reference.risk,
        seconds=time.monotonic() - began,
    )


def _announce(study: Study, folder: Path | None, resume: bool) -> None:
    heads = f" (heads alone: {', '.join(map(str, study.head_m))})" if study.head_m else ""
    print(
        f"{study.data.name}: {study.population.rows:,} rows, modalities"
        f" {' '.join(', '.join(study.data.names).split())}; {study.trials} samples at each m ="
        f" {', '.join(map(str, study.m))}{heads}",
        flush=True,
    )
    kept = 0 if folder is None else len(list(folder.glob("trials-*.parquet")))
    if kept and not resume:
        print(f"{kept} parts of this study are there: computed again (--resume uses them)")


def open_folder(out: str | Path, identity: str) -> Path:
    """Make `out`/parts, or raise ValueError where it cannot be used for this configuration."""
    if not str(out).strip():
        raise ValueError(f"out must be the name of a folder, got {str(out)!r}")
    parts = Path(out) / PARTS
    try:
        parts.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=parts):
            pass
    except OSError as error:
        raise ValueError(
            f"out must be a folder that can be written, got {str(out)!r} ({error.strerror})"
        ) from None
    for path in sorted(parts.glob("*.parquet")):
        other = store.study_of(path)
        if other is not None and other != identity:
            raise ValueError(
                f"out must not hold another study, got {str(out)!r}, which holds one of another"
                " configuration (other data, settings, seed or version)"
            )
    return parts


def _tasks(study: Study, chunk: int) -> list[Task]:
    assert study.trials is not None
    tasks = [Task("complexity", m) for m in sorted({*study.m, *study.head_m}, reverse=True)]
    # The longest first, so that no worker is left alone with one at the end.
    for m in sorted(study.m, reverse=True):
        size = measure.block_size(m, study.population.rows)
        step = -(-chunk // size) * size
        tasks += [
            Task("trials", m, start, min(start + step, study.trials))
            for start in range(0, study.trials, step)
        ]
    return tasks


def _cost(task: Task) -> int:
    return task.stop - task.start


def _reference(study: Study, folder: Path | None, identity: str, resume: bool) -> measure.Reference:
    path = None if folder is None else folder / "reference.parquet"
    if resume and path is not None:
        frame = store.read_part(path)
        if frame is not None:
            losses = torch.from_numpy(frame["loss"].to_numpy(copy=True))
            return measure.Reference(losses, float(losses.mean()))
    with _one_thread():
        reference = measure.fit_reference(study.population, study.design)
    if path is not None:
        store.write_part(path, pd.DataFrame({"loss": reference.losses.numpy()}), identity)
    return reference


@dataclass(frozen=True)
class _Job:
    context: str
    device: str
    folder: str | None
    identity: str

    def __call__(self, task: Task, largest_m: int) -> tuple[Task, pd.DataFrame]:
        with _one_thread():
            population, design, reference, head_m, classes = _context(self.context, self.device)
            if task.kind == "complexity":
                frame = _complexity_frame(population, design, classes, task.m)
            else:
                beyond = tuple(size for size in head_m if task.m == largest_m)
                sizes = (task.m, *(size for size in beyond if size != task.m))
                trials = range(task.start, task.stop)
                frame = measure.measure(population, reference, design, task.m, sizes, trials)
        if self.folder is not None:
            store.write_part(Path(self.folder) / task.part, frame, self.identity)
        return task, frame


def _execute(
    job: _Job, tasks: list[Task], workers: int, largest_m: int
) -> Iterator[tuple[Task, pd.DataFrame]]:
    if workers == 1 or job.device == "cuda":
        for task in tasks:
            yield job(task, largest_m)
        return
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        parallel = joblib.Parallel(
            n_jobs=workers, return_as="generator_unordered", pre_dispatch="all", batch_size=1
        )
        yield from parallel(joblib.delayed(job)(task, largest_m) for task in tasks)


@lru_cache(maxsize=1)
def _context(
    path: str, device: str
) -> tuple[FinitePopulation, measure.Design, measure.Reference, tuple[int, ...], Subsets]:
    """What all tasks share, read once per worker and kept on the device."""
    population, design, reference, head_m, classes = pickle.loads(Path(path).read_bytes())
    where = torch.device(device)
    moved = measure.Reference(reference.losses.to(where), reference.risk)
    return population.to(where), design, moved, head_m, classes


@contextmanager
def _one_thread() -> Iterator[None]:
    """One torch thread inside the block: sums split over threads round differently."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _complexity_frame(
    population: FinitePopulation, design: measure.Design, classes: Subsets, m: int
) -> pd.DataFrame:
    found = complexity.complexities(
        population, classes, design.cls, design.loss, m, seed=design.seed
    )
    return pd.DataFrame(
        [
            {
                "m": m,
                "subset": index,
                "R_low": float(each.outputs.low),
                "R_high": float(each.outputs.high),
                "R_found": each.found_outputs.value,
                "R_found_low": float(each.found_outputs.interval.low),
                "R_found_high": float(each.found_outputs.interval.high),
                "R_loss_low": float(each.loss.low),
                "R_loss_high": float(each.loss.high),
                "R_loss_found": each.found_loss.value,
                "draws": each.found_outputs.n,
            }
            for index, each in enumerate(found)
        ]
    )
