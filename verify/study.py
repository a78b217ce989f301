"""A study: subset pairs x sample sizes x independent trials on one population.

Everything that fixes the numbers (data, class, seed, sizes) is in the `Study`; delta is applied to the
stored measurements afterwards, and more trials extend a study without changing the trials it has.
"""

from __future__ import annotations

import hashlib
import json
import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch

from bounds.losses import LossConstants
from empirical import erm
from empirical.datasets.dataset import Dataset, from_arrays
from empirical.fusion.classes import FusionClass
from empirical.fusion.operations import OPERATIONS, Operation
from empirical.losses import Loss
from empirical.measure import Design
from empirical.modalities import Family, Pair, default_family, family_from_pairs
from empirical.sampling import LARGEST
from empirical.worlds.population import (
    FinitePopulation,
    binary_targets,
    check_loss,
    finite_population,
)
from verify.verdicts.coverage import trials_needed

if TYPE_CHECKING:
    from distributed import Client

    from verify.execution.run import Results

DEFAULT_M = (64, 256, 1024)
DEFAULT_HEAD_M = (8000,)
DEFAULT_DELTA = (0.1, 0.05)
LEAST_TRIALS = 250
HIDDEN_UNITS = 32
ENCODER_RADIUS = 3.0
HEAD_RADIUS = {"least-squares": 5.0, "softmax": 15.0, "logistic": 15.0}


@dataclass(frozen=True, eq=False)
class Study:
    """What is measured, on what, how often.

    data        a `Dataset`; its rows are the population, samples are drawn with replacement
    pairs       pairs (M, N) of iterables of modality names; None: singles and one chain
    m           sample sizes: the encoder and the head are fitted on the same S
    head_m      further sizes of an independent S_2 on which only heads are fitted, with the encoders
                of the largest m
    delta       confidence parameters
    trials      independent samples per m; None: as many as can support every claim when none is
                violated, at least 250
    loss        "least-squares", "softmax" (classification only) or "logistic" (two classes only)
    seed        a nonnegative integer; the same seed gives the same numbers
    device      "auto", "cpu" or "cuda"
    fusion      how the modalities' features become one: "concatenation", "sum", "mean", "gated" or
                "attention". For the last two the forms that need a complexity bound are infinite
    depth       ReLU layers of an encoder; 0: linear encoders
    width, encoder_radius, head_radius   the class; None: 32 hidden units, shared among the modalities
                where they are concatenated, and the default radius of the loss
    steps, learning_rate                 of the encoder's training (Adam)

    Raises ValueError, naming the argument, where one is out of its domain.
    """

    data: Dataset
    pairs: Iterable[tuple[Iterable[str], Iterable[str]]] | None = None
    m: Sequence[int] = DEFAULT_M
    head_m: Sequence[int] = DEFAULT_HEAD_M
    delta: Sequence[float] = DEFAULT_DELTA
    trials: int | None = None
    loss: Loss = "least-squares"
    seed: int = 0
    device: str = "auto"
    fusion: Operation = "concatenation"
    depth: int = 1
    width: int | None = None
    encoder_radius: float = ENCODER_RADIUS
    head_radius: float | None = None
    steps: int = 40
    learning_rate: float = 0.05
    family: Family = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_loss(self.data.task, self.loss)
        if self.loss == "logistic" and len(self.data.classes) != 2:
            raise ValueError(
                f"loss logistic must go with two classes, got {len(self.data.classes)}: take softmax"
            )
        chosen: dict[str, Any] = {
            "m": _sizes("m", self.m, least=1),
            "head_m": _sizes("head_m", self.head_m, least=0),
            "delta": _deltas(self.delta),
            "seed": _integer("seed", self.seed, low=0, high=2**64 - 1),
            "steps": _integer("steps", self.steps, low=1),
            "device": _device(self.device),
            "head_radius": HEAD_RADIUS[self.loss] if self.head_radius is None else self.head_radius,
        }
        if not (self.learning_rate > 0 and math.isfinite(self.learning_rate)):
            raise ValueError(f"learning_rate must be positive and finite, got {self.learning_rate}")
        if self.fusion not in OPERATIONS:
            raise ValueError(f"fusion must be one of {', '.join(OPERATIONS)}, got {self.fusion!r}")
        chosen["depth"] = _integer("depth", self.depth, low=0)
        shared = len(self.data.names) if self.fusion == "concatenation" else 1
        width = max(2, HIDDEN_UNITS // shared) if self.width is None else self.width
        chosen["width"] = _integer("width", width, low=1)
        names = self.data.names
        family = (
            default_family(names) if self.pairs is None else family_from_pairs(names, self.pairs)
        )
        chosen |= {"family": family, "pairs": family.pairs}
        for name, value in chosen.items():
            object.__setattr__(self, name, value)
        trials = self._enough_trials() if self.trials is None else self.trials
        object.__setattr__(self, "trials", _integer("trials", trials, low=1))
        _ = self.cls  # the class checks its own radii

    def _enough_trials(self) -> int:
        """The trials with which every claim can be supported at every delta, if none is violated."""
        tests = max(self.tests("risk_gap"), self.tests("latent_quality"))
        # Theorem 1 may fail with delta/2, the smaller of the two levels.
        return max(LEAST_TRIALS, trials_needed(min(self.delta) / 2, tests))

    def tests(self, family: Literal["risk_gap", "latent_quality"]) -> int:
        """How many tests one claim consists of: (pairs or subsets) x sizes x deltas."""
        if family == "latent_quality":
            return len(self.family.subsets) * len(self.m) * len(self.delta)
        return len(self.family.pairs) * (len(self.m) + len(self.head_m)) * len(self.delta)

    @cached_property
    def population(self) -> FinitePopulation:
        """The scaled population on the CPU."""
        population = finite_population(self.data)
        return binary_targets(population) if self.loss == "logistic" else population

    @cached_property
    def cls(self) -> FusionClass:
        """The norm-bounded class that is trained."""
        one = self.data.task == "regression" or self.loss == "logistic"
        outputs = 1 if one else len(self.data.classes)
        assert self.width is not None
        assert self.head_radius is not None
        return FusionClass(
            self.width, self.encoder_radius, self.head_radius, outputs, self.fusion, self.depth
        )

    @property
    def prediction_radius(self) -> float:
        """The largest norm of a prediction on the population, whatever the subset."""
        return self.cls.prediction_radius(self.population.input_norm, len(self.data.names))

    @cached_property
    def constants(self) -> LossConstants:
        """C and L of the loss on the class, certified from the radii."""
        return self.population.constants(self.prediction_radius, self.loss)

    @cached_property
    def design(self) -> Design:
        """The study as the measuring code takes it, subsets as indices."""
        bounded = {M for M, _ in self.family.pairs}
        return Design(
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
            "loss": self.loss,
            "pairs": [[list(M), list(N)] for M, N in self.family.pairs],
            "subsets": [list(s) for s in self.family.subsets],
            "m": list(self.m),
            "head_m": list(self.head_m),
            "delta": list(self.delta),
            "trials": self.trials,
            "seed": self.seed,
            "device": self.device,
            # The two differ by float32 rounding: a study is not continued with the other.
            "engine": erm.engine_for(self.cls, self.device),
            "fusion": self.fusion,
            "depth": self.depth,
            "width": self.width,
            "outputs": self.cls.outputs,
            "encoder_radius": self.encoder_radius,
            "head_radius": self.head_radius,
            "input_norm": self.population.input_norm,
            "prediction_radius": self.prediction_radius,
            "C": self.constants.C,
            "L": self.constants.L,
            "steps": self.steps,
            "learning_rate": self.learning_rate,
        }

    def identity(self) -> dict[str, Any]:
        """All that fixes a trial's numbers; trials and delta are left out on purpose."""
        named = ("trials", "delta", "data", "description")
        return {
            **{k: v for k, v in self.config().items() if k not in named},
            "population": self.population.fingerprint(),
            "version": metadata.version("multimodal-bounds"),
        }

    def fingerprint(self) -> str:
        """SHA-256 of the study's identity."""
        return hashlib.sha256(json.dumps(self.identity(), sort_keys=True).encode()).hexdigest()

    def run(
        self,
        out: str | Path | None = None,
        *,
        resume: bool = False,
        workers: int | None = None,
        chunk: int = 32,
        progress: bool = False,
        client: Client | None = None,
    ) -> Results:
        """Measure every trial. See `verify.execution.run.run_study`."""
        from verify.execution.run import run_study

        return run_study(
            self,
            out,
            resume=resume,
            workers=workers,
            chunk=chunk,
            progress=progress,
            client=client,
        )

    def report(
        self,
        out: str | Path = "report",
        *,
        resume: bool = False,
        workers: int | None = None,
        chunk: int = 32,
        progress: bool = False,
        client: Client | None = None,
    ) -> Path:
        """Run the study, streaming its parts into `out`, and write report.html and report.json there.

        Returns the path of the page. Arguments as for `run`.
        """
        from verify.execution.folder import check_writable
        from verify.report import write_report

        check_writable(out)
        results = self.run(
            out,
            resume=resume,
            workers=workers,
            chunk=chunk,
            progress=progress,
            client=client,
        )
        return write_report(results, Path(out))


def verify_dataset(features: Any, y: Any, *, task: str | None = None, **options: Any) -> Study:
    """A study of a user's own row-aligned features.

    features  mapping of modality name to [N, d_k] array, DataFrame or tensor, or (name, array) pairs
    y         [N] target: text labels, or integers with at most 20 values, mean classification
    options   as for `Study`

    Raises ValueError, in one line, for whatever is wrong with the input.
    """
    return Study(from_arrays(features, y, task=task), **options)


def _integer(name: str, value: Any, low: int, high: int | None = None) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < low or (high and number > high):
        kind = "a positive integer" if low == 1 else f"an integer of at least {low}"
        kind += f" and at most {high}" if high else ""
        raise ValueError(f"{name} must be {kind}, got {value!r}")
    return number


def _sizes(name: str, values: Sequence[int], least: int) -> tuple[int, ...]:
    listed = [values] if isinstance(values, (int, float, str)) else list(values)
    sizes = tuple(sorted({_integer(name, value, low=1, high=LARGEST) for value in listed}))
    if len(sizes) < least:
        raise ValueError(f"{name} must hold at least one positive integer, got none")
    return sizes


def _deltas(values: Sequence[float]) -> tuple[float, ...]:
    listed = [values] if isinstance(values, (int, float, str)) else list(values)
    for value in listed:
        if isinstance(value, (str, bool)) or not 0 < value < 1:
            raise ValueError(f"delta must lie in (0, 1), got {value!r}")
    if not listed:
        raise ValueError("delta must hold at least one number in (0, 1), got none")
    return tuple(sorted({float(value) for value in listed}, reverse=True))


def _device(name: str) -> str:
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device must be auto, cpu or cuda, got {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device must be one that is there: no CUDA device was found, got 'cuda'")
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name


__all__ = ["Pair", "Study", "verify_dataset"]
