"""Facts from linear worlds: risks, qualities and complexities in closed form, samples drawn."""

from __future__ import annotations

from functools import partial

from empirical.statistics.intervals import Interval
from empirical.worlds.linear.world import LinearWorld, junk_world, linear_world
from verify.claims.evidence.facts import Drawn, Facts, Subset, drawn, generator, of_world

ROUNDING = 1e-11
JUNK_WORLD = junk_world()
OVERLAP_WORLD = linear_world({"text": 3, "audio": 2}, [0.8, 0.4, -0.4, 0.6, 0.2], overlap=0.5)
WORLDS: dict[str, tuple[str, LinearWorld]] = {
    "junk": ("least squares, four signal features and one of junk", JUNK_WORLD),
    "overlap": ("least squares, five features in two modalities with overlap ½", OVERLAP_WORLD),
}


def gap(kind: str, M: Subset, N: Subset, m: int, trials: int, seed: int) -> Facts:
    """Theorem 1, every form but those that need a fresh head sample."""
    world = WORLDS[kind][1]
    sample = world.draw(generator(seed, f"linear/{kind}", m), m, trials)
    found = world.measure(sample, [M, N])
    one, other = found[M], found[N]
    known = {
        **of_world(world, M, m, symmetric=True),
        # The sample's own complexity: all rows of sign features have the same norm.
        "R_hat_loss": Interval(0.0, world.constants.L * world.empirical_complexity(M, m).high),
        "gamma": one.latent_quality - other.latent_quality,
    }
    lhs = Interval.exact(one.population_risk - other.population_risk)
    return Facts(lhs, known, slack=one.slack, rounding=ROUNDING)


def quality(kind: str, M: Subset, m: int, trials: int, seed: int) -> Facts:
    """Theorem 2: η in closed form, L̂ drawn."""
    world = WORLDS[kind][1]
    sample = world.draw(generator(seed, f"linear/{kind}", m), m, trials)
    found = world.measure(sample, [M])[M]
    known = {**of_world(world, M, m, symmetric=True), "L_hat": found.centred_loss}
    return Facts(Interval.exact(found.latent_quality), known, rounding=ROUNDING)


def _gap(kind: str, M: Subset, N: Subset, *m: int) -> Drawn:
    words = f"{WORLDS[kind][0]}; M {' and '.join(M)}, N {' and '.join(N)}"
    return drawn(f"linear/{kind}/{'-'.join(M)}", words, m)(partial(gap, kind, M, N))


def _quality(kind: str, M: Subset) -> Drawn:
    words = f"{WORLDS[kind][0]}; M {' and '.join(M)}"
    return drawn(f"linear/{kind}/quality", words, (64, 1024))(partial(quality, kind, M))


JUNK = _gap("junk", ("signal", "junk"), ("signal",), 64, 256, 1024)
OVERLAP = _gap("overlap", ("text", "audio"), ("text",), 64, 1024)
DISJOINT = _gap("overlap", ("audio",), ("text",), 64, 1024)
JUNK_QUALITY = _quality("junk", ("junk",))
OVERLAP_QUALITY = _quality("overlap", ("text",))
