"""Facts about latent quality itself: the linear case, overlap, and popular beliefs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bounds import linear_case
from bounds.linear_case.counterexample import gap_exceedance
from bounds.linear_case.proof import normal_form, prove_quality_gap
from empirical.statistics.intervals import Interval
from empirical.worlds.boolean.exact import noisy_and, xor
from empirical.worlds.linear.world import linear_world
from verify.claims.claim import Facts, Grade, Source
from verify.claims.evidence.exact import COPY, SKEWED
from verify.claims.evidence.linear import generator
from verify.claims.evidence.rates import cases

BLOCKS = {"a": 2, "b": 1, "c": 2}
NAMES = tuple(BLOCKS)
SUBSETS = [s for k in (1, 2, 3) for s in combinations(NAMES, k)]
PAIRS = [(M, N) for M in SUBSETS for N in SUBSETS if M != N]
ROUNDING = 1e-9


def full_latent(nested: bool, m: int, trials: int, seed: int) -> Facts:
    """γ of random linear worlds in closed form, with heads of any radius and of a random one."""
    rng = np.random.default_rng(5)
    gaps = []
    for _ in range(40 if nested else 15):
        root = rng.normal(size=(5, 5)) * rng.exponential(size=5)
        w, radius = rng.normal(size=5), float(rng.exponential())
        pairs = [(M, N) for M, N in PAIRS if (set(N) < set(M)) == nested]
        for M, N in pairs:
            gaps += [
                linear_case.quality_gap(root @ root.T, w, BLOCKS, M, N, ball)
                for ball in (None, radius)
            ]
    return _never_above_zero(np.array(gaps, dtype=np.float64))


def proof(m: int, trials: int, seed: int) -> Facts:
    """The symbolic proof of γ ≤ 0: each step an equality of matrix expressions, normalised again."""
    steps = prove_quality_gap().steps
    false = np.array([float(bool(normal_form(step.left - step.right))) for step in steps])
    note = f"{len(steps)} steps, equalities between matrices of any size"
    return Facts(Interval.exact(false), {"rhs": 0.0}, cases(false), note=note)


def narrow_latent(m: int, trials: int, seed: int) -> Facts:
    """One latent dimension for two features, one of them junk: γ > 0 with probability 1.

    P(γ > s b²) in closed form cuts the law into intervals; the first is open at 0, since P(γ > 0) = 1.
    With as many latent dimensions as features γ = 0 on all samples.
    """
    share = np.linspace(0, 1, 201)
    mass = -np.diff(gap_exceedance(share, m=m))
    low = np.maximum(share[:-1], np.nextafter(0.0, 1.0))
    wide = Facts(Interval.exact(np.zeros(1)), {"rhs": 0.0}, np.ones(1))
    return Facts(Interval(low, share[1:]), {"rhs": 0.0}, mass / mass.sum(), truth=wide)


def kept_bits(m: int, trials: int, seed: int) -> Facts:
    """γ for all nested pairs where the encoder keeps every visible bit: exact worlds."""
    gaps = []
    for world in (xor(3, 0.1), noisy_and(3, 0.2), SKEWED, COPY):
        names = world.names
        subsets = [s for k in range(1, len(names) + 1) for s in combinations(names, k)]
        gaps += [
            world.latent_quality(M) - world.latent_quality(N)
            for M in subsets
            for N in subsets
            if set(N) < set(M)
        ]
    return _never_above_zero(np.array(gaps))


def mixing(m: int, trials: int, seed: int) -> Facts:
    """η({1…n}) at growing overlap ρ, x⁽ᵏ⁾ = ρ x⁽¹⁾ + (1 − ρ) u⁽ᵏ⁾ and y = Σ_k x⁽ᵏ⁾, one feature each.

    The coordinates of a modality are independent and alike, so that d of them multiply η by d.
    """
    grid = np.linspace(0, 1, 21)[:-1]
    names = [f"x{k}" for k in range(1, 5)]
    rises, closed = [], []
    for n in (1, 2, 3):
        eta = []
        for rho in grid:
            root = np.diag([1.0] + [1 - rho] * 3)
            root[1:, 0] = rho
            found = linear_case.latent_quality(
                root @ root.T, np.ones(4), dict.fromkeys(names, 1), names[:n]
            )
            eta.append(float(found))
            closed.append(abs(float(found) - (4 - n) * (1 - rho) ** 2))
        rises.append(np.diff(eta))
    note = f"η = (K − n)(1 − ρ)² per coordinate, to {max(closed):.0e}"
    return replace(_never_above_zero(np.concatenate(rises)), note=note)


def copying(visible: str, features: int, m: int, trials: int, seed: int) -> Facts:
    """η({visible}) at growing overlap, where features of x2, x3 … are copies of x1's with chance ρ."""
    names = [f"x{k + 1}" for k in range(features)]
    grid = np.linspace(0, 1, 21)
    eta = [
        linear_world(dict.fromkeys(names, 1), np.ones(features), overlap=rho, radius=50.0)
        .latent_quality([visible])
        for rho in grid
    ]  # fmt: skip
    rises = _never_above_zero(np.diff(eta))
    worst = int(np.argmax(eta))
    return replace(
        rises, note=f"η is {eta[0]:.3g} at ρ = 0, at most {eta[worst]:.3g} (ρ = {grid[worst]:.2g})"
    )


def which_is_better(kind: str, less: bool, m: int, trials: int, seed: int) -> Facts:
    """r(f_N) − r(f_M), or with `less` its negative: above 0 where M (or N) is better on a sample.

    "weak": four features of "strong" and six of "weak", which say a little; "xor": one bit is worthless.
    """
    if kind == "xor":
        world = xor()
        counts = world.draw(generator(seed, "belief/xor", m), m, trials)
        found = world.measure(counts, [("x1", "x2"), ("x1",)])
        M, N = found["x1", "x2"], found["x1",]
    else:
        weights = [0.5] * 4 + [0.08] * 6
        weak = linear_world({"strong": 4, "weak": 6}, weights, radius=2.0)
        sample = weak.draw(generator(seed, "belief/weak", m), m, trials)
        both = ("strong", "weak")
        found = weak.measure(sample, [both, both[:1]])
        M, N = found[both], found[both[:1]]
    gain = N.population_risk - M.population_risk
    note = f"mean gain of M {gain.mean():.3g}"
    return Facts(Interval.exact(-gain if less else gain), {"rhs": 0.0}, note=note)


def _never_above_zero(values: NDArray[np.float64]) -> Facts:
    settled = np.where(np.abs(values) < ROUNDING, 0.0, values)
    return Facts(Interval.exact(settled), {"rhs": 0.0}, cases(settled))


def _source(
    name: str,
    world: str,
    facts: Callable[[int, int, int], Facts],
    m: int = 1,
    grade: Grade = "closed form",
    sampled: bool = False,
) -> Source:
    return Source(name, world, grade, facts, (m,), sampled)


FULL = _source(
    "linear-case/full",
    "forty random linear worlds of three modalities, all nested pairs, two radii",
    partial(full_latent, True),
)
PROOF = _source("linear-case/proof", "any sizes, any partition: a symbolic proof", proof)
NARROW = _source(
    "linear-case/narrow",
    "one latent dimension, a feature of junk beside the signal",
    narrow_latent,
    20,
)
NOT_NESTED = _source(
    "linear-case/not-nested",
    "fifteen of the same worlds, all pairs with N not inside M",
    partial(full_latent, False),
)
KEPT = _source(
    "belief/kept-bits",
    "four exact worlds whose encoders keep every visible bit, all nested pairs",
    kept_bits,
    grade="exact enumeration",
)
MIXING = _source(
    "overlap/mixing", "x⁽ᵏ⁾ = ρ x⁽¹⁾ + (1 − ρ) u⁽ᵏ⁾, y their sum, N the first one to three", mixing
)
TWO_COPIES = _source(
    "overlap/copies", "x2 a copy of x1 with chance ρ, N sees x1", partial(copying, "x1", 2)
)
THREE_COPIES = _source(
    "overlap/three", "x2 and x3 copies of x1 with chance ρ, N sees x2", partial(copying, "x2", 3)
)
FEW = _source(
    "belief/few", "a strong modality and a weak one, least squares", partial(which_is_better, "weak", False),
    16, sampled=True,
)  # fmt: skip
MANY = _source(
    "belief/many", "a strong modality and a weak one, least squares", partial(which_is_better, "weak", True),
    4096, sampled=True,
)  # fmt: skip
FEW_XOR = _source(
    "belief/few-xor", "XOR of two fair bits, N one of them", partial(which_is_better, "xor", False),
    16, sampled=True,
)  # fmt: skip
