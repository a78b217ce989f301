"""What must hold for the answer, what was checked of it, and what the paper's theorem adds."""

from __future__ import annotations

from typing import Any

import numpy as np

from bounds import risk_gap
from verify.decisions.evidence import Evidence

FEW_UNITS = 100


def theorem(evidence: Evidence, delta: float) -> dict[str, Any]:
    """What Theorem 1 of Huang et al. adds at this m if the complexity were zero: a lower limit."""
    largest = evidence.largest
    value = risk_gap.paper("MN", "N").evaluate(
        gamma=0.0, R_M=0.0, L=1.0, C=largest, m=evidence.train_rows, delta=delta
    )
    return {
        "m": evidence.train_rows,
        "adds_at_least": float(value.total),
        "range": largest,
        "vacuous": bool(value.total >= largest),
    }


def assumptions(evidence: Evidence) -> list[dict[str, Any]]:
    """What must hold, and what was checked of it."""
    drawn = "Groups" if evidence.grouped else "Rows"
    looked = " Identical rows were looked for." if evidence.trained else ""
    listed = [
        (
            f"{drawn} are drawn independently of each other from one source.",
            "Rows of one group stay together and count once."
            if evidence.grouped
            else "No groups were given. If rows come from the same patient, speaker or day, name the"
            f" groups: the intervals may be too narrow otherwise.{looked}",
        ),
        (
            "New rows come from the same source.",
            "Not checked: another hospital, another microphone or another year is another source."
            + (" The later rows certify, so a drift shows in the gap." if evidence.ordered else ""),
        ),
        (
            "The hold-out was used for nothing else.",
            (
                "Models, subsets and comparisons were chosen on the other rows."
                if evidence.trained
                else "Not checked: none of these rows may have been used to train, tune or choose your"
                " models. What is compared was chosen on a fifth of the rows, which do not certify."
            )
            + " Running this again with other settings until the answer pleases is not covered.",
        ),
    ]
    if any(evidence.missing.values()):
        listed.append(
            (
                "A row that lacks a modality is like the others.",
                "Each comparison counts the rows that have all modalities it needs (available cases), and"
                " the choice of sets the rows that have all of them (complete cases); scores are given for"
                " both. Nothing was filled in. If rows lack a modality for a reason that has to do with the"
                " target, gains are about the rows that have it, and no others.",
            )
        )
    if evidence.metric.treatment:
        listed.append(("The metric is bounded.", evidence.metric.treatment))
    return [{"assumption": text, "checked": checked} for text, checked in listed]


def cautions(evidence: Evidence) -> list[str]:
    """Warnings that follow from the numbers."""
    found = []
    if evidence.holdout_units < FEW_UNITS:
        found.append(
            f"Only {evidence.holdout_units} {evidence.unit} certify: intervals are wide, and"
            " modalities often stay undecided."
        )
    if () not in evidence.losses:
        found.append(
            "No constant prediction is among the losses: nothing here shows that any of the models is"
            " better than one."
        )
    unpaired = [
        name
        for name in evidence.names
        if not any(
            name in subset and tuple(each for each in subset if each != name) in evidence.losses
            for subset in evidence.losses
        )
    ]
    if unpaired:
        found.append(
            f"Nothing is said of {', '.join(unpaired)} alone: no two of the subsets given differ by one"
            " of these modalities only."
        )
    constant = evidence.losses.get(())
    if constant is not None and evidence.metric.higher_is_better:
        right = 1 - float(np.nanmean(constant))
        if right > 0.8:
            balanced = any("balanced_accuracy" in each for each in evidence.extras.values())
            found.append(
                f"One class alone is right on {100 * right:.0f} % of the held-out rows: accuracy says"
                f" little there. {'Balanced accuracy is among the numbers, and ' if balanced else ''}"
                "metric='brier' weighs probabilities."
            )
    return found
