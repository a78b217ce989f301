"""The report as data: everything that the page shows, and nothing that it does not."""

from __future__ import annotations

import math
import os
import platform
import sys
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import torch

from bounds import catalogue
from empirical.complexity.trained_class import MISS
from empirical.measure import FREE, SAME
from empirical.quality.fast_rate import RANGE_TOLERANCE
from empirical.worlds.population import CLIP_NORM
from verify.findings.cells import all_cells, summary
from verify.findings.thresholds import thresholds
from verify.report.answer import answer
from verify.results.results import Measured, Results, settings
from verify.verdicts.compare import without_rounding
from verify.verdicts.coverage import ALPHA, overall

SCHEMA_VERSION = 1
TITLES = {
    "risk_gap.paper": "Theorem 1, as in the paper",
    "risk_gap.sharp": "Theorem 1, sharp",
    "risk_gap.fast_rate": "Theorem 1, fast rate",
    "latent_quality.paper": "Theorem 2, as in the paper",
    "latent_quality.sharp": "Theorem 2, sharp",
}


def document(results: Results, command: str | None = None) -> dict[str, Any]:
    """report.json as a dictionary; every non-finite number in it is None.

    command: the command line that repeats the study, None where it was run from Python.

    Keys: schema_version, answer, claims, pairs, thresholds, cells, complexities, assumptions, config,
    confidence, environment, seconds, command.
    """
    cells = all_cells(results)
    found = thresholds(results)
    claims = _claims(cells)
    pairs = _pairs(results)
    config = {
        **results.design.config(),
        "clip_norm": CLIP_NORM,
        "range_tolerance": RANGE_TOLERANCE,
        "reference_risk": results.reference_risk,
        "fingerprint": results.design.fingerprint,
    }
    parts = {
        "schema_version": SCHEMA_VERSION,
        "answer": answer(config, claims, pairs, cells, found),
        "claims": claims,
        "pairs": pairs,
        "thresholds": found,
        "cells": cells,
        "complexities": [
            {**row, "M": list(results.design.classes[int(row["subset"])])}
            for row in results.complexities.to_dict("records")
        ],
        "assumptions": _assumptions(results),
        "config": config,
        "confidence": _confidence(results, cells),
        "environment": environment(),
        "seconds": results.seconds,
        "command": command,
    }
    content = plain(parts)
    assert isinstance(content, dict)
    return content


def _claims(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per theorem: refuted if any cell is, supported if all cells are, else undecided."""
    claims = []
    for key in dict.fromkeys(cell["theorem"] for cell in cells):
        mine = [cell for cell in cells if cell["theorem"] == key]
        verdict = overall([cell["verdict"] for cell in mine])
        why = [cell for cell in mine if cell["verdict"] == verdict]
        deciding = max(why, key=lambda cell: (cell["violation_rate"]["high"], -cell["level"]))
        tightest = max(mine, key=lambda cell: cell["critical_factor"]["value"])
        own = [cell for cell in mine if "own_excess_critical_factor" in cell]
        tightest_own = max(
            own, key=lambda c: c["own_excess_critical_factor"]["value"], default=None
        )
        spoken = [cell["vacuous"] for cell in mine]
        claims.append(
            {
                "id": key,
                "title": TITLES[key],
                "statement": catalogue.find(key).latex(),
                "reference": catalogue.find(key).reference,
                "expected": "supported",
                "verdict": verdict,
                "decided_by": {
                    name: deciding[name]
                    for name in (
                        "M",
                        "N",
                        "m",
                        "delta",
                        "trials",
                        "violations",
                        "inconclusive",
                        "level",
                        "violation_rate",
                    )
                },
                "cells": len(mine),
                "tests": mine[0]["tests"],
                "trials": deciding["trials"],
                "trials_needed": max(cell["trials_needed"] for cell in mine),
                "violations": sum(cell["violations"] for cell in mine),
                "inconclusive": sum(cell["inconclusive"] for cell in mine),
                "samples": sum(cell["trials"] for cell in mine),
                "levels": sorted({cell["level"] for cell in mine}),
                "critical_factor": {
                    **tightest["critical_factor"],
                    **{k: tightest[k] for k in ("M", "N", "m", "delta")},
                },
                "own_excess_critical_factor": None
                if tightest_own is None
                else {
                    **tightest_own["own_excess_critical_factor"],
                    **{k: tightest_own[k] for k in ("M", "N", "m", "delta")},
                },
                "vacuous_cells": sum(bool(v) for v in spoken),
                "vacuous": all(spoken),
            }
        )
    return claims


def _pairs(results: Results) -> list[dict[str, Any]]:
    """What was measured of each pair, whatever any bound says about it."""
    measured = Measured(results)
    rows = []
    for M, N in results.design.family.pairs:
        for kind in (SAME, FREE):
            for setting in settings(results, kind):
                one, other = measured.rows(setting, M), measured.rows(setting, N)
                gap = (one.risk_low + one.risk_high - other.risk_low - other.risk_high) / 2
                gamma = (one.best_low + one.best_high - other.best_low - other.best_high) / 2
                rows.append(
                    {
                        "M": list(M),
                        "N": list(N),
                        "head": kind,
                        "m": setting.m_head,
                        "m_encoder": setting.m,
                        "trials": len(one),
                        "risk_M": summary((one.risk_low + one.risk_high) / 2),
                        "risk_N": summary((other.risk_low + other.risk_high) / 2),
                        "risk_gap": summary(without_rounding(gap)),
                        "gamma": summary(without_rounding(gamma)),
                        "samples_where_M_is_better": int((without_rounding(gap) < 0).sum()),
                    }
                )
    return rows


def _assumptions(results: Results) -> list[dict[str, Any]]:
    """Each assumption of the theorems checked, and how this study assures it."""
    design, trials = results.design, results.trials
    constants = design.constants
    slack = max(float(trials.rows(kind).slack.max()) for kind in trials.kinds)
    assured = {
        "iid": ("by construction", "rows are drawn independently, with replacement"),
        "bounded_loss": (
            "certified",
            f"C = {constants.C:.4g} from the radii of the class and the clipped inputs",
        ),
        "lipschitz_loss": ("certified", f"L = {constants.L:.4g} from the same radii"),
        "erm": (
            "certified",
            "heads are optimal on their sample within the certified slack, at most"
            f" {slack:.2g}; encoders need not be, and are trained for {design.steps} steps only",
        ),
        "fixed_class": (
            "by construction",
            f"encoders lie within Frobenius norm {design.cls.encoder_radius:g} and heads within"
            f" {design.cls.head_radius:g}, fixed before any sample; every step is projected",
        ),
        "independent_split": (
            "by construction",
            "heads of the fast-rate form are fitted on a fresh sample",
        ),
        "least_squares_head": ("by construction", "plain least squares, no radius"),
        "bounded_features": (
            "certified",
            "the population is finite: suprema are maxima over its rows",
        ),
    }
    used = dict.fromkeys(
        (a.key, a.text, title)
        for key, title in TITLES.items()
        for a in catalogue.find(key).assumptions
        if design.loss.quadratic or key != "risk_gap.fast_rate"
    )
    rows: dict[str, dict[str, Any]] = {}
    for key, text, title in used:
        how, detail = assured.get(key, ("not met", "nothing in this study assures it"))
        row = rows.setdefault(
            key, {"key": key, "text": text, "assured": how, "detail": detail, "theorems": []}
        )
        row["theorems"].append(title)
    return [
        *rows.values(),
        {
            "key": "realizable",
            "text": "h* and g* lie in H and G",
            "assured": "not met",
            "detail": "on real data h*∘g* is unknown; one fixed reference function, fitted to the"
            f" whole population, stands for it (risk {results.reference_risk:.4g})."
            " Theorems 1 and 2 do not need this assumption",
            "theorems": [],
        },
    ]


def _confidence(results: Results, cells: list[dict[str, Any]]) -> dict[str, Any]:
    """Where the probability of a wrong verdict goes."""
    rows = results.complexities
    spent = int((rows.R_low > 0).sum() + (rows.R_loss_low > 0).sum())
    return {
        "alpha_per_claim": ALPHA,
        "tests_per_claim": {c["theorem"]: c["tests"] for c in cells},
        "complexity_miss": MISS,
        "complexities_charged": spent,
        "measuring": MISS * spent,
        "wrong_at_most": ALPHA + MISS * spent,
        "note": "each claim's tests share alpha (Bonferroni); a Monte Carlo lower end of a"
        " complexity above its trivial value 0 is charged once; risks, slacks and latent qualities"
        " are exact or certified and cost nothing",
    }


def environment() -> dict[str, Any]:
    """When and on what a result was computed: date, Python, platform, cores, gpu, packages."""
    packages = (
        "multimodal-bounds",
        "torch",
        "numpy",
        "scipy",
        "sympy",
        "pandas",
        "pyarrow",
        "scikit-learn",
        "matplotlib",
    )
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "packages": {name: metadata.version(name) for name in packages},
    }


def plain(value: Any) -> Any:
    """JSON's types only; non-finite numbers become None.

    >>> import numpy as np
    >>> plain({"a": (np.float64("inf"), np.int64(2))})
    {'a': [None, 2]}
    """
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
