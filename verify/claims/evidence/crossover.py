"""Facts about the crossover criterion: how often is it right in worlds that are known?

The criterion favours M from m* on (`bounds.modality_gain.crossover`), at which Theorem 2's bounds for M
and N are equal. It is right if η(ĝ_M) < η(ĝ_N). Worlds have two bits, labels of any probability, and an
encoder to one latent bit that is searched together with the head.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from bounds import modality_gain
from empirical.statistics.intervals import Interval
from empirical.statistics.laws import estimate_probability
from empirical.worlds.boolean.classes import latent_bit
from empirical.worlds.boolean.exact import ExactWorld, boolean_world, near_fair_coin
from verify.claims.evidence.facts import BOTH, ONE, Facts, Source, Values, drawn, generator
from verify.report.formats import plain_number

SIZES = (16, 64, 256, 1024)


def in_random_worlds(L: float | None, m: int, trials: int, seed: int) -> Facts:
    """The criterion in random worlds, one sample from each."""
    draw = generator(seed, "crossover/random", m)
    rows = [_measured(_random_world(draw), draw, m, 1) for _ in range(trials)]
    return _criterion(L, m, np.concatenate(rows, axis=1))


def near_coins(L: float | None, m: int, trials: int, seed: int) -> Facts:
    """The criterion in one world near fair coins, all samples from it."""
    draw = generator(seed, "crossover/coin", m)
    return _criterion(L, m, _measured(near_fair_coin(m), draw, m, trials))


def _criterion(L: float | None, m: int, measured: Values) -> Facts:
    """1 if the criterion favours M without η(ĝ_M) < η(ĝ_N), else 0.

    The complexities are those of all maps of the cells, which the four heads on every encoder make.

    Parameters
    ----------
    L : float, optional
        That of the criterion's 4L; 0–1 loss has L = 1. None drops 4L, as popular accounts do.
    m : int
    measured : array, [5, n]
        What `_measured` returns.
    """
    gap, loss_M, loss_N, R_M, R_N = measured
    start = modality_gain.crossover(
        C_M=m * R_M**2, C_N=m * R_N**2, L_hat_M=loss_M, L_hat_N=loss_N, L=L
    )
    favours, better = np.asarray(m >= np.asarray(start)), gap < 0
    numbers: dict[str, float] = {
        "samples": len(gap),
        "favours": int(favours.sum()),
        "better": int(better.sum()),
        "favours_worse": int((favours & (gap > 0)).sum()),
    }
    for name, event, among in (("precision", better, favours), ("recall", favours, better)):
        if among.any():
            found = estimate_probability(event[among], 0.95)
            numbers |= {
                name: float(found.value),
                f"{name}_low": float(found.interval.low),
                f"{name}_high": float(found.interval.high),
            }
    note = ", ".join(
        "{} {} ({} to {})".format(
            name, *(plain_number(numbers[name + end]) for end in ("", "_low", "_high"))
        )
        for name in ("precision", "recall")
        if name in numbers
    )
    wrong = Interval.exact((favours & ~better).astype(np.float64))
    return Facts(wrong, note=note, numbers=numbers)


def _measured(world: ExactWorld, draw: np.random.Generator, m: int, n: int) -> Values:
    """η(ĝ_M) − η(ĝ_N), L̂_M, L̂_N, R_m(F_M), R_m(F_N) of n samples: [5, n]."""
    searched = latent_bit(world)
    found = searched.measure(searched.draw(draw, m, n), [BOTH, ONE])
    M, N = found[BOTH], found[ONE]
    R_M, R_N = (float(world.rademacher_complexity(s, m).high) for s in (BOTH, ONE))
    gap = M.latent_quality - N.latent_quality
    ones = np.ones(n)
    return np.stack([gap, M.centred_loss, N.centred_loss, R_M * ones, R_N * ones])


def _random_world(draw: np.random.Generator) -> ExactWorld:
    """Half of the worlds ignore the second bit; labels and inputs have any probabilities."""
    label = draw.random((2, 2))
    if draw.random() < 0.5:
        label[:, 1] = label[:, 0]
    return boolean_world(BOTH, label, draw.dirichlet(np.ones(4)).reshape(2, 2))


def _sources(form: str, L: float | None) -> tuple[Source, Source]:
    random = "random worlds of two bits, half of them with a useless second bit; M both, N one"
    coin = "labels within ½/√m of a fair coin, M both bits, N one"
    return (
        drawn(f"crossover/{form}/random", random, SIZES, trials=400)(partial(in_random_worlds, L)),
        drawn(f"crossover/{form}/coin", coin, SIZES[1:], trials=4000)(partial(near_coins, L)),
    )


POPULAR, OWN = _sources("popular", None), _sources("own", 1.0)
