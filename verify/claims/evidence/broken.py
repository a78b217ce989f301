"""Facts from worlds that break an assumption of Theorem 1: what the loss's constants are worth.

Each has the facts as they are under the true constants (or the class that was searched) beside.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bounds import losses, rademacher
from empirical.statistics.intervals import Interval
from empirical.worlds.linear.sign_sums import RELATIVE_ERROR, mean_norm
from verify.claims.claim import Facts, Source
from verify.claims.evidence.exact import complexities
from verify.claims.evidence.linear import ROUNDING, generator

CELLS = 20_000
SHRUNK = 1e-4
"""Predictions are 0 or this much, and the loss asks whether they are above half of it: L is its
inverse."""


def rare_outliers(what: str, m: int, trials: int, seed: int) -> Facts:
    """x = ±1, |β| ≤ 1, y = ±m with probability 0.1/m, else 0: squared loss beyond the nominal C = 1.

    β = 0 is best. One outlier makes the mean of xy ±1, which is what least squares then takes, and
    costs β² = 1. N sees a constant 0 in place of x, so that its predictions are 0 on all samples.
    ``what``: "gap" (Theorem 1) or "quality" (Theorem 2: η = 0, and the fitted β gains 1 on S).
    """
    draw = generator(seed, "broken/bounded-loss", m)
    outliers = draw.binomial(m, 0.1 / m, trials)
    # Each outlier's x y is m or −m with equal chances.
    total = 2.0 * draw.binomial(outliers, 0.5) - outliers
    beta = np.clip(total, -1.0, 1.0)
    value = mean_norm([(True, 0)], 0.0, m) / m
    R = Interval(value * (1 - RELATIVE_ERROR), value * (1 + RELATIVE_ERROR))
    # γ = η(M) − η(N) = 0: the best β is 0.
    excess = Interval.exact(beta**2)
    # On S the risk of β is that of 0 plus β² − 2β times the mean of xy.
    L_hat = beta**2 - 2 * beta * total

    def facts(constants: losses.LossConstants) -> Facts:
        known = complexities(R, R, constants.C, constants.L, m, symmetric=True)
        if what == "gap":
            return Facts(excess, {**known, "gamma": 0.0}, rounding=ROUNDING)
        eta = Interval.exact(np.zeros(trials))
        return Facts(eta, {**known, "L_hat": L_hat}, rounding=ROUNDING)

    nominal = facts(losses.LossConstants(C=1.0, L=2.0))
    return replace(nominal, truth=facts(losses.squared(prediction_radius=1.0, target_radius=m)))


def steep_loss(m: int, trials: int, seed: int) -> Facts:
    """All maps of 20,000 cells to {0, 1e-4} under 0–1 loss, whose nominal L is 1 (it is 10⁴).

    The label is the parity of two numbers, x⁽¹⁾ < 100 and x⁽²⁾ < 200, of which N sees one, and so
    knows nothing. M remembers the cells that it saw and predicts 0 elsewhere: r(f_M) is the share
    of cells with label 1 that S does not hold.
    """
    first, second = np.unravel_index(np.arange(CELLS), (100, 200))
    ones = (first + second) % 2 == 1
    unseen = CELLS / 2 - _held(m, trials, seed, "broken/lipschitz-loss")[:, ones].sum(axis=1)
    R = _all_maps(m)
    # η(g_M) = 0, η(g_N) = ½ = r(f_N).
    lhs = Interval.exact(unseen / CELLS - 0.5)

    def facts(L: float) -> Facts:
        shrunk = Interval(SHRUNK * R.low, SHRUNK * R.high)
        known = complexities(shrunk, shrunk, 1.0, L, m)
        return Facts(lhs, {**known, "gamma": -0.5}, rounding=ROUNDING)

    return replace(facts(1.0), truth=facts(1 / SHRUNK))


def encoder_after_sample(mended: str, m: int, trials: int, seed: int) -> Facts:
    """The encoder is chosen with S in hand; heads on its one bit z: 0, z, 1 − z, 1.

    The label is the parity of x⁽¹⁾ + x⁽²⁾, in the declared class: z one of the parities of a subset of
    the two numbers. The encoder taken says the opposite of the label on the cells of S, and the label
    elsewhere. On S the head 1 − z makes no error; on the population z would have been right.

    ``mended``: "class", where the class searched, all maps of the cells, is the one paid for; or
    "split", where the head is fitted on m fresh examples, most of whose cells are new, and takes z.
    """
    held = _held(m, trials, seed, "broken/fixed-class")
    share = held.mean(axis=1)
    # 1 − z is right on the cells of S alone; the best head errs on the fewer cells.
    risk, best = 1 - share, np.minimum(share, 1 - share)
    declared = _declared(m)
    head = Interval(0.0, rademacher.cells(probabilities=[0.5, 0.5], m=m))

    def facts(R: Interval, taken: NDArray[np.float64]) -> Facts:
        known = {**complexities(R, R, 1.0, 1.0, m), "R_loss_head": head, "m_head": m, "gamma": 0.0}
        return Facts(Interval.exact(taken - best), known, rounding=ROUNDING)

    as_taken = facts(declared, risk)
    if mended == "class":
        return replace(as_taken, truth=facts(_all_maps(m), risk))
    fresh = generator(seed, "broken/fresh-head", m).integers(0, CELLS, (trials, m))
    old = np.take_along_axis(held, fresh, axis=1).mean(axis=1)
    return replace(as_taken, truth=facts(declared, np.where(old < 0.5, share, risk)))


def memorised(broken: str, m: int, trials: int, seed: int) -> Facts:
    """Theorem 2 where labels are fair coins and M remembers, in 20,000 cells, the label seen more often.

    Every function has risk ½, so that η = 0, while on S the fitted one is far better than any fixed one.
    ``broken``: "lipschitz_loss", predictions shrunk and L = 1 paid as in `steep_loss`; or "fixed_class",
    the class of all maps searched, that of `encoder_after_sample` paid for.
    """
    draw = generator(seed, "broken/memorised", m)
    R = _all_maps(m)
    L_hat = np.empty(trials)
    for trial in range(trials):
        cells, labels = draw.integers(0, CELLS, m), draw.integers(0, 2, m)
        ones = np.bincount(cells, labels, minlength=CELLS)
        zeros = np.bincount(cells, minlength=CELLS) - ones
        # The reference predicts 1 everywhere; any fixed function would do.
        L_hat[trial] = (np.minimum(ones, zeros).sum() - zeros.sum()) / m

    def facts(R: Interval, L: float) -> Facts:
        known = {**complexities(R, R, 1.0, L, m), "L_hat": L_hat}
        return Facts(Interval.exact(np.zeros(trials)), known, rounding=ROUNDING)

    if broken == "fixed_class":
        return replace(facts(_declared(m), 1.0), truth=facts(R, 1.0))
    shrunk = Interval(SHRUNK * R.low, SHRUNK * R.high)
    return replace(facts(shrunk, 1.0), truth=facts(shrunk, 1 / SHRUNK))


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
    # One cell of n examples, (1/n) E(S_n)₊, is what `cells` gives where there is no other.
    each = np.array([rademacher.cells(probabilities=[1.0], m=int(k)) for k in n])
    chance = stats.binom.pmf(n, m, 1 / CELLS)
    return Interval.exact(CELLS / m * float((chance * n * each).sum()))


OUTLIERS = "x = ±1, |β| ≤ 1, y = ±m with probability 0.1/m, squared loss taken for bounded by 1"
NOMINAL_C = Source(
    "broken/bounded-loss",
    OUTLIERS,
    "closed form",
    partial(rare_outliers, "gap"),
    (1600, 6400),
    sampled=True,
    trials=2000,
)
NOMINAL_L = Source(
    "broken/lipschitz-loss",
    "all maps of 20,000 cells to {0, 10⁻⁴}, 0–1 loss taken for 1-Lipschitz",
    "closed form",
    steep_loss,
    (1600,),
    sampled=True,
)
AFTER_SAMPLE = Source(
    "broken/fixed-class",
    "20,000 cells, an encoder chosen with S in hand, outside the class of parities that is paid for",
    "closed form",
    partial(encoder_after_sample, "class"),
    (1600,),
    sampled=True,
)
SAME_SAMPLE = Source(
    "broken/independent-split",
    "20,000 cells, encoder and head from the same sample, the head's complexity alone paid for",
    "closed form",
    partial(encoder_after_sample, "split"),
    (1600,),
    sampled=True,
)
QUALITY_NOMINAL_C = replace(
    NOMINAL_C, name="broken/bounded-loss/quality", facts=partial(rare_outliers, "quality")
)
QUALITY_NOMINAL_L, QUALITY_AFTER_SAMPLE = (
    Source(
        f"broken/{broken}/quality",
        f"20,000 cells, labels fair coins, {says}",
        "closed form",
        partial(memorised, broken),
        (6400,),
        sampled=True,
    )
    for broken, says in (
        ("lipschitz_loss", "all maps to {0, 10⁻⁴}, 0–1 loss taken for 1-Lipschitz"),
        ("fixed_class", "all maps searched, a class of parities paid for"),
    )
)
