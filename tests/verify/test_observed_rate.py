"""Constants of the fast rate from rows held out lie above the truth as often as they say; exact models."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import rel_entr

from bounds import risk_gap
from empirical.quality import fast_rate
from empirical.quality.frozen_encoder import Features
from verify.certificates.observed_rate import from_rows, independent_noise, least_eigenvalue


def population(seed=0, rows=400):
    """Bounded features and two bounded targets that are not linear in them."""
    rng = np.random.default_rng(seed)
    z = rng.uniform(-1, 1, (rows, 3)) @ np.diag([1.0, 0.8, 0.6])
    z = np.column_stack([z, np.ones(rows)])
    y = np.column_stack([np.sin(2 * z[:, 0]), 0.5 * np.sign(z[:, 1])])
    return z, y + 0.2 * rng.choice([-1.0, 1.0], y.shape)


def known(z, y):
    features = Features(
        torch.from_numpy(z.T.copy())[None], torch.from_numpy(y.T.copy()), 1.0, "least-squares"
    )
    return fast_rate.constants(fast_rate.whiten(features))


def limits(z, y):
    return dict(
        norm=np.linalg.norm(z, axis=1).max(),
        target_norm=np.linalg.norm(y, axis=1).max(),
        radius=3.0,
    )


@pytest.mark.parametrize("seed", range(3))
def test_all_constants_lie_above_those_of_the_population(seed):
    z, y = population(seed)
    truth = known(z, y)
    rng = np.random.default_rng([seed, 1])
    train, held = rng.integers(0, len(z), (2, 1000))
    head = np.linalg.lstsq(z[train], y[train], rcond=None)[0].T
    found = from_rows(z[held], y[held], head, **limits(z, y))
    names = ("V", "v_norm", "v_frobenius", "v_max", "leverage")
    for name in names:
        assert float(getattr(truth, name)) <= getattr(found, name) < math.inf
    assert found.v_norm <= found.v_frobenius <= found.V
    # And by what: a head that is far from the best one costs its own risk.
    worse = from_rows(z[held], y[held], 0 * head, **limits(z, y))
    assert worse.V > found.V
    assert worse.leverage == found.leverage


def test_kappa_is_that_of_the_theorem():
    """The bound is infinite from the kappa of 1 on, and finite before."""
    z, y = population()
    found = from_rows(z, y, np.zeros((2, 4)), **limits(z, y))
    terms = dict(V=found.V, v_norm=found.v_norm, v_max=found.v_max, gamma=0.0, delta=0.05)
    terms |= dict(leverage=found.leverage, p=found.p)
    least = found.rows_needed(0.05)
    assert found.kappa(least, 0.05) < 1 <= found.kappa(least - 1, 0.05)
    theorem = risk_gap.fast_rate("M", "N")
    assert math.isfinite(theorem.evaluate(**terms, m_head=least).total)
    assert theorem.evaluate(**terms, m_head=least - 1).total == math.inf


def test_the_least_eigenvalue_over_many_samples():
    """z = e_1 with probability 0.1 and else -e_2: the least eigenvalue is 0.1."""
    n, delta = 200, 0.1
    counts = np.arange(n + 1)
    ends = []
    for k in counts:
        z = np.zeros((n, 2))
        z[:k, 0], z[k:, 1] = 1.0, -1.0
        ends.append(least_eigenvalue(z, 1.0, delta))
    wrong = stats.binom.pmf(counts, n, 0.1) @ (np.array(ends) > 0.1)
    assert 0.01 < wrong <= delta
    assert ends[0] == 0.0
    assert ends[20] > 0.04
    # Chernoff's exponent at the end is what is needed.
    a, q = 20 / n, ends[20]
    assert n * (a * math.log(a / q) + (1 - a) * math.log((1 - a) / (1 - q))) == pytest.approx(
        math.log(1 / delta)
    )


@pytest.mark.slow
def test_the_constants_are_wrong_no_more_often_than_delta():
    """1,000 samples of 60 rows at delta = 0.2, from a population where V is nearly its bound."""
    z, y = population(rows=60)
    truth, wrong = known(z, y), 0
    rng = np.random.default_rng(5)
    for _ in range(1000):
        held = rng.integers(0, 60, 60)
        found = from_rows(z[held], y[held], np.zeros((2, 4)), **limits(z, y), delta=0.2)
        wrong += any(
            float(getattr(truth, name)) > getattr(found, name)
            for name in ("V", "v_norm", "v_frobenius", "v_max", "leverage")
        )
    assert wrong <= stats.binom.isf(1e-6, 1000, 0.2)


def test_noise_that_is_independent_of_the_features_has_exact_constants():
    """All pairs of eight features and six values of the noise, whose mean is 0."""
    rng = np.random.default_rng(2)
    z, noise = rng.normal(size=(8, 3)), rng.normal(size=(6, 2)) @ np.array([[1.0, 0.4], [0, 0.5]])
    noise -= noise.mean(0)
    rows = np.repeat(z, 6, axis=0)
    y = rows @ rng.normal(size=(3, 2)) + np.tile(noise, (8, 1))
    truth = known(rows, y)
    found = independent_noise(3, noise.T @ noise / 6)
    for name in ("V", "v_norm", "v_frobenius"):
        assert getattr(found, name) == pytest.approx(float(getattr(truth, name)), rel=1e-3)
    assert (found.delta, found.leverage, found.rows_needed(0.05)) == (0.0, math.inf, math.inf)


@pytest.mark.parametrize(
    ("rows", "square"), [(1000, 0.1), (1000, 0.02), (100, 0.03), (1000, 5.0), (40, 36.0)]
)
def test_a_least_eigenvalue_is_one_that_the_rows_exclude_however_small(rows, square):
    """exp(-n kl(a, l)) <= delta at what is returned, also where the largest such l is 1e-20 and less."""
    z = np.zeros((rows, 1))
    z[: math.ceil(square), 0] = math.sqrt(square / math.ceil(square))
    found, seen = least_eigenvalue(z, 1.0, 0.025), square / rows
    if found > 0:
        exponent = rows * float(rel_entr(seen, found) + rel_entr(1 - seen, 1 - found))
        assert exponent >= math.log(1 / 0.025) * (1 - 1e-9)
    assert (found > 0) == (square >= 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"norm": 0.5}, "features must have norms of at most 0.5, got 1"),
        ({"target_norm": 0.5}, "targets must have norms of at most 0.5, got 1"),
        ({"head": [[9.0]]}, "head must have norms of at most 2, got 9"),
        ({"head": [[1.0, 1.0]]}, r"features must be \[n, p\]"),
        ({"targets": [1.0]}, r"features must be \[n, p\]"),
        ({"delta": 0.0}, r"delta must lie in \(0, 1\), got 0"),
        ({"features": [[np.nan], [1.0]]}, "features must be finite"),
    ],
)
def test_bad_input_is_named(changes, message):
    good = dict(features=[[1.0], [1.0]], targets=[1.0, 0.0], head=[[0.5]])
    good |= dict(norm=1.0, target_norm=1.0, radius=2.0)
    with pytest.raises(ValueError, match=f"^{message}"):
        from_rows(**{**good, **changes})


@pytest.mark.parametrize("covariance", [[[1.0, 0.5]], [[1.0, 0.5], [0.4, 1.0]]])
def test_a_covariance_is_symmetric(covariance):
    with pytest.raises(ValueError, match="^covariance must be a number or symmetric"):
        independent_noise(3, covariance)


def test_a_covariance_has_no_negative_eigenvalue():
    with pytest.raises(ValueError, match="^covariance must have no negative eigenvalue, got -1"):
        independent_noise(3, [[0.0, 1.0], [1.0, 0.0]])
