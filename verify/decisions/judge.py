"""From evidence to a decision: certify the comparisons, judge them, write everything down."""

from __future__ import annotations

from empirical.modalities import Subset
from verify.decisions.decision import Decision
from verify.decisions.document import document
from verify.decisions.evidence import Evidence
from verify.decisions.family import certify, family
from verify.decisions.recommend import recommend, verdicts
from verify.decisions.worth import interactions, shapley


def judge(
    evidence: Evidence, cheapest: Subset | None, margin: float, delta: float, seed: int
) -> Decision:
    """The decision on this evidence; `cheapest` is the cheapest subset that is good enough, if any."""
    compared = family(evidence.names, evidence.plan, evidence.losses, cheapest)
    gains = certify(compared, evidence, delta, seed)
    judged = verdicts(
        gains,
        margin=margin,
        delta=delta,
        largest=evidence.largest,
        rows=evidence.total,
    )
    return Decision(
        document(
            evidence,
            gains=gains,
            judged=judged,
            found=recommend(gains, evidence.plan),
            shares=shapley(evidence, delta, seed),
            interactions=interactions(evidence),
            cheapest=cheapest,
            margin=margin,
            delta=delta,
            seed=seed,
        )
    )
