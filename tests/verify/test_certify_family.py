"""Families hold all at once, anytime certificates at any time, and rows needed are an estimate that fits."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

import multimodal_bounds as mb
from verify.certificates import arriving as module
from verify.certificates.arriving import arriving
from verify.certificates.certificate import Certificate
from verify.certificates.certify import certify
from verify.certificates.families import ADJUSTMENTS, certify_family
from verify.certificates.needed import how_many_more


def draw(seed, gaps, n=300):
    """0-1 losses of pairs of models; N has risk one half, M that and the gap."""
    rng = np.random.default_rng(seed)
    return {
        f"pair {k}": (rng.random(n) < 0.5 + gap, rng.random(n) < 0.5) for k, gap in enumerate(gaps)
    }


def verdicts(found):
    return [each.verdict for each in found.values()]


def test_bonferroni_is_certify_at_an_equal_share():
    losses = draw(0, [-0.3, 0.0, 0.2, -0.1])
    found = certify_family(losses, C=1, adjust="bonferroni")
    for name, pair in losses.items():
        alone = certify(*pair, C=1, delta=0.05 / 4)
        assert (found[name].low, found[name].high) == (alone.low, alone.high)
        assert found[name].delta == 0.05
        assert "one of 4 certificates that hold at once" in repr(found[name]).lower()


def test_holm_decides_what_bonferroni_decides_and_more():
    more = 0
    for seed in range(12):
        losses = draw(seed, [-0.4, -0.4, -0.4, -0.25, -0.25], 120)
        one = verdicts(certify_family(losses, C=1, adjust="bonferroni", side="upper"))
        other = verdicts(certify_family(losses, C=1, adjust="holm", side="upper"))
        for first, second in zip(one, other, strict=True):
            assert first in ("cannot tell", second)
            more += first != second
    assert more > 0


def test_holm_by_hand():
    """P-values p of Hoeffding's inequality: sorted, the j-th of k is held against delta / (k − j + 1)."""
    losses = draw(3, [-0.3, -0.18, -0.17, 0.0])
    for side in ("both", "upper"):
        found = certify_family(losses, C=1, side=side, method="hoeffding")
        p = [c.p_M_better for c in found.values()]
        if side == "both":
            p += [c.p_N_better for c in found.values()]
        decided = set()
        for rank, k in enumerate(np.argsort(p)):
            if p[k] > 0.05 / (len(p) - rank):
                break
            decided.add(int(k))
        expected = ["M better" if k in decided else "cannot tell" for k in range(4)]
        assert verdicts(found) == expected
        assert [c.high for c in found.values()] == [0.0 if k in decided else 1.0 for k in range(4)]


def test_a_sequence_stops_at_the_first_open_pair():
    losses = draw(1, [-0.3, -0.25, 0.0, -0.3])
    found = list(certify_family(losses, C=1, adjust="sequence").values())
    assert [c.verdict for c in found] == ["M better", "M better", "cannot tell", "cannot tell"]
    assert [c.high for c in found][:2] == [0.0, 0.0]
    assert found[2].high == certify(*losses["pair 2"], C=1).high
    assert found[3].high == 1.0
    decided = list(certify_family(dict(list(losses.items())[:2]), C=1, adjust="sequence").values())
    assert decided[1].high == certify(*losses["pair 1"], C=1).high < 0
    # The other direction stops at once.
    assert decided[1].low == -1.0


@pytest.mark.parametrize("adjust", ADJUSTMENTS.names)
def test_no_false_verdict_in_a_family_more_often_than_delta(adjust):
    """Six pairs without a gap and two with one: false verdicts among 40 families at delta = 0.1."""
    wrong = 0
    for seed in range(40):
        gaps = [-0.3, 0, 0, 0, 0, 0, 0, -0.3]
        found = certify_family(draw(seed, gaps, 40), C=1, delta=0.1, adjust=adjust)
        true = [found["pair 0"], found["pair 7"]]
        wrong += any(c.verdict != "cannot tell" for c in list(found.values())[1:7])
        wrong += any(c.verdict == "N better" for c in true)
    assert wrong <= stats.binom.isf(1e-5, 40, 0.1)


def test_the_best_of_twenty_equal_candidates_costs_what_it_costs():
    """Chosen on the hold-out it is certified falsely; in a family of all twenty it is not."""
    alone = together = 0
    for seed in range(30):
        losses = draw(seed, [0.0] * 20, 40)
        best = min(losses.values(), key=lambda pair: float(pair[0].mean() - pair[1].mean()))
        alone += certify(*best, C=1, side="upper", delta=0.1).verdict == "M better"
        found = certify_family(losses, C=1, side="upper", delta=0.1)
        together += "M better" in verdicts(found)
    assert alone > stats.binom.isf(1e-5, 30, 0.1)
    assert together <= stats.binom.isf(1e-5, 30, 0.1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"losses": {}}, "losses must map names to pairs"),
        ({"losses": {"a": [0.0] * 40}}, r"losses\['a'\]: "),
        (
            {"losses": {"a": ([0.0] * 40, [2.0] * 40)}},
            r"losses\['a'\]: C must bound every difference",
        ),
        ({"adjust": "none"}, "adjust must be one of holm, bonferroni, sequence, got 'none'"),
        ({"delta": 1}, "delta must lie in"),
        ({"side": "left"}, "side must be one of"),
    ],
)
def test_bad_input(change, message):
    with pytest.raises(ValueError, match=message):
        certify_family(**({"losses": draw(0, [0.0]), "C": 1.0} | change))


# ---- rows that keep arriving


def test_the_mixture_is_a_martingale_over_all_sequences():
    """Rows of mean g, all sequences enumerated: the capital's mean is 1, so Ville's inequality applies."""
    levels, law = np.array([0.0, 0.5, 1.0]), np.array([0.3, 0.5, 0.2])
    index = np.array(list(itertools.product(range(3), repeat=6)))
    g = np.array([law @ levels])
    mean = sum(
        float(np.prod(law[row])) * math.exp(module._capital(levels[row][None, :], g)[0])
        for row in index
    )
    assert mean == pytest.approx(1.0, abs=1e-9)


def batches(seed, p_M, p_N, size=25, most=60):
    rng = np.random.default_rng(seed)
    for _ in range(most):
        yield rng.random(size) < p_M, rng.random(size) < p_N


def test_it_stops_when_decided():
    *early, last = arriving(batches(0, 0.2, 0.5), C=1)
    assert last.verdict == "M better"
    assert all(c.verdict == "cannot tell" for c in early)
    assert last.rows == 25 * (len(early) + 1) < 1000
    assert last.p_M_better <= 0.025
    assert len(list(arriving(batches(0, 0.2, 0.5, most=12), C=1, stop=False))) == 12


def test_ends_only_tighten_and_cost_width():
    found = list(arriving(batches(1, 0.45, 0.5, most=12), C=1, stop=False))
    highs, lows = [c.high for c in found], [c.low for c in found]
    assert highs == sorted(highs, reverse=True)
    assert lows == sorted(lows)
    rows = list(batches(1, 0.45, 0.5, most=12))
    fixed = certify(*(np.concatenate(each) for each in zip(*rows, strict=True)), C=1)
    assert fixed.high - fixed.gap < found[-1].high - found[-1].gap < 3 * (fixed.high - fixed.gap)


@pytest.mark.parametrize("side", ["both", "upper"])
def test_looking_after_every_batch_is_paid_for(side):
    wrong = sum(
        list(arriving(batches(seed, 0.4, 0.4, 20, 12), C=1, delta=0.2, side=side))[-1].verdict
        != "cannot tell"
        for seed in range(60)
    )
    assert wrong <= stats.binom.isf(1e-5, 60, 0.2)


def test_arriving_reads_and_refuses_like_certify():
    found = next(arriving([([0.5, 3.0], [0.0, 1.0])], clip=2.0))
    assert (found.C, found.clipped, found.n) == (2.0, 1, 2)
    with pytest.raises(ValueError, match="C must bound every difference"):
        next(arriving([([3.0], [0.0])], C=1))
    with pytest.raises(ValueError, match="batch 0: loss_N must have as many rows"):
        next(arriving([([0.0], [0.0, 1.0])], C=1))
    with pytest.raises(ValueError, match="unbounded losses need clip="):
        next(arriving([([0.0], [0.0])]))
    with pytest.raises(ValueError, match="batch 0, loss_M must be finite"):
        next(arriving([([math.nan], [0.0])], C=1))


def test_a_source_that_turns_round_is_noticed():
    ones, zeros = np.ones(400), np.zeros(400)
    found = arriving([(zeros, ones), (ones, zeros), (ones, zeros), (ones, zeros)], C=1, stop=False)
    with pytest.raises(ValueError, match="batches must be drawn from one source"):
        list(found)


# ---- how many more


@pytest.mark.parametrize("gain", [0.1, 0.25])
def test_rows_needed_give_the_power_that_is_asked_for(gain):
    spread = math.sqrt(0.25 + 0.25 - gain**2)
    small = Certificate(0.0, -1.0, 1.0, delta=0.05, n=30, rows=30, C=1.0, spread=spread)
    needed = how_many_more(small, gain=gain, power=0.8).total
    decided = 0
    for seed in range(60):
        M, N = next(batches(seed, 0.5 - gain, 0.5, needed))
        decided += certify(M, N, C=1, side="both").verdict == "M better"
    assert 36 <= decided <= 57


def test_rows_needed_are_an_estimate_and_say_so():
    found = certify(*next(batches(0, 0.45, 0.5, 200)), C=1)
    needed = how_many_more(found)
    assert "estimate" in repr(needed)
    assert needed.total == needed.more + 200
    assert needed.gain == abs(found.gap)
    assert how_many_more(found, gain=0.9).more == 0
    for change, message in (
        ({"gain": 0.0}, "gain must be positive"),
        ({"gain": 2.0}, "gain must be at most C, 1, got 2"),
        ({"gain": 1e-160}, "gain must be larger"),
        ({"power": 1.0}, "power must lie in"),
    ):
        with pytest.raises(ValueError, match=message):
            how_many_more(found, **change)


def test_public_names():
    assert mb.certify_family is certify_family
    assert mb.arriving is arriving
    assert mb.how_many_more is how_many_more


def test_rows_needed_by_one_of_a_family_count_its_share_of_delta():
    losses = draw(0, [-0.2] * 5, 100)
    for adjust in ("bonferroni", "holm"):
        found = certify_family(losses, C=1, adjust=adjust)["pair 0"]
        alone = certify(*losses["pair 0"], C=1, delta=0.05 / 5)
        assert how_many_more(found, 0.1) == how_many_more(alone, 0.1)


@pytest.mark.parametrize("adjust", ADJUSTMENTS.names)
def test_at_a_large_delta_no_pair_gets_both_signs_and_no_interval_is_empty(adjust):
    for seed in range(20):
        found = certify_family(draw(seed, [0.0, 0.0], 50), C=1, delta=0.999, adjust=adjust)
        for each in found.values():
            assert each.low < each.high
            signs = {"M better": each.gap < 0, "N better": each.gap > 0, "cannot tell": True}
            assert signs[each.verdict]
