"""The checks of an audit on numbers: definedness, directions, scale, tail, limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bounds.auditing.points import consistent, is_of_the_sample, raised
from bounds.auditing.references import Point
from bounds.auditing.result import Finding
from bounds.auditing.target import Target
from bounds.quantity import LOSS, NO_UNITS

_LEVELS = ((1e-2, 1e-4), (1e-3, 1e-6))
"""Pairs of delta between which ln(1/delta) doubles."""
_FASTEST = 4.5
"""Growth from the first to the second of a pair: (ln(1/delta))^2 gives 4, and 1/sqrt(delta) 10."""
_MANY = 1e6
"""A large sample; a bound may take time in proportion to it."""
_NEAR = 0.05
"""How near its limit, as a share of the ceiling, a bound on a large sample must be."""

Points = Sequence[Point]


def _shown(target: Target, point: Point) -> dict[str, float]:
    return {name: float(point[name]) for name in target.arguments}


def _worst(found: Sequence[tuple[float, Finding]]) -> Iterator[Finding]:
    """The finding of the largest size; the first of equals."""
    if found:
        yield max(found, key=lambda each: each[0])[1]


def numbers(target: Target, points: Points) -> Iterator[Finding]:
    """A bound is a number wherever the reference is, and somewhere claims something."""
    yield from _undefined(target, points)
    yield from _vacuous(target, points)


def _undefined(target: Target, points: Points) -> Iterator[Finding]:
    """Infinity claims nothing, and is a number."""
    failed = [point for point in points if np.isnan(target.at(point))]
    if failed:
        trouble = target.trouble(failed[0])
        yield Finding(
            "numbers",
            f"The bound is no number at {len(failed)} of {len(points)} points where the reference is one"
            f"{f' ({trouble})' if trouble else ''}.",
            _shown(target, failed[0]),
            target.at(failed[0]),
            target.reference.total(failed[0]),
        )


def _vacuous(target: Target, points: Points) -> Iterator[Finding]:
    """Somewhere among the points where the reference claims something a bound does so too."""
    claimed = [p for p in points if target.reference.total(p) < target.reference.ceiling(p)]
    values = [target.at(point) for point in claimed]
    if claimed and all(
        v >= target.reference.ceiling(p) for v, p in zip(values, claimed, strict=True)
    ):
        best = min(
            range(len(claimed)), key=lambda i: values[i] / target.reference.ceiling(claimed[i])
        )
        yield Finding(
            "numbers",
            f"The bound claims nothing at any of {len(claimed)} points where the reference does.",
            _shown(target, claimed[best]),
            values[best],
            target.reference.total(claimed[best]),
        )


def directions(target: Target, points: Points) -> Iterator[Finding]:
    """The bound moves with each argument as the reference does."""
    for name in target.arguments:
        if target.reference.directions.get(name) and not is_of_the_sample(target, name):
            yield from _direction(target, points, name)


def _direction(target: Target, points: Points, name: str) -> Iterator[Finding]:
    declared = target.reference.directions[name]
    wrong: list[tuple[float, Finding]] = []
    moves, expected = 0.0, 0.0
    how = "must not fall" if declared > 0 else "must not rise"
    for point in points:
        low, known = target.at(point), target.reference.total(point)
        for step in raised(target.reference, point, name):
            further = consistent(target, step)
            high, known_high = target.at(further), target.reference.total(further)
            if not np.isfinite([low, high, known, known_high]).all():
                continue
            ceiling = min(target.reference.ceiling(point), target.reference.ceiling(further))
            moves = max(moves, abs(high - low) / (abs(high) + abs(low) + 1e-300))
            expected = max(
                expected, abs(known_high - known) / (abs(known) + abs(known_high) + 1e-300)
            )
            against = declared * (low - high)
            # Above the ceiling neither number claims anything.
            if against > 1e-9 * (abs(low) + abs(high)) + 1e-12 and min(low, high) < ceiling:
                sentence = (
                    f"The bound {how} as {name} grows: from {name} = {point[name]:.6g} to"
                    f" {further[name]:.6g} it goes from {low:.6g} to {high:.6g}, and the reference from"
                    f" {known:.6g} to {known_high:.6g}."
                )
                size = against / (abs(low) + abs(high))
                finding = Finding("directions", sentence, _shown(target, further), high, known_high)
                wrong.append((size, finding))
    yield from _worst(wrong)
    if not wrong and moves < 1e-9 < 1e-3 < expected:
        point = points[0]
        yield Finding(
            "directions",
            f"The bound does not depend on {name}, and the reference does.",
            _shown(target, point),
            target.at(point),
            target.reference.total(point),
        )


def scale(target: Target, points: Points) -> Iterator[Finding]:
    """Losses in another unit: a bound on a loss is multiplied as the losses are."""
    factor = 3.0
    wrong: list[tuple[float, Finding]] = []
    power = float((target.reference.theorem.units or LOSS)[0])
    for point in points:
        scaled = {
            name: value * factor ** float(target.reference.quantity(name).units[0])
            for name, value in point.items()
        }
        before, after = target.at(point), target.at(scaled)
        expected = before * factor**power
        off = abs(after - expected) / (abs(after) + abs(expected) + 1e-300)
        if np.isfinite([before, after]).all() and off > 1e-6:
            sentence = (
                f"Losses three times as large must give a bound {factor**power:g} times as large: it goes"
                f" from {before:.6g} to {after:.6g}. One of the terms does not have the units of a loss."
            )
            found = Finding(
                "scale", sentence, _shown(target, scaled), after, target.reference.total(scaled)
            )
            wrong.append((off, found))
    yield from _worst(wrong)


def tail(target: Target, points: Points) -> Iterator[Finding]:
    """As delta falls a bound grows like a power of ln(1/delta), not like one of 1/delta."""
    size = target.reference.size
    wrong: list[tuple[float, Finding]] = []
    for point in points[:6]:
        ample = {**point, size: 2000.0 if target.sample else _MANY} if size else dict(point)
        for first, second in _LEVELS:
            at = [consistent(target, {**ample, "delta": d}) for d in (0.5, first, second)]
            start, one, two = (target.at(each) for each in at)
            known = [target.reference.total(each) for each in at]
            moved = one - start > 1e-12 * abs(start) and known[1] > known[0]
            if not np.isfinite([start, one, two]).all() or not moved:
                continue
            growth = (two - start) / (one - start)
            usual = (known[2] - known[0]) / (known[1] - known[0])
            if growth > max(_FASTEST, 2 * usual):
                sentence = (
                    f"As delta falls from {first:g} to {second:g}, what the bound adds over delta = 0.5 grows"
                    f" by a factor of {growth:.3g}, and for the reference by {usual:.3g}: it grows like a"
                    " power of 1/delta, as log(a)/delta does where log(a/delta) is meant."
                )
                found = Finding("tail", sentence, _shown(target, at[2]), two, known[2])
                wrong.append((growth, found))
    yield from _worst(wrong)


def limits(target: Target, points: Points) -> Iterator[Finding]:
    """On a large sample, with no complexity to speak of, a bound comes near the reference."""
    size = target.reference.size
    if not size:
        return
    many = 1e5 if target.sample else _MANY
    for point in points:
        ample = {**point, size: many}
        for name in target.reference.inputs:
            quantity = target.reference.quantity(name)
            small = (
                target.reference.directions.get(name) == 1
                and name not in {*target.reference.averages, "C", "L"}
                and quantity.domain.low == 0
            )
            if small and quantity.units != NO_UNITS:
                ample[name] = 1e-9 * point[name]
        ample = consistent(target, ample)
        found, known = target.at(ample), target.reference.total(ample)
        ceiling = target.reference.ceiling(ample)
        near = _NEAR * (ceiling if np.isfinite(ceiling) else 1.0)
        if not np.isfinite([found, known]).all() or known >= ceiling:
            continue
        if abs(found - known) > near:
            yield Finding(
                "limits",
                f"With {many:g} examples the bound must be near its limit, that of the reference"
                f" ({known:.6g}): it is {found:.6g}.",
                _shown(target, ample),
                found,
                known,
            )
            return
