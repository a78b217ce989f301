"""The class that remembers points, against its definition: functions evaluated on samples."""

import itertools
import math

import numpy as np
import pytest

from bounds import rademacher
from empirical.worlds import memory
from empirical.worlds.memory import (
    complexity,
    empirical_complexity,
    majority,
    remembered_law,
    share_of_majority,
)

M = 4


def patterns(remembered):
    """Signs of every function of the class on M distinct examples, of which some can be remembered."""
    found = set()
    for outside in (-1, 1):
        for flips in itertools.product((1, -1), repeat=M):
            if all(flip == 1 or can for flip, can in zip(flips, remembered, strict=True)):
                found.add(tuple(outside * flip for flip in flips))
    return np.array(sorted(found), dtype=float)


@pytest.mark.parametrize("outputs", [1, 2, 3])
@pytest.mark.parametrize("n", range(M + 1))
def test_complexity_of_a_sample_is_that_of_its_patterns(n, outputs):
    signs = patterns([i < n for i in range(M)])
    v = np.full(outputs, 0.5 / math.sqrt(outputs))
    by_definition = rademacher.finite_exact(signs[:, :, None] * v)
    assert float(empirical_complexity(n, M, outputs)) == pytest.approx(by_definition, rel=1e-12)
    # The losses, ½ + f·v/|v|, are 0 and 1: the complexity of one output.
    losses = 0.5 + (signs[:, :, None] * v) @ (v / np.linalg.norm(v))
    assert set(losses.round(12).ravel()) == {0.0, 1.0}
    assert rademacher.finite_exact(losses) == pytest.approx(float(empirical_complexity(n, M)))


def test_the_absolute_value_changes_nothing():
    for n in range(M + 1):
        signs = patterns([i < n for i in range(M)])
        assert {tuple(-row) for row in signs} == {tuple(row) for row in signs}


@pytest.mark.parametrize("share", [0.5, 0.3, 1.0])
def test_the_mean_over_all_samples(share):
    """Each of the M examples can be remembered with probability `share`."""
    mean = wrong = 0.0
    for remembered in itertools.product((0, 1), repeat=M):
        n = sum(remembered)
        chance = share**n * (1 - share) ** (M - n)
        mean += chance * float(empirical_complexity(n, M))
        wrong += chance * head_is_wrong(remembered)
    assert complexity(share, M) == pytest.approx(mean, rel=1e-12)
    assert majority(share, M) == pytest.approx(wrong, rel=1e-12)


def head_is_wrong(remembered):
    """Whether −z minimises on the encoder whose points are the examples that can be remembered.

    The losses of z are 1 on these and 0 elsewhere, those of −z the reverse.
    """
    z = np.array(remembered, dtype=float)
    return (1 - z).mean() <= z.mean()


@pytest.mark.parametrize(("chance", "m"), [(0.3, 1), (0.7, 2), (1e-4, 1_000_000)])
def test_the_share_at_which_a_majority_has_a_given_probability(chance, m):
    assert majority(share_of_majority(chance, m), m) == pytest.approx(chance, rel=1e-9)


def test_a_large_sample():
    """m R = m/4 + E|W|/2 with W of m/2 signs: E|W| = √(m/π), up to terms of order 1/√m.

    Binomial probabilities of a million sum to 1 within 1e-9.
    """
    m = 1_000_000
    assert complexity(0.5, m) == pytest.approx(0.25 + 0.5 / math.sqrt(math.pi * m), abs=1e-8)
    assert complexity(0.5, m, 2) < complexity(0.5, m)
    law = remembered_law(0.5, m)
    assert law.error < 1e-9
    assert law.values.size < m / 20
    assert float(law.probabilities @ law.values) == pytest.approx(m / 2, rel=1e-9)
    # The median of an even number of fair signs has the probability 1/√(πm/2).
    assert majority(0.5, m) == pytest.approx(0.5 + 0.5 * math.sqrt(2 / (math.pi * m)), abs=1e-8)


def test_what_is_cut_off_is_in_the_error(monkeypatch):
    """Of 100 fair signs those within two standard deviations of 50, from 40 to 60."""
    whole = remembered_law(0.5, 100)
    assert whole.values.tolist() == list(range(101))
    monkeypatch.setattr(memory, "DEVIATIONS", 2.0)
    monkeypatch.setattr(memory, "FEW", 1)
    monkeypatch.setattr(memory.Law, "of", lambda parts, cut_off: (parts, cut_off))
    ((values, chances),), cut = remembered_law(0.5, 100)
    assert values.tolist() == list(range(40, 61))
    assert cut == pytest.approx(1 - chances.sum(), rel=1e-9)
    assert chances == pytest.approx(whole.probabilities[40:61])


def test_two_outputs_cost_vector_contraction_all_it_may():
    """R^c is smaller than that of the losses by √2, if all examples can be remembered."""
    assert complexity(1.0, 7) == 0.5
    assert math.sqrt(2) * complexity(1.0, 7, 2) == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: remembered_law(0.0, 3), r"share must lie in \(0, 1\], got 0"),
        (lambda: remembered_law(math.nan, 3), r"share must lie in \(0, 1\], got nan"),
        (lambda: majority(1.5, 3), r"share must lie in \(0, 1\], got 1.5"),
        (lambda: share_of_majority(0.0, 3), r"probability must lie in \(0, 1\), got 0"),
        (lambda: majority(0.5, 0), "m must be a positive integer, got 0"),
        (lambda: empirical_complexity(4, 3), "remembered must .* got 4"),
        (lambda: empirical_complexity(1, 3, 0), "outputs must be a positive integer, got 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
