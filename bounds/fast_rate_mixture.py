"""The fast rate with a self-normalised bound on the noise: a Gaussian mixture in place of Bousquet.

S_2 shows the second moments of the noise v. Let G = Cov(v), G_hat its sample value, u the mean of v on
S_2, and H = I + (2 theta/3)(G_hat - G). A mixture over directions gives, with probability 1 - exp(-t),

    theta m_2 u^T H^-1 u <= t + ln det(H)/2 - ln det(I - 2 theta G)/2,

and the determinants are at most traces: theta (V_hat - V)/3 and theta V + theta^2 F^2/(1 - 2 theta lambda).
"""

from __future__ import annotations

from sympy import And, log

from bounds.decomposition import DECOMPOSITION, QUALITY_GAP
from bounds.notation import (
    RISK_M,
    RISK_N,
    Modalities,
    V,
    V_hat,
    delta,
    distinct_pair,
    first_order_slack,
    inflation,
    kappa,
    m_head,
    theta,
    v_frobenius,
    v_norm,
)
from bounds.proofs import least_squares
from bounds.proofs.assumptions import assume
from bounds.statement.derivation import Derivation
from bounds.theorem import Term, Theorem


def fast_rate_mixture(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 for least-squares heads, the noise bounded by a Gaussian mixture.

    V, v_norm and v_frobenius are the trace, the largest eigenvalue and the Frobenius norm of Cov(v),
    V_hat = mean |v|^2 on S_2, and `inflation` says how far second moments on S_2 are from the
    population's: at most h/(1 - kappa)^2 with h the largest eigenvalue of H. Noise need not be bounded.
    `theta` belongs to `inflation` as well. Outside kappa < 1 and 2 theta v_norm < 1 the bound is infinite.

    Examples
    --------
    >>> t = fast_rate_mixture("TVA", "TA")
    >>> known = dict(V=3.0, v_norm=0.5, v_frobenius=0.8, V_hat=3.1, theta=0.7, m_head=8000)
    >>> round(t.evaluate(gamma=0, **known, inflation=1.4, kappa=0.15, delta=0.05).total, 5)
    0.00171
    """
    noise = (
        (2 * V + V_hat) / 3
        + log(2 / delta) / theta
        + theta * v_frobenius**2 / (1 - 2 * theta * v_norm)
    )
    claimed = And(kappa < 1, 2 * theta * v_norm < 1)
    weight = 2 / (1 - kappa)
    share = inflation / (theta * m_head)
    return Theorem(
        key="risk_gap.fast_rate_mixture",
        title="Theorem 1, fast rate by a mixture",
        subsets=distinct_pair(M, N),
        lhs=RISK_M - RISK_N,
        terms=(
            QUALITY_GAP,
            Term("head_estimation", inflation * noise / m_head, where=claimed),
            Term("slack", first_order_slack / (1 - kappa), where=claimed),
        ),
        assumptions=assume("iid", "erm", "fixed_class", "independent_split", "least_squares_head"),
        failure_probability=delta / 2,
        reference="this library; Delyon (2009); de la Pena, Klass, Lai (2004)",
        directions={
            **dict.fromkeys(("gamma", "V", "v_norm", "v_frobenius", "V_hat", "inflation"), 1),
            "kappa": 1,
            "first_order_slack": 1,
            "m_head": -1,
            "delta": -1,
        },
        defaults={"first_order_slack": 0.0},
        derivation=Derivation(
            (
                *DECOMPOSITION,
                least_squares.QUADRATIC_EXPANSION.step(),
                least_squares.SAMPLE_OPTIMALITY.step(times=weight),
                least_squares.POPULATION_OPTIMALITY.step(times=2 * kappa / (1 - kappa)),
                least_squares.OBSERVED_INFLATION.step(),
                least_squares.GAUSSIAN_MIXTURE.step(times=share, t=log(2 / delta), n=m_head),
                least_squares.LOG_DET_SAMPLE.step(times=share),
                least_squares.LOG_DET_POPULATION.step(times=share),
            )
        ),
    )
