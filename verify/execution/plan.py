"""Which parts a study consists of, and which shard computes each of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, replace
from itertools import chain, pairwise, zip_longest
from typing import Any

from bounds.domains import POSITIVE_INTEGER
from empirical.blocks import block_size
from verify.design import Design
from verify.execution import devices
from verify.execution.tasks import Task
from verify.results.trials import KnownTrials

_SHARD = re.compile(r"([0-9]{1,18})/([0-9]{1,18})")
MOST_SHARDS = 1_000_000
_MUST = "shard must be i/n with 1 <= i <= n, as 2/4"


@dataclass(frozen=True)
class Shard:
    """Share `index` of `count` of the parts of a study, counted from 1.

    Raises
    ------
    ValueError
        If they are not integers with 1 <= index <= count.
    """

    index: int
    count: int

    def __post_init__(self) -> None:
        for value in (self.index, self.count):
            if isinstance(value, bool) or not isinstance(value, int):
                raise ValueError(f"{_MUST}, got {self.index!r}/{self.count!r}")
        if not 1 <= self.index <= self.count:
            raise ValueError(f"{_MUST}, got {self}")
        if self.count > MOST_SHARDS:
            raise ValueError(f"shard must be one of at most {MOST_SHARDS:,}, got {self}")

    @classmethod
    def of(cls, value: Any) -> Shard:
        """A shard from its text, or from a pair of integers.

        Examples
        --------
        >>> Shard.of("2/4"), str(Shard.of((1, 3)))
        (Shard(index=2, count=4), '1/3')
        """
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            found = _SHARD.fullmatch(value.strip())
            if found is None:
                raise ValueError(f"{_MUST}, got {value!r}")
            return cls(*map(int, found.groups()))
        try:
            index, count = value
        except (TypeError, ValueError):
            raise ValueError(f"{_MUST}, or the pair of these integers, got {value!r}") from None
        return cls(index, count)

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


@dataclass(frozen=True)
class Plan:
    """The parts of a study: the same in all processes, whatever is there already.

    Parameters
    ----------
    design
        What is measured.
    chunk
        Trials per part; rounded up to whole blocks of `empirical.measure.measure`.
    """

    design: Design
    chunk: int

    def __post_init__(self) -> None:
        POSITIVE_INTEGER.whole("chunk", self.chunk)

    @property
    def sizes(self) -> list[int]:
        """The sizes at which complexities are measured, the largest first."""
        return sorted({*self.design.m, *self.design.head_m}, reverse=True)

    def step(self, m: int) -> int:
        """Trials per part at size m."""
        population = self.design.population
        device = devices.kind(self.design.device)
        size = block_size(m, population.rows, population.outputs, device)
        return -(-self.chunk // size) * size

    def missing(self, gaps: Callable[[int], Iterable[range]], known: Container[int]) -> list[Task]:
        """The parts that must be computed, given the trials that are missing and the complexities known."""
        tasks = [Task("complexity", m) for m in self.sizes if m not in known]
        # The longest first, so that no worker has a long one left at the end.
        for m in sorted(self.design.m, reverse=True):
            step = self.step(m)
            for gap in gaps(m):
                # Cut at multiples of the step, whatever the gap: blocks are always computed as a whole.
                inner = range(gap.start - gap.start % step + step, gap.stop, step)
                edges = [gap.start, *inner, gap.stop]
                tasks += [Task("trials", m, a, b) for a, b in pairwise(edges)]
        return tasks

    def order(self, missing: list[Task], workers: int) -> list[Task]:
        """The same parts, and first a few pilots: of the least and the largest size, in turn.

        They tell how long all parts will take: each worker's first one, and two of each size besides.
        """
        trials = [task for task in missing if task.kind == "trials"]
        largest = trials[: workers + 4]
        least = [task for task in trials if task.m == trials[-1].m][: workers + 4]
        in_turn = dict.fromkeys(chain.from_iterable(zip_longest(least, largest)))
        first = [task for task in in_turn if task is not None][: workers + 4]
        rest = [task for task in missing if task not in first]
        return [*(replace(task, pilot=True) for task in first), *rest]

    def shard(self, task: Task, count: int) -> Shard:
        """The shard, of so many, that computes a part: by its size and first trial alone."""
        if task.kind == "complexity":
            number = self.sizes.index(task.m)
        else:
            # Sizes begin with different shards, so that what is left over is shared as well.
            number = sorted(self.design.m).index(task.m) + task.start // self.step(task.m)
        return Shard(number % count + 1, count)

    def others(self, shard: Shard) -> tuple[KnownTrials, list[int]]:
        """What all other shards compute: their trials, marked as known, and sizes of complexities."""
        trials = KnownTrials(self.design.trials)
        sizes = []
        for task in self.missing(KnownTrials(self.design.trials).gaps, ()):
            if self.shard(task, shard.count) == shard:
                continue
            if task.kind == "complexity":
                sizes.append(task.m)
            else:
                trials.mark(task.m, range(task.start, task.stop))
        return trials, sizes


def unfinished_shards(left: Iterable[int], count: int) -> str:
    """Which shards lack parts, in words.

    Examples
    --------
    >>> unfinished_shards([3, 1], 4), unfinished_shards([2], 4), unfinished_shards([], 4)
    ('shards 1, 3 of 4 are unfinished', 'shard 2 of 4 is unfinished', 'all 4 shards are finished')
    """
    indices = sorted(set(left))
    if not indices:
        return f"all {count} shards are finished"
    many = len(indices) > 1
    named = ", ".join(map(str, indices))
    return f"shard{'s' if many else ''} {named} of {count} {'are' if many else 'is'} unfinished"
