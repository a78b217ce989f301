"""Several gaps from one hold-out: certificates that hold all at once with probability 1 − delta."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from bounds.domains import PROBABILITY, one_of
from bounds.names import known_options
from bounds.table import Table
from empirical.statistics.bounded_means import METHODS, Method
from verify.certificates.certificate import Certificate, Side, Verdict
from verify.certificates.certify import of_differences
from verify.certificates.rows import Differences, differences

End = Literal["upper", "lower"]
Share = Callable[[Sequence[Differences], float, Side, Method, int], list[Certificate]]


@dataclass(frozen=True)
class Adjustment:
    """A way in which certificates share delta.

    Attributes
    ----------
    name : str
    text : str
    share : callable
        From the differences of all pairs, delta, the side, the method and the seed: the certificates.
    """

    name: str
    text: str
    share: Share


@known_options
def certify_family(
    losses: Mapping[str, tuple[Any, Any]],
    *,
    C: float | None = None,
    delta: float = 0.05,
    groups: Any = None,
    side: Side = "both",
    method: str | Method = "betting",
    adjust: str | Adjustment = "holm",
    clip: float | None = None,
    seed: int = 0,
) -> dict[str, Certificate]:
    """Certificates of several pairs that hold all at once with probability at least 1 − delta.

    The pairs are fixed before the hold-out is looked at. A pair that is chosen on the hold-out is paid
    for by putting into the family all pairs among which it is chosen.

    Parameters
    ----------
    losses : mapping
        Name of a pair to (loss_M, loss_N), as `certify` takes them.
    adjust : {"holm", "bonferroni", "sequence"} or Adjustment
        "bonferroni" gives intervals, each end at an equal share of delta. "holm" usually decides
        at least as many pairs but gives no sizes: the end of a decided pair is 0, that of an open one
        the range's. "sequence" takes the pairs in the order given, each at all of delta, and stops at
        the first that is not decided, for either direction by itself: put the largest expected gain first.
    C, delta, groups, side, method, clip, seed
        As for `certify`, for all pairs.

    Returns
    -------
    dict
        Name to `Certificate`.

    Raises
    ------
    ValueError
        As `certify`, naming the pair; and for no pairs or an unknown adjustment.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> base, better, same = (rng.random(500) < p for p in (0.5, 0.3, 0.5))
    >>> found = certify_family({"better": (better, base), "same": (same, base)}, C=1)
    >>> [each.verdict for each in found.values()]
    ['M better', 'cannot tell']
    """
    PROBABILITY.number("delta", delta)
    one_of("side", side, get_args(Side))
    chosen, how = METHODS.find(method), ADJUSTMENTS.find(adjust)
    if not isinstance(losses, Mapping) or not losses:
        raise ValueError(f"losses must map names to pairs (loss_M, loss_N), got {losses!r}")
    read = []
    for name, pair in losses.items():
        try:
            loss_M, loss_N = pair
            read.append(differences(loss_M, loss_N, C, groups, clip))
        except (TypeError, ValueError) as error:
            raise ValueError(f"losses[{name!r}]: {error}") from None
    found = how.share(read, delta, side, chosen, seed)
    return dict(zip(losses, found, strict=True))


def bonferroni(
    read: Sequence[Differences], delta: float, side: Side, method: Method, seed: int
) -> list[Certificate]:
    """Each pair at delta divided by their number."""
    text = f"one of {len(read)} certificates that hold at once, each at delta / {len(read)}"
    shared = _at_equal_shares(read, delta, side, method, seed)
    return [replace(each, delta=delta, family=text) for each in shared]


def holm(
    read: Sequence[Differences], delta: float, side: Side, method: Method, seed: int
) -> list[Certificate]:
    """Holm on the p-values of all pairs and ends, which makes no use of how they depend."""
    ends = _ends(side)
    tests = len(read) * len(ends)
    # Bets aim at the strictest level; their p-values are valid at every level.
    found = _at_equal_shares(read, delta, side, method, seed)
    ranked = sorted((_p(c, end), i, end) for i, c in enumerate(found) for end in ends)
    decided: set[tuple[int, End]] = set()
    for rank, (p, i, end) in enumerate(ranked):
        if not p <= delta / (tests - rank):
            break
        decided.add((i, end))
    text = f"one of {len(read)} verdicts that hold at once (Holm), without sizes"
    return [
        _with_ends(
            c,
            high=0.0 if (i, "upper") in decided else c.C,
            low=0.0 if (i, "lower") in decided else -c.C,
            decided={end for j, end in decided if j == i},
            delta=delta,
            text=text,
        )
        for i, c in enumerate(found)
    ]


def sequence(
    read: Sequence[Differences], delta: float, side: Side, method: Method, seed: int
) -> list[Certificate]:
    """Each pair at all of delta, as long as all earlier ones were decided (Hsu and Berger 1999)."""
    found = [of_differences(each, delta, side, method, seed) for each in read]
    highs = _in_sequence([c.high for c in found], [c.C for c in found])
    lows = _in_sequence([-c.low for c in found], [c.C for c in found])
    text = f"one of {len(read)} certificates in a fixed sequence, which hold at once"
    made = []
    for c, (high, up), (low, down) in zip(found, highs, lows, strict=True):
        ends: set[End] = set()
        if up:
            ends.add("upper")
        if down:
            ends.add("lower")
        made.append(_with_ends(c, high, -low, ends, delta, text))
    return made


ADJUSTMENTS: Table[Adjustment] = Table(
    "adjust",
    [
        Adjustment("holm", "verdicts by Holm", holm),
        Adjustment("bonferroni", "intervals, each at an equal share", bonferroni),
        Adjustment("sequence", "in the order given, until one stays open", sequence),
    ],
)


def _at_equal_shares(
    read: Sequence[Differences], delta: float, side: Side, method: Method, seed: int
) -> list[Certificate]:
    share = 1 / len(read)
    return [
        replace(of_differences(each, delta / len(read), side, method, seed), share=share)
        for each in read
    ]


def _ends(side: Side) -> tuple[End, ...]:
    return ("upper", "lower") if side == "both" else (side,)


def _p(certificate: Certificate, end: End) -> float:
    """The p-value; 1 for a sign that the mean itself does not have, so that no pair gets both verdicts."""
    if end == "upper":
        return certificate.p_M_better if certificate.gap < 0 else 1.0
    return certificate.p_N_better if certificate.gap > 0 else 1.0


def _in_sequence(uppers: list[float], ranges: list[float]) -> list[tuple[float, bool]]:
    """(upper end, whether it is below zero) of pairs in a fixed sequence, each at the same level.

    Before the pair that stays open nothing but the sign is kept; after it nothing is known. If all
    are decided the last one keeps its size.
    """
    found = []
    running = True
    for i, (upper, most) in enumerate(zip(uppers, ranges, strict=True)):
        if not running:
            found.append((most, False))
        elif upper < 0:
            found.append((0.0 if i + 1 < len(uppers) else upper, True))
        else:
            running = False
            found.append((upper, False))
    return found


def _with_ends(
    c: Certificate, high: float, low: float, decided: set[End], delta: float, text: str
) -> Certificate:
    verdict: Verdict = "cannot tell"
    if "upper" in decided:
        verdict = "M better"
    elif "lower" in decided:
        verdict = "N better"
    return replace(c, low=low, high=high, verdict=verdict, delta=delta, family=text)
