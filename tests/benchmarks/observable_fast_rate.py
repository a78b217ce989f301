"""The fast rate from data alone beside the population's constants, on the features of fast_rates.py.

n rows are drawn with replacement from all rows of a data set. Half of them fit a head, and a linear map of
the features that whitens this half, rows cut to the norm sqrt(2 p) after it; the other half bounds the
constants (`verify.certificates.observed_rate`). For squared loss on ten classes and heads of at most
twice the fitted head's norm. Medians of REPEATS draws.
Run: python tests/benchmarks/observable_fast_rate.py [MFEAT.npz]
"""

from __future__ import annotations

import history
import numpy as np
import torch
from fast_rates import DELTA
from populations import MFEAT, features, settings

from bounds import risk_gap
from empirical import heads
from empirical.quality import fast_rate
from verify.certificates.observed_rate import FastRateConstants, from_rows

SIZES, REPEATS, SEED = (2000, 20_000), 10, 0
NAMES = ("V", "v_norm", "v_max", "leverage")


def best(z: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    """The least-squares head in the ball, [c, p]."""
    inputs, targets = (torch.from_numpy(np.ascontiguousarray(a.T))[None] for a in (z, y))
    moments = inputs @ inputs.mT / len(z), inputs @ targets.mT / len(z)
    return heads.least_squares(*moments, radius).weights[0].numpy()


def cut(z: np.ndarray, norm: float) -> np.ndarray:
    """Rows of at most this norm."""
    return z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True) / norm, 1.0)


def bound(constants: dict[str, float], m_head: int, p: int) -> float:
    """What the fast rate adds to gamma, kappa bounded in advance."""
    theorem = risk_gap.fast_rate("M", "N")
    return float(theorem.evaluate(**constants, p=p, m_head=m_head, gamma=0.0, delta=DELTA).total)


def once(z: np.ndarray, y: np.ndarray, n: int, repeat: int) -> dict[str, float]:
    """One draw of n rows."""
    generator = np.random.default_rng([SEED, n, repeat])
    train, held = generator.integers(0, len(z), (2, n // 2))
    p, norm = z.shape[1], float(np.sqrt(2 * z.shape[1]))
    white = np.linalg.cholesky(np.linalg.inv(z[train].T @ z[train] / len(train)))
    w = cut(z @ white, norm)
    free = np.linalg.lstsq(w[train], y[train], rcond=None)[0]
    radius = 2 * float(np.linalg.norm(free))
    head = best(w[train], y[train], radius)
    options = dict(norm=norm, target_norm=1.0, radius=radius, delta=DELTA)
    found = from_rows(w[held], y[held], head, **options)
    exact = fast_rate.constants(fast_rate.whiten(features(w.T, y.T)))
    truth = FastRateConstants(
        *(
            float(getattr(exact, name))
            for name in ("V", "v_norm", "v_frobenius", "v_max", "leverage")
        ),
        p=p,
        delta=0.0,
    )
    loss = np.square(y - w @ head.T).sum(1)
    least = np.square(y - w @ best(w, y, radius).T).sum(1).mean()
    values = {f"true {name}": getattr(truth, name) for name in NAMES}
    values |= {name: getattr(found, name) for name in NAMES}
    return values | {
        "kappa": found.kappa(n // 2, DELTA),
        "true kappa": truth.kappa(n // 2, DELTA),
        "rows needed": found.rows_needed(DELTA),
        "bound": bound({name: getattr(found, name) for name in NAMES}, n // 2, p),
        "true bound": bound({name: getattr(truth, name) for name in NAMES}, n // 2, p),
        "excess": loss.mean() - least,
    }


def main() -> None:
    torch.set_num_threads(1)
    options = history.parser(__doc__, data=MFEAT).parse_args()
    figures = {}
    print(f"medians of {REPEATS} draws, seed {SEED}, delta = {DELTA}; from data, and exact")
    for name, z, y in settings(options.path):
        print(name)
        for n in SIZES:
            draws = [once(z.T, y.T, n, repeat) for repeat in range(REPEATS)]
            found = {key: float(np.median([each[key] for each in draws])) for key in draws[0]}
            figures[f"{name}, n = {n}: kappa from data"] = found["kappa"]
            constants = ", ".join(
                f"{each} {found[each]:.3g} ({found['true ' + each]:.3g})" for each in NAMES
            )
            print(
                f"  n = {n:,}: {constants}; kappa {found['kappa']:.2f} ({found['true kappa']:.2f}), below 1"
                f" from m_2 = {found['rows needed']:,.0f}; bound {found['bound']:.3g}"
                f" ({found['true bound']:.3g}); excess {found['excess']:.4f}",
                flush=True,
            )
    history.record(__file__, figures, options.history)


if __name__ == "__main__":
    main()
