"""Critical factors of the fast-rate forms on real features: Bousquet's inequality beside the mixture.

M's own excess risk on samples of m_2 rows, drawn with replacement from all rows of a data set; heads by
plain least squares on principal components and a constant. The factor is the smallest multiple of the
bound's terms that would have been enough: the (1 - delta/2)-quantile over samples of excess/terms.
Run: python tests/benchmarks/fast_rates.py [MFEAT.npz]
"""

from __future__ import annotations

from dataclasses import replace

import history
import numpy as np
import torch
from populations import MFEAT, features, settings

from bounds import risk_gap
from empirical.measurement import CONSTANTS, ON_SAMPLE
from empirical.quality import fast_rate, mixture

SAMPLES, BLOCK, SEED, DELTA = 100, 20, 0, 0.05
SIZES = (500, 1000, 2000, 8000, 32_000)


def factors(z: np.ndarray, y: np.ndarray, m: int) -> tuple[float, float, float, float]:
    """Factors of both forms, and medians of the inflation g and of 1/(1 - kappa)^2."""
    one = features(z, y)
    white = fast_rate.whiten(one)
    known = fast_rate.constants(white)
    # A block of samples of the same rows.
    many = fast_rate.whiten(replace(one, z=one.z.expand(BLOCK, -1, -1)))
    repeated = fast_rate.Constants(**{k: v.expand(BLOCK) for k, v in vars(known).items()})
    rows = z.shape[1]
    generator = np.random.default_rng([SEED, m])
    both, g, kappa = [], [], []
    for _ in range(SAMPLES // BLOCK):
        mass = torch.from_numpy(generator.multinomial(m, np.full(rows, 1 / rows), BLOCK) / m)
        fresh = fast_rate.fresh_heads(many, mass)
        seen = mixture.sample_noise(many, repeated, mass)
        values = {name: float(getattr(known, name)) for name in CONSTANTS}
        values |= {name: getattr(seen, name).numpy() for name in ON_SAMPLE}
        values |= {"kappa": fresh.kappa.numpy(), "gamma": 0.0, "m_head": m, "delta": DELTA}
        excess = fresh.risk_high.numpy() - float(white.best)
        terms = [
            theorem.evaluate(**{k: v for k, v in values.items() if k in theorem.inputs}).total
            for theorem in (risk_gap.fast_rate("M", "N"), risk_gap.fast_rate_mixture("M", "N"))
        ]
        both.append([excess / each for each in terms])
        g.append(values["inflation"])
        kappa.append(values["kappa"])
    ratios = np.concatenate(both, axis=1)
    one, other = np.quantile(ratios, 1 - DELTA / 2, axis=1, method="higher")
    return one, other, float(np.median(g)), float(np.median((1 - np.concatenate(kappa)) ** -2))


def main() -> None:
    torch.set_num_threads(1)
    options = history.parser(__doc__, data=MFEAT).parse_args()
    figures = {}
    print(f"{SAMPLES} samples of each size, delta = {DELTA}, seed {SEED}")
    for name, z, y in settings(options.path):
        print(name)
        for m in SIZES:
            bousquet, mixed, g, square = factors(z, y, m)
            figures[f"{name}, m_2 = {m}: Bousquet"] = bousquet
            figures[f"{name}, m_2 = {m}: mixture"] = mixed
            print(
                f"  m_2 = {m:6,}   Bousquet {bousquet:.2f}   mixture {mixed:.2f}"
                f"   g {g:.2f}   1/(1 - kappa)^2 {square:.2f}"
            )
    history.record(__file__, figures, options.history)


if __name__ == "__main__":
    main()
