"""Models that compete: fusion networks and ridge regression in pieces; threads, progress, cost."""

from __future__ import annotations

import io
import sys
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.preprocessing import MaxAbsScaler

from verify import decide
from verify.decisions import curves, effort, linear, subsets
from verify.decisions.candidates import CANDIDATES
from verify.decisions.linear import ridge_path
from verify.decisions.models import Problem, Size
from verify.decisions.nets import fit_net
from verify.decisions.progress import Progress, StoppedError
from verify.decisions.rows import Rows


def problem(
    X: Any, y: np.ndarray, classes: int, blocks: tuple[int, ...], weights: Any = None
) -> Problem:
    rows = Rows(lambda some: X[some], np.arange(X.shape[0]), X.shape[1], X.shape[1])
    return Problem(rows, y, classes, weights, 0, blocks)


def bent(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Two modalities of two columns; what counts is how far each is from zero."""
    X = rng.normal(size=(n, 4))
    return X, (np.abs(X[:, 0]) + np.abs(X[:, 2]) > 1.5).astype(int)


def test_fusion_networks_find_what_no_linear_model_does() -> None:
    rng = np.random.default_rng(0)
    (X, y), (new, truth) = bent(rng, 1500), bent(rng, 2000)
    best = min(
        float(np.mean(predict(new).argmax(1) != truth))
        for predict in fit_net(problem(X, y, 2, (2, 2)), (4.0, 12.0))
    )
    linear_errors = 1 - LogisticRegression().fit(X, y).score(new, truth)
    assert linear_errors > 0.35
    assert best < 0.15


def test_networks_keep_the_unit_of_a_number_and_take_sparse_columns() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    y = 1e6 + 1e3 * np.abs(X[:, 0])
    [dense] = fit_net(problem(X, y, 0, (1, 2)), (12.0,))
    [stored] = fit_net(problem(sparse.csr_matrix(X), y, 0, (1, 2)), (12.0,))
    assert np.allclose(dense(X), stored(sparse.csr_matrix(X)))
    assert np.mean((dense(X) - y) ** 2) < 0.2 * y.var()


def test_a_row_of_weight_three_is_a_row_that_is_there_three_times() -> None:
    rng = np.random.default_rng(0)
    X, first = rng.normal(size=(400, 2)), np.arange(400) < 100
    times = np.where(first, 3, 1)
    repeated = np.repeat(np.arange(400), times)
    y = 1e3 * first  # the columns know nothing of it: a prediction is close to the mean
    [plain] = fit_net(problem(X, y, 0, (2,)), (4.0,))
    [heavy] = fit_net(problem(X, y, 0, (2,), times.astype(float)), (4.0,))
    [copies] = fit_net(problem(X[repeated], y[repeated], 0, (2,)), (4.0,))
    shift = heavy(X).mean() - plain(X).mean()
    assert shift > 150
    assert abs(heavy(X).mean() - copies(X).mean()) < 0.1 * shift


@pytest.mark.parametrize("shape", [(120, 17), (30, 50)])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("weighted", [False, True])
def test_ridge_in_pieces_and_in_place_is_ridge(
    shape: tuple[int, int], form: Any, weighted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the normal equations, solved anew for each factor and penalty."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=shape) + 0.3, rng.normal(size=(shape[0], 2))
    w = rng.uniform(0.5, 2.0, shape[0]) if weighted else np.ones(shape[0])
    factor = rng.uniform(0.2, 1.0, shape[1])
    penalties = (0.01, 1.0, 30.0)
    monkeypatch.setattr(linear, "CELLS", 200)
    monkeypatch.setattr(linear, "BLOCK", 8)
    monkeypatch.setattr(linear, "EIGEN_SIDE", 4)  # so that matrices are factorised in place
    found = ridge_path(form(X), Y, penalties, w if weighted else None, [None, factor])
    for own, path in zip((np.ones(shape[1]), factor), found, strict=True):
        scaled = X * own
        centred = scaled - w @ scaled / w.sum()
        gram = (centred * w[:, None]).T @ centred
        right = (centred * w[:, None]).T @ (Y - w @ Y / w.sum())
        for penalty, (coefficients, intercepts) in zip(penalties, path, strict=True):
            lifted = gram + penalty * np.trace(gram) / shape[1] * np.eye(shape[1])
            expected = own[:, None] * np.linalg.solve(lifted, right)
            assert np.allclose(coefficients, expected)
            assert np.allclose(w @ (X @ coefficients + intercepts - Y), 0, atol=1e-8)


def test_a_system_that_rounding_made_unsolvable_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(linear, "EIGEN_SIDE", 1)
    X = np.ones((50, 3), dtype=np.float32) * np.arange(50, dtype=np.float32)[:, None]
    [[(coefficients, _)]] = ridge_path(X, X[:, :1].astype(float), [1e-12])
    assert coefficients.shape == (3, 1)


def many_classes(
    rng: np.random.Generator, n: int, classes: int, columns: int
) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Sparse counts of words, each class with words of its own, and a tenth of labels that are wrong."""
    y = rng.integers(0, classes, n)
    topics = rng.dirichlet(np.full(columns, 0.02), classes)
    words = 0.6 * topics + 0.4 / columns
    counts = np.stack([rng.multinomial(12, words[each]) for each in y])
    wrong = rng.random(n) < 0.1
    labels = np.where(wrong, rng.integers(0, classes, n), y)
    return TfidfTransformer().fit_transform(sparse.csr_matrix(counts)).tocsr(), labels


@pytest.mark.parametrize(
    ("n", "classes", "columns"),
    [
        (500, 8, 200),
        pytest.param(4000, 100, 3000, marks=pytest.mark.slow),
    ],
)
def test_the_chosen_model_is_as_good_as_ridge_and_logistic_regression(
    n: int, classes: int, columns: int
) -> None:
    """On sparse text with many classes, on the same rows; as good but for noise."""
    rng = np.random.default_rng(0)
    text, labels = many_classes(rng, n, classes, columns)
    audio = rng.normal(size=(n, 5)) + 0.3 * (labels % 3)[:, None]
    train = np.arange(n) < n // 2
    found = decide({"text": text, "audio": audio}, labels, train=train, task="classification")
    scores = found.subsets.set_index("subset")["score"]
    both = sparse.hstack([text, audio]).tocsr()
    for subset, X in (("text", text), ("text+audio", both)):
        X = MaxAbsScaler().fit_transform(X).tocsr()
        for model in (RidgeClassifierCV(np.logspace(-2, 3, 6)), LogisticRegression(C=10)):
            right = model.fit(X[train], labels[train]).score(X[~train], labels[~train])
            error = np.sqrt(right * (1 - right) / (~train).sum())
            print(
                f"{n} rows, {classes} classes, {subset}: {scores[subset]:.3f}, {model}: {right:.3f}"
            )
            assert scores[subset] > right - 2 * error


@pytest.mark.parametrize(
    ("rows", "columns", "most"), [(20_000, 4864, 9), (2000, 60_000, 4), (100, 5, 64)]
)
def test_threads_work_in_a_bounded_part_of_the_memory(rows: int, columns: int, most: int) -> None:
    """Products of 4,864 columns take 95 MB a thread, and pieces of rows 17: nine fit into 1 GB."""
    whole = np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), (rows, columns), (0, 0))
    data: Any = SimpleNamespace(rows=rows, features={"a": whole})
    assert effort.threads(data, 64) == most
    assert effort.threads(data, 1) == 1


def test_what_costs_too_much_is_left_out_and_the_first_is_not() -> None:
    sizes = [Size(rows, 4864, rows * 4864, 2, 2) for rows in (1000, 10_000, 100_000)]
    for candidate in CANDIDATES:
        seconds = [candidate.seconds(size) for size in sizes]
        assert seconds == sorted(seconds)
        assert seconds[0] > 0


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_the_time_left_and_an_estimate_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with Progress(120.0, 2) as progress:
        progress.done(30.0)
        progress.more(10.0)
        progress.done(500.0)
    shown = screen.getvalue()
    assert shown.startswith("This takes about 60 seconds (a rough estimate).\n")
    assert "deciding" in shown
    assert "left" in shown
    assert "23 %" in shown


def test_nothing_is_shown_elsewhere_or_for_a_short_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for screen, seconds in ((io.StringIO(), 120.0), (Terminal(), 1.0)):
        monkeypatch.setattr(sys, "stderr", screen)
        with Progress(seconds, 1) as progress:
            progress.done(0.5)
        assert screen.getvalue() == ""


def test_a_thread_ends_once_its_work_is_not_wanted() -> None:
    progress = Progress(1.0, 2)
    progress.done(0.1)
    progress.stop()
    with pytest.raises(StoppedError):
        progress.done(0.1)


@pytest.fixture
def linear_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a large data set leaves: the candidates that can be fitted in threads."""
    from verify.decisions import decide as module

    few = tuple(each for each in CANDIDATES if each.in_threads)
    monkeypatch.setattr(module, "affordable", lambda *sizes: (few, 60.0))


def test_threads_give_the_numbers_of_one(worlds: dict[str, Any], linear_alone: None) -> None:
    features, y = worlds["useful"](np.random.default_rng(0), 200)
    before = list(warnings.filters)
    alone = decide(features, y, workers=1).to_json()
    assert decide(features, y, workers=3).to_json() == alone
    assert list(warnings.filters) == before


def test_an_error_in_a_thread_is_the_error_of_the_call(
    worlds: dict[str, Any], linear_alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several the one that a single thread would meet first."""

    def broken(subset: tuple[str, ...], setting: Any) -> Any:
        raise ValueError(f"no model of {'+'.join(subset)}.")

    monkeypatch.setattr(subsets, "train", broken)
    features, y = worlds["useful"](np.random.default_rng(0), 80)
    with pytest.raises(ValueError, match=r"no model of \."):
        decide(features, y, workers=2)


def test_the_page_says_why_there_are_no_curves(
    worlds: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curves, "BUDGET", 0.0)
    features, y = worlds["useful"](np.random.default_rng(0), 80)
    found = decide(features, y).document
    assert found["curves"] == found["crossovers"] == found["extrapolations"] == []
    assert found["notes"][-1].startswith("No learning curves were drawn: they would take about ")
