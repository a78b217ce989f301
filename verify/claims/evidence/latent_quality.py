"""Facts about latent quality itself: the linear case, overlap, and popular beliefs."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bounds import linear_case
from bounds.linear_case.counterexample import gap_exceedance
from bounds.linear_case.proof import normal_form, prove_quality_gap
from empirical.statistics.intervals import Interval
from empirical.worlds.boolean.exact import noisy_and, xor
from empirical.worlds.linear.world import linear_world
from empirical.worlds.protocol import World
from verify.claims.evidence.exact import COPY
from verify.claims.evidence.facts import (
    BOTH,
    ONE,
    SKEWED,
    Facts,
    Subset,
    Values,
    cases,
    drawn,
    enumerated,
    generator,
    nested_pairs,
    other_pairs,
)
from verify.report.formats import plain_number
from verify.verdicts.compare import without_rounding

BLOCKS = {"a": 2, "b": 1, "c": 2}
ROUNDING = 1e-9

once = partial(enumerated, m=(1,), grade="closed form")


def _never_above_zero(values: ArrayLike, note: str = "") -> Facts:
    lhs = without_rounding(values, ROUNDING)
    return Facts(Interval.exact(lhs), weights=cases(lhs), note=note)


# ---- the linear case


def _linear_gaps(worlds: int, pairs: list[tuple[Subset, Subset]]) -> Facts:
    """γ of random linear worlds in closed form, with heads of any radius and of a random one."""
    rng = np.random.default_rng(5)
    gaps = []
    for _ in range(worlds):
        root = rng.normal(size=(5, 5)) * rng.exponential(size=5)
        w, radius = rng.normal(size=5), float(rng.exponential())
        gaps += [
            linear_case.quality_gap(root @ root.T, w, BLOCKS, M, N, ball)
            for M, N in pairs
            for ball in (None, radius)
        ]
    return _never_above_zero(np.array(gaps, dtype=np.float64))


@once(
    "linear-case/full",
    "forty random linear worlds of three modalities, all nested pairs, two radii",
)
def full_latent(m: int) -> Facts:
    """γ for N inside M."""
    return _linear_gaps(40, nested_pairs(BLOCKS))


@once("linear-case/not-nested", "fifteen of the same worlds, all pairs with N not inside M")
def not_nested(m: int) -> Facts:
    """γ for N not inside M."""
    return _linear_gaps(15, other_pairs(BLOCKS))


@once("linear-case/proof", "any sizes, any partition: a symbolic proof")
def proof(m: int) -> Facts:
    """The symbolic proof of γ ≤ 0: each step an equality of matrix expressions, normalised again."""
    steps = prove_quality_gap().steps
    false = np.array([float(bool(normal_form(step.left - step.right))) for step in steps])
    note = f"{len(steps)} steps, equalities between matrices of any size"
    return Facts(Interval.exact(false), weights=cases(false), note=note)


@once("linear-case/narrow", "one latent dimension, a feature of junk beside the signal", m=(20,))
def narrow_latent(m: int) -> Facts:
    """One latent dimension for two features, one of them junk: γ > 0 with probability 1.

    P(γ > s b²) in closed form cuts the law into intervals; the first is open at 0, since P(γ > 0) = 1.
    With as many latent dimensions as features γ = 0 on all samples.
    """
    share = np.linspace(0, 1, 201)
    mass = -np.diff(gap_exceedance(share, m=m))
    low = np.maximum(share[:-1], np.nextafter(0.0, 1.0))
    wide = Facts(Interval.exact(np.zeros(1)), weights=np.ones(1))
    return Facts(Interval(low, share[1:]), weights=mass / mass.sum(), truth=wide)


# ---- more modalities, more overlap


@once(
    "belief/kept-bits",
    "four exact worlds whose encoders keep every visible bit, all nested pairs",
    grade="exact enumeration",
)
def kept_bits(m: int) -> Facts:
    """γ for all nested pairs if the encoder keeps every visible bit: exact worlds."""
    gaps = [
        world.latent_quality(M) - world.latent_quality(N)
        for world in (xor(3, 0.1), noisy_and(3, 0.2), SKEWED, COPY)
        for M, N in nested_pairs(world.names)
    ]
    return _never_above_zero(gaps)


@once("overlap/mixing", "x⁽ᵏ⁾ = ρ x⁽¹⁾ + (1 − ρ) u⁽ᵏ⁾, y their sum, N the first one to three")
def mixing(m: int) -> Facts:
    """η({1…n}) at growing overlap ρ, x⁽ᵏ⁾ = ρ x⁽¹⁾ + (1 − ρ) u⁽ᵏ⁾ and y = Σ_k x⁽ᵏ⁾, one feature each.

    The coordinates of a modality are independent and alike, so that d of them multiply η by d.
    """
    grid = np.linspace(0, 1, 21)[:-1]
    names = [f"x{k}" for k in range(1, 5)]
    rises, off = [], []
    for n in (1, 2, 3):
        eta = []
        for rho in grid:
            root = np.diag([1.0] + [1 - rho] * 3)
            root[1:, 0] = rho
            found = linear_case.latent_quality(
                root @ root.T, np.ones(4), dict.fromkeys(names, 1), names[:n]
            )
            eta.append(float(found))
            off.append(abs(float(found) - (4 - n) * (1 - rho) ** 2))
        rises.append(np.diff(eta))
    note = f"η = (K − n)(1 − ρ)² per coordinate, to {plain_number(max(off))}"
    return _never_above_zero(np.concatenate(rises), note)


def _copies(visible: str, features: int) -> Facts:
    """η({visible}) at growing overlap, where features of x2, x3 … are copies of x1's with chance ρ."""
    blocks = {f"x{k + 1}": 1 for k in range(features)}
    grid = np.linspace(0, 1, 21)
    worlds = [linear_world(blocks, np.ones(features), overlap=rho, radius=50.0) for rho in grid]
    eta = [world.latent_quality([visible]) for world in worlds]
    worst = int(np.argmax(eta))
    first, most, at = (plain_number(x) for x in (eta[0], eta[worst], grid[worst]))
    note = f"η is {first} at ρ = 0, at most {most} (ρ = {at})"
    return _never_above_zero(np.diff(eta), note)


@once("overlap/copies", "x2 a copy of x1 with chance ρ, N sees x1")
def two_copies(m: int) -> Facts:
    """Two features: η falls with the overlap."""
    return _copies("x1", 2)


@once("overlap/three", "x2 and x3 copies of x1 with chance ρ, N sees x2")
def three_copies(m: int) -> Facts:
    """Three features, of which N sees a copy: η rises before it falls."""
    return _copies("x2", 3)


# ---- few and many samples


WEAK = linear_world({"strong": 4, "weak": 6}, [0.5] * 4 + [0.08] * 6, radius=2.0)
"""Four informative features and six that are nearly useless."""


def _gain(world: World[Any, Any], name: str, M: Subset, N: Subset, *draw: int) -> Values:
    """r(f_N) − r(f_M) on each sample: above 0 if M is better."""
    m, trials, seed = draw
    found = world.measure(world.draw(generator(seed, name, m), m, trials), [M, N])
    return np.asarray(found[N].population_risk - found[M].population_risk)


def _better(gain: Values, sign: float) -> Facts:
    note = f"mean gain of M {plain_number(gain.mean())}"
    return Facts(Interval.exact(sign * gain), note=note)


@drawn("belief/few", "a strong modality and a weak one, least squares", m=(16,))
def few(m: int, trials: int, seed: int) -> Facts:
    """Above 0 if M, both modalities, is better."""
    return _better(_gain(WEAK, "belief/weak", ("strong", "weak"), ("strong",), m, trials, seed), 1)


@drawn("belief/many", "a strong modality and a weak one, least squares", m=(4096,))
def many(m: int, trials: int, seed: int) -> Facts:
    """Above 0 if N, the strong modality, is better."""
    return _better(_gain(WEAK, "belief/weak", ("strong", "weak"), ("strong",), m, trials, seed), -1)


@drawn("belief/few-xor", "XOR of two fair bits, N one of them", m=(16,))
def few_xor(m: int, trials: int, seed: int) -> Facts:
    """Above 0 if both bits are better; one bit is worthless."""
    return _better(_gain(xor(), "belief/xor", BOTH, ONE, m, trials, seed), 1)
