"""The answer as an object: what to use, what each modality is worth, and where the page is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from verify.decisions import page, words
from verify.execution.folder import check_writable
from verify.report.provenance import write_document


@dataclass(frozen=True)
class Advice:
    """The recommended subset against another one, in the user's metric.

    Parameters
    ----------
    subset, against
        Names of modalities; empty for a constant prediction.
    metric
        Its name.
    gap, low, high
        The gain and its certified interval; positive if `subset` is better. None if there was nothing
        to compare.
    delta
        Everything certified in the decision holds at once with probability 1 - delta.
    sentence
        The answer in words.
    """

    subset: tuple[str, ...]
    against: tuple[str, ...]
    metric: str
    gap: float | None
    low: float | None
    high: float | None
    delta: float
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class ModalityWorth:
    """What the hold-out says of one modality, in the user's metric.

    Parameters
    ----------
    name
        The modality.
    verdict
        "helps", "hurts", "negligible" or "undecided".
    gain, low, high
        Of adding it to the set chosen on the training part, or to that set without it; certified ends.
        None if no two of the subsets given differ by this modality alone.
    rows_needed
        About how many rows in all would decide: an estimate, None where none are needed.
    why
        Why it is undecided, in words; empty otherwise.
    """

    name: str
    verdict: str
    gain: float | None
    low: float | None
    high: float | None
    rows_needed: int | None
    why: str


@dataclass(frozen=True, eq=False, repr=False)
class Decision:
    """Made by `decide`.

    Parameters
    ----------
    document
        The content of decide.json: plain values.

    Examples
    --------
    >>> from verify.decisions.decide import decide
    >>> losses = {"": [0.0, 1.0] * 200, "a": [0.0, 0.0, 0.0, 1.0] * 100, "a+b": [0.0] * 400}
    >>> found = decide(predictions=losses, C=1)
    >>> found.recommendation.subset, [each.verdict for each in found.modalities]
    (('a', 'b'), ['helps', 'helps'])
    """

    document: dict[str, Any]

    @cached_property
    def recommendation(self) -> Advice:
        """What to use."""
        found = self.document["recommendation"]
        plain = ("metric", "gap", "low", "high", "delta", "sentence")
        return Advice(
            tuple(found["subset"]), tuple(found["against"]), **{key: found[key] for key in plain}
        )

    @cached_property
    def modalities(self) -> tuple[ModalityWorth, ...]:
        """What each modality is worth."""
        keys = ("name", "verdict", "gain", "low", "high", "rows_needed", "why")
        return tuple(
            ModalityWorth(**{key: each[key] for key in keys})
            for each in self.document["modalities"]
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user must know before trusting the answer."""
        return tuple(self.document["warnings"])

    @cached_property
    def subsets(self) -> pd.DataFrame:
        """One row per subset that was met with the hold-out."""
        frame = pd.DataFrame(self.document["subsets"])
        return frame.assign(subset=["+".join(each) for each in frame["subset"]])

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Every certified gain, tidy: one row per comparison."""
        frame = pd.DataFrame(self.document["comparisons"])
        for column in ("larger", "smaller"):
            frame[column] = ["+".join(each) for each in frame[column]]
        return frame

    def to_json(self) -> str:
        """The content of decide.json: strict JSON."""
        return json.dumps(self.document, indent=1, ensure_ascii=False, allow_nan=False)

    def report(self, out: str | Path = "decide") -> Path:
        """Write decide.json and decide.html into a folder; return the page's path.

        Raises
        ------
        ValueError
            If the folder cannot be written.
        """
        check_writable(out, page.PAGE, page.DATA)
        return write_document(self.document, Path(out) / page.PAGE, page.render)

    def plot(self, ax: Any = None) -> Any:
        """Draw the worth of each modality with its certified interval and the margin as a band.

        Parameters
        ----------
        ax
            Matplotlib axes; None: new ones.

        Returns
        -------
        matplotlib.axes.Axes
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=(6, 1 + 0.5 * len(self.modalities)))
        margin = 100 * self.document["margin"]
        ax.axvspan(-margin, margin, alpha=0.15, color="grey", label="too little to matter")
        ax.axvline(0, color="black", linewidth=0.8)
        for place, each in enumerate(reversed(self.modalities)):
            if each.gain is not None and each.low is not None and each.high is not None:
                ax.plot([100 * each.low, 100 * each.high], [place, place], color="C0")
                ax.plot([100 * each.gain], [place], "o", color="C0")
        ax.set_yticks(range(len(self.modalities)))
        ax.set_yticklabels([f"{e.name}: {e.verdict}" for e in reversed(self.modalities)])
        ax.set_xlabel(f"gain in points ({self.document['metric']['label']})")
        return ax

    def __repr__(self) -> str:
        lines = [self.recommendation.sentence]
        for each in self.document["modalities"]:
            if each["gain"] is None:
                lines.append(f"  {each['name']}: {each['verdict']}. {each['why']}")
            else:
                lines.append(
                    f"  {each['name']}: {each['verdict']}, {words.signed(each['gain'])} points"
                    f" ({words.between(each)})"
                )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return page.fragment(self.document)
