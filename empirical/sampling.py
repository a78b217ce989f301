"""Samples of a finite population as counts of its rows, in memory that does not grow with m."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirical.worlds.finite import FinitePopulation

DISTINCT = 8
"""Beyond this many times N rows a sample is trained on as the population's rows with their counts."""

DRAWN_AT_ONCE = 2**22
"""Rows drawn at a time."""

LARGEST = 2**32 - 1
"""The largest sample size: a stream's counter has 32 bits for each of two of them."""


def sample_mass(
    population: FinitePopulation, generators: Sequence[np.random.Generator], m: int
) -> Tensor:
    """The mass [T, N] of one sample of size m from each generator: counts / m, float64.

    >>> from empirical import datasets
    >>> from empirical.worlds.finite import finite_population
    >>> population = finite_population(datasets.digits())
    >>> mass = sample_mass(population, [np.random.default_rng(0)], 10)
    >>> mass.shape, round(float(mass.sum()), 9), round(float(mass.max()), 9)
    (torch.Size([1, 1797]), 1.0, 0.1)
    """
    return mass_of([row_counts(population, generator, m) for generator in generators], population)


def row_counts(
    population: FinitePopulation, generator: np.random.Generator, m: int
) -> NDArray[np.int64]:
    """How often `population.draw` gives each row in a sample of size m, drawn in parts: [N]."""
    total = np.zeros(population.rows, dtype=np.int64)
    for first in range(0, m, DRAWN_AT_ONCE):
        drawn = population.draw(generator, min(DRAWN_AT_ONCE, m - first))
        total += np.bincount(drawn, minlength=population.rows)
    return total


def mass_of(counts: Sequence[NDArray[np.int64]], population: FinitePopulation) -> Tensor:
    """Counts of rows as the mass that each sample puts on the population's rows, [T, N]."""
    stacked = np.stack(counts)
    sizes = stacked.sum(axis=1, keepdims=True)
    return torch.from_numpy(stacked / sizes).to(population.targets.device)
