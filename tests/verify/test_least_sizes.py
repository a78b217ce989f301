"""Sample sizes known in advance: exact for each encoder, and never against the cells."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy

from bounds import risk_gap
from bounds.notation import m as m_symbol
from empirical.measure import FREE
from verify import verify_dataset
from verify.findings.findings import Findings
from verify.findings.forms import FORMS, Place
from verify.findings.least_sizes import LARGEST, LeastSize, evaluated_at, least_sizes
from verify.results.results import Results


def test_each_sample_has_its_own_least_size() -> None:
    thresholds = np.array([0.5, 1.0, 1.5, 2.0, 1000.0, 1e9 + 0.5, math.inf])
    found = least_sizes(lambda m: m >= thresholds, thresholds.size)
    assert found.tolist() == [1, 1, 2, 2, 1000, 1e9 + 1, math.inf]
    assert least_sizes(lambda m: m >= LARGEST, 1).tolist() == [LARGEST]


def test_one_condition_serves_all_samples() -> None:
    assert least_sizes(lambda m: np.asarray(m >= 7), 3).tolist() == [7, 7, 7]


def test_the_same_sizes_as_by_inversion() -> None:
    theorem = risk_gap.sharp("TA", "T")
    gammas = np.array([-0.5, -0.1, -0.01])
    known = {"R_loss": 2 / sympy.sqrt(m_symbol), "C": 1.0, "delta": 0.05}
    at = evaluated_at(theorem, {**known, "gamma": gammas})
    found = least_sizes(lambda m: np.asarray(at(m).total) < 0, 3)
    for size, gamma in zip(found, gammas, strict=True):
        assert size == theorem.least_sample_size(below=0, gamma=gamma, **known)


def test_an_interval_of_a_size_holds_the_quantile_of_all_encoders() -> None:
    """Uniform sizes: the 95 % quantile is 950; both ends miss it in at most 5 % of 1,000 studies."""
    rng = np.random.default_rng(0)
    found = [LeastSize.of(rng.integers(1, 1001, 305), 0.95) for _ in range(1000)]
    missed = sum(not each.low <= 950 <= each.high for each in found)
    assert missed <= 70
    few = LeastSize.of([10.0, 20.0], 0.95)
    assert (few.value, few.high) == (20.0, math.inf)


def test_a_theorem_without_a_sample_size_is_refused() -> None:
    from bounds import linear_case

    with pytest.raises(ValueError, match="theorem must have a sample size"):
        evaluated_at(linear_case.full_latent("TA", "T"), {})


@pytest.fixture(scope="module")
def results() -> Results:
    """M's representation is better on some encoders alone: b helps a little, and few steps are trained."""
    rng = np.random.default_rng(1)
    x = {"a": rng.normal(size=(60, 3)), "b": rng.normal(size=(60, 2))}
    y = x["a"][:, 0] + 0.3 * x["b"][:, 1] + rng.normal(size=60)
    return verify_dataset(x, y, m=[24], head_m=[100_000], trials=80, steps=3).run(workers=1)


def test_sizes_known_in_advance_follow_the_quantile_over_encoders_and_not_the_mean(
    results: Results,
) -> None:
    """Above such a size, with kappa bounded in advance, the bound is below zero for 95 % of the encoders."""
    found = Findings.of(results)
    fast = next(form for form in FORMS if form.free)
    checked = 0
    for each in found.thresholds:
        if each.theorem != fast.key or each.N is None:
            continue
        assert each.proves_gain_from is not None
        place = Place(results, results.settings(FREE)[-1], each.M, each.N)
        gamma = place.gamma.high
        at = evaluated_at(
            fast.of(each.M, each.N),
            {**fast.in_advance(place), "gamma": gamma, "delta": each.delta},
        )
        size = each.proves_gain_from.value
        assert (size == math.inf) == (np.mean(gamma < 0) < 0.95)
        if math.isfinite(size):
            checked += 1
            assert np.mean(np.asarray(at(np.full(80, size)).total) < 0) >= 0.95
            assert np.mean(np.asarray(at(np.full(80, size - 1)).total) < 0) < 0.95
    assert checked


def test_no_cell_denies_what_is_known_in_advance(results: Results) -> None:
    found = Findings.of(results)
    for each in found.thresholds:
        if each.proves_gain_from is None or not math.isfinite(each.proves_gain_from.high):
            continue
        for cell in found.cells:
            same = (cell.theorem, cell.M, cell.N, cell.delta) == (
                each.theorem,
                each.M,
                each.N,
                each.delta,
            )
            if same and cell.m >= each.proves_gain_from.high:
                assert cell.certificate is not None
                assert cell.certificate.proves != "no"
