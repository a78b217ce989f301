"""Exact worlds: how often is the bound violated, and how much of what it adds is needed?

The numbers are at the ends of their range, the upper one with probability q, so that the average has a
binomial law. Where a posterior costs relative entropy it is the best on S of K predictors, with the uniform
prior: the average is the least of K independent ones. A distance of distribution functions is also tried on
many equally frequent numbers, where its law is a sum over counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bounds.auditing.means import VARIANCE_HAT
from bounds.auditing.references import Point, Reference
from bounds.auditing.result import Finding
from bounds.auditing.target import Target, ends
from bounds.domains import FloatArray
from bounds.one_predictor import binomial_law, elsewhere, in_world
from bounds.quantity import PER_LOSS

SIZES = (10, 100)
DELTAS = (0.2, 0.05, 0.01)
CHANCES = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)
NUMBERS = (20, 1000)
"""How many predictors there are to choose from."""
_CELLS, _STEPS = 128, 400
_ROUNDING = 1e-9


@dataclass(frozen=True)
class World:
    """A law of the average, and the arguments that go with each of its values."""

    text: str
    m: int
    mean: float
    averages: FloatArray
    law: FloatArray
    known: Point


def exists(reference: Reference) -> bool:
    """Whether there is an exact world for the reference."""
    return reference.summands is not None or reference.centred


def worlds(reference: Reference) -> Iterator[World]:
    """All of them, with C = 1."""
    low, high = ends(reference, {}) if reference.summands else (0.0, 1.0)
    # What is chosen in advance is chosen for the world, in `_point`.
    known = {
        name: in_world(value, np.array(CHANCES))
        for name, value in (reference.summands.known if reference.summands else {}).items()
        if reference.quantity(name).units != PER_LOSS
    }
    numbers = (1, *(NUMBERS if "KL" in reference.inputs else ()))
    for number in numbers:
        for m in SIZES:
            for position, q in enumerate(CHANCES):
                one = binomial_law(m, np.array([[q]]))[0]
                law = one if number == 1 else _least_of(one, number)
                given = {name: float(values[position]) for name, values in known.items()}
                if "KL" in reference.inputs:
                    given["KL"] = math.log(number)
                best = "" if number == 1 else f"the best on the sample of {number} predictors, "
                text = f"{best}each loss at its upper end with probability {q:g}"
                averages = low + (high - low) * np.arange(m + 1) / m
                yield World(text, m, low + (high - low) * q, averages, law, given)
    if reference.distribution:
        for m in SIZES:
            yield World(f"one of {_CELLS} numbers, equally often", m, 0.0, *_distances(m), {})


@lru_cache(maxsize=8)
def _distances(m: int) -> tuple[FloatArray, FloatArray]:
    """The distance of distribution functions of m numbers that take `_CELLS` values equally often.

    In steps and rounded down, with its exact law: counts are independent Poisson numbers given their sum.
    """
    edges = np.linspace(0.0, 1.0, _STEPS + 1) ** 2
    counts = np.arange(m + 1)
    one, whole = (
        np.exp(counts * math.log(mean) - mean - np.array([math.lgamma(k + 1) for k in counts]))
        for mean in (m / _CELLS, float(m))
    )
    more = counts - counts[:, None]
    step = np.where(more >= 0, one[np.abs(more)], 0.0)
    inside = np.zeros((edges.size, m + 1))
    inside[:, 0] = 1.0
    for cell in range(1, _CELLS + 1):
        near = np.abs(counts / m - cell / _CELLS) <= edges[:, None] + 1e-12
        inside = (inside @ step) * near
    return edges[:-1], np.diff(inside[:, m] / whole[m])


def _least_of(law: FloatArray, number: int) -> FloatArray:
    above = np.clip(np.cumsum(law[::-1])[::-1], 0.0, 1.0)
    none = np.concatenate([above, [0.0]]) ** number
    least: FloatArray = none[:-1] - none[1:]
    return least


def _point(reference: Reference, world: World, average: float, delta: float) -> dict[str, float]:
    """Every argument: what the world does not have is 0, or counts as one thing or an ample sample."""
    found: dict[str, float] = {}
    for name in reference.inputs:
        if reference.quantity(name).units == PER_LOSS:
            # Nearly the best at delta = 0.05, as one would choose it in advance.
            found[name] = math.sqrt(8 * world.m * (world.known.get("KL", 0.0) + math.log(20)))
        else:
            found[name] = elsewhere(reference.theorem, name)
    found |= {"C": 1.0, "L": 1.0, "delta": delta, reference.size: float(world.m)}
    if reference.summands is not None:
        found[reference.summands.average] = average
    length = world.averages[-1] - world.averages[0]
    share = (average - world.averages[0]) / length
    if world.m > 1:
        found[VARIANCE_HAT.name] = length**2 * share * (1 - share) * world.m / (world.m - 1)
    names = {*reference.inputs, reference.size}
    return {name: value for name, value in {**found, **world.known}.items() if name in names}


@dataclass(frozen=True)
class Tried:
    """The critical factor over all worlds, and the worst violation."""

    factor: float
    violation: Finding | None


def tried(target: Target) -> Tried:
    """The bound in every world, at every delta."""
    cache: dict[tuple[float, ...], float] = {}

    def value(point: Point) -> float:
        key = tuple(point[name] for name in target.arguments)
        if key not in cache:
            cache[key] = target.at(point)
        return cache[key]

    return _tried(
        target.reference,
        target.arguments,
        lambda points: np.array([value(point) for point in points]),
    )


@lru_cache(maxsize=64)
def own_factor(reference: Reference) -> float:
    """The critical factor of the reference itself.

    Examples
    --------
    >>> from bounds.auditing.references import REFERENCES
    >>> 0.8 < own_factor(REFERENCES.find("mean.hoeffding")) < 1
    True
    """
    return _tried(reference, reference.inputs, reference.totals).factor


def _tried(
    reference: Reference,
    arguments: Sequence[str],
    totals: Callable[[Sequence[Point]], FloatArray],
) -> Tried:
    factor, worst, finding = 0.0, 0.0, None
    for world in worlds(reference):
        for delta in DELTAS:
            points = [_point(reference, world, average, delta) for average in world.averages]
            bound = totals(points)
            center = np.zeros_like(world.averages) if reference.centred else world.averages
            truth = np.array([reference.about(world.mean, average) for average in world.averages])
            allowed = float(reference.theorem.level(delta))
            violated = truth > bound + _ROUNDING * (1 + np.abs(truth))
            probability = float(world.law @ violated)
            factor = max(factor, _needed(truth - center, bound - center, world.law, allowed))
            if probability > allowed * (1 + 1e-9) + 1e-12 and probability - allowed > worst:
                worst = probability - allowed
                where = int((world.law * violated).argmax())
                shown = {name: points[where][name] for name in arguments}
                finding = Finding(
                    "validity",
                    f"In an exact world ({world.text}) the bound with m = {world.m} and delta = {delta:g} is"
                    f" violated with probability {probability:.3g}, where it allows {allowed:.3g}: the truth"
                    f" there is {truth[where]:.6g}.",
                    shown,
                    float(bound[where]),
                    reference.total(points[where]),
                )
    return Tried(factor, finding)


def _needed(gap: FloatArray, added: FloatArray, law: FloatArray, allowed: float) -> float:
    """The least multiple of what is added with which violations are as rare as allowed."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(added > 0, gap / added, np.where(gap > added, np.inf, 0.0))
    ratio = np.where(np.isnan(ratio), 0.0, ratio)
    order = np.argsort(ratio)[::-1]
    beyond = np.cumsum(law[order])
    # A multiple of c is violated where the ratio exceeds c.
    first = int(np.searchsorted(beyond, allowed * (1 + 1e-9), side="right"))
    return max(0.0, float(ratio[order][min(first, len(ratio) - 1)]))
