"""Facts about posteriors: finitely many predictors, a uniform prior, every sample with its probability.

The left-hand side of one family is the posterior's risk, that of the other the relative entropy of its two
risks. In the worlds for power nearly all of the terms is needed: of very many predictors that guess fair
labels the posterior is the best on S, so that its relative entropy to the prior is the logarithm of their
number, and so large that the other terms hardly count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import log, sqrt

import numpy as np
from scipy import stats

from bounds.pac_bayes import binary_kl
from empirical.statistics.intervals import Interval
from empirical.worlds.boolean import counts
from verify.claims.evidence.exact import LOGARITHMS
from verify.claims.evidence.facts import Enumerated, Facts, Values, enumerated
from verify.verdicts.compare import ROUNDING

LOSSES = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.4, 0.4, 0.1]])
"""The losses of three predictors on three kinds of rows."""
ROWS = np.array([0.3, 0.3, 0.4])
"""How probable each kind is."""
SHARPNESS = 1.5
"""The posterior is exp(-1.5 m r_hat), up to a constant."""


def temperature(KL: float, m: int) -> float:
    """An inverse temperature that is nearly the best one at δ = 0.05 for a loss in [0, 1]."""
    return sqrt(8 * m * (KL + log(20)))


Risks = tuple[Values, Values, Values, Values]
"""Risk, empirical risk and relative entropy of the posterior, and the probability of the sample."""


def tempered(m: int) -> Risks:
    """A Gibbs posterior over three predictors, on every sample."""
    found = []
    for table, chance in counts.iterate_samples(ROWS, m):
        empirical = table @ LOSSES.T / m
        weights = np.exp(-SHARPNESS * m * (empirical - empirical.min(1, keepdims=True)))
        rho = weights / weights.sum(1, keepdims=True)
        logarithms = np.log(rho, out=np.zeros_like(rho), where=rho > 0)
        divergence = np.maximum((rho * (logarithms + log(len(LOSSES)))).sum(1), 0.0)
        risk, empirical_risk = rho @ (LOSSES @ ROWS), (rho * empirical).sum(1)
        found.append((risk, empirical_risk, divergence, chance))
    risk, empirical_risk, divergence, chance = (
        np.concatenate(column) for column in zip(*found, strict=True)
    )
    return risk, empirical_risk, divergence, chance


def best_of(logarithm: float, m: int) -> Risks:
    """The best on S of exp(logarithm) predictors that guess fair labels: the least of as many counts."""
    errors = np.arange(m + 1)
    # P(none has k errors or fewer) = (1 - P(one has))^number.
    below = stats.binom.logcdf(errors, m, 0.5)
    with np.errstate(over="ignore"):
        none = np.exp(-np.exp(logarithm + below))
    law = np.concatenate([[1.0], none[:-1]]) - none
    return np.full(m + 1, 0.5), errors / m, np.full(m + 1, logarithm), law


def _facts(risks: Risks, m: int) -> Facts:
    risk, empirical, divergence, law = risks
    lam = temperature(float(law @ divergence), m)
    known = {"gibbs_hat": empirical, "KL": divergence, "C": 1.0, "m": m, "lam": lam}
    return Facts(Interval.exact(risk), known, law, LOGARITHMS, rounding=ROUNDING)


def of_risk(world: Callable[[int], Risks], m: int) -> Facts:
    """The posterior's risk on the left."""
    return _facts(world(m), m)


def of_kl(world: Callable[[int], Risks], m: int) -> Facts:
    """The relative entropy of the posterior's two risks on the left."""
    risks = world(m)
    found = np.asarray(binary_kl(np.minimum(risks[1], 1.0), risks[0]))
    return replace(_facts(risks, m), lhs=Interval.exact(found))


def _worlds(
    name: str, world: str, risks: Callable[[int], Risks], *m: int
) -> tuple[Enumerated, Enumerated]:
    return (
        enumerated(f"{name}", world, m)(partial(of_risk, risks)),
        enumerated(f"{name}/kl", f"{world}; the relative entropy of the risks", m)(
            partial(of_kl, risks)
        ),
    )


GIBBS, GIBBS_KL = _worlds(
    "exact/posterior/gibbs",
    "three predictors, a Gibbs posterior, a uniform prior",
    tempered,
    1,
    8,
    40,
)
BEST, BEST_KL = _worlds(
    "exact/posterior/best",
    "the best on S of a thousand predictors that guess fair labels",
    partial(best_of, log(1000)),
    30,
    300,
)
MANY = 690.0
"""The logarithm of the number of predictors, where nearly all terms are needed."""
MOST, MOST_KL = _worlds(
    "power/posterior",
    "the best on S of exp(690) predictors that guess fair labels",
    partial(best_of, MANY),
    40_000,
)
RISKS, ENTROPIES = (GIBBS, BEST, MOST), (GIBBS_KL, BEST_KL, MOST_KL)


@enumerated(
    "exact/posterior/chosen-prior",
    "the best on S of a thousand predictors that guess fair labels; the prior is the posterior",
    m=(30, 300),
)
def chosen_prior(m: int) -> Facts:
    """No relative entropy is left, since the prior was chosen with S in hand."""
    truth = BEST.facts(m)
    lam = temperature(0.0, m)
    return replace(truth, known={**truth.known, "KL": 0.0, "lam": lam}, truth=truth)
