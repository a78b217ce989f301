"""What independent samples gave for one subset in a world where every quantity is known."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bounds.domains import at_least
from empirical.statistics.intervals import Interval


@dataclass(frozen=True, eq=False)
class Trials:
    """One entry per sample, all arrays float64 [trials], in the units of the world's loss.

    Trial t of two subsets belongs to the same sample, so differences of entries are paired.

    Parameters
    ----------
    subset
        The modalities that were visible, M.
    m
        Sample size.
    population_risk
        r(ĥ_M∘ĝ_M)
    empirical_risk
        r̂(ĥ_M∘ĝ_M)
    latent_quality
        η(ĝ_M) = inf_h r(h∘ĝ_M) − r(h*∘g*), its upper end; lower is better.
    centred_loss
        L̂ = r̂(ĥ_M∘ĝ_M) − r̂(h*∘g*)
    slack
        certified ε with r̂(ĥ∘ĝ) ≤ inf_h r̂(h∘ĝ) + ε; infinite where nothing is certified.
    quality_width
        certified: η(ĝ_M) ≥ latent_quality − quality_width; 0 where η is exact.
    """

    subset: tuple[str, ...]
    m: int
    population_risk: NDArray[np.float64]
    empirical_risk: NDArray[np.float64]
    latent_quality: NDArray[np.float64]
    centred_loss: NDArray[np.float64]
    slack: NDArray[np.float64]
    quality_width: NDArray[np.float64] = field(default_factory=lambda: np.zeros(()))

    @property
    def quality(self) -> Interval:
        """η(ĝ_M) as an interval, one entry per sample.

        Examples
        --------
        >>> half, none = np.array([0.5]), np.zeros(1)
        >>> Trials(("a",), 10, half, half, half, none, none, quality_width=np.array([0.25])).quality
        Interval(low=array([0.25]), high=array([0.5]))
        """
        return Interval(self.latent_quality - self.quality_width, self.latent_quality)


def check_draw(m: int, trials: int) -> None:
    """Raise ValueError unless m and trials are integers of at least 1.

    Examples
    --------
    >>> check_draw(0, 5)
    Traceback (most recent call last):
    ...
    ValueError: m must be a positive integer, got 0
    """
    for argument, value in (("m", m), ("trials", trials)):
        at_least(1).whole(argument, value)
