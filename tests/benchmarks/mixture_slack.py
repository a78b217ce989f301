"""What is left between `risk_gap.fast_rate_mixture` and M's own excess risk: which step gives it away.

On the features and samples of fast_rates.py, critical factors of the statement, and of what it would be with
one step of its proof undone: the determinants instead of their closed form; and instead of the inflation g,
which holds for every direction of the noise, the factor of the direction that occurred. The latter is no
bound that could be stated, since it knows the noise; no sharper inflation can have a larger factor.
Run: python tests/benchmarks/mixture_slack.py [MFEAT.npz]
"""

from __future__ import annotations

import math

import history
import numpy as np
import torch
from fast_rates import DELTA, SEED
from populations import MFEAT, features, settings

from empirical.quality import fast_rate, mixture

SIZES, SAMPLES, BLOCK = (1000, 8000), 60, 20


def factors(z: np.ndarray, y: np.ndarray, m: int) -> dict[str, float]:
    """The critical factors, by what was undone, and the median inflation of all and of one direction."""
    white = fast_rate.whiten(features(z, y))
    known = fast_rate.constants(white)
    theta, t = float(mixture.scale(known)), math.log(2 / DELTA)
    w = white.w[0][white.kept[0]].contiguous()
    xi = white.xi[0]
    v = (w[:, None] * xi[None]).reshape(-1, w.shape[1])
    rows, size = v.shape[1], v.shape[0]
    one = torch.eye(size, dtype=v.dtype)
    covariance = v @ v.T / rows
    generator = np.random.default_rng([SEED, m])
    draws = [
        generator.multinomial(m, np.full(rows, 1 / rows), BLOCK) for _ in range(SAMPLES // BLOCK)
    ]
    found: dict[str, list[float]] = {}
    for counts in np.concatenate(draws):
        mass = torch.from_numpy(counts / m)
        apart = mass - 1 / rows
        inverse = torch.linalg.inv((w * mass) @ w.T).contiguous()
        noise = v @ apart
        excess = float((inverse @ noise.reshape(len(w), -1)).square().sum())
        H = one + (2 * theta / 3) * (v * apart) @ v.T
        whole = torch.kron(inverse, torch.eye(len(xi), dtype=v.dtype))
        g = float(torch.linalg.eigvalsh(whole @ H @ whole)[-1])
        self_noise = float(noise @ torch.linalg.solve(H, noise))
        V_hat = float((mass * v.square().sum(0)).sum())
        lam, F, V = float(known.v_norm), float(known.v_frobenius), float(known.V)
        closed = (2 * V + V_hat) / 3 + t / theta + theta * F**2 / (1 - 2 * theta * lam)
        log_dets = torch.logdet(H) - torch.logdet(one - 2 * theta * covariance)
        exact = (t + 0.5 * float(log_dets)) / theta
        for name, value in (
            ("as stated", excess / (g * closed / m)),
            ("determinants", excess / (g * exact / m)),
            ("one direction", self_noise / (closed / m)),
            ("both", self_noise / (exact / m)),
            ("g", g),
            ("g of one direction", excess / self_noise),
        ):
            found.setdefault(name, []).append(value)
    return {
        name: float(
            np.median(each)
            if name.startswith("g")
            else np.quantile(each, 1 - DELTA / 2, method="higher")
        )
        for name, each in found.items()
    }


def main() -> None:
    torch.set_num_threads(1)
    options = history.parser(__doc__, data=MFEAT).parse_args()
    figures = {}
    print(f"{SAMPLES} samples of each size, delta = {DELTA}, seed {SEED}")
    for name, z, y in settings(options.path):
        for m in SIZES:
            found = factors(z, y, m)
            figures |= {f"{name}, m = {m}: {key}": value for key, value in found.items()}
            told = ", ".join(f"{key} {value:.2f}" for key, value in found.items())
            print(f"  {name}, m_2 = {m:,}: {told}", flush=True)
    history.record(__file__, figures, options.history)


if __name__ == "__main__":
    main()
