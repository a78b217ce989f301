"""From which m on is a bound not vacuous, and from which m on does it prove the gain?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from bounds.theorem import Theorem
from empirical.measure import FREE, SAME
from verify.findings.forms import Arguments, Form, Place, fitting_forms
from verify.findings.least_sizes import LeastSize, evaluated_at, least_sizes
from verify.results.results import Results, Setting, Subset
from verify.verdicts.compare import without_rounding
from verify.verdicts.gain import UNPROVED

HALF = 0.5
"""A cell is vacuous if the bound is on at least half of its samples; so is a size here."""
NEVER = LeastSize(math.inf, math.inf, math.inf)


@dataclass(frozen=True)
class Threshold:
    """Two least sample sizes of one form at one place, each with its interval; infinite if there is none.

    A size counts as in the cells: it must be enough for the encoders of as many samples.

    Parameters
    ----------
    theorem, head
        The key of the form's theorem, and the kind of heads from which gamma is taken.
    gamma
        The 95 % quantile over samples at the largest m; None for one subset.
    nonvacuous_from
        From here on the terms lie below the range of the loss, for at least half of the encoders.
    proves_gain_from
        From here on the bound lies below zero for 95 % of the encoders: it says that M is better than
        N. None for one subset.
    """

    theorem: str
    head: str
    M: Subset
    N: Subset | None
    delta: float
    gamma: float | None
    nonvacuous_from: LeastSize
    proves_gain_from: LeastSize | None


def all_thresholds(results: Results) -> Iterator[Threshold]:
    """Every form's least sizes, pair by pair and then subset by subset.

    The learned encoders and gamma are those measured at the largest m.
    """
    design = results.design
    forms = fitting_forms(design.loss, design.cls.outputs)
    for M, N in design.family.pairs:
        yield from _of_forms([form for form in forms if form.of_pairs], results, M, N)
    for subset in design.family.subsets:
        yield from _of_forms([form for form in forms if not form.of_pairs], results, subset, None)


def _of_forms(
    forms: list[Form], results: Results, M: Subset, N: Subset | None
) -> Iterator[Threshold]:
    for form in forms:
        if form.in_advance is None:
            continue
        for setting in _largest(results, form):
            place = Place(results, setting, M, N)
            known = form.in_advance(place)
            for delta in results.design.delta:
                yield _threshold(form, place, {**known, "delta": delta}, delta)


def _largest(results: Results, form: Form) -> list[Setting]:
    """The setting at the largest size of its kind; none if no such heads were fitted."""
    return results.settings(FREE if form.free else SAME)[-1:]


def _threshold(form: Form, place: Place, known: Arguments, delta: float) -> Threshold:
    theorem = form.of(place.M, place.N)
    n = len(place.one.slack)
    quantile = None
    if form.of_pairs:
        gamma = without_rounding(place.one.best_risk.high - place.other.best_risk.low)
        quantile = float(np.quantile(gamma, 1 - UNPROVED, method="inverted_cdf"))
        known = {**known, "gamma": gamma}
    if unknown(known):
        # No bound on this class's complexity is known, at any m.
        nonvacuous, proves = NEVER, NEVER
    else:
        nonvacuous = _nonvacuous(theorem, known, n)
        proves = _gain(theorem, known, n) if form.of_pairs else NEVER
    return Threshold(
        theorem=theorem.key,
        head=place.setting.head,
        M=place.M,
        N=place.N,
        delta=delta,
        gamma=quantile,
        nonvacuous_from=nonvacuous,
        proves_gain_from=proves if form.of_pairs else None,
    )


def unknown(known: Arguments) -> bool:
    """Whether an argument is infinite: no bound on a complexity is known.

    Examples
    --------
    >>> unknown({"R_M": math.inf}), unknown({"R_M": 0.5})
    (True, False)
    """
    numbers = [value for value in known.values() if not isinstance(value, sympy.Expr)]
    return any(not np.isfinite(value).all() for value in numbers)


def _nonvacuous(theorem: Theorem, known: Arguments, n: int) -> LeastSize:
    """The least size at which the bound says more than the range of the loss, on half of the samples."""
    if "C" not in known:
        raise ValueError(f"C must be among the arguments known in advance, got {sorted(known)}")
    at = evaluated_at(theorem, known)
    return LeastSize.of(least_sizes(lambda m: np.logical_not(np.asarray(at(m).vacuous)), n), HALF)


def _gain(theorem: Theorem, known: Arguments, n: int) -> LeastSize:
    """The least size at which the bound lies below zero, on all samples but for a share of `UNPROVED`."""
    at = evaluated_at(theorem, known)
    return LeastSize.of(least_sizes(lambda m: np.asarray(at(m).total) < 0, n), 1 - UNPROVED)
