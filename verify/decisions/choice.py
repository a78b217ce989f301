"""What is chosen before the hold-out is looked at: the subsets to train, the favourite, its path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from empirical.modalities import Subset

# With at most so many modalities all subsets are trained.
MOST_FOR_ALL = 6


@dataclass(frozen=True)
class Plan:
    """The outcome of the training part.

    Parameters
    ----------
    favourite
        The smallest subset whose cross-validated loss is within one standard error of the least. If
        that is the constant, but no single modality is so close to the best subset: the smallest one
        that is.
    path
        Subsets up to the favourite, from the empty one if it is known. Each is the largest known part of
        the next, which is one modality less where all subsets are known; of several, the one of least
        loss.
    guess
        The subset of least cross-validated loss: an estimate.
    means
        Subset -> the mean of its cross-validated loss over the rows that have all modalities.
    """

    favourite: Subset
    path: tuple[Subset, ...]
    guess: Subset
    means: Mapping[Subset, float] = field(default_factory=dict)


def all_subsets(names: Sequence[str]) -> tuple[Subset, ...]:
    """All subsets by size and then by the order of the names, the empty one first.

    Examples
    --------
    >>> all_subsets(["a", "b"])
    ((), ('a',), ('b',), ('a', 'b'))
    """
    sizes = range(len(names) + 1)
    return tuple(subset for size in sizes for subset in combinations(tuple(names), size))


def ordered(names: Sequence[str], members: set[str]) -> Subset:
    """The members in the order of the names.

    Examples
    --------
    >>> ordered(["a", "b", "c"], {"c", "a"})
    ('a', 'c')
    """
    return tuple(name for name in names if name in members)


def forward(names: Sequence[str], loss: Callable[[Subset], float]) -> tuple[Subset, ...]:
    """The subsets of a forward search: each step adds the modality that helps most.

    It ends when two steps in a row have not lowered the least loss.

    Examples
    --------
    >>> forward("abc", lambda subset: 3.0 - len(set(subset) & {"a", "c"}))
    ((), ('a',), ('a', 'c'), ('a', 'b', 'c'))
    """
    path: list[Subset] = [()]
    losses = [loss(())]
    while len(path[-1]) < len(names):
        left = [name for name in names if name not in path[-1]]
        steps = [ordered(names, {*path[-1], name}) for name in left]
        values = [loss(step) for step in steps]
        least = int(np.argmin(values))
        path.append(steps[least])
        losses.append(values[least])
        if len(losses) > 2 and min(losses[-2:]) >= min(losses[:-2]):
            break
    return tuple(path)


def complete_cases(
    fold_losses: Mapping[Subset, np.ndarray], units: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Losses per unit (subsets, units) over the rows that have a loss for every subset.

    Raises
    ------
    ValueError
        If no row has all modalities.
    """
    table = np.vstack(list(fold_losses.values()))
    complete = ~np.isnan(table).any(axis=0)
    if not complete.any():
        raise ValueError("features must share rows that have all modalities, got none")
    table = table[:, complete]
    return per_unit(table if weights is None else table * weights[complete], units[complete])


def plan(
    names: Sequence[str],
    fold_losses: Mapping[Subset, np.ndarray],
    units: np.ndarray,
    weights: np.ndarray | None = None,
) -> Plan:
    """The favourite and its path, from losses on the folds of the training part.

    Parameters
    ----------
    names
        All modalities.
    fold_losses
        Subset -> (n,), NaN where a row has no loss. Only rows with a loss for every subset count.
    units
        (n,) codes of groups, or of rows.
    weights
        (n,) positive, or None.

    Raises
    ------
    ValueError
        If no row has all modalities.
    """
    subsets = list(fold_losses)
    table = complete_cases(fold_losses, units, weights)
    means = table.mean(axis=1)
    favourite = subsets[_smallest_close(subsets, table)]
    if not favourite:
        # Where only several modalities together seem to help, they are what has to be certified:
        # none of them would show anything beside a constant.
        inside = [position for position, subset in enumerate(subsets) if subset]
        among = [subsets[position] for position in inside]
        best = among[_smallest_close(among, table[inside])]
        favourite = best if len(best) > 1 else favourite
    mean_of = dict(zip(subsets, means.tolist(), strict=True))
    path = _backward(names, favourite, mean_of)
    return Plan(favourite, path, subsets[int(np.argmin(means))], mean_of)


def _smallest_close(subsets: Sequence[Subset], table: np.ndarray) -> int:
    """Position of the smallest subset whose mean loss is within a standard error of the least."""
    means = table.mean(axis=1)
    least = int(np.argmin(means))
    close = [
        position
        for position in range(len(subsets))
        if means[position] - means[least] <= standard_error(table[position] - table[least])
    ]
    return min(close, key=lambda position: (len(subsets[position]), means[position]))


def per_unit(values: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Means of the last axis over the rows of each unit, in the order of the units' codes.

    Examples
    --------
    >>> per_unit(np.array([[1.0, 3.0, 5.0]]), np.array([7, 7, 9]))
    array([[2., 5.]])
    """
    _, position, counts = np.unique(units, return_inverse=True, return_counts=True)
    if len(counts) == len(units):
        return values[..., np.argsort(position)]
    flat = values.reshape(-1, values.shape[-1])
    sums = np.stack([np.bincount(position, row, len(counts)) for row in flat])
    return np.asarray((sums / counts).reshape(*values.shape[:-1], len(counts)))


def standard_error(values: np.ndarray) -> float:
    """Of the mean; infinite for one value.

    Examples
    --------
    >>> standard_error(np.array([0.0, 1.0, 0.0, 1.0])).__round__(3)
    0.289
    """
    if len(values) < 2:
        return np.inf
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def _backward(
    names: Sequence[str], favourite: Subset, means: Mapping[Subset, float]
) -> tuple[Subset, ...]:
    """From the favourite down: the largest known subset of the last one, of these the one of least loss."""
    path = [favourite]
    while smaller := [subset for subset in means if set(subset) < set(path[-1])]:
        size = max(map(len, smaller))
        # Of equals the one without the first modality.
        path.append(
            min(
                (subset for subset in smaller if len(subset) == size),
                key=lambda subset: (means[subset], [name in subset for name in names]),
            )
        )
    return tuple(reversed(path))
