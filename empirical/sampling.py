"""Samples of a finite population as counts of its rows, in memory that does not grow with m."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirical.worlds.population import FinitePopulation

DISTINCT = 8
"""Beyond this many times N rows a sample is trained on as the population's rows with their counts."""

DRAWN = 2**22
"""Samples up to this size are drawn row by row."""

LARGEST = 2**32 - 1
"""The largest sample size: a stream's counter has 32 bits for each of two of them."""


def sample_mass(
    population: FinitePopulation, generators: Sequence[np.random.Generator], m: int
) -> Tensor:
    """The mass [T, N] of one sample of size m from each generator: counts / m, float64.

    Examples
    --------
    >>> from empirical import datasets
    >>> from empirical.worlds.population import finite_population
    >>> population = finite_population(datasets.digits())
    >>> mass = sample_mass(population, [np.random.default_rng(0)], 10)
    >>> mass.shape, round(float(mass.sum()), 9), round(float(mass.max()), 9)
    (torch.Size([1, 1797]), 1.0, 0.1)
    """
    return mass_of([row_counts(population, generator, m) for generator in generators], population)


def row_counts(
    population: FinitePopulation, generator: np.random.Generator, m: int
) -> NDArray[np.int64]:
    """How often each row occurs in an i.i.d. sample of size m: [N].

    Up to `DRAWN` rows these are the rows of `population.draw`; beyond, the counts are drawn as such,
    one multinomial draw of the same law.

    Examples
    --------
    >>> from empirical import datasets
    >>> from empirical.worlds.population import finite_population
    >>> population = finite_population(datasets.digits())
    >>> counts = row_counts(population, np.random.default_rng(0), 10**9)
    >>> int(counts.sum()), counts.shape
    (1000000000, (1797,))
    """
    if m <= DRAWN:
        return np.bincount(population.draw(generator, m), minlength=population.rows)
    return generator.multinomial(m, np.full(population.rows, 1.0 / population.rows))


def mass_of(counts: Sequence[NDArray[np.int64]], population: FinitePopulation) -> Tensor:
    """Counts of rows as the mass that each sample puts on the population's rows, [T, N]."""
    stacked = np.stack(counts)
    sizes = stacked.sum(axis=1, keepdims=True)
    return torch.from_numpy(stacked / sizes).to(population.targets.device)
