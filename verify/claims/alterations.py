"""How a true statement is made false: by other arguments, or by other multiples of its terms."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bounds.frozen import FrozenMapping
from bounds.statement.evaluation import BoundValue
from empirical.statistics.intervals import Interval
from verify.verdicts.compare import BoundInterval, given_names

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Alteration:
    """One way of changing a statement.

    Attributes
    ----------
    text : str
        What is changed, in words.
    arguments : callable
        The arguments at which the statement is evaluated, from those that were found.
    scale : callable
        The multiple of each of its own terms (neither measured nor slack), from the term's name and m.
    """

    text: str
    arguments: Callable[[Arguments], Arguments] = lambda arguments: arguments
    scale: Callable[[str, float], float] = lambda name, m: 1.0

    def bound(self, bound: BoundInterval, m: int, added: ArrayLike) -> BoundInterval:
        """The right-hand side with its own terms rescaled and one more term, `added`."""
        lower, upper = (self._value(end, m, added) for end in (bound.lower, bound.upper))
        # Rounding alone may cross ends that were equal.
        return BoundInterval(lower, replace(upper, total=np.maximum(lower.total, upper.total)))

    def _value(self, value: BoundValue, m: int, added: ArrayLike) -> BoundValue:
        given = {name: np.asarray(value.terms[name]) for name in given_names(value)}
        given["added"] = np.asarray(added, dtype=np.float64)
        own = {
            name: self.scale(name, m) * np.asarray(term)
            for name, term in value.terms.items()
            if name not in given
        }
        return replace(
            value,
            total=sum(given.values()) + sum(own.values()),
            terms=FrozenMapping({**given, **own}),
            measured=value.measured | {"added"},
        )


def _flipped(arguments: Arguments) -> Arguments:
    gamma = arguments["gamma"]
    if isinstance(gamma, Interval):
        return {**arguments, "gamma": Interval(-gamma.high, -gamma.low)}
    return {**arguments, "gamma": -np.asarray(gamma, dtype=np.float64)}


def _confidence_faster(name: str, m: float) -> float:
    return 1.0 if name == "complexity" else 1 / math.sqrt(m)


ALTERATIONS: Mapping[str, Alteration] = {
    "none": Alteration(""),
    "no terms": Alteration("without complexity and confidence terms", scale=lambda name, m: 0.0),
    "gamma flipped": Alteration("with the sign of γ flipped", arguments=_flipped),
    "rate 1/m": Alteration(
        "with 1/m in place of 1/√m in every term", scale=lambda name, m: 1 / math.sqrt(m)
    ),
    "confidence 1/m": Alteration(
        "with 1/m in place of 1/√m in the confidence terms alone", scale=_confidence_faster
    ),
    "no empirical loss": Alteration(
        "without L̂", arguments=lambda arguments: {**arguments, "L_hat": 0.0}
    ),
}
