"""Cells and pairs made by hand: what a bound proves there, and which model is mostly better.

Nothing here decides: what does is imported by the tests themselves, where tests/mutation changes it.
"""

from __future__ import annotations

from empirical.measure import FREE, SAME
from verify.findings.cells import BoundSummary, Cell, Rate
from verify.findings.pairs import PairFinding
from verify.findings.summaries import Summary
from verify.verdicts.coverage import CriticalFactor
from verify.verdicts.gain import GainProof, Preference

ALL, A, B = ("a", "b"), ("a",), ("b",)
BALL_FORM, FREE_FORM = "risk_gap.sharp", "risk_gap.fast_rate"
FACTOR = CriticalFactor(0.5, 0.4, 0.6)
TRIALS, NEEDED = 40, 151


def summary(value: float) -> Summary:
    return Summary(*[value] * 6)


def cell(N, m, proves, *, M=ALL, head=SAME, delta=0.05, encoder=None, form=None) -> Cell:
    """A cell whose bound proves the gain ("yes"), does not ("no"), or may ("open")."""
    value = 0.1 if proves == "no" else -0.1
    bound = BoundSummary(*[value] * 6, lower_end=value)
    return Cell(
        theorem=form or (FREE_FORM if head == FREE else BALL_FORM),
        M=M,
        N=N,
        m=m,
        m_encoder=encoder or m,
        head=head,
        delta=delta,
        level=delta / 2,
        trials=TRIALS,
        violations=0,
        inconclusive=0,
        violation_rate=Rate(0.0, 0.0, 0.09),
        verdict="supported",
        trials_needed=NEEDED,
        tests=8,
        measured=summary(-0.2),
        bound=bound,
        terms={},
        vacuous=False,
        vacuous_fraction=0.0,
        dominant_term="complexity",
        critical_factor=FACTOR,
        certificate=None if N is None else GainProof(proves, 7, 0.1, 0.9, 150),
    )


def pair(N, m, side, *, M=ALL, head=SAME, needed=12, gap=None) -> PairFinding:
    """A pair on whose samples M is mostly better, worse, or neither for all that they tell."""
    middle = {"better": -0.1, "worse": 0.1, "open": 0.0}[side] if gap is None else gap
    said = Preference(side, 7, 3, 0.2, 0.8, needed)
    return PairFinding(
        M,
        N,
        head,
        m,
        m,
        TRIALS,
        4,
        summary(0.1),
        summary(0.2),
        summary(middle),
        summary(-0.1),
        said,
    )


def cells(a: str, b: str, **options) -> list[Cell]:
    """The answers for a and b at m = 64 and 128, two letters for each: y, n or o."""
    words = {"y": "yes", "n": "no", "o": "open"}
    return [
        cell(N, m, words[letter], **options)
        for N, letters in ((A, a), (B, b))
        for m, letter in zip((64, 128), letters, strict=True)
    ]
