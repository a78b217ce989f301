"""A look that was planned costs no more than Clopper and Pearson's test, and the error stays where it was."""

import math

import numpy as np
import pytest
from scipy import stats

from empirical.statistics.laws import clopper_pearson
from verify.verdicts.anytime import evidence_above, evidence_below
from verify.verdicts.coverage import coverage
from verify.verdicts.draws import PLANNED, Draws, needed, planned_look

ALPHA = 0.05


def decided(n: int, planned: int, level: float, size: int) -> tuple[np.ndarray, np.ndarray]:
    """For each count of hits below `size`: is the level refuted, and supported, at a look?"""
    counts = np.arange(size)
    if n == planned:
        draws = [Draws(int(k), n, int(k), n) for k in counts]
        above = np.array([d.above(level, ALPHA) for d in draws])
        below = np.array([d.below(level, ALPHA) for d in draws])
    else:
        # `test_the_parts_of_the_miss_by_hand` shows that draws are decided like this.
        enough = -math.log((1 - PLANNED) * ALPHA)
        above = evidence_above(counts, n, level) >= enough
        below = evidence_below(counts, n, level) >= enough
    return above & (counts <= n), below & (counts <= n)


def ever_wrong(level: float, planned: int, looks: list[int]) -> list[float]:
    """The exact probability that a rate at the level is ever refuted, and ever supported.

    By recursion over the looks. After the planned look its counts no longer matter: what it decided is
    taken out of the mass there, and later looks decide by evidence at any time alone.
    """
    size = int(looks[-1] * level + 12 * math.sqrt(looks[-1] * level)) + 20
    wrong, last = [0.0, 0.0], 0
    mass = [np.zeros(size), np.zeros(size)]
    for each in mass:
        each[0] = 1.0
    for n in looks:
        step = stats.binom.pmf(np.arange(size), n - last, level)
        last = n
        for side, stopped in enumerate(decided(n, planned, level, size)):
            grown = np.convolve(mass[side], step)
            # What leaves the range counts as wrong.
            wrong[side] += grown[size:].sum() + grown[:size][stopped].sum()
            grown[:size][stopped] = 0.0
            mass[side] = grown[:size]
    return wrong


@pytest.mark.parametrize(("level", "planned"), [(0.025, 160), (0.1, 1024)])
def test_a_rate_at_the_level_is_rarely_ever_decided_wrongly(level: float, planned: int) -> None:
    """Looks every 32 draws up to 2,048, one of them planned: exact, in each direction."""
    for wrong in ever_wrong(level, planned, list(range(32, 2049, 32))):
        assert 0.3 * ALPHA < wrong <= ALPHA


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.005, 0.025, 0.1, 0.45])
@pytest.mark.parametrize("planned", [160, 1024, 6400])
def test_so_it_is_with_looks_up_to_ten_thousand(level: float, planned: int) -> None:
    for wrong in ever_wrong(level, planned, list(range(32, 10_001, 32))):
        assert 0.2 * ALPHA < wrong <= ALPHA


@pytest.mark.parametrize("tests", [1, 20, 56])
@pytest.mark.parametrize("level", [0.005, 0.025, 0.1])
def test_what_clopper_and_pearson_decide_a_planned_look_decides(level: float, tests: int) -> None:
    """Counts at their interval's ends, of both tails: the same n is enough, so the cost is at most 1."""
    alpha = ALPHA / tests
    for n in (50, 400, 3000, 20_000):
        counts = np.unique(np.linspace(0, min(n, 4 * n * level + 20), 60).astype(int))
        ends = clopper_pearson(counts, n, alpha / 2)
        for k, low, high in zip(counts, ends.low, ends.high, strict=True):
            draws = Draws(int(k), n, int(k), n)
            assert draws.above(level, alpha) or not low > level
            assert draws.below(level, alpha) or not high < level


def test_the_parts_of_the_miss_by_hand() -> None:
    k, n, level, miss = 8, 200, 0.025, 0.05
    tail = stats.binom.sf(k - 1, n, level)
    assert Draws(k, n, k, n).above(level, tail / PLANNED * 1.0001)
    assert not Draws(k, n, k, n).above(level, tail / PLANNED * 0.9999)
    # Elsewhere the rest of the miss decides: as if no look had been planned, with that miss.
    for draws in (Draws(30, 300, 4, 200), Draws(11, 190, 0, 200), Draws(0, 190, 0, 200)):
        rest = (1 - PLANNED) * miss
        alone = Draws(draws.hits, draws.n)
        assert draws.above(level, miss) == alone.above(level, rest)
        assert draws.below(level, miss) == alone.below(level, rest)


def test_the_interval_ends_where_the_verdict_changes() -> None:
    for draws in (Draws(8, 200, 8, 200), Draws(20, 500, 8, 200), Draws(9, 150, 9, 200)):
        found = draws.interval(0.05)
        low, high = float(found.low), float(found.high)
        assert low < draws.hits / draws.n < high
        assert draws.above(low - 1e-9, 0.05)
        assert not draws.above(low + 1e-9, 0.05)
        assert draws.below(high + 1e-9, 0.05)
        assert not draws.below(high - 1e-9, 0.05)


def test_later_draws_that_contradict_the_planned_look_leave_a_wide_interval() -> None:
    draws = Draws(20, 40_000, 20, 200)
    found = draws.interval(0.05)
    assert found.low < 20 / 40_000
    assert found.high > 20 / 200
    assert draws.above(0.025, 0.05)


def test_draws_are_counted_in_their_order() -> None:
    hit = np.array([True, False, True, True])
    assert Draws.of(hit, 2) == Draws(hits=3, n=4, first=1, planned=2)
    assert Draws.of(hit) == Draws(3, 4) == Draws(3, 4, 0, 0)
    assert [Draws(0, n, 0, look).looked for n, look in ((4, 0), (4, 1), (4, 4), (4, 5))] == [
        False,
        True,
        True,
        False,
    ]


def test_the_interval_where_one_test_contradicts_the_rate_or_it_lies_at_an_end() -> None:
    """0 of 200 at the look and 20 of 250 after it; no hit at all; nothing but hits."""
    late = Draws(20, 250, 0, 200).interval(0.05)
    free = Draws(20, 250).interval((1 - PLANNED) * 0.05)
    at_look = clopper_pearson(0, 200, PLANNED * 0.05)
    assert (late.low, late.high) == (at_look.low, free.high)
    none, free = Draws(0, 200, 0, 150).interval(0.05), Draws(0, 200).interval(0.02)
    at_look = clopper_pearson(0, 150, PLANNED * 0.05)
    assert (none.low, none.high) == (0.0, min(free.high, at_look.high))
    every, free = Draws(200, 200, 150, 150).interval(0.05), Draws(200, 200).interval(0.02)
    at_look = clopper_pearson(150, 150, PLANNED * 0.05)
    assert (every.low, every.high) == (max(free.low, at_look.low), 1.0)


def test_the_draws_needed() -> None:
    assert (needed(0.025, 0.05), needed(0.025, 0.05 / 20)) == (136, 259)
    for level in (0.005, 0.025, 0.1):
        for miss in (ALPHA, ALPHA / 56):
            look = planned_look(level, miss)
            assert (1 - level) ** look <= PLANNED * miss < (1 - level) ** (look - 1)
            assert needed(level, miss, look) == look
            # A look planned too early decides nothing without hits, and costs its part.
            assert needed(level, miss, look - 1) > needed(level, miss)
    found = coverage([1] * 30, 0.025, planned=139)
    assert (found.verdict, found.needed, found.planned) == ("undecided", 139, 139)
    assert coverage([1] * 139, 0.025, planned=139).verdict == "supported"
    with pytest.raises(ValueError, match="^planned must be an integer of at least 0, got -1"):
        coverage([1], 0.025, planned=-1)


def test_only_the_first_samples_count_at_the_planned_look() -> None:
    """Nine violations at the front refute at the look of 146; the same nine at the back come too late."""
    front = [-1] * 9 + [1] * 291
    assert coverage(front, 0.025, planned=146).verdict == "refuted"
    assert coverage(front[::-1], 0.025, planned=146).verdict == "supported"
