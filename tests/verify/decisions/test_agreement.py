"""Gains on real data against an independent repeated cross-validation by scikit-learn."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import RepeatedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from verify import decide

Rows = tuple[dict[str, np.ndarray], np.ndarray, np.ndarray | None]
SHARED_DATA = Path(__file__).parents[4] / "shared" / "data"
FOLDS, REPEATS = 5, 4


def digits() -> Rows:
    found = load_digits()
    images = found.images
    halves = {"top": images[:, :4], "bottom": images[:, 4:]}
    return {name: part.reshape(len(part), -1) for name, part in halves.items()}, found.target, None


def breast_cancer() -> Rows:
    x, y = load_breast_cancer(return_X_y=True)
    return {"mean": x[:, :10], "error": x[:, 10:20], "worst": x[:, 20:]}, y, None


def diabetes() -> Rows:
    x, y = load_diabetes(return_X_y=True)
    return {"person": x[:, :4], "blood": x[:, 4:]}, y, None


def archive(name: str) -> dict[str, np.ndarray]:
    path = SHARED_DATA / name
    if not path.is_file():
        pytest.skip(f"needs {name}")
    with np.load(path) as found:
        return {key: found[key] for key in found.files}


def numerals() -> Rows:
    found = archive("uci_mfeat.npz")
    return {name: found[name] for name in ("fou", "mor", "zer")}, found["y"], None


def opinions() -> Rows:
    """Utterances of 93 videos; those of one video stay together."""
    found = archive("cmu_mosi.npz")

    def both(key: str) -> np.ndarray:
        return np.concatenate([found[f"{key}_train"], found[f"{key}_test"]])

    video = np.concatenate(
        [found["dialogue_train"], found["dialogue_test"] + found["dialogue_train"].max() + 1]
    )
    return {name: both(name) for name in ("text", "audio", "video")}, both("y"), video


SETS: dict[str, Callable[[], Rows]] = {
    "digits": digits,
    "breast cancer": breast_cancer,
    "diabetes": diabetes,
    "uci_mfeat": numerals,
    "cmu_mosi": opinions,
}


def fold_losses(
    features: dict[str, np.ndarray], subset: tuple[str, ...], y: np.ndarray, units: np.ndarray
) -> np.ndarray:
    """Mean losses of the folds: squared error over the variance of y, or the share of errors."""
    regression = y.dtype.kind == "f"
    x = np.hstack([features[name] for name in subset]) if subset else np.zeros((len(y), 1))
    if not subset:
        kind = DummyRegressor() if regression else DummyClassifier()
    else:
        kind = RidgeCV(np.logspace(-2, 4, 13)) if regression else LogisticRegression(max_iter=500)
    found = []
    distinct = np.unique(units)
    folds = RepeatedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=0)
    for _, held in folds.split(distinct):
        check = np.isin(units, distinct[held])
        model = make_pipeline(StandardScaler(), kind).fit(x[~check], y[~check])
        predicted = model.predict(x[check])
        wrong = (predicted - y[check]) ** 2 / y.var() if regression else predicted != y[check]
        found.append(float(np.mean(wrong)))
    return np.array(found)


def interval(gains: np.ndarray) -> tuple[float, float]:
    """95 %, for means over training sets that overlap (Nadeau and Bengio 2003)."""
    error = np.sqrt(gains.var(ddof=1) * (1 / len(gains) + 1 / (FOLDS - 1)))
    half = float(stats.t.isf(0.025, len(gains) - 1)) * error
    return float(gains.mean()) - half, float(gains.mean()) + half


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_signs_agree_with_repeated_cross_validation(name: str) -> None:
    """Wherever the interval of the cross-validation excludes zero."""
    features, y, groups = SETS[name]()
    y = y.astype(float) if name == "diabetes" else y
    units = np.arange(len(y)) if groups is None else groups
    found = decide(features, y, groups=groups, task="regression" if name == "diabetes" else None)
    advice = found.recommendation
    pairs = [(advice.subset, advice.against, advice.gap)]
    for each in found.document["modalities"]:
        if each["verdict"] in ("helps", "hurts"):
            beside = tuple(each["beside"])
            larger = tuple(n for n in features if n in beside or n == each["name"])
            pairs.append((larger, beside, each["gain"]))
    told = 0
    for larger, smaller, gap in pairs:
        if gap is None:
            continue
        gains = fold_losses(features, smaller, y, units) - fold_losses(features, larger, y, units)
        low, high = interval(gains)
        print(
            f"{name}: {larger} against {smaller}: {gap:+.3f}; cross-validated {low:+.3f} {high:+.3f}"
        )
        if low > 0 or high < 0:
            told += 1
            assert gap * low > 0
    assert told
