"""Seconds that every theorem takes for 10^6 points, beside the same formula in plain numpy.

Run: python tests/benchmarks/evaluate_bounds.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import history
import numpy as np

from bounds.catalogue import THEOREMS, find
from bounds.contract import random_arguments

POINTS = 1_000_000
REPEATS = 5


def median_seconds(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def plain_numpy(a: dict[str, np.ndarray]) -> np.ndarray:
    """Theorem 1 as anyone would type it: no checks, no names for the terms."""
    root = np.sqrt(a["m"])
    confidence = 2 * a["C"] * np.sqrt(2 * np.log(2 / a["delta"])) / root
    return a["gamma"] + 8 * a["L"] * a["R_M"] + 4 * a["C"] / root + confidence


def main() -> None:
    options = history.parser(__doc__).parse_args()
    generator = np.random.default_rng(0)
    print(
        f"{POINTS:,} points, median of {REPEATS}, seconds: total alone; with dominant and vacuous"
    )
    for theorem in THEOREMS:
        points = random_arguments(theorem, generator, POINTS)
        theorem.evaluate(**points)
        alone = median_seconds(lambda t=theorem, p=points: t.evaluate(**p).total)

        def everything(t=theorem, p=points) -> object:
            value = t.evaluate(**p)
            return value.dominant, value.vacuous

        print(f"  {theorem.key:35} {alone:7.3f} {median_seconds(everything):7.3f}")
    points = random_arguments(find("risk_gap.paper"), generator, POINTS)
    plain = median_seconds(lambda: plain_numpy(points))
    ours = median_seconds(lambda: find("risk_gap.paper").evaluate(**points).total)
    print(f"risk_gap.paper against plain numpy: {ours / plain:.2f} times its {plain:.3f} s")
    history.record(__file__, {"risk_gap.paper, times plain numpy": ours / plain}, options.history)


if __name__ == "__main__":
    main()
