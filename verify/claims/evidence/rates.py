"""Facts about complexities and rates: which class is larger, and how a quantity falls with m."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
from scipy import stats

from bounds import latent_quality, rademacher
from empirical.statistics.intervals import Interval
from empirical.worlds.boolean.cellwise import excess_law
from empirical.worlds.boolean.classes import latent_bit
from empirical.worlds.boolean.exact import near_fair_coin, noisy_and, xor
from empirical.worlds.linear.world import linear_world
from empirical.worlds.protocol import World
from verify.claims.evidence.facts import (
    BOTH,
    SKEWED,
    Facts,
    Subset,
    cases,
    drawn,
    enumerated,
    generator,
    nested_pairs,
    other_pairs,
)
from verify.claims.evidence.linear import OVERLAP_WORLD
from verify.report.formats import plain_number
from verify.verdicts.compare import ROUNDING

SLOPE_SIZES = (64, 128, 256, 512, 1024, 2048, 4096)
TOLERANCE = 0.01
TIES = ("worst", "best")
MISS = 1e-3
"""The probability with which the interval of a measured slope may miss."""

THREE = linear_world({"a": 2, "b": 3, "c": 1}, [1.0, 0.5, 0.2, -0.3, 0.1, 0.4], overlap=0.4)
EXACT_WORLDS = (
    xor(3),
    noisy_and(3),
    SKEWED,
    latent_bit(xor(noise=0.1)),
    latent_bit(xor(), "parities"),
)


Pairs = Callable[[Iterable[str]], list[tuple[Subset, Subset]]]


def complexity_order(worlds: tuple[World[Any, Any], ...], pairs: Pairs, m: int) -> Facts:
    """R_m(F_N) against R_m(F_M) for pairs (M, N) of subsets."""
    found = [
        (world.rademacher_complexity(N, m), world.rademacher_complexity(M, m))
        for world in worlds
        for M, N in pairs(world.names)
    ]
    lhs, rhs = (_stacked(side) for side in zip(*found, strict=True))
    return Facts(lhs, weights=cases(lhs.low), rhs=rhs)


NESTED_EXACT = enumerated(
    "order/exact", "all nested pairs of subsets in five exact worlds", m=(8, 64)
)(partial(complexity_order, EXACT_WORLDS, nested_pairs))
NESTED_LINEAR = enumerated(
    "order/linear", "all nested pairs of subsets in two linear worlds", (8, 64, 512), "closed form"
)(partial(complexity_order, (THREE, OVERLAP_WORLD), nested_pairs))
NOT_NESTED = enumerated(
    "order/not-nested", "pairs of subsets in five exact worlds, N not inside M", m=(8,)
)(partial(complexity_order, EXACT_WORLDS, other_pairs))


@enumerated(
    "order/concatenation",
    "the analytic bound of the class that is trained, three modalities",
    m=(64,),
    grade="finite population",
)
def analytic_order(m: int) -> Facts:
    """The analytic bound of the concatenation class on N and on M ⊃ N, on random rows."""
    rng = np.random.default_rng(m)
    features = {name: rng.normal(size=(m, d)) for name, d in (("a", 3), ("b", 2), ("c", 4))}

    bound = partial(rademacher.fusion_empirical, encoder_radius=2.0, head_radius=3.0, outputs=4)
    value = {
        subset: float(bound(squared_norms=rademacher.squared_norms(features, subset)))
        for pair in nested_pairs(features)
        for subset in pair
    }
    lhs, rhs = np.array([(value[N], value[M]) for M, N in nested_pairs(features)]).T
    return Facts(Interval.exact(lhs), weights=cases(lhs), rhs=rhs)


def _complexity_slopes(worlds: Mapping[str, World[Any, Any]]) -> Facts:
    """|slope + ½| of ln R_m(F_M) in ln m, against a tolerance; M all modalities."""
    slopes = {
        name: _slope([float(world.rademacher_complexity(world.names, m).high) for m in SLOPE_SIZES])
        for name, world in worlds.items()
    }
    off = np.abs(np.array(list(slopes.values())) + 0.5)
    note = "slopes " + ", ".join(
        f"{plain_number(slope, digits=4)} ({name})" for name, slope in slopes.items()
    )
    return Facts(Interval.exact(off), weights=cases(off), rhs=TOLERANCE, note=note)


@enumerated("slope/exact", "maps of four, eight and four uneven cells", m=SLOPE_SIZES[-1:])
def exact_slopes(m: int) -> Facts:
    """Complexities of all maps of the cells, all m up to the one given."""
    return _complexity_slopes({"four cells": xor(), "eight cells": xor(3), "uneven cells": SKEWED})


@enumerated("slope/linear", "linear heads on a ball", m=SLOPE_SIZES[-1:], grade="closed form")
def linear_slope(m: int) -> Facts:
    """Complexities of linear heads, all m up to the one given."""
    return _complexity_slopes({"five features, overlap ½": OVERLAP_WORLD})


@enumerated(
    "slope/coin", "labels within ½/√m of a fair coin, m from 64 to 4,096", m=SLOPE_SIZES[-1:]
)
def worst_slope(m: int) -> Facts:
    """|slope + ½| of ln E[M's excess] in ln m, labels near to fair coins, ties broken by one."""
    means = []
    for size in SLOPE_SIZES:
        laws = [excess_law(near_fair_coin(size), BOTH, None, size, (t, t)) for t in TIES]
        means.append(float(np.mean([law.values @ law.probabilities for law in laws])))
    slope = _slope(means)
    off = Interval.exact([abs(slope + 0.5)])
    return Facts(
        off, weights=np.ones(1), rhs=TOLERANCE, note=f"slope {plain_number(slope, digits=4)}"
    )


@drawn(
    "slope/least-squares",
    "least squares in one world with overlap ½, m from 64 to 1,024",
    m=SLOPE_SIZES[4:5],
    trials=400,
    miss=MISS,
)
def fixed_slope(m: int, trials: int, seed: int) -> Facts:
    """The slope of ln E[M's excess] in ln m of least squares in one fixed world, from draws."""
    sizes = [size for size in SLOPE_SIZES if size <= m]
    world = OVERLAP_WORLD
    logs, variances = [], []
    for size in sizes:
        sample = world.draw(generator(seed, "slope/least-squares", size), size, trials)
        found = world.measure(sample, [world.names])[world.names]
        excess = found.population_risk - world.reference_risk - found.latent_quality
        logs.append(np.log(excess.mean()))
        variances.append(excess.var(ddof=1) / trials / excess.mean() ** 2)
    x = np.log(sizes)
    weight = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    slope = float(weight @ np.array(logs))
    half = float(stats.norm.isf(MISS / 2) * np.sqrt(weight**2 @ np.array(variances)))
    low, high = slope - half, slope + half
    at, least, most = (plain_number(x) for x in (slope, low, high))
    note = f"slope {at}, between {least} and {most}"
    return Facts(Interval([low], [high]), weights=np.ones(1), rhs=-0.5, note=note)


@enumerated(
    "identity/bounds",
    "two hundred random pairs of classes and losses",
    m=(100, 10_000),
    grade="closed form",
)
def bounds_compared(m: int) -> Facts:
    """Theorem 2's bound for M minus that for N, R_m = √(C/m) in both: many random arguments."""
    rng = np.random.default_rng(0)
    C_M, C_N = rng.uniform(0.1, 50, (2, 200))
    loss_M, loss_N = rng.uniform(-1, 1, (2, 200))
    theorem = latent_quality.paper("M")
    known = {"R": 1.0, "L": 1.5, "C": 2.0, "m": m, "delta": 0.05}
    total = [
        theorem.evaluate(L_hat=loss, R_M=np.sqrt(C / m), **known).total
        for loss, C in ((loss_M, C_M), (loss_N, C_N))
    ]
    difference = Interval.exact(np.asarray(total[0]) - np.asarray(total[1]))
    arguments = {"L_hat_M": loss_M, "L_hat_N": loss_N, "C_M": C_M, "C_N": C_N, "L": 1.5, "m": m}
    return Facts(difference, arguments, cases(C_M), rounding=ROUNDING)


def _stacked(parts: Iterable[Interval]) -> Interval:
    ends = np.array([(part.low, part.high) for part in parts])
    return Interval(*ends.T)


def _slope(values: list[float]) -> float:
    return float(np.polyfit(np.log(SLOPE_SIZES), np.log(values), 1)[0])
