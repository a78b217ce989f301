"""Table 4's draws and fits: second moments stand for rows exactly."""

import re

import numpy as np
import pytest
import torch

from empirical import datasets
from empirical.datasets.bundled import CONSTRUCTIONS, share
from empirical.paper.simulated import (
    coordinate_maps,
    least_squares_error,
    network_errors,
    second_moments,
)
from empirical.streams import stream

ROWS, K, D = (60, 40), 3, 4


def rows_of_draw(seed, trial, overlap, construction):
    """The same draw as `second_moments`, as rows: training x [m, K·d], y, and those of the test."""
    draws = stream(seed, "sample", ROWS[0], trial)
    found = []
    for count in ROWS:
        u = draws.standard_normal((count, K * D)).reshape(count, K, D).transpose(1, 0, 2)
        x = share(u, overlap, construction)
        found += [x.transpose(1, 0, 2).reshape(count, -1), x.sum(axis=(0, 2))]
    return found


@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@pytest.mark.parametrize("overlap", [1.0, 0.7, 0.25, 0.0])
@pytest.mark.parametrize("present", [1, 2, 3])
def test_least_squares_on_moments_is_least_squares_on_rows(construction, overlap, present):
    x, y, x_test, y_test = rows_of_draw(3, 1, overlap, construction)
    weights = np.linalg.lstsq(x[:, : present * D], y, rcond=1e-9)[0]
    by_rows = np.mean((x_test[:, : present * D] @ weights - y_test) ** 2)
    maps = coordinate_maps(overlap, construction, K, D)
    by_moments = least_squares_error(*second_moments(3, 1, ROWS, K, D), maps, present)
    assert by_moments == pytest.approx(by_rows, rel=1e-9, abs=1e-20)


def test_the_bundled_set_by_its_definition():
    u = np.random.default_rng(5).standard_normal((4, 6, 10))
    mixing = datasets.simulated(0.3, 6, 4, 10, seed=5).modalities
    copied = datasets.simulated(0.3, 6, 4, 10, seed=5, construction="copied").modalities
    assert np.array_equal(mixing["x1"], u[0])
    for k in (1, 2, 3):
        name = f"x{k + 1}"
        assert np.allclose(mixing[name], 0.3 * u[0] + 0.7 * u[k], rtol=0, atol=1e-15)
        assert np.array_equal(copied[name], np.hstack([u[0][:, :3], u[k][:, 3:]]))


def test_a_linear_network_on_moments_is_the_one_trained_on_rows():
    construction, overlap, present = "mixing", 0.5, 2
    x, y, x_test, y_test = (torch.tensor(a) for a in rows_of_draw(0, 0, overlap, construction))
    width, steps, rate = 2, 30, 0.05
    start = stream(0, "initial weights", width, 0)
    encoders = torch.tensor(start.standard_normal((K, width, D)) / D**0.5)[:present]
    heads = torch.tensor(start_heads(width))[:present]
    encoders.requires_grad_()
    heads.requires_grad_()
    optimiser = torch.optim.Adam([encoders, heads], lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=steps)

    def predict(rows):
        z = [rows[:, k * D : (k + 1) * D] @ encoders[k].T for k in range(present)]
        return torch.cat(z, dim=1) @ heads.reshape(-1)

    for _ in range(steps):
        optimiser.zero_grad()
        (predict(x) - y).square().mean().backward()
        optimiser.step()
        schedule.step()
    by_rows = float((predict(x_test) - y_test).square().mean().detach())

    train, test = second_moments(0, 0, ROWS, K, D)
    by_moments = network_errors(
        train[None],
        test[None],
        coordinate_maps(overlap, construction, K, D)[None],
        np.array([[1.0, 1.0, 0.0]]),
        seed=0,
        width=width,
        steps=steps,
        learning_rate=rate,
    )
    assert by_moments[0, 0] == pytest.approx(by_rows, rel=1e-9)


def test_same_seed_same_numbers():
    def numbers(seed, trial):
        train, test = second_moments(seed, trial, ROWS, K, D)
        maps = coordinate_maps(0.5, "mixing", K, D)
        networks = network_errors(
            train[None], test[None], maps[None], np.array([[1.0, 0.0, 1.0]]), seed=seed, steps=20
        )
        return least_squares_error(train, test, maps, 2), float(networks[0, 0])

    assert numbers(7, 1) == numbers(7, 1)
    for other in (numbers(8, 1), numbers(7, 2)):
        assert not set(numbers(7, 1)) & set(other)


def start_heads(width):
    """The heads that follow the encoders in the stream of initial weights."""
    start = stream(0, "initial weights", width, 0)
    start.standard_normal((K, width, D))
    return start.standard_normal((K, width)) / width**0.5


@pytest.mark.parametrize(
    ("overlap", "construction", "message"),
    [
        (1.5, "mixing", "overlap must lie in [0, 1], got 1.5"),
        (float("nan"), "mixing", "overlap must lie in [0, 1], got nan"),
        (0.5, "added", "construction must be one of mixing, copied, got 'added'"),
    ],
)
def test_bad_worlds_are_refused_in_one_line(overlap, construction, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        share(np.zeros((2, 1, 1)), overlap, construction)
