"""One record of what was measured with one subset of modalities on many samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from empirical.statistics.intervals import Interval

Values = NDArray[np.float64]
CONSTANTS = ("V", "v_norm", "v_frobenius", "v_max", "leverage", "p")
"""Constants of the fast rate, of the population: of free heads of subsets that appear as M alone."""

ON_SAMPLE = ("theta", "V_hat", "inflation")
"""What the mixture form takes besides, of the same heads: its scale, and what S_2 shows."""

NOISE = (*CONSTANTS, *ON_SAMPLE, "kappa")
"""All that is measured of noise; kappa of all free heads."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """One entry per sample, all arrays [n] float64, in the units of the loss.

    Parameters
    ----------
    population_risk
        r(h o g) of the learned pair, exact or between certified ends.
    best_risk
        The least risk on the learned encoder, over the heads of the same kind.
    empirical_risk
        Of the learned pair, on the sample of its head.
    slack
        Certified: the empirical risk is at most this above the least over the heads.
    reference_empirical
        The mean loss of the reference function on that sample.
    noise
        Constants of the fast rate by name, of those in `NOISE` that were measured.
    """

    population_risk: Interval
    best_risk: Interval
    empirical_risk: Values
    slack: Values
    reference_empirical: Values
    noise: Mapping[str, Values] = field(default_factory=dict)

    def columns(self) -> dict[str, Values]:
        """The record as the columns of a part file."""
        return {
            "risk_low": self.population_risk.low,
            "risk_high": self.population_risk.high,
            "empirical_risk": self.empirical_risk,
            "best_low": self.best_risk.low,
            "best_high": self.best_risk.high,
            "slack": self.slack,
            "reference_empirical": self.reference_empirical,
            **self.noise,
        }

    @classmethod
    def from_columns(cls, frame: pd.DataFrame) -> Measurement:
        """The record of rows of a part file, one per sample.

        Examples
        --------
        >>> ones = np.ones(2)
        >>> record = Measurement(Interval(ones, ones), Interval(0 * ones, ones), ones, ones, ones)
        >>> Measurement.from_columns(pd.DataFrame(record.columns())).best_risk
        Interval(low=array([0., 0.]), high=array([1., 1.]))
        """
        found = {str(name): frame[name].to_numpy(dtype=np.float64) for name in frame.columns}
        return cls(
            population_risk=Interval(found["risk_low"], found["risk_high"]),
            best_risk=Interval(found["best_low"], found["best_high"]),
            empirical_risk=found["empirical_risk"],
            slack=found["slack"],
            reference_empirical=found["reference_empirical"],
            noise={
                name: found[name]
                for name in NOISE
                if name in found and not np.isnan(found[name]).all()
            },
        )
