"""Facts from trained networks: teacher worlds, random features, and digits, resampled.

Populations are finite: risks are exact averages, the least risk over heads is certified.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from threading import RLock
from typing import Any, Literal

import numpy as np
import torch
from tqdm import tqdm

from bounds import rademacher
from empirical import datasets, losses
from empirical.complexity.trained_class import MISS
from empirical.fusion.classes import FusionClass
from empirical.measure import FREE, FRESH, SAME
from empirical.measurement import CONSTANTS, ON_SAMPLE
from empirical.quality import fast_rate, mixture
from empirical.quality.frozen_encoder import Features
from empirical.statistics.intervals import Interval
from empirical.worlds.networks import StackWorld
from empirical.worlds.teacher import teacher_world
from empirical.worlds.trials import Trials
from verify.claims.evidence.facts import Drawn, Facts, Subset, drawn, generator
from verify.findings.forms import Place
from verify.results.results import Results
from verify.study import Study
from verify.verdicts.compare import ROUNDING, interval_without_rounding, without_rounding

BOTH: Subset = ("a", "b")
ONE: Subset = ("a",)


@dataclass(frozen=True)
class Teacher:
    """A teacher world with a loss, and the words for it."""

    loss: losses.Loss
    outputs: int
    words: str


SQUARES = Teacher(losses.SQUARES, 1, "one output, squared loss")
SOFTMAX = Teacher(losses.SOFTMAX, 3, "three classes, softmax")


@lru_cache(maxsize=2)
def _world(teacher: Teacher) -> StackWorld:
    """Twenty-four rows of two features per modality; labels from a network of the class."""
    rows = np.random.default_rng(24).uniform(-1, 1, (2, 24, 2))
    cls = FusionClass(width=4, encoder_radius=1.0, head_radius=2.0, outputs=teacher.outputs)
    return teacher_world({"a": rows[0], "b": rows[1]}, cls, loss=teacher.loss, noise=0.5)


def _taught(teacher: Teacher, m: int, trials: int, seed: int) -> tuple[StackWorld, Trials, Trials]:
    """The world, and what networks on both modalities and on one gave, on the same samples."""
    world = _world(teacher)
    counts = world.draw(generator(seed, f"teacher/{teacher.loss.name}", m), m, trials)
    found = world.measure(counts, [BOTH, ONE])
    return world, found[BOTH], found[ONE]


def _of_teacher(world: StackWorld, subset: Subset, m: int) -> dict[str, Any]:
    R_M, R = (world.rademacher_complexity(each, m) for each in (subset, BOTH))
    return _stack_arguments(R_M, R, world.constants.C, world.constants.L, m, world.cls.outputs)


def teacher_gap(teacher: Teacher, m: int, trials: int, seed: int) -> Facts:
    """Theorem 1, M both modalities and N one."""
    world, M, N = _taught(teacher, m, trials, seed)
    gamma = interval_without_rounding(M.quality - N.quality)
    lhs = Interval.exact(without_rounding(M.population_risk - N.population_risk))
    known = {**_of_teacher(world, BOTH, m), "gamma": gamma}
    return Facts(lhs, known, slack=M.slack, rounding=ROUNDING)


def teacher_quality(teacher: Teacher, m: int, trials: int, seed: int) -> Facts:
    """Theorem 2 for M one modality."""
    world, _, one = _taught(teacher, m, trials, seed)
    known = {**_of_teacher(world, ONE, m), "L_hat": one.centred_loss}
    return Facts(one.quality, known, rounding=ROUNDING)


def teacher_gamma(teacher: Teacher, m: int, trials: int, seed: int) -> Facts:
    """γ itself."""
    _, M, N = _taught(teacher, m, trials, seed)
    return Facts(interval_without_rounding(M.quality - N.quality))


def _of(
    teacher: Teacher, what: str, facts: Callable[[Teacher, int, int, int], Facts], subject: str
) -> Drawn:
    words = f"labels from a network of the class, networks trained, {teacher.words}; {subject}"
    bundle = f"teacher/{teacher.loss.name}"
    made = drawn(
        f"{bundle}/{what}", words, (64, 256), "finite population", trials=250, bundle=bundle
    )
    return made(partial(facts, teacher))


_PAIR, _ONE = "M both modalities, N one", "M one modality"
SQUARES_GAP = _of(SQUARES, "gap", teacher_gap, _PAIR)
SOFTMAX_GAP = _of(SOFTMAX, "gap", teacher_gap, _PAIR)
SQUARES_QUALITY = _of(SQUARES, "quality", teacher_quality, _ONE)
SOFTMAX_QUALITY = _of(SOFTMAX, "quality", teacher_quality, _ONE)
SQUARES_GAMMA = _of(SQUARES, "gamma", teacher_gamma, _PAIR)


@drawn(
    "population/relu",
    "600 rows, least squares on random ReLU features; N has its best head",
    m=(1000, 4000),
    grade="finite population",
)
def random_features(m_head: int, trials: int, seed: int) -> Facts:
    """Plain least squares on twelve random ReLU features of 600 rows: constants exact, heads fresh."""
    white = _population()
    constants = fast_rate.constants(white)
    draw = generator(seed, "population/relu", m_head)
    rows = white.w.shape[2]
    mass = torch.from_numpy(draw.multinomial(m_head, np.full(rows, 1 / rows), trials) / m_head)
    repeated = replace(
        white,
        w=white.w.expand(trials, -1, -1),
        kept=white.kept.expand(trials, -1),
        head=white.head.expand(trials, -1, -1),
    )
    each = fast_rate.Constants(**{k: v.expand(trials) for k, v in vars(constants).items()})
    fresh = fast_rate.fresh_heads(repeated, mass)
    on_sample = mixture.sample_noise(repeated, each, mass)
    best = float(white.best)
    excess = Interval(
        without_rounding(fresh.risk_low.numpy() - best),
        without_rounding(fresh.risk_high.numpy() - best),
    )
    known: dict[str, Any] = {name: float(getattr(constants, name)) for name in CONSTANTS}
    known |= {name: getattr(on_sample, name).numpy() for name in ON_SAMPLE}
    known["theta"] = float(on_sample.theta[0])
    known |= {"gamma": 0.0, "kappa": fresh.kappa.numpy(), "m_head": m_head}
    return Facts(excess, known, rounding=ROUNDING)


@lru_cache(maxsize=1)
def _population() -> fast_rate.Whitened:
    rng = np.random.default_rng(600)
    x = rng.normal(size=(600, 6))
    z = np.column_stack([np.maximum(x @ rng.normal(size=(6, 12)), 0), np.ones(600)])
    y = np.tanh(x @ rng.normal(size=(6, 2))) + rng.uniform(-0.5, 0.5, (600, 2))
    features = Features(
        torch.from_numpy(z.T.copy())[None], torch.from_numpy(y.T.copy()), 1.0, losses.SQUARES
    )
    return fast_rate.whiten(features)


# ---- digits in quadrants


def _place(head: str, m: int, trials: int, seed: int) -> Place:
    """Networks on all four quadrants, M, and on the first, N, with one kind of heads."""
    results = _study(trials, seed)
    ((M, N),) = results.design.family.pairs
    (setting,) = (each for each in results.settings(head) if each.m_head == m)
    return Place(results, setting, M, N)


def _gap(place: Place) -> Interval:
    return interval_without_rounding(place.one.population_risk - place.other.population_risk)


def _of_class(place: Place) -> dict[str, Any]:
    """The arguments that the class and the size of the head's sample give."""
    design, size = place.results.design, place.size
    L, c = design.constants.L, design.population.outputs
    # Features are no longer than what the class allows, so that the head's class is linear.
    longest = design.cls.prediction_radius(design.population.input_norm, modalities=len(place.M))
    linear = rademacher.linear(
        radius=design.cls.head_radius,
        mean_square_norm=(longest / design.cls.head_radius) ** 2,
        m=size,
        outputs=c,
    )
    R_M, R = place.complexity(), place.complexity(everything=True)
    return {
        **_stack_arguments(R_M, R, place.C, L, size, c),
        "R_loss": place.complexity(loss_class=True),
        "R_loss_head": Interval(0.0, rademacher.contraction(linear, L, outputs="vector")),
        "m_head": size,
    }


@lru_cache(maxsize=1)
def _study(trials: int, seed: int) -> Results:
    data = datasets.digits()
    # The progress bar's own lock is a semaphore between processes, which a pool's end leaves behind.
    tqdm.set_lock(RLock())
    return Study(
        data,
        pairs=[(data.names, data.names[:1])],
        m=[64],
        head_m=[2000],
        trials=trials,
        steps=20,
        seed=seed,
        device="cpu",
    ).run(workers=1)


def _stack_arguments(
    R_M: Interval, R: Interval, C: float, L: float, m: int, outputs: int
) -> dict[str, Any]:
    """Arguments of the forms for several outputs; for one output also of the others, R^c being R."""
    kind: Literal["scalar", "vector"] = "scalar" if outputs == 1 else "vector"
    known: dict[str, Any] = {
        "R_vector_M": R_M,
        "R_vector": R,
        "R_loss": Interval(0.0, rademacher.contraction(float(R_M.high), L, outputs=kind)),
        "C": C,
        "L": L,
        "m": m,
    }
    return known | ({"R_M": R_M, "R": R} if outputs == 1 else {})


on_digits = partial(drawn, grade="real data", trials=250, bundle="digits")
WORDS = "digits in quadrants, networks trained at m = 64; M all four quadrants"


def _digits_gap(head: str, m: int, trials: int, seed: int) -> Facts:
    """Theorem 1 for heads on the ball."""
    place = _place(head, m, trials, seed)
    known = {**_of_class(place), "gamma": place.gamma}
    return Facts(_gap(place), known, slack=place.one.slack, rounding=ROUNDING)


# Theorems 1 and 2 take the lower end of one complexity each, an average over drawn signs.
@on_digits("digits/same/gap", f"{WORDS}, N one; heads on the ball", m=(64,), miss=MISS)
def digits_gap(m: int, trials: int, seed: int) -> Facts:
    """Theorem 1 for heads on the encoder's own sample."""
    return _digits_gap(SAME, m, trials, seed)


@on_digits(
    "digits/fresh/gap", f"{WORDS}, N one; heads on the ball, fitted on fresh samples", m=(2000,)
)
def digits_fresh(m: int, trials: int, seed: int) -> Facts:
    """Theorem 1 for heads on a fresh sample."""
    return _digits_gap(FRESH, m, trials, seed)


@on_digits(
    "digits/free/gap", f"{WORDS}, N one; plain least-squares heads on fresh samples", m=(2000,)
)
def digits_free(m: int, trials: int, seed: int) -> Facts:
    """Theorem 1 for plain least squares on a fresh sample."""
    place = _place(FREE, m, trials, seed)
    known = {**place.one.noise, "m_head": m, "gamma": place.gamma}
    return Facts(_gap(place), known, rounding=ROUNDING)


@on_digits("digits/same/quality", WORDS, m=(64,), miss=MISS)
def digits_quality(m: int, trials: int, seed: int) -> Facts:
    """Theorem 2 for M."""
    place = _place(SAME, m, trials, seed)
    return Facts(place.eta, {**_of_class(place), "L_hat": place.L_hat}, rounding=ROUNDING)


@on_digits("digits/same/gamma", f"{WORDS}, N one", m=(64,))
def digits_gamma(m: int, trials: int, seed: int) -> Facts:
    """γ itself."""
    return Facts(_place(SAME, m, trials, seed).gamma)
