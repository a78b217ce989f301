"""Draws a second of the Rademacher complexity of a linear class, beside a plain loop; one thread each.

A draw is the exact supremum for one vector of m signs. Processor time, median of several runs.
Run: python tests/benchmarks/rademacher_draws.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import history
import numpy as np
import torch
from threadpoolctl import threadpool_limits

from empirical.complexity.linear import linear_complexity, linear_empirical
from empirical.complexity.relu import relu_empirical

M, D = 1000, 100
REPEATS = 5


def rate(work: Callable[[], object], draws: int) -> float:
    """Draws a second, the median of several runs after one to warm up."""
    work()
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return draws / float(np.median(seconds))


def loop(x: np.ndarray, draws: int, generator: np.random.Generator) -> np.ndarray:
    """As anyone would type it: one draw after another."""
    values = np.empty(draws)
    for t in range(draws):
        signs = 2.0 * generator.integers(0, 2, len(x)) - 1.0
        values[t] = np.linalg.norm(signs @ x) / len(x)
    return values


def product(x: np.ndarray, draws: int, generator: np.random.Generator) -> np.ndarray:
    """One product for all draws, in float64."""
    signs = 2.0 * generator.integers(0, 2, (draws, len(x)), dtype=np.int8) - 1.0
    values: np.ndarray = np.linalg.norm(signs @ x, axis=1) / len(x)
    return values


def main() -> None:
    options = history.parser(__doc__).parse_args()
    figures = {}
    torch.set_num_threads(1)
    generator = np.random.default_rng(0)
    x = generator.standard_normal((M, D))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    with threadpool_limits(1):
        baseline = rate(lambda: loop(x, 5_000, generator), 5_000)
        gemm = rate(lambda: product(x, 10_000, generator), 10_000)
        print(f"m = {M:,}, d = {D}, ||x_i|| = 1, B = 1; one thread, median of {REPEATS}")
        print(f"  loop over draws            {baseline:12,.0f} draws a second   n = 5,000")
        print(f"  one float64 product        {gemm:12,.0f}   {gemm / baseline:6.1f} x   n = 10,000")
        for label, draws, measure in (
            (
                "linear_empirical",
                400_000,
                lambda n: linear_empirical(x, radius=1.0, draws=n, generator=generator),
            ),
            (
                "  on the L1 ball",
                200_000,
                lambda n: linear_empirical(x, radius=1.0, ball="l1", draws=n, generator=generator),
            ),
            (
                "linear_complexity",
                16_000,
                lambda n: linear_complexity(x, M, radius=1.0, draws=n, generator=generator),
            ),
            (
                "relu_empirical",
                40,
                lambda n: relu_empirical(
                    x, encoder_radius=1.0, head_radius=1.0, draws=n, generator=generator
                ),
            ),
        ):
            ours = rate(lambda f=measure, n=draws: f(n), draws)
            figures[f"{label.strip()}, times the loop"] = ours / baseline
            print(f"  {label:26} {ours:12,.0f}   {ours / baseline:6.1f} x   n = {draws:,}")
        values = loop(x, 20_000, generator)
        found = linear_empirical(x, radius=1.0, draws=400_000, generator=generator)
    error = values.std(ddof=1) / len(values) ** 0.5
    certified = found.certified.interval
    half = (found.student.interval.high - found.student.interval.low) / 2
    print(f"loop: {values.mean():.6f} +- {2.58 * error:.6f} (20,000 draws, 99 %)")
    print(f"ours: {found.student.value:.6f} +- {half:.6f} (400,000 draws, 99 %, Student)")
    print(f"      certified at 99 %: [{certified.low:.6f}, {certified.high:.6f}]")
    history.record(__file__, figures, options.history)


if __name__ == "__main__":
    main()
