"""How a true statement is made false: by other arguments, or by other multiples of its terms.

Each is the statement with one thing changed; "none" is the statement itself.
"""

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


def _same(arguments: Arguments) -> Arguments:
    return arguments


def _all_of_it(name: str, m: float) -> float:
    return 1.0


@dataclass(frozen=True)
class Alteration:
    """text: what is changed; arguments: the arguments taken; scale: the multiple of each priced term.

    Priced terms are those that are neither measured (γ, L̂) nor slack.
    """

    text: str
    arguments: Callable[[Arguments], Arguments] = _same
    scale: Callable[[str, float], float] = _all_of_it

    def bound(self, bound: BoundInterval, m: int, granted: ArrayLike) -> BoundInterval:
        """The right-hand side with its own terms rescaled, and with one more term, `granted`."""
        lower, upper = (self._value(end, m, granted) for end in (bound.lower, bound.upper))
        # Rounding alone may cross ends that were equal.
        return BoundInterval(lower, replace(upper, total=np.maximum(lower.total, upper.total)))

    def _value(self, value: BoundValue, m: int, granted: ArrayLike) -> BoundValue:
        given = {name: np.asarray(value.terms[name]) for name in given_names(value)}
        given["granted"] = np.asarray(granted, dtype=np.float64)
        own = {
            name: self.scale(name, m) * np.asarray(term)
            for name, term in value.terms.items()
            if name not in given
        }
        return replace(
            value,
            total=sum(given.values()) + sum(own.values()),
            terms=FrozenMapping({**given, **own}),
            measured=value.measured | {"granted"},
        )


def _flipped(arguments: Arguments) -> Arguments:
    gamma = arguments["gamma"]
    negative = (
        Interval(-gamma.high, -gamma.low)
        if isinstance(gamma, Interval)
        else -np.asarray(gamma, dtype=np.float64)
    )
    return {**arguments, "gamma": negative}


def _without_loss(arguments: Arguments) -> Arguments:
    return {**arguments, "L_hat": 0.0}


def _none_of_it(name: str, m: float) -> float:
    return 0.0


def _faster(name: str, m: float) -> float:
    return 1 / math.sqrt(m)


def _confidence_faster(name: str, m: float) -> float:
    return 1.0 if name == "complexity" else 1 / math.sqrt(m)


ALTERATIONS: Mapping[str, Alteration] = {
    "none": Alteration(""),
    "no terms": Alteration("without complexity and confidence terms", scale=_none_of_it),
    "gamma flipped": Alteration("with the sign of γ flipped", arguments=_flipped),
    "rate 1/m": Alteration("with 1/m in place of 1/√m in every term", scale=_faster),
    "confidence 1/m": Alteration(
        "with 1/m in place of 1/√m in the confidence terms alone", scale=_confidence_faster
    ),
    "no empirical loss": Alteration("without L̂", arguments=_without_loss),
}
