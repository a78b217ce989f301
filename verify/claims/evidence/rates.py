"""Facts about complexities and rates: which class is larger, and how a quantity falls with m."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bounds import latent_quality, rademacher
from empirical.statistics.intervals import Interval
from empirical.worlds.boolean.cellwise import excess_law
from empirical.worlds.boolean.classes import latent_bit
from empirical.worlds.boolean.exact import near_fair_coin, noisy_and, xor
from empirical.worlds.linear.world import linear_world
from empirical.worlds.protocol import World
from verify.claims.claim import Facts, Source
from verify.claims.evidence.exact import BOTH, SKEWED
from verify.claims.evidence.linear import WORLDS, generator

SLOPE_SIZES = (64, 128, 256, 512, 1024, 2048, 4096)
TOLERANCE = 0.01
TIES = ("worst", "best")
MISS = 1e-3
"""The probability with which the interval of a measured slope may miss."""

_THREE = linear_world({"a": 2, "b": 3, "c": 1}, [1.0, 0.5, 0.2, -0.3, 0.1, 0.4], overlap=0.4)


def cases(values: list[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Equal weights: a statement about all of finitely many cases holds where none violates it."""
    return np.full(len(values), 1 / len(values))


def complexity_order(kind: str, nested: bool, m: int, trials: int, seed: int) -> Facts:
    """R_m(F_N) against R_m(F_M) for all pairs of subsets; N ⊂ M, or |N| ≥ |M| without N ⊂ M."""
    worlds: dict[str, list[World[Any, Any]]] = {
        "exact": [
            *(xor(3), noisy_and(3), SKEWED),
            *(latent_bit(xor(noise=0.1)), latent_bit(xor(), "parities")),
        ],
        "linear": [_THREE, WORLDS["overlap"][1]],
    }
    smaller, larger = [], []
    for world in worlds[kind]:
        names = world.names
        subsets = [s for k in range(1, len(names) + 1) for s in combinations(names, k)]
        R = {s: world.rademacher_complexity(s, m) for s in subsets}
        for M in subsets:
            for N in subsets:
                if set(N) < set(M) if nested else N != M and not set(N) < set(M):
                    smaller.append(R[N])
                    larger.append(R[M])
    lhs, rhs = _stacked(smaller), _stacked(larger)
    return Facts(lhs, {"rhs": rhs}, cases(lhs.low))


def analytic_order(m: int, trials: int, seed: int) -> Facts:
    """The analytic bound of the concatenation class on N and on M ⊃ N, on random rows."""
    rng = np.random.default_rng(m)
    features = {name: rng.normal(size=(m, d)) for name, d in (("a", 3), ("b", 2), ("c", 4))}
    subsets = [s for k in (1, 2, 3) for s in combinations(features, k)]
    value = {
        s: float(
            rademacher.fusion_empirical(
                encoder_radius=2.0,
                head_radius=3.0,
                outputs=4,
                squared_norms=rademacher.squared_norms(features, s),
            )
        )
        for s in subsets
    }
    pairs = [(value[N], value[M]) for M in subsets for N in subsets if set(N) < set(M)]
    lhs, rhs = np.array(pairs).T
    return Facts(Interval.exact(lhs), {"rhs": rhs}, cases(lhs))


def complexity_slope(kind: str, m: int, trials: int, seed: int) -> Facts:
    """|slope + ½| of ln R_m(F_M) in ln m, against a tolerance; M all modalities."""
    worlds: dict[str, dict[str, Callable[[int], Interval]]] = {
        "exact": {
            "four cells": lambda size: xor().rademacher_complexity(xor().names, size),
            "eight cells": lambda size: xor(3).rademacher_complexity(xor(3).names, size),
            "uneven cells": lambda size: SKEWED.rademacher_complexity(SKEWED.names, size),
        },
        "linear": {
            "five features, overlap ½": lambda size: WORLDS["overlap"][1].rademacher_complexity(
                WORLDS["overlap"][1].names, size
            ),
        },
    }
    slopes = {
        name: _slope([float(R(size).high) for size in SLOPE_SIZES])
        for name, R in worlds[kind].items()
    }
    off = np.abs(np.array(list(slopes.values())) + 0.5)
    note = "slopes " + ", ".join(f"{slope:.4f} ({name})" for name, slope in slopes.items())
    return Facts(Interval.exact(off), {"rhs": TOLERANCE}, cases(off), note=note)


def worst_slope(m: int, trials: int, seed: int) -> Facts:
    """|slope + ½| of ln E[M's excess] in ln m, labels near to fair coins, ties broken by one."""
    means = []
    for size in SLOPE_SIZES:
        laws = [excess_law(near_fair_coin(size), BOTH, None, size, (t, t)) for t in TIES]
        means.append(float(np.mean([law.values @ law.probabilities for law in laws])))
    slope = _slope(means)
    return Facts(
        Interval.exact([abs(slope + 0.5)]), {"rhs": TOLERANCE}, np.ones(1),
        note=f"slope {slope:.4f}",
    )  # fmt: skip


def fixed_slope(m: int, trials: int, seed: int) -> Facts:
    """The slope of ln E[M's excess] in ln m of least squares in one fixed world, from draws."""
    world = WORLDS["overlap"][1]
    logs, variances = [], []
    for size in SLOPE_SIZES[:5]:
        sample = world.draw(generator(seed, "slope/least-squares", size), size, trials)
        found = world.measure(sample, [world.names])[world.names]
        excess = found.population_risk - world.reference_risk - found.latent_quality
        logs.append(np.log(excess.mean()))
        variances.append(excess.var(ddof=1) / trials / excess.mean() ** 2)
    x = np.log(SLOPE_SIZES[:5])
    weight = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    slope = float(weight @ np.array(logs))
    half = float(stats.norm.isf(MISS / 2) * np.sqrt(weight**2 @ np.array(variances)))
    return Facts(
        Interval([slope - half], [slope + half]), {"rhs": -0.5}, np.ones(1),
        note=f"slope {slope:.3f}, between {slope - half:.3f} and {slope + half:.3f}",
    )  # fmt: skip


def bounds_compared(m: int, trials: int, seed: int) -> Facts:
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
    return Facts(difference, arguments, cases(C_M), rounding=1e-12)


def _stacked(parts: list[Interval]) -> Interval:
    return Interval([float(p.low) for p in parts], [float(p.high) for p in parts])


def _slope(values: list[float]) -> float:
    return float(np.polyfit(np.log(SLOPE_SIZES), np.log(values), 1)[0])


_SIZES = (8, 64, 512)
NESTED = (
    Source("order/exact", "all nested pairs of subsets in five exact worlds", "exact enumeration",
           partial(complexity_order, "exact", True), _SIZES[:2]),
    Source("order/linear", "all nested pairs of subsets in two linear worlds", "closed form",
           partial(complexity_order, "linear", True), _SIZES),
    Source("order/concatenation", "the analytic bound of the class that is trained, three modalities",
           "finite population", analytic_order, (64,)),
)  # fmt: skip
NOT_NESTED = Source(
    "order/not-nested", "pairs of subsets in five exact worlds, N not inside M",
    "exact enumeration", partial(complexity_order, "exact", False), (8,),
)  # fmt: skip
SLOPES = (
    Source("slope/exact", "maps of four, eight and four uneven cells", "exact enumeration",
           partial(complexity_slope, "exact"), (SLOPE_SIZES[-1],)),
    Source("slope/linear", "linear heads on a ball", "closed form",
           partial(complexity_slope, "linear"), (SLOPE_SIZES[-1],)),
)  # fmt: skip
WORST_SLOPE = Source(
    "slope/coin", "labels within ½/√m of a fair coin, m from 64 to 4,096", "exact enumeration",
    worst_slope, (SLOPE_SIZES[-1],),
)  # fmt: skip
FIXED_SLOPE = Source(
    "slope/least-squares", "least squares in one world with overlap ½, m from 64 to 1,024",
    "closed form", fixed_slope, (SLOPE_SIZES[4],), sampled=True, trials=400, miss=MISS,
)  # fmt: skip
COMPARED = Source(
    "identity/bounds", "two hundred random pairs of classes and losses", "closed form",
    bounds_compared, (100, 10_000),
)  # fmt: skip
