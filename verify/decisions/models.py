"""What a model that competes is: a kind, the size of its problem, the rows that it is fitted on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from verify.decisions.linear import Matrix
from verify.decisions.rows import Rows

Prediction = Callable[[Matrix], np.ndarray]


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
    modalities
        Of the subset.
    """

    rows: int
    columns: int
    entries: int
    classes: int
    modalities: int

    @property
    def outputs(self) -> int:
        """Columns of a prediction."""
        return max(self.classes, 1)


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows to fit on.

    Parameters
    ----------
    rows
        (n, d), standardised; made when asked for.
    y
        (n,): class codes, or numbers.
    classes
        The number of classes; 0 for regression.
    weights
        (n,) positive, or None.
    seed
        Of what is drawn.
    blocks
        The number of columns of each modality, in order; they sum to d.
    choosing
        Whether the fit only helps to choose a model: an ensemble may be smaller then.
    """

    rows: Rows
    y: np.ndarray
    classes: int
    weights: np.ndarray | None
    seed: int
    blocks: tuple[int, ...]
    choosing: bool = False

    @property
    def X(self) -> Matrix:
        """The matrix as a whole."""
        return self.rows.whole


@dataclass(frozen=True, eq=False)
class Candidate:
    """A kind of model.

    Parameters
    ----------
    name
        In the table.
    label
        setting -> what it is called in sentences.
    settings
        size -> the settings among which the training part chooses.
    fit
        (problem, settings) -> one prediction per setting: probabilities [n, k], or numbers [n].
    seconds
        size -> a rough time of `fit` for all settings.
    in_threads
        Whether several may be fitted at once in threads. scikit-learn changes the filters of warnings,
        which belong to the process, in every fit of a forest or of a logistic regression.
    tasks
        For what it is.
    """

    name: str
    label: Callable[[Any], str]
    settings: Callable[[Size], Sequence[Any]]
    fit: Callable[[Problem, Sequence[Any]], list[Prediction]]
    seconds: Callable[[Size], float]
    in_threads: bool = False
    tasks: tuple[str, ...] = ("classification", "regression")


def always(row: np.ndarray) -> Prediction:
    return lambda X: np.tile(row, (X.shape[0], 1))


def probabilities(model: Any, classes: int) -> Prediction:
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
