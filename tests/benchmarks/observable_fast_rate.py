"""How far the fast rate is from data alone: kappa bounded in advance, on the features of fast_rates.py.

An observed kappa compares the head's sample with the population, which data do not show. In advance,
kappa = sqrt(2 rho^2 ln(4p/delta)/m_2), where rho^2 = sup z^T Sigma^(-1) z is at most X^2/lambda_min(Sigma)
with X the largest norm of the features. Here both of these are the population's own, which flatters the
bound: with confidence from data they are worse. A bound needs kappa < 1.
Run: python tests/benchmarks/observable_fast_rate.py [MFEAT.npz]
"""

from __future__ import annotations

from pathlib import Path

import history
import numpy as np
from fast_rates import DELTA, MFEAT, settings

HEAD_SIZE = 2000


def leverages(z: np.ndarray) -> tuple[float, float]:
    """rho^2 itself and its bound X^2/lambda_min(Sigma), for features [p, rows] of full rank."""
    moments = z @ z.T / z.shape[1]
    exact = np.einsum("ij,ij->j", z, np.linalg.solve(moments, z)).max()
    bound = (z**2).sum(axis=0).max() / np.linalg.eigvalsh(moments)[0]
    return float(exact), float(bound)


def in_advance(leverage: float, p: int, m: float, delta: float) -> float:
    """The kappa that samples of m rows exceed with probability at most delta/4."""
    return float(np.sqrt(2 * leverage * np.log(4 * p / delta) / m))


def main() -> None:
    parser = history.parser(__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=MFEAT)
    options = parser.parse_args()
    figures = {}
    print(f"kappa in advance at m_2 = {HEAD_SIZE:,}, delta = {DELTA}")
    for name, z, _ in settings(options.path):
        exact, bound = leverages(z)
        for what, leverage in (("X^2/lambda_min", bound), ("exact", exact)):
            kappa = figures[f"{name}: kappa, {what}"] = in_advance(
                leverage, len(z), HEAD_SIZE, DELTA
            )
            print(
                f"  {name:30} rho^2 {what:14} {leverage:8.1f}   kappa {kappa:.2f}"
                f"   below 1 from m_2 = {HEAD_SIZE * kappa**2:,.0f}"
            )
    history.record(__file__, figures, options.history)


if __name__ == "__main__":
    main()
