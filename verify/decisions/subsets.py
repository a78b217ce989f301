"""Which subsets of modalities are trained, and their training in threads or processes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from empirical.modalities import Subset
from verify.decisions import curves as learning
from verify.decisions.choice import MOST_FOR_ALL, Plan, forward, ordered
from verify.decisions.effort import size_of
from verify.decisions.training import Setting, Trained, train
from verify.execution.threads import one_thread
from verify.execution.workers import spread

# Below so many seconds of training, starting threads or processes takes longer than it saves.
WORTH_WORKERS = 20.0


def few(names: Sequence[str]) -> tuple[Subset, ...]:
    """Beyond six modalities: the constant, singles, all, and all but one."""
    every = tuple(names)
    without = [tuple(each for each in every if each != name) for name in every]
    return tuple(dict.fromkeys([(), *((name,) for name in every), *without, every]))


def limited(names: Sequence[str]) -> tuple[str, ...]:
    """A note where not all sets of modalities are trained.

    Examples
    --------
    >>> limited("ab"), limited("abcdefghijkl")[0][:72]
    ((), 'Of the 4,096 sets of 12 modalities are trained: each modality alone, all')
    """
    if len(names) <= MOST_FOR_ALL:
        return ()
    return (
        f"Of the {2 ** len(names):,} sets of {len(names)} modalities are trained: each modality alone, all,"
        " all but one, those of a forward search on the training rows, and those that are compared.",
    )


def train_all(subsets: Sequence[Subset], setting: Setting, workers: int) -> dict[Subset, Trained]:
    """Train the subsets: in threads, which share the rows, if all candidates can be; else in processes."""
    if workers == 1:
        with quiet():
            return {subset: train(subset, setting) for subset in subsets}
    if all(each.in_threads for each in setting.candidates):
        with quiet():
            return _in_threads(subsets, setting, workers)
    found = {}
    for subset, each in spread(partial(_one, replace(setting, progress=None)), subsets, workers):
        found[subset] = each
        setting.done(seconds_of(subset, setting))
    return {subset: found[subset] for subset in subsets}


def seconds_of(subset: Subset, setting: Setting) -> float:
    """A rough time of the training of a subset, on one core."""
    size = size_of(setting.data, subset, len(setting.split.train), setting.classes)
    return (len(setting.split.folds) + 1) * sum(each.seconds(size) for each in setting.candidates)


def _one(setting: Setting, subset: Subset) -> Trained:
    with one_thread(), quiet():
        return train(subset, setting)


def _in_threads(subsets: Sequence[Subset], setting: Setting, workers: int) -> dict[Subset, Trained]:
    """What is largest comes first, so that threads end together."""
    with ThreadPoolExecutor(workers) as pool:
        largest_first = sorted(subsets, key=len, reverse=True)
        futures = {subset: pool.submit(train, subset, setting) for subset in largest_first}
        try:
            # Of several errors the one that a single thread would meet.
            return {subset: futures[subset].result() for subset in subsets}
        except BaseException:
            if setting.progress is not None:
                setting.progress.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def quiet() -> Iterator[None]:
    """Without warnings of numbers and of convergence: a model is judged by what it predicts.

    The filters belong to the process, so that they are set here, outside of all threads.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def search(names: Sequence[str], trained: dict[Subset, Trained], setting: Setting) -> None:
    """A forward search on the training part, beyond the subsets that are always trained."""

    def loss(subset: Subset) -> float:
        if subset not in trained:
            trained[subset] = train(subset, setting)
        return float(np.nanmean(trained[subset].fold_losses))

    with quiet():
        forward(names, loss)


def complete_family(
    names: Sequence[str], aim: Plan, trained: dict[Subset, Trained], setting: Setting
) -> None:
    """Train what the comparisons need, where not all subsets were trained."""
    with quiet():
        for name in names:
            for subset in pair(names, aim.favourite, name):
                if subset not in trained:
                    trained[subset] = train(subset, setting)


def pair(names: Sequence[str], favourite: Subset, name: str) -> tuple[Subset, Subset]:
    """The favourite with and without a modality."""
    larger = ordered(names, {*favourite, name})
    return larger, tuple(each for each in larger if each != name)


def drawn_curves(
    trained: dict[Subset, Trained], aim: Plan, setting: Setting, names: Sequence[str]
) -> tuple[tuple[learning.Point, ...], dict[tuple[Subset, int], np.ndarray], tuple[str, ...]]:
    """Curves of the subsets that are compared, unless they would take too long; then a note says so."""
    needed = dict.fromkeys(s for name in names for s in pair(names, aim.favourite, name))
    shown = [trained[subset] for subset in needed if subset in trained]
    seconds = learning.seconds(shown, setting)
    if seconds > learning.BUDGET:
        return (), {}, (_no_curves(seconds),)
    if setting.progress is not None:
        setting.progress.more(seconds)
    with quiet():
        return (*learning.curves(shown, setting), ())


def _no_curves(seconds: float) -> str:
    if not np.isfinite(seconds):
        return "No learning curves were drawn, since nothing is known of the time that your models take."
    return (
        f"No learning curves were drawn: they would take about {seconds:,.0f} seconds of one core."
    )
