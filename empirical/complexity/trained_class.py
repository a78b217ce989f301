"""Rademacher complexity of the trained class as an interval: found from below, analytic from above.

Convention 1/m, no absolute value, vector form R^c for c outputs (Maurer 2016). A supremum found by
optimisation is a lower bound on the supremum, its mean over a few (S, sigma) has a Monte Carlo
error on top, and the analytic bound closes the other side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bounds import rademacher
from bounds.domains import at_least
from empirical import erm
from empirical.complexity.outputs import outputs_suprema
from empirical.complexity.sign_averages import deviation
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack, Subsets
from empirical.fusion.starts import initial_weights
from empirical.losses import LOSSES, Loss, weighted_risk
from empirical.sampling import row_counts
from empirical.statistics.intervals import Estimate, Interval, mean_estimate
from empirical.streams import stream
from empirical.worlds.population import FinitePopulation

MISS = 1e-3
"""The probability with which one Monte Carlo lower end may fail; counted once per complexity."""

SUMMED = 1
"""A sample of more than this many times N rows is replaced by sums of signs, one for each of the N rows."""


@dataclass(frozen=True)
class Complexity:
    """R_m of one subset's class at one m.

    Parameters
    ----------
    outputs
        Of the class itself, R^c_m(F_M).
    loss
        Of the loss class, R_m(loss o F_M). Its upper end is contraction applied to the analytic bound of
        `outputs`. Both upper ends are infinite if no such bound is known.
    found_outputs, found_loss
        Mean of the suprema found, with Student's t interval, for information.
    """

    outputs: Interval
    loss: Interval
    found_outputs: Estimate
    found_loss: Estimate


def complexities(
    population: FinitePopulation,
    subsets: Subsets,
    cls: FusionClass,
    loss: str | Loss,
    m: int,
    *,
    seed: int,
    draws: int = 8,
) -> list[Complexity]:
    """The complexity of every subset's class at sample size m, from `draws` pairs (S, sigma).

    The lower ends hold with probability 1 - MISS each. Changing one row or its signs moves a supremum by
    at most 2 sup|<sigma, f>| / m <= 2 sqrt(c) F / m, F the prediction radius (2 C / m for the loss
    class): McDiarmid's inequality over the m rows of all draws bounds how far their mean is above its
    expectation. The ends are never below 0: E sup >= sup E = 0. For a sample larger than the population
    the sums of the signs of each row are drawn instead: time and memory are bounded by N.

    Parameters
    ----------
    population, subsets, cls, loss
        The classes and the rows that samples are drawn from.
    m
        The sample size.
    seed
        The same seed gives the same numbers.
    draws
        How many suprema are averaged.

    Raises
    ------
    ValueError
        If draws or m is not positive, or for a loss that does not fit the task.

    Examples
    --------
    >>> from empirical.datasets.dataset import from_arrays
    >>> from empirical.worlds.population import finite_population
    >>> from empirical.losses import SQUARES
    >>> x = np.arange(8.0)[:, None]
    >>> population = finite_population(from_arrays({"a": x, "b": x**2}, np.sin(x[:, 0])))
    >>> cls = FusionClass(width=2, encoder_radius=1.0, head_radius=1.0, outputs=1)
    >>> found = complexities(population, ((0,), (0, 1)), cls, SQUARES, 4, seed=0)
    >>> round(float(found[0].outputs.high), 6)      # sqrt((2 E||(x, 1)||^2 + 1) / 4), E = 2
    1.118034
    """
    at_least(1).whole("draws", draws)
    loss = LOSSES.find(loss)
    generators = [stream(seed, "signs", m, t) for t in range(draws)]
    inputs, targets, signs = _signed_samples(population, cls.outputs, m, generators)
    found = outputs_suprema(inputs, signs, subsets, cls, generators)
    # One sign per row for the loss class: the first output's.
    found_loss, _ = loss_suprema(inputs, targets, signs[:, 0], subsets, cls, loss, generators)
    radius = cls.prediction_radius(population.input_norm, modalities=len(population.inputs))
    constants = population.constants(radius, loss)
    spread = deviation(1.0, draws * m, MISS)
    result = []
    for i, members in enumerate(subsets):
        analytic = cls.complexity_bound(population.mean_square_norm(members), len(members), m)
        kind: Literal["vector", "scalar"] = "vector" if cls.outputs > 1 else "scalar"
        contracted = float("inf")
        if np.isfinite(analytic):
            contracted = float(rademacher.contraction(analytic, constants.L, outputs=kind))
        low = found[:, i].mean() - np.sqrt(cls.outputs) * radius * spread
        low_loss = found_loss[:, i].mean() - constants.C * spread
        result.append(
            Complexity(
                outputs=Interval(min(max(0.0, low), analytic), analytic),
                loss=Interval(min(max(0.0, low_loss), contracted), contracted),
                found_outputs=mean_estimate(found[:, i]),
                found_loss=mean_estimate(found_loss[:, i]),
            )
        )
    return result


def _signed_samples(
    population: FinitePopulation, outputs: int, m: int, generators: Sequence[np.random.Generator]
) -> tuple[list[Tensor], Tensor, Tensor]:
    """(S, sigma) of every draw: inputs [draws, n, D_k], targets [draws, c, n], signs [draws, c, n].

    n = m, or N for larger samples: the sum over a sample of sigma_i phi(row i) is that over the population
    of (sum of the row's signs) phi(row), and given its count a row's sum of signs is binomial. The factor
    N/m turns means over the N rows into means over the sample's m.
    """
    N, device = population.rows, population.targets.device
    if m > SUMMED * N:
        counts = [row_counts(population, g, m) for g in generators]
        sums = [
            2.0 * g.binomial(n, 0.5, (outputs, N)) - n
            for g, n in zip(generators, counts, strict=True)
        ]
        signs = torch.from_numpy(np.stack(sums) * (N / m)).to(device)
        inputs = [x.expand(len(generators), -1, -1) for x in population.inputs]
        return inputs, population.targets.mT.expand(len(generators), -1, -1), signs
    rows = torch.from_numpy(np.stack([population.draw(g, m) for g in generators])).to(device)
    signs = torch.from_numpy(
        np.stack([2.0 * g.integers(0, 2, (outputs, m)) - 1.0 for g in generators])
    ).to(device)
    return [x[rows] for x in population.inputs], population.targets[rows].mT, signs


def loss_suprema(
    inputs: Sequence[Tensor],
    targets: Tensor,
    signs: Tensor,
    subsets: Subsets,
    cls: FusionClass,
    loss: str | Loss,
    generators: Sequence[np.random.Generator],
    *,
    steps: int = 30,
) -> tuple[NDArray[np.float64], Stack]:
    """sup over F_M of (1/m) sum_i sigma_i loss(f(x_i), y_i), from below.

    The search is empirical risk minimisation with the rows' losses weighted by -sigma_i. The zero
    function counts too.

    Parameters
    ----------
    inputs
        Per modality [draws, m, D_k] float64.
    targets, signs
        [draws, c, m] and [draws, m].

    Returns
    -------
    suprema
        [draws, subsets].
    stack
        The models that the search ended at.

    Examples
    --------
    >>> from empirical.losses import SQUARES
    >>> cls = FusionClass(width=1, encoder_radius=1.0, head_radius=1.0, outputs=1)
    >>> x, sign = torch.zeros(1, 1, 1).double(), torch.ones(1, 1).double()
    >>> draws = [np.random.default_rng(0)]
    >>> found, _ = loss_suprema([x], x + 2.0, sign, ((0,),), cls, SQUARES, draws)
    >>> found.round(1).tolist()                             # (f - 2)^2 at f = -1, by the bias alone
    [[9.0]]
    """
    loss = LOSSES.find(loss)
    encoders, heads = initial_weights(generators, subsets, [x.shape[2] for x in inputs], cls)
    stack = erm.fit(
        [x.float() for x in inputs],
        targets.float().contiguous(),
        subsets,
        cls,
        encoders,
        heads,
        objective=loss,
        weights=-signs.float(),
        steps=steps,
        learning_rate=0.05,
    ).stack
    mass = signs / signs.shape[1]
    zero = weighted_risk(loss.row_losses(torch.zeros_like(targets), targets), mass)
    columns = []
    for i in range(len(subsets)):
        z = stack.features(i, [x.mT for x in inputs])
        predictions = stack.heads[i].double() @ z
        values = weighted_risk(loss.row_losses(predictions, targets), mass)
        columns.append(torch.maximum(values, zero))
    return torch.stack(columns, dim=1).cpu().numpy(), stack
