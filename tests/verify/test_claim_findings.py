"""What the cells of one theorem say together."""

from dataclasses import replace

import pytest

from empirical.measure import SAME
from verify.findings.cells import BoundSummary, Cell, Rate
from verify.findings.claims import all_claims, deciding
from verify.findings.forms import FORMS
from verify.findings.summaries import Summary
from verify.verdicts.coverage import CriticalFactor

NUMBER = Summary(*[0.5] * 6)
CELL = Cell(
    theorem="risk_gap.sharp",
    M=("a", "b"),
    N=("a",),
    m=64,
    m_encoder=64,
    head=SAME,
    delta=0.05,
    level=0.025,
    trials=40,
    violations=0,
    inconclusive=0,
    violation_rate=Rate(0.0, 0.0, 0.09),
    verdict="supported",
    trials_needed=151,
    tests=8,
    measured=NUMBER,
    bound=BoundSummary(*[0.5] * 6, lower_end=0.5),
    terms={},
    vacuous=False,
    vacuous_fraction=0.0,
    dominant_term="complexity",
    critical_factor=CriticalFactor(0.5, 0.4, 0.6),
    own_excess_critical_factor=CriticalFactor(0.2, 0.1, 0.3),
)


def of(high: float, verdict: str = "supported", **fields) -> Cell:
    """The cell with another upper end of its violation probability."""
    return replace(CELL, violation_rate=Rate(0.0, 0.0, high), verdict=verdict, **fields)


@pytest.mark.parametrize(
    ("cells", "verdict", "at"),
    [
        ([of(0.01), of(0.03), of(0.02)], "supported", 1),
        ([of(0.9), of(0.1, "undecided"), of(0.2, "undecided")], "undecided", 2),
        ([of(0.9, "undecided"), of(0.3, "refuted"), of(0.2, "refuted")], "refuted", 1),
        # At one upper end the stricter level decides.
        ([of(0.1, level=0.05), of(0.1, level=0.01)], "supported", 1),
    ],
)
def test_the_cell_that_came_closest_to_a_refutation_decides(cells, verdict, at) -> None:
    assert deciding(cells) == (verdict, cells[at])


def test_a_claim_counts_its_cells_and_keeps_the_tightest_factors() -> None:
    first = replace(CELL, violations=1, inconclusive=2, vacuous=True, level=0.1)
    second = of(
        0.2,
        "refuted",
        m=256,
        delta=0.1,
        violations=4,
        inconclusive=8,
        trials=50,
        trials_needed=160,
        critical_factor=CriticalFactor(0.75, 0.7, 0.8),
        own_excess_critical_factor=CriticalFactor(0.15, 0.1, 0.2),
    )
    other = replace(CELL, theorem="latent_quality.sharp", N=None, own_excess_critical_factor=None)
    sharp, quality = all_claims([first, other, second])
    assert (sharp.id, sharp.verdict, sharp.expected) == ("risk_gap.sharp", "refuted", "supported")
    assert (sharp.cells, sharp.tests, sharp.trials, sharp.trials_needed) == (2, 8, 50, 160)
    assert (sharp.violations, sharp.inconclusive, sharp.samples) == (5, 10, 90)
    assert (sharp.levels, sharp.vacuous_cells, sharp.vacuous) == ((0.025, 0.1), 1, False)
    assert (sharp.decided_by.m, sharp.decided_by.delta, sharp.decided_by.trials) == (256, 0.1, 50)
    assert (sharp.decided_by.violations, sharp.decided_by.inconclusive) == (4, 8)
    assert (sharp.critical_factor.value, sharp.critical_factor.m) == (0.75, 256)
    assert (sharp.critical_factor.low, sharp.critical_factor.high) == (0.7, 0.8)
    own = sharp.own_excess_critical_factor
    assert (own.value, own.low, own.high, own.m, own.delta) == (0.2, 0.1, 0.3, 64, 0.05)
    assert (quality.id, quality.cells, quality.own_excess_critical_factor) == (
        "latent_quality.sharp",
        1,
        None,
    )


def test_claims_stand_in_the_order_of_the_forms_and_empty_ones_are_left_out() -> None:
    keys = [form.key for form in FORMS if form.of_pairs]
    cells = [replace(CELL, theorem=key) for key in reversed(keys)]
    assert [claim.id for claim in all_claims(cells)] == keys
    assert all_claims([]) == []
    everywhere = all_claims([replace(CELL, vacuous=True), replace(CELL, vacuous=True)])
    assert (everywhere[0].vacuous_cells, everywhere[0].vacuous) == (2, True)
