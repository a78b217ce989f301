"""Measure trials: draw S, train the stack, fit certified heads, evaluate on the population.

Trials are computed in fixed blocks that start at multiples of `blocks.block_size`. A batched product
may round differently when its batch changes, so a trial is always computed in the same company:
numbers do not depend on how many trials were asked for, on chunks, workers or a resumed run (for a
given count of torch's threads).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirical import erm
from empirical.blocks import local_size
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack, Subsets
from empirical.fusion.starts import initial_weights
from empirical.losses import LOSSES, Loss, weighted_risk
from empirical.measurement import CONSTANTS, ON_SAMPLE, Measurement
from empirical.quality import fast_rate, mixture
from empirical.quality.frozen_encoder import Features, FittedHead, uniform_mass
from empirical.sampling import DISTINCT, LARGEST, mass_of, sample_mass
from empirical.statistics.intervals import Interval
from empirical.streams import stream
from empirical.worlds.population import FinitePopulation, single

SAME, FRESH, FREE = "same", "fresh", "free"
"""Heads: in the ball, on the encoder's own sample S; in the ball, on an independent sample S_2;
plain least squares without a radius, on S_2 (the fast-rate bound's)."""


@dataclass(frozen=True)
class TrainingPlan:
    """What is trained and how; together with the population and the seed it fixes every number.

    Parameters
    ----------
    subsets
        The subsets of modalities (indices) whose models are trained.
    bounded
        Indices of the subsets that appear as M, whose fast-rate constants are needed.
    """

    subsets: Subsets
    bounded: tuple[int, ...]
    cls: FusionClass
    loss: Loss
    steps: int
    learning_rate: float
    seed: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "loss", LOSSES.find(self.loss))


@dataclass(frozen=True)
class Reference:
    """The fixed function that stands for h* o g*.

    Parameters
    ----------
    losses
        [N] float64, its loss on every row of the population.
    risk
        Their mean, its exact risk.
    """

    losses: Tensor
    risk: float


def fit_reference(population: FinitePopulation, plan: TrainingPlan, steps: int = 200) -> Reference:
    """Fit the class on the whole population with all modalities, before any sample is drawn.

    On real data h* o g* is unknown. Theorem 2 holds for any one fixed function with losses in
    [0, C]; this one lies in the class (theory, section 6).
    """
    everything = tuple(range(len(population.inputs)))
    dims = [x.shape[1] for x in population.inputs]
    start = initial_weights([stream(plan.seed, "reference")], (everything,), dims, plan.cls)
    stack = erm.fit(
        [single(x)[None] for x in population.inputs],
        population.targets.mT.float()[None].contiguous(),
        (everything,),
        plan.cls,
        *start,
        objective=plan.loss,
        steps=steps,
        learning_rate=plan.learning_rate,
    ).stack
    features = features_of(stack, 0, population, plan)
    best = features.fit(uniform_mass(population.rows, features.z))
    losses = plan.loss.row_losses((best.weights @ features.z)[0], population.targets.mT)
    return Reference(losses, float(losses.mean()))


def features_of(
    stack: Stack, index: int, population: FinitePopulation, plan: TrainingPlan
) -> Features:
    """The features of one subset's models on every row of the population, [T, p, N] float64."""
    z = stack.features(index, [x.mT for x in population.inputs])
    return Features(z, population.targets.mT, plan.cls.head_radius, plan.loss)


def measure(
    population: FinitePopulation,
    reference: Reference,
    plan: TrainingPlan,
    m: int,
    head_sizes: Sequence[int],
    trials: range,
) -> pd.DataFrame:
    """Measure trials at sample size m; one row per (trial, subset, head) of float64 columns.

    Columns: trial, m, subset (index), head ("same" | "fresh" | "free"), m_head; risk_low,
    risk_high, the population risk; empirical_risk, on the head's sample; best_low, best_high, the
    least risk over the heads of that kind; slack, the certified optimality gap of the head on its
    sample; reference_empirical, the reference function's mean loss on that sample; for free heads
    also kappa, and for the subsets in `plan.bounded` V, v_norm, v_frobenius, v_max, leverage, p,
    theta, V_hat, inflation (NaN elsewhere). Free heads exist for least squares only; fresh ones where
    m_2 differs from m. Rows come block by block, in a block by subset, head and trial.

    Memory is bounded by N, whatever m (`empirical.sampling`).

    Parameters
    ----------
    head_sizes
        Sizes m_2 of the fresh samples on which further heads are fitted, encoders unchanged.

    Raises
    ------
    ValueError
        If no trial is asked for or one is negative, or a size is not positive or above
        `sampling.LARGEST`.

    Examples
    --------
    >>> from empirical.datasets.dataset import from_arrays
    >>> from empirical.losses import SQUARES
    >>> from empirical.worlds.population import finite_population
    >>> x = np.arange(8.0)[:, None]
    >>> population = finite_population(from_arrays({"a": x, "b": x**2}, np.sin(x[:, 0])))
    >>> cls = FusionClass(width=2, encoder_radius=1.0, head_radius=1.0, outputs=1)
    >>> plan = TrainingPlan(((0,), (0, 1)), (1,), cls, SQUARES, 5, 0.02, seed=0)
    >>> reference = fit_reference(population, plan, steps=5)
    >>> frame = measure(population, reference, plan, 16, [32], range(3))
    >>> frame.groupby("head")["trial"].count().to_dict()             # 3 trials of 2 subsets each
    {'free': 6, 'fresh': 6, 'same': 6}
    >>> bool((frame.best_high <= frame.risk_high).all())
    True
    """
    return pd.concat(
        measure_blocks(population, reference, plan, m, head_sizes, trials), ignore_index=True
    )


def measure_blocks(
    population: FinitePopulation,
    reference: Reference,
    plan: TrainingPlan,
    m: int,
    head_sizes: Sequence[int],
    trials: range,
) -> Iterator[pd.DataFrame]:
    """The rows of `measure`, one frame per block of trials: whoever stops early has whole blocks."""
    if not trials or min(trials) < 0:
        raise ValueError(f"trials must be a range of nonnegative integers, got {trials}")
    for name, sizes in (("m", [m]), ("head_sizes", head_sizes)):
        for each in sizes:
            if not 1 <= each <= LARGEST:
                raise ValueError(f"{name} must be positive and at most {LARGEST}, got {each}")
    size = local_size(population, plan.subsets, plan.cls, m)
    for start in range(trials.start - trials.start % size, trials.stop, size):
        block = range(start, start + size)
        frames: list[pd.DataFrame] = []
        for subset, head, m_head, found in _measure_block(
            population, reference, plan, m, head_sizes, block
        ):
            place = {"trial": block, "m": m, "subset": subset, "head": head, "m_head": m_head}
            frames.append(pd.DataFrame({**place, **found.columns()}))
        frame = pd.concat(frames, ignore_index=True)
        yield frame[frame.trial.isin(trials)].reset_index(drop=True)


def train(
    population: FinitePopulation, plan: TrainingPlan, m: int, block: range
) -> tuple[Stack, Tensor]:
    """Draw S for each trial of the block and train the stack on it; also its mass [T, N].

    A trial's sample and start depend on (plan.seed, m, trial) alone. A sample much larger than
    the population repeats its rows: its mean loss is that of the N rows weighted by their counts,
    so that training on these is the same and takes memory for N rows only.
    """
    N = population.rows
    samples = [stream(plan.seed, "sample", m, t) for t in block]
    dims = [x.shape[1] for x in population.inputs]
    start = initial_weights(
        [stream(plan.seed, "initial weights", m, t) for t in block],
        plan.subsets,
        dims,
        plan.cls,
    )
    weights = None
    if m > DISTINCT * N:
        mass = sample_mass(population, samples, m)
        inputs = [single(x).expand(len(block), -1, -1) for x in population.inputs]
        targets = population.targets.float().mT.repeat(len(block), 1, 1)
        weights = (N * mass).float()
    else:
        drawn = np.stack([population.draw(generator, m) for generator in samples])
        mass = mass_of([np.bincount(each, minlength=N) for each in drawn], population)
        rows = torch.from_numpy(drawn).to(population.targets.device)
        inputs = [single(x, rows) for x in population.inputs]
        targets = population.targets[rows].float().mT.contiguous()
    fitted = erm.fit(
        inputs,
        targets,
        plan.subsets,
        plan.cls,
        *start,
        objective=plan.loss,
        weights=weights,
        steps=plan.steps,
        learning_rate=plan.learning_rate,
    )
    return fitted.stack, mass


def _measure_block(
    population: FinitePopulation,
    reference: Reference,
    plan: TrainingPlan,
    m: int,
    head_sizes: Sequence[int],
    block: range,
) -> Iterator[tuple[int, str, int, Measurement]]:
    """Subset, kind of head, size of its sample, and what was measured, one entry per trial."""
    stack, mass = train(population, plan, m, block)
    fresh_mass = {
        size: sample_mass(
            population, [_fresh_stream(plan.seed, m, size, trial) for trial in block], size
        )
        for size in head_sizes
    }
    for index in range(len(plan.subsets)):
        features = features_of(stack, index, population, plan)
        on_sample = features.fit(mass, start=stack.heads[index].double())
        best = features.fit(uniform_mass(population.rows, mass), start=on_sample.weights)
        yield index, SAME, m, _on_ball(features, on_sample, best, mass, reference)
        for size, its_mass in fresh_mass.items():
            if size != m:
                fitted = features.fit(its_mass, start=best.weights)
                yield index, FRESH, size, _on_ball(features, fitted, best, its_mass, reference)
        if plan.loss.quadratic and fresh_mass:
            white = fast_rate.whiten(features)
            constants = fast_rate.constants(white) if index in plan.bounded else None
            for size, its_mass in fresh_mass.items():
                yield index, FREE, size, _free(white, constants, its_mass, reference)


def _on_ball(
    features: Features, head: FittedHead, best: FittedHead, mass: Tensor, reference: Reference
) -> Measurement:
    law = uniform_mass(features.z.shape[2], mass)
    risk = features.certified_risk(head.weights, law).interval
    return Measurement(
        population_risk=risk,
        best_risk=best.least(torch.from_numpy(risk.high).to(best.risk)),
        empirical_risk=_numpy(head.risk),
        slack=_numpy(head.gap),
        reference_empirical=_numpy(weighted_risk(reference.losses, mass)),
    )


def _free(
    white: fast_rate.Whitened,
    constants: fast_rate.Constants | None,
    mass: Tensor,
    reference: Reference,
) -> Measurement:
    head = fast_rate.fresh_heads(white, mass)
    noise = {"kappa": _numpy(head.kappa)}
    if constants is not None:
        on_sample = mixture.sample_noise(white, constants, mass)
        noise |= {name: _numpy(getattr(constants, name).double()) for name in CONSTANTS}
        noise |= {name: _numpy(getattr(on_sample, name)) for name in ON_SAMPLE}
    return Measurement(
        population_risk=Interval(_numpy(head.risk_low), _numpy(head.risk_high)),
        best_risk=Interval(_numpy(white.best_low), _numpy(white.best_high)),
        empirical_risk=_numpy(head.empirical_risk),
        slack=np.zeros(len(mass)),
        reference_empirical=_numpy(weighted_risk(reference.losses, mass)),
        noise=noise,
    )


def _fresh_stream(seed: int, m: int, size: int, trial: int) -> np.random.Generator:
    """S_2 is independent of S and of every other head size: both sizes name its stream."""
    return stream(seed, "head sample", m * 2**32 + size, trial)


def _numpy(tensor: Tensor) -> NDArray[np.float64]:
    return tensor.cpu().numpy()
