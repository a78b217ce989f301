"""Points at which a bound is tried: where the reference claims something."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bounds.auditing.means import VARIANCE_HAT
from bounds.auditing.references import Point, Reference
from bounds.auditing.target import Target, ends, rows_of, with_rows
from bounds.quantity import LOSS, LOSS_SQUARED, NO_UNITS, PER_LOSS

COUNT = 24
_TRIES = 400
_MOST_ROWS = 2000
"""The largest sample of a bound that takes a sample."""


def points(target: Target, seed: int, count: int = COUNT) -> list[dict[str, float]]:
    """Points of the reference's domain; those where it claims something first, the others if need be."""
    generator = np.random.default_rng(seed)
    claimed: list[dict[str, float]] = []
    others: list[dict[str, float]] = []
    for _ in range(_TRIES):
        point = _point(target, generator)
        value = target.reference.total(point)
        fits = np.isfinite(value) and value < target.reference.ceiling(point)
        (claimed if fits else others).append(point)
        if len(claimed) == count:
            break
    return (claimed or others)[:count]


def _point(target: Target, generator: np.random.Generator) -> dict[str, float]:
    """Values of every argument, the range of the loss first: others are multiples of it."""
    reference = target.reference
    C = float(2 ** generator.uniform(-2, 2)) if "C" in target.arguments else 1.0
    delta = float(10 ** generator.uniform(-4, -0.7))
    most = np.log10(_MOST_ROWS) if target.sample else 6
    size = float(np.floor(10 ** generator.uniform(1.6, most)))
    point: dict[str, float] = {}
    for name in reference.inputs:
        point[name] = _value(reference, name, C, size, generator)
    point |= {name: known for name, known in (("C", C), ("delta", delta)) if name in point}
    if reference.size:
        point[reference.size] = size
    summands = reference.summands
    if summands is not None and summands.average in point:
        low, high = ends(reference, point)
        share = generator.uniform(0.02, 0.6)
        point[summands.average] = float(low + (high - low) * share)
        # The variance of numbers at the ends of their range, or less.
        largest = (high - low) ** 2 * share * (1 - share)
        for other in point:
            if reference.quantity(other).units == LOSS_SQUARED:
                point[other] = float(largest * generator.uniform(0.05, 1))
    if target.sample:
        point = with_rows(reference, point, rows_of(reference, point))
    return point


def _value(
    reference: Reference, name: str, C: float, size: float, generator: np.random.Generator
) -> float:
    quantity = reference.quantity(name)
    domain, units = quantity.domain, quantity.units
    if domain.integer:
        return float(np.floor(10 ** generator.uniform(0, 1.5)))
    if units == PER_LOSS:
        return float(np.sqrt(size) * 10 ** generator.uniform(-1.0, 0.7) / C)
    if domain.low == -np.inf:
        return float(C * generator.uniform(-0.3, 0.3))
    if domain.clip or domain.high < np.inf:
        return float(generator.uniform(0, 0.5))
    if units == NO_UNITS:
        return float(10 ** generator.uniform(-1, 1.7))
    scale = C ** float(units[0]) if units[0] > 0 else 1.0
    return float(scale * 10 ** generator.uniform(-3, -0.7))


def raised(reference: Reference, point: Point, name: str) -> Iterator[dict[str, float]]:
    """The point with one argument raised, a little and a lot, inside its domain."""
    value = point[name]
    summands = reference.summands
    if summands is not None and name == summands.average:
        high = ends(reference, point)[1]
        steps = [value + (high - value) * share for share in (0.1, 0.9)]
    elif reference.quantity(name).domain.high < np.inf:
        steps = [value + (1 - value) * share for share in (0.1, 0.8)]
    elif reference.quantity(name).domain.low == -np.inf:
        scale = point.get("C", 1.0) if reference.quantity(name).units == LOSS else 1.0
        steps = [value + 0.1 * scale, value + scale]
    else:
        steps = [2 * value, 10 * value]
    for step in steps:
        yield {**point, name: step}


def consistent(target: Target, point: Point) -> dict[str, float]:
    """The point as a bound on a sample sees it: averages are those of a sample."""
    if not target.sample:
        return dict(point)
    return with_rows(target.reference, point, rows_of(target.reference, point))


def is_of_the_sample(target: Target, name: str) -> bool:
    """Whether an argument cannot be moved alone, since it is computed from the sample."""
    return bool(target.sample) and name == VARIANCE_HAT.name
