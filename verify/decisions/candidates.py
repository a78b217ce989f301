"""Models that compete for a subset: each is fitted for all its settings, and one setting is chosen."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from bounds.table import Table
from verify.decisions.linear import EIGEN_SIDE, Matrix, ridge_path

Prediction = Callable[[Matrix], np.ndarray]

TREES = 100


@dataclass(frozen=True)
class Size:
    """What the time of a fit depends on.

    Parameters
    ----------
    rows, columns
        Of the matrix to fit on.
    entries
        Entries that are stored: rows * columns unless sparse.
    classes
        The number of classes; 0 for regression.
    """

    rows: int
    columns: int
    entries: int
    classes: int

    @property
    def outputs(self) -> int:
        """Columns of a prediction."""
        return max(self.classes, 1)


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows to fit on.

    Parameters
    ----------
    X
        (n, d), standardised.
    y
        (n,): class codes, or numbers.
    classes
        The number of classes; 0 for regression.
    weights
        (n,) positive, or None.
    seed
        Of what is drawn.
    """

    X: Matrix
    y: np.ndarray
    classes: int
    weights: np.ndarray | None
    seed: int


@dataclass(frozen=True, eq=False)
class Candidate:
    """A kind of model.

    Parameters
    ----------
    name, label
        In tables and in sentences.
    settings
        size -> the settings among which the training part chooses.
    fit
        (problem, settings) -> one prediction per setting: probabilities [n, k], or numbers [n].
    seconds
        size -> a rough time of `fit` for all settings.
    parity
        Whether the modalities are scaled to the same weight; only of use with two or more.
    tasks
        For what it is.
    """

    name: str
    label: str
    settings: Callable[[Size], Sequence[Any]]
    fit: Callable[[Problem, Sequence[Any]], list[Prediction]]
    seconds: Callable[[Size], float]
    parity: bool = False
    tasks: tuple[str, ...] = ("classification", "regression")


# ---- ridge


def _ridge_settings(size: Size) -> Sequence[tuple[float, float]]:
    """Pairs of a penalty and of a steepness, which turns scores into probabilities."""
    small = min(size.rows, size.columns) <= EIGEN_SIDE
    penalties = 10.0 ** np.arange(-3, 4) if small else 10.0 ** np.arange(-2, 3)
    steepness = (2.0, 4.0, 8.0, 16.0) if size.classes else (1.0,)
    return [(float(penalty), each) for penalty in penalties for each in steepness]


def _fit_ridge(problem: Problem, settings: Sequence[tuple[float, float]]) -> list[Prediction]:
    target = (
        np.eye(problem.classes)[problem.y]
        if problem.classes
        else problem.y.astype(np.float64)[:, None]
    )
    penalties = list(dict.fromkeys(penalty for penalty, _ in settings))
    fits = dict(
        zip(penalties, ridge_path(problem.X, target, penalties, problem.weights), strict=True)
    )

    def prediction(penalty: float, steepness: float) -> Prediction:
        coefficients, intercept = fits[penalty]

        def predict(X: Matrix) -> np.ndarray:
            scores = np.asarray(X @ coefficients) + intercept
            if not problem.classes:
                return np.asarray(scores[:, 0])
            return np.asarray(special.softmax(steepness * scores, axis=1))

        return predict

    return [prediction(*setting) for setting in settings]


def _ridge_seconds(size: Size) -> float:
    side = min(size.rows, size.columns)
    gram = size.entries * side / 3e10
    solve = 10 * side**3 / 2e10 if side <= EIGEN_SIDE else 5 * side**3 / 3 / 4e10
    return gram + solve + 28 * size.entries * size.outputs / 4e9 + 2e-3


# ---- logistic regression


def _logit_settings(size: Size) -> Sequence[float]:
    # Relative to the mean squared length of a row: the inverse of the penalty that is usual.
    return (0.3, 3.0, 30.0, 300.0)


def _fit_logit(problem: Problem, settings: Sequence[float]) -> list[Prediction]:
    present = np.unique(problem.y)
    if len(present) < 2:
        return [_always(np.eye(problem.classes)[present[0]])] * len(settings)
    squares = (
        np.einsum("ij,ij->", problem.X, problem.X, dtype=np.float64)
        if isinstance(problem.X, np.ndarray)
        else problem.X.multiply(problem.X).sum()
    )
    length = max(float(squares) / len(problem.y), 1e-12)
    predictions = []
    for setting in settings:
        model = LogisticRegression(C=setting / length, max_iter=200, tol=1e-3)
        with warnings.catch_warnings():
            # A model that has not settled is judged by what it predicts, like any other.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(problem.X, problem.y, sample_weight=problem.weights)
        predictions.append(_probabilities(model, problem.classes))
    return predictions


def _logit_seconds(size: Size) -> float:
    return 4 * (60 * 4 * size.entries * max(size.classes - 1, 1) / 2e9 + 5e-3)


# ---- forest


def _forest_settings(size: Size) -> Sequence[int]:
    return (1, 5) if not size.classes else (1, 3)


def _fit_forest(problem: Problem, settings: Sequence[int]) -> list[Prediction]:
    predictions: list[Prediction] = []
    for leaf in settings:
        if problem.classes:
            model = RandomForestClassifier(
                TREES, min_samples_leaf=leaf, random_state=problem.seed % 2**32
            ).fit(problem.X, problem.y, sample_weight=problem.weights)
            predictions.append(_probabilities(model, problem.classes))
        else:
            forest = RandomForestRegressor(
                TREES,
                min_samples_leaf=leaf,
                max_features=0.33 if problem.X.shape[1] > 5 else 1.0,
                random_state=problem.seed % 2**32,
            ).fit(problem.X, problem.y, sample_weight=problem.weights)
            predictions.append(forest.predict)
    return predictions


def _forest_seconds(size: Size) -> float:
    tried = np.sqrt(size.columns) if size.classes else 0.33 * size.columns + 1
    depth = np.log2(size.rows + 2)
    return float(2 * TREES * (1.5e-3 + size.rows * depth * tried * 4e-8 * (1 + size.outputs / 10)))


# ---- helpers


def _always(row: np.ndarray) -> Prediction:
    return lambda X: np.tile(row, (X.shape[0], 1))


def _probabilities(model: Any, classes: int) -> Prediction:
    """A model's probabilities over all classes, those that it has not seen included."""
    codes = np.asarray(model.classes_, dtype=np.int64)

    def predict(X: Matrix) -> np.ndarray:
        whole = np.zeros((X.shape[0], classes))
        whole[:, codes] = model.predict_proba(X)
        return whole

    return predict


def constant(y: np.ndarray, classes: int, weights: np.ndarray | None) -> np.ndarray:
    """The best constant: the shares of the classes, shape (k,), or the mean, shape ().

    Examples
    --------
    >>> constant(np.array([0, 0, 1, 0]), 2, None)
    array([0.75, 0.25])
    """
    if classes:
        counts = np.bincount(y, weights=weights, minlength=classes)
        return np.asarray(counts / counts.sum())
    return np.asarray(np.average(y, weights=weights))


CANDIDATES = Table(
    "candidate",
    [
        Candidate("ridge", "ridge regression", _ridge_settings, _fit_ridge, _ridge_seconds),
        Candidate(
            "ridge at par",
            "ridge regression, modalities at par",
            _ridge_settings,
            _fit_ridge,
            _ridge_seconds,
            parity=True,
        ),
        Candidate(
            "logit",
            "logistic regression",
            _logit_settings,
            _fit_logit,
            _logit_seconds,
            tasks=("classification",),
        ),
        Candidate("forest", "random forest", _forest_settings, _fit_forest, _forest_seconds),
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
            return [_probabilities(model, problem.classes)]
        return [lambda X: np.eye(problem.classes)[np.asarray(model.predict(X), dtype=np.int64)]]

    return Candidate("estimator", "your estimator", lambda size: (None,), fit, lambda size: 0.0)
