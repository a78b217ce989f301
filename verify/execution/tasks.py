"""The parts of a study: what each one holds, what it is called, and how it is computed."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import pandas as pd
import torch

from empirical import complexity, measure
from empirical.fusion.stack import Subsets
from empirical.worlds.population import FinitePopulation
from verify.design import Design

_NAME = re.compile(r"trials-m(\d+)-(\d+)-(\d+)\.parquet")


@dataclass(frozen=True)
class Task:
    """One part: the complexities at m, or the trials [start, stop) at m."""

    kind: Literal["complexity", "trials"]
    m: int
    start: int = 0
    stop: int = 0

    @property
    def part(self) -> str:
        """The part's file name.

        Examples
        --------
        >>> Task("trials", 64, 0, 32).part, Task("complexity", 64).part
        ('trials-m64-000000-000032.parquet', 'complexity-m64.parquet')
        """
        if self.kind == "trials":
            return f"trials-m{self.m}-{self.start:06d}-{self.stop:06d}.parquet"
        return f"{self.kind}-m{self.m}.parquet"

    @property
    def trials(self) -> int:
        """How many trials it holds."""
        return self.stop - self.start


def named(part: str) -> Task | None:
    """The trials that a file name stands for; None where it is no such name.

    Examples
    --------
    >>> named("trials-m64-000000-000032.parquet")
    Task(kind='trials', m=64, start=0, stop=32)
    >>> named("reference.parquet")
    """
    found = _NAME.fullmatch(part)
    return None if found is None else Task("trials", *map(int, found.groups()))


@dataclass(frozen=True)
class Context:
    """What all tasks of a study share; sent once to each worker.

    Parameters
    ----------
    classes
        The subsets whose complexity is measured, as indices.
    head_m
        The further sizes of samples for heads, used at `largest_m` alone.
    """

    population: FinitePopulation
    plan: measure.TrainingPlan
    reference: measure.Reference
    head_m: tuple[int, ...]
    largest_m: int
    classes: Subsets
    device: str

    @classmethod
    def of(cls, design: Design, reference: measure.Reference) -> Context:
        """The context of a design."""
        return cls(
            population=design.population,
            plan=design.plan,
            reference=reference,
            head_m=tuple(design.head_m),
            largest_m=max(design.m),
            classes=tuple(design.indices(subset) for subset in design.classes),
            device=design.device,
        )

    @cached_property
    def there(self) -> Context:
        """The same context with its tensors on the device, moved once."""
        where = torch.device(self.device)
        moved = replace(self.reference, losses=self.reference.losses.to(where))
        return replace(self, population=self.population.to(where), reference=moved)


def compute(context: Context, task: Task) -> pd.DataFrame:
    """Measure one part. Its numbers depend on the context and the task alone."""
    with one_thread():
        here = context.there
        if task.kind == "complexity":
            return _complexities(here, task.m)
        beyond = here.head_m if task.m == here.largest_m else ()
        sizes = (task.m, *(size for size in beyond if size != task.m))
        trials = range(task.start, task.stop)
        return measure.measure(here.population, here.reference, here.plan, task.m, sizes, trials)


_lock, _inside, _before = threading.Lock(), 0, 1


@contextmanager
def one_thread() -> Iterator[None]:
    """One torch thread inside the block: sums split over threads round differently.

    The setting belongs to the process. A cluster's worker may run several tasks side by side, so
    the last one out restores it.
    """
    global _inside, _before
    with _lock:
        if _inside == 0:
            _before = torch.get_num_threads()
        _inside += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                torch.set_num_threads(_before)


def _complexities(context: Context, m: int) -> pd.DataFrame:
    plan = context.plan
    found = complexity.complexities(
        context.population, context.classes, plan.cls, plan.loss, m, seed=plan.seed
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
