"""`audit`: a bound from elsewhere beside a known one of its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from bounds.auditing import checks, worlds
from bounds.auditing.points import points
from bounds.auditing.references import REFERENCES, Point, of_theorem
from bounds.auditing.result import Audit, Finding
from bounds.auditing.rows import samples
from bounds.auditing.target import Target, target
from bounds.domains import at_least
from bounds.theorem import Theorem

Check = Callable[[Target, Sequence[Point]], Iterator[Finding]]


def audit(
    bound: object,
    like: str | Theorem,
    *,
    names: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Audit:
    """Check a bound that someone else published, or coded, against a known bound of its kind.

    Parameters
    ----------
    bound
        A function of named arguments that returns a number, a sympy expression, or a theorem. The arguments
        are those of the reference. A loss in [0, 1] needs no `C`. Instead of averages and the size of the
        sample a function may take the sample itself: `losses`, an array [m], or `batches`, a list of them.
    like
        The key of a theorem of the catalogue, such as "pac_bayes.mcallester"; "mean.hoeffding",
        "mean.bernstein", "mean.empirical_bernstein", "mean.rademacher" or "distribution.dkw"; or a theorem.
    names
        What its arguments are called here: {"n": "m"}.
    seed
        Of the points at which it is tried.

    Returns
    -------
    Audit
        Its findings, each a sentence with the numbers that show it. No finding is no proof.

    Raises
    ------
    ValueError
        For an unknown reference, or arguments that are not the reference's.

    Examples
    --------
    >>> from math import log, sqrt
    >>> def bound(gibbs_hat, KL, m, delta):
    ...     return gibbs_hat + sqrt((KL + log(2 * sqrt(m)) / delta) / (2 * m))
    >>> found = audit(bound, like="pac_bayes.mcallester")
    >>> found
    <Audit bound, like pac_bayes.mcallester: 2 findings>
    >>> found.findings[0].check, found.critical_factor < found.reference_factor
    ('tail', True)
    """
    at_least(0).whole("seed", seed)
    reference = of_theorem(like) if isinstance(like, Theorem) else REFERENCES.find(like, "like")
    mine = target(bound, reference, names)
    tried_at = points(mine, seed)
    found: list[Finding] = []
    passed: list[str] = []
    skipped: list[str] = []
    chosen: list[tuple[str, Check]] = [
        ("numbers", checks.numbers),
        ("directions", checks.directions),
    ]
    if "C" in mine.arguments:
        chosen.append(("scale", checks.scale))
    else:
        skipped.append("scale (the bound takes no C)")
    if "delta" in mine.arguments:
        chosen.append(("tail", checks.tail))
    if mine.sample:
        chosen.append(("sample", samples))
    chosen.append(("limits", checks.limits))
    for name, check in chosen:
        findings = list(check(mine, tried_at))
        found += findings
        passed += [] if findings else [name]
    factor = None
    if not worlds.exists(mine.reference):
        skipped.append(f"validity (no exact world for {mine.reference.name})")
    elif any(each.check == "sample" for each in found):
        skipped.append("validity (the bound depends on more than the averages of the sample)")
    else:
        result = worlds.tried(mine)
        factor = result.factor
        found += [result.violation] if result.violation else []
        passed += [] if result.violation else ["validity"]
    return Audit(
        mine.name,
        mine.reference.name,
        tuple([*_exchanged(mine, chosen, found, tried_at), *found]),
        tuple(passed),
        tuple(skipped),
        factor,
        None if factor is None else worlds.own_factor(mine.reference),
    )


def _exchanged(
    mine: Target,
    chosen: Sequence[tuple[str, Check]],
    found: Sequence[Finding],
    tried_at: Sequence[Point],
) -> Iterator[Finding]:
    """If exchanging two arguments mends everything, they are swapped: say which."""
    if not found or mine.sample:
        return
    for one, other in combinations(sorted(set(mine.names.values())), 2):
        mended = mine.exchanged(one, other)
        if any(next(check(mended, tried_at), None) for _, check in chosen):
            continue
        if worlds.exists(mine.reference) and worlds.tried(mended).violation is not None:
            continue
        worst = max(tried_at, key=lambda point: _distance(mine, mended, point))
        yield Finding(
            "exchanged arguments",
            f"With {one} and {other} exchanged the bound does all that the reference does: they are swapped.",
            {name: float(worst[name]) for name in mine.arguments},
            mine.at(worst),
            mine.reference.total(worst),
        )
        return


def _distance(mine: Target, mended: Target, point: Point) -> float:
    gap = abs(mine.at(point) - mended.at(point))
    return float(gap) if np.isfinite(gap) else 0.0
