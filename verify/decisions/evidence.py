"""What the training part and the hold-out gave, before anything is judged, and estimates from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from empirical.modalities import Subset
from verify.decisions.choice import Plan, per_unit, standard_error
from verify.decisions.curves import Crossover, Point
from verify.decisions.losses import Measure

NORMAL = 1.96


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the training part and the hold-out gave, before anything is judged.

    Parameters
    ----------
    metric, largest
        How losses are read; they lie in [0, largest].
    losses
        Subset -> (n,) losses on the hold-out, NaN elsewhere.
    models, extras
        Subset -> the kind of model; further measures of it.
    units
        (n,) codes of groups, or of rows.
    about
        What the certified intervals are about.
    missing
        Modality -> rows that lack it.
    trained
        Whether models were trained here; False for predictions or losses of the user's own.
    """

    name: str
    names: tuple[str, ...]
    metric: Measure
    largest: float
    plan: Plan
    losses: Mapping[Subset, np.ndarray]
    models: Mapping[Subset, str]
    extras: Mapping[Subset, dict[str, float]]
    units: np.ndarray
    weights: np.ndarray | None
    grouped: bool
    train_rows: int
    train_units: int
    holdout: np.ndarray
    holdout_units: int
    how: str
    prices: dict[str, float] | None
    points: tuple[Point, ...]
    crossovers: tuple[Crossover, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    about: str
    classes: tuple[str, ...] | None
    missing: Mapping[str, int]
    ordered: bool
    trained: bool = True

    @property
    def unit(self) -> str:
        """What is counted."""
        return "groups" if self.grouped else "rows"

    @cached_property
    def complete(self) -> np.ndarray:
        """(n,): whether the row has a loss for every subset, which is to say all modalities."""
        return np.asarray(~np.isnan(np.vstack(list(self.losses.values()))).any(axis=0))

    @property
    def total(self) -> int:
        """Rows in all."""
        return self.train_rows + len(self.holdout)


def estimate(
    evidence: Evidence, smaller: np.ndarray | None, larger: np.ndarray | None
) -> dict[str, float] | None:
    """A gain with its normal interval, which is an estimate."""
    if smaller is None or larger is None:
        return None
    return normal_interval(evidence, smaller - larger)


def normal_interval(evidence: Evidence, values: np.ndarray) -> dict[str, float] | None:
    """A mean over the units with its 95 % normal interval: an estimate."""
    if evidence.weights is not None:
        values = values * evidence.weights
    there = ~np.isnan(values)
    if not there.any():
        return None
    means = per_unit(values[there], evidence.units[there])
    mean, error = float(means.mean()), standard_error(means)
    return {"gain": mean, "low": mean - NORMAL * error, "high": mean + NORMAL * error}
