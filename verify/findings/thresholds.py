"""From which m on does a bound say something, and from which m on does it prove the gain?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy

from bounds import latent_quality, risk_gap
from bounds.notation import m as m_symbol
from bounds.theorem import Theorem
from empirical.measure import FREE, SAME
from verify.results.results import Measured, Results, Setting, settings
from verify.verdicts.compare import without_rounding

Subset = tuple[str, ...]


def thresholds(results: Results) -> list[dict[str, Any]]:
    """For each theorem, pair (or subset) and delta, two least sample sizes; infinite where none exists.

    nonvacuous_from  the terms fall below the range of the loss
    proves_gain_from the terms fall below -gamma: the bound itself says that M is better than N
    gamma            the mean over samples at the largest m, held fixed
    The analytic complexities scale as 1/sqrt(m) exactly, so that they extend beyond the m measured.
    The fast-rate bound takes kappa in advance here, since none has been observed at other m.
    """
    measured = Measured(results)
    design = results.design
    largest = settings(results, SAME)[-1]
    found: list[dict[str, Any]] = []
    for M, N in design.family.pairs:
        for form in (risk_gap.paper, risk_gap.sharp):
            found += [_analytic(measured, form(M, N), M, N, largest, d) for d in design.delta]
        for free in settings(results, FREE)[-1:]:
            found += [_fast(measured, M, N, free, delta) for delta in design.delta]
    for M in design.family.subsets:
        for theorem in (latent_quality.paper(M), latent_quality.sharp(M)):
            found += [_analytic(measured, theorem, M, None, largest, d) for d in design.delta]
    return found


def _analytic(
    measured: Measured, theorem: Theorem, M: Subset, N: Subset | None, at: Setting, delta: float
) -> dict[str, Any]:
    design = measured.design
    root = math.sqrt(at.m)
    C = design.constants.C

    def usable(subset: Subset, loss_class: bool = False) -> float:
        return float(measured.complexity(at.m, subset, loss_class).high)

    def falling(subset: Subset, loss_class: bool = False) -> sympy.Expr:
        return usable(subset, loss_class) * root / sympy.sqrt(m_symbol)

    if math.isinf(usable(M)):
        # No bound on this class's complexity is known, at any m.
        gamma = None if N is None else _gamma(measured, M, N, at)[0]
        return _entry(theorem, M, N, delta, gamma, math.inf, None if N is None else math.inf)

    arguments: dict[str, Any] = {"C": C, "delta": delta}
    if "R_loss" in theorem.arguments:
        arguments["R_loss"] = falling(M, loss_class=True)
    else:
        arguments |= {"R_M": falling(M), "L": design.constants.L}
    if N is None:
        if "R" in theorem.arguments:
            arguments["R"] = falling(design.data.names)
        rows = measured.rows(at, M)
        L_hat = float((rows.empirical_risk - rows.reference_empirical).mean())
        arguments |= {"L_hat": L_hat, "best_risk": max(measured.results.reference_risk, 0.0)}
        return _entry(theorem, M, N, delta, None, theorem.nonvacuous_from(**arguments), None)
    gamma, best = _gamma(measured, M, N, at)
    speaks = theorem.nonvacuous_from(**arguments, gamma=gamma, best_risk=best)
    proves = _gain(theorem, gamma, C, arguments)
    return _entry(theorem, M, N, delta, gamma, speaks, proves)


def _fast(measured: Measured, M: Subset, N: Subset, at: Setting, delta: float) -> dict[str, Any]:
    theorem = risk_gap.fast_rate(M, N)
    rows = measured.rows(at, M)
    names = ("V", "v_norm", "v_max", "leverage", "p")
    arguments = {name: float(rows[name].mean()) for name in names}
    arguments["p"] = math.ceil(arguments["p"])
    gamma, best = _gamma(measured, M, N, at)
    C = measured.design.population.target_radius**2
    arguments |= {"C": C, "delta": delta}
    speaks = theorem.nonvacuous_from(**arguments, gamma=gamma, best_risk=min(best, C))
    return _entry(theorem, M, N, delta, gamma, speaks, _gain(theorem, gamma, C, arguments))


def _gain(theorem: Theorem, gamma: float, C: float, arguments: dict[str, Any]) -> float:
    """The least size from which the terms lie below -gamma.

    Not being vacuous means terms < C - best_risk; with best_risk = C + gamma that is this question.
    """
    if gamma >= 0:
        return math.inf
    return theorem.nonvacuous_from(**arguments, gamma=gamma, best_risk=max(0.0, C + gamma))


def _gamma(measured: Measured, M: Subset, N: Subset, at: Setting) -> tuple[float, float]:
    rows_M, rows_N = measured.rows(at, M), measured.rows(at, N)
    gamma = float(without_rounding(np.mean(rows_M.best_high - rows_N.best_low)))
    return gamma, max(0.0, float(rows_M.best_high.mean()))


def _entry(
    theorem: Theorem,
    M: Subset,
    N: Subset | None,
    delta: float,
    gamma: float | None,
    speaks: float,
    proves: float | None,
) -> dict[str, Any]:
    return {
        "theorem": theorem.key,
        "M": list(M),
        "N": None if N is None else list(N),
        "delta": delta,
        "gamma": gamma,
        "nonvacuous_from": speaks,
        "proves_gain_from": proves,
    }
