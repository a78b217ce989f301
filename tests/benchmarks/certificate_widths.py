"""How wide certificates are: half-widths as multiples of the normal interval's, on real losses.

    python tests/benchmarks/certificate_widths.py [--data ../shared/data]

Nine pairs of predictors (logistic regression on digits' quadrants, on views of handwritten digits,
and on modalities of CMU-MOSI) and two losses each give 18 pools of loss differences; rows are drawn
from each pool with replacement. Data sets that are not there are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from empirical.statistics import betting
from empirical.statistics.bounded_means import METHODS

DATA = Path(__file__).parents[2].parent / "shared" / "data"
DELTA = 0.05
SIZES = {100: 60, 300: 30, 1000: 12, 3000: 6}


def probabilities(features: np.ndarray, y: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Of the classes on the rows that do not train, [rows, classes]."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    return model.fit(features[train], y[train]).predict_proba(features[~train])


def brier(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """In [0, 2]."""
    return np.square(p - np.eye(p.shape[1])[y]).sum(1)


def clipped_log(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """In [0, 5]."""
    return np.minimum(5.0, -np.log(np.maximum(p[np.arange(len(y)), y], 1e-300)))


def wrong(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """0 or 1."""
    return (p.argmax(1) != y).astype(float)


LOSSES = {"Brier": (brier, 2.0), "0-1": (wrong, 1.0), "cross-entropy, clip 5": (clipped_log, 5.0)}


def sets(
    folder: Path,
) -> Iterator[tuple[str, dict[str, np.ndarray], np.ndarray, list[tuple[str, ...]]]]:
    """(name, features, labels, nested sets of modalities)."""
    digits = load_digits()
    images = digits.images
    quadrants = {
        "ul": images[:, :4, :4],
        "ur": images[:, :4, 4:],
        "ll": images[:, 4:, :4],
        "lr": images[:, 4:, 4:],
    }
    flat = {name: part.reshape(len(images), -1) for name, part in quadrants.items()}
    yield "digits", flat, digits.target, [("ul",), ("ul", "ur"), ("ul", "ur", "ll"), tuple(flat)]
    if (folder / "uci_mfeat.npz").is_file():
        file = np.load(folder / "uci_mfeat.npz")
        views = {name: file[name] for name in ("fou", "zer", "mor", "kar")}
        nested = [("fou",), ("fou", "zer"), ("fou", "zer", "mor"), tuple(views)]
        yield "mfeat", views, file["y"], nested
    if (folder / "cmu_mosi.npz").is_file():
        file = np.load(folder / "cmu_mosi.npz")
        parts = {
            name: np.concatenate([file[f"{name}_train"], file[f"{name}_test"]])
            for name in ("text", "audio", "video")
        }
        y = np.concatenate([file["y_train"], file["y_test"]])
        yield "MOSI", parts, y, [("audio",), ("text",), ("text", "audio"), tuple(parts)]


def pools(folder: Path = DATA) -> Iterator[tuple[str, np.ndarray, float]]:
    """(name, differences, C): two losses in turn for each pair of sets."""
    turn = 0
    names = list(LOSSES)
    for name, parts, y, nested in sets(folder):
        train = np.random.default_rng(0).random(len(y)) < 0.4
        fitted = [
            probabilities(np.concatenate([parts[p] for p in subset], axis=1), y, train)
            for subset in nested
        ]
        for fewer, more in pairwise(range(len(nested))):
            for loss in (names[turn % 3], names[(turn + 1) % 3]):
                function, C = LOSSES[loss]
                values = function(fitted[more], y[~train]) - function(fitted[fewer], y[~train])
                yield (
                    f"{name} {'+'.join(nested[more])} : {'+'.join(nested[fewer])}, {loss}",
                    values,
                    C,
                )
            turn += 1


def multiples(values: np.ndarray, C: float, n: int, draws: int, method: str) -> float:
    """The median over samples of n rows of (upper bound − mean) / (normal upper bound − mean)."""
    rng = np.random.default_rng(n)
    rows = values[rng.integers(values.size, size=(draws, n))]
    rows = rows[rows.std(1) > 0]
    normal = 1.959963984540054 * rows.std(1, ddof=1) / math.sqrt(n)
    if method == "betting":
        upper = betting.upper_bound(rows, DELTA / 2, low=-C, high=C)
    else:
        bound = METHODS.find(method).upper
        upper = np.array([bound(row, DELTA / 2, C) for row in rows])
    return float(np.median((upper - rows.mean(1)) / normal))


def main() -> None:
    import history  # here, since a test loads this file from elsewhere

    parser = history.parser(__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    found, figures = list(pools(options.data)), {}
    print(f"{len(found)} pools; range and median of the half-width, in normal half-widths")
    for method in ("betting", "fixed bet", "maurer-pontil", "hoeffding", "trinomial"):
        cells = []
        for n, draws in SIZES.items():
            mine = [f for f in found if method != "trinomial" or f[0].endswith("0-1")]
            some = draws if method != "trinomial" else 5
            each = [multiples(values, C, n, some, method) for _, values, C in mine]
            figures[f"{method}, n = {n}"] = np.median(each)
            cells.append(f"n={n}: {min(each):.2f}-{max(each):.2f}, {np.median(each):.2f}")
        print(f"{method:14s} {'   '.join(cells)}")
    history.record(__file__, figures, options.history)


if __name__ == "__main__":
    main()
