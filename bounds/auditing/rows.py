"""The checks of a bound that takes a sample: what is computed from it must be that of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bounds.auditing.references import Point
from bounds.auditing.result import Finding
from bounds.auditing.target import BATCHES, Target, ends, with_rows
from bounds.domains import FloatArray

_SIZE = 240
_CUTS = (2, 4, 8, 1, 7)
"""Batches into which the same rows are cut; 7 leaves some one row shorter."""
_EXACT = 1e-9


def samples(target: Target, points: Sequence[Point]) -> Iterator[Finding]:
    """The order of the rows, and how they are cut into batches, change nothing; their spread counts."""
    point = dict(points[0])
    low, high = ends(target.reference, point)
    generator = np.random.default_rng(0)
    spread = low + (high - low) * generator.permutation(np.repeat([0.0, 1.0], _SIZE // 2))
    rows = np.where(np.arange(_SIZE) % 2 == 0, spread, (low + high) / 2)
    found = [*_cuts(target, rows, point), *_order(target, rows, point)]
    yield from found
    yield from _spread(target, point, low, high)
    if not found:
        yield from _constant(target, point, low, high)


def _finding(
    target: Target, sentence: str, rows: FloatArray, point: Point, value: float
) -> Finding:
    whole = with_rows(target.reference, point, rows)
    shown = {name: whole[name] for name in target.arguments}
    return Finding("sample", sentence, shown, value, target.reference.total(whole))


def _cuts(target: Target, rows: FloatArray, point: Point) -> Iterator[Finding]:
    if target.sample != BATCHES:
        return
    first = target.on(rows, point, _CUTS[0])
    for cuts in _CUTS[1:]:
        other = target.on(rows, point, cuts)
        if not abs(other - first) <= _EXACT * (abs(first) + abs(other)):
            number = "no number" if np.isnan(other) else f"{other:.6g}"
            batches = "1 batch" if cuts == 1 else f"{cuts} batches"
            yield _finding(
                target,
                f"The same {_SIZE} rows in {_CUTS[0]} batches give {first:.6g}, and in {batches} {number}: an"
                " average over batches is not one over rows, as with the index of the last batch for their"
                " number, or with the variance of means of batches.",
                rows,
                point,
                other,
            )
            return


def _order(target: Target, rows: FloatArray, point: Point) -> Iterator[Finding]:
    first, other = target.on(np.sort(rows), point), target.on(rows, point)
    if not abs(other - first) <= _EXACT * (abs(first) + abs(other)):
        yield _finding(
            target,
            f"The same {_SIZE} rows in another order give {other:.6g} in place of {first:.6g}.",
            rows,
            point,
            other,
        )


def _constant(target: Target, point: Point, low: float, high: float) -> Iterator[Finding]:
    """Raise all rows by the same: the bound moves by as much as the reference's average term does."""
    base = np.full(_SIZE, low + 0.25 * (high - low))
    step = 0.125 * (high - low)
    moved = target.on(base + step, point) - target.on(base, point)
    whole, further = (with_rows(target.reference, point, each) for each in (base, base + step))
    known = target.reference.total(further) - target.reference.total(whole)
    if not 0.5 * known <= moved <= 2 * known:
        yield _finding(
            target,
            f"If every loss rises by {step:.6g} the bound moves by {moved:.6g}, and the reference by"
            f" {known:.6g}: the average is not that of the rows.",
            base + step,
            point,
            target.on(base + step, point),
        )


def _spread(target: Target, point: Point, low: float, high: float) -> Iterator[Finding]:
    """Rows at both ends of the range, and rows in its middle, have one mean; the variance differs."""
    ends_ = np.tile([low, high], _SIZE // 2)
    middle = np.full(_SIZE, (low + high) / 2)
    whole, calm = (with_rows(target.reference, point, each) for each in (ends_, middle))
    if target.reference.total(whole) <= target.reference.total(calm):
        return
    wide, narrow = target.on(ends_, point), target.on(middle, point)
    if not wide > narrow + _EXACT * abs(narrow):
        yield _finding(
            target,
            f"Rows at both ends of the range must give a larger bound than rows in its middle: {wide:.6g} and"
            f" {narrow:.6g}. The variance is that of averages, not of rows.",
            ends_,
            point,
            wide,
        )
