"""Which modalities pay, at this number of rows, on new rows from the same source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bounds.domains import FINITE_NON_NEGATIVE, PROBABILITY, at_least
from bounds.names import known_options
from empirical.modalities import Subset
from empirical.observations.observations import Observations
from empirical.observations.observe import observe
from verify.decisions import curves as learning
from verify.decisions.choice import MOST_FOR_ALL, all_subsets, plan
from verify.decisions.decision import Decision
from verify.decisions.effort import affordable, threads
from verify.decisions.evidence import Evidence
from verify.decisions.judge import judge
from verify.decisions.losses import Scale, cut_weights, metric_for, settled_weights
from verify.decisions.own import read_own
from verify.decisions.predicted import from_own
from verify.decisions.prices import cheapest_of, prices_of
from verify.decisions.progress import Progress
from verify.decisions.split import Split, split
from verify.decisions.subsets import (
    WORTH_WORKERS,
    complete_family,
    drawn_curves,
    few,
    limited,
    pair,
    search,
    train_all,
)
from verify.decisions.training import Setting
from verify.execution.threads import one_thread
from verify.execution.workers import most_workers


@known_options
def decide(
    features: Any = None,
    y: Any = None,
    *,
    groups: Any = None,
    cost: Mapping[str, float] | None = None,
    predictions: Any = None,
    estimators: Callable[[Subset], Any] | None = None,
    metric: str | None = None,
    margin: float = 0.005,
    delta: float = 0.05,
    order: Any = None,
    weights: Any = None,
    train: Any = None,
    task: str | None = None,
    align: str | None = None,
    C: float | None = None,
    seed: int = 0,
    workers: int | None = None,
    name: str = "data",
) -> Decision:
    """Which modalities to use, and what each is worth, on new rows from the same source.

    Half of the rows train models and choose among them and among subsets of modalities; the other
    half certifies what was chosen, once. The certified gains, and the verdicts that follow from
    them, hold at once with probability 1 - delta, for the models that were trained and for rows drawn
    like those of the hold-out. The Shapley values hold together at 1 - delta by themselves.

    Parameters
    ----------
    features
        Modality name -> [n, d] array, DataFrame, tensor, sparse matrix or list, rows aligned; or
        `Observations` made by `empirical.observations`.
    y
        [n] labels or numbers.
    groups
        [n] labels of what belongs together, such as patients. A group is never divided, and every
        interval counts groups.
    cost
        Modality name -> price; those left out are free.
    predictions
        Instead of `features`: subset -> predictions of your own models on rows that they were not
        trained on: labels or [n, k] probabilities or numbers; or losses, with `y` None and `C`
        given. A subset is a name, names joined by "+", or a tuple; "" is a constant. A fifth of the
        rows chooses what is compared, the rest certifies.
    estimators
        Called with a tuple of names, returns a scikit-learn estimator: your own pipeline is judged in
        place of the library's candidates. Its columns are those of the modalities side by side.
    metric
        "accuracy", "brier", "log-loss" for labels, "squared" for numbers.
    margin
        What is too little to matter, in the units of the metric: 0.005 is half a point.
    delta
        In (0, 1): the probability that any certified gain is wrong is at most this.
    order
        [n] times or numbers: the models are trained on the past.
    weights
        [n] positive weights of rows. Held-out weights are cut at the largest training weight.
    train
        [n] booleans: a split of your own.
    task
        "classification" or "regression", where the target leaves doubt.
    align
        How frames find each other's rows; see `empirical.observations.observe`.
    C
        The range of losses, with `predictions` and without `y`.
    seed
        The same seed gives the same numbers, whatever the number of workers.
    workers
        Threads or processes for training; None: as many as pay.
    name
        What the data are called; `Observations` have a name of their own.

    Raises
    ------
    ValueError
        In one line, for whatever is wrong with an argument.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x, noise = rng.normal(size=(400, 3)), rng.normal(size=(400, 5))
    >>> found = decide({"signal": x, "noise": noise}, np.where(x[:, 0] > 0, "yes", "no"))
    >>> found.recommendation.subset
    ('signal',)
    """
    PROBABILITY.number("delta", delta)
    FINITE_NON_NEGATIVE.number("margin", margin)
    at_least(0, 2**63 - 1).whole("seed", seed)
    if predictions is not None:
        _left_out(
            "predictions are given",
            features=features,
            estimators=estimators,
            train=train,
            align=align,
        )
        own = read_own(
            predictions, y, groups=groups, order=order, weights=weights, task=task, seed=seed
        )
        return from_own(own, metric, C, cost, margin, delta, seed, name)
    if features is None:
        raise ValueError("features must be given, or predictions, got neither")
    if C is not None:
        raise ValueError("C must be left out unless predictions are losses")
    if isinstance(features, Observations):
        _left_out(
            "features are Observations, which have their own",
            y=y,
            groups=groups,
            order=order,
            weights=weights,
            train=train,
            task=task,
            align=align,
        )
        data = features
    elif y is None:
        raise ValueError("y must be given with features, got None")
    else:
        data = observe(
            features,
            y,
            groups=groups,
            order=order,
            weights=weights,
            train=train,
            task=task,
            align=align,
            name=name,
        )
    with one_thread():
        return _from_rows(data, metric, estimators, cost, margin, delta, seed, workers)


def _left_out(where: str, **arguments: Any) -> None:
    """Refuse arguments that would have no effect."""
    for argument, value in arguments.items():
        if value is not None:
            raise ValueError(
                f"{argument} must be left out where {where}, got a {type(value).__name__}"
            )


def _from_rows(
    data: Observations,
    metric: str | None,
    estimators: Callable[[Subset], Any] | None,
    cost: Mapping[str, float] | None,
    margin: float,
    delta: float,
    seed: int,
    workers: int | None,
) -> Decision:
    chosen = metric_for(metric, data.task)
    prices = prices_of(cost, data.names)
    parts = split(data, seed)
    classes = 0 if data.classes is None else len(data.classes)
    scale = Scale.of(data.target[parts.train], classes)
    complete = all_subsets(data.names) if len(data.names) <= MOST_FOR_ALL else None
    wanted = complete or few(data.names)
    candidates, seconds = affordable(data, parts, classes, wanted)
    weights = settled_weights(data.weights, parts.train)
    together = threads(data, most_workers(workers)) if seconds > WORTH_WORKERS else 1
    together = 1 if estimators is not None else min(together, len(wanted))
    with Progress(0.0 if estimators is not None else seconds, together) as progress:
        setting = Setting(data, parts, chosen, scale, candidates, estimators, seed, progress)
        trained = train_all(wanted, setting, together)
        if complete is None:
            search(data.names, trained, setting)
        fold_losses = {subset: each.fold_losses for subset, each in trained.items()}
        aim = plan(data.names, fold_losses, parts.units, weights)
        complete_family(data.names, aim, trained, setting)
        drawn, means, remarks = drawn_curves(trained, aim, setting, data.names)
    losses = {subset: each.losses for subset, each in trained.items()}
    cheapest = cheapest_of(prices, aim, margin)
    crossings = [
        found
        for each in data.names
        for larger, smaller in [pair(data.names, aim.favourite, each)]
        if (found := learning.crossover(each, larger, smaller, means)) is not None
    ]
    evidence = Evidence(
        name=data.name,
        names=data.names,
        metric=chosen,
        largest=chosen.range(scale),
        plan=aim,
        losses=losses,
        models={subset: each.model for subset, each in trained.items()},
        extras={subset: each.extras for subset, each in trained.items()},
        units=parts.units,
        weights=weights,
        grouped=data.groups is not None,
        train_rows=len(parts.train),
        train_units=parts.train_units,
        holdout=parts.holdout,
        holdout_units=parts.holdout_units,
        how=parts.how,
        prices=prices,
        points=drawn,
        crossovers=tuple(crossings),
        notes=(*data.notes, *limited(data.names), *remarks),
        warnings=(*data.warnings, *cut_weights(data.weights, parts.train)),
        about=_about_models(parts),
        classes=data.classes,
        missing={each: int((~data.present[each]).sum()) for each in data.names},
        ordered=data.order is not None,
    )
    return judge(evidence, cheapest, margin, delta, seed)


def _about_models(parts: Split) -> str:
    return (
        f"the models that were trained here on {len(parts.train):,} rows, met with new rows drawn like"
        " those of the hold-out; not other training rows, and not another source"
    )
