"""One subset of modalities: its models compete on the training part, the chosen one meets the hold-out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from empirical.modalities import Subset
from empirical.observations.observations import Observations
from verify.decisions.candidates import from_estimator
from verify.decisions.effort import entries, size_of
from verify.decisions.losses import Metric, Scale
from verify.decisions.matrices import Standard, raw_matrix
from verify.decisions.models import Candidate, Problem, constant
from verify.decisions.progress import Progress
from verify.decisions.rows import Rows
from verify.decisions.split import Split

LEAST_ROWS = 10


@dataclass(frozen=True, eq=False)
class Setting:
    """All that is fixed before a model is fitted.

    Parameters
    ----------
    data, split, metric, scale
        The rows, their parts, the loss and its scale.
    candidates
        The kinds of models that compete, in order of preference.
    estimators
        The user's own models; they take the place of the candidates.
    seed
        Of what models draw.
    progress
        Where finished fits are reported; None: nowhere.
    """

    data: Observations
    split: Split
    metric: Metric
    scale: Scale
    candidates: tuple[Candidate, ...]
    estimators: Callable[[Subset], Any] | None
    seed: int
    progress: Progress | None = None

    @property
    def classes(self) -> int:
        """The number of classes; 0 for regression."""
        return self.scale.classes

    def done(self, seconds: float) -> None:
        """So much of the work is done."""
        if self.progress is not None:
            self.progress.done(seconds)

    def rows_of(self, subset: Subset, rows: np.ndarray) -> np.ndarray:
        """Those of the rows that have all modalities of the subset."""
        have = np.ones(len(rows), dtype=bool)
        for name in subset:
            have &= self.data.present[name][rows]
        return rows[have]

    def competing(self, subset: Subset) -> tuple[Candidate, ...]:
        """The candidates for a subset."""
        if self.estimators is not None:
            return (from_estimator(self.estimators, subset),)
        return self.candidates


@dataclass(frozen=True, eq=False)
class Trained:
    """What came out for one subset; losses of rows that lack a modality are NaN.

    Parameters
    ----------
    subset
        The modalities; empty for the constant.
    model
        The chosen kind, in words.
    fold_losses
        (n,): losses of rows of the training part, each by a model that was fitted without it.
    losses
        (n,): losses of rows of the hold-out.
    extras
        Balanced accuracy and AUC on the hold-out: estimates.
    refit
        The chosen kind and setting, to be fitted on other rows; None for the constant.
    """

    subset: Subset
    model: str
    fold_losses: np.ndarray
    losses: np.ndarray
    extras: dict[str, float]
    refit: Refit | None


def train(subset: Subset, setting: Setting) -> Trained:
    """Choose among the candidates by cross-validation, fit the chosen one, and meet the hold-out.

    Raises
    ------
    ValueError
        If too few training rows have the modalities, or a model does not predict one finite number per
        row (and class).
    """
    data, split = setting.data, setting.split
    train_rows = setting.rows_of(subset, split.train)
    if len(train_rows) < LEAST_ROWS:
        raise ValueError(
            f"at least {LEAST_ROWS} training rows must have {', '.join(subset)} together,"
            f" got {len(train_rows)}"
        )
    if not subset:
        return _constant(setting)
    best_mean, best = np.inf, None
    for candidate in setting.competing(subset):
        tried = cross_validated(candidate, subset, setting)
        for value, choice, losses in tried:
            if choice < best_mean:
                best_mean, best = choice, (candidate, value, losses)
    if best is None:
        raise ValueError(
            f"a model for {', '.join(subset)} must predict finite numbers, got none that does"
        )
    candidate, value, fold_losses = best
    model = Refit(candidate, value, subset, setting)
    predict = model.fit(train_rows)
    for each in setting.competing(subset):  # of all, one is fitted on all rows
        setting.done(each.seconds(size_of(data, subset, len(train_rows), setting.classes)))
    losses, extras = np.full(data.rows, np.nan), {}
    held = setting.rows_of(subset, split.holdout)
    if len(held):
        prediction = predict(held)
        check_finite(prediction, subset)
        losses[held] = setting.metric.losses(data.target[held], prediction, setting.scale)
        extras = _extras(data.target[held], prediction) if setting.classes else {}
    return Trained(subset, candidate.label(value), fold_losses, losses, extras, model)


def check_finite(prediction: np.ndarray, subset: Subset) -> None:
    """A row without a prediction would drop out of every mean, and the hard rows with it.

    Raises
    ------
    ValueError
        For NaN or infinity.

    Examples
    --------
    >>> check_finite(np.array([0.5, np.nan]), ("a",))
    Traceback (most recent call last):
    ...
    ValueError: a model for a must predict finite numbers, got nan for 1 of 2 rows
    """
    odd = ~np.isfinite(prediction.reshape(len(prediction), -1)).all(axis=1)
    if odd.any():
        first = prediction[odd].reshape(-1)
        value = first[~np.isfinite(first)][0]
        raise ValueError(
            f"a model for {', '.join(subset)} must predict finite numbers, got {value} for"
            f" {int(odd.sum())} of {len(odd)} rows"
        )


@dataclass(frozen=True, eq=False)
class Refit:
    """A candidate with one setting, to be fitted on any rows."""

    candidate: Candidate
    value: Any
    subset: Subset
    setting: Setting

    def fit(self, rows: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Fit on rows; the result maps rows to predictions."""
        source = Source(self.subset, self.setting, rows)
        (predict,) = self.candidate.fit(source.problem(rows), [self.value])
        return lambda some: np.concatenate(
            [predict(piece) for _, piece in source.rows(some).pieces()]
        )


class Source:
    """Matrices of one subset, scaled by the given rows (or as they are, for the user's models)."""

    def __init__(self, subset: Subset, setting: Setting, rows: np.ndarray) -> None:
        self.subset, self.setting = subset, setting
        own = setting.estimators is not None
        self.standard = None if own else Standard.of(setting.data, subset, rows)

    def matrix(self, rows: np.ndarray) -> Any:
        """The matrix of these rows."""
        if self.standard is None:
            return raw_matrix(self.setting.data, self.subset, rows)
        return self.standard.matrix(self.setting.data, rows)

    def rows(self, rows: np.ndarray) -> Rows:
        """The same, made when it is needed."""
        data = self.setting.data
        stored = sum(entries(data.features[name]) for name in self.subset) / data.rows
        return Rows(self.matrix, rows, sum(self.blocks), stored)

    @property
    def blocks(self) -> tuple[int, ...]:
        """The number of columns of each modality."""
        return tuple(self.setting.data.features[name].shape[1] for name in self.subset)

    def problem(self, rows: np.ndarray, choosing: bool = False) -> Problem:
        """These rows to fit on."""
        data = self.setting.data
        return Problem(
            self.rows(rows),
            data.target[rows],
            self.setting.classes,
            None if data.weights is None else data.weights[rows],
            self.setting.seed,
            self.blocks,
            choosing,
        )


def cross_validated(
    candidate: Candidate, subset: Subset, setting: Setting
) -> list[tuple[Any, float, np.ndarray]]:
    """Every setting, its mean loss to choose by, and the losses of rows (n,), NaN outside the folds.

    Scales are those of the rows that each fold fits on.
    """
    data, metric, scale = setting.data, setting.metric, setting.scale
    folds = setting.split.folds
    size = size_of(data, subset, len(setting.rows_of(subset, _rows_in(folds))), setting.classes)
    settings = candidate.settings(size)
    choices = [np.full(data.rows, np.nan) for _ in settings]
    losses = [np.full(data.rows, np.nan) for _ in settings]
    for fit_rows, check_rows in folds:
        fit_rows, check_rows = (
            setting.rows_of(subset, fit_rows),
            setting.rows_of(subset, check_rows),
        )
        if len(fit_rows) < 2 or not len(check_rows):
            continue
        source = Source(subset, setting, fit_rows)
        predictions = candidate.fit(source.problem(fit_rows, choosing=True), settings)
        for part, X in source.rows(check_rows).pieces():
            some = check_rows[part]
            target = data.target[some]
            for position, predict in enumerate(predictions):
                values = predict(X)
                if not np.isfinite(values).all():  # a model that fails on a row is not chosen
                    choices[position][some] = np.inf
                    continue
                choices[position][some] = metric.choice(target, values, scale)
                losses[position][some] = metric.losses(target, values, scale)
        setting.done(candidate.seconds(size))
    return [
        (value, _mean(choice, data.weights), loss)
        for value, choice, loss in zip(settings, choices, losses, strict=True)
    ]


def _rows_in(folds: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """All rows that occur in the folds."""
    return np.unique(np.concatenate([rows for pair in folds for rows in pair]))


def _mean(values: np.ndarray, weights: np.ndarray | None) -> float:
    there = ~np.isnan(values)
    if not there.any():
        return np.inf
    return float(np.average(values[there], weights=None if weights is None else weights[there]))


def constant_prediction(setting: Setting, fit_rows: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The best constant of some rows, for other rows."""
    weights = None if setting.data.weights is None else setting.data.weights[fit_rows]
    value = constant(setting.data.target[fit_rows], setting.classes, weights)
    return np.broadcast_to(value, (len(rows), *value.shape))


def _constant(setting: Setting) -> Trained:
    data, split = setting.data, setting.split

    def losses(fit_rows: np.ndarray, rows: np.ndarray) -> np.ndarray:
        prediction = constant_prediction(setting, fit_rows, rows)
        return setting.metric.losses(data.target[rows], prediction, setting.scale)

    fold_losses, held = np.full(data.rows, np.nan), np.full(data.rows, np.nan)
    for fit_rows, check_rows in split.folds:
        fold_losses[check_rows] = losses(fit_rows, check_rows)
    held[split.holdout] = losses(split.train, split.holdout)
    return Trained((), "a constant", fold_losses, held, {}, None)


def _extras(target: np.ndarray, prediction: np.ndarray) -> dict[str, float]:
    """Measures that weigh the classes equally; estimates, where both are defined."""
    present = np.unique(target)
    if len(present) < 2:
        return {}
    right = prediction.argmax(axis=1) == target
    found = {"balanced_accuracy": float(np.mean([right[target == c].mean() for c in present]))}
    if prediction.shape[1] == 2:
        found["auc"] = float(roc_auc_score(target, prediction[:, 1]))
    return found
