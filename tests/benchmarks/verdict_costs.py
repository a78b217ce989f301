"""What a verdict costs: samples at which it falls with probability 0.9, over those of Clopper and Pearson.

For a level that a claim allows, a true rate and a number of tests: the least n at which Clopper and
Pearson's interval of both tails decides with probability 0.9 at one look, and the multiples of it that are
needed by a look planned in advance, by evidence at any time where no look was planned, and where one was
planned elsewhere. Nothing is drawn. Run: python tests/benchmarks/verdict_costs.py
"""

from __future__ import annotations

import math
from collections.abc import Callable

import history
import numpy as np
from scipy import stats

from verify.verdicts.anytime import evidence_above, evidence_below
from verify.verdicts.coverage import ALPHA
from verify.verdicts.draws import PLANNED

POWER, MOST = 0.9, 3_000_000
LEVELS, SHARES, TESTS = (0.005, 0.025, 0.05), (0.0, 0.5, 0.8, 1.25, 2.0, 4.0), (1, 20, 56)
Decides = Callable[[np.ndarray, int, float, float], np.ndarray]


def exact(counts: np.ndarray, n: int, level: float, tail: float, refutes: bool) -> np.ndarray:
    """Whether the exact binomial test decides, for each count."""
    if refutes:
        return stats.binom.sf(counts - 1, n, level) <= tail
    return stats.binom.cdf(counts, n, level) <= tail


def any_time(counts: np.ndarray, n: int, level: float, miss: float, refutes: bool) -> np.ndarray:
    """The same by evidence that is valid at any time."""
    evidence = evidence_above if refutes else evidence_below
    return evidence(counts, n, level) >= -math.log(miss)


def power(n: int, rate: float, decides: Callable[[np.ndarray], np.ndarray], refutes: bool) -> float:
    """The probability of the verdict at n samples."""
    spread = 10 * math.sqrt(n * max(rate, 1 / n)) + 20
    counts = np.arange(max(0, int(n * rate - spread)), min(n, int(n * rate + spread)) + 1)
    found = counts[decides(counts)]
    if not found.size:
        return 0.0
    if refutes:
        return float(stats.binom.sf(found[0] - 1, n, rate))
    return float(stats.binom.cdf(found[-1], n, rate))


def least(rate: float, level: float, miss: float, test: Callable, refutes: bool) -> int:
    """The least n, to half a per cent, from which on the verdict falls with probability `POWER`."""

    def enough(n: int) -> bool:
        return power(n, rate, lambda k: test(k, n, level, miss, refutes), refutes) >= POWER

    low, high = 1, 2
    while not enough(high):
        low, high = high, 2 * high
        if high > MOST:
            return MOST
    while high - low > max(1, high // 400):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def costs(level: float, rate: float, tests: int) -> tuple[int, tuple[float, float, float]]:
    """Clopper and Pearson's samples, and the three multiples."""
    refutes, miss = rate > level, ALPHA / tests
    reference = least(rate, level, miss / 2, exact, refutes)
    others = (
        least(rate, level, PLANNED * miss, exact, refutes),
        least(rate, level, miss, any_time, refutes),
        least(rate, level, (1 - PLANNED) * miss, any_time, refutes),
    )
    return reference, tuple(n / reference for n in others)


def main() -> None:
    options = history.parser(__doc__).parse_args()
    figures = {}
    print("level   rate/level  tests  Clopper-Pearson  planned  any time  any time, plan elsewhere")
    for level in LEVELS:
        for share in SHARES:
            for tests in TESTS:
                n, (planned, free, rest) = costs(level, share * level, tests)
                figures[f"level {level}, rate {share:g} x, {tests} tests: planned"] = planned
                figures[f"level {level}, rate {share:g} x, {tests} tests: any time"] = free
                row = f"{level:5.3f}  {share:9.2f}  {tests:5d}  {n:15,}"
                print(f"{row}  {planned:7.2f}  {free:8.2f}  {rest:8.2f}")
    history.record(__file__, figures, options.history)


if __name__ == "__main__":
    main()
