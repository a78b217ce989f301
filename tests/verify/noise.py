"""The noise experiment: is a modality of pure noise ever certified to help? Is a real one?

Half of the rows train and half certify; of groups 31 certify. The model is ridge regression on one-hot
labels. Its penalty is chosen by cross-validation, leaving out one row or a fifth of the groups. Its
outputs are projected onto the probabilities; the loss is the Brier score, in [0, 2]. For regression it is
the squared error of the standardised target, with predictions and target cut to [−2, 2], divided by
16, in [0, 1].
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold

from verify.certificates.certificate import Certificate
from verify.certificates.certify import certify

DATA = Path(__file__).parents[2].parent / "shared" / "data"
NOISE = (5, 50, 500)
PENALTIES = np.geomspace(0.1, 1e6, 15)


def on_the_simplex(rows: np.ndarray) -> np.ndarray:
    """The nearest probability vectors (Euclid)."""
    falling = -np.sort(-rows, axis=1)
    sums = np.cumsum(falling, axis=1) - 1
    ranks = np.arange(1, rows.shape[1] + 1)
    last = (falling * ranks > sums).sum(1)
    return np.maximum(0, rows - (sums[np.arange(len(rows)), last - 1] / last)[:, None])


def losses(
    X: np.ndarray, y: np.ndarray, train: np.ndarray, groups: np.ndarray | None, regression: bool
) -> np.ndarray:
    """Of a ridge fit, on the rows that do not train."""
    mean, scale = X[train].mean(0), X[train].std(0)
    X = (X - mean) / np.where(scale > 0, scale, 1)
    target = y[:, None] if regression else np.eye(int(y.max()) + 1)[y]
    folds = None
    if groups is not None:
        folds = list(GroupKFold(5).split(X[train], groups=groups[train]))
    fitted = RidgeCV(PENALTIES, cv=folds).fit(X[train], target[train]).predict(X[~train])
    if regression:
        fitted = fitted.reshape(-1)
        return np.square(np.clip(fitted, -2, 2) - np.clip(y[~train], -2, 2)) / 16
    return np.square(on_the_simplex(fitted) - target[~train]).sum(1)


def compare(
    base: np.ndarray,
    added: np.ndarray,
    y: np.ndarray,
    seed: int,
    groups: np.ndarray | None = None,
    regression: bool = False,
) -> Certificate:
    """M: base and added columns; N: base columns alone."""
    rng = np.random.default_rng(seed)
    units = np.arange(len(y)) if groups is None else groups
    names = np.unique(units)
    training = len(names) // 2 if groups is None else len(names) - 31
    train = np.isin(units, rng.permutation(names)[:training])
    both = np.concatenate([base, added], axis=1)
    loss_M, loss_N = (losses(X, y, train, groups, regression) for X in (both, base))
    return certify(
        loss_M,
        loss_N,
        C=1.0 if regression else 2.0,
        groups=None if groups is None else groups[~train],
        seed=seed,
    )


def load(name: str) -> dict[str, np.ndarray]:
    """Arrays by name; digits come with scikit-learn."""
    if name == "digits":
        found = load_digits()
        return {"base": found.data[:, :32], "y": found.target}
    file = dict(np.load(DATA / f"{name}.npz"))
    if name == "uci_mfeat":
        return {**file, "base": file["fou"]}
    base = np.concatenate([file[k] for k in ("jitter", "noise", "person")], axis=1)
    y = (file["y"] - file["y"].mean()) / file["y"].std()
    return {"base": base, "y": y, "groups": file["groups"]}


def with_noise(data: dict[str, np.ndarray], rows: int, columns: int, seed: int) -> Certificate:
    """The certificate of a modality of normal noise, on a random part of the rows."""
    rng = np.random.default_rng([seed, rows, columns])
    y, groups = data["y"], data.get("groups")
    chosen = rng.permutation(len(y))[:rows]
    noise = rng.normal(size=(rows, columns))
    return compare(
        data["base"][chosen],
        noise,
        y[chosen],
        seed,
        None if groups is None else groups[chosen],
        regression=groups is not None,
    )
