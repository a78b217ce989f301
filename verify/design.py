"""The specification of a study: subset pairs x sample sizes x independent trials on one population.

Everything that fixes the numbers (data, class, seed, sizes) is in the `Design`. delta is applied to the
stored measurements afterwards, and more trials extend a study without changing its existing trials.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from functools import cached_property
from importlib import metadata
from typing import Any

from bounds.losses import LossConstants
from empirical import erm
from empirical.datasets.dataset import Dataset
from empirical.fusion.classes import FusionClass
from empirical.losses import Loss
from empirical.measure import TrainingPlan
from empirical.modalities import Family
from empirical.worlds.population import FinitePopulation, binary_targets, finite_population
from verify.verdicts.draws import needed, planned_look
from verify.verdicts.gain import UNPROVED
from verify.verdicts.shares import shares

LEAST_TRIALS = 250


@dataclass(frozen=True, eq=False)
class Design:
    """What is measured, on what, how often: all values final.

    Parameters
    ----------
    data
        Its rows are the population; samples are drawn with replacement.
    family
        The pairs (M, N) that are compared, and the subsets in them.
    m
        Sample sizes: the encoder and the head are fitted on the same S.
    head_m
        Sizes of an independent S_2 on which only heads are fitted, with the encoders of the largest m.
    delta
        Confidence parameters, the largest first.
    trials
        Independent samples per m.
    loss, cls
        The loss, and the class that is trained.
    seed
        The same seed gives the same numbers.
    device
        "cpu", "cuda", or one card such as "cuda:1".
    steps, learning_rate
        Of the encoder's training (Adam).
    """

    data: Dataset
    family: Family
    m: tuple[int, ...]
    head_m: tuple[int, ...]
    delta: tuple[float, ...]
    trials: int
    loss: Loss
    cls: FusionClass
    seed: int
    device: str
    steps: int
    learning_rate: float

    def __getstate__(self) -> dict[str, Any]:
        """What is not derived: a population of many rows is scaled again where it is needed."""
        return {each.name: getattr(self, each.name) for each in fields(Design)}

    def at(self, delta: tuple[float, ...]) -> Design:
        """The same design with other confidence parameters."""
        if delta == self.delta:
            return self
        values = {each.name: getattr(self, each.name) for each in fields(Design)}
        return Design(**{**values, "delta": delta})

    def tests(self, of_pairs: bool) -> int:
        """The number of tests of which a claim on pairs, or on subsets, consists."""
        return tests_of_a_claim(self.family, self.m, self.head_m, self.delta, of_pairs)

    def planned(self, delta: tuple[float, ...]) -> int:
        """The samples at the look that is planned for a study that was first asked for these deltas.

        They follow from what is compared, never from samples or from how many were asked for.
        """
        return enough_trials(self.family, self.m, self.head_m, delta)

    @cached_property
    def population(self) -> FinitePopulation:
        """The scaled population on the CPU."""
        population = finite_population(self.data)
        return binary_targets(population) if self.loss.binary else population

    @property
    def prediction_radius(self) -> float:
        """The largest norm of a prediction on the population, whatever the subset."""
        return self.cls.prediction_radius(self.population.input_norm, len(self.data.names))

    @cached_property
    def constants(self) -> LossConstants:
        """C and L of the loss on the class, certified from the radii."""
        return self.population.constants(self.prediction_radius, self.loss)

    @cached_property
    def plan(self) -> TrainingPlan:
        """What is trained and how, subsets as indices."""
        bounded = {M for M, _ in self.family.pairs}
        return TrainingPlan(
            subsets=tuple(self.indices(subset) for subset in self.family.subsets),
            bounded=tuple(i for i, s in enumerate(self.family.subsets) if s in bounded),
            cls=self.cls,
            loss=self.loss,
            steps=self.steps,
            learning_rate=self.learning_rate,
            seed=self.seed,
        )

    @property
    def classes(self) -> tuple[tuple[str, ...], ...]:
        """The subsets whose classes have a measured complexity: those trained, and all modalities.

        Theorem 2 charges for H∘G, the class of all modalities, whether or not it is trained.
        """
        return tuple(dict.fromkeys((*self.family.subsets, self.data.names)))

    def indices(self, subset: tuple[str, ...]) -> tuple[int, ...]:
        """The positions of a subset's modalities."""
        return tuple(self.data.names.index(name) for name in subset)

    def config(self) -> dict[str, Any]:
        """The study as plain values, for the report."""
        return {
            "data": self.data.name,
            "description": self.data.description,
            "loss": self.loss.name,
            "pairs": [[list(M), list(N)] for M, N in self.family.pairs],
            "m": list(self.m),
            "head_m": list(self.head_m),
            "delta": list(self.delta),
            "trials": self.trials,
            "seed": self.seed,
            # Cards of one kind give the same numbers.
            "device": self.device.partition(":")[0],
            # Engines and builds differ by float32 rounding: a study is not continued with another one.
            "engine": str(erm.choice(self.cls, self.loss, self.device)),
            "fusion": self.cls.operation.name,
            "fusion_words": self.cls.operation.words.format(radius=f"{self.cls.encoder_radius:g}"),
            "depth": self.cls.depth,
            "width": self.cls.width,
            "encoder_radius": self.cls.encoder_radius,
            "head_radius": self.cls.head_radius,
            "steps": self.steps,
            "learning_rate": self.learning_rate,
            **self.derived(),
        }

    def derived(self) -> dict[str, Any]:
        """The part of `config` that follows from the data and the other settings."""
        return {
            "task": self.data.task,
            "rows": self.population.rows,
            "modalities": {n: int(x.shape[1]) for n, x in self.data.modalities.items()},
            "classes": list(self.data.classes),
            "dropped_columns": {n: list(c) for n, c in self.data.dropped.items()},
            "clipped_rows": dict(zip(self.data.names, self.population.clipped, strict=True)),
            "target_scale": self.population.target_scale,
            "target_radius": self.population.target_radius,
            "subsets": [list(s) for s in self.family.subsets],
            "outputs": self.cls.outputs,
            "input_norm": self.population.input_norm,
            "prediction_radius": self.prediction_radius,
            "C": self.constants.C,
            "L": self.constants.L,
        }

    @cached_property
    def identity(self) -> dict[str, Any]:
        """All that fixes a trial's numbers, so neither delta nor the number of trials."""
        left_out = ("trials", "delta", "data", "description", "fusion_words")
        return {
            **{k: v for k, v in self.config().items() if k not in left_out},
            "population": self.population.fingerprint(),
            "version": metadata.version("multimodal-bounds"),
        }

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the study's identity."""
        return hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()


def tests_of_a_claim(
    family: Family,
    m: tuple[int, ...],
    head_m: tuple[int, ...],
    delta: tuple[float, ...],
    of_pairs: bool,
) -> int:
    """The number of tests of which one claim consists: (pairs or subsets) x sizes x deltas."""
    if of_pairs:
        return len(family.pairs) * (len(m) + len(head_m)) * len(delta)
    return len(family.subsets) * len(m) * len(delta)


def enough_trials(
    family: Family, m: tuple[int, ...], head_m: tuple[int, ...], delta: tuple[float, ...]
) -> int:
    """The trials with which every claim can be supported and every gain certified, if all agree."""
    # The tests at one delta have its share of alpha.
    tests = max(
        tests_of_a_claim(family, m, head_m, delta[:1], of_pairs) for of_pairs in (True, False)
    )
    miss = shares([delta])[delta[0]] / tests
    # Theorem 1 may fail with delta/2, the smaller of the two levels.
    level = min(min(delta) / 2, UNPROVED)
    return max(LEAST_TRIALS, needed(level, miss), planned_look(level, miss))
