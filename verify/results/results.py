"""What came out of a study: its measurements, read by setting and subset."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from empirical.measurement import Measurement
from empirical.statistics.intervals import Interval
from verify.design import Design
from verify.results.trials import Rows, Trials

Subset = tuple[str, ...]


@dataclass(frozen=True)
class Results:
    """A finished study.

    Parameters
    ----------
    design
        What was measured.
    trials
        What was measured in each trial, on disk.
    complexities
        One row per (m, class of a subset): ends of the complexity intervals and what was found.
    reference_risk
        The population risk of the function that stands for h* o g*.
    seconds
        Wall-clock time of the run.
    """

    design: Design
    trials: Trials
    complexities: pd.DataFrame
    reference_risk: float
    seconds: float

    @property
    def frame(self) -> pd.DataFrame:
        """One row per (m, subset, head, trial), the columns of `empirical.measure.measure`.

        Read into memory as a whole: about 10 kB a trial for a study of the default size.
        """
        return self.trials.frame()


@dataclass(frozen=True)
class Setting:
    """Where heads were fitted: with encoders of size m, on the same sample or on a fresh one of m_head."""

    head: str
    m: int
    m_head: int


def settings(results: Results, kind: str) -> list[Setting]:
    """The settings at which a kind of head ("same", "fresh" or "free") was measured, in order of m."""
    sizes = sorted({(k.m, k.m_head) for k in results.trials.kinds if k.head == kind})
    return [Setting(kind, m, size) for m, size in sizes]


class Measured:
    """The measurements of a study by setting and subset, trials in order; read when asked for."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.design = results.design
        self._complexities = {
            (int(row["m"]), int(row["subset"])): row
            for row in results.complexities.to_dict("records")
        }

    def rows(self, setting: Setting, subset: Subset) -> pd.DataFrame:
        """One row per trial."""
        index = self.design.family.subsets.index(subset)
        return self.results.trials.rows(Rows(setting.head, setting.m, setting.m_head, index))

    def measurement(self, setting: Setting, subset: Subset) -> Measurement:
        """What was measured of the models of a subset, one entry per trial."""
        return Measurement.from_columns(self.rows(setting, subset))

    def complexity(self, m: int, subset: Subset, loss_class: bool = False) -> Interval:
        """R_m of the subset's class, or of its loss class; the subset is one of `Design.classes`."""
        row = self._complexities[m, self.design.classes.index(subset)]
        name = "R_loss" if loss_class else "R"
        return Interval(row[f"{name}_low"], row[f"{name}_high"])
