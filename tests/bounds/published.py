"""Bounds as others publish and code them: sound ones, each with the reference that it is like, and slips."""

from __future__ import annotations

from collections.abc import Callable
from math import log, sqrt
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import rel_entr
from scipy.stats import beta, kstwo


def hoeffding(mean_hat: float, C: float, m: float, delta: float) -> float:
    """Hoeffding (1963)."""
    return mean_hat + C * sqrt(log(1 / delta) / (2 * m))


def bernstein(mean_hat: float, variance: float, C: float, m: float, delta: float) -> float:
    """Bernstein, in the form solved exactly for the deviation (Boucheron, Lugosi, Massart 2013)."""
    w = log(1 / delta)
    return mean_hat + C * w / (3 * m) + sqrt((C * w / (3 * m)) ** 2 + 2 * variance * w / m)


def bennett(mean_hat: float, variance: float, m: float, delta: float) -> float:
    """Bennett (1962), inverted: m v h(t/v) = ln(1/delta) with h(u) = (1 + u) ln(1 + u) - u."""
    if variance == 0:
        return mean_hat

    def excess(t: float) -> float:
        u = t / variance
        return m * variance * ((1 + u) * np.log1p(u) - u) - log(1 / delta)

    high = 1.0
    while excess(high) < 0:
        high *= 2
    return mean_hat + float(brentq(excess, 0, high, xtol=1e-15, rtol=1e-14))


def maurer_pontil(mean_hat: float, variance_hat: float, C: float, m: float, delta: float) -> float:
    """Maurer, Pontil (2009), Theorem 4."""
    w = log(2 / delta)
    return mean_hat + sqrt(2 * variance_hat * w / m) + 7 * C * w / (3 * (m - 1))


def maurer_pontil_on_rows(losses: np.ndarray, delta: float) -> float:
    """The same, from the losses themselves."""
    m = len(losses)
    w = log(2 / delta)
    return losses.mean() + sqrt(2 * losses.var(ddof=1) * w / m) + 7 * w / (3 * (m - 1))


def clopper_pearson(mean_hat: float, m: float, delta: float) -> float:
    """Clopper, Pearson (1934): the exact upper end for a share."""
    k = round(mean_hat * m)
    return 1.0 if k >= m else float(beta.ppf(1 - delta, k + 1, m - k))


def rademacher(mean_hat: float, R_loss: float, C: float, m: float, delta: float) -> float:
    """Mohri, Rostamizadeh, Talwalkar (2018), Theorem 3.3."""
    return mean_hat + 2 * R_loss + C * sqrt(log(1 / delta) / (2 * m))


def dkw(m: float, delta: float) -> float:
    """Massart (1990)."""
    return sqrt(log(2 / delta) / (2 * m))


def kolmogorov(m: float, delta: float) -> float:
    """Kolmogorov (1933); Simard, L'Ecuyer (2011): the exact quantile for a continuous distribution."""
    return float(kstwo.isf(delta, m))


def mcallester_1999(gibbs_hat: float, KL: float, m: float, delta: float) -> float:
    """McAllester (1999), Theorem 1."""
    return gibbs_hat + sqrt((KL + log(1 / delta) + log(m) + 2) / (2 * m - 1))


def mcallester_maurer(n: float, kl: float, risk: float, delta: float) -> float:
    """The usual form with 2 sqrt(n), under other names, as in many papers on networks."""
    return risk + sqrt((kl + log(2 * sqrt(n) / delta)) / (2 * n))


def _inverse(q: float, budget: float) -> float:
    def excess(p: float) -> float:
        return float(rel_entr(q, p) + rel_entr(1 - q, 1 - p)) - budget

    nearly = 1 - 1e-15
    return 1.0 if excess(nearly) <= 0 else float(brentq(excess, q, nearly, xtol=1e-15))


def seeger(gibbs_hat: float, KL: float, m: float, delta: float) -> float:
    """Langford, Seeger (2001): the inverse of kl at (KL + ln((m + 1)/delta))/m."""
    return _inverse(gibbs_hat, (KL + log((m + 1) / delta)) / m)


def maurer(gibbs_hat: float, KL: float, m: float, delta: float) -> float:
    """Maurer (2004): the same with 2 sqrt(m)."""
    return _inverse(gibbs_hat, (KL + log(2 * sqrt(m) / delta)) / m)


def quadratic(gibbs_hat: float, KL: float, m: float, delta: float) -> float:
    """Rivasplata, Tankasali, Szepesvari (2019); Perez-Ortiz and others (2021): "PAC-Bayes quadratic"."""
    half = (KL + log(2 * sqrt(m) / delta)) / (2 * m)
    return (sqrt(gibbs_hat + half) + sqrt(half)) ** 2


def tolstikhin_seldin(gibbs_hat: float, KL: float, m: float, delta: float) -> float:
    """Tolstikhin, Seldin (2013), equation (3)."""
    budget = (KL + log(2 * sqrt(m) / delta)) / m
    return gibbs_hat + sqrt(2 * gibbs_hat * budget) + 2 * budget


def catoni(gibbs_hat: float, KL: float, m: float, lam: float, delta: float) -> float:
    """Catoni (2007), Theorem 1.2.6, the form with exponentials."""
    inside = lam * gibbs_hat / m + (KL + log(1 / delta)) / m
    return float(-np.expm1(-inside) / -np.expm1(-lam / m))


SOUND: dict[str, tuple[Callable[..., float], str, dict[str, str]]] = {
    "Hoeffding": (hoeffding, "mean.hoeffding", {}),
    "Bernstein": (bernstein, "mean.bernstein", {}),
    "Bennett": (bennett, "mean.bernstein", {}),
    "Maurer and Pontil": (maurer_pontil, "mean.empirical_bernstein", {}),
    "Maurer and Pontil, on rows": (maurer_pontil_on_rows, "mean.empirical_bernstein", {}),
    "Clopper and Pearson": (clopper_pearson, "mean.hoeffding", {}),
    "Rademacher": (rademacher, "mean.rademacher", {}),
    "Dvoretzky, Kiefer, Wolfowitz": (dkw, "distribution.dkw", {}),
    "Kolmogorov": (kolmogorov, "distribution.dkw", {}),
    "McAllester, 1999": (mcallester_1999, "pac_bayes.mcallester", {}),
    "McAllester with 2 sqrt(n)": (
        mcallester_maurer,
        "pac_bayes.mcallester",
        {"n": "m", "kl": "KL", "risk": "gibbs_hat"},
    ),
    "Langford and Seeger": (seeger, "pac_bayes.kl", {}),
    "Maurer": (maurer, "pac_bayes.maurer", {}),
    "PAC-Bayes quadratic": (quadratic, "pac_bayes.mcallester", {}),
    "Tolstikhin and Seldin": (tolstikhin_seldin, "pac_bayes.mcallester", {}),
    "Catoni": (catoni, "pac_bayes.catoni", {}),
}

# ---- slips


def misplaced_delta(gibbs_hat: float, KL: float, m: float, delta: float) -> float:
    """log(2 sqrt(n))/delta for log(2 sqrt(n)/delta)."""
    return gibbs_hat + sqrt((KL + log(2 * sqrt(m)) / delta) / (2 * m))


def misplaced_delta_clipped(gibbs_hat: float, KL: float, m: float, delta: float) -> float:
    """The same, never above 1."""
    return min(1.0, misplaced_delta(gibbs_hat, KL, m, delta))


def misplaced_delta_inverted(gibbs_hat: float, KL: float, m: float, delta: float) -> float:
    """The same inside the inverse of kl."""
    return _inverse(gibbs_hat, (KL + log(2 * sqrt(m)) / delta) / m)


def swapped_KL_and_m(gibbs_hat: float, KL: float, m: float, delta: float) -> float:
    """The caller passes the relative entropy where the size of the sample is meant."""
    return mcallester_maurer(n=KL, kl=m, risk=gibbs_hat, delta=delta)


def swapped_risk_and_KL(gibbs_hat: float, KL: float, m: float, delta: float) -> float:
    """Both grow the bound: only the limit tells."""
    return mcallester_maurer(n=m, kl=gibbs_hat, risk=KL, delta=delta)


def swapped_mean_and_variance(
    mean_hat: float, variance_hat: float, m: float, delta: float
) -> float:
    """Maurer and Pontil, called with the variance first."""
    return maurer_pontil(variance_hat, mean_hat, 1.0, m, delta)


def confidence_for_delta(mean_hat: float, C: float, m: float, delta: float) -> float:
    """delta passed to a function that takes the confidence 1 - delta, and takes it for delta."""
    return hoeffding(mean_hat, C, m, 1 - delta)


def batch_index(batches: list[np.ndarray], KL: float, delta: float) -> float:
    """The average over batches divided by the index of the last one."""
    total, m, last = 0.0, 0, 0
    for index, batch in enumerate(batches):
        total += batch.mean()
        m += len(batch)
        last = index
    return total / last + sqrt((KL + log(2 * sqrt(m) / delta)) / (2 * m))


def variance_of_batch_means(batches: list[np.ndarray], delta: float) -> float:
    """Maurer and Pontil with the variance of the means of batches."""
    rows = np.concatenate(batches)
    means = np.array([batch.mean() for batch in batches])
    w = log(2 / delta)
    m = len(rows)
    spread = means.var(ddof=1) if len(means) > 1 else 0.0
    return rows.mean() + sqrt(2 * spread * w / m) + 7 * w / (3 * (m - 1))


def variance_of_the_mean(
    mean_hat: float, variance: float, C: float, m: float, delta: float
) -> float:
    """Bernstein with the variance of the average, already divided by m, divided once more."""
    return bernstein(mean_hat, variance / m, C, m, delta)


def variance_of_pairs(losses: np.ndarray, delta: float) -> float:
    """Maurer and Pontil with the variance of averages of two neighbours."""
    pairs = losses[: len(losses) // 2 * 2].reshape(-1, 2).mean(axis=1)
    w = log(2 / delta)
    m = len(losses)
    return losses.mean() + sqrt(2 * pairs.var(ddof=1) * w / m) + 7 * w / (3 * (m - 1))


def no_KL(gibbs_hat: float, KL: float, m: float, delta: float) -> float:
    """A posterior that costs nothing."""
    return gibbs_hat + sqrt(log(2 * sqrt(m) / delta) / (2 * m)) + 0 * KL


def half_of_hoeffding(mean_hat: float, C: float, m: float, delta: float) -> float:
    """A range of C/2."""
    return mean_hat + C * sqrt(log(1 / delta) / (8 * m))


def no_root_of_the_range(mean_hat: float, C: float, m: float, delta: float) -> float:
    """C inside the root without its square."""
    return mean_hat + sqrt(C * log(1 / delta) / (2 * m))


def bernstein_without_range(
    mean_hat: float, variance: float, C: float, m: float, delta: float
) -> float:
    """The normal approximation, as if it were a theorem."""
    return mean_hat + sqrt(2 * variance * log(1 / delta) / m) + 0 * C


def exponent(mean_hat: float, m: float, delta: float) -> float:
    """The root forgotten: a rate of 1/m."""
    return mean_hat + log(1 / delta) / (2 * m)


def half_of_catoni(
    gibbs_hat: float, KL: float, C: float, m: float, lam: float, delta: float
) -> float:
    """A sixteenth for an eighth."""
    return gibbs_hat + lam * C**2 / (16 * m) + (KL + log(1 / delta)) / lam


def dkw_on_one_side(m: float, delta: float) -> float:
    """The distance on one side. A single share does not show that the other one is missing."""
    return sqrt(log(1 / delta) / (2 * m))


def bernstein_without_two(
    mean_hat: float, variance: float, C: float, m: float, delta: float
) -> float:
    """No 2 under the root. With C and the variance exchanged it would be too large, and of no unit."""
    w = log(1 / delta)
    return mean_hat + sqrt(variance * w / m) + C * w / (3 * m)


SLIPS: dict[str, tuple[Callable[..., Any], str, set[str]]] = {
    "misplaced delta": (misplaced_delta, "pac_bayes.mcallester", {"tail"}),
    "misplaced delta, clipped": (misplaced_delta_clipped, "pac_bayes.mcallester", {"tail"}),
    "misplaced delta, in kl": (misplaced_delta_inverted, "pac_bayes.maurer", {"tail"}),
    "swapped KL and m": (swapped_KL_and_m, "pac_bayes.mcallester", {"exchanged arguments"}),
    "swapped risk and KL": (swapped_risk_and_KL, "pac_bayes.mcallester", {"exchanged arguments"}),
    "swapped mean and variance": (
        swapped_mean_and_variance,
        "mean.empirical_bernstein",
        {"exchanged arguments"},
    ),
    "confidence for delta": (confidence_for_delta, "mean.hoeffding", {"directions", "validity"}),
    "batch index": (batch_index, "pac_bayes.mcallester", {"sample"}),
    "variance of means of batches": (
        variance_of_batch_means,
        "mean.empirical_bernstein",
        {"sample"},
    ),
    "variance of the mean": (variance_of_the_mean, "mean.bernstein", {"validity"}),
    "variance of pairs": (variance_of_pairs, "mean.empirical_bernstein", {"sample"}),
    "no KL": (no_KL, "pac_bayes.mcallester", {"directions", "validity"}),
    "half of Hoeffding": (half_of_hoeffding, "mean.hoeffding", {"validity"}),
    "C without its square": (no_root_of_the_range, "mean.hoeffding", {"scale"}),
    "Bernstein without its range": (bernstein_without_range, "mean.bernstein", {"validity"}),
    "Bernstein without its 2": (bernstein_without_two, "mean.bernstein", {"validity"}),
    "one side of the distance": (dkw_on_one_side, "distribution.dkw", {"validity"}),
    "half of Catoni's variance": (half_of_catoni, "pac_bayes.catoni", {"validity"}),
    "1/m for 1/sqrt(m)": (exponent, "mean.hoeffding", {"validity"}),
}
"""Each with the reference, and the checks that must be among those that find it."""
