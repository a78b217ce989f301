"""A study: a design with the verbs `run` and `report`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, Unpack

from empirical.datasets.dataset import Dataset, from_arrays
from verify.design import Design, resolved
from verify.execution.folder import check_writable
from verify.execution.run import RunOptions, run_study
from verify.report import write_report
from verify.results.results import Results


class Study(Design):
    """What is measured, on what, how often; `run` measures it, `report` writes the page.

    Parameters
    ----------
    data, pairs, options
        As for `verify.design.resolved`: m, head_m, delta, trials, loss, seed, device, fusion, depth, width,
        encoder_radius, head_radius, steps, learning_rate.

    Raises
    ------
    ValueError
        Naming the argument, if one is out of its domain.
    """

    def __init__(self, data: Dataset, pairs: Any = None, **options: Any) -> None:
        design = resolved(data, pairs, **options)
        super().__init__(**{each.name: getattr(design, each.name) for each in fields(design)})

    def run(self, out: str | Path | None = None, **options: Unpack[RunOptions]) -> Results:
        """Measure every trial. Arguments and errors are those of `verify.execution.run.run_study`."""
        return run_study(self, out, **options)

    def report(self, out: str | Path = "report", **options: Unpack[RunOptions]) -> Path:
        """Run the study, streaming its parts into `out`, and write report.html and report.json there.

        Arguments and errors are those of `run`.

        Returns
        -------
        Path
            The page.
        """
        check_writable(out)
        return write_report(self.run(out, **options), Path(out))


def verify_dataset(features: Any, y: Any, *, task: str | None = None, **options: Any) -> Study:
    """A study of a user's own row-aligned features.

    Parameters
    ----------
    features
        Mapping of modality name to [N, d_k] array, DataFrame or tensor, or (name, array) pairs.
    y
        [N] target: text labels, or integers with at most 20 values, mean classification.
    task
        "classification" or "regression", to override that.
    options
        As for `Study`.

    Raises
    ------
    ValueError
        In one line, for whatever is wrong with the input.
    """
    return Study(from_arrays(features, y, task=task), **options)
