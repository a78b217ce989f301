"""Facts from exact worlds: the law of every term, enumerated or computed cell by cell.

Ties between minimisers are broken against Theorem 1: the worst for M, the best for N.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from bounds import rademacher
from empirical.statistics.intervals import Interval
from empirical.statistics.laws import Law
from empirical.worlds.boolean import counts
from empirical.worlds.boolean.cellwise import centred_loss_law, excess_law
from empirical.worlds.boolean.classes import ClassWorld, latent_bit
from empirical.worlds.boolean.exact import ExactWorld, boolean_world, near_fair_coin, noisy_and, xor
from verify.claims.evidence.facts import (
    BOTH,
    ONE,
    SKEWED,
    Facts,
    Source,
    Subset,
    Values,
    enumerated,
    of_world,
)

HARDEST = ("worst", "best")
SIZES = (16, 256, 2048)

COPY = boolean_world(BOTH, [[0.125, 0.125], [0.875, 0.875]])
"""The label is the first bit, flipped with probability 1/8; the second bit is junk."""
WORLDS: dict[str, tuple[str, Callable[[int], ExactWorld]]] = {
    "xor": ("XOR of two fair bits", lambda m: xor()),
    "noisy-xor": ("XOR with 30 % noise", lambda m: xor(noise=0.3)),
    "noisy-and": ("AND with 10 % noise", lambda m: noisy_and(2, 0.1)),
    "skewed": ("two dependent bits, a skewed label", lambda m: SKEWED),
    "coin": ("labels within ½/√m of a fair coin", near_fair_coin),
}
LOGARITHMS = 1e-9
"""The error of probabilities that are made of differences of logarithms of factorials."""

# ---- all maps of the cells


def gap(world: Callable[[int], ExactWorld], M: Subset, N: Subset, m: int) -> Facts:
    """Theorem 1 in an exact world: the law of r(f_M) − r(f_N), with γ the same on every sample."""
    at_m = world(m)
    law = excess_law(at_m, M, N, m, HARDEST)
    gamma = at_m.latent_quality(M) - at_m.latent_quality(N)
    known = {**of_world(at_m, M, m), "gamma": gamma}
    return Facts(Interval.exact(law.values + gamma), known, law.probabilities, law.error)


def quality(world: Callable[[int], ExactWorld], M: Subset, m: int) -> Facts:
    """Theorem 2 in an exact world: η is the same on every sample, and L̂ has a law."""
    at_m = world(m)
    return _quality(at_m, M, m, centred_loss_law(at_m, M, m), at_m.latent_quality(M))


def _quality(world: ExactWorld, M: Subset, m: int, law: Law, eta: float) -> Facts:
    known = {**of_world(world, M, m), "L_hat": law.values}
    lhs = Interval.exact(np.full(len(law.values), eta))
    return Facts(lhs, known, law.probabilities, law.error)


GAPS: dict[str, Source] = {
    f"{kind}/{label}": enumerated(f"exact/{kind}/{label}", f"{words}; {says}; worst ties", SIZES)(
        partial(gap, world, M, N)
    )
    for kind, (words, world) in WORLDS.items()
    for label, says, M, N in (
        ("both-one", "M both bits, N one", BOTH, ONE),
        ("one-both", "M one bit, N both", ONE, BOTH),
    )
}
QUALITIES: dict[str, Source] = {
    f"{kind}/{label}": enumerated(f"exact/{kind}/quality-{label}", f"{words}; M {says}", SIZES)(
        partial(quality, world, M)
    )
    for kind, (words, world) in WORLDS.items()
    for label, says, M in (("both", "both bits", BOTH), ("one", "one bit", ONE))
}


def at(source: Source, name: str, *m: int) -> Source:
    """The same source at other sample sizes."""
    return replace(source, name=name, m=m)


# ---- an encoder to one latent bit, searched together with the head


@dataclass(frozen=True)
class _Learned:
    """What was learned on each possible sample, [n]: γ and η vary with S."""

    known: dict[str, Any]
    chance: Values
    gap: Values
    gamma: Values
    eta: Values
    loss: Values


def _learned(world: ClassWorld, m: int) -> _Learned:
    columns = []
    for table, chance in counts.iterate_samples(world.population.joint, m):
        M = world.measure(table, [BOTH], "worst")[BOTH]
        N = world.measure(table, [ONE], "best")[ONE]
        gap = M.population_risk - N.population_risk
        gamma = M.latent_quality - N.latent_quality
        columns.append([chance, gap, gamma, M.latent_quality, M.centred_loss])
    return _Learned(of_world(world, BOTH, m), *_joined(columns))


def learned_gap(encoders: str, m: int) -> Facts:
    """Theorem 1 for learned encoders."""
    found = _learned(latent_bit(xor(noise=0.125), encoders), m)
    known = {**found.known, "gamma": found.gamma}
    return Facts(Interval.exact(found.gap), known, found.chance, LOGARITHMS)


def learned_quality(encoders: str, m: int) -> Facts:
    """Theorem 2 for learned encoders of both bits."""
    found = _learned(latent_bit(xor(noise=0.125), encoders), m)
    known = {**found.known, "L_hat": found.loss}
    return Facts(Interval.exact(found.eta), known, found.chance, LOGARITHMS)


def learned_gamma(encoders: str, m: int) -> Facts:
    """γ itself for learned encoders; the second bit is junk."""
    found = _learned(latent_bit(COPY, encoders), m)
    return Facts(Interval.exact(found.gamma), weights=found.chance, error=LOGARITHMS)


def _joined(columns: list[list[Values]]) -> list[Values]:
    return [np.concatenate(parts) for parts in zip(*columns, strict=True)]


def _of_encoders(what: str, world: str, facts: Callable[[str, int], Facts]) -> tuple[Source, ...]:
    return tuple(
        enumerated(
            f"exact/latent-{encoders}/{what}", f"{world}; {says} searched for one latent bit", (11,)
        )(partial(facts, encoders))
        for encoders, says in (("all", "every encoder"), ("parities", "parities"))
    )


XOR_WORDS = "XOR with 12.5 % noise"
LEARNED_GAPS = _of_encoders("gap", XOR_WORDS, learned_gap)
LEARNED_QUALITIES = _of_encoders("quality", XOR_WORDS, learned_quality)
LEARNED_GAMMAS = _of_encoders(
    "gamma", "the label is bit 1 with 12.5 % noise, bit 2 junk", learned_gamma
)


@enumerated(
    "exact/any-pair",
    "XOR with 12.5 % noise; on each sample the parity and head with the largest η − L̂",
    m=(11,),
)
def any_pair(m: int) -> Facts:
    """Theorem 2 for the pair of parity and head, chosen on each sample, with the largest η − L̂."""
    world = latent_bit(xor(noise=0.125), "parities")
    columns = []
    for table, chance in counts.iterate_samples(world.population.joint, m):
        pairs = [
            world.risks(table, BOTH, np.full(len(table), pair))
            for pair in range(len(world.predictions(BOTH)))
        ]
        eta = np.stack([each.latent_quality for each in pairs])
        loss = np.stack([each.centred_loss for each in pairs])
        worst = (eta - loss).argmax(axis=0)[None]
        taken = [np.take_along_axis(values, worst, axis=0)[0] for values in (eta, loss)]
        columns.append([chance, *taken])
    chance, eta, loss = _joined(columns)
    known = {**of_world(world, BOTH, m), "L_hat": loss}
    return Facts(Interval.exact(eta), known, chance, LOGARITHMS)


# ---- the sample's own complexity, and references outside the class


@enumerated(
    "exact/coin/data-dependent",
    "labels within ½/√m of a fair coin; M both bits, N one; the sample's own complexity",
    m=(10, 20),
)
def data_dependent(m: int) -> Facts:
    """The complexity of each sample at hand, exact: near-fair labels, all types of eight letters."""
    world = near_fair_coin(m)
    columns = []
    for table, chance in counts.iterate_samples(world.joint, m):
        one = world.risks(table, BOTH, world.fit(table, BOTH, "worst"))
        other = world.risks(table, ONE, world.fit(table, ONE, "best"))
        cells = table.sum(axis=-1).reshape(len(table), -1)
        R_hat = rademacher.cells_empirical(counts=cells)
        columns.append([chance, one.population_risk - other.population_risk, R_hat])
    chance, gaps, R_hat = _joined(columns)
    gamma = world.latent_quality(BOTH) - world.latent_quality(ONE)
    known = {"gamma": gamma, "R_hat_loss": R_hat, "C": 1.0, "L": 1.0, "m": m}
    return Facts(Interval.exact(gaps), known, chance, LOGARITHMS)


NOISY = xor(noise=0.1)
AGAINST_X1 = NOISY.best_risk(BOTH) - 0.5
"""η of both bits against the fixed reference x1, which is no better than a coin."""


@enumerated("exact/reference/theorem", "XOR with 10 % noise; the fixed reference is x1", m=SIZES)
def poor_reference(m: int) -> Facts:
    """Theorem 2 for M both bits against the fixed reference x1."""
    first = np.array([[False, False], [True, True]])
    return _quality(NOISY, BOTH, m, centred_loss_law(NOISY, BOTH, m, first), AGAINST_X1)


@enumerated("exact/reference/sign", "XOR with 10 % noise; the fixed reference is x1", m=(1,))
def negative_quality(m: int) -> Facts:
    """−η against the reference x1; as truth, against XOR itself."""
    truth = Facts(Interval.exact([-0.0]), weights=np.ones(1))
    return replace(truth, lhs=Interval.exact([-AGAINST_X1]), truth=truth)


@enumerated(
    "exact/reference/loss", "XOR with 10 % noise; M one bit, whose class lacks XOR", m=(64,)
)
def positive_loss(m: int) -> Facts:
    """L̂ of M one bit against XOR, which no function of one bit is; as truth, L̂ of both bits."""
    laws = [centred_loss_law(NOISY, M, m) for M in (ONE, BOTH)]
    found, truth = (Facts(Interval.exact(x.values), weights=x.probabilities) for x in laws)
    return replace(found, truth=truth)
