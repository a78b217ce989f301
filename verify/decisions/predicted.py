"""A decision from predictions or losses of the user's own models, without any training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bounds.domains import FINITE_POSITIVE
from empirical.modalities import Subset
from verify.decisions.candidates import constant
from verify.decisions.choice import Plan, complete_cases, plan
from verify.decisions.decision import Decision
from verify.decisions.evidence import Evidence
from verify.decisions.judge import judge
from verify.decisions.losses import Metric, Scale, cut_weights, metric_for, settled_weights
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
    losses: dict[Subset, np.ndarray] = {}
    if own.target is None:
        if C is None:
            raise ValueError("C must be the range of the losses where y is None, got None")
        largest = FINITE_POSITIVE.number("C", C)
        if metric is not None:
            raise ValueError(f"metric must be left out where losses are given, got {metric!r}")
        chosen, scale = _loss_metric(largest), Scale(0)
        for subset, values in own.predictions.items():
            if values.max() > largest:
                row = int(values.argmax())
                raise ValueError(
                    f"predictions must be losses of at most C = {largest:g}, got"
                    f" {values[row]:g} in row {row}"
                )
            losses[subset] = values
    else:
        if C is not None:
            raise ValueError("C must be left out unless predictions are losses")
        chosen = metric_for(metric, "regression" if own.classes is None else "classification")
        scale = Scale.of(own.target[choosing], 0 if own.classes is None else len(own.classes))
        for subset, values in own.predictions.items():
            losses[subset] = chosen.losses(own.target, values, scale)
    if () not in losses and own.target is not None:
        losses[()] = _constant_losses(own, chosen, scale, choosing)
    if len(losses) < 2 or not own.names:
        raise ValueError("predictions must have a subset with a modality, got the constant alone")
    inside = {s: np.where(own.chooses, values, np.nan) for s, values in losses.items()}
    held = {s: np.where(own.chooses, np.nan, values) for s, values in losses.items()}
    weights = settled_weights(own.weights, choosing)
    aim = plan(own.names, inside, own.units, weights)
    aim = _within(aim, losses, own.names)
    units = own.units
    evidence = Evidence(
        name=name,
        names=own.names,
        metric=chosen,
        scale=scale,
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
    )
    means_of = complete_cases(inside, units, weights).mean(axis=1)
    cheapest = cheapest_of(prices, dict(zip(inside, means_of, strict=True)), aim.favourite, margin)
    return judge(evidence, cheapest, margin, delta, seed)


def _within(aim: Plan, losses: Mapping[Subset, Any], names: Sequence[str]) -> Plan:
    """The plan with a path through subsets that have predictions."""
    path = [aim.favourite]
    while path[-1]:
        smaller = [s for s in losses if set(s) < set(path[-1])]
        if not smaller:
            break
        largest = max(len(s) for s in smaller)
        near = [s for s in smaller if len(s) == largest]
        path.append(next((s for s in aim.path if s in near), near[0]))
    return Plan(aim.favourite, tuple(reversed(path)), aim.guess)


def _constant_losses(own: Own, metric: Metric, scale: Scale, rows: np.ndarray) -> np.ndarray:
    """Losses of the best constant on the rows that choose."""
    assert own.target is not None
    weights = None if own.weights is None else own.weights[rows]
    value = constant(own.target[rows], scale.classes, weights)
    prediction = np.broadcast_to(value, (len(own.target), *value.shape))
    return metric.losses(own.target, prediction, scale)


def _loss_metric(largest: float) -> Metric:
    def unused(*_: Any) -> np.ndarray:
        raise NotImplementedError

    return Metric(
        name="loss",
        task="regression",
        label="loss",
        better="its loss is {} points",
        point="0.01 of the loss that you gave",
        losses=unused,
        choice=unused,
        range=lambda scale: largest,
        score=lambda loss: loss,
        higher_is_better=False,
        needs_probabilities=False,
    )
