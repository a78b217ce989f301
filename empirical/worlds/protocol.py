"""What every world offers: one protocol, so that a check is written once for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

import numpy as np

from bounds.losses import LossConstants
from empirical.statistics.intervals import Interval
from empirical.worlds.trials import Trials

Sample = TypeVar("Sample")
Models = TypeVar("Models")


class World(Protocol[Sample, Models]):
    """A population on which every term of Theorems 1 and 2 is known.

    A sample is whatever the world's learners need of it (counts, moments), with independent trials
    along the leading axis; models are one per trial. `ExactWorld`, `ClassWorld`, `LinearWorld` and
    `StackWorld` (teachers, data sets) are worlds; none of them inherits from this class.

    Examples
    --------
    >>> from empirical.worlds.boolean.exact import xor
    >>> world: World = xor()
    >>> sample = world.draw(np.random.default_rng(0), 50, 2)
    >>> heads = world.fit(sample, ["x1", "x2"])
    >>> world.risks(sample, ["x1", "x2"], heads).population_risk.tolist(), world.reference_risk
    ([0.0, 0.0], 0.0)
    """

    @property
    def names(self) -> tuple[str, ...]:
        """The modalities' names, in order."""
        ...

    @property
    def constants(self) -> LossConstants:
        """Certified C and L of the loss, for every subset and every sample."""
        ...

    @property
    def reference_risk(self) -> float:
        """r(h*∘g*), exact; a fixed reference function's risk where h*∘g* is unknown."""
        ...

    def draw(self, generator: np.random.Generator, m: int, trials: int) -> Sample:
        """``trials`` i.i.d. samples of size m."""
        ...

    def fit(self, sample: Sample, subset: Iterable[str], /) -> Models:
        """What the world's learner makes of each sample when it sees these modalities."""
        ...

    def risks(self, sample: Sample, subset: Iterable[str], models: Models, /) -> Trials:
        """Risks, η, L̂ and slack of any given models (trained or not), one per sample."""
        ...

    def measure(
        self, sample: Sample, subsets: Iterable[Iterable[str]], /
    ) -> dict[tuple[str, ...], Trials]:
        """``fit`` and ``risks`` on the same samples for every subset."""
        ...

    def rademacher_complexity(self, subset: Iterable[str], m: int) -> Interval:
        """R_m(F_M), convention 1/m, no |·|: exact or between bounds; R_m^c for several outputs."""
        ...
