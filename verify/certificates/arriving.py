"""Certify while rows arrive, and stop whenever you like."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import special

from bounds.domains import PROBABILITY, one_of
from bounds.names import known_options
from empirical.statistics.capital import EPS, growth, margin
from verify.certificates.certificate import Certificate, Side, level_of, verdict_of
from verify.certificates.columns import group_codes, losses_of
from verify.certificates.rows import Differences, by_group, cut_off, range_of, within

Values = NDArray[np.float64]

SHARES = np.geomspace(0.002, 0.9, 24)
"""The bets of the mixture: none is best for all numbers of rows, and one of them is nearly so."""
PARTS = 32


@known_options
def arriving(
    batches: Iterable[tuple[Any, ...]],
    *,
    C: float | None = None,
    delta: float = 0.05,
    side: Side = "both",
    clip: float | None = None,
    stop: bool = True,
) -> Iterator[Certificate]:
    """A certificate after each batch of new rows; all of them hold at once with probability 1 − delta.

    So it is allowed to look at each, and to stop at the first that decides, or for any other reason.
    That costs width: with a number of rows fixed in advance `certify` is usually sharper. Rows must be
    independent and are taken in the order of their arrival.

    Parameters
    ----------
    batches : iterable of (loss_M, loss_N) or (loss_M, loss_N, groups)
        Losses of the new rows, arrays or tensors [rows]; any number of rows at a time. With labels of
        groups the unit is the group, and all rows of a group must be in one batch.
    C, delta, side, clip
        As for `certify`.
    stop : bool
        End after the first certificate with a verdict.

    Yields
    ------
    Certificate

    Raises
    ------
    ValueError
        As `certify`, but any number of rows is allowed; and for batches with groups and without, and a
        group that comes a second time.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = ((rng.random(50) < 0.2, rng.random(50) < 0.5) for _ in range(20))
    >>> *_, last = arriving(rows, C=1)
    >>> last.verdict, last.rows < 1000
    ('M better', True)
    """
    PROBABILITY.number("delta", delta)
    one_of("side", side, get_args(Side))
    largest = range_of(C, clip)
    alpha = level_of(delta, side)
    rows, count, clipped, largest_group = np.empty(0), 0, 0, 0
    known: set[Any] | None = None
    # The largest capital so far against a gap of at least 0, and of at most 0.
    best = {"upper": 0.0, "lower": 0.0}
    low, high = -largest, largest
    for number, batch in enumerate(batches):
        if len(batch) not in (2, 3):
            raise ValueError(
                f"batch {number} must be (loss_M, loss_N) or (loss_M, loss_N, groups), got {len(batch)}"
                " entries"
            )
        M, N = (
            losses_of(f"batch {number}, {name}", each)
            for name, each in zip(("loss_M", "loss_N"), batch[:2], strict=True)
        )
        if M.shape != N.shape:
            raise ValueError(
                f"batch {number}: loss_N must have as many rows as loss_M, {M.size}, got {N.size}"
            )
        if clip is not None:
            M, N, touched = cut_off(M, N, clip)
            clipped += touched
        found = Differences(within(M - N, largest), M.size, largest)
        grouped = len(batch) == 3
        if number and grouped != (known is not None):
            raise ValueError(f"batch {number} must have groups as batch 0 has them, or none")
        if grouped:
            found, known = _by_new_groups(found, batch[2], known or set(), number)
        rows, count = np.concatenate([rows, found.values]), count + M.size
        largest_group = max(largest_group, found.largest)
        for end in best:
            if side in ("both", end):
                x = _scaled(rows if end == "lower" else -rows, largest)
                best[end] = max(best[end], _capital(x, np.array([0.5 * (1 + 32 * EPS)]))[0])
                # A group's mean is off by no more than half its rows in units of the last place.
                rounded = (16 + 2 * largest_group) * EPS * largest
                bound = 2 * largest * _lower(x, alpha) - largest - rounded
                # Ends hold at once for all batches, so the best of them does.
                if end == "lower":
                    low = max(low, bound)
                else:
                    high = min(high, -bound)
        if low > high:
            raise ValueError(
                "batches must be drawn from one source: early and late rows exclude each other"
            )
        p = {end: math.exp(-max(0.0, best[end] - margin(rows.size))) for end in best}
        certificate = Certificate(
            gap=float(rows.mean()),
            low=low,
            high=high,
            delta=delta,
            n=rows.size,
            rows=count,
            C=largest,
            spread=float(rows.std(ddof=1)) if rows.size > 1 else 0.0,
            side=side,
            verdict=verdict_of(low, high),
            method="mixture of bets, at any time",
            unit=found.unit,
            p_M_better=p["upper"],
            p_N_better=p["lower"],
            clip=clip,
            clipped=clipped,
        )
        yield certificate
        if stop and certificate.verdict != "cannot tell":
            return


def _by_new_groups(
    found: Differences, groups: Any, known: set[Any], number: int
) -> tuple[Differences, set[Any]]:
    """The mean differences of a batch's groups, none of which was known, and all that are known now."""
    labels, codes = group_codes(groups, None, found.rows)
    again = sorted(known.intersection(labels.tolist()))
    if again:
        raise ValueError(
            f"batch {number} must hold all rows of its groups, and no other batch any: got {again[0]!r} again"
        )
    return by_group(found, codes), known.union(labels.tolist())


def _scaled(rows: Values, C: float) -> Values:
    """Rows in [−C, C] as one sample [1, n] in [0, 1]."""
    return np.clip((rows + C) / (2 * C), 0.0, 1.0)[None, :]


def _capital(x: Values, g: Values) -> Values:
    """ln of the mean capital of all bets against each g, [K]; it falls in g."""
    shares = np.tile(SHARES, g.size)[None, :]
    grown = growth(x, shares, np.repeat(g, SHARES.size)[None, :]).reshape(g.size, -1)
    found: Values = special.logsumexp(grown, axis=1) - math.log(SHARES.size)
    return found


def _lower(x: Values, alpha: float) -> float:
    """The largest g on three grids, each inside a part of the last, that is refuted; 0 if none is."""
    aim = math.log(1 / alpha) + margin(x.shape[1])
    low, high = 0.0, 1.0
    for _ in range(3):
        points = low + (high - low) * np.arange(1, PARTS + 1) / PARTS
        refuted = np.append(_capital(x, points) >= aim, False)
        reached = int(np.argmin(refuted))
        step = (high - low) / PARTS
        low, high = low + step * reached, low + step * (reached + 1)
        high = min(high, 1.0)
    return low - 8 * EPS
