"""Facts from exact worlds: the law of every term, enumerated or computed cell by cell.

Ties between minimisers are broken against Theorem 1: the worst for M, the best for N.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bounds import rademacher
from empirical.statistics.intervals import Interval
from empirical.worlds.boolean import counts
from empirical.worlds.boolean.cellwise import centred_loss_law, excess_law
from empirical.worlds.boolean.classes import ClassWorld, latent_bit
from empirical.worlds.boolean.exact import (
    ExactWorld,
    boolean_world,
    near_fair_coin,
    noisy_and,
    xor,
)
from verify.claims.claim import Facts, Source

Subset = tuple[str, ...]
BOTH: Subset = ("x1", "x2")
ONE: Subset = ("x1",)
OTHER: Subset = ("x2",)
HARDEST = ("worst", "best")
SIZES = (16, 256, 2048)

COPY = boolean_world(BOTH, [[0.125, 0.125], [0.875, 0.875]])
"""The label is the first bit, flipped with probability 1/8; the second bit is junk."""
SKEWED = boolean_world(BOTH, [[0.1, 0.7], [0.45, 1.0]], [[0.4, 0.1], [0.2, 0.3]])
WORLDS: dict[str, tuple[str, Callable[[int], ExactWorld]]] = {
    "xor": ("XOR of two fair bits", lambda m: xor()),
    "noisy-xor": ("XOR with 30 % noise", lambda m: xor(noise=0.3)),
    "noisy-and": ("AND with 10 % noise", lambda m: noisy_and(2, 0.1)),
    "skewed": ("two dependent bits, a skewed label", lambda m: SKEWED),
    "coin": ("labels within ½/√m of a fair coin", near_fair_coin),
}


def complexities(
    R_M: Interval, R: Interval, C: float, L: float, m: int, symmetric: bool = False
) -> dict[str, Any]:
    """Arguments of every form, from R_m(F_M) and R_m(F) of one real output.

    With |·| the complexity lies between R_M and 2 R_M (the class holds 0), and is R_M for a
    symmetric class. The loss class has at most L R_M by contraction; under 0–1 loss on
    two-valued maps it has R_M itself, and L = 1.
    """
    low = 0.0 if symmetric else 1.0
    return {
        "R_M": R_M,
        "R_vector_M": R_M,
        "R_abs_M": Interval(R_M.low, R_M.high * (1 if symmetric else 2)),
        "R_loss": Interval(low * R_M.low, L * R_M.high),
        "C_M": Interval(m * R_M.low**2, m * R_M.high**2),
        "R": R,
        "R_vector": R,
        "C": C,
        "L": L,
        "m": m,
    }


def _of_world(world: ExactWorld | ClassWorld, M: Subset, m: int) -> dict[str, Any]:
    R_M, R = (world.rademacher_complexity(subset, m) for subset in (M, world.names))
    return complexities(R_M, R, world.constants.C, world.constants.L, m)


def gap(kind: str, M: Subset, N: Subset, m: int, trials: int, seed: int) -> Facts:
    """Theorem 1 in an exact world: the law of r(f_M) − r(f_N), with γ the same on every sample."""
    world = WORLDS[kind][1](m)
    law = excess_law(world, M, N, m, HARDEST)
    gamma = world.latent_quality(M) - world.latent_quality(N)
    known = {**_of_world(world, M, m), "gamma": gamma}
    return Facts(Interval.exact(law.values + gamma), known, law.probabilities, law.error)


def quality(kind: str, M: Subset, m: int, trials: int, seed: int) -> Facts:
    """Theorem 2 in an exact world: η is the same on every sample, and L̂ has a law."""
    world = WORLDS[kind][1](m)
    law = centred_loss_law(world, M, m)
    eta = np.full(len(law.values), world.latent_quality(M))
    known = {**_of_world(world, M, m), "L_hat": law.values}
    return Facts(Interval.exact(eta), known, law.probabilities, law.error)


def learned(
    encoders: str, what: str, M: Subset, N: Subset, m: int, trials: int, seed: int
) -> Facts:
    """An encoder to one latent bit is searched together with the head: γ and η vary with S.

    ``what``: "gap" (Theorem 1), "quality" (Theorem 2 for M) or "gamma" (γ itself, where the second
    bit is junk).
    """
    world = latent_bit(COPY if what == "gamma" else xor(noise=0.125), encoders)
    columns: list[list[NDArray[Any]]] = []
    for table, chance in counts.iterate_samples(world.population.joint, m):
        one = world.measure(table, [M], "worst")[M]
        other = world.measure(table, [N], "best")[N]
        gaps = one.population_risk - other.population_risk
        gamma = one.latent_quality - other.latent_quality
        columns.append([chance, gaps, gamma, one.latent_quality, one.centred_loss])
    chance, gaps, gamma, eta, loss = (np.concatenate(c) for c in zip(*columns, strict=True))
    error = 1e-9  # of the probabilities: differences of logarithms of factorials
    if what == "gamma":
        return Facts(Interval.exact(gamma), {"rhs": 0.0}, chance, error)
    known = _of_world(world, M, m)
    if what == "gap":
        return Facts(Interval.exact(gaps), {**known, "gamma": gamma}, chance, error)
    return Facts(Interval.exact(eta), {**known, "L_hat": loss}, chance, error)


def any_pair(m: int, trials: int, seed: int) -> Facts:
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
    chance, eta, loss = (np.concatenate(c) for c in zip(*columns, strict=True))
    known = {**_of_world(world, BOTH, m), "L_hat": loss}
    return Facts(Interval.exact(eta), known, chance, 1e-9)


def data_dependent(m: int, trials: int, seed: int) -> Facts:
    """The complexity of each sample at hand, exact: near-fair labels, all types of eight letters.

    M both bits, N one.
    """
    world = near_fair_coin(m)
    columns = []
    for table, chance in counts.iterate_samples(world.joint, m):
        one = world.risks(table, BOTH, world.fit(table, BOTH, "worst"))
        other = world.risks(table, ONE, world.fit(table, ONE, "best"))
        cells = table.sum(axis=-1).reshape(len(table), -1)
        R_hat = rademacher.cells_empirical(counts=cells)
        columns.append([chance, one.population_risk - other.population_risk, R_hat])
    chance, gaps, R_hat = (np.concatenate(c) for c in zip(*columns, strict=True))
    gamma = world.latent_quality(BOTH) - world.latent_quality(ONE)
    known = {"gamma": gamma, "R_hat_loss": R_hat, "C": 1.0, "L": 1.0, "m": m}
    return Facts(Interval.exact(gaps), known, chance, 1e-9)


def _gaps(kind: str) -> tuple[Source, ...]:
    words = WORLDS[kind][0]
    return tuple(
        Source(
            f"exact/{kind}/{label}",
            f"{words}; {says}; worst ties",
            "exact enumeration",
            partial(gap, kind, M, N),
            SIZES,
        )
        for label, says, M, N in (
            ("both-one", "M both bits, N one", BOTH, ONE),
            ("one-both", "M one bit, N both", ONE, BOTH),
        )
    )


def reference(what: str, m: int, trials: int, seed: int) -> Facts:
    """XOR with 10 % noise and a reference outside the class, or a class without the reference.

    "theorem": Theorem 2 for M both bits against the fixed reference x1, no better than a coin;
    "sign": −η against it, and −η against XOR itself beside; "loss": L̂ of M one bit against XOR, which no
    function of one bit is, and L̂ of M both bits beside.
    """
    world = xor(noise=0.1)
    first = np.array([[False, False], [True, True]])
    eta = world.best_risk(BOTH) - 0.5
    if what == "sign":
        found, true = (Facts(Interval.exact([-e]), {"rhs": 0.0}, np.ones(1)) for e in (eta, 0.0))
        return replace(found, truth=true)
    if what == "loss":
        one, both = (centred_loss_law(world, M, m) for M in (ONE, BOTH))
        found, true = (
            Facts(Interval.exact(law.values), {"rhs": 0.0}, law.probabilities)
            for law in (one, both)
        )
        return replace(found, truth=true)
    law = centred_loss_law(world, BOTH, m, first)
    known = {**_of_world(world, BOTH, m), "L_hat": law.values}
    lhs = np.full(len(law.values), eta)
    return Facts(Interval.exact(lhs), known, law.probabilities, law.error)


GAPS: tuple[Source, ...] = tuple(source for kind in WORLDS for source in _gaps(kind))

QUALITIES: tuple[Source, ...] = tuple(
    Source(
        f"exact/{kind}/quality-{label}",
        f"{words}; M {says}",
        "exact enumeration",
        partial(quality, kind, M),
        SIZES,
    )
    for kind, (words, _) in WORLDS.items()
    for label, says, M in (("both", "both bits", BOTH), ("one", "one bit", ONE))
)

LEARNED_WORLDS = {
    "gap": "XOR with 12.5 % noise",
    "quality": "XOR with 12.5 % noise",
    "gamma": "the label is bit 1 with 12.5 % noise, bit 2 junk",
}
LEARNED: dict[str, tuple[Source, ...]] = {
    what: tuple(
        Source(
            f"exact/latent-{encoders}/{what}",
            f"{LEARNED_WORLDS[what]}; {says} searched for one latent bit",
            "exact enumeration",
            partial(learned, encoders, what, BOTH, ONE),
            (11,),
        )
        for encoders, says in (("all", "every encoder"), ("parities", "parities"))
    )
    for what in LEARNED_WORLDS
}

ANY_PAIR = Source(
    "exact/any-pair",
    "XOR with 12.5 % noise; on each sample the parity and head with the largest η − L̂",
    "exact enumeration",
    any_pair,
    (11,),
)
SEEN_COMPLEXITY = Source(
    "exact/coin/data-dependent",
    "labels within ½/√m of a fair coin; M both bits, N one; the sample's own complexity",
    "exact enumeration",
    data_dependent,
    (10, 20),
)
REFERENCE = {
    what: Source(
        f"exact/reference/{what}",
        f"XOR with 10 % noise; {says}",
        "exact enumeration",
        partial(reference, what),
        m,
    )
    for what, says, m in (
        ("theorem", "the fixed reference is x1", SIZES),
        ("sign", "the fixed reference is x1", (1,)),
        ("loss", "M one bit, whose class lacks XOR", (64,)),
    )
}


def at(source: Source, name: str, *m: int) -> Source:
    """The same source at other sample sizes."""
    return replace(source, name=name, m=m)
