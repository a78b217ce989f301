"""How a true statement is made false: by other arguments, or by other multiples of its terms."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bounds.frozen import FrozenMapping
from bounds.statement.evaluation import BoundValue
from bounds.table import Table
from empirical.statistics.intervals import Interval
from verify.verdicts.compare import BoundInterval, given_names

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Alteration:
    """One way of changing a statement.

    Attributes
    ----------
    name : str
    text : str
        What is changed, in words; empty for the statement itself.
    arguments : callable
        The arguments at which the statement is evaluated, from those that were found.
    scale : callable
        The multiple of each of its own terms (neither measured nor slack), from the term's name and m.
    """

    name: str
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


def _without_loss(arguments: Arguments) -> Arguments:
    return {**arguments, "L_hat": 0.0}


def _without_divergence(arguments: Arguments) -> Arguments:
    return {**arguments, "KL": 0.0}


def _none_of_it(name: str, m: float) -> float:
    return 0.0


def _faster(name: str, m: float) -> float:
    return 1 / math.sqrt(m)


def _confidence_faster(name: str, m: float) -> float:
    return 1.0 if name == "complexity" else 1 / math.sqrt(m)


def _divided(divisor: int) -> Callable[[str, float], float]:
    return lambda name, m: 1 / divisor


def _alone(term: str, part: float) -> Callable[[str, float], float]:
    return lambda name, m: part if name == term else 1.0


INSTEAD = "with 1/m in place of 1/√m"
NONE = Alteration("none", "")
NO_TERMS = Alteration("no terms", "without complexity and confidence terms", scale=_none_of_it)
GAMMA_FLIPPED = Alteration("gamma flipped", "with the sign of γ flipped", _flipped)
RATE = Alteration("rate 1/m", f"{INSTEAD} in every term", scale=_faster)
CONFIDENCE_RATE = Alteration(
    "confidence 1/m", f"{INSTEAD} in the confidence terms alone", scale=_confidence_faster
)
NO_EMPIRICAL_LOSS = Alteration("no empirical loss", "without L̂", _without_loss)
NO_DIVERGENCE = Alteration("no divergence", "without KL(ρ, π)", _without_divergence)
HALVED, THIRD, FIFTH, TENTH = (
    Alteration(f"terms /{divisor}", f"with every term divided by {word}", scale=_divided(divisor))
    for divisor, word in ((2, "two"), (3, "three"), (5, "five"), (10, "ten"))
)
LESS_COMPLEXITY = Alteration(
    "less complexity", "with nine tenths of the complexity term", scale=_alone("complexity", 0.9)
)
LESS_CONFIDENCE = Alteration(
    "less confidence", "with half of the confidence term", scale=_alone("confidence", 0.5)
)
ALTERATIONS: Table[Alteration] = Table(
    "alteration",
    [
        NONE,
        NO_TERMS,
        GAMMA_FLIPPED,
        RATE,
        CONFIDENCE_RATE,
        NO_EMPIRICAL_LOSS,
        NO_DIVERGENCE,
        HALVED,
        THIRD,
        FIFTH,
        TENTH,
        LESS_COMPLEXITY,
        LESS_CONFIDENCE,
    ],
)
