"""M's trained model against N's model, and against the best head on N's encoder, on rows held out.

Encoders are random ReLU features of standardised columns, heads are ridge regressions on one-hot classes;
M's predictions are projected onto the simplex, so that its loss is at most 2. n rows are drawn with
replacement from all rows of a data set, half train and half are held out: the truth is an average over
all rows.
Run: python tests/benchmarks/best_heads.py [MFEAT.npz]
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import history
import numpy as np
import torch
from sklearn.datasets import load_digits

from empirical import heads
from verify.certificates.best_head import best_head, stake_for

SEED, DELTA, UNITS, RIDGE, RADIUS, C = 0, 0.05, 40, 1e-2, 3.0, 2.0
SIZES, REPEATS = (500, 2000), 10
MFEAT = Path(__file__).parents[3] / "shared" / "data" / "uci_mfeat.npz"


def features(x: np.ndarray, train: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """ReLU features of mean norm about 1, scaled by the training rows, and the constant 1: [n, p]."""
    spread = x[train].std(0)
    scaled = (x - x[train].mean(0)) / np.where(spread > 0, spread, 1.0)
    scaled = scaled / np.linalg.norm(scaled, axis=1, keepdims=True).clip(1e-9)
    z = np.maximum(scaled @ generator.standard_normal((x.shape[1], UNITS)), 0)
    return np.column_stack([z / np.linalg.norm(z[train], axis=1).mean(), np.ones(len(x))])


def ridge(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.linalg.solve(z.T @ z / len(z) + RIDGE * np.eye(z.shape[1]), z.T @ y / len(z))


def on_simplex(values: np.ndarray) -> np.ndarray:
    """The nearest probability vector to each row."""
    order = -np.sort(-values, axis=1)
    excess = (np.cumsum(order, axis=1) - 1) / np.arange(1, values.shape[1] + 1)
    last = (order > excess).sum(1) - 1
    return np.maximum(values - excess[np.arange(len(values)), last][:, None], 0)


def loss(prediction: np.ndarray, y: np.ndarray) -> np.ndarray:
    return ((prediction - y) ** 2).sum(1)


def settings(path: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Names, columns of M, columns of N, and classes."""
    digits = load_digits()
    image = digits.images
    upper = image[:, :4].reshape(len(image), -1), image[:, :4, :4].reshape(len(image), -1)
    yield "digits, ul + ur : ul", *upper, digits.target
    if not path.exists():
        print(f"{path} is not there: digits alone")
        return
    data = np.load(path)
    _, labels = np.unique(data["y"], return_inverse=True)
    yield "mfeat, fou + zer : fou", np.hstack([data["fou"], data["zer"]]), data["fou"], labels
    views = [name for name in data if name != "y"]
    pair = np.hstack([data["fou"], data["kar"]])
    yield "mfeat, all six : fou + kar", np.hstack([data[v] for v in views]), pair, labels


def once(
    x_M: np.ndarray, x_N: np.ndarray, y: np.ndarray, n: int, repeat: int
) -> tuple[float, float, float, float]:
    """The gap of the two models and against N's best head, exact, and the latter held out and certified."""
    generator = np.random.default_rng([SEED, n, repeat])
    train, held = generator.integers(0, len(y), (2, n // 2))
    z_M, z_N = (features(x, train, generator) for x in (x_M, x_N))
    own = loss(on_simplex(z_M @ ridge(z_M[train], y[train])), y)
    other = loss(z_N @ ridge(z_N[train], y[train]), y)
    stake = stake_for((own - other)[train], C, len(held), DELTA)
    found = best_head(own[held], z_N[held], y[held], C=C, radius=RADIUS, stake=stake, delta=DELTA)
    z, targets = torch.from_numpy(z_N)[None], torch.from_numpy(y)[None]
    head = heads.least_squares(z.mT @ z, z.mT @ targets, RADIUS).weights[0].numpy()
    truth = own.mean() - loss(z_N @ head.T, y).mean()
    return (own - other).mean(), truth, found.gap, found.high


def main() -> None:
    torch.set_num_threads(1)
    parser = history.parser(__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=MFEAT)
    options = parser.parse_args()
    figures = {}
    print(f"medians of {REPEATS} draws, seed {SEED}, delta = {DELTA}, ||B|| <= {RADIUS:g}")
    for name, x_M, x_N, labels in settings(options.path):
        y = np.eye(10)[labels]
        for n in SIZES:
            found = np.array([once(x_M, x_N, y, n, repeat) for repeat in range(REPEATS)])
            models, truth, held, high = np.median(found, axis=0)
            figures |= {f"{name}, n = {n}: certified": high, f"{name}, n = {n}: truth": truth}
            print(
                f"  {name}, n = {n:,}: against N's model {models:+.3f}; against N's best head"
                f" {truth:+.3f}, on the rows held out {held:+.3f}, certified {high:+.3f} (below zero"
                f" {(found[:, 3] < 0).sum()}, wrong {(found[:, 3] < found[:, 1]).sum()} of {REPEATS})"
            )
    history.record(__file__, figures, options.history)


if __name__ == "__main__":
    main()
