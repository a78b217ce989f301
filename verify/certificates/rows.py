"""Losses as they are passed, read into paired differences; what cannot be certified is refused here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bounds.domains import range_of_losses
from verify.certificates.columns import Values, common_index, group_codes, losses_of
from verify.certificates.copies import no_copies, no_training_rows

LEAST_UNITS = 30
# A loss that is this little above C was rounded, and counts as C.
ROUNDED = 1e-9


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
    weighted : bool
        Whether each difference was multiplied by a weight.
    """

    values: Values
    rows: int
    C: float
    unit: Literal["row", "group"] = "row"
    clip: float | None = None
    clipped: int = 0
    largest: int = 0
    weighted: bool = False

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
    weights: Any = None,
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
    weights : array or Series, [rows], optional
        The factor of each row's difference, which C bounds after it was multiplied.

    Raises
    ------
    ValueError
        For anything that cannot be certified, in one line.

    Examples
    --------
    >>> differences([1.0, 0.0] * 20, [0.5] * 40, C=1.0).values[:2].tolist()
    [0.5, -0.5]
    """
    index = common_index(
        ("loss_M", loss_M), ("loss_N", loss_N), ("groups", groups), ("weights", weights)
    )
    M, N = losses_of("loss_M", loss_M, index), losses_of("loss_N", loss_N, index)
    if M.shape != N.shape:
        raise ValueError(f"loss_N must have as many rows as loss_M, {M.size}, got {N.size}")
    codes = None
    if groups is not None:
        labels, codes = group_codes(groups, index, M.size)
        if labels.size < 2:
            raise ValueError(f"groups must hold at least two groups, got only {labels[0]!r}")
    else:
        no_copies(M, N)
    if loss_train is not None:
        no_training_rows(M, N, loss_train)
    clipped = 0
    if weights is not None and C is None:
        raise ValueError("C must bound every weighted difference where weights are given, got None")
    C = range_of(C, None if weights is not None else clip)
    if clip is not None:
        M, N, clipped = cut_off(M, N, range_of(None, clip))
    factors = 1.0 if weights is None else _factors(weights, index, M.size)
    found = Differences(
        within(factors * (M - N), C),
        M.size,
        C,
        clip=clip,
        clipped=clipped,
        weighted=weights is not None,
    )
    if codes is not None:
        found = by_group(found, codes)
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


def _factors(weights: Any, index: pd.Index[Any] | None, rows: int) -> Values:
    factors = losses_of("weights", weights, index)
    if factors.size != rows:
        raise ValueError(f"weights must have as many rows as loss_M, {rows}, got {factors.size}")
    if factors.min() < 0 or factors.max() == 0:
        raise ValueError(
            f"weights must be non-negative and not all 0, got {factors.min():g} to {factors.max():g}"
        )
    return factors
