"""M's trained model against N's model, and against the best head on N's encoder, on rows held out.

Encoders are random ReLU features of standardised columns. Squares: heads are ridge regressions on one-hot
classes, predictions are projected onto the simplex, so that losses are at most 2; those of N's best head are
not. Cross-entropy: softmax heads in a ball, a tenth of the probability spread evenly over the classes, so
that losses are at most ln 100; those of N's best head are not. n rows are drawn with replacement from all
rows of a data set, half train and half are held out: the truth is an average over all rows. Beside them what
Theorem 1 as in the paper adds to gamma, for heads of this class on M's encoder at m = n/2.
Run: python tests/benchmarks/best_heads.py [MFEAT.npz]
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import history
import numpy as np
import torch
from populations import MFEAT, mfeat
from sklearn.datasets import load_digits

from bounds import losses, risk_gap
from empirical import heads
from verify.certificates.best_head import best_head, stake_for
from verify.certificates.certify import certify

SEED, DELTA, UNITS, RIDGE, REPEATS = 0, 0.05, 40, 1e-2, 10
SPREAD, CLASSES = 0.1, 10
SQUARES, SOFTMAX = "least-squares", "softmax"
RADIUS = {SQUARES: 3.0, SOFTMAX: 15.0}
C = {SQUARES: 2.0, SOFTMAX: float(np.log(CLASSES / SPREAD))}
SIZES = {SQUARES: (500, 2000), SOFTMAX: (500, 2000, 8000)}


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
    found = mfeat(path)
    if found is None:
        return
    views, labels = found
    pair = np.hstack([views["fou"], views["zer"]])
    yield "mfeat, fou + zer : fou", pair, views["fou"], labels
    pair = np.hstack([views["fou"], views["kar"]])
    yield "mfeat, all six : fou + kar", np.hstack(list(views.values())), pair, labels


def fitted(z: np.ndarray, y: np.ndarray, kind: str) -> np.ndarray:
    """The best head of the class, [classes, p]."""
    features, targets = (torch.from_numpy(np.ascontiguousarray(a.T))[None] for a in (z, y))
    if kind == SQUARES:
        found = heads.least_squares(features @ features.mT, features @ targets.mT, RADIUS[kind])
    else:
        mass = torch.full((1, len(z)), 1 / len(z), dtype=torch.float64)
        found = heads.softmax(features, targets, mass, RADIUS[kind], tolerance=1e-6)
    return found.weights[0].numpy()


def row_losses(scores: np.ndarray, y: np.ndarray, kind: str, bounded: bool) -> np.ndarray:
    """Losses of all rows, of predictions bounded as told above or as they are."""
    if kind == SQUARES:
        return loss(on_simplex(scores) if bounded else scores, y)
    probability = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
    own = (probability * y).sum(1)
    return -np.log((1 - SPREAD) * own + SPREAD / CLASSES if bounded else own)


def paper(z: np.ndarray, m: int, kind: str) -> float:
    """What Theorem 1 as in the paper adds to gamma; the complexity is that of linear heads."""
    largest = RADIUS[kind] * float(np.linalg.norm(z, axis=1).max())
    known = losses.squared(largest, 1.0) if kind == SQUARES else losses.softmax(largest, CLASSES)
    complexity = RADIUS[kind] * float(np.sqrt(CLASSES * (z**2).sum(1).mean() / m))
    found = risk_gap.paper_vector("M", "N").evaluate(
        gamma=0.0, R_vector_M=complexity, C=known.C, L=known.L, m=m, delta=DELTA
    )
    return float(found.total)


def once(
    x_M: np.ndarray, x_N: np.ndarray, y: np.ndarray, n: int, repeat: int, kind: str
) -> tuple[float, ...]:
    """The two models: truth and certificate; N's best head: truth, held out, certificate; the paper."""
    generator = np.random.default_rng([SEED, n, repeat])
    train, held = generator.integers(0, len(y), (2, n // 2))
    z_M, z_N = (features(x, train, generator) for x in (x_M, x_N))
    if kind == SQUARES:
        head_M, head_N = (ridge(z[train], y[train]).T for z in (z_M, z_N))
    else:
        head_M, head_N = (fitted(z[train], y[train], kind) for z in (z_M, z_N))
    own = row_losses(z_M @ head_M.T, y, kind, bounded=True)
    other = row_losses(z_N @ head_N.T, y, kind, bounded=True)
    two = certify(own[held], other[held], C=C[kind], delta=DELTA, side="upper")
    free = row_losses(z_N @ head_N.T, y, kind, bounded=False)
    stake = stake_for((own - free)[train], C[kind], len(held), DELTA, kind)
    options = dict(C=C[kind], radius=RADIUS[kind], stake=stake, delta=DELTA, loss=kind)
    found = best_head(own[held], z_N[held], y[held], **options)
    best = row_losses(z_N @ fitted(z_N, y, kind).T, y, kind, bounded=False)
    truth = own.mean() - best.mean()
    added = paper(z_M, n // 2, kind)
    return (own - other).mean(), two.high, truth, found.gap, found.high, added


def main() -> None:
    torch.set_num_threads(1)
    options = history.parser(__doc__, data=MFEAT).parse_args()
    figures = {}
    print(f"medians of {REPEATS} draws, seed {SEED}, delta = {DELTA}")
    for kind, sizes in SIZES.items():
        print(f"{kind}, ||B|| <= {RADIUS[kind]:g}")
        for name, x_M, x_N, labels in settings(options.path):
            y = np.eye(CLASSES)[labels]
            for n in sizes:
                draws = [once(x_M, x_N, y, n, repeat, kind) for repeat in range(REPEATS)]
                found = np.array(draws)
                models, two, truth, held, high, added = np.median(found, axis=0)
                name_n = f"{kind}, {name}, n = {n}"
                figures |= {f"{name_n}: certified": high, f"{name_n}: truth": truth}
                below, wrong = ((found[:, i] < x).sum() for i, x in ((4, 0), (4, found[:, 2])))
                wrong_two = (found[:, 1] < found[:, 0]).sum()
                print(
                    f"  {name}, n = {n:,}: two models {models:+.3f}, certified {two:+.3f} (below zero"
                    f" {(found[:, 1] < 0).sum()}, wrong {wrong_two}); N's best head {truth:+.3f}, held"
                    f" out {held:+.3f}, certified {high:+.3f} (below zero {below}, wrong {wrong} of"
                    f" {REPEATS}); the paper adds {added:.3g}",
                    flush=True,
                )
    history.record(__file__, figures, options.history)


if __name__ == "__main__":
    main()
