"""Models that compete for a subset: each is fitted for all its settings, and one setting is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import special
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression

from bounds.table import Table
from verify.decisions.linear import EIGEN_SIDE, Matrix, ridge_path
from verify.decisions.models import Candidate, Prediction, Problem, Size, always, probabilities
from verify.decisions.nets import fit_net, net_seconds, net_settings

TREES = 100
# Trees of a forest that only helps to choose: as good for that, and faster.
TREES_TO_CHOOSE = 40


# ---- ridge


def _ridge_settings(size: Size) -> Sequence[tuple[float, float, bool]]:
    """A penalty; a steepness, which turns scores into probabilities; and whether modalities are at par.

    At par, the columns of a modality are divided by the root of their number, so that one of many
    columns does not drown one of few.
    """
    small = min(size.rows, size.columns) <= EIGEN_SIDE
    penalties = 10.0 ** np.arange(-3, 4) if small else 10.0 ** np.arange(-2, 3)
    steepness = (2.0, 4.0, 8.0, 16.0) if size.classes else (1.0,)
    parities = (False, True) if size.modalities > 1 else (False,)
    return [(float(a), b, par) for par in parities for a in penalties for b in steepness]


def _fit_ridge(problem: Problem, settings: Sequence[tuple[float, float, bool]]) -> list[Prediction]:
    target = (
        np.eye(problem.classes)[problem.y]
        if problem.classes
        else problem.y.astype(np.float64)[:, None]
    )
    penalties = list(dict.fromkeys(penalty for penalty, _, _ in settings))
    parities = list(dict.fromkeys(par for _, _, par in settings))
    at_par = np.concatenate([np.full(d, 1 / np.sqrt(max(d, 1))) for d in problem.blocks])
    factors = [at_par if par else None for par in parities]
    paths = ridge_path(problem.rows, target, penalties, problem.weights, factors)
    fits = {
        (penalty, par): line
        for par, path in zip(parities, paths, strict=True)
        for penalty, line in zip(penalties, path, strict=True)
    }

    def prediction(penalty: float, steepness: float, par: bool) -> Prediction:
        coefficients, intercept = fits[penalty, par]

        def predict(X: Matrix) -> np.ndarray:
            scores = np.asarray(X @ coefficients.astype(X.dtype)) + intercept
            if not problem.classes:
                return np.asarray(scores[:, 0])
            return np.asarray(special.softmax(steepness * scores, axis=1))

        return predict

    return [prediction(*setting) for setting in settings]


def _ridge_label(setting: tuple[float, float, bool]) -> str:
    return "ridge regression, modalities at par" if setting[2] else "ridge regression"


def _ridge_seconds(size: Size) -> float:
    side = min(size.rows, size.columns)
    parities = 2 if size.modalities > 1 else 1
    gram = size.entries * side / 5e10
    solve = 10 * side**3 / 2e10 if side <= EIGEN_SIDE else 5 * side**3 / 3 / 4e10
    return gram + parities * (solve + 28 * size.entries * size.outputs / 4e9) + 2e-3


# ---- logistic regression


def _logit_settings(size: Size) -> Sequence[float]:
    # Relative to the mean squared length of a row: the inverse of the penalty that is usual.
    return (0.3, 3.0, 30.0, 300.0)


def _fit_logit(problem: Problem, settings: Sequence[float]) -> list[Prediction]:
    present = np.unique(problem.y)
    if len(present) < 2:
        return [always(np.eye(problem.classes)[present[0]])] * len(settings)
    squares = (
        np.einsum("ij,ij->", problem.X, problem.X, dtype=np.float64)
        if isinstance(problem.X, np.ndarray)
        else problem.X.multiply(problem.X).sum()
    )
    length = max(float(squares) / len(problem.y), 1e-12)
    predictions = []
    for setting in settings:
        model = LogisticRegression(C=setting / length, max_iter=200, tol=1e-3)
        model.fit(problem.X, problem.y, sample_weight=problem.weights)
        predictions.append(probabilities(model, problem.classes))
    return predictions


def _logit_seconds(size: Size) -> float:
    return 4 * (60 * 4 * size.entries * max(size.classes - 1, 1) / 2e9 + 5e-3)


# ---- forest


def _forest_settings(size: Size) -> Sequence[int]:
    return (1, 5) if not size.classes else (1, 3)


def _fit_forest(problem: Problem, settings: Sequence[int]) -> list[Prediction]:
    predictions: list[Prediction] = []
    trees = min(TREES, TREES_TO_CHOOSE) if problem.choosing else TREES
    for leaf in settings:
        if problem.classes:
            model = RandomForestClassifier(
                trees, min_samples_leaf=leaf, random_state=problem.seed % 2**32
            ).fit(problem.X, problem.y, sample_weight=problem.weights)
            predictions.append(probabilities(model, problem.classes))
        else:
            forest = RandomForestRegressor(
                trees,
                min_samples_leaf=leaf,
                max_features=0.33 if problem.X.shape[1] > 5 else 1.0,
                random_state=problem.seed % 2**32,
            ).fit(problem.X, problem.y, sample_weight=problem.weights)
            predictions.append(forest.predict)
    return predictions


def _forest_seconds(size: Size) -> float:
    tried = np.sqrt(size.columns) if size.classes else 0.33 * size.columns + 1
    depth = np.log2(size.rows + 2)
    return float(
        2 * TREES_TO_CHOOSE * (1.5e-3 + size.rows * depth * tried * 4e-8 * (1 + size.outputs / 10))
    )


CANDIDATES = Table(
    "candidate",
    [
        Candidate(
            "ridge", _ridge_label, _ridge_settings, _fit_ridge, _ridge_seconds, in_threads=True
        ),
        Candidate(
            "logit",
            lambda setting: "logistic regression",
            _logit_settings,
            _fit_logit,
            _logit_seconds,
            tasks=("classification",),
        ),
        Candidate(
            "net",
            lambda setting: "fusion network",
            net_settings,
            fit_net,
            net_seconds,
            in_threads=True,
        ),
        Candidate(
            "forest",
            lambda setting: "random forest",
            _forest_settings,
            _fit_forest,
            _forest_seconds,
        ),
    ],
)


def from_estimator(make: Callable[[tuple[str, ...]], Any], subset: tuple[str, ...]) -> Candidate:
    """A candidate that fits a scikit-learn estimator of the user, on the columns as they are.

    Raises
    ------
    ValueError
        If the estimator cannot be fitted or does not predict.
    """

    def fit(problem: Problem, settings: Sequence[None]) -> list[Prediction]:
        model = make(subset)
        for method in ("fit", "predict"):
            if not hasattr(model, method):
                raise ValueError(
                    f"estimators must return estimators with fit and predict, got {model!r}"
                )
        extra = {} if problem.weights is None else {"sample_weight": problem.weights}
        model.fit(problem.X, problem.y, **extra)
        if not problem.classes:
            return [lambda X: np.asarray(model.predict(X), dtype=np.float64).reshape(X.shape[0])]
        if hasattr(model, "predict_proba"):
            return [probabilities(model, problem.classes)]
        return [lambda X: np.eye(problem.classes)[np.asarray(model.predict(X), dtype=np.int64)]]

    return Candidate(
        "estimator", lambda setting: "your estimator", lambda size: (None,), fit, lambda size: 0.0
    )
