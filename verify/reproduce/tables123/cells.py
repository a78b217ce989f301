"""Tables 1 to 3 from the runs: cells, pairs, and what Theorem 2's criterion would have said."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bounds import modality_gain, rademacher
from empirical.modalities import Subset
from empirical.paper.splits import Split
from verify.reproduce import paper
from verify.reproduce.tables123.experiment import Run, label, pairs

Cell = dict[str, Any]
SWAPPED = "TA and TV swapped against Table 1"


def table1(split: Split, subsets: Sequence[Subset], runs: Sequence[Run]) -> list[Cell]:
    """Accuracy in percent, and the losses, per subset: mean and spread over seeds.

    A cell: row, column, paper and paper_spread (None unless the data are IEMOCAP), measured and
    measured_spread (standard deviation over seeds, ddof 1), z against the combined spread, clear (`sure` of
    the seeds), note.
    """
    full = [run for run in runs if run.ratio == 1.0]
    cells = []
    for index, subset in enumerate(subsets):
        row = label(split, subset)
        cells.append(_cell(split, 1, row, "accuracy", [100 * run.accuracy[index] for run in full]))
        for column, pick in _LOSSES:
            cells.append(_cell(split, 1, row, column, [pick(run)[index] for run in full]))
    return cells


def table2(split: Split, subsets: Sequence[Subset], runs: Sequence[Run]) -> list[Cell]:
    """Per pair (M, N), rows "M:N": accuracy difference, and γ with refitted heads, four ways.

    "accuracy difference" and "gamma" are in accuracy points, M minus N, positive where M is better,
    as the paper's. The last two are γ = η(M) − η(N) in nats, negative where M is better: of the
    refitted heads on the test rows, and on the training rows as the population, where the interval
    ``certified`` (mean over seeds of its ends) holds the best heads of the ball.
    """
    full = [run for run in runs if run.refits]
    cells = []
    for i, j in pairs(subsets):
        row = f"{label(split, subsets[i])}:{label(split, subsets[j])}"
        gains = [100 * (run.accuracy[i] - run.accuracy[j]) for run in full]
        refits = [(run.refits[i], run.refits[j]) for run in full]
        cells.append(_cell(split, 2, row, "accuracy difference", gains))
        gamma = [100 * (M.accuracy - N.accuracy) for M, N in refits]
        cells.append(_cell(split, 2, row, "gamma", gamma))
        test = [M.test_loss - N.test_loss for M, N in refits]
        cells.append(_cell(split, 2, row, "gamma in loss, test rows", test))
        own = [M.train_loss - N.train_loss for M, N in refits]
        cell = _cell(split, 2, row, "gamma in loss, training rows", own)
        low = [M.train_loss - M.gap - N.train_loss for M, N in refits]
        high = [M.train_loss - N.train_loss + N.gap for M, N in refits]
        cell["certified"] = [float(np.mean(low)), float(np.mean(high))]
        cells.append(cell)
    return cells


def table3(split: Split, subsets: Sequence[Subset], runs: Sequence[Run]) -> list[Cell]:
    """Accuracy in percent per subset (row) and share of the training rows (column)."""
    cells = []
    for index, subset in enumerate(subsets):
        row = label(split, subset)
        for ratio in sorted({run.ratio for run in runs}):
            values = [100 * run.accuracy[index] for run in runs if run.ratio == ratio]
            cell = _cell(split, 3, row, f"{ratio:g}", values)
            cell["rows"] = next(run.rows for run in runs if run.ratio == ratio)
            cells.append(cell)
    return cells


def criterion(split: Split, subsets: Sequence[Subset], runs: Sequence[Run]) -> dict[str, Any]:
    """Theorem 2's criterion for every pair, beside what was measured.

    M is foreseen to be better from m* on, m* = ((√C(F_M) − √C(F_N)) / (L̂_N − L̂_M))², with
    R_m = √(C/m) the analytic complexity of the smallest class of one pair of radii that holds every
    trained network (radii read off after training, so a heuristic within a heuristic), and L̂ the
    training loss. ``popular`` is that m*, ``own`` the one with Theorem 2's factor 4L, L = √2.
    """
    full = [run for run in runs if run.ratio == 1.0]
    A = max(norm for run in full for norm in run.encoder_norm)
    B = max(norm for run in full for norm in run.head_norm)
    m = int(split.real_train.sum())
    root = []
    for index in range(len(subsets)):
        square = float(np.mean([run.square_norm[index] for run in full]))
        R = rademacher.fusion(
            encoder_radius=A,
            head_radius=B,
            outputs=split.classes,
            mean_square_norm=square,
            m=m,
        )
        root.append(float(R) * math.sqrt(m))
    rows: list[dict[str, Any]] = []
    for i, j in pairs(subsets):
        loss = [float(np.mean([run.train_loss[index] for run in full])) for index in (i, j)]
        given = {
            "C_M": root[i] ** 2,
            "C_N": root[j] ** 2,
            "L_hat_M": loss[0],
            "L_hat_N": loss[1],
        }
        popular = float(modality_gain.crossover(**given))
        gain = [100 * (run.accuracy[i] - run.accuracy[j]) for run in full]
        rows.append(
            {
                "M": label(split, subsets[i]),
                "N": label(split, subsets[j]),
                "loss_gap": loss[1] - loss[0],
                "price": root[i] - root[j],
                "popular": popular,
                "own": float(modality_gain.crossover(**given, L=math.sqrt(2))),
                "m": m,
                "foreseen": m >= popular,
                "accuracy_gain": float(np.mean(gain)),
                "accuracy_gain_spread": spread_of(gain),
                "loss_gain": float(np.mean([run.test_loss[j] - run.test_loss[i] for run in full])),
                "gained": sure(gain) > 0,
                "hurt": sure(gain) < 0,
            }
        )
    foreseen = sum(bool(row["foreseen"]) for row in rows)
    gained = sum(bool(row["gained"]) for row in rows)
    return {
        "encoder_radius": A,
        "head_radius": B,
        "rows": rows,
        "said": f"The criterion compares what a modality saves in training loss with what it costs in"
        f" complexity. It foresees a gain in {foreseen} of {len(rows)} pairs, and would need"
        f" {_least(rows)} examples for the first; there are {m:,}. Accuracy rose clearly (by more"
        f" than two standard errors over the seeds) in {gained} of them.",
        "caption": f"Encoders of norm {A:.3g} and heads of norm {B:.3g} at most, over all subsets and"
        " seeds. m*: from so many examples on Theorem 2’s bound favours M. Gains: N’s test loss minus"
        " M’s, M’s accuracy minus N’s in points.",
    }


def sure(values: Sequence[float]) -> int:
    """1 or −1 where the mean lies more than two standard errors above or below 0, else 0.

    Examples
    --------
    >>> sure([1.0, 1.2, 0.9]), sure([-1.0, 1.2, 0.9]), sure([2.0])
    (1, 0, 0)
    """
    spread = spread_of(values)
    if spread is None:
        return 0
    mean, error = float(np.mean(values)), spread / math.sqrt(len(values))
    return (mean > 2 * error) - (mean < -2 * error)


def spread_of(values: Sequence[float]) -> float | None:
    """Standard deviation over seeds (ddof 1), None for a single one."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def _least(rows: Sequence[dict[str, Any]]) -> str:
    least = min(row["popular"] for row in rows)
    return f"{least:,.0f}" if math.isfinite(least) else "infinitely many"


_LOSSES: tuple[tuple[str, Callable[[Run], tuple[float, ...]]], ...] = (
    ("training loss", lambda run: run.train_loss),
    ("test loss", lambda run: run.test_loss),
)


def _cell(split: Split, table: int, row: str, column: str, values: Sequence[float]) -> Cell:
    printed = paper.cell(table, row, column) if split.kind == "iemocap" else None
    value, spread = printed or (None, None)
    measured, own = float(np.mean(values)), spread_of(values)
    combined = math.hypot(spread or 0.0, own or 0.0)
    z = (measured - value) / combined if value is not None and spread is not None else None
    swapped = table == 3 and row in ("TA", "TV") and column == "1" and value is not None
    return {
        "row": row,
        "column": column,
        "paper": value,
        "paper_spread": spread,
        "measured": measured,
        "measured_spread": own,
        "z": z,
        "seeds": len(values),
        "clear": sure(values),
        "note": SWAPPED if swapped else None,
        "certified": None,
    }
