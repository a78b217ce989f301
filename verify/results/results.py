"""What came out of a study: its measurements, read by setting and subset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from empirical.measurement import Measurement
from empirical.statistics.intervals import Interval
from verify.design import Design
from verify.results.display import table
from verify.results.measurements import Measurements, Rows

Subset = tuple[str, ...]


@dataclass(frozen=True)
class Setting:
    """Which heads: their kind, m of their encoders, and the size of the sample they were fitted on."""

    head: str
    m: int
    m_head: int


@dataclass(frozen=True, eq=False, repr=False)
class Results:
    """A finished study.

    Parameters
    ----------
    design
        What was measured.
    measurements
        What was measured in each trial, on disk.
    complexities
        One row per (m, class of a subset): ends of the complexity intervals and what was found.
    reference_risk
        The population risk of the function that stands for h* o g*.
    seconds
        Wall-clock time of the run.
    alpha
        For each delta, the probability that any test of one claim at this delta is ever wrong.
    planned
        The samples of each size at the look that was planned before any was drawn; 0 if none was.
    looks
        The numbers of samples at which this study was ever looked at.
    """

    design: Design
    measurements: Measurements
    complexities: pd.DataFrame
    reference_risk: float
    seconds: float
    alpha: Mapping[float, float]
    planned: int
    looks: tuple[int, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """One row per (m, subset, head, trial), the columns of `empirical.measure.measure`.

        All are read into memory, about 10 kB a trial for a study of the default size.
        """
        return self.measurements.frame()

    def settings(self, head: str) -> list[Setting]:
        """The settings at which a kind of head ("same", "fresh" or "free") was measured, by m."""
        sizes = {(k.m, k.m_head) for k in self.measurements.kinds if k.head == head}
        return [Setting(head, *each) for each in sorted(sizes)]

    def rows(self, setting: Setting, subset: Subset) -> pd.DataFrame:
        """The columns of a part file for one setting and subset, one row per trial."""
        index = self.design.family.subsets.index(subset)
        return self.measurements.rows(Rows(setting.head, setting.m, setting.m_head, index))

    def measurement(self, setting: Setting, subset: Subset) -> Measurement:
        """What was measured of the models of a subset, one entry per trial."""
        return Measurement.from_columns(self.rows(setting, subset))

    def complexity(self, m: int, subset: Subset, loss_class: bool = False) -> Interval:
        """R_m of the class of a subset out of `Design.classes`, or of its loss class."""
        found, name = self.complexities, "R_loss" if loss_class else "R"
        here = (found["m"] == m) & (found["subset"] == self.design.classes.index(subset))
        (low,), (high,) = found.loc[here, f"{name}_low"], found.loc[here, f"{name}_high"]
        return Interval(low, high)

    def __repr__(self) -> str:
        design = self.design
        return (
            f"Results({design.data.name}: {design.trials:,} trials at each m ="
            f" {', '.join(f'{m:,}' for m in design.m)}, {len(design.family.subsets)} subsets;"
            f" {self.seconds:.0f} s)"
        )

    def _repr_html_(self) -> str:
        design = self.design
        rows = {
            "data": f"{design.data.name}: {design.data.rows:,} rows",
            "subsets": "; ".join(" + ".join(subset) for subset in design.family.subsets),
            "m": ", ".join(f"{m:,}" for m in design.m),
            "m, heads alone": ", ".join(f"{m:,}" for m in design.head_m) or "none",
            "trials at each m": f"{design.trials:,}",
            "risk of the reference": f"{self.reference_risk:.4g}",
            "seconds": f"{self.seconds:.0f}",
        }
        return table("Results: one row per trial in `frame`", rows)
