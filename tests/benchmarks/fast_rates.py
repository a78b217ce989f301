"""Critical factors of the fast-rate forms on real features: Bousquet's inequality beside the mixture.

M's own excess risk on samples of m_2 rows, drawn with replacement from all rows of a data set; heads by
plain least squares on principal components and a constant. The factor is the smallest multiple of the
bound's terms that would have been enough: the (1 - delta/2)-quantile over samples of excess/terms.
Run: python tests/benchmarks/fast_rates.py [MFEAT.npz]
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import history
import numpy as np
import torch
from sklearn.datasets import load_digits

from bounds import risk_gap
from empirical.measurement import CONSTANTS, ON_SAMPLE
from empirical.quality import fast_rate, mixture
from empirical.quality.frozen_encoder import Features

SAMPLES, BLOCK, SEED, DELTA = 100, 20, 0, 0.05
SIZES = (500, 1000, 2000, 8000, 32_000)
MFEAT = Path(__file__).parents[3] / "shared" / "data" / "uci_mfeat.npz"


def standardised(x: np.ndarray) -> np.ndarray:
    return x / np.where(x.std(0) > 0, x.std(0), 1.0)


def components(x: np.ndarray, p: int) -> np.ndarray:
    """The p - 1 first principal components, and the constant 1: [p, rows]."""
    scaled = x - x.mean(0)
    _, _, axes = np.linalg.svd(scaled, full_matrices=False)
    return np.vstack([(scaled @ axes[: p - 1].T).T, np.ones(len(x))])


def settings(path: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Names, features [p, rows] and one-hot targets [10, rows]."""
    digits = load_digits()
    yield "digits, p = 27", components(digits.data, 27), np.eye(10)[digits.target].T
    if not path.exists():
        print(f"{path} is not there: digits alone")
        return
    data = np.load(path)
    views = [name for name in data if name != "y"]
    _, labels = np.unique(data["y"], return_inverse=True)
    targets = np.eye(10)[labels].T
    everything = standardised(np.hstack([data[name] for name in views]))
    for p in (18, 44):
        yield f"mfeat, six views, p = {p}", components(everything, p), targets
    yield "mfeat, one view (zer), p = 27", components(standardised(data["zer"]), 27), targets


def factors(z: np.ndarray, y: np.ndarray, m: int) -> tuple[float, float, float, float]:
    """Factors of both forms, and medians of the inflation g and of 1/(1 - kappa)^2."""
    features = Features(torch.from_numpy(z)[None], torch.from_numpy(y.copy()), 1.0, "least-squares")
    white = fast_rate.whiten(features)
    known = fast_rate.constants(white)
    rows = z.shape[1]
    generator = np.random.default_rng([SEED, m])
    both, g, kappa = [], [], []
    for _ in range(SAMPLES // BLOCK):
        mass = torch.from_numpy(generator.multinomial(m, np.full(rows, 1 / rows), BLOCK) / m)
        many = fast_rate.whiten(
            Features(features.z.expand(BLOCK, -1, -1), features.targets, 1.0, "least-squares")
        )
        each = fast_rate.Constants(**{k: v.expand(BLOCK) for k, v in vars(known).items()})
        fresh = fast_rate.fresh_heads(many, mass)
        seen = mixture.sample_noise(many, each, mass)
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
    parser = history.parser(__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=MFEAT)
    options = parser.parse_args()
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
