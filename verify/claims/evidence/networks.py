"""Facts from trained networks: teacher worlds, random features, and digits, resampled.

Populations are finite: risks are exact averages, the least risk over heads is certified.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial
from threading import RLock
from typing import Any, Literal

import numpy as np
import torch
from tqdm import tqdm

from bounds import rademacher
from empirical import datasets
from empirical.complexity.trained_class import MISS
from empirical.erm.trainer import Loss
from empirical.fusion.classes import FusionClass
from empirical.measure import FREE, FRESH, SAME
from empirical.quality import fast_rate
from empirical.quality.frozen_encoder import Features
from empirical.statistics.intervals import Interval
from empirical.worlds.networks import StackWorld
from empirical.worlds.teacher import teacher_world
from verify.claims.claim import Facts, Source
from verify.claims.evidence.linear import generator
from verify.execution.run import Results
from verify.findings.cells import Measured, settings
from verify.study import Study
from verify.verdicts.compare import ROUNDING, interval_without_rounding, without_rounding

Subset = tuple[str, ...]
BOTH: Subset = ("a", "b")
ONE: Subset = ("a",)


@lru_cache(maxsize=2)
def _teacher(loss: Loss) -> StackWorld:
    """Twenty-four rows of two features per modality; labels from a network of the class."""
    rows = np.random.default_rng(24).uniform(-1, 1, (2, 24, 2))
    cls = FusionClass(
        width=4, encoder_radius=1.0, head_radius=2.0, outputs=1 if loss == "least-squares" else 3
    )
    inputs = {"a": rows[0], "b": rows[1]}
    return teacher_world(inputs, cls, loss=loss, noise=0.5)


def teacher(loss: Loss, what: str, m: int, trials: int, seed: int) -> Facts:
    """``what``: "gap" (Theorem 1), "quality" (Theorem 2 for M = one modality) or "gamma"."""
    world = _teacher(loss)
    counts = world.draw(generator(seed, f"teacher/{loss}", m), m, trials)
    found = world.measure(counts, [BOTH, ONE])
    M, N = found[BOTH], found[ONE]
    gamma = interval_without_rounding(M.quality - N.quality)
    if what == "gamma":
        return Facts(gamma, {"rhs": 0.0})
    subset = ONE if what == "quality" else BOTH
    known = _stack_arguments(
        world.rademacher_complexity(subset, m), world.rademacher_complexity(BOTH, m),
        world.constants.C, world.constants.L, m, world.cls.outputs,
    )  # fmt: skip
    if what == "quality":
        return Facts(N.quality, {**known, "L_hat": N.centred_loss}, rounding=ROUNDING)
    lhs = Interval.exact(without_rounding(M.population_risk - N.population_risk))
    return Facts(lhs, {**known, "gamma": gamma}, slack=M.slack, rounding=ROUNDING)


def random_features(m_head: int, trials: int, seed: int) -> Facts:
    """Plain least squares on twelve random ReLU features of 600 rows: constants exact, heads fresh."""
    white = _population()
    constants = fast_rate.constants(white)
    draw = generator(seed, "population/relu", m_head)
    rows = white.w.shape[2]
    mass = torch.from_numpy(draw.multinomial(m_head, np.full(rows, 1 / rows), trials) / m_head)
    fresh = fast_rate.fresh_heads(
        replace(
            white,
            w=white.w.expand(trials, -1, -1),
            kept=white.kept.expand(trials, -1),
            head=white.head.expand(trials, -1, -1),
        ),
        mass,
    )
    best = float(white.best)
    excess = Interval(
        without_rounding(fresh.risk_low.numpy() - best),
        without_rounding(fresh.risk_high.numpy() - best),
    )
    names = ("V", "v_norm", "v_max", "leverage", "p")
    known: dict[str, Any] = {name: float(getattr(constants, name)) for name in names}
    known |= {"gamma": 0.0, "kappa": fresh.kappa.numpy(), "m_head": m_head}
    return Facts(excess, known, rounding=ROUNDING)


@lru_cache(maxsize=1)
def _population() -> fast_rate.Whitened:
    rng = np.random.default_rng(600)
    x = rng.normal(size=(600, 6))
    z = np.column_stack([np.maximum(x @ rng.normal(size=(6, 12)), 0), np.ones(600)])
    y = np.tanh(x @ rng.normal(size=(6, 2))) + rng.uniform(-0.5, 0.5, (600, 2))
    features = Features(
        torch.from_numpy(z.T.copy())[None], torch.from_numpy(y.T.copy()), 1.0, "least-squares"
    )
    return fast_rate.whiten(features)


def digits(head: str, what: str, m: int, trials: int, seed: int) -> Facts:
    """Networks trained on digits in quadrants: M all four, N the first.

    ``head``: "same" (sample of the encoder), "fresh" (in the ball, sample of its own) or "free" (plain
    least squares, sample of its own); ``what``: "gap", "quality" (Theorem 2 for M) or "gamma".
    """
    results = _study(trials, seed)
    study, measured = results.study, Measured(results)
    ((M, N),) = study.family.pairs
    (setting,) = (each for each in settings(results, head) if each.m_head == m)
    one, other = measured.rows(setting, M), measured.rows(setting, N)
    best = Interval(one.best_low, one.best_high)
    gamma = interval_without_rounding(best - Interval(other.best_low, other.best_high))
    if what == "gamma":
        return Facts(gamma, {"rhs": 0.0})
    if head == FREE:
        names = ("V", "v_norm", "v_max", "leverage", "p", "kappa")
        known: dict[str, Any] = {name: one[name].to_numpy() for name in names}
        known |= {"m_head": setting.m_head}
    else:
        R_M, R = (measured.complexity(setting.m_head, subset) for subset in (M, study.data.names))
        C, L, c = study.constants.C, study.constants.L, study.population.outputs
        known = _stack_arguments(R_M, R, C, L, setting.m_head, c)
        known["R_loss"] = measured.complexity(setting.m_head, M, loss_class=True)
        # Features are no longer than what the class allows, so that the head's class is linear.
        longest = study.cls.prediction_radius(study.population.input_norm, modalities=len(M))
        size = setting.m_head
        linear = rademacher.linear(
            radius=study.cls.head_radius,
            mean_square_norm=(longest / study.cls.head_radius) ** 2,
            m=size,
            outputs=c,
        )
        known["R_loss_head"] = Interval(0.0, rademacher.contraction(linear, L, outputs="vector"))
        known["m_head"] = size
    if what == "quality":
        eta = best - Interval.exact(results.reference_risk)
        L_hat = one.empirical_risk.to_numpy() - one.reference_empirical.to_numpy()
        return Facts(eta, {**known, "L_hat": L_hat}, rounding=ROUNDING)
    risks = Interval(one.risk_low, one.risk_high) - Interval(other.risk_low, other.risk_high)
    slack = 0.0 if head == FREE else one.slack.to_numpy()
    known["gamma"] = gamma
    return Facts(interval_without_rounding(risks), known, slack=slack, rounding=ROUNDING)


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


def _teachers(
    what: str, losses: Sequence[Loss] = ("least-squares", "softmax")
) -> tuple[Source, ...]:
    words = {"least-squares": "one output, squared loss", "softmax": "three classes, softmax"}
    subject = "M one modality" if what == "quality" else "M both modalities, N one"
    return tuple(
        Source(
            f"teacher/{loss}/{what}",
            f"labels from a network of the class, networks trained, {words[loss]}; {subject}",
            "finite population",
            partial(teacher, loss, what),
            (64, 256),
            sampled=True,
            trials=250,
            bundle=f"teacher/{loss}",
        )
        for loss in losses
    )


TEACHER_GAPS, TEACHER_QUALITIES = _teachers("gap"), _teachers("quality")
(TEACHER_GAMMA,) = _teachers("gamma", ("least-squares",))
RANDOM_FEATURES = Source(
    "population/relu",
    "600 rows, least squares on random ReLU features; N granted its best head",
    "finite population",
    random_features,
    (1000, 4000),
    sampled=True,
)


def _digits(head: str, what: str, m: int, words: str, miss: float = 0.0) -> Source:
    return Source(
        f"digits/{head}/{what}",
        f"digits in quadrants, networks trained at m = 64; {words}",
        "real data",
        partial(digits, head, what),
        (m,),
        sampled=True,
        trials=250,
        miss=miss,
        bundle="digits",
    )


PAIR = "M all four quadrants, N one"
# Theorems 1 and 2 take the lower end of one complexity each, an average over drawn signs.
DIGITS_SAME = _digits(SAME, "gap", 64, f"{PAIR}; heads on the ball", MISS)
DIGITS_FRESH = _digits(FRESH, "gap", 2000, f"{PAIR}; heads on the ball, fitted on fresh samples")
DIGITS_FREE = _digits(FREE, "gap", 2000, f"{PAIR}; plain least-squares heads on fresh samples")
DIGITS_QUALITY = _digits(SAME, "quality", 64, "M all four quadrants", MISS)
DIGITS_GAMMA = _digits(SAME, "gamma", 64, PAIR)
