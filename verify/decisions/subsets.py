"""Which subsets of modalities are trained, and their training over processes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial

import numpy as np

from empirical.modalities import Subset
from verify.decisions import curves as learning
from verify.decisions.choice import Plan, forward, ordered
from verify.decisions.training import Setting, Trained, train
from verify.execution.threads import one_thread
from verify.execution.workers import most_workers, spread

# Below so many seconds of training, starting processes takes longer than it saves.
WORTH_A_PROCESS = 20.0


def few(names: Sequence[str]) -> tuple[Subset, ...]:
    """Beyond six modalities: the constant, singles, all, and all but one."""
    every = tuple(names)
    without = [tuple(each for each in every if each != name) for name in every]
    return tuple(dict.fromkeys([(), *((name,) for name in every), *without, every]))


def train_all(
    subsets: Sequence[Subset], setting: Setting, seconds: float, workers: int | None
) -> dict[Subset, Trained]:
    """Train the subsets; `seconds` is a rough time of all of it."""
    count = min(most_workers(workers), len(subsets)) if seconds > WORTH_A_PROCESS else 1
    if setting.estimators is not None:
        count = 1
    found = dict(spread(partial(_one, setting), list(subsets), count))
    return {subset: found[subset] for subset in subsets}


def _one(setting: Setting, subset: Subset) -> Trained:
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return train(subset, setting)


def search(names: Sequence[str], trained: dict[Subset, Trained], setting: Setting) -> None:
    """A forward search on the training part, beyond the subsets that are always trained."""

    def loss(subset: Subset) -> float:
        if subset not in trained:
            trained[subset] = _one(setting, subset)
        return float(np.nanmean(trained[subset].fold_losses))

    forward(names, loss)


def complete_family(
    names: Sequence[str], aim: Plan, trained: dict[Subset, Trained], setting: Setting
) -> None:
    """Train what the comparisons need, where not all subsets were trained."""
    for name in names:
        for subset in pair(names, aim.favourite, name):
            if subset not in trained:
                trained[subset] = _one(setting, subset)


def pair(names: Sequence[str], favourite: Subset, name: str) -> tuple[Subset, Subset]:
    """The favourite with and without a modality."""
    larger = ordered(names, {*favourite, name})
    return larger, tuple(each for each in larger if each != name)


def drawn_curves(
    trained: dict[Subset, Trained], aim: Plan, setting: Setting, names: Sequence[str]
) -> tuple[tuple[learning.Point, ...], dict[tuple[Subset, int], np.ndarray]]:
    """Curves of the subsets that are compared, unless they would take too long."""
    needed = dict.fromkeys(s for name in names for s in pair(names, aim.favourite, name) if s)
    shown = [trained[subset] for subset in needed if subset in trained]
    if learning.seconds(shown, setting) > learning.BUDGET:
        return (), {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return learning.curves(shown, setting)
