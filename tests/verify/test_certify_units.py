"""Groups that arrive, and weights of rows: what is certified, how often it is wrong, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from empirical.statistics import betting
from verify.certificates.arriving import arriving
from verify.certificates.certify import certify
from verify.certificates.rows import differences


def days(seed, batches=8, groups=5, size=6, gap=0.0):
    """Batches of whole groups, whose rows share a difference of ±0.4."""
    rng = np.random.default_rng(seed)
    for day in range(batches):
        shared = np.repeat(rng.choice([-0.4, 0.4], groups), size)
        loss_M = np.clip(0.5 + gap + shared + rng.uniform(-0.05, 0.05, groups * size), 0, 1)
        yield loss_M, np.full(groups * size, 0.5), np.repeat(np.arange(groups) + day * groups, size)


def test_groups_that_arrive_are_the_units():
    found = list(arriving(days(0), C=1, stop=False))
    assert [each.n for each in found] == [5 * (i + 1) for i in range(8)]
    assert (found[-1].rows, found[-1].unit) == (240, "group")
    everything = [np.concatenate(each) for each in zip(*days(0), strict=True)]
    together = certify(*everything[:2], C=1, groups=everything[2])
    assert found[-1].gap == pytest.approx(together.gap)
    rows = list(arriving((day[:2] for day in days(0)), C=1, stop=False))
    assert (rows[-1].n, rows[-1].unit) == (240, "row")
    assert found[-1].high - found[-1].low > 1.5 * (rows[-1].high - rows[-1].low)


def test_groups_that_arrive_are_rarely_ever_certified_wrongly_and_rows_in_their_place_often():
    """Equally good models, 40 runs of four looks at delta = 0.1: at most what chance exceeds once in 1e5."""
    wrong = {True: 0, False: 0}
    for seed in range(40):
        for grouped in wrong:
            batches = (day if grouped else day[:2] for day in days(seed, batches=4))
            *_, last = arriving(batches, C=1, delta=0.1)
            wrong[grouped] += last.verdict != "cannot tell"
    allowed = stats.binom.isf(1e-5, 40, 0.1)
    assert wrong[True] <= allowed < wrong[False]


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([([0.1], [0.2], ["a"]), ([0.1], [0.2], ["a"])], "batch 1 must hold all .* got 'a' again"),
        ([([0.1], [0.2], ["a"]), ([0.1], [0.2])], "batch 1 must have groups as batch 0 has them"),
        ([([0.1], [0.2]), ([0.1], [0.2], ["a"])], "batch 1 must have groups as batch 0 has them"),
        ([([0.1], [0.2], ["a", "b"])], "groups must have a label for each of the 1 rows"),
        ([([0.1], [0.2], ["a"], [1.0])], r"batch 0 must be \(loss_M, loss_N\) or .* got 4 entries"),
    ],
)
def test_batches_that_do_not_fit_are_refused(batches, message):
    with pytest.raises(ValueError, match=message):
        list(arriving(batches, C=1, stop=False))


def shifted(rng, n):
    """Two kinds of rows, 30 % of the first here and 60 % where the models will be used.

    M errs on 10 % of the first kind and 50 % of the second, N on 40 % and 30 %: here N is better by 0.05,
    there M is, by 0.1.
    """
    first = rng.random(n) < 0.3
    loss_M = rng.random(n) < np.where(first, 0.1, 0.5)
    loss_N = rng.random(n) < np.where(first, 0.4, 0.3)
    return loss_M, loss_N, np.where(first, 2.0, 4 / 7)


def test_weights_certify_the_gap_where_the_models_will_be_used():
    loss_M, loss_N, weights = shifted(np.random.default_rng(0), 2000)
    plain = certify(loss_M, loss_N, C=1)
    weighted = certify(loss_M, loss_N, C=2, weights=weights)
    assert (plain.verdict, weighted.verdict) == ("N better", "M better")
    assert plain.low < 0.05 < plain.high
    assert weighted.low < -0.1 < weighted.high
    assert (plain.weighted, weighted.weighted) == (False, True)
    assert "weighted mean difference" in weighted.statement
    # Another scale changes the size and not the sign.
    scaled = certify(loss_M, loss_N, C=6, weights=3 * weights)
    assert scaled.verdict == "M better"
    assert scaled.gap == pytest.approx(3 * weighted.gap)


def test_coverage_with_weights():
    """600 hold-outs of 100 rows; either end at delta = 0.025, and the bound without weights fails."""
    rng = np.random.default_rng(0)
    worlds = [shifted(rng, 100) for _ in range(600)]
    Z = np.array([differences(M, N, 2.0, weights=w).values for M, N, w in worlds])
    high = betting.upper_bound(Z, 0.025, low=-2, high=2, null=0.0)
    low = betting.lower_bound(Z, 0.025, low=-2, high=2, null=0.0)
    allowed = stats.binom.isf(1e-5, 600, 0.025)
    assert (high < -0.1).sum() <= allowed
    assert (low > -0.1).sum() <= allowed
    unweighted = np.array([differences(M, N, 1.0).values for M, N, _ in worlds])
    assert (betting.lower_bound(unweighted, 0.025, low=-1, high=1) > -0.1).sum() > allowed


def test_weights_are_read_like_losses_and_apply_before_groups():
    M, N = np.linspace(0, 1, 60), np.linspace(1, 0, 60) ** 2
    w = pd.Series(np.arange(60.0), index=range(60))
    found = differences(pd.Series(M), pd.Series(N), 60.0, weights=w[::-1])
    np.testing.assert_allclose(found.values, w * (M - N))
    grouped = differences(M, N, 60.0, groups=np.arange(60) // 2, weights=w.to_numpy())
    np.testing.assert_allclose(grouped.values, (w.to_numpy() * (M - N)).reshape(30, 2).mean(1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": [1.0] * 39, "C": 1}, "weights must have as many rows as loss_M, 40, got 39"),
        (
            {"weights": [-1.0] * 40, "C": 1},
            "weights must be non-negative and not all 0, got -1 to -1",
        ),
        ({"weights": [0.0] * 40, "C": 1}, "weights must be non-negative and not all 0, got 0 to 0"),
        ({"weights": [np.nan] * 40, "C": 1}, "weights must be finite"),
        ({"weights": [3.0] * 40, "C": 1}, "C must bound every difference"),
        ({"weights": [1.0] * 40, "clip": 1.0}, "C must bound every weighted difference"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        certify([0.0, 1.0] * 20, [1.0, 0.5] * 20, **options)
