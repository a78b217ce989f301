"""The specification of a study: subset pairs x sample sizes x independent trials on one population.

Everything that fixes the numbers (data, class, seed, sizes) is in the `Design`. delta is applied to the
stored measurements afterwards, and more trials extend a study without changing the trials it has.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import metadata
from typing import Any

import torch

from bounds.domains import FINITE_POSITIVE, PROBABILITY, at_least, one_of
from bounds.losses import LossConstants
from empirical import erm
from empirical.datasets.dataset import Dataset
from empirical.fusion.classes import FusionClass
from empirical.fusion.operations import CONCATENATION, OPERATIONS, Operation
from empirical.losses import LOSSES, SQUARES, Loss
from empirical.measure import TrainingPlan
from empirical.modalities import Family, default_family, family_from_pairs
from empirical.sampling import LARGEST
from empirical.worlds.population import (
    FinitePopulation,
    binary_targets,
    finite_population,
)
from verify.verdicts.coverage import trials_needed

DEFAULT_M = (64, 256, 1024)
DEFAULT_HEAD_M = (8000,)
DEFAULT_DELTA = (0.1, 0.05)
LEAST_TRIALS = 250
HIDDEN_UNITS = 32
ENCODER_RADIUS = 3.0


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
        "cpu" or "cuda".
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

    def enough_trials(self) -> int:
        """The trials with which every claim can be supported at every delta, if none is violated."""
        tests = max(self.tests(of_pairs=True), self.tests(of_pairs=False))
        # Theorem 1 may fail with delta/2, the smaller of the two levels.
        return max(LEAST_TRIALS, trials_needed(min(self.delta) / 2, tests))

    def tests(self, of_pairs: bool) -> int:
        """How many tests one claim consists of: (pairs or subsets) x sizes x deltas."""
        if of_pairs:
            return len(self.family.pairs) * (len(self.m) + len(self.head_m)) * len(self.delta)
        return len(self.family.subsets) * len(self.m) * len(self.delta)

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
            "task": self.data.task,
            "rows": self.population.rows,
            "modalities": {n: int(x.shape[1]) for n, x in self.data.modalities.items()},
            "classes": list(self.data.classes),
            "dropped_columns": {n: list(c) for n, c in self.data.dropped.items()},
            "clipped_rows": dict(zip(self.data.names, self.population.clipped, strict=True)),
            "target_scale": self.population.target_scale,
            "target_radius": self.population.target_radius,
            "loss": self.loss.name,
            "pairs": [[list(M), list(N)] for M, N in self.family.pairs],
            "subsets": [list(s) for s in self.family.subsets],
            "m": list(self.m),
            "head_m": list(self.head_m),
            "delta": list(self.delta),
            "trials": self.trials,
            "seed": self.seed,
            "device": self.device,
            # The two differ by float32 rounding: a study is not continued with the other.
            "engine": erm.choice(self.cls, self.loss, self.device).name,
            "fusion": self.cls.operation.name,
            "fusion_words": self.cls.operation.words.format(radius=f"{self.cls.encoder_radius:g}"),
            "depth": self.cls.depth,
            "width": self.cls.width,
            "outputs": self.cls.outputs,
            "encoder_radius": self.cls.encoder_radius,
            "head_radius": self.cls.head_radius,
            "input_norm": self.population.input_norm,
            "prediction_radius": self.prediction_radius,
            "C": self.constants.C,
            "L": self.constants.L,
            "steps": self.steps,
            "learning_rate": self.learning_rate,
        }

    def identity(self) -> dict[str, Any]:
        """All that fixes a trial's numbers; trials and delta are left out on purpose."""
        named = ("trials", "delta", "data", "description", "fusion_words")
        return {
            **{k: v for k, v in self.config().items() if k not in named},
            "population": self.population.fingerprint(),
            "version": metadata.version("multimodal-bounds"),
        }

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the study's identity."""
        return hashlib.sha256(json.dumps(self.identity(), sort_keys=True).encode()).hexdigest()


def resolved(
    data: Dataset,
    pairs: Iterable[tuple[Iterable[str], Iterable[str]]] | None = None,
    m: Sequence[int] = DEFAULT_M,
    head_m: Sequence[int] = DEFAULT_HEAD_M,
    delta: Sequence[float] = DEFAULT_DELTA,
    trials: int | None = None,
    loss: str | Loss = SQUARES,
    seed: int = 0,
    device: str = "auto",
    fusion: str | Operation = CONCATENATION,
    depth: int = 1,
    width: int | None = None,
    encoder_radius: float = ENCODER_RADIUS,
    head_radius: float | None = None,
    steps: int = 40,
    learning_rate: float = 0.05,
) -> Design:
    """The design that a user asks for, with checked values in the place of defaults.

    Parameters
    ----------
    data
        A `Dataset`; its rows are the population, samples are drawn with replacement.
    pairs
        Pairs (M, N) of iterables of modality names; None: singles and one chain.
    m, head_m, delta, seed, steps, learning_rate
        As for `Design`.
    trials
        None: as many as can support every claim if none is violated, at least 250.
    loss
        An entry of `empirical.losses.LOSSES` or its name: "least-squares", "softmax" (classification only)
        or "logistic" (two classes only).
    device
        "auto", "cpu" or "cuda".
    fusion
        How the modalities' features become one: an entry of `OPERATIONS` or its name ("concatenation",
        "sum", "mean", "gated" or "attention").
        For the last two the forms that need a complexity bound are infinite.
    depth
        ReLU layers of an encoder; 0: linear encoders.
    width, encoder_radius, head_radius
        The class. None: 32 hidden units, shared among the modalities if they are concatenated, and the
        default radius of the loss.

    Raises
    ------
    ValueError
        Naming the argument, if one is out of its domain.
    """
    chosen_loss, operation = LOSSES.find(loss), OPERATIONS.find(fusion, "fusion")
    chosen_loss.check_task(data.task, len(data.classes))
    one_output = data.task == "regression" or chosen_loss.binary
    shared = len(data.names) if operation.side_by_side else 1
    cls = FusionClass(
        width=max(2, HIDDEN_UNITS // shared) if width is None else width,
        encoder_radius=encoder_radius,
        head_radius=chosen_loss.head_radius if head_radius is None else head_radius,
        outputs=1 if one_output else len(data.classes),
        operation=operation,
        depth=depth,
    )
    names = data.names
    chosen = Design(
        data=data,
        family=default_family(names) if pairs is None else family_from_pairs(names, pairs),
        m=_sizes("m", m, least=1),
        head_m=_sizes("head_m", head_m, least=0),
        delta=_deltas(delta),
        trials=1 if trials is None else at_least(1).whole("trials", trials),
        loss=chosen_loss,
        cls=cls,
        seed=at_least(0, 2**64 - 1).whole("seed", seed),
        device=_device(device),
        steps=at_least(1).whole("steps", steps),
        learning_rate=FINITE_POSITIVE.number("learning_rate", learning_rate),
    )
    return chosen if trials is not None else replace(chosen, trials=chosen.enough_trials())


def _sizes(name: str, values: Sequence[int], least: int) -> tuple[int, ...]:
    listed = [values] if isinstance(values, (int, float, str)) else list(values)
    sizes = tuple(sorted({at_least(1, LARGEST).whole(name, value) for value in listed}))
    if len(sizes) < least:
        raise ValueError(f"{name} must hold at least one positive integer, got none")
    return sizes


def _deltas(values: Sequence[float]) -> tuple[float, ...]:
    listed = [values] if isinstance(values, (int, float, str)) else list(values)
    if not listed:
        raise ValueError("delta must hold at least one number in (0, 1), got none")
    return tuple(sorted({PROBABILITY.number("delta", value) for value in listed}, reverse=True))


def _device(name: str) -> str:
    one_of("device", name, ("auto", "cpu", "cuda"))
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device must be one that is there: no CUDA device was found, got 'cuda'")
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name
