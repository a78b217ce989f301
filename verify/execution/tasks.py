"""The parts of a study: what each one holds, what it is called, and how it is computed."""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import pandas as pd

from empirical import complexity, erm, measure
from empirical.fusion.stack import Subsets
from empirical.worlds.population import FinitePopulation
from verify.design import Design
from verify.execution import devices
from verify.execution.threads import one_thread

PART_SECONDS = 20.0
"""After so long a worker returns what it has, to be written: a run that is cut loses little."""
PILOT_SECONDS = 3.0
"""The same for the first parts, which tell how long all will take."""

_NAME = re.compile(r"trials-m(\d+)-(\d+)-(\d+)\.parquet")


@dataclass(frozen=True)
class Task:
    """One part: the complexities at m, or the trials from `start` up to `stop` - 1 at m.

    A pilot is one of the first parts of a run.
    """

    kind: Literal["complexity", "trials"]
    m: int
    start: int = 0
    stop: int = 0
    pilot: bool = field(default=False, compare=False)

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

    @classmethod
    def parse(cls, part: str) -> Task | None:
        """The task whose trials are in a file of that name; None for any other name.

        Examples
        --------
        >>> Task.parse("trials-m64-000000-000032.parquet")
        Task(kind='trials', m=64, start=0, stop=32, pilot=False)
        >>> Task.parse("reference.parquet")
        """
        found = _NAME.fullmatch(part)
        if found is None:
            return None
        m, start, stop = map(int, found.groups())
        return cls("trials", m, start, stop)

    @property
    def trials(self) -> int:
        """The number of trials in the part."""
        return self.stop - self.start

    def done(self, frame: pd.DataFrame) -> Task:
        """The part that `frame` holds: as many of the trials as there was time for."""
        if self.kind == "complexity":
            return self
        return replace(self, stop=int(frame["trial"].max()) + 1)


@dataclass(frozen=True)
class Context:
    """What all tasks of a study share; sent once to each worker.

    Parameters
    ----------
    population, plan, reference
        As for `empirical.measure.measure`; the population without its unscaled rows.
    head_m
        Further sizes of samples for heads, used at `largest_m` alone.
    largest_m
        The largest size at which encoders are trained.
    classes
        The subsets whose complexity is measured, as indices.
    device, turn
        Where tasks are computed, as for `devices.local`, which the process that computes asks; the
        tensors are on the CPU.
    engine
        The engine and its build with which all tasks are trained.
    """

    population: FinitePopulation
    plan: measure.TrainingPlan
    reference: measure.Reference
    head_m: tuple[int, ...]
    largest_m: int
    classes: Subsets
    device: str
    engine: str
    turn: int = 0

    @classmethod
    def of(cls, design: Design, reference: measure.Reference, turn: int = 0) -> Context:
        """The context of a design, for one of the processes that compute it."""
        return cls(
            population=design.population.without_features(),
            plan=design.plan,
            reference=reference,
            head_m=design.head_m,
            largest_m=max(design.m),
            classes=tuple(map(design.indices, design.classes)),
            device=design.device,
            engine=str(erm.choice(design.cls, design.loss, design.device)),
            turn=turn,
        )

    def __getstate__(self) -> dict[str, Any]:
        """The state without the copy on the device, which no other process can use."""
        return {name: value for name, value in vars(self).items() if name != "on_device"}

    @cached_property
    def on_device(self) -> Context:
        """The same context with its tensors on the device, moved once."""
        device = devices.local(self.device, self.turn)
        moved = replace(self.reference, losses=self.reference.losses.to(device))
        return replace(self, population=self.population.to(device), reference=moved)


def compute(context: Context, task: Task) -> pd.DataFrame:
    """Measure one part, or its first blocks of trials if it takes longer than `PART_SECONDS`.

    The numbers depend on the context and the task alone.

    Raises
    ------
    ValueError
        On a machine that would train with another engine or another build of it, or lacks the device.
    """
    local = context.on_device
    here = str(erm.choice(context.plan.cls, context.plan.loss, context.device))
    if here != context.engine:
        raise ValueError(
            f"workers must train with the engine {context.engine}, got {here} on {platform.node()}"
        )
    with one_thread():
        if task.kind == "complexity":
            return _complexities(local, task.m)
        further = local.head_m if task.m == local.largest_m else ()
        sizes = (task.m, *(size for size in further if size != task.m))
        blocks = measure.measure_blocks(
            local.population,
            local.reference,
            local.plan,
            task.m,
            sizes,
            range(task.start, task.stop),
        )
        most = min(PILOT_SECONDS, PART_SECONDS) if task.pilot else PART_SECONDS
        end = time.monotonic() + most
        frames = []
        for frame in blocks:
            frames.append(frame)
            if time.monotonic() > end:
                break
        return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True)
class Timing:
    """The seconds that a part took, and whether it was the first of its process, with what that does once."""

    seconds: float
    cold: bool


_cold = True


def timed(
    work: Callable[[Context, Task], pd.DataFrame], context: Context, task: Task
) -> tuple[pd.DataFrame, Timing]:
    """A part as `work` computes it, with its time in this process."""
    global _cold
    began = time.monotonic()
    frame = work(context, task)
    timing = Timing(time.monotonic() - began, _cold)
    _cold = _cold and task.kind == "complexity"
    return frame, timing


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
