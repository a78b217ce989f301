"""Facts from exact worlds about heads: fresh samples, random heads, repeated rows, two functions.

If the left-hand side is M's own excess r(f_M) − inf_h r(h∘g_M) (and γ is 0), N has its best head, which
is the hardest case of Theorem 1.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from bounds import rademacher
from empirical.statistics.intervals import Interval
from empirical.statistics.laws import Law
from empirical.worlds.boolean import counts
from empirical.worlds.boolean.cellwise import centred_loss_law, excess_law
from empirical.worlds.boolean.classes import latent_bit
from empirical.worlds.boolean.exact import boolean_world, xor
from verify.claims.evidence.exact import HARDEST, LOGARITHMS
from verify.claims.evidence.facts import BOTH, ONE, Facts, Values, complexities, enumerated
from verify.verdicts.compare import ROUNDING


@enumerated(
    "exact/split",
    "labels within ½/√m of a fair coin; encoder on 11 examples, head on m fresh ones",
    m=(64, 512),
)
def split_sample(m_head: int) -> Facts:
    """The encoder searched on eleven examples, the head on m_head fresh ones: all samples of both.

    P(y = 1) = ½ ± ½/√m_head, the sign that of bit 1, so that the head is hard to find. Given the
    encoder, the head decides the two cells of the latent bit by their own examples.
    """
    lean = 0.5 / m_head**0.5
    world = latent_bit(boolean_world(BOTH, [[0.5 - lean] * 2, [0.5 + lean] * 2]))
    chance_of = np.zeros(len(world.encoders[BOTH]))
    for table, chance in counts.iterate_samples(world.population.joint, 11):
        encoder = world.fit(table, BOTH) // len(world.heads)
        chance_of += np.bincount(encoder, chance, minlength=len(chance_of))
    letters = world.population.joint.reshape(4, 2)
    values, weights, complexity, error = [], [], [], LOGARITHMS
    for cells, taken in zip(world.encoders[BOTH], chance_of.tolist(), strict=True):
        latent = np.stack([letters[cells == z].sum(axis=0) for z in (0, 1)])
        inputs = latent.sum(axis=1)
        ones = np.divide(latent[:, 1], inputs, out=np.zeros(2), where=inputs > 0)
        # A second bit that is always 0: worlds have at least two modalities.
        seen = boolean_world(
            ("z", "blank"), np.stack([ones, ones], 1), np.stack([inputs, 0 * inputs], 1)
        )
        law = excess_law(seen, ("z",), None, m_head, HARDEST)
        values.append(law.values)
        weights.append(law.probabilities * taken)
        R = rademacher.cells(probabilities=inputs / inputs.sum(), m=m_head)
        complexity.append(np.full(len(law.values), R))
        error += taken * law.error
    known = {"gamma": 0.0, "R_loss_head": np.concatenate(complexity), "C": 1.0, "m_head": m_head}
    excess = Interval.exact(np.concatenate(values))
    return Facts(excess, known, np.concatenate(weights), error)


@enumerated(
    "exact/cell-means", "least squares on the two cells of a bit; N has its best head", m=(50, 120)
)
def cell_means(m_head: int) -> Facts:
    """Least squares on the two cells of a bit, y a bit too: every constant of the fast-rate forms exact.

    With z = e_cell, Σ = diag(p): the head is the mean of y in each cell, the excess Σ p (mean − q)²,
    v = z ξ/√p, and κ = 1 − min of the cells' shares over p; 1 if a cell was not seen. All second moments
    are diagonal, and with A the cells' shares over p the inflation is the largest H/A² of a cell.
    """
    p, q = np.array([0.375, 0.625]), np.array([0.375, 0.75])
    variance = q * (1 - q)
    F, root = float(np.linalg.norm(variance)), np.log(40) ** 0.5
    theta = float(root / (F + 2 * variance.max() * root))
    columns = []
    joint = np.stack([p * (1 - q), p * q], axis=1)
    for table, chance in counts.iterate_samples(joint, m_head):
        seen = table.sum(axis=2)
        mean = np.divide(table[..., 1], seen, out=np.zeros(seen.shape), where=seen > 0)
        share = seen / (m_head * p)
        moment = (table * np.stack([q**2, (1 - q) ** 2], axis=1)).sum(axis=2) / (m_head * p)
        H = 1 + 2 * theta / 3 * (moment - variance)
        g = np.divide(H, share**2, out=np.full(H.shape, np.inf), where=share > 0).max(axis=1)
        excess = (p * (mean - q) ** 2).sum(axis=1)
        columns.append([chance, excess, 1 - share.min(axis=1), moment.sum(axis=1), g])
    chance, excess, kappa, V_hat, g = (np.concatenate(c) for c in zip(*columns, strict=True))
    known = {
        "gamma": 0.0,
        "V": float(variance.sum()),
        "v_norm": float(variance.max()),
        "v_frobenius": F,
        "theta": theta,
        "V_hat": V_hat,
        "inflation": g,
        "v_max": float((np.maximum(q, 1 - q) / np.sqrt(p)).max()),
        "leverage": float((1 / p).max()),
        "p": 2,
        "kappa": np.where(kappa < 1, kappa, 1.0),
        "m_head": m_head,
        "C": 1.0,
    }
    return Facts(Interval.exact(excess), known, chance, LOGARITHMS, rounding=ROUNDING)


@enumerated(
    "exact/random-head",
    "XOR of two fair bits; the encoder is searched, the head drawn at random",
    m=(400, 1600, 6400),
)
def random_head(m: int) -> Facts:
    """The encoder is searched and finds XOR or its negation; the head is one of four at random.

    Labels are a function of the input: the encoder depends on the set of inputs seen alone.
    """
    world = latent_bit(xor())
    tables, chances = counts.seen_letters(world.population.joint, m)
    encoder = world.fit(tables, BOTH) // len(world.heads)
    columns = []
    for head in range(len(world.heads)):
        found = world.risks(tables, BOTH, encoder * len(world.heads) + head)
        columns.append([chances / len(world.heads), found.population_risk, found.slack])
    weights, risk, slack = (np.concatenate(c) for c in zip(*columns, strict=True))
    # One bit is independent of the label: whatever N learns, r(f_N) and its least risk are ½.
    gamma = np.tile(world.best_risks(BOTH)[encoder] - 0.5, len(world.heads))
    R = world.rademacher_complexity(BOTH, m)
    known = {**complexities(R, R, 1.0, 1.0, m), "gamma": gamma}
    facts = Facts(Interval.exact(risk - 0.5), known, weights, LOGARITHMS)
    return replace(facts, truth=replace(facts, slack=slack))


REPEATED = xor(noise=0.3)
DISTINCT = 10


def _repeated(m: int, law: Law, lhs: Values, **measured: Any) -> Facts:
    """DISTINCT rows, each repeated m/DISTINCT times and counted as m examples."""

    def facts(size: int) -> Facts:
        R = REPEATED.rademacher_complexity(BOTH, size)
        known = {**complexities(R, R, 1.0, 1.0, size), **measured}
        return Facts(Interval.exact(lhs), known, law.probabilities, law.error)

    return replace(facts(m), truth=facts(DISTINCT))


@enumerated("exact/repeated-rows", "XOR with 30 % noise; ten distinct rows counted as m", m=(6400,))
def repeated_rows(m: int) -> Facts:
    """Theorem 1, M both bits and N one."""
    law = excess_law(REPEATED, BOTH, ONE, DISTINCT)
    gamma = REPEATED.latent_quality(BOTH) - REPEATED.latent_quality(ONE)
    return _repeated(m, law, law.values + gamma, gamma=gamma)


@enumerated(
    "exact/repeated-rows/quality",
    "XOR with 30 % noise; ten distinct rows counted as m",
    m=(6400, 25_600),
)
def repeated_rows_quality(m: int) -> Facts:
    """Theorem 2 for both bits."""
    law = centred_loss_law(REPEATED, BOTH, DISTINCT)
    return _repeated(m, law, np.zeros(len(law.values)), L_hat=law.values)


@enumerated(
    "exact/two-functions",
    "M's class is {0, 1}, labels within 1.625/√m of a fair coin; N sees the label",
    m=(10**6,),
)
def two_functions(m: int) -> Facts:
    """M's encoder is constant and H∘g_M = {0, 1}; N sees the label; P(y = 1) = ½ + 1.625/√m.

    M predicts the rarer label if it is as frequent in S, a binomial event, and then loses 3.25/√m; its
    complexity E(Σσ)₊/m is about 0.4/√m. N finds the label itself on all samples that show both labels.
    """
    lean = 1.625 / m**0.5
    wrong = float(stats.binom.cdf(m // 2, m, 0.5 + lean))
    R_M = Interval.exact(rademacher.cells(probabilities=[1.0], m=m))
    gamma = 0.5 - lean
    lhs = Interval.exact(np.array([gamma, gamma + 2 * lean]))
    known = {**complexities(R_M, R_M, 1.0, 1.0, m), "gamma": gamma}
    return Facts(lhs, known, np.array([1 - wrong, wrong]), LOGARITHMS, rounding=ROUNDING)
