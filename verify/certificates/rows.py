"""Losses as they are passed, read into paired differences; what cannot be certified is refused here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bounds.domains import range_of_losses
from empirical.datasets.features import as_real, to_numpy

Values = NDArray[np.float64]

LEAST_UNITS = 30
# A loss that is this little above C was rounded, and counts as C.
ROUNDED = 1e-9
# So many distinct pairs of losses that all occur twice are not a coincidence.
DISTINCT = 20


@dataclass(frozen=True, eq=False)
class Differences:
    """Paired differences of losses, one for each independent unit, in the order of the units.

    Attributes
    ----------
    values : array, [n]
        In [−C, C]: of a row, or the mean of a group's rows.
    rows : int
    C : float
    unit : {"row", "group"}
    clip : float or None
    clipped : int
        Rows with a loss that was cut off.
    largest : int
        The rows of the largest group; 0 where rows are the units.
    """

    values: Values
    rows: int
    C: float
    unit: Literal["row", "group"] = "row"
    clip: float | None = None
    clipped: int = 0
    largest: int = 0

    @property
    def n(self) -> int:
        """The number of independent units."""
        return self.values.size

    @property
    def rounding(self) -> float:
        """What rounding may have changed in the mean.

        A sum of k numbers in [−C, C] is off by at most k²/2 units in the last place of C.
        """
        return 4 * float(np.finfo(np.float64).eps) * self.C * (1 + self.largest)


def differences(
    loss_M: Any,
    loss_N: Any,
    C: float | None,
    groups: Any = None,
    clip: float | None = None,
    loss_train: Any = None,
) -> Differences:
    """Read losses of the hold-out's rows.

    Parameters
    ----------
    loss_M, loss_N : array, Series or tensor, [rows]
        Two Series are aligned by their labels.
    C : float or None
        Differences lie in [−C, C]; None: `clip` is the range.
    groups : array or Series, [rows], optional
        A label for each row; rows of one group depend on each other.
    clip : float, optional
        Losses are cut off here.
    loss_train : pair of arrays, optional
        The losses of both predictors on the training rows, only to see whether some are in the
        hold-out.

    Raises
    ------
    ValueError
        For anything that cannot be certified, in one line.

    Examples
    --------
    >>> differences([1.0, 0.0] * 20, [0.5] * 40, C=1.0).values[:2].tolist()
    [0.5, -0.5]
    """
    index = _common_index(("loss_M", loss_M), ("loss_N", loss_N), ("groups", groups))
    M, N = losses_of("loss_M", loss_M, index), losses_of("loss_N", loss_N, index)
    if M.shape != N.shape:
        raise ValueError(f"loss_N must have as many rows as loss_M, {M.size}, got {N.size}")
    labels = None if groups is None else _groups(groups, index, M.size)
    _no_copies(M, N, labels)
    if loss_train is not None:
        _no_training_rows(M, N, loss_train)
    clipped = 0
    C = range_of(C, clip)
    if clip is not None:
        M, N, clipped = cut_off(M, N, clip)
    found = Differences(within(M - N, C), M.size, C, clip=clip, clipped=clipped)
    if labels is not None:
        found = by_group(found, labels)
    if found.n < LEAST_UNITS:
        raise ValueError(f"n must be at least {LEAST_UNITS} {found.unit}s, got {found.n}")
    return found


def range_of(C: Any, clip: Any) -> float:
    """C as a number; that of `clip` if it is None.

    Raises
    ------
    ValueError
        For neither, for numbers outside [1e-100, 1e100], and for a clip above C.

    Examples
    --------
    >>> range_of(None, 2.0)
    2.0
    """
    cut = None if clip is None else range_of_losses("clip", clip)
    if C is None:
        if cut is None:
            raise ValueError(
                "C must be the range of the losses, got None; unbounded losses need clip="
            )
        return cut
    try:
        largest = range_of_losses("C", C)
    except ValueError as error:
        raise ValueError(f"{error}; unbounded losses need clip=") from None
    if cut is not None and cut > largest:
        raise ValueError(f"clip must be at most C, {largest:g}, got {cut:g}")
    return largest


def losses_of(name: str, value: Any, index: pd.Index[Any] | None = None) -> Values:
    """Losses as float64 [rows], in the order of `index` if they are a Series and it is given.

    Raises
    ------
    ValueError
        For anything but finite real numbers, one for each row.

    Examples
    --------
    >>> losses_of("loss_M", [True, False]).tolist()
    [1.0, 0.0]
    """
    if isinstance(value, pd.Series):
        if not pd.api.types.is_numeric_dtype(value.dtype):
            raise ValueError(f"{name} must hold real numbers, got dtype {value.dtype}")
        if not pd.api.types.is_complex_dtype(value.dtype):
            aligned = value if index is None else value.reindex(index)
            value = aligned.to_numpy(dtype=np.float64, na_value=np.nan)
    array = to_numpy(value, name)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(
            f"{name} must be a 1-D array with a loss for each row, got shape {array.shape}"
        )
    losses = as_real(array, name)
    bad = np.flatnonzero(~np.isfinite(losses))
    if bad.size:
        raise ValueError(
            f"{name} must be finite, got {losses[bad[0]]} in row {bad[0]} ({bad.size} such rows)"
        )
    return losses


def _common_index(*named: tuple[str, Any]) -> pd.Index[Any] | None:
    """The labels of the first Series; None if there are fewer than two Series."""
    series = [(name, value.index) for name, value in named if isinstance(value, pd.Series)]
    if len(series) < 2:
        return None
    first_name, first = series[0]
    for name, index in series:
        if not index.is_unique:
            raise ValueError(
                f"{name} must have distinct row labels, got {index.duplicated().sum()} twice"
            )
        matching = len(first.intersection(index))
        if matching < max(len(first), len(index)):
            raise ValueError(
                f"{name} must have the row labels of {first_name}: {matching} of {len(index)} match"
                f" its {len(first)}"
            )
    return first


def _groups(groups: Any, index: pd.Index[Any] | None, rows: int) -> NDArray[np.intp]:
    """Codes of the groups, in the order of their sorted labels."""
    if isinstance(groups, pd.Series) and index is not None:
        groups = groups.reindex(index)
    array = to_numpy(groups, "groups")
    if array.shape != (rows,):
        raise ValueError(
            f"groups must have a label for each of the {rows} rows, got shape {array.shape}"
        )
    if bool(pd.isna(array).any()):
        row = int(np.flatnonzero(pd.isna(array))[0])
        raise ValueError(f"groups must have a label in every row, got none in row {row}")
    try:
        labels, codes = np.unique(array, return_inverse=True)
    except TypeError:
        raise ValueError("groups must hold labels of one kind, got several") from None
    if labels.size < 2:
        raise ValueError(f"groups must hold at least two groups, got only {labels[0]!r}")
    return codes


def by_group(found: Differences, codes: NDArray[np.intp]) -> Differences:
    """Differences of rows as those of their groups, each the mean of its rows.

    Parameters
    ----------
    codes : array, [n]
        0, 1, …, each of which occurs: the group of a row.

    Examples
    --------
    >>> rows = Differences(np.array([0.5, 1.0, 0.0]), rows=3, C=1.0)
    >>> by_group(rows, np.array([1, 0, 1])).values.tolist()
    [1.0, 0.25]
    """
    sizes = np.bincount(codes)
    means = np.clip(np.bincount(codes, found.values) / sizes, -found.C, found.C)
    return replace(found, values=means, unit="group", largest=int(sizes.max()))


def cut_off(M: Values, N: Values, clip: float) -> tuple[Values, Values, int]:
    """Losses cut off at `clip`, and the number of rows on which that changes one.

    Raises
    ------
    ValueError
        For negative losses.

    Examples
    --------
    >>> cut_off(np.array([3.0]), np.array([1.0]), 2.0)[2]
    1
    """
    for name, losses in (("loss_M", M), ("loss_N", N)):
        if losses.min() < 0:
            row = int(losses.argmin())
            raise ValueError(
                f"{name} must be non-negative where clip is given, got {losses[row]} in row {row}"
            )
    touched = int((np.maximum(M, N) > clip).sum())
    return np.minimum(M, clip), np.minimum(N, clip), touched


def within(values: Values, C: float) -> Values:
    """The differences, all in [−C, C].

    Raises
    ------
    ValueError
        For one beyond C by more than rounding explains, naming its row.

    Examples
    --------
    >>> within(np.array([0.5, -2.0]), 1.0)
    Traceback (most recent call last):
    ...
    ValueError: C must bound every difference of losses: |loss_M - loss_N| is 2 in row 1, got C=1
    """
    beyond = np.abs(values) > C * (1 + ROUNDED)
    if beyond.any():
        row = int(np.flatnonzero(beyond)[0])
        raise ValueError(
            f"C must bound every difference of losses: |loss_M - loss_N| is {abs(values[row]):.6g} in row"
            f" {row}, got C={C:g}"
        )
    return np.clip(values, -C, C)


def _pairs(M: Values, N: Values) -> NDArray[np.complex128]:
    """Both losses of a row as one value."""
    return M + 1j * N


def _no_copies(M: Values, N: Values, groups: NDArray[np.intp] | None) -> None:
    """Rows that were repeated: every pair of losses occurs a multiple of k > 1 times."""
    if groups is not None:
        return
    counts = np.unique(_pairs(M, N), return_counts=True)[1]
    times = int(np.gcd.reduce(counts))
    if counts.size >= DISTINCT and times > 1:
        raise ValueError(
            f"loss_M and loss_N must come from independent rows, got every pair of losses {times} times"
            " or a multiple of it: name the repeated rows' groups"
        )


def _no_training_rows(M: Values, N: Values, loss_train: Any) -> None:
    """Equal losses of both predictors, to the last digit, more often than chance repeats them."""
    try:
        first, second = loss_train
    except (TypeError, ValueError):
        raise ValueError(
            "loss_train must be a pair: losses of M and of N on the training rows"
        ) from None
    train_M, train_N = (
        losses_of("loss_train[0]", first, None),
        losses_of("loss_train[1]", second, None),
    )
    if train_M.shape != train_N.shape:
        raise ValueError(
            f"loss_train must hold two arrays of one length, got {train_M.size} and {train_N.size}"
        )
    held, held_counts = np.unique(_pairs(M, N), return_counts=True)
    train, train_counts = np.unique(_pairs(train_M, train_N), return_counts=True)
    _, i, j = np.intersect1d(held, train, assume_unique=True, return_indices=True)
    shared = float((held_counts[i] * train_counts[j]).sum())
    # How often two different rows have equal losses is seen inside either part.
    inside = sum(float((c * (c - 1.0) / 2).sum()) for c in (held_counts, train_counts))
    possible = M.size * (M.size - 1) / 2 + train_M.size * (train_M.size - 1) / 2
    expected = inside / possible * M.size * train_M.size
    if shared > 2 * expected + 3 * expected**0.5 + 2:
        raise ValueError(
            f"loss_M and loss_N must come from rows that were not trained on, got {held_counts[i].sum()} of"
            f" {M.size} rows whose losses are those of training rows to the last digit"
        )
