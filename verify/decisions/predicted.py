"""A decision from predictions or losses of the user's own models, without any training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bounds.domains import range_of_losses
from empirical.modalities import Subset
from verify.decisions.choice import plan
from verify.decisions.decision import Decision
from verify.decisions.evidence import Evidence
from verify.decisions.judge import judge
from verify.decisions.losses import (
    GIVEN,
    Measure,
    Scale,
    cut_weights,
    metric_for,
    settled_weights,
)
from verify.decisions.models import constant
from verify.decisions.own import Own
from verify.decisions.prices import cheapest_of, prices_of


def from_own(
    own: Own,
    metric: str | None,
    C: float | None,
    cost: Mapping[str, float] | None,
    margin: float,
    delta: float,
    seed: int,
    name: str,
) -> Decision:
    """Choose the comparisons on a fifth of the rows, and certify them on the rest."""
    prices = prices_of(cost, own.names)
    choosing, holdout = np.flatnonzero(own.chooses), np.flatnonzero(~own.chooses)
    if own.target is None:
        measure, largest, losses = _given(own.predictions, metric, C)
    else:
        measure, largest, losses = _measured(own, own.target, metric, C, choosing)
    if len(losses) < 2 or not own.names:
        raise ValueError("predictions must have a subset with a modality, got the constant alone")
    inside = {s: np.where(own.chooses, values, np.nan) for s, values in losses.items()}
    held = {s: np.where(own.chooses, np.nan, values) for s, values in losses.items()}
    weights = settled_weights(own.weights, choosing)
    aim = plan(own.names, inside, own.units, weights)
    units = own.units
    evidence = Evidence(
        name=name,
        names=own.names,
        metric=measure,
        largest=largest,
        plan=aim,
        losses=held,
        models=dict.fromkeys(losses, "your model") | {(): "a constant"},
        extras={subset: {} for subset in losses},
        units=units,
        weights=weights,
        grouped=own.grouped,
        train_rows=len(choosing),
        train_units=len(np.unique(units[choosing])),
        holdout=holdout,
        holdout_units=len(np.unique(units[holdout])),
        how="A fifth of the rows chose what is compared; the others certify. Nothing was trained here.",
        prices=prices,
        points=(),
        crossovers=(),
        notes=(own.note,),
        warnings=cut_weights(own.weights, choosing),
        about="the predictions that you gave, if none of these rows was used to train, tune or choose"
        " the models behind them",
        classes=own.classes,
        missing=dict.fromkeys(own.names, 0),
        ordered=False,
        trained=False,
    )
    return judge(evidence, cheapest_of(prices, aim, margin), margin, delta, seed)


def _given(
    predictions: Mapping[Subset, np.ndarray], metric: str | None, C: float | None
) -> tuple[Measure, float, dict[Subset, np.ndarray]]:
    """Losses that the user computed, with their range."""
    if C is None:
        raise ValueError("C must be the range of the losses where y is None, got None")
    largest = range_of_losses("C", C)
    if metric is not None:
        raise ValueError(f"metric must be left out where losses are given, got {metric!r}")
    for losses in predictions.values():
        if losses.max() > largest:
            row = int(losses.argmax())
            raise ValueError(
                f"predictions must be losses of at most C = {largest:g}, got {losses[row]:g} in row"
                f" {row}"
            )
    return GIVEN, largest, dict(predictions)


def _measured(
    own: Own, target: np.ndarray, metric: str | None, C: float | None, choosing: np.ndarray
) -> tuple[Measure, float, dict[Subset, np.ndarray]]:
    """Losses of predictions, and of the best constant on the rows that choose if none was given."""
    if C is not None:
        raise ValueError("C must be left out unless predictions are losses")
    classes = 0 if own.classes is None else len(own.classes)
    chosen = metric_for(metric, "classification" if classes else "regression")
    scale = Scale.of(target[choosing], classes)
    predictions = dict(own.predictions)
    if () not in predictions:
        weights = None if own.weights is None else own.weights[choosing]
        value = constant(target[choosing], classes, weights)
        predictions[()] = np.broadcast_to(value, (len(target), *value.shape))
    losses = {s: chosen.losses(target, values, scale) for s, values in predictions.items()}
    return chosen, chosen.range(scale), losses
