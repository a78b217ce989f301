"""What a bound from elsewhere is compared with: a theorem, read as a function of numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import sympy

from bounds import catalogue, pac_bayes
from bounds.auditing import means
from bounds.domains import FloatArray
from bounds.frozen import FrozenMapping
from bounds.notation import KL_GIBBS, QUANTITIES, C, gibbs_hat
from bounds.quantity import LOSS, Quantity
from bounds.statement.summands import Summands
from bounds.table import Table
from bounds.theorem import Theorem

Point = Mapping[str, float]
Deviation = Callable[[float, float], float]
"""What a bound is about in a world of one number: from its mean and the average of the sample."""


def _mean(mean: float, average: float) -> float:
    return mean


def _difference(mean: float, average: float) -> float:
    return abs(mean - average)


def _entropy(mean: float, average: float) -> float:
    return float(pac_bayes.binary_kl(average, mean))


@dataclass(frozen=True)
class Reference:
    """A known bound as a function of numbers.

    Parameters
    ----------
    name
        How users ask for it.
    theorem
        The statement.
    inputs, directions
        The arguments, and how the bound moves with each.
    totals
        The bound in numbers, at many points.
    summands
        What its average is the average of; None if there is no exact world.
    about
        What it bounds in the world of one number.
    centred
        Whether it bounds a deviation, to which no average is added.
    distribution
        Whether it bounds the distance of distribution functions, of which there is one more exact world.
    readings
        The same theorem for other arguments.
    """

    name: str
    theorem: Theorem
    inputs: tuple[str, ...]
    directions: Mapping[str, int]
    totals: Callable[[Sequence[Point]], FloatArray]
    summands: Summands | None = None
    about: Deviation = field(default_factory=lambda: _mean)
    centred: bool = False
    distribution: bool = False
    readings: tuple[Reference, ...] = field(default=(), repr=False)

    def total(self, point: Point) -> float:
        """The bound at one point.

        Examples
        --------
        >>> round(REFERENCES.find("distribution.dkw").total({"m": 100, "delta": 0.05}), 4)
        0.1358
        """
        return float(self.totals([point])[0])

    @cached_property
    def size(self) -> str:
        """The argument that counts examples; empty if there is none.

        Examples
        --------
        >>> REFERENCES.find("mean.hoeffding").size
        'm'
        """
        return self.theorem.sample_size or ""

    @property
    def averages(self) -> tuple[str, ...]:
        """The arguments that are computed from the sample itself, its size included.

        Examples
        --------
        >>> REFERENCES.find("mean.empirical_bernstein").averages
        ('m', 'mean_hat', 'variance_hat')
        """
        if self.summands is None:
            return ()
        sampled = {self.summands.average, means.VARIANCE_HAT.name, self.size}
        return tuple(name for name in self.inputs if name in sampled)

    def quantity(self, name: str) -> Quantity:
        """What an argument is.

        Examples
        --------
        >>> REFERENCES.find("mean.bernstein").quantity("variance").meaning
        'variance of each number'
        """
        return self.theorem.quantities[name]

    def ceiling(self, point: Point) -> float:
        """What a bound that claims something lies below.

        Examples
        --------
        >>> REFERENCES.find("mean.hoeffding").ceiling({"C": 2.0})
        2.0
        """
        if self.theorem.units == LOSS or "C" in self.inputs:
            return point.get("C", 1.0)
        return np.inf if self.theorem.lhs == KL_GIBBS else 1.0

    def fitting(self, names: Collection[str]) -> Reference:
        """This reference, or its reading with just these arguments.

        Examples
        --------
        >>> pac_bayes_kl = REFERENCES.find("pac_bayes.kl")
        >>> pac_bayes_kl.fitting(["gibbs_hat", "KL", "m", "delta"]).inputs
        ('gibbs_hat', 'KL', 'C', 'm', 'delta')
        >>> pac_bayes_kl.fitting(["KL", "m", "delta"]).inputs
        ('KL', 'm', 'delta')
        """
        fits = [each for each in (self, *self.readings) if set(names) <= set(each.inputs)]
        return min(fits, key=lambda each: len(each.inputs), default=self)


def _columns(names: Collection[str], points: Sequence[Point]) -> dict[str, FloatArray]:
    return {name: np.array([point[name] for point in points]) for name in names}


def of_theorem(theorem: Theorem, about: Deviation = _mean, centred: bool = False) -> Reference:
    """A theorem as a reference.

    Examples
    --------
    >>> from bounds import pac_bayes
    >>> reference = of_theorem(pac_bayes.mcallester("M"))
    >>> round(reference.total({"gibbs_hat": 0.1, "KL": 5, "C": 1, "m": 1000, "delta": 0.05}), 4)
    0.1779
    """

    def totals(points: Sequence[Point]) -> FloatArray:
        total = theorem.evaluate(**_columns(theorem.inputs, points)).total
        return np.broadcast_to(np.asarray(total), len(points))

    return Reference(
        theorem.key,
        theorem,
        theorem.inputs,
        theorem.directions,
        totals,
        theorem.summands,
        about,
        centred,
    )


def _of_kl(theorem: Theorem) -> Reference:
    """A bound on the relative entropy of two risks: as it stands, and as a bound on the risk."""

    def totals(points: Sequence[Point]) -> FloatArray:
        known = _columns((*theorem.inputs, "gibbs_hat", "C"), points)
        known["gibbs_hat"] = np.minimum(known["gibbs_hat"], known["C"])
        return np.asarray(pac_bayes.largest_risk(theorem, **known))

    summands = Summands(str(gibbs_hat), sympy.Integer(0), C)
    # The order is that of the notation.
    inputs = tuple(n for n in QUANTITIES if n in {*theorem.inputs, "gibbs_hat", "C"})
    directions = FrozenMapping({**theorem.directions, "gibbs_hat": 1, "C": 1})
    as_it_stands = of_theorem(theorem, _entropy, centred=True)
    return Reference(
        theorem.key, theorem, inputs, directions, totals, summands, readings=(as_it_stands,)
    )


REFERENCES: Table[Reference] = Table(
    "like",
    [
        *(
            _of_kl(each) if each.lhs == KL_GIBBS else of_theorem(each)
            for each in catalogue.THEOREMS
        ),
        *(
            replace(of_theorem(each, _difference, centred=True), distribution=True)
            if each is means.DKW
            else of_theorem(each)
            for each in means.THEOREMS
        ),
    ],
)
"""Every theorem of the catalogue, and some bounds on a mean."""
