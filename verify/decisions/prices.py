"""Prices of modalities, and the cheapest subset that is good enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bounds.domains import FINITE_NON_NEGATIVE
from empirical.modalities import Subset
from verify.decisions.choice import Plan


def prices_of(cost: Mapping[str, float] | None, names: Sequence[str]) -> dict[str, float] | None:
    """A price for every modality, 0 where none is given.

    Raises
    ------
    ValueError
        For an unknown name, a price that is negative or not finite, or a sum that is not finite.
    """
    if cost is None:
        return None
    for name in cost:
        if name not in names:
            raise ValueError(f"cost must name modalities among {', '.join(names)}, got {name!r}")
    prices = {n: FINITE_NON_NEGATIVE.number(f"cost[{n!r}]", cost.get(n, 0.0)) for n in names}
    FINITE_NON_NEGATIVE.number("the sum of cost", sum(prices.values()))
    return prices


def cheapest_of(prices: dict[str, float] | None, plan: Plan, margin: float) -> Subset | None:
    """The cheapest subset whose loss on the training part is within the margin of the favourite's."""
    if prices is None:
        return None
    means = plan.means
    near = [s for s, mean in means.items() if mean <= means[plan.favourite] + margin]
    return min(near, key=lambda s: (sum(prices[name] for name in s), means[s]))
