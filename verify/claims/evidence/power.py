"""Facts from worlds in which nearly all of a theorem's terms is needed: the power of the ledger.

Here the left-hand side is as large as the statement allows, up to what vanishes as m grows (theory,
section 7). M sees x alone, and N nothing: its encoder is a constant, on which one of the two heads makes
no error, and is the only minimiser. So r(f_N) = η(g_N) = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from empirical.statistics.intervals import Interval
from empirical.worlds.memory import (
    complexity,
    empirical_complexity,
    majority,
    remembered_law,
    share_of_majority,
)
from verify.claims.evidence import held_out, posteriors
from verify.claims.evidence.facts import Facts, Source, complexities, enumerated
from verify.verdicts.compare import ROUNDING

SIZES = (100, 10_000, 1_000_000)
TOLERANCE = 1e-9
"""The error of binomial probabilities, and of complexities that are sums of them."""
HALF, ALL = 0.5, 1.0
"""How much of [0, 1] can be remembered."""


def _known(share: float, outputs: int, m: int) -> dict[str, Any]:
    """Arguments of every form. The losses are those of one output plus ½, however many there are."""
    R, vector = (_around(complexity(share, m, c)) for c in (1, outputs))
    known = complexities(vector, vector, 1.0, 1.0, m, symmetric=True)
    return {**known, "R_loss": R}


def _around(value: float) -> Interval:
    return Interval(value - TOLERANCE, value + TOLERANCE)


def half(outputs: int, m: int) -> Facts:
    """Theorem 1: on half of the samples the head is wrong everywhere, and 4R = 1 + O(1/√m).

    On the encoder of the worst learner the heads have the risks 0 and 1, so that γ = 0. The gap is 1 if
    at least half of the examples can be remembered.
    """
    return _half(HALF, outputs, m)


def _half(share: float, outputs: int, m: int) -> Facts:
    wrong = majority(share, m)
    known = {**_known(share, outputs, m), "gamma": 0.0}
    return Facts(Interval.exact([0.0, 1.0]), known, np.array([1 - wrong, wrong]), TOLERANCE)


def joint(outputs: int, m: int) -> Facts:
    """Theorem 1 for pairs that minimise the empirical risk jointly: the gap is 1 on all samples."""
    known = {**_known(ALL, outputs, m), "gamma": 0.0}
    return Facts(Interval.exact([1.0]), known, np.ones(1))


def quality(outputs: int, m: int) -> Facts:
    """Theorem 2: the class of `joint`, both signs among the encoders and z the only head.

    The encoder that is right on S alone has η = 1. Neither it nor the reference −v has an error on S.
    """
    known = {**_known(ALL, outputs, m), "L_hat": 0.0}
    return Facts(Interval.exact([1.0]), known, np.ones(1))


def _remembering(
    kind: str, part: str, learner: str, facts: Callable[[int, int], Facts]
) -> tuple[Source, Source]:
    """With one output, and with two."""
    one, two = (
        enumerated(
            f"power/{kind}{name}",
            f"x uniform on [0, 1]; a class that remembers points of {part}{words}; {learner}",
            SIZES,
        )(partial(facts, outputs))
        for outputs, name, words in ((1, "", ""), (2, "/two-outputs", ", two outputs"))
    )
    return one, two


WORST = "the worst encoder and ties"
HALVES = _remembering("half", "one half", WORST, half)
JOINT = _remembering("joint", "all of it", "joint minimisers, worst ties", joint)
QUALITY, QUALITY_TWO_OUTPUTS = _remembering(
    "quality", "all of it", "one head, joint minimisers, worst ties", quality
)


@enumerated(
    "power/sample",
    f"x uniform on [0, 1]; a class that remembers points of one half, R̂ of each sample; {WORST}",
    SIZES,
)
def sample(m: int) -> Facts:
    """Theorem 1 with the complexity of the sample at hand, for the learner of `half`."""
    law = remembered_law(HALF, m)
    known = {
        "gamma": 0.0,
        "R_hat_loss": empirical_complexity(law.values, m),
        "C": 1.0,
        "m": m,
    }
    gap = np.where(2 * law.values >= m, 1.0, 0.0)
    return Facts(Interval.exact(gap), known, law.probabilities, law.error + TOLERANCE)


@enumerated("power/head", "z = x uniform on [0, 1]; heads that remember points; worst ties", SIZES)
def head(m_head: int) -> Facts:
    """The split-sample form: the encoder is z = x, and the heads are the class of `joint`.

    The head that is right on S_2 alone is a minimiser, and 2R = 1.
    """
    R = _around(complexity(ALL, m_head))
    known = {"gamma": 0.0, "R_loss_head": R, "C": 1.0, "m_head": m_head}
    return Facts(Interval.exact([1.0]), known, np.ones(1))


# ---- the confidence term alone

RARE = 1e-4
"""What Theorem 1 allows at δ = 2 · 10⁻⁴; its event is made two per cent likelier than that."""


@enumerated(
    "power/rare",
    "x uniform on [0, 1]; a class that remembers points of a little less than one half, so that the"
    f" head is wrong everywhere with probability 1.02 · 10⁻⁴; {WORST}",
    m=(1_000_000,),
)
def rare(m: int) -> Facts:
    """Theorem 1 as in `half`, with a share so small that 4R + ½ C √(2 ln(2/δ)/m) < 1."""
    return _half(share_of_majority(1.02 * RARE, m), 1, m)


@enumerated(
    "power/one-function",
    "a fair label; M’s class is one constant, the reference the other",
    m=(10_000,),
)
def one_function(m: int) -> Facts:
    """Theorem 2 for a class of one function: R = 0 and η = 0, and −L̂ is the mean of m fair signs."""
    law = remembered_law(HALF, m)
    loss = (2 * law.values - m) / m
    known = {"L_hat": loss, "R_loss": 0.0, "C": 1.0, "m": m}
    eta = Interval.exact(np.zeros(len(loss)))
    return Facts(eta, known, law.probabilities, law.error + TOLERANCE)


# ---- least-squares heads on the constant feature z = 1: Σ = 1, and κ = 0 on every sample


def _least_squares(m_head: int, outputs: float, theta: float, spread: ArrayLike) -> dict[str, Any]:
    """The head is the mean of y, with E y = 0, |y| = 1 and Cov(y) = I/outputs: v = y and V = V̂ = 1.

    `spread` is the largest eigenvalue of the second moment of y on S_2. The mixture's H is
    I + (2θ/3) (that moment − Cov(y)).
    """
    return {
        "gamma": 0.0,
        "V": 1.0,
        "V_hat": 1.0,
        "v_norm": 1 / outputs,
        "v_frobenius": outputs**-0.5,
        "v_max": 1.0,
        "theta": theta,
        "inflation": 1 + (2 * theta / 3) * (np.asarray(spread) - 1 / outputs),
        "kappa": 0.0,
        "leverage": 1.0,
        "p": 1,
        "m_head": m_head,
        "C": 1.0,
    }


@enumerated(
    "power/wide-outputs",
    "least squares on z = 1; y one of 10⁶ m₂² axes with a fair sign; N has its best head",
    m=(100, 10_000, 10**8),
)
def wide_outputs(m_head: int) -> Facts:
    """The fast rate with so many outputs that no two examples share one.

    y = ±e_k with k uniform among c, Cov(y) = I/c. If no two examples have the same k then the excess
    |mean|² is 1/m₂ = V/m₂. They do with probability at most m₂²/(2c), and of that case nothing is said.
    """
    outputs = 1e6 * float(m_head) ** 2
    shared = m_head * (m_head - 1) / (2 * outputs)
    excess = Interval(np.array([1 / m_head, 0.0]), np.array([1 / m_head, 1.0]))
    # The second moment on S_2 is 1/m₂ along each of the axes seen; at most 1 if some are shared.
    known = _least_squares(m_head, outputs, m_head**0.5, [1 / m_head, 1.0])
    return Facts(excess, known, np.array([1 - shared, shared]), rounding=ROUNDING)


@enumerated(
    "power/one-output", "least squares on z = 1; y a fair sign; N has its best head", m=(10_000,)
)
def one_output(m_head: int) -> Facts:
    """The fast rate with one output: the excess is the square of the mean of m₂ fair signs."""
    law = remembered_law(HALF, m_head)
    excess = ((2 * law.values - m_head) / m_head) ** 2
    known = _least_squares(m_head, 1.0, 0.45, 1.0)
    return Facts(
        Interval.exact(excess), known, law.probabilities, law.error + TOLERANCE, rounding=ROUNDING
    )


ONE_OUTPUT, TWO_OUTPUTS = zip(HALVES, JOINT, strict=True)
LEAST_SQUARES = (wide_outputs, one_output)
SOURCES: tuple[Source, ...] = (
    *HALVES,
    *JOINT,
    QUALITY,
    QUALITY_TWO_OUTPUTS,
    sample,
    head,
    *LEAST_SQUARES,
    held_out.FAIR,
    posteriors.MOST,
    posteriors.MOST_KL,
)
