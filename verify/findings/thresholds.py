"""From which m on is a bound not vacuous, and from which m on does it prove the gain?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bounds.theorem import Theorem
from empirical.measure import FREE, SAME
from verify.findings.forms import Arguments, Form, Place, fitting_forms
from verify.results.results import Results, Setting, Subset
from verify.verdicts.compare import without_rounding


@dataclass(frozen=True)
class Threshold:
    """Two least sample sizes of one form at one place; infinite if there is none.

    Parameters
    ----------
    theorem, head
        The key of the form's theorem, and the kind of heads from which gamma is taken.
    gamma
        The mean over samples at the largest m, held fixed; None for one subset.
    nonvacuous_from
        From here on the terms lie below the range of the loss.
    proves_gain_from
        From here on the bound lies below zero: it says that M is better than N. None for one subset.
    """

    theorem: str
    head: str
    M: Subset
    N: Subset | None
    delta: float
    gamma: float | None
    nonvacuous_from: float
    proves_gain_from: float | None


def all_thresholds(results: Results) -> Iterator[Threshold]:
    """Every form's least sizes, pair by pair and then subset by subset.

    The learned encoders and gamma are held at what was measured at the largest m.
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
    gamma = None
    if form.of_pairs:
        best = place.one.best_risk.high - place.other.best_risk.low
        gamma = float(without_rounding(np.mean(best)))
        known = {**known, "gamma": gamma}
    proves = None
    if unknown(known):
        # No bound on this class's complexity is known, at any m.
        nonvacuous = math.inf
        proves = None if gamma is None else math.inf
    else:
        nonvacuous = theorem.nonvacuous_from(**known)
        proves = None if gamma is None else _gain(theorem, gamma, known)
    return Threshold(
        theorem=theorem.key,
        head=place.setting.head,
        M=place.M,
        N=place.N,
        delta=delta,
        gamma=gamma,
        nonvacuous_from=nonvacuous,
        proves_gain_from=proves,
    )


def unknown(known: Arguments) -> bool:
    """Whether an argument is infinite: no bound on a complexity is known.

    Examples
    --------
    >>> unknown({"R_M": math.inf}), unknown({"R_M": 0.5})
    (True, False)
    """
    return any(not math.isfinite(value) for value in known.values() if isinstance(value, float))


def _gain(theorem: Theorem, gamma: float, known: Arguments) -> float:
    """The least size from which the bound lies below zero."""
    return math.inf if gamma >= 0 else theorem.least_sample_size(below=0.0, **known)
