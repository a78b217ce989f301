"""Facts about what rows held out prove of the best head, and of the constants of the fast rate.

N's encoder sees nothing, z = 1, so that its best head and the risk of that are known; m is the number of rows
of the hold-out. A statement is violated where the truth exceeds what was certified.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy import stats

from empirical.statistics import betting
from empirical.statistics.intervals import Interval
from verify.certificates.best_head import upper_ends
from verify.certificates.head_losses import CROSS_ENTROPY, SQUARES, HeadLoss
from verify.certificates.observed_rate import least_eigenvalue
from verify.claims.evidence.certificates import DELTA, facts
from verify.claims.evidence.facts import Facts, Values, drawn, enumerated, generator

SHARE, ERRS, FEW = 0.7, 0.2, 5
"""The share of the first label, and of the rows on which M loses 1; the rows on which N's head is fitted."""
SPREAD = 1 - (2 * SHARE - 1) ** 2
ENTROPY = -SHARE * math.log(SHARE) - (1 - SHARE) * math.log(1 - SHARE)


def _rows(name: str, m: int, trials: int, seed: int) -> tuple[Values, Values]:
    """M's losses, and whether the label is the first one: each [trials, m]."""
    rng = generator(seed, f"best head/{name}", m)
    first = (rng.random((trials, m)) < SHARE).astype(np.float64)
    return (rng.random((trials, m)) < ERRS).astype(np.float64), first


def _ends(loss: Values, targets: Values, kind: HeadLoss) -> Values:
    """The certified ends, for targets [trials, c, m]."""
    z = torch.ones(len(loss), 1, loss.shape[1], dtype=torch.float64)
    rows = torch.from_numpy(loss), z, torch.from_numpy(targets)
    found: Values = upper_ends(*rows, C=1.0, radius=2.0, stake=0.2, delta=DELTA, kind=kind).numpy()
    return found


@drawn("best head/squares", "N sees nothing, y = ±1, squared loss", (60,), trials=1500)
def squares(m: int, trials: int, seed: int) -> Facts:
    """The best head is the mean of y."""
    loss, first = _rows("squares", m, trials, seed)
    return facts(ERRS - SPREAD, _ends(loss, 2 * first[:, None] - 1, SQUARES))


@drawn("best head/softmax", "N sees nothing, two classes, cross-entropy", (60,), trials=300)
def softmax(m: int, trials: int, seed: int) -> Facts:
    """The best head gives the share of each label; its risk is the entropy."""
    loss, first = _rows("softmax", m, trials, seed)
    return facts(ERRS - ENTROPY, _ends(loss, np.stack([first, 1 - first], 1), CROSS_ENTROPY))


@drawn("best head/trained", "N sees nothing, its head is fitted on five rows", (400,), trials=300)
def trained_for_best(m: int, trials: int, seed: int) -> Facts:
    """What holds for N's trained head, taken for a statement about the best one."""
    loss, first = _rows("trained", m, trials, seed)
    y = 2 * first - 1
    head = y[:, :FEW].mean(1, keepdims=True)
    held = (loss - np.square(y - head))[:, FEW:]
    ends = betting.upper_bound(held, DELTA, low=-4, high=1, null=0.0)
    truth = facts(ERRS - SPREAD, _ends(loss[:, FEW:], y[:, None, FEW:], SQUARES))
    return facts(ERRS - SPREAD, ends, truth)


def _eigenvalue(m: int, observed: bool) -> Facts:
    share = 0.1
    counts = np.arange(m + 1)
    z = np.zeros((m + 1, m, 2))
    for k in counts:
        z[k, :k, 0], z[k, k:, 1] = 1.0, 1.0
    ends = np.array(
        [min(k, m - k) / m if observed else least_eigenvalue(z[k], 1.0, DELTA) for k in counts]
    )
    weights = stats.binom.pmf(counts, m, share)
    return Facts(Interval.exact(ends), rhs=np.full(m + 1, share), weights=weights, error=1e-9)


WORLD = "z is one of two unit vectors, one of them with probability 0.1, all counts"


@enumerated("least eigenvalue", WORLD, (50, 200))
def eigenvalue(m: int) -> Facts:
    """The lower bound from rows beside the population's least eigenvalue."""
    return _eigenvalue(m, observed=False)


@enumerated("least eigenvalue/observed", WORLD, (50, 200))
def observed_eigenvalue(m: int) -> Facts:
    """The rows' own least eigenvalue in its place."""
    one = _eigenvalue(m, observed=True)
    return Facts(
        one.lhs, rhs=one.rhs, weights=one.weights, error=one.error, truth=eigenvalue.facts(m)
    )
