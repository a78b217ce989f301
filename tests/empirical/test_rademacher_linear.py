"""Complexities of linear classes from drawn signs, against all signs; the proofs' constants."""

import itertools

import numpy as np
import pytest
import torch
from numpy.random import default_rng

from bounds import rademacher
from empirical.complexity import linear as rademacher_linear
from empirical.complexity import sign_averages
from empirical.complexity.linear import GROUP, linear_complexity, linear_empirical

HADAMARD = np.kron(np.kron([[1, 1], [1, -1]], [[1, 1], [1, -1]]), [[1, 1], [1, -1]])


def all_signs(m):
    return np.array(list(itertools.product((-1.0, 1.0), repeat=m)))


def supremum(signs, x, ball, radius=1.0):
    """The supremum for signs [c, m] and rows [m, d], by its definition as a dual norm."""
    sums = signs @ x
    return radius / len(x) * (np.abs(sums).max() if ball == "l1" else np.linalg.norm(sums))


def enumerated(x, ball, outputs, radius):
    """The complexity over all signs."""
    if ball == "l1":
        corners = radius * np.concatenate([x.T, -x.T])
        return rademacher.finite_exact(corners)
    return rademacher.linear_exact(radius=radius, features=x, outputs=outputs)


def tails(values):
    """Both tails of a uniform law on `values`: (t, P(deviation >= t)) at every value."""
    deviations = values - values.mean()
    for side in (deviations, -deviations):
        ordered = np.sort(side)[::-1]
        keep = ordered > 1e-9
        yield ordered[keep], (np.arange(len(ordered)) + 1.0)[keep] / len(ordered)


# ---- against all signs

CASES = [
    (ball, m, d, outputs)
    for ball, m, d, outputs in itertools.product(("frobenius", "l1"), (1, 2, 7, 10), (1, 3), (1, 2))
    if outputs == 1 or (ball == "frobenius" and m <= 7)
]


@pytest.mark.parametrize(("ball", "m", "d", "outputs"), CASES)
def test_the_certified_interval_contains_the_enumerated_truth(ball, m, d, outputs):
    for seed in range(4):
        x = default_rng(seed).standard_normal((m, d)) * [[1.0], [3.0]][seed % 2]
        truth = enumerated(x, ball, outputs, radius=2.5)
        for draws in (1, 64, 4096):
            found = linear_empirical(
                x, radius=2.5, ball=ball, outputs=outputs, draws=draws, generator=default_rng(seed)
            )
            interval = found.certified.interval
            assert interval.low <= truth <= interval.high
            assert found.certified.n == -(-draws // GROUP)
        # Many draws are within a few standard errors, and certified to a few hundredths.
        error = abs(found.student.value - truth)
        assert error <= 5 * (found.student.interval.high - found.student.value) / 2.6 + 1e-12
        assert interval.high - interval.low <= 0.7 * truth


def test_the_draws_are_signs_and_each_supremum_is_exact():
    # The same numbers from the bits by hand: row i is in block i mod 8, and draw h of a group turns
    # the signs of block b by entry (h, b) of the Hadamard matrix.
    x, groups = default_rng(0).standard_normal((21, 4)), 5
    for ball, outputs in (("frobenius", 1), ("frobenius", 3), ("l1", 1)):
        bits = default_rng(1).integers(0, 256, (groups * outputs, 3), dtype=np.uint8)
        base = 2.0 * np.unpackbits(bits, axis=1, bitorder="little")[:, :21] - 1.0
        values = [
            supremum(signs * HADAMARD[h, np.arange(21) % 8], x, ball, radius=2.0)
            for signs in base.reshape(groups, outputs, 21)
            for h in range(8)
        ]
        found = linear_empirical(
            x, radius=2.0, ball=ball, outputs=outputs, draws=40, generator=default_rng(1)
        )
        assert found.student.value == pytest.approx(np.mean(values), rel=1e-13)


@pytest.mark.parametrize(("ball", "outputs"), [("frobenius", 1), ("frobenius", 2), ("l1", 1)])
@pytest.mark.parametrize("m", [1, 3])
def test_the_mean_over_samples_is_that_over_all_samples(ball, outputs, m):
    population = np.array([[1.0, 0.5], [-2.0, 0.0], [0.3, 1.0]])
    truth = np.mean(
        [
            enumerated(population[list(rows)], ball, outputs, radius=1.5)
            for rows in itertools.product(range(3), repeat=m)
        ]
    )
    for seed in range(4):
        found = linear_complexity(
            population,
            m,
            radius=1.5,
            ball=ball,
            outputs=outputs,
            draws=40_000,
            generator=default_rng(seed),
        )
        assert found.certified.interval.low <= truth <= found.certified.interval.high
        error = abs(found.student.value - truth)
        assert error <= 5 * (found.student.interval.high - found.student.value) / 2.6


def test_a_sample_too_large_to_hold_is_taken_in_pieces(monkeypatch):
    # R_m of x = 1 with one output is E|S_m|/m whatever the pieces.
    truth = rademacher.cells(probabilities=[1.0], m=100, spread=2.0)
    monkeypatch.setattr(rademacher_linear, "_AT_ONCE", 64)
    ones = np.ones((2, 1))
    found = linear_complexity(ones, 100, radius=1.0, draws=1600, generator=default_rng(0))
    half = found.student.interval.high - found.student.value
    assert abs(found.student.value - truth) <= 2 * half
    found = linear_empirical(np.ones((100, 1)), radius=1.0, draws=1600, generator=default_rng(0))
    half = found.student.interval.high - found.student.value
    assert abs(found.student.value - truth) <= 2 * half


def test_students_interval_misses_as_often_as_it_says():
    # 200 intervals at 95 %: more than 25 misses have probability 1e-5 if the level is right, none at
    # all 4e-5.
    x = default_rng(0).standard_normal((9, 3))
    truth = enumerated(x, "frobenius", 1, radius=1.0)
    misses = 0
    for seed in range(200):
        found = linear_empirical(
            x, radius=1.0, draws=320, generator=default_rng([1, seed]), level=0.95
        ).student.interval
        misses += not found.low <= truth <= found.high
    assert 1 <= misses <= 25


def test_the_same_seed_gives_the_same_numbers_and_another_one_others():
    x = default_rng(0).standard_normal((30, 3))
    for measure in (
        lambda seed: linear_empirical(x, radius=1.0, draws=99, generator=default_rng(seed)),
        lambda seed: linear_complexity(x, 5, radius=1.0, draws=99, generator=default_rng(seed)),
    ):
        assert measure(3) == measure(3)
        assert measure(3).student.value != measure(4).student.value


def test_the_certified_interval_lies_within_the_analytic_bounds():
    x = default_rng(0).standard_normal((50, 3))
    square = (x**2).sum(1)
    few = linear_empirical(x, radius=1.0, draws=8, generator=default_rng(0)).certified.interval
    high = rademacher.linear_empirical(radius=1.0, squared_norms=square)
    assert float(few.high) == pytest.approx(float(high), rel=1e-12)
    assert float(few.low) == pytest.approx(float(high) / 2**0.5)
    few = linear_complexity(x, 50, radius=1.0, draws=8, generator=default_rng(0)).certified.interval
    high = rademacher.linear(radius=1.0, mean_square_norm=square.mean(), m=50)
    assert float(few.high) == pytest.approx(float(high), rel=1e-12)


# ---- what certifies the intervals


@pytest.mark.parametrize("ball", ["frobenius", "l1"])
@pytest.mark.parametrize(("m", "d"), [(4, 1), (10, 1), (10, 2), (11, 6)])
def test_variance_proxies_hold_for_all_signs(ball, m, d):
    # P(f - E f >= t) <= exp(-t^2 / (2 v)), and below, at every t, for one draw and for the average
    # of a group; v as the module takes it.
    x = default_rng(m * d).standard_normal((m, d)) * np.linspace(0.2, 2.0, m)[:, None]
    signs = all_signs(m)
    single = np.array([supremum(s, x, ball) for s in signs])
    turned = HADAMARD[:, np.arange(m) % 8]
    group = np.mean([[supremum(s * h, x, ball) for s in signs] for h in turned], axis=0)
    rows = np.abs(x).max(1) if ball == "l1" else np.linalg.norm(x, axis=1)
    column = np.linalg.norm(x, axis=0).max()
    steep = column if ball == "l1" else np.linalg.norm(x, 2)
    blocks = max(np.linalg.norm(x[b::8], 2) for b in range(8) if len(x[b::8]))
    if ball == "l1":
        blocks = min(blocks, column)
    tightest = 0.0
    for values, lipschitz in ((single, steep), (group, blocks)):
        for proxy in ((rows**2).sum() / m**2, 4 * lipschitz**2 / m**2):
            for t, chance in tails(values):
                bound = np.exp(-(t**2) / (2 * proxy))
                assert np.all(chance <= bound * (1 + 1e-9))
                tightest = max(tightest, (chance / bound).max(initial=0.0))
    assert tightest > 0.1  # a bound that were always far away would not be tested


@pytest.mark.parametrize(("ball", "d"), [("frobenius", 3), ("l1", 3)])
def test_a_group_is_as_steep_as_its_steepest_block(ball, d):
    # |g(s) - g(s')| <= Lip ||s - s'|| for real s, as the extension by the same formula.
    generator = default_rng(0)
    for _ in range(50):
        x = generator.standard_normal((16, d))
        blocks = max(np.linalg.norm(x[b::8], 2) for b in range(8)) / 16

        def g(s, x=x):
            return np.mean([supremum(s * h, x, ball) for h in HADAMARD[:, np.arange(16) % 8]])

        s = generator.standard_normal(16)
        step = 1e-3 * generator.standard_normal(16)
        assert abs(g(s + step) - g(s)) <= blocks * np.linalg.norm(step) * (1 + 1e-9)
        # Not by much less everywhere: along the gradient it is within a factor of four.
        gradient = np.array([(g(s + 1e-6 * e) - g(s)) / 1e-6 for e in np.eye(16)])
        assert np.linalg.norm(gradient) <= blocks * (1 + 1e-4)
        assert np.linalg.norm(gradient) >= blocks / 8


def test_an_interval_without_its_deviation_misses(monkeypatch):
    # The control: with the Monte Carlo error left out, the truth is outside nearly always.
    x = default_rng(0).standard_normal((9, 3))
    truth = enumerated(x, "frobenius", 1, radius=1.0)
    monkeypatch.setattr(sign_averages, "deviation", lambda *_: 0.0)
    for seed in range(10):
        found = linear_empirical(x, radius=1.0, draws=64, generator=default_rng(seed))
        assert not found.certified.interval.low <= truth <= found.certified.interval.high


def test_rounding_is_accounted_for():
    # Rows of hugely different sizes: the margin is that of the largest, in float64.
    x = np.array([[1e8], [-1e8], [1.0]])
    found = linear_empirical(x, radius=1.0, draws=8, generator=default_rng(0))
    exact = rademacher.linear_exact(radius=1.0, features=x)
    assert found.certified.interval.low <= exact <= found.certified.interval.high
    margin = rademacher_linear._rounding(1.0, 1, float(np.abs(x).sum()))
    plain = (torch.tensor([1.0, 1.0, 1.0]).double() @ torch.from_numpy(x)).abs() / 3
    assert abs(float(plain) - 1 / 3) <= margin


# ---- bad input


@pytest.mark.parametrize("function", ["sample", "population"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"radius": 0.0}, "^radius must be positive and finite, got 0$"),
        ({"radius": float("nan")}, "^radius must be positive and finite, got nan"),
        ({"draws": 0}, "^draws must be a positive integer, got 0"),
        ({"draws": 2.5}, "^draws must be a positive integer, got 2.5"),
        ({"outputs": 0}, "^outputs must be a positive integer, got 0"),
        ({"ball": "l1", "outputs": 2}, "^outputs must be 1 on the L1 ball, got 2"),
        ({"ball": "linf"}, "^ball must be one of frobenius, l1, got 'linf'"),
        ({"level": 1.0}, r"^level must lie in \(0, 1\), got 1$"),
        ({"features": [[float("nan")]]}, "^features must be finite, got nan"),
        ({"features": [1.0, 2.0]}, r"^features must be \[rows, d\]"),
        ({"features": np.ones((0, 2))}, r"^features must be \[rows, d\]"),
    ],
)
def test_bad_input_is_refused_by_name(function, change, message):
    usual = {"features": np.ones((2, 2)), "radius": 1.0, "draws": 8, "generator": default_rng(0)}
    measure = linear_empirical if function == "sample" else lambda **a: linear_complexity(m=3, **a)
    measure(**usual)
    with pytest.raises(ValueError, match=message):
        measure(**(usual | change))


@pytest.mark.parametrize("m", [0, -1, 1.5])
def test_a_sample_size_that_is_none_is_refused(m):
    with pytest.raises(ValueError, match=f"^m must be a positive integer, got {m}"):
        linear_complexity(np.ones((2, 2)), m, radius=1.0, draws=8, generator=default_rng(0))
