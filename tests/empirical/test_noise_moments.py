"""Norms of large second moments: never below the truth, and near enough to it to be of use."""

import numpy as np
import pytest
import torch

from empirical.quality import fast_rate, mixture, noise_moments
from empirical.quality.fast_rate import Constants, Whitened
from empirical.quality.mixture import sample_noise, scale
from empirical.quality.noise_moments import LARGEST, covariance_norms, largest_eigenvalue

P, C, ROWS = 12, 60, 300


def noise(seed: int, heavy: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """Whitened features and the residuals of one-hot targets, [p, rows] and [c, rows]."""
    draws = np.random.default_rng(seed)
    x = draws.standard_normal((P, ROWS)) * (draws.exponential(size=ROWS) if heavy else 1.0)
    root = np.linalg.cholesky(x @ x.T / ROWS)
    w = np.linalg.solve(root, x)
    y = np.eye(C)[draws.integers(C, size=ROWS)].T
    return torch.from_numpy(w), torch.from_numpy(y - (y @ w.T / ROWS) @ w)


def moment(w: torch.Tensor, xi: torch.Tensor, weights: np.ndarray) -> np.ndarray:
    """The sum of weight v v^T, formed as it is written."""
    v = np.einsum("ir,jr->rij", w.numpy(), xi.numpy()).reshape(w.shape[1], -1)
    return v.T @ (weights[:, None] * v)


@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize("most_rows", [ROWS, 100])
def test_the_norms_of_a_large_covariance_lie_between_their_ends(
    heavy: bool, most_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert P * C > LARGEST
    monkeypatch.setattr(noise_moments, "MOST_ROWS", most_rows)
    monkeypatch.setattr(noise_moments, "GRAM_BLOCK", 128)  # neither one block nor a divisor
    for seed in range(2):
        w, xi = noise(seed, heavy)
        covariance = moment(w, xi, np.full(ROWS, 1 / ROWS))
        truths = np.linalg.eigvalsh(covariance)[-1], np.linalg.norm(covariance)
        for truth, found in zip(truths, covariance_norms(w, xi), strict=True):
            assert 0 < float(found.low) <= truth <= float(found.high)
        operator, frobenius = covariance_norms(w, xi)
        assert float(operator.high) < 4 * truths[0]
        if most_rows == ROWS:
            assert float(frobenius.high) < 1.001 * truths[1]
            assert float(frobenius.low) > 0.999 * truths[1]


@pytest.mark.parametrize("classes", [3, C])
def test_the_norms_scale_with_the_features_and_the_residuals(classes: int) -> None:
    """Also by factors whose products float32 cannot hold: moments of 1e-80 and of 1e80."""
    w, xi = noise(7)
    xi = xi[:classes]
    before = covariance_norms(w, xi)
    for one, other in ((0, -70), (-70, -70), (70, 70), (0, 130)):
        a, b = 2.0**one, 2.0**other
        for norm, moved in zip(before, covariance_norms(a * w, b * xi), strict=True):
            factor = (a * b) ** 2
            assert float(moved.low) == pytest.approx(factor * float(norm.low), rel=1e-12)
            assert float(moved.high) == pytest.approx(factor * float(norm.high), rel=1e-12)


def test_a_small_covariance_is_measured_and_a_large_one_bounded_by_the_same_function() -> None:
    """Columns of zeros make a matrix large without a change of its norms."""
    w, xi = noise(3)
    small = covariance_norms(w, xi[:50])
    padded = covariance_norms(torch.cat([w, torch.zeros(5, ROWS).double()]), xi[:50])
    for exact, bounded in zip(small, padded, strict=True):
        assert float(bounded.low) <= float(exact.high)
        assert float(exact.low) <= float(bounded.high)


def test_the_bound_on_the_largest_eigenvalue_is_met_where_one_factor_is_constant() -> None:
    """With one feature of size 1 the second moment is that of xi alone: nothing is lost."""
    _, xi = noise(0)
    weights = np.random.default_rng(1).random(ROWS)
    truth = np.linalg.eigvalsh((xi.numpy() * weights) @ xi.numpy().T)[-1]
    found = float(largest_eigenvalue(torch.ones(1, ROWS).double(), xi, torch.from_numpy(weights)))
    assert truth <= found <= truth * (1 + 1e-6)


@pytest.mark.parametrize("m", [60, 600])
def test_the_inflation_of_many_classes_is_never_below_the_truth(m: int) -> None:
    w, xi = noise(5)
    mass = np.random.default_rng(m).multinomial(m, np.full(ROWS, 1 / ROWS)) / m
    none = torch.zeros(1, dtype=torch.float64)
    white = Whitened(
        w=w[None],
        kept=torch.ones(1, P, dtype=torch.bool),
        targets=xi,
        head=torch.zeros(1, C, P, dtype=torch.float64),
        best=none,
        best_low=none,
        best_high=none,
        norms=none,
    )
    operator, frobenius = covariance_norms(w, xi)
    one = torch.ones(1, dtype=torch.float64)
    known = Constants(
        V=one,
        v_norm=operator.high[None],
        v_frobenius=frobenius.high[None],
        v_max=one,
        leverage=one,
        p=one,
    )
    found = float(sample_noise(white, known, torch.from_numpy(mass)[None]).inflation)
    theta = float(scale(known))
    # A^-1 H A^-1 with H = I + (2 theta/3)(G_hat - G), as in the theorem.
    inverse = np.linalg.inv((w.numpy() * mass) @ w.numpy().T)
    inverse = np.kron(inverse, np.eye(C))
    H = np.eye(P * C) + (2 * theta / 3) * moment(w, xi, mass - 1 / ROWS)
    truth = np.linalg.eigvalsh(inverse @ H @ inverse)[-1]
    assert truth <= found < 1.5 * truth


@pytest.mark.parametrize("classes", [3, C])
def test_trials_taken_together_have_the_norms_that_each_has_alone(
    classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with ranks that differ, and a sample that does not determine the head."""
    made = [noise(seed, heavy=True) for seed in range(5)]
    w, xi = (torch.stack(each) for each in zip(*made, strict=True))
    xi = xi[:, :classes]
    kept = torch.ones(5, P, dtype=torch.bool)
    kept[1, :4] = kept[3, :4] = kept[4, :1] = False
    w = w * kept[:, :, None]
    one = torch.ones(5, dtype=torch.float64)
    white = Whitened(w, kept, xi[0], one, one, one, one, one)
    object.__setattr__(white, "xi", xi)
    mass = torch.from_numpy(np.random.default_rng(1).multinomial(4 * ROWS, [1 / ROWS] * ROWS, 5))
    mass = mass.double() / (4 * ROWS)
    mass[2] = torch.eye(ROWS)[0]
    found = []
    for at_once in (1, 2, 5):
        for module in (fast_rate, mixture):
            monkeypatch.setattr(module, "trials_at_once", lambda w, xi, n=at_once: n)
        norms = fast_rate._norms(white)
        known = Constants(one, norms[0].high, norms[1].high, one, one, one)
        noisy = sample_noise(white, known, mass)
        found.append([*vars(norms[0]).values(), *vars(norms[1]).values(), noisy.inflation])
    for others in found[1:]:
        for a, b in zip(found[0], others, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-7, atol=0.0)
    assert found[0][-1].isinf().tolist() == [False, False, True, False, False]
