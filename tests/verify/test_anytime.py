"""Evidence on a probability stays valid however often one looks, and costs little at a single look."""

import math

import numpy as np
import pytest
from scipy import stats

from verify.verdicts import anytime
from verify.verdicts.anytime import anytime_interval, evidence_above, evidence_below

ALPHA, LARGEST = 0.05, 10_000


def excluded(n: int, level: float, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """For each count of hits up to n: is a rate of at most, or of more than, the level excluded?"""
    counts, enough = np.arange(n + 1), -math.log(alpha)
    return (
        evidence_above(counts, n, level) >= enough,
        evidence_below(counts, n, level) >= enough,
    )


def first_above(n: int, level: float, alpha: float) -> int:
    """The least count that refutes, n + 1 if there is none."""
    found = np.flatnonzero(excluded(n, level, alpha)[0])
    return int(found[0]) if found.size else n + 1


def last_below(n: int, level: float, alpha: float) -> int:
    """The largest count that supports, -1 if there is none."""
    found = np.flatnonzero(excluded(n, level, alpha)[1])
    return int(found[-1]) if found.size else -1


def ever_wrong(level: float, every: int, largest: int = LARGEST) -> tuple[float, float]:
    """The exact probability that a rate at the level is ever refuted, and ever supported.

    By recursion over the number of draws; probability that has reached a verdict is taken out.
    """
    size = int(largest * level + 12 * math.sqrt(largest * level)) + 20
    mass = [np.zeros(size), np.zeros(size)]
    wrong = [0.0, 0.0]
    for each in mass:
        each[0] = 1.0
    for n in range(1, largest + 1):
        for side in (0, 1):
            grown = mass[side] * (1 - level)
            grown[1:] += mass[side][:-1] * level
            wrong[0] += mass[0][-1] * level if side == 0 else 0.0
            mass[side] = grown
        if n % every == 0:
            counts = np.arange(size)
            enough = -math.log(ALPHA)
            known = counts <= n
            up = known & (evidence_above(counts, n, level) >= enough)
            down = known & (evidence_below(counts, n, level) >= enough)
            for side, stopped in ((0, up), (1, down)):
                wrong[side] += mass[side][stopped].sum()
                mass[side][stopped] = 0.0
    return wrong[0], wrong[1]


@pytest.mark.parametrize("level", [0.025, 0.1])
def test_a_rate_at_the_level_is_rarely_ever_decided_wrongly(level: float) -> None:
    """Looks every 32 draws up to 10,000. Exact; Clopper and Pearson's interval is wrong in 13 %."""
    refuted, supported = ever_wrong(level, every=32)
    assert 0.2 * ALPHA < refuted <= ALPHA
    assert 0.2 * ALPHA < supported <= ALPHA


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.005, 0.025, 0.05, 0.1, 0.45])
def test_so_it_is_with_a_look_at_every_draw(level: float) -> None:
    for wrong in ever_wrong(level, every=1):
        assert 0.2 * ALPHA < wrong <= ALPHA


def test_4000_runs_with_looks_every_32_draws() -> None:
    """At most 5 % of 4,000 seeded runs, and 3 standard errors, ever come out wrong: 5 % + 1.03 %."""
    rng, level, runs = np.random.default_rng(1), 0.025, 4000
    hits = np.zeros(runs, dtype=np.int64)
    wrong = np.zeros((2, runs), dtype=bool)
    for n in range(32, LARGEST + 1, 32):
        hits += rng.binomial(32, level, runs)
        wrong |= np.stack([side[hits] for side in excluded(n, level, ALPHA)])
    rates = wrong.mean(axis=1)
    assert (rates <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / runs)).all()
    assert (rates > 0.01).all()


@pytest.mark.parametrize("tests", [1, 20, 56])
@pytest.mark.parametrize("level", [0.005, 0.025, 0.05, 0.1])
def test_a_single_look_supports_at_one_and_a_half_times_clopper_and_pearsons_samples(
    level: float, tests: int
) -> None:
    """For 0 to 10 violations against the interval of both tails; without any, of one tail too."""
    alpha = ALPHA / tests
    for hits, tail in ((0, alpha), *((hits, alpha / 2) for hits in (0, 1, 2, 5, 10))):
        # P(at most these hits) falls below the tail: the least such n is Clopper and Pearson's.
        n = hits
        while stats.binom.cdf(hits, n, level) > tail:
            n = math.ceil(n * 1.002) + 1
        assert last_below(math.floor(1.5 * n), level, alpha) >= hits


@pytest.mark.parametrize("tests", [20, 56])
@pytest.mark.parametrize(("level", "times"), [(0.025, 2), (0.025, 4), (0.05, 2), (0.1, 3)])
def test_a_single_look_refutes_with_half_as_many_samples_again(
    level: float, times: int, tests: int
) -> None:
    """What Clopper and Pearson refute with probability 0.9, half as many samples again refute as often."""
    alpha, n = ALPHA / tests, 10
    while stats.binom.sf(stats.binom.isf(alpha / 2, n, level), n, times * level) < 0.9:
        n = math.ceil(1.01 * n)
    more = math.floor(1.5 * n)
    assert stats.binom.sf(first_above(more, level, alpha) - 1, more, times * level) >= 0.9


def test_a_rate_a_tenth_above_or_below_the_level_is_decided_in_the_end() -> None:
    n, level = 400_000, 0.025
    assert evidence_above(int(1.1 * level * n), n, level) >= -math.log(ALPHA)
    assert evidence_below(int(0.9 * level * n), n, level) >= -math.log(ALPHA)
    assert evidence_above(int(level * n), n, level) < 0
    assert evidence_below(int(level * n), n, level) < 0


def test_evidence_is_a_mean_of_likelihood_ratios() -> None:
    """rho^k / (1 - p + rho p)^n for the odds rho p / (1 - p) against p, by hand for 3 of 7 at 0.2."""
    p, k, n = 0.2, 3, 7

    def ratio(rho: float) -> float:
        q = rho * p / (1 - p + rho * p)
        return (q / p) ** k * ((1 - q) / (1 - p)) ** (n - k)

    more = sum(w * ratio(r) for r, w in zip(anytime.ODDS_RATIOS, anytime.WEIGHTS, strict=True))
    less = sum(w * ratio(1 / r) for r, w in zip(anytime.ODDS_RATIOS, anytime.WEIGHTS, strict=True))
    assert math.isclose(math.exp(evidence_above(k, n, p)), more, rel_tol=1e-12)
    # One hit leaves nothing of the half that is laid on "never".
    assert math.isclose(math.exp(evidence_below(k, n, p)), 0.5 * less, rel_tol=1e-12)
    none = sum(
        w * (1 - p + p / r) ** -n for r, w in zip(anytime.ODDS_RATIOS, anytime.WEIGHTS, strict=True)
    )
    expected = 0.5 * (1 - p) ** -n + 0.5 * none
    assert math.isclose(math.exp(evidence_below(0, n, p)), expected, rel_tol=1e-12)
    assert math.isclose(anytime.WEIGHTS.sum(), 1.0)


@pytest.mark.parametrize(("p", "level"), [(0.02, 0.025), (0.025, 0.025), (0.03, 0.025)])
def test_evidence_against_the_truth_does_not_grow_on_average(p: float, level: float) -> None:
    """The mean of the evidence over all counts of 40 draws: at most 1 where the claim tested is true."""
    counts = np.arange(41)
    chance = stats.binom.pmf(counts, 40, p)
    above = chance @ np.exp(evidence_above(counts, 40, level))
    below = chance @ np.exp(evidence_below(counts, 40, level))
    assert (above <= 1 + 1e-12) == (p <= level)
    assert (below <= 1 + 1e-12) == (p >= level)


def test_evidence_grows_with_the_hits_and_falls_with_the_level() -> None:
    counts = np.arange(101)
    assert (np.diff(evidence_above(counts, 100, 0.1)) > 0).all()
    assert (np.diff(evidence_below(counts, 100, 0.1)) < 0).all()
    levels = np.linspace(0.001, 0.999, 99)
    for hits in (0, 1, 50, 100):
        above = [float(evidence_above(hits, 100, level)) for level in levels]
        below = [float(evidence_below(hits, 100, level)) for level in levels]
        assert (np.diff(above) < 0).all()
        assert (np.diff(below) > 0).all()


def test_one_hit_shows_that_a_probability_is_not_0() -> None:
    assert evidence_above(1, 10**9, 0.0) == math.inf
    assert evidence_above(0, 10**9, 0.0) == 0.0
    assert evidence_above([0, 1, 7], 9, 0.0).tolist() == [0.0, math.inf, math.inf]
    assert evidence_below(0, 10**9, 0.0) == 0.0


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (0, 300), (1, 300), (7, 100), (299, 300), (5, 5)])
def test_the_ends_are_where_the_evidence_is_just_enough(hits: int, n: int) -> None:
    found, enough = anytime_interval(hits, n, 0.01), math.log(100)
    low, high = float(found.low), float(found.high)
    assert low <= hits / n <= high
    if low > 0:
        assert evidence_above(hits, n, low) == pytest.approx(enough)
    else:
        assert evidence_above(hits, n, 1e-12) <= enough
    if high < 1:
        assert evidence_below(hits, n, high) == pytest.approx(enough)
    else:
        assert evidence_below(hits, n, 1 - 1e-12) <= enough
    wider = anytime_interval(hits, n, 0.001)
    assert wider.low <= low <= high <= wider.high
    assert (low == 0) == (hits <= 1)
    assert (high == 1) == (n - hits <= 1 and hits > 0)


def test_an_end_is_found_where_the_evidence_hardly_suffices() -> None:
    """Half a unit above what is asked for, at the very ends of the range."""
    most = float(evidence_above(3, 10, 1e-300))
    assert anytime_interval(3, 10, math.exp(0.5 - most)).low > 0.0
    assert anytime_interval(3, 10, math.exp(-0.5 - most)).low == 0.0
    most = float(evidence_below(7, 10, math.nextafter(1.0, 0.0)))
    assert anytime_interval(7, 10, math.exp(0.5 - most)).high < 1.0
    assert anytime_interval(7, 10, math.exp(-0.5 - most)).high == 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: evidence_above(np.ma.masked_array([3, 4], [1, 0]), 10, 0.1),
            "hits must .* masked",
        ),
        (lambda: evidence_below(0, np.ma.masked_array([3, 4], [1, 0]), 0.1), "n must .* masked"),
        (lambda: evidence_above([1j], 10, 0.0), "hits must .* complex128"),
        (lambda: evidence_below(-1, 10, 0.1), "hits must .* got -1"),
        (lambda: evidence_above(0.5, 10, 0.1), "hits must .* got 0.5"),
        (lambda: anytime_interval(np.ma.masked, 10, 0.05), "hits must .* masked"),
        (lambda: anytime_interval(11, 10, 0.05), "hits must .* at most 10, got 11"),
        (lambda: anytime_interval(0, 0, 0.05), "n must be a positive integer, got 0"),
        (lambda: anytime_interval(0, 10, 1.0), r"miss must lie in \(0, 1\), got 1"),
    ],
)
def test_counts_that_are_none_are_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
