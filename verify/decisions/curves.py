"""How losses fall with the number of training rows, and from where on a modality pays: estimates.

Each size is met several times with training rows drawn anew, and each model is judged on the hold-out.
The curves choose nothing and certify nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from empirical.modalities import Subset
from empirical.streams import stream
from verify.decisions.effort import size_of
from verify.decisions.training import Setting, Trained, constant_prediction

REPEATS = 5
LEAST = 24
MOST_HOLDOUT = 2000
# Seconds of one core that the curves may take, by the rough model of the candidates' cost.
BUDGET = 20.0


@dataclass(frozen=True)
class Point:
    """The mean loss of a subset's model at one size, and its range over repeats."""

    subset: Subset
    m: int
    loss: float
    low: float
    high: float


@dataclass(frozen=True)
class Crossover:
    """From which size on a comparison gained at every larger size measured, over repeats.

    Parameters
    ----------
    name
        The modality.
    first, last
        The least and the largest such size over the repeats; None for `last` if some repeat has none.
    below
        The largest size measured below `first`; None if there is none.
    """

    name: str
    first: int
    last: int | None
    below: int | None = None


def sizes(rows: int) -> tuple[int, ...]:
    """Up to five sizes, each half of the next, the largest being all training rows.

    Examples
    --------
    >>> sizes(700), sizes(20)
    ((43, 87, 175, 350, 700), (20,))
    """
    found = [rows]
    while len(found) < 5 and found[-1] // 2 >= LEAST:
        found.append(found[-1] // 2)
    return tuple(reversed(found))


def seconds(trained: Sequence[Trained], setting: Setting) -> float:
    """A rough time of the curves on one core; none is known for the user's own models."""
    total = 0.0
    for each in trained:
        if each.refit is None:
            continue
        if setting.estimators is not None:
            return float("inf")
        size = size_of(setting.data, each.subset, len(setting.split.train), setting.classes)
        # Half of the rows, a quarter, …: together about as many as all. One setting takes up to half of
        # the time of all: products of columns are shared.
        total += (1 + REPEATS) * each.refit.candidate.seconds(size) / 2
    return total


def curves(
    trained: Sequence[Trained], setting: Setting
) -> tuple[tuple[Point, ...], dict[tuple[Subset, int], np.ndarray]]:
    """The curves of these subsets, and the mean losses of the repeats (subset, m) -> (repeats,).

    The kind of model and its setting stay those chosen at the full size. Groups are drawn whole.
    """
    split = setting.split
    # The rows that all subsets can be judged on, in an order of their own: files are often sorted.
    shown = tuple(dict.fromkeys(name for each in trained for name in each.subset))
    complete = setting.rows_of(shown, split.holdout)
    held = stream(setting.seed, "curve").permutation(complete)[:MOST_HOLDOUT]
    units = split.units[split.train]
    distinct = np.unique(units)
    points: list[Point] = []
    means: dict[tuple[Subset, int], np.ndarray] = {}
    every = sizes(len(distinct))
    for m in every:
        repeats = 1 if m == len(distinct) else REPEATS
        for each in trained:
            values = []
            for repeat in range(repeats):
                drawn = stream(setting.seed, "curve", m, repeat).permutation(distinct)[:m]
                rows = split.train[np.isin(units, drawn)]
                values.append(_mean_loss(each, setting, rows, held))
            setting.done(seconds([each], setting) / len(every))
            found = np.array(values)
            means[each.subset, m] = found
            if np.isfinite(found).all():
                points.append(
                    Point(
                        each.subset, m, float(found.mean()), float(found.min()), float(found.max())
                    )
                )
    return tuple(points), means


def crossover(
    name: str,
    larger: Subset,
    smaller: Subset,
    means: dict[tuple[Subset, int], np.ndarray],
) -> Crossover | None:
    """From where on `larger` has the lower loss; None if nowhere, or if one of the two has no curve."""
    of_larger = {m: losses for (subset, m), losses in means.items() if subset == larger}
    of_smaller = {m: losses for (subset, m), losses in means.items() if subset == smaller}
    common = sorted(of_larger.keys() & of_smaller.keys())
    if len(common) < 2:
        return None
    starts: list[int | None] = []
    for repeat in range(REPEATS):
        start = None
        for m in reversed(common):
            here = min(repeat, len(of_larger[m]) - 1)
            if not of_larger[m][here] < of_smaller[m][here]:
                break
            start = m
        starts.append(start)
    known = [start for start in starts if start is not None]
    if not known:
        return None
    first = min(known)
    last = max(known) if len(known) == len(starts) else None
    return Crossover(name, first, last, max((m for m in common if m < first), default=None))


def _mean_loss(each: Trained, setting: Setting, rows: np.ndarray, held: np.ndarray) -> float:
    fit_rows, judged = setting.rows_of(each.subset, rows), setting.rows_of(each.subset, held)
    if len(fit_rows) < 2 or not len(judged):
        return float("nan")
    if setting.classes and len(np.unique(setting.data.target[fit_rows])) < 2:
        return float("nan")
    if each.refit is None:
        prediction = constant_prediction(setting, fit_rows, judged)
    else:
        prediction = each.refit.fit(fit_rows)(judged)
    losses = setting.metric.losses(setting.data.target[judged], prediction, setting.scale)
    weights = None if setting.data.weights is None else setting.data.weights[judged]
    return float(np.average(losses, weights=weights))
