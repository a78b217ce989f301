"""Lemmas about least-squares heads, fitted on S_2; `bounds.proofs.lemmas` has the others."""

from __future__ import annotations

import sympy
from sympy import exp, sqrt

from bounds.notation import (
    RISK_M,
    V,
    V_hat,
    first_order_slack,
    inflation,
    kappa,
    leverage,
    p,
    theta,
    v_frobenius,
    v_max,
    v_norm,
)
from bounds.statement.derivation import Lemma
from bounds.statement.intermediate import (
    ALIGNMENT,
    BEST_M,
    DISTANCE,
    ENERGY,
    LOG_POPULATION,
    LOG_SAMPLE,
    NOISE,
    SELF_NOISE,
    TILT,
)

n, t = sympy.symbols("n t", positive=True)
distortion = sympy.Symbol("distortion", nonnegative=True)

QUADRATIC_EXPANSION = Lemma(
    "expansion of squared risk",
    "r(B) - r(B') = ||B - B'||^2_Sigma - 2 <E z xi^T, B - B'>",
    "xi = y - B'^T z",
    ((RISK_M - BEST_M, DISTANCE**2 + 2 * TILT),),
    needs=("least_squares_head",),
)
POPULATION_OPTIMALITY = Lemma(
    "first order, population",
    "the best head of a convex set has -<E z xi^T, B - B'> >= 0 for every B of the set",
    "first-order condition of a convex minimum",
    ((sympy.Integer(0), TILT),),
    needs=("least_squares_head",),
)
SAMPLE_OPTIMALITY = Lemma(
    "first order, sample",
    "the fitted head has <gradient, B - B'> <= first_order_slack over the convex set",
    "first-order condition of a convex minimum; the slack is its Frank-Wolfe gap",
    ((ENERGY, ALIGNMENT - TILT + first_order_slack / 2),),
    needs=("erm", "least_squares_head"),
)
CAUCHY_SCHWARZ = Lemma(
    "Cauchy-Schwarz",
    "<u, D> is at most the product of the dual norms ||u||_(Sigma^-1) ||D||_Sigma",
    "Cauchy-Schwarz in the metric of Sigma",
    ((ALIGNMENT, NOISE * DISTANCE),),
)
BOUSQUET = Lemma(
    "Bousquet",
    "the norm of a mean of n independent centred vectors, with probability 1 - exp(-t)",
    "Bousquet (2002), Theorem 2.3, with E ||mean|| <= sqrt(V/n)",
    (
        (
            NOISE,
            sqrt(V / n)
            + sqrt(2 * t * (v_norm + 2 * v_max * sqrt(V / n)) / n)
            + v_max * t / (3 * n),
        ),
    ),
    needs=("iid", "independent_split", "bounded_features"),
    parameters=(t, n),
    conditions=(t,),
    failure=exp(-t),
)
OBSERVED_SPECTRUM = Lemma(
    "observed spectrum",
    "kappa is read off S_2 so that Sigma_hat >= (1 - kappa) Sigma",
    "definition of kappa",
    (((1 - kappa) * DISTANCE**2, ENERGY),),
)
MATRIX_CHERNOFF = Lemma(
    "matrix Chernoff",
    "Sigma_hat >= (1 - k) Sigma except with probability p exp(-k^2 n / (2 rho^2)), 0 <= k",
    "Tropp (2012), Corollary 5.2, with e^-k (1-k)^-(1-k) <= e^(-k^2/2)",
    (((1 - distortion) * DISTANCE**2, ENERGY),),
    needs=("iid", "independent_split", "bounded_features"),
    parameters=(distortion, n),
    conditions=(distortion,),
    failure=p * exp(-(distortion**2) * n / (2 * leverage)),
)

OBSERVED_INFLATION = Lemma(
    "observed inflation",
    "max over D of 2/(1 - kappa) (<u, D> - |D|^2_Sigma_hat) + |D|^2_Sigma, read off S_2 in terms "
    "of u^T H^-1 u; without constraints the fitted head has D = Sigma_hat^-1 u",
    "definition of the inflation; maximum of a concave quadratic",
    ((2 * (ALIGNMENT - ENERGY) / (1 - kappa) + DISTANCE**2, inflation * SELF_NOISE),),
)
GAUSSIAN_MIXTURE = Lemma(
    "Gaussian mixture",
    "E exp(theta n u^T H^-1 u - ln det(H)/2 + ln det(I - 2 theta Cov v)/2) <= 1, and Markov",
    "theory, section 3; exp(x - x^2/6) <= 1 + x + x^2/3 as in Delyon (2009); de la Pena, Klass, "
    "Lai (2004) for mixtures",
    ((theta * n * SELF_NOISE, t + LOG_SAMPLE + LOG_POPULATION),),
    needs=("iid", "independent_split"),
    parameters=(t, n),
    conditions=(t, 1 - 2 * theta * v_norm),
    failure=exp(-t),
)
LOG_DET_SAMPLE = Lemma(
    "logarithm of the sample's determinant",
    "ln det H is at most the trace of H - I",
    "ln x <= x - 1",
    ((LOG_SAMPLE, theta * (V_hat - V) / 3),),
)
LOG_DET_POPULATION = Lemma(
    "logarithm of the population's determinant",
    "-ln(1 - y) <= y + y^2/(2 (1 - y)) for 0 <= y < 1, at every eigenvalue of 2 theta Cov(v)",
    "both sides agree at 0, and so do their slopes but for a non-negative difference",
    ((LOG_POPULATION, theta * V + theta**2 * v_frobenius**2 / (1 - 2 * theta * v_norm)),),
    conditions=(1 - 2 * theta * v_norm,),
)
