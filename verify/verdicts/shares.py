"""How the deltas that are ever asked for in one folder share a claim's probability of a wrong verdict.

A claim consists of tests at every delta asked for. A share is fixed when a delta is first asked for and
never grows, and all shares add up to alpha at most, whatever is asked for later (theory, section 7).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from verify.verdicts.coverage import ALPHA

LATER = 0.1
"""The part of alpha that is kept for what is asked for later."""


def shares(requests: Sequence[Collection[float]], alpha: float = ALPHA) -> dict[float, float]:
    """The share of alpha that all tests at one delta have together.

    The first request has all but `LATER` of alpha, the r-th later one 1/(r (r + 1)) of the rest. The
    deltas of one request share equally.

    Parameters
    ----------
    requests : sequence of collections of float
        The deltas that were new in each request, in the order of the requests.
    alpha : float
        What all shares add up to, at most.

    Examples
    --------
    >>> {delta: round(share, 6) for delta, share in shares([(0.1, 0.05), (0.2,)], 0.05).items()}
    {0.1: 0.0225, 0.05: 0.0225, 0.2: 0.0025}
    """
    found: dict[float, float] = {}
    for r, deltas in enumerate(requests):
        part = LATER / (r * (r + 1)) if r else 1 - LATER
        for delta in deltas:
            found.setdefault(delta, alpha * part / len(deltas))
    return found
