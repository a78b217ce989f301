"""Table 4: test error against overlap, in both constructions, beside what theory predicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from empirical.datasets.bundled import CONSTRUCTIONS
from empirical.paper.simulated import (
    coordinate_maps,
    least_squares_error,
    network_errors,
    second_moments,
)
from verify.execution.threads import one_thread
from verify.reproduce import paper
from verify.reproduce.table4 import closed_form as world

MODALITIES, FEATURES = 4, 100
ROWS = (7000, 3000)
OVERLAPS = (1.0, 0.8, 0.5, 0.2, 0.0)
DRAWS, NETWORK_DRAWS = 10, 5
Z_LIMIT, CLOSED_FORM_LIMIT, ZERO_LIMIT = 3.0, 0.03, 1e-6
"""When a cell agrees: |z| at most 3, least squares within 3 % of its closed form, or, where the
closed form is 0, an error of at most 1e-6."""


def measure(
    seed: int = 0,
    *,
    rows: tuple[int, int] = ROWS,
    features: int = FEATURES,
    draws: int = DRAWS,
    network_draws: int = NETWORK_DRAWS,
) -> dict[str, Any]:
    """The measured part of table 4: ``cells``, ``quality``, ``curves`` and ``config``.

    Every overlap has draws of its own; the two constructions share them. Spread: standard deviation
    over draws (ddof 1). z = (measured − paper) / √(paper spread² + measured spread²), None where both
    are 0. A cell's closed_form is exact for the population, finite_sample for the expected error of
    least squares on rows[0] rows.

    seed, rows (training, test), features per modality, draws for least squares, of which the first
    network_draws also train networks. Only the default rows and features are the paper's.

    Examples
    --------
    >>> small = measure(rows=(60, 30), features=3, draws=2, network_draws=2)
    >>> [(c["M"], c["overlap"], round(c["closed_form"], 9)) for c in small["cells"]][8:10]
    [('1', 0.8, 0.36), ('1,2', 0.8, 0.24)]
    """
    with one_thread():
        cells = _cells(seed, rows, features, draws, network_draws)
    return {
        "cells": cells,
        "quality": [_quality(construction, features) for construction in CONSTRUCTIONS],
        "curves": _curves(features),
        "config": {
            "seed": seed,
            "train_rows": rows[0],
            "test_rows": rows[1],
            "modalities": MODALITIES,
            "features": features,
            "draws": draws,
            "network_draws": network_draws,
            "z_limit": Z_LIMIT,
            "closed_form_limit": CLOSED_FORM_LIMIT,
            "zero_limit": ZERO_LIMIT,
        },
    }


def _cells(
    seed: int, rows: tuple[int, int], features: int, draws: int, network_draws: int
) -> list[dict[str, Any]]:
    cells = []
    for place, overlap in enumerate(OVERLAPS):
        moments = [
            second_moments(seed, draw * len(OVERLAPS) + place, rows, MODALITIES, features)
            for draw in range(draws)
        ]
        grid = [(c, n) for c in CONSTRUCTIONS for n in range(1, MODALITIES + 1)]
        maps = np.stack([coordinate_maps(overlap, c, MODALITIES, features) for c, _ in grid])
        seen = np.array([[k < n for k in range(MODALITIES)] for _, n in grid], dtype=float)
        networks = network_errors(
            np.stack([train for train, _ in moments[:network_draws]]),
            np.stack([test for _, test in moments[:network_draws]]),
            maps,
            seen,
            seed=seed,
        )
        for index, (construction, n) in enumerate(grid):
            errors = [least_squares_error(*pair, maps[index], n) for pair in moments]
            cells.append(
                _cell(construction, overlap, n, errors, networks[:, index], rows[0], features)
            )
    return cells


def _cell(
    construction: str,
    overlap: float,
    n: int,
    errors: Sequence[float],
    networks: np.ndarray,
    m: int,
    features: int,
) -> dict[str, Any]:
    M = ",".join(str(k) for k in range(1, n + 1))
    exact = next(
        q
        for q in world.quality(overlap, construction, MODALITIES, features)
        if q.subset == tuple(range(1, n + 1))
    )
    printed = paper.cell(4, M, str(overlap))
    assert printed is not None
    value, spread = printed[0], printed[1] or 0.0
    measured, measured_spread = float(np.mean(errors)), _spread(errors)
    closed, finite = float(exact.eta), exact.finite_sample(m)
    combined = float(np.hypot(spread, measured_spread or 0.0))
    z = (measured - value) / combined if value or closed else None
    if closed == 0:
        agrees = value == 0 and measured <= ZERO_LIMIT
    else:
        agrees = (
            z is not None and abs(z) <= Z_LIMIT and abs(measured / finite - 1) <= CLOSED_FORM_LIMIT
        )
    return {
        "construction": construction,
        "overlap": overlap,
        "M": M,
        "row": M,
        "column": str(overlap),
        "paper": value,
        "paper_spread": spread,
        "measured": measured,
        "measured_spread": measured_spread,
        "measured_network": float(np.mean(networks)),
        "measured_network_spread": _spread(networks),
        "network_over_least_squares": None
        if closed == 0
        else float(np.mean(networks)) / float(np.mean(errors[: len(networks)])),
        "closed_form": closed,
        "finite_sample": finite,
        "rank": exact.rank,
        "z": z,
        "factor": measured / value if value else None,
        "agrees": agrees,
        "note": None,
        "certified": None,
    }


def _spread(values: Sequence[float] | np.ndarray) -> float | None:
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def _curves(features: int) -> dict[str, Any]:
    """The closed forms between the table's overlaps, for the figure."""
    steps = [index / 20 for index in range(21)]
    found: dict[str, Any] = {"overlap": steps}
    chain = [tuple(range(1, n + 1)) for n in range(1, MODALITIES + 1)]
    for construction in CONSTRUCTIONS:
        rows = [world.quality(o, construction, MODALITIES, features) for o in steps]
        found[construction] = {
            ",".join(map(str, M)): [
                float(next(q for q in row if q.subset == M).eta) for row in rows
            ]
            for M in chain
        }
    return found


def _quality(construction: str, features: int) -> dict[str, Any]:
    """η of every subset and γ of every pair, exactly; one number per overlap.

    γ(N, M) = −γ(M, N): each pair is listed once, the larger subset (or the later) as M.
    """
    by_overlap = [world.quality(o, construction, MODALITIES, features) for o in OVERLAPS]
    subsets = [q.subset for q in by_overlap[0]]
    eta = {s: [row[i].eta for row in by_overlap] for i, s in enumerate(subsets)}
    name = {s: ",".join(map(str, s)) for s in subsets}
    return {
        "construction": construction,
        "overlap": list(OVERLAPS),
        "eta": [{"M": name[s], "eta": [float(e) for e in eta[s]]} for s in subsets],
        "gamma": [
            {
                "M": name[M],
                "N": name[N],
                "nested": set(N) < set(M),
                "gamma": [float(a - b) for a, b in zip(eta[M], eta[N], strict=True)],
            }
            for i, N in enumerate(subsets)
            for M in subsets[i + 1 :]
        ],
    }
