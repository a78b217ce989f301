"""What a source of evidence is and what it gives, and the tools that several sources share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirical.statistics.intervals import Interval
from empirical.streams import stream
from empirical.worlds.boolean.exact import boolean_world
from empirical.worlds.protocol import World

Subset = tuple[str, ...]
Values = NDArray[np.float64]
Grade = Literal["exact enumeration", "closed form", "finite population", "real data"]
GRADES: tuple[Grade, ...] = ("exact enumeration", "closed form", "finite population", "real data")
"""Grades of evidence, the strongest first."""

Known = Mapping[str, Any]
"""Arguments of theorems by name: numbers, arrays [n], or intervals if they are not exact."""


@dataclass(frozen=True, eq=False)
class Facts:
    """What a world gave at one sample size: one entry per sample, or per possible outcome.

    Attributes
    ----------
    lhs : Interval, [n]
        The left-hand side.
    known : mapping
        Arguments by name, for every theorem that takes them.
    weights : array, [n], optional
        The outcomes' probabilities if all of them were enumerated; None: independent draws.
    error : float
        No probability made of `weights` is off by more than this.
    rhs : Interval or array
        The right-hand side of a statement that is not in the catalogue.
    slack : array, [n]
        Certified ε of the heads; also added to statements that have no slack term.
    rounding : float
        What float64 may have added to differences of risks.
    truth : Facts, optional
        The facts as they would be with the broken assumption mended, on the same samples.
    note : str
        What else was measured, in words.
    numbers : mapping
        The same as numbers, by name.
    """

    lhs: Interval
    known: Known = field(default_factory=dict)
    weights: Values | None = None
    error: float = 0.0
    rhs: Interval | ArrayLike = 0.0
    slack: ArrayLike = 0.0
    rounding: float = 0.0
    truth: Facts | None = None
    note: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _World:
    """A world in which facts are found.

    Attributes
    ----------
    name : str
        Unique in the ledger.
    world : str
        The world and the learner, in words.
    grade : Grade
    m : tuple of int
        The sample sizes at which facts are found.
    """

    name: str
    world: str
    grade: Grade
    m: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Enumerated(_World):
    """A source that gives all outcomes with their probabilities: `facts(m)`."""

    facts: Callable[[int], Facts] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Drawn(_World):
    """A source that gives independent draws: `facts(m, trials, seed)`.

    Attributes
    ----------
    trials : int
        Draws at each m, more if a claim needs more.
    miss : float
        The probability that intervals shared by all samples fail; each claim is charged for it once.
    bundle : str
        Sources of one bundle run in the same process, one after the other.
    """

    facts: Callable[[int, int, int], Facts] = field(repr=False)
    trials: int = 300
    miss: float = 0.0
    bundle: str = ""


Source = Enumerated | Drawn


def enumerated(
    name: str, world: str, m: tuple[int, ...], grade: Grade = "exact enumeration"
) -> Callable[[Callable[[int], Facts]], Enumerated]:
    """Make the decorated function `facts(m)` an enumerated source."""
    return lambda facts: Enumerated(name=name, world=world, grade=grade, m=m, facts=facts)


def drawn(
    name: str, world: str, m: tuple[int, ...], grade: Grade = "closed form", **fields: Any
) -> Callable[[Callable[[int, int, int], Facts]], Drawn]:
    """Make the decorated function `facts(m, trials, seed)` a source of draws."""
    return lambda facts: Drawn(name=name, world=world, grade=grade, m=m, facts=facts, **fields)


BOTH: Subset = ("x1", "x2")
ONE: Subset = ("x1",)
SKEWED = boolean_world(BOTH, [[0.1, 0.7], [0.45, 1.0]], [[0.4, 0.1], [0.2, 0.3]])


def generator(seed: int, name: str, m: int) -> np.random.Generator:
    """The random numbers of one source at one m."""
    return stream(seed, "claim", m, crc32(name.encode()))


def cases(values: list[float] | Values) -> Values:
    """Equal weights: a statement about finitely many cases holds if none violates it."""
    return np.full(len(values), 1 / len(values))


def complexities(
    R_M: Interval, R: Interval, C: float, L: float, m: int, symmetric: bool = False
) -> dict[str, Any]:
    """Arguments of every form, from R_m(F_M) and R_m(F) of one real output.

    With |·| the complexity lies between R_M and 2 R_M (the class holds 0), and is R_M for a
    symmetric class. The loss class has at most L R_M by contraction; under 0–1 loss on
    two-valued maps it has R_M itself, and L = 1.
    """
    low = 0.0 if symmetric else 1.0
    return {
        "R_M": R_M,
        "R_vector_M": R_M,
        "R_abs_M": Interval(R_M.low, R_M.high * (1 if symmetric else 2)),
        "R_loss": Interval(low * R_M.low, L * R_M.high),
        "C_M": Interval(m * R_M.low**2, m * R_M.high**2),
        "R": R,
        "R_vector": R,
        "C": C,
        "L": L,
        "m": m,
    }


def of_world(world: World[Any, Any], M: Subset, m: int, symmetric: bool = False) -> dict[str, Any]:
    """Arguments of every form for a subset M in a world with one real output."""
    R_M, R = (world.rademacher_complexity(subset, m) for subset in (M, world.names))
    return complexities(R_M, R, world.constants.C, world.constants.L, m, symmetric)


def nested_pairs(names: Iterable[str]) -> list[tuple[Subset, Subset]]:
    """All pairs (M, N) of subsets with N inside M and not M."""
    return [(M, N) for M, N in _pairs(names) if set(N) < set(M)]


def other_pairs(names: Iterable[str]) -> list[tuple[Subset, Subset]]:
    """All other pairs of different subsets."""
    return [(M, N) for M, N in _pairs(names) if M != N and not set(N) < set(M)]


def _pairs(names: Iterable[str]) -> list[tuple[Subset, Subset]]:
    known = tuple(names)
    sizes = range(1, len(known) + 1)
    subsets = [subset for size in sizes for subset in combinations(known, size)]
    return [(M, N) for M in subsets for N in subsets]
