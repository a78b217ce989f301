"""Coverage of certificates over 2,000 replications in worlds whose risk gap is known, and their widths.

A certificate may be wrong with probability delta. Counts are held against the binomial law: a correct
method fails a test here with probability at most 1 in 100,000.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from empirical.statistics import betting
from verify.certificates.certify import certify

TRIALS = 2000
DELTA = 0.05
FALSE_ALARM = 1e-5


def most(trials, delta):
    """More errors than these come with a chance of at most FALSE_ALARM."""
    return stats.binom.isf(FALSE_ALARM, trials, delta)


def losses_continuous(rng, shape):
    """Beta losses with means 2/7 and 2/5."""
    return rng.beta(2, 5, shape), rng.beta(2, 3, shape), 2 / 7 - 2 / 5


def losses_zero_one(rng, shape):
    """Errors of both models that go together: with probability 0.2 only M errs, with 0.1 only N does."""
    u = rng.random(shape)
    return (u < 0.3).astype(float), ((u > 0.2) & (u < 0.4)).astype(float), 0.1


def losses_rare(rng, shape):
    """M loses 1 with probability 0.02, N always 0.01."""
    return (rng.random(shape) < 0.02).astype(float), np.full(shape, 0.01), 0.01


def losses_rarer(rng, shape):
    """M loses all with probability 0.003, less than one row in n = 100; N always 0.001."""
    return (rng.random(shape) < 0.003).astype(float), np.full(shape, 0.001), 0.002


def losses_constant(rng, shape):
    """M is always better by 0.3; the losses themselves vary."""
    N = 0.3 + 0.7 * rng.random(shape)
    return N - 0.3, N, -0.3


WORLDS = [losses_continuous, losses_zero_one, losses_rare, losses_rarer, losses_constant]


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("n", [30, 100])
def test_coverage_of_both_ends(world, n):
    M, N, gap = world(np.random.default_rng(n), (TRIALS, n))
    Z = M - N
    high = betting.upper_bound(Z, DELTA / 2, low=-1, high=1)
    low = betting.lower_bound(Z, DELTA / 2, low=-1, high=1)
    assert (high < gap).sum() <= most(TRIALS, DELTA / 2)
    assert (low > gap).sum() <= most(TRIALS, DELTA / 2)


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("n", [300, 1000])
def test_coverage_of_both_ends_with_more_rows(world, n):
    test_coverage_of_both_ends(world, n)


def groups_of(rng, groups, size):
    """Rows of a group share a difference of ±0.4 with mean 0.04 and add noise of their own."""
    shared = np.where(rng.random(groups) < 0.55, 0.4, -0.4)
    Z = np.repeat(shared, size) + rng.uniform(-0.2, 0.2, groups * size)
    return np.maximum(Z, 0), np.maximum(-Z, 0), np.repeat(np.arange(groups), size)


def wrong_on_groups(trials, as_rows):
    """How often the interval misses 0.04: with groups, and with rows treated as independent."""
    wrong = 0
    for seed in range(trials):
        M, N, groups = groups_of(np.random.default_rng(seed), 40, 10)
        found = certify(M, N, C=1, groups=None if as_rows else groups, seed=seed)
        wrong += not found.low <= 0.04 <= found.high
    return wrong


def test_groups_are_covered_and_rows_in_their_place_are_not():
    assert wrong_on_groups(60, as_rows=False) <= most(60, DELTA)
    assert wrong_on_groups(40, as_rows=True) > most(40, DELTA)


@pytest.mark.slow
def test_groups_are_covered_in_many_replications():
    assert wrong_on_groups(TRIALS, as_rows=False) <= most(TRIALS, DELTA)


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_coverage_of_certify_itself(world):
    wrong = 0
    for seed in range(TRIALS):
        M, N, gap = world(np.random.default_rng(seed), 60)
        found = certify(M, N, C=1, seed=seed)
        wrong += not found.low <= gap <= found.high
    assert wrong <= most(TRIALS, DELTA)


def test_a_width_that_is_cut_by_two_fifths_is_noticed():
    """The test of coverage has power: an interval 40 % narrower fails it."""
    Z = np.random.default_rng(0).choice([-1.0, 1.0], size=(TRIALS, 300))
    high = betting.upper_bound(Z, DELTA / 2, low=-1, high=1)
    mean = Z.mean(1)
    assert (high < 0).sum() <= most(TRIALS, DELTA / 2)
    assert (mean + 0.6 * (high - mean) < 0).sum() > most(TRIALS, DELTA / 2)


# ---- widths


def benchmark():
    path = Path(__file__).parents[1] / "benchmarks" / "certificate_widths.py"
    spec = importlib.util.spec_from_file_location("certificate_widths", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_median_widths_on_real_losses():
    """Medians of multiples of the normal half-width: 1.7, 1.3, 1.15 and 1.06, and a little more."""
    widths = benchmark()
    found = list(widths.pools())
    if len(found) < 18:
        pytest.skip("no uci_mfeat.npz and cmu_mosi.npz in ../shared/data")
    for n, draws, aim in ((100, 60, 1.7), (300, 30, 1.3), (1000, 12, 1.15), (3000, 4, 1.06)):
        each = [widths.multiples(Z, C, n, draws, "betting") for _, Z, C in found]
        assert np.median(each) < 1 + 1.3 * (aim - 1) + 0.02
        other = [widths.multiples(Z, C, n, draws, "maurer-pontil") for _, Z, C in found]
        assert np.median(other) > 1.5 * np.median(each)
