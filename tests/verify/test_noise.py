"""Noise is not certified to help, on real data; a real modality is. The models are those of `noise`."""

import importlib.util
from collections import Counter
from pathlib import Path

import numpy as np
import pytest


def load(name):
    path = Path(__file__).parent / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"tests_verify_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


noise = load("noise")
SETS = ("uci_mfeat", "digits", "parkinsons_telemonitoring")
DELTA = 0.05


def data(name):
    try:
        return noise.load(name)
    except FileNotFoundError:
        pytest.skip(f"no {name}.npz in ../shared/data")


def helped(name, rows, seeds):
    """How often noise was certified to help and to hurt, and the number of runs."""
    found, given = Counter(), data(name)
    for columns in noise.NOISE:
        for size in rows:
            for seed in range(seeds):
                found[noise.with_noise(given, size, columns, seed).verdict] += 1
    return found["M better"], found["N better"], sum(found.values())


@pytest.mark.parametrize("name", SETS)
def test_noise_is_not_certified_to_help(name):
    helps, _, runs = helped(name, (150,), 5)
    assert helps <= DELTA * runs


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_noise_is_not_certified_to_help_in_all_sizes(name):
    """Twenty seeds for each of nine settings; noise can only hurt, and with 500 columns it does."""
    helps, hurts, runs = helped(name, (150, 400, 1000), 20)
    assert runs == 180
    assert helps <= DELTA * runs
    if name != "parkinsons_telemonitoring":
        assert hurts > 50


@pytest.mark.parametrize("rows", [300, 600])
def test_a_real_view_is_certified(rows):
    given = data("uci_mfeat")
    found = Counter()
    for seed in range(20 if rows == 300 else 10):
        chosen = np.random.default_rng(seed).permutation(2000)[:rows]
        fou, zer, y = (given[key][chosen] for key in ("fou", "zer", "y"))
        found[noise.compare(fou, zer, y, seed).verdict] += 1
    assert found["M better"] >= 0.9 * sum(found.values())


def test_the_nearest_probabilities_by_hand():
    rows = np.array([[0.2, 0.8], [1.5, 0.2], [0.6, 0.6], [-1.0, -3.0]])
    expected = [[0.2, 0.8], [1.0, 0.0], [0.5, 0.5], [1.0, 0.0]]
    np.testing.assert_allclose(noise.on_the_simplex(rows), expected)
