"""From measurements to cells: each theorem, each pair or subset, each m and delta, against its bound.

delta is applied here, after the measurement. Risks are exact up to rounding: differences below
`verify.verdicts.compare.ROUNDING` count as zero. Numbers that describe samples (risk gaps, bounds) come as
`summary`: mean, 95 % interval of the mean, and the 5 % and 95 % quantiles over samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bounds import latent_quality, risk_gap
from bounds.theorem import Theorem
from empirical.measure import FREE, FRESH, SAME
from empirical.statistics.intervals import Interval, mean_estimate
from verify.results.results import Measured, Results, Setting, settings
from verify.verdicts.check import Decision, judge
from verify.verdicts.compare import ROUNDING, interval_without_rounding, without_rounding
from verify.verdicts.coverage import critical_factor
from verify.verdicts.gain import certifies_gain

Subset = tuple[str, ...]
Arguments = dict[str, Any]


def all_cells(results: Results) -> list[dict[str, Any]]:
    """Every cell of the study, Theorem 1's forms first."""
    measured = Measured(results)
    return [*_theorem_1(measured), *_theorem_2(measured)]


def _theorem_1(measured: Measured) -> Iterator[dict[str, Any]]:
    results, design = measured.results, measured.design
    ball = settings(results, SAME) + settings(results, FRESH)
    forms: list[tuple[Callable[..., Theorem], list[Setting]]] = [
        (risk_gap.paper, ball),
        (risk_gap.sharp, ball),
        (risk_gap.fast_rate, settings(results, FREE)),
    ]
    tests = design.tests("risk_gap")
    for form, where in forms:
        for M, N in design.family.pairs:
            theorem = form(M, N)
            for setting in where:
                rows_M, rows_N = measured.rows(setting, M), measured.rows(setting, N)
                lhs = interval_without_rounding(_risk(rows_M) - _risk(rows_N))
                gamma = interval_without_rounding(_best(rows_M) - _best(rows_N))
                arguments, slack = _gap_arguments(theorem, measured, setting, M, rows_M)
                arguments["gamma"] = gamma
                own = without_rounding(_risk(rows_M).high - _best(rows_M).low - slack)
                for delta in design.delta:
                    found = judge(
                        theorem,
                        lhs,
                        {**arguments, "delta": delta},
                        slack=slack,
                        rounding=ROUNDING,
                        tests=tests,
                    )
                    level, terms = found.coverage.level, found.bound.own_terms
                    yield {
                        **_cell(found, M, N, setting, delta, tests, lhs),
                        "gamma": summary((gamma.low + gamma.high) / 2),
                        "critical_factor": asdict(found.factor),
                        "own_excess": summary(own),
                        "own_excess_critical_factor": asdict(critical_factor(own, terms, level)),
                    }


def _gap_arguments(
    theorem: Theorem, measured: Measured, setting: Setting, M: Subset, rows: pd.DataFrame
) -> tuple[Arguments, NDArray[np.float64] | float]:
    """The arguments besides gamma and delta, and the slack that the statement itself lacks."""
    design, size = measured.design, setting.m_head
    best = Interval(np.maximum(rows.best_low, 0.0), np.maximum(rows.best_high, 0.0))
    slack = rows.slack.to_numpy()
    if theorem.key == "risk_gap.fast_rate":
        return fast_rate_arguments(rows, size, design.population.target_radius**2), 0.0
    C, L = design.constants.C, design.constants.L
    if theorem.key == "risk_gap.paper":
        R_M = measured.complexity(size, M)
        return {"R_M": R_M, "L": L, "C": C, "m": size, "best_risk": best}, slack
    R_loss = measured.complexity(size, M, loss_class=True)
    return {"R_loss": R_loss, "C": C, "m": size, "slack": slack, "best_risk": best}, 0.0


def fast_rate_arguments(rows: pd.DataFrame, size: int, C: float) -> Arguments:
    """The fast-rate bound's arguments with the observed kappa.

    Free heads have no ball and no finite C. Vacuity is judged against the largest loss of the zero
    predictor instead, which is stricter than any C.
    """
    constants = {name: rows[name].to_numpy() for name in ("V", "v_norm", "v_max", "kappa")}
    best = np.clip(rows.best_high, 0.0, C)
    return {**constants, "m_head": size, "C": C, "best_risk": best}


def _theorem_2(measured: Measured) -> Iterator[dict[str, Any]]:
    results, design = measured.results, measured.design
    everything = design.data.names
    tests = design.tests("latent_quality")
    for form in (latent_quality.paper, latent_quality.sharp):
        for M in design.family.subsets:
            theorem = form(M)
            for setting in settings(results, SAME):
                rows = measured.rows(setting, M)
                eta = _best(rows) - Interval.exact(results.reference_risk)
                L_hat = rows.empirical_risk.to_numpy() - rows.reference_empirical.to_numpy()
                arguments: Arguments = {
                    "L_hat": L_hat,
                    "C": design.constants.C,
                    "m": setting.m,
                    "best_risk": max(results.reference_risk, 0.0),
                }
                if theorem.key == "latent_quality.paper":
                    arguments["R_M"] = measured.complexity(setting.m, M)
                    arguments["R"] = measured.complexity(setting.m, everything)
                    arguments["L"] = design.constants.L
                else:
                    arguments["R_loss"] = measured.complexity(setting.m, M, loss_class=True)
                for delta in design.delta:
                    found = judge(
                        theorem, eta, {**arguments, "delta": delta}, rounding=ROUNDING, tests=tests
                    )
                    yield {
                        **_cell(found, M, None, setting, delta, tests, eta),
                        "L_hat": summary(L_hat),
                        "critical_factor": asdict(found.factor),
                    }


def _cell(
    found: Decision,
    M: Subset,
    N: Subset | None,
    setting: Setting,
    delta: float,
    tests: int,
    lhs: Interval,
) -> dict[str, Any]:
    decided, upper = found.coverage, found.bound.upper
    vacuous = None if upper.vacuous is None else float(np.mean(upper.vacuous))
    total = summary(upper.total)
    names, counts = np.unique(np.asarray(upper.dominant), return_counts=True)
    return {
        "theorem": found.theorem,
        "M": list(M),
        "N": None if N is None else list(N),
        "m": setting.m_head,
        "m_encoder": setting.m,
        "head": setting.head,
        "delta": delta,
        "level": decided.level,
        "trials": decided.trials,
        "violations": decided.violations,
        "inconclusive": decided.inconclusive,
        "violation_rate": {"value": decided.rate, "low": decided.low, "high": decided.high},
        "verdict": decided.verdict,
        "trials_needed": decided.needed,
        "tests": tests,
        "measured": summary((lhs.low + lhs.high) / 2),
        "bound": {**total, "lower_end": float(np.median(found.bound.lower.total))},
        "terms": {name: float(np.median(value)) for name, value in upper.terms.items()},
        "vacuous": None if vacuous is None else vacuous >= 0.5,
        "vacuous_fraction": vacuous,
        "dominant_term": str(names[counts.argmax()]),
        "certifies_gain": N is not None and certifies_gain(total["q95"], decided.verdict),
    }


def summary(values: ArrayLike) -> dict[str, float]:
    """Mean over samples, the mean's 95 % interval (Student's t), and the 5 % and 95 % quantiles."""
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        # A mean of infinities says nothing; the quantiles still do.
        ordered = np.quantile(array, [0.05, 0.5, 0.95], method="nearest")
        return {
            "value": math.inf,
            "low": math.nan,
            "high": math.nan,
            "median": float(ordered[1]),
            "q05": float(ordered[0]),
            "q95": float(ordered[2]),
        }
    estimate = mean_estimate(array)
    return {
        "value": float(estimate.value),
        "low": float(estimate.interval.low),
        "high": float(estimate.interval.high),
        "median": float(np.median(array)),
        "q05": float(np.quantile(array, 0.05)),
        "q95": float(np.quantile(array, 0.95)),
    }


def _risk(rows: pd.DataFrame) -> Interval:
    return Interval(rows.risk_low, rows.risk_high)


def _best(rows: pd.DataFrame) -> Interval:
    return Interval(rows.best_low, rows.best_high)
