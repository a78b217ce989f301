"""Facts from worlds that break an assumption of Theorem 1 or 2.

Each comes with the facts under the true constants, or for the class that was searched, as `truth`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bounds import losses, rademacher
from empirical.statistics.intervals import Interval
from empirical.worlds.linear.sign_sums import RELATIVE_ERROR, mean_norm
from verify.claims.evidence.facts import Facts, Values, complexities, drawn, generator
from verify.claims.evidence.linear import ROUNDING

CELLS = 20_000
SHRUNK = 1e-4
"""Predictions are 0 or this number, and the loss depends on whether they exceed half of it: L is its
inverse."""


# ---- a loss beyond its nominal bound

OUTLIERS = "x = ±1, |β| ≤ 1, y = ±m with probability 0.1/m, squared loss taken for bounded by 1"


def _rare_outliers(m: int, trials: int, seed: int) -> tuple[Values, Values]:
    """x = ±1, |β| ≤ 1, y = ±m with probability 0.1/m, else 0: squared loss beyond the nominal C = 1.

    β = 0 is best. One outlier makes the mean of xy ±1, which is what least squares then takes, and
    costs β² = 1. N sees a constant 0 in place of x, so that its predictions are 0 on all samples.

    Returns
    -------
    tuple of array, [trials]
        The mean of xy, and β.
    """
    draw = generator(seed, "broken/bounded-loss", m)
    outliers = draw.binomial(m, 0.1 / m, trials)
    # Each outlier's x y is m or −m with equal chances.
    mean = np.asarray(2.0 * draw.binomial(outliers, 0.5) - outliers, dtype=np.float64)
    return mean, np.clip(mean, -1.0, 1.0)


def _under_nominal_C(m: int, lhs: Values, **measured: Any) -> Facts:
    value = mean_norm([(True, 0)], 0.0, m) / m
    R = Interval(value * (1 - RELATIVE_ERROR), value * (1 + RELATIVE_ERROR))

    def facts(constants: losses.LossConstants) -> Facts:
        known = complexities(R, R, constants.C, constants.L, m, symmetric=True)
        return Facts(Interval.exact(lhs), {**known, **measured}, rounding=ROUNDING)

    true = losses.squared(prediction_radius=1.0, target_radius=m)
    return replace(facts(losses.LossConstants(C=1.0, L=2.0)), truth=facts(true))


@drawn("broken/bounded-loss", OUTLIERS, m=(1600, 6400), trials=2000)
def nominal_C(m: int, trials: int, seed: int) -> Facts:
    """Theorem 1: γ = η(M) − η(N) = 0, since the best β is 0."""
    _, beta = _rare_outliers(m, trials, seed)
    return _under_nominal_C(m, beta**2, gamma=0.0)


@drawn("broken/bounded-loss/quality", OUTLIERS, m=(1600, 6400), trials=2000)
def nominal_C_quality(m: int, trials: int, seed: int) -> Facts:
    """Theorem 2: η = 0. On S the risk of β is that of 0 plus β² − 2β times the mean of xy."""
    mean, beta = _rare_outliers(m, trials, seed)
    return _under_nominal_C(m, np.zeros(trials), L_hat=beta**2 - 2 * beta * mean)


# ---- a loss steeper than its nominal L, and classes chosen with S in hand


@drawn(
    "broken/lipschitz-loss",
    "all maps of 20,000 cells to {0, 10⁻⁴}, 0–1 loss taken for 1-Lipschitz",
    m=(1600,),
)
def nominal_L(m: int, trials: int, seed: int) -> Facts:
    """All maps of 20,000 cells to {0, 1e-4} under 0–1 loss, whose nominal L is 1 (it is 10⁴).

    The label is the parity of two numbers, x⁽¹⁾ < 100 and x⁽²⁾ < 200, of which N sees one, which
    is independent of the label. M remembers the cells of S and predicts 0 elsewhere: r(f_M) is the share
    of cells with label 1 that S does not hold.
    """
    first, second = np.unravel_index(np.arange(CELLS), (100, 200))
    ones = (first + second) % 2 == 1
    unseen = CELLS / 2 - _held(m, trials, seed, "broken/lipschitz-loss")[:, ones].sum(axis=1)
    # η(g_M) = 0, η(g_N) = ½ = r(f_N).
    return _under_nominal_L(m, unseen / CELLS - 0.5, gamma=-0.5)


def _under_nominal_L(m: int, lhs: Values, **measured: Any) -> Facts:
    R = _all_maps(m)
    shrunk = Interval(SHRUNK * R.low, SHRUNK * R.high)

    def facts(L: float) -> Facts:
        known = {**complexities(shrunk, shrunk, 1.0, L, m), **measured}
        return Facts(Interval.exact(lhs), known, rounding=ROUNDING)

    return replace(facts(1.0), truth=facts(1 / SHRUNK))


def _chosen_encoder(m: int, trials: int, seed: int) -> tuple[NDArray[np.bool_], Values]:
    """The encoder is chosen with S in hand; heads on its one bit z: 0, z, 1 − z, 1.

    The label is the parity of x⁽¹⁾ + x⁽²⁾, in the declared class: z one of the parities of a subset of
    the two numbers. The chosen encoder is the opposite of the label on the cells of S, and the label
    elsewhere. On S the head 1 − z makes no error; on the population z would have been right.

    Returns
    -------
    tuple
        Whether S holds each cell, [trials, CELLS], and the share of the cells that it holds, [trials].
    """
    held = _held(m, trials, seed, "broken/fixed-class")
    return held, held.mean(axis=1)


def _of_chosen(m: int, R: Interval, share: Values, risk: Values) -> Facts:
    head = Interval(0.0, rademacher.cells(probabilities=[0.5, 0.5], m=m))
    known = {**complexities(R, R, 1.0, 1.0, m), "R_loss_head": head, "m_head": m, "gamma": 0.0}
    # The best head errs on the fewer cells: those of S (z) or the others (1 − z).
    excess = risk - np.minimum(share, 1 - share)
    return Facts(Interval.exact(excess), known, rounding=ROUNDING)


@drawn(
    "broken/fixed-class",
    "20,000 cells, an encoder chosen with S in hand, outside the class of parities that the bound is for",
    m=(1600,),
)
def chosen_class(m: int, trials: int, seed: int) -> Facts:
    """Theorem 1 with the parities' complexity; as truth, with that of all maps of the cells."""
    _, share = _chosen_encoder(m, trials, seed)
    # 1 − z is right on the cells of S alone.
    found, truth = (_of_chosen(m, R, share, 1 - share) for R in (_declared(m), _all_maps(m)))
    return replace(found, truth=truth)


@drawn(
    "broken/independent-split",
    "20,000 cells, encoder and head from the same sample, only the head's complexity in the bound",
    m=(1600,),
)
def same_sample(m: int, trials: int, seed: int) -> Facts:
    """The split-sample form for a head from S; as truth, for a head from m fresh examples.

    Most cells of the fresh examples are new, so that their head is z.
    """
    held, share = _chosen_encoder(m, trials, seed)
    fresh = generator(seed, "broken/fresh-head", m).integers(0, CELLS, (trials, m))
    old = np.take_along_axis(held, fresh, axis=1).mean(axis=1)
    risks = (1 - share, np.where(old < 0.5, share, 1 - share))
    found, truth = (_of_chosen(m, _declared(m), share, risk) for risk in risks)
    return replace(found, truth=truth)


def _memorised(m: int, trials: int, seed: int) -> Values:
    """L̂ if labels are fair coins and M remembers, in 20,000 cells, the label seen more often.

    Every function has risk ½, so that η = 0, while on S the fitted one is far better than any fixed one.
    """
    draw = generator(seed, "broken/memorised", m)
    L_hat = np.empty(trials)
    for trial in range(trials):
        cells, labels = draw.integers(0, CELLS, m), draw.integers(0, 2, m)
        ones = np.bincount(cells, labels, minlength=CELLS)
        zeros = np.bincount(cells, minlength=CELLS) - ones
        # The reference predicts 1 everywhere; any fixed function would do.
        L_hat[trial] = (np.minimum(ones, zeros).sum() - zeros.sum()) / m
    return L_hat


@drawn(
    "broken/lipschitz_loss/quality",
    "20,000 cells, labels fair coins, all maps to {0, 10⁻⁴}, 0–1 loss taken for 1-Lipschitz",
    m=(6400,),
)
def nominal_L_quality(m: int, trials: int, seed: int) -> Facts:
    """Theorem 2 with predictions shrunk and L = 1 in the bound, as in `nominal_L`."""
    return _under_nominal_L(m, np.zeros(trials), L_hat=_memorised(m, trials, seed))


@drawn(
    "broken/fixed_class/quality",
    "20,000 cells, labels fair coins, all maps searched, a class of parities in the bound",
    m=(6400,),
)
def chosen_class_quality(m: int, trials: int, seed: int) -> Facts:
    """Theorem 2 with the parities' complexity; as truth, with that of the class searched."""
    L_hat = _memorised(m, trials, seed)
    eta = Interval.exact(np.zeros(trials))
    found, truth = (
        Facts(eta, {**complexities(R, R, 1.0, 1.0, m), "L_hat": L_hat}, rounding=ROUNDING)
        for R in (_declared(m), _all_maps(m))
    )
    return replace(found, truth=truth)


def _declared(m: int) -> Interval:
    """The functions 0, 1, the parity of either number or both, and their negations: eight."""
    return Interval(0.0, rademacher.massart(radius=0.5, size=8, m=m))


def _held(m: int, trials: int, seed: int, name: str) -> NDArray[np.bool_]:
    """Whether S holds each cell: [trials, CELLS]."""
    cells = generator(seed, name, m).integers(0, CELLS, (trials, m))
    held = np.zeros((trials, CELLS), dtype=bool)
    np.put_along_axis(held, cells, True, axis=1)
    return held


def _all_maps(m: int) -> Interval:
    """R_m of all {0, 1}-valued maps of the cells, which contribute alike: (cells/m) Σ P(n) E(S_n)₊.

    n of a cell's examples is Binomial(m, 1/cells), with mean at most 1 for the m used here: beyond 100
    examples there is less than 1e-150.
    """
    n = np.arange(1, 101)
    # One cell of n examples, (1/n) E(S_n)₊, is what `cells` gives if there is no other.
    each = np.array([rademacher.cells(probabilities=[1.0], m=int(k)) for k in n])
    chance = stats.binom.pmf(n, m, 1 / CELLS)
    return Interval.exact(CELLS / m * float((chance * n * each).sum()))
