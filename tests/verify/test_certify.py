"""A certificate of one pair: what it says, what it reads, and what it refuses."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
import torch

import multimodal_bounds as mb
import verify
from empirical.statistics.bounded_means import METHODS
from verify.certificates.certify import certify, in_order


@pytest.fixture
def losses():
    rng = np.random.default_rng(3)
    return np.clip(rng.normal(0.3, 0.1, 400), 0, 1), np.clip(rng.normal(0.4, 0.1, 400), 0, 1)


def test_it_says_which_model_is_better(losses):
    M, N = losses
    found = certify(M, N, C=1)
    assert found.verdict == "M better"
    assert found.low < found.gap < found.high < 0
    assert found.gap == pytest.approx(np.mean(M - N))
    assert (found.n, found.rows, found.unit) == (400, 400, "row")
    assert found.p_M_better <= 0.025
    assert found.p_N_better > 0.5


def test_turning_the_models_round_turns_the_interval_round(losses):
    M, N = losses
    one, other = certify(M, N, C=1), certify(N, M, C=1)
    assert (other.low, other.high) == (-one.high, -one.low)
    assert other.verdict == "N better"
    assert (other.p_M_better, other.p_N_better) == (one.p_N_better, one.p_M_better)


def test_one_side_spends_all_of_delta_there(losses):
    M, N = losses
    both = certify(M, N, C=1)
    upper, lower = (certify(M, N, C=1, side=side) for side in ("upper", "lower"))
    assert upper.high < both.high
    assert lower.low > both.low
    assert (upper.low, lower.high) == (-1, 1)
    assert upper.verdict == "M better"
    assert lower.verdict == "cannot tell"
    assert upper == dataclasses.replace(
        upper, high=certify(M, N, C=1, delta=0.1).high, p_M_better=upper.p_M_better
    )


@pytest.mark.parametrize("method", METHODS.names)
def test_every_method_has_the_mean_inside(method):
    rng = np.random.default_rng(0)
    M, N = rng.random(200) < 0.1, rng.random(200) < 0.6
    found = certify(M, N, C=1, method=method)
    assert found.low < found.gap < found.high
    assert found.verdict == "M better"
    assert found.certified == (method != "normal")
    assert ("not certified" in repr(found)) == (method == "normal")
    assert (found.p_M_better <= 0.025) == (found.high < 0)


def test_equal_losses_are_no_evidence():
    same = np.linspace(0, 1, 500)
    found = certify(same, same, C=1)
    assert found.verdict == "cannot tell"
    assert -0.02 < found.low < 0 < found.high < 0.02


def test_the_same_seed_gives_the_same_numbers_and_the_order_depends_on_nothing_else(losses):
    M, N = losses
    assert certify(M, N, C=1, seed=5) == certify(M, N, C=1, seed=5)
    assert certify(M, N, C=1, seed=5).high != certify(M, N, C=1, seed=6).high
    ranks = np.argsort(in_order(np.arange(50.0), 1))
    np.testing.assert_array_equal(np.argsort(in_order(np.arange(50.0) * 2 + 1, 1)), ranks)


# ---- forms of losses


@pytest.mark.parametrize(
    "form",
    [
        list,
        lambda x: torch.tensor(x, requires_grad=True),
        lambda x: torch.tensor(x, dtype=torch.float32),
        lambda x: pd.Series(x, dtype="Float64"),
    ],
)
def test_losses_of_any_form(losses, form):
    found = certify(*(form(each) for each in losses), C=1)
    assert found.high == pytest.approx(certify(*losses, C=1).high, abs=1e-6)


def test_objects_are_refused_and_not_guessed_at(losses):
    with pytest.raises(ValueError, match="loss_M must hold real numbers, got dtype object"):
        certify(losses[0].astype(object), losses[1], C=1)


def test_bfloat16_and_booleans():
    rng = np.random.default_rng(0)
    M, N = rng.random(300) < 0.2, rng.random(300) < 0.5
    expected = certify(M, N, C=1)
    tensors = [torch.tensor(each, dtype=torch.bfloat16) for each in (M, N)]
    assert certify(*tensors, C=1) == expected
    assert certify(M.astype(int), N.astype(float), C=1) == expected


def test_series_are_aligned_by_their_labels(losses):
    M, N = (pd.Series(each, index=np.arange(400) * 3) for each in losses)
    expected = certify(M, N, C=1)
    assert certify(M, N.sample(frac=1, random_state=0), C=1) == expected
    groups = pd.Series(np.repeat(np.arange(40), 10), index=M.index)
    shuffled = groups.sample(frac=1, random_state=1)
    assert certify(M, N, C=1, groups=shuffled) == certify(M, N, C=1, groups=groups)
    with pytest.raises(
        ValueError, match="loss_N must have the row labels of loss_M: 300 of 400 match"
    ):
        certify(M, N.set_axis(np.arange(100, 500) * 3), C=1)
    with pytest.raises(ValueError, match="distinct row labels"):
        certify(M, N.set_axis(np.zeros(400)), C=1)


# ---- groups


def test_the_unit_of_groups_is_their_mean_difference(losses):
    M, N = losses
    groups = np.repeat([f"patient {k}" for k in range(40)], 10)
    found = certify(M, N, C=1, groups=groups)
    means = np.array([(M - N)[groups == g].mean() for g in sorted(set(groups))])
    assert (found.n, found.rows, found.unit) == (40, 400, "group")
    assert found.gap == pytest.approx(means.mean())
    assert found.high == pytest.approx(
        certify(np.maximum(means, 0), np.maximum(-means, 0), C=1).high
    )
    assert "mean over groups" in found.statement


def test_names_of_groups_do_not_matter(losses):
    M, N = losses
    codes = np.repeat(np.arange(40), 10)
    found = certify(M, N, C=1, groups=codes)
    assert certify(M, N, C=1, groups=codes.astype(float)) == found
    assert certify(M, N, C=1, groups=[f"{c:03}" for c in codes]) == found


# ---- clips


def test_a_clip_is_stated():
    rng = np.random.default_rng(0)
    M, N = rng.exponential(0.5, 300), rng.exponential(1.0, 300)
    found = certify(M, N, clip=2.0)
    assert (found.C, found.clip) == (2.0, 2.0)
    assert found.clipped == ((M > 2) | (N > 2)).sum() > 0
    assert found.high == certify(np.minimum(M, 2), np.minimum(N, 2), C=2).high
    assert "cut off at 2" in found.statement


# ---- wrong uses, each one line


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"C": 0.1},
            r"C must bound every difference of losses: \|loss_M - loss_N\| is 0\.\d+ in row \d+, got C=0.1",
        ),
        ({"C": None}, "C must be the range of the losses, got None; unbounded losses need clip="),
        ({"C": math.inf}, "C must be positive and finite, got inf; unbounded losses need clip="),
        ({"C": -1}, "C must be positive and finite, got -1"),
        ({"delta": 0}, r"delta must lie in \(0, 1\), got 0"),
        ({"side": "left"}, "side must be one of both, upper, lower, got 'left'"),
        ({"method": "bootstrap"}, "method must be one of betting"),
        ({"clip": 2.0}, "clip must be at most C, 1, got 2"),
        ({"seed": -1}, "seed must be an integer"),
        ({"groups": np.zeros(400)}, "groups must hold at least two groups, got only"),
        ({"groups": np.zeros(399)}, "groups must have a label for each of the 400 rows"),
        ({"groups": np.arange(400) % 29}, "n must be at least 30 groups, got 29"),
        (
            {"groups": [None, *range(399)]},
            "groups must have a label in every row, got none in row 0",
        ),
        ({"loss_N": np.zeros(399)}, "loss_N must have as many rows as loss_M, 400, got 399"),
        (
            {"loss_N": np.full(400, np.nan)},
            r"loss_N must be finite, got nan in row 0 \(400 such rows\)",
        ),
        ({"loss_N": [*np.zeros(399), np.inf]}, "loss_N must be finite, got inf in row 399"),
        ({"loss_N": np.zeros(400) * 1j}, "loss_N must hold real numbers, got dtype complex128"),
        ({"loss_N": np.zeros((400, 1))}, "loss_N must be a 1-D array"),
        ({"loss_N": ["a"] * 400}, "loss_N must hold real numbers"),
        (
            {"loss_N": np.ma.masked_greater(np.linspace(0, 1, 400), 0.5)},
            "loss_N must have no masked values, got 200",
        ),
        (
            {"loss_N": pd.Series(np.zeros(400) * 1j)},
            "loss_N must hold real numbers, got dtype complex128",
        ),
        ({"loss_N": pd.Series([pd.NA] * 400, dtype="Float64")}, "loss_N must be finite, got nan"),
        ({"loss_train": np.zeros(3)}, "loss_train must be a pair"),
    ],
)
def test_a_wrong_use_is_refused_in_one_line(losses, change, message):
    arguments = {"loss_M": losses[0], "loss_N": losses[1], "C": 1.0} | change
    with pytest.raises(ValueError, match=message) as caught:
        certify(**arguments)
    assert "\n" not in str(caught.value)


def test_fewer_than_thirty_rows(losses):
    with pytest.raises(ValueError, match="n must be at least 30 rows, got 29"):
        certify(losses[0][:29], losses[1][:29], C=1)
    assert certify(losses[0][:30], losses[1][:30], C=1).n == 30


def test_negative_losses_cannot_be_clipped(losses):
    with pytest.raises(ValueError, match="loss_M must be non-negative where clip is given"):
        certify(losses[0] - 1, losses[1], clip=1)


def test_repeated_rows_are_seen(losses):
    twice = [np.repeat(each, 2) for each in losses]
    with pytest.raises(ValueError, match="independent rows, got every pair of losses 2 times"):
        certify(*twice, C=1)
    assert certify(*twice, C=1, groups=np.repeat(np.arange(400), 2)).n == 400
    few = np.tile([0.0, 1.0], 100)  # two values may well occur equally often
    assert certify(few, 1 - few, C=1).n == 200


def test_training_rows_in_the_hold_out_are_seen_by_their_losses(losses):
    M, N = losses
    train = M[100:], N[100:]
    with pytest.raises(ValueError, match="not trained on, got 300 of 400 rows whose losses"):
        certify(M, N, C=1, loss_train=train)
    held = M[:100], N[:100]
    assert certify(*held, C=1, loss_train=train) == certify(*held, C=1)


def test_equal_zero_one_losses_of_different_rows_are_no_copies():
    rng = np.random.default_rng(1)
    M, N = (rng.random(600) < p for p in (0.2, 0.3))
    coarse = [np.round(rng.random(600), 2) for _ in range(2)]
    for first, second in ((M, N), coarse):
        train = first[300:], second[300:]
        assert certify(first[:300], second[:300], C=1, loss_train=train).n == 300


# ---- the result


def test_a_certificate_is_frozen_plain_and_readable(losses):
    found = certify(*losses, C=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.gap = 0.0
    plain = found.to_dict()
    assert plain["verdict"] == "M better"
    assert all(isinstance(v, str | int | float | bool | type(None)) for v in plain.values())
    assert type(found)(**{k: v for k, v in plain.items() if k != "statement"}) == found
    assert "With 95 % confidence" in repr(found)
    assert "<table>" in found._repr_html_()
    assert certify(*losses, C=1, side="upper").statement.count("at most") == 1
    assert certify(*losses, C=1, side="lower").statement.count("at least") == 1


def test_public_names():
    assert verify.certify is mb.certify is certify
    assert verify.Certificate is mb.Certificate


def test_a_loss_that_rounding_put_above_C_counts_as_C():
    M, N = np.zeros(100), np.full(100, 1 + 1e-12)
    assert certify(M, N, C=1).high < -0.8


@pytest.mark.parametrize("delta", [0.5, 0.9, 0.999999])
def test_no_interval_is_empty_whatever_delta_is(delta):
    rng = np.random.default_rng(0)
    for _ in range(20):
        found = certify(rng.random(50) < 0.5, rng.random(50) < 0.5, C=1, delta=delta)
        assert found.low <= found.gap <= found.high
