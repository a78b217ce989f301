"""Tables 1 to 3: train the paper's network on every subset, share of the training rows and seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import torch

from empirical.modalities import Subset
from empirical.paper import network
from empirical.paper.splits import Split, abbreviations
from empirical.streams import stream
from verify.execution.progress import bar
from verify.execution.threads import one_thread
from verify.execution.workers import most_workers, spread

RATIOS = (0.0001, 0.001, 0.01, 0.1, 1.0)
SEEDS, EPOCHS, BATCH, LEARNING_RATE = 5, 10, 2048, 0.01
MOST_FOR_ALL_SUBSETS = 6


@dataclass(frozen=True)
class Run:
    """One seed at one share of the training rows; one entry per subset, in the family's order.

    Parameters
    ----------
    rows
        Training rows, padding included.
    accuracy
        On the real test rows, in [0, 1].
    train_loss, test_loss
        Mean cross-entropy in nats, on the run's own rows and on the test rows.
    encoder_norm, head_norm
        Frobenius norms, biases included.
    square_norm
        Mean over the run's rows of Σ_k (‖x⁽ᵏ⁾‖² + 1) over the subset.
    refits
        The best heads on the frozen encoders, where they were asked for.
    refit_radius
        The ball of those heads: twice the largest head norm of the run.
    """

    ratio: float
    trial: int
    rows: int
    accuracy: tuple[float, ...]
    train_loss: tuple[float, ...]
    test_loss: tuple[float, ...]
    encoder_norm: tuple[float, ...]
    head_norm: tuple[float, ...]
    square_norm: tuple[float, ...]
    refits: tuple[network.Refit, ...] = ()
    refit_radius: float | None = None


def family(split: Split, table: int) -> tuple[Subset, ...]:
    """The subsets that a table trains.

    The paper's four (text, text + video, text + audio, all) on IEMOCAP and its stand-in. On other
    data all non-empty subsets of up to three modalities; of up to six for table 1 alone; beyond that
    the single ones, all, and all but one.
    """
    names = split.names
    if split.kind != "user":
        text, video, audio = names
        return (text,), (text, video), (text, audio), names
    K = len(names)
    every = len(names) <= (MOST_FOR_ALL_SUBSETS if table == 1 else 3)
    sizes: Sequence[int] = range(1, K + 1) if every else (1, K - 1, K)
    return tuple(s for size in sizes for s in combinations(names, size))


def label(split: Split, subset: Subset) -> str:
    """A subset as the tables write it: TV where initials differ, else fac+fou; of many, what is left out."""
    missing = [name for name in split.names if name not in subset]
    if len(split.names) > 3 and len(missing) <= 1:
        return f"all but {missing[0]}" if missing else "all"
    short = abbreviations(split.names)
    joiner = "" if all(len(name) == 1 for name in short.values()) else "+"
    return joiner.join(short[name] for name in subset)


def pairs(subsets: Sequence[Subset]) -> list[tuple[int, int]]:
    """Indices (M, N) of every subset and the same with one modality fewer.

    Examples
    --------
    >>> pairs([("a",), ("a", "b"), ("a", "c"), ("a", "b", "c")])
    [(1, 0), (2, 0), (3, 1), (3, 2)]
    """
    return [
        (i, j)
        for i, M in enumerate(subsets)
        for j, N in enumerate(subsets)
        if set(N) < set(M) and len(M) == len(N) + 1
    ]


def runs(
    split: Split,
    subsets: tuple[Subset, ...],
    *,
    seed: int,
    ratios: Sequence[float] = (1.0,),
    seeds: int = SEEDS,
    epochs: int = EPOCHS,
    refit: bool = False,
    workers: int | None = None,
    progress: bool = False,
) -> list[Run]:
    """Every ratio and trial, the largest first; seeds are spread over processes of one thread each.

    split must be standardised already. The number of Adam steps is that of `epochs` epochs of all
    training rows at every ratio, so that only the rows differ. workers: processes, by default one per
    core; results do not depend on it. progress: a bar with the time left on a terminal.
    """
    units = [(ratio, trial) for ratio in sorted(ratios, reverse=True) for trial in range(seeds)]
    count = most_workers(workers)
    work = partial(_run, split, subsets, seed, epochs, refit)
    found = {}
    with bar(len(units), "training", "runs", progress) as shown:
        for unit, run in spread(work, units, min(count, len(units))):
            found[unit] = run
            shown.update()
    return [found[unit] for unit in units]


def ratios(split: Split) -> tuple[float, ...]:
    """The paper's shares of the training rows; on other data the largest of those that are equally many
    rows.
    """
    if split.kind != "user":
        return RATIOS
    real = int(split.real_train.sum())
    by_count = {share_of(ratio, real): ratio for ratio in RATIOS}
    return tuple(by_count.values())


def share_of(ratio: float, real: int) -> int:
    """How many of the real training rows a share is: at least one.

    Examples
    --------
    >>> share_of(0.001, 5810), share_of(0.0001, 1447)
    (6, 1)
    """
    return max(1, round(ratio * real))


def chosen_rows(split: Split, ratio: float, seed: int, trial: int) -> np.ndarray:
    """Training rows of one trial: all of them, padding included, or a share of the real ones.

    At least one row; a smaller share is part of a larger one.
    """
    if ratio == 1.0:
        return np.arange(len(split.y_train))
    real = np.flatnonzero(split.real_train)
    order = stream(seed, "sample", len(real), trial).permutation(len(real))
    return real[order[: share_of(ratio, len(real))]]


def _run(
    split: Split,
    subsets: tuple[Subset, ...],
    seed: int,
    epochs: int,
    refit: bool,
    unit: tuple[float, int],
) -> Run:
    ratio, trial = unit
    with one_thread():
        rows = chosen_rows(split, ratio, seed, trial)
        steps = epochs * -(-len(split.y_train) // BATCH)
        networks = network.train(
            split,
            subsets,
            rows,
            seed=seed,
            trial=trial,
            steps=steps,
            batch=BATCH,
            learning_rate=LEARNING_RATE,
        )
        own = {name: torch.tensor(split.train[name][rows]) for name in networks.names}
        real, y = torch.tensor(split.real_train[rows]), torch.tensor(split.y_train[rows])
        test_scores = networks.scores(network.tensors(split.test))
        y_test, real_test = torch.tensor(split.y_test), torch.tensor(split.real_test)
        radius = 2 * max(networks.head_norm(i) for i in range(len(subsets)))
        refits = (
            tuple(network.refit(networks, split, i, radius) for i in range(len(subsets)))
            if refit and ratio == 1.0
            else ()
        )
        norms = {n: float(x[real].double().square().sum(1).mean()) + 1 for n, x in own.items()}
        return Run(
            ratio,
            trial,
            len(rows),
            tuple(network.accuracies(test_scores, y_test, real_test)),
            tuple(network.losses(networks.scores(own), y, real)),
            tuple(network.losses(test_scores, y_test, real_test)),
            tuple(networks.encoder_norm(i) for i in range(len(subsets))),
            tuple(networks.head_norm(i) for i in range(len(subsets))),
            tuple(sum(norms[name] for name in subset) for subset in subsets),
            refits,
            radius if refits else None,
        )
