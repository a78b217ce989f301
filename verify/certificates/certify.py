"""The certificate of one pair of trained predictors, from their losses on rows held out of training."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from bounds.domains import PROBABILITY, one_of
from bounds.names import known_options
from empirical.statistics.bounded_means import METHODS, Method
from empirical.streams import stream
from verify.certificates.certificate import Certificate, Side, level_of, verdict_of
from verify.certificates.rows import Differences, differences

Values = NDArray[np.float64]


@known_options
def certify(
    loss_M: Any,
    loss_N: Any,
    *,
    C: float | None = None,
    delta: float = 0.05,
    groups: Any = None,
    side: Side = "both",
    method: str | Method = "betting",
    clip: float | None = None,
    seed: int = 0,
    loss_train: Any = None,
    weights: Any = None,
) -> Certificate:
    """What hold-out rows prove about E[loss of M − loss of N] on new rows; negative: M is better.

    The statement is about these two trained predictors and rows drawn like those of the hold-out, not
    about the algorithm that trained them, other training sets, or a source that shifts. No row may
    have been used to train, to tune, or to choose this pair. One hold-out pays for one question.

    Parameters
    ----------
    loss_M, loss_N : array, Series or tensor, [rows]
        The losses of both predictors on the same rows of the hold-out. Two Series are aligned by
        their labels, anything else by position.
    C : float
        Known in advance: differences of losses lie in [−C, C], as they do for losses in [0, C].
    delta : float
        The certificate is wrong with at most this probability, over hold-outs.
    groups : array or Series, [rows], optional
        A label for each row, if rows of one group (patient, speaker, dialogue) depend on each other.
        The unit is then the group with its mean difference, and the certificate is about the mean
        over groups.
    side : {"both", "upper", "lower"}
        "both": each end at delta / 2; "upper" or "lower": one end at delta.
    method : str or Method
        An entry of `empirical.statistics.bounded_means.METHODS`.
    clip : float, optional
        Losses are cut off here, and the certificate is about the losses cut off. Unbounded losses
        need it. C is then `clip` by default.
    seed : int
        Of the order in which the units are taken; choose it before looking.
    loss_train : pair of arrays, optional
        The losses of M and N on the training rows. They are only compared with those of the
        hold-out: losses that agree to the last digit, more often than different rows do, show that
        training rows are in the hold-out.
    weights : array or Series, [rows], optional
        Non-negative factors that do not depend on the losses: how often a row like this one occurs
        where the models will be used, over how often it does in the source of the hold-out. The
        certificate is about the mean of weight times difference, with C in advance its largest
        size. That is the gap there if weights average 1 over the source; its sign needs no such scale.

    Returns
    -------
    Certificate

    Raises
    ------
    ValueError
        For fewer than 30 units, a difference beyond C, rows that do not align, repeated rows or
        training rows among those of the hold-out as far as losses show it, NaN or infinity, and
        arguments out of range.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> certify(rng.random(500) < 0.2, rng.random(500) < 0.4, C=1).verdict
    'M better'
    """
    PROBABILITY.number("delta", delta)
    one_of("side", side, get_args(Side))
    chosen = METHODS.find(method)
    found = differences(loss_M, loss_N, C, groups, clip, loss_train, weights)
    return of_differences(found, delta, side, chosen, seed)


def of_differences(
    found: Differences,
    delta: float,
    side: Side = "both",
    method: str | Method = "betting",
    seed: int = 0,
) -> Certificate:
    """The certificate of differences that were read and checked.

    Examples
    --------
    >>> found = differences(np.zeros(100), np.full(100, 0.5), C=1.0)
    >>> of_differences(found, 0.05).verdict
    'M better'
    """
    chosen = METHODS.find(method)
    alpha = level_of(delta, side)
    low, high = ends_of(
        found,
        None if side == "upper" else alpha,
        None if side == "lower" else alpha,
        chosen,
        seed,
    )
    values = in_order(found.values, seed)
    p_M = 1.0 if side == "lower" else chosen.p_value(values, alpha, found.C)
    p_N = 1.0 if side == "upper" else chosen.p_value(-values, alpha, found.C)
    return Certificate(
        gap=float(values.mean()),
        low=low,
        high=high,
        delta=delta,
        n=found.n,
        rows=found.rows,
        C=found.C,
        spread=float(values.std(ddof=1)),
        side=side,
        verdict=verdict_of(low, high),
        method=chosen.name,
        seed=seed,
        unit=found.unit,
        p_M_better=p_M,
        p_N_better=p_N,
        certified=chosen.certified,
        clip=found.clip,
        clipped=found.clipped,
        weighted=found.weighted,
    )


def ends_of(
    found: Differences,
    low_alpha: float | None,
    high_alpha: float | None,
    method: str | Method = "betting",
    seed: int = 0,
) -> tuple[float, float]:
    """The ends of the mean difference, each wrong with probability at most its own alpha.

    Without an alpha an end is that of the range.

    Examples
    --------
    >>> found = differences(np.zeros(100), np.full(100, 0.5), C=1.0)
    >>> low, high = ends_of(found, None, 0.05)
    >>> low, high < 0
    (-1.0, True)
    """
    chosen = METHODS.find(method)
    values = in_order(found.values, seed)
    low, high = -found.C, found.C
    if high_alpha is not None:
        high = min(high, chosen.upper(values, high_alpha, found.C) + found.rounding)
    if low_alpha is not None:
        low = max(low, -chosen.upper(-values, low_alpha, found.C) - found.rounding)
    return low, high


def in_order(values: Values, seed: int) -> Values:
    """The units in an order that depends on the seed and their number alone.

    Examples
    --------
    >>> sorted(in_order(np.arange(4.0), 0).tolist())
    [0.0, 1.0, 2.0, 3.0]
    """
    return values[stream(seed, "order", values.size).permutation(values.size)]
