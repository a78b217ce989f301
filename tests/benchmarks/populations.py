"""The rows that benchmarks draw from: scikit-learn's digits, and UCI's multiple features from a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits

from empirical.quality.frozen_encoder import Features

MFEAT = Path(__file__).parents[3] / "shared" / "data" / "uci_mfeat.npz"


def mfeat(path: Path) -> tuple[dict[str, np.ndarray], np.ndarray] | None:
    """The six views by name, [2000, d] each, and the classes; None, and a line, if there is no file."""
    if not path.exists():
        print(f"{path} is not there: digits alone")
        return None
    data = np.load(path)
    _, labels = np.unique(data["y"], return_inverse=True)
    return {name: data[name] for name in data if name != "y"}, labels


def settings(path: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Names, features [p, rows] and one-hot targets [10, rows]."""
    digits = load_digits()
    yield "digits, p = 27", components(digits.data, 27), np.eye(10)[digits.target].T
    found = mfeat(path)
    if found is None:
        return
    views, labels = found
    targets = np.eye(10)[labels].T
    everything = standardised(np.hstack(list(views.values())))
    for p in (18, 44):
        yield f"mfeat, six views, p = {p}", components(everything, p), targets
    yield "mfeat, one view (zer), p = 27", components(standardised(views["zer"]), 27), targets


def features(z: np.ndarray, y: np.ndarray) -> Features:
    """Such features and targets, for heads fitted by least squares."""
    inputs, targets = (torch.from_numpy(np.ascontiguousarray(each)) for each in (z, y))
    return Features(inputs[None], targets, 1.0, "least-squares")


def standardised(x: np.ndarray) -> np.ndarray:
    return x / np.where(x.std(0) > 0, x.std(0), 1.0)


def components(x: np.ndarray, p: int) -> np.ndarray:
    """The p - 1 first principal components, and the constant 1: [p, rows]."""
    scaled = x - x.mean(0)
    _, _, axes = np.linalg.svd(scaled, full_matrices=False)
    return np.vstack([(scaled @ axes[: p - 1].T).T, np.ones(len(x))])
