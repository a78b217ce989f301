"""The best ReLU unit for given signs: exactly in the plane, from below by search, as an interval."""

import itertools

import numpy as np
import pytest
import torch
from numpy.random import default_rng
from plane import directions, plane_supremum

from bounds import rademacher
from empirical.complexity import relu
from empirical.complexity.relu import relu_complexity, relu_empirical, unit_suprema


def all_signs(outputs, m):
    vectors = itertools.product((-1.0, 1.0), repeat=outputs * m)
    return np.array(list(vectors)).reshape(-1, outputs, m)


def search(x, signs, seed, restarts=6):
    """`unit_suprema` on rows [T, m, d] or [m, d] and signs [T, c, m], as a numpy array."""
    rows = torch.from_numpy(x if x.ndim == 3 else x[None])
    half = default_rng(seed).standard_normal((len(signs), restarts // 2, rows.shape[2]))
    starts = torch.from_numpy(np.concatenate([half, -half], axis=1))
    return unit_suprema(rows, torch.from_numpy(signs), starts).numpy()


@pytest.mark.parametrize("outputs", [1, 3])
def test_the_exact_supremum_is_that_of_a_fine_grid(outputs):
    generator = default_rng(0)
    w = directions(np.linspace(0, 2 * np.pi, 20_001))
    for m in (1, 2, 6, 6, 6, 15):
        x = generator.standard_normal((m, 2))
        signs = 2.0 * generator.integers(0, 2, (outputs, m)) - 1
        on_grid = np.linalg.norm(np.maximum(w @ x.T, 0.0) @ signs.T, axis=1).max()
        assert on_grid <= plane_supremum(x, signs) * (1 + 1e-12)
        assert plane_supremum(x, signs) <= on_grid * (1 + 3e-4)


def test_the_exact_supremum_by_hand():
    # One row: its length. Opposite rows of opposite signs: either alone. Right angles, equal signs:
    # along (1, 1)/sqrt(2) both together; unequal signs: the longer alone.
    assert plane_supremum([[3.0, 4.0]], [-1.0]) == pytest.approx(5.0)
    assert plane_supremum([[1.0, 0.0], [-2.0, 0.0]], [1.0, -1.0]) == pytest.approx(2.0)
    assert plane_supremum([[1.0, 0.0], [0.0, 1.0]], [1.0, 1.0]) == pytest.approx(2**0.5)
    assert plane_supremum([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0]) == pytest.approx(2.0)
    # Two outputs with the same signs: sqrt(2) times one.
    both = plane_supremum([[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]])
    assert both == pytest.approx(2.0)
    assert plane_supremum([[0.0, 0.0]], [1.0]) == 0.0


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("m", [1, 2, 5, 10, 30, 100])
def test_the_search_is_below_and_within_two_percent_on_average(m, outputs):
    generator = default_rng([m, outputs])
    x = generator.standard_normal((100, m, 2))
    signs = 2.0 * generator.integers(0, 2, (100, outputs, m)) - 1
    exact = np.array([plane_supremum(*pair) for pair in zip(x, signs, strict=True)])
    found = search(x, signs, seed=m)
    assert np.all(found <= exact * (1 + 1e-12))
    assert np.mean(found / exact) >= 0.98


def test_more_dimensions_do_not_defeat_the_search():
    # Against ten times the restarts and three times the steps: 200 rows in 20 dimensions.
    generator = default_rng(0)
    x = generator.standard_normal((10, 200, 20))
    signs = 2.0 * generator.integers(0, 2, (10, 1, 200)) - 1
    rows, its_signs = torch.from_numpy(x), torch.from_numpy(signs)
    starts = torch.from_numpy(generator.standard_normal((10, 60, 20)))
    dear = unit_suprema(rows, its_signs, starts, steps=120).numpy()
    assert np.mean(search(x, signs, seed=1) / dear) >= 0.98


def test_rows_that_no_start_activates_leave_zero_below():
    x = np.array([[[1.0, 0.0]]])
    starts = torch.tensor([[[-1.0, 0.0]]], dtype=torch.float64)
    signs = torch.ones(1, 1, 1, dtype=torch.float64)
    assert float(unit_suprema(torch.from_numpy(x), signs, starts)) == 0.0


@pytest.mark.parametrize(("m", "outputs"), [(1, 1), (2, 1), (5, 1), (8, 1), (2, 2), (4, 2)])
def test_the_interval_contains_the_enumerated_truth(m, outputs):
    for seed in range(3):
        x = default_rng(seed).standard_normal((m, 2))
        exact = [plane_supremum(x, signs) for signs in all_signs(outputs, m)]
        truth = 1.5 * 2.0 * np.mean(exact) / m
        for draws in (1, 30, 400):
            found = relu_empirical(
                x,
                encoder_radius=1.5,
                head_radius=2.0,
                draws=draws,
                generator=default_rng(seed),
                outputs=outputs,
            )
            assert found.certified.interval.low <= truth <= found.certified.interval.high
        # Not by being empty of content: the lower end is most of the truth.
        assert found.certified.interval.low >= 0.6 * truth
        assert abs(found.student.value - truth) <= 0.12 * truth


@pytest.mark.parametrize("outputs", [1, 2])
def test_the_mean_over_samples_lies_in_its_interval(outputs):
    population = np.array([[1.0, 0.5], [-2.0, 0.0], [0.3, 1.0]])
    m = 3
    exact = [
        plane_supremum(population[list(rows)], signs)
        for rows in itertools.product(range(3), repeat=m)
        for signs in all_signs(outputs, m)
    ]
    truth = 1.5 * np.mean(exact) / m
    for seed in range(3):
        found = relu_complexity(
            population,
            m,
            encoder_radius=1.5,
            head_radius=1.0,
            draws=1000,
            generator=default_rng(seed),
            outputs=outputs,
        )
        interval = found.certified.interval
        assert 0.4 * truth <= interval.low <= truth <= interval.high
        assert abs(found.student.value - truth) <= 0.06 * truth
        high = rademacher.fusion(
            encoder_radius=1.5,
            head_radius=1.0,
            outputs=outputs,
            mean_square_norm=(population**2).sum(1).mean(),
            m=m,
            bias=False,
        )
        assert float(interval.high) == float(high)


def test_the_variance_proxies_hold_for_all_signs():
    # P(T - E T <= -t) <= exp(-t^2 / (2 v)) and above, with v = sum ||x||^2 and 4 ||X||_op^2.
    x = default_rng(3).standard_normal((9, 2))
    values = np.array([plane_supremum(x, signs) for signs in all_signs(1, 9)])
    deviations = values - values.mean()
    for proxy in ((x**2).sum(), 4 * np.linalg.norm(x, 2) ** 2):
        for side in (deviations, -deviations):
            t = np.sort(side)[::-1]
            chance = np.arange(1, len(t) + 1) / len(t)
            positive = t > 0
            assert np.all(chance[positive] <= np.exp(-(t[positive] ** 2) / (2 * proxy)))


def test_the_same_seed_gives_the_same_numbers_and_another_one_others():
    x = default_rng(0).standard_normal((20, 3))

    def measure(seed):
        return relu_empirical(
            x, encoder_radius=1.0, head_radius=1.0, draws=5, generator=default_rng(seed)
        )

    assert measure(1) == measure(1)
    assert measure(1).student.value != measure(2).student.value


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoder_radius": 0.0}, "^encoder_radius must be positive and finite, got 0$"),
        ({"head_radius": float("nan")}, "^head_radius must be positive and finite, got nan"),
        ({"draws": 0}, "^draws must be a positive integer, got 0"),
        ({"outputs": 0}, "^outputs must be a positive integer, got 0"),
        ({"restarts": 0}, "^restarts must be a positive integer, got 0"),
        ({"steps": -1}, "^steps must be a positive integer, got -1"),
        ({"level": 0.0}, r"^level must lie in \(0, 1\), got 0$"),
        ({"features": [[float("inf")]]}, "^features must be finite, got inf"),
        ({"features": [1.0]}, r"^features must be \[rows, d\]"),
    ],
)
def test_bad_input_is_refused_by_name(change, message):
    usual = {
        "features": np.ones((2, 2)),
        "encoder_radius": 1.0,
        "head_radius": 1.0,
        "draws": 2,
        "generator": default_rng(0),
    }
    relu_empirical(**usual)
    for measure in (relu_empirical, lambda **a: relu_complexity(m=2, **a)):
        with pytest.raises(ValueError, match=message):
            measure(**(usual | change))


def test_rounding_is_accounted_for():
    """Rows of hugely different sizes that cancel: all that is left is within the rounding."""
    x = np.array([[1e8, 1.0], [1e8, -1.0], [1.0, 0.0]])
    exact = np.mean([plane_supremum(x, signs) for signs in all_signs(1, 3)]) / 3
    found = relu_empirical(
        x, encoder_radius=1.0, head_radius=1.0, draws=2000, generator=default_rng(0)
    )
    assert found.certified.interval.low <= exact <= found.certified.interval.high
    terms, total = sum(x.shape), float(np.linalg.norm(x, axis=1).sum())
    margin = relu._rounding(1 / 3, 1, total, terms)
    assert margin >= (len(x) + x.shape[1]) * np.finfo(float).eps / 2 * total / 3
