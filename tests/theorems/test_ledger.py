"""Each falsehood of the ledger is refuted, at the rate that its world gives it; the truth stands beside.

Rates are derived in the sources' docstrings, in test_exact_worlds, or here.
"""

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import stats

from bounds import rademacher
from empirical.worlds.boolean.counts import iterate_samples
from empirical.worlds.boolean.exact import xor
from verify.claims.claim import Claim, Decided
from verify.claims.evidence.broken import CELLS, _all_maps
from verify.claims.evidence.facts import Drawn
from verify.claims.ledger import CLAIMS
from verify.claims.run import decide
from verify.verdicts.coverage import ALPHA

BY_ID = {claim.id: claim for claim in CLAIMS}
FALSEHOODS = [claim.id for claim in CLAIMS if claim.expected == "refuted"]
# Facts that cost seconds for each hundred draws; the others keep their trials.
FEWER = {
    "without.lipschitz_loss.theorem_2": 40,
    "without.fixed_class.theorem_2": 40,
    "without.lipschitz_loss.theorem_1": 60,
    "without.fixed_class.theorem_1": 60,
    "belief.more_is_better.always": 40,
    "crossover.popular": 30,
    "crossover.own": 30,
}


def cheaper(claim: Claim) -> Claim:
    """The same claim with fewer draws where these are dear; near fair coins they are not."""
    trials = FEWER.get(claim.id)
    if trials is None:
        return claim
    few = tuple(
        replace(s, trials=trials) if isinstance(s, Drawn) and not s.name.endswith("/coin") else s
        for s in claim.sources
    )
    return replace(claim, sources=few)


@cache
def outcome(name: str) -> Decided:
    (decided,) = decide([cheaper(BY_ID[name])], seed=1, workers=1)
    return decided


@pytest.mark.parametrize("name", FALSEHOODS)
def test_falsehood_is_refuted(name: str) -> None:
    decided = outcome(name)
    assert decided.verdict == "refuted"
    truth = decided.decisive.truth
    assert truth is None or truth.verdict != "refuted"


@pytest.mark.parametrize(
    "name",
    [
        c.id
        for c in CLAIMS
        if c.expected == "refuted" and c.section in ("planted", "power", "assumption")
    ],
)
def test_the_truth_beside_it_is_not(name: str) -> None:
    """Where an assumption is dropped for good (no subset to nest in) there is no truth to show."""
    truths = [f.truth for f in outcome(name).findings if f.truth is not None]
    assert truths or BY_ID[name].drops == "nested"
    assert all(truth.verdict != "refuted" for truth in truths)


def rates(name: str) -> dict[int, float]:
    return {finding.m: finding.rate for finding in outcome(name).findings}


@pytest.mark.parametrize(
    ("name", "m", "expected"),
    [
        # XOR, M one bit: r(M) - r(N) = 1/2 = gamma on all samples that show four cells.
        *(("planted.gamma_flipped", m, 1.0) for m in (400, 1600, 6400)),
        # Excess 0, 1/2, 1/2, 1 of the four heads against terms of 0.79, 0.40, 0.20.
        ("without.erm.theorem_1", 400, 0.25),
        ("without.erm.theorem_1", 1600, 0.75),
        ("without.erm.theorem_1", 6400, 0.75),
        # eta = 1/2 against terms of 0.27.
        ("planted.no_empirical_loss", 6400, 1.0),
        ("without.full_latent.linear_case", 20, 1.0),
    ],
)
def test_rate_by_hand(name: str, m: int, expected: float) -> None:
    assert rates(name)[m] == pytest.approx(expected, abs=1e-9)


def test_ten_rows_counted_as_6400() -> None:
    """A cell that is wrong costs 0.4/4 = 0.1 and the terms are 0.198: two wrong cells are enough.

    All samples of ten rows (19,448 types), a tie predicting 0, give 0.286.
    """
    world = xor(noise=0.3)
    wrong = 0.0
    for counts, chance in iterate_samples(world.joint, 10):
        risk = world.measure(counts, [world.names])[world.names].population_risk
        wrong += float(chance[risk > 0.3 + 0.15].sum())
    assert wrong == pytest.approx(0.2863, abs=1e-4)
    assert rates("without.iid.theorem_1")[6400] == pytest.approx(wrong, abs=1e-8)


def test_one_over_m() -> None:
    """Near a fair coin the excess shrinks like 1/sqrt(m), these terms like 1/m: 0.09, then 0.41."""
    found = rates("planted.rate")
    assert 0.08 < found[1600] < 0.10
    assert 0.40 < found[6400] < 0.42


def test_confidence_at_one_over_m_fails_with_a_binomial_tail() -> None:
    """P(Binomial(m, 1/2 + 1.625/sqrt(m)) <= m/2), about Phi(-3.25) = 5.8e-4, against 1e-4."""
    (found,) = rates("planted.confidence_rate").values()
    assert found == pytest.approx(float(stats.norm.cdf(-3.25)), rel=0.01)


def test_a_rare_outlier_shows_at_its_own_rate() -> None:
    """One outlier or an odd walk that does not end at 0: at most 1 - exp(-0.1) = 0.095."""
    for name in ("without.bounded_loss.theorem_1", "without.bounded_loss.theorem_2"):
        for rate in rates(name).values():
            # 2,000 draws: five standard errors are 0.033.
            assert abs(rate - 0.0928) < 0.033


def test_complexity_of_equal_cells() -> None:
    """All cells alike, summed at once, against one after the other."""
    one_by_one = rademacher.cells(probabilities=np.full(CELLS, 1 / CELLS), m=50)
    assert float(_all_maps(50).low) == pytest.approx(one_by_one, rel=1e-12)


def test_memory_of_20000_cells() -> None:
    """A cell is unseen by 1,600 draws with probability exp(-0.08): risk 0.923/2 = 0.46, terms 0.24."""
    finding = outcome("without.lipschitz_loss.theorem_1").decisive
    assert finding.rate == 1.0
    assert finding.factor is not None
    assert finding.factor.value == pytest.approx(0.5 * np.exp(-0.08) / 0.236, rel=0.01)


def test_the_crossover_criterion_is_a_heuristic() -> None:
    """Near fair coins it favours M without gain: on 2 in 5 samples in its popular form, on 1 in 60."""
    favoured = {
        form: [f.rate for f in outcome(f"crossover.{form}").findings if "/coin" in f.source]
        for form in ("popular", "own")
    }
    assert all(0.3 < rate < 0.42 for rate in favoured["popular"])
    assert all(0.005 < rate < 0.03 for rate in favoured["own"])


# ---- what the ledger's truths say beside their verdict


@pytest.mark.parametrize("name", ["rate.complexity", "rate.worst_case", "belief.overlap.mixing"])
def test_exact_truth_is_supported(name: str) -> None:
    assert outcome(name).verdict == "supported"


def test_what_is_not_needed() -> None:
    for name in (
        "without.nested.theorem_1",
        "without.realizable.theorem_2",
        "without.erm.theorem_2",
    ):
        assert outcome(name).verdict == "supported"


@pytest.mark.slow
def test_the_whole_ledger_comes_out_as_expected() -> None:
    decided = decide(CLAIMS, seed=2)
    assert [d.claim.id for d in decided if d.verdict != d.claim.expected] == []


@pytest.mark.slow
def test_twenty_seeds() -> None:
    """What rests on draws, twenty times: no truth is refuted more often than once in twenty.

    A claim is refuted by mistake with probability at most `verdicts.coverage.ALPHA`; every falsehood that
    is refuted on draws is refuted at least nineteen times.
    """
    drawn = [replace(claim, sources=claim.drawn) for claim in CLAIMS if claim.drawn]
    refuted = Counter(
        decided.claim.id
        for seed in range(100, 120)
        for decided in decide(drawn, seed=seed, workers=1)
        if decided.verdict == "refuted"
    )
    for claim in drawn:
        if claim.expected == "supported":
            assert refuted[claim.id] <= ALPHA * 20, claim.id
        else:
            assert refuted[claim.id] >= 19, claim.id
