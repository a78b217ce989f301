"""Adding is one entry: a loss, an operation and a form from outside run a study and get their page."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from empirical.fusion import OPERATIONS, FusionClass
from empirical.losses import LOSSES
from verify.findings.forms import FORMS
from verify.report.sections import SECTIONS, Section
from verify.study import Study, verify_dataset

SMALL: dict[str, Any] = {"m": [24], "head_m": [200], "delta": [0.1], "trials": 4, "steps": 3}


def load(name: str, folder: Path) -> ModuleType:
    """A module beside the tests, under a name that worker processes can import."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return importlib.import_module(name)


TESTS = Path(__file__).parents[1]
toys = load("toys", TESTS / "verify")
contracts = load("contracts", TESTS / "empirical")


def study(**options: Any) -> Study:
    rng = np.random.default_rng(0)
    x = {"a": rng.normal(size=(40, 3)), "b": rng.normal(size=(40, 2))}
    y = np.tanh(x["a"][:, 0] + x["b"][:, 1])
    return verify_dataset(x, y, **{**SMALL, **options})


def page(made: Study, out: Path, workers: int = 1) -> tuple[str, dict[str, Any]]:
    path = made.report(out, workers=workers)
    return path.read_text("utf-8"), json.loads(path.with_name("report.json").read_text("utf-8"))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_toy_loss_runs_a_study_and_a_page(tmp_path: Path, workers: int) -> None:
    with LOSSES.including(toys.LOG_COSH):
        made = study(loss="log-cosh", encoder_radius=1.0)
    html, report = page(made, tmp_path, workers)
    assert report["config"]["loss"] == "log-cosh"
    assert "loss: log-cosh" in html
    assert {claim["verdict"] for claim in report["claims"]} <= {"supported", "undecided"}
    assert {cell["head"] for cell in report["cells"]} == {"same", "fresh"}  # no plain least squares
    risks = [pair["risk_M"]["value"] for pair in report["pairs"]]
    assert all(0 < risk < made.constants.C for risk in risks)


def test_toys_keep_the_contracts_of_their_tables() -> None:
    """Among them: `erm.fit` trains them, and their complexities are measured."""
    with LOSSES.including(toys.LOG_COSH), OPERATIONS.including(toys.HALF_SUM):
        contracts.check_entry(LOSSES, toys.LOG_COSH)
        contracts.check_entry(OPERATIONS, toys.HALF_SUM)
    contracts.check_loss(toys.LOG_COSH)
    contracts.check_operation(toys.HALF_SUM)


@pytest.mark.parametrize("depth", [0, 1])
def test_a_toy_operation_runs_a_study_and_a_page(tmp_path: Path, depth: int) -> None:
    with OPERATIONS.including(toys.HALF_SUM):
        made = study(fusion="half-sum", depth=depth)
    html, report = page(made, tmp_path)
    assert report["config"]["fusion"] == "half-sum"
    assert "summed and halved" in html
    assert not any(np.isinf(row["R_high"]) for row in report["complexities"])
    # Its class is that of sums with half of the encoder's radius.
    half = FusionClass(4, 1.0, 2.0, 1, toys.HALF_SUM, depth)
    whole = FusionClass(4, 0.5, 2.0, 1, "sum", depth)
    assert half.complexity_bound(3.0, 2, 50) == whole.complexity_bound(3.0, 2, 50)


def test_an_entry_may_be_given_itself() -> None:
    assert study(fusion=toys.HALF_SUM).cls.operation == toys.HALF_SUM
    assert study(loss=toys.LOG_COSH).loss == toys.LOG_COSH


def test_a_toy_form_gets_cells_thresholds_a_claim_and_its_line(tmp_path: Path) -> None:
    with FORMS.including(toys.DOUBLED):
        html, report = page(study(), tmp_path)
    mine = [cell for cell in report["cells"] if cell["theorem"] == "toy.doubled"]
    sharp = [cell for cell in report["cells"] if cell["theorem"] == "risk_gap.sharp"]
    assert mine
    for cell in mine:
        (same,) = (
            c for c in sharp if all(c[k] == cell[k] for k in ("M", "N", "m", "head", "delta"))
        )
        gamma = cell["gamma"]["median"]
        doubled = 2 * (same["bound"]["median"] - gamma)
        assert cell["bound"]["median"] - gamma == pytest.approx(doubled, rel=1e-6)
    assert any(t["theorem"] == "toy.doubled" for t in report["thresholds"])
    (claim,) = (c for c in report["claims"] if c["id"] == "toy.doubled")
    assert claim["title"] in html
    assert html.count("bound, doubled") == 1  # one legend for all pairs
    assert "Doubled" in html


def test_a_toy_section_stands_on_the_page_and_in_its_contents(tmp_path: Path) -> None:
    count = Section(
        "count",
        "Count",
        "How many cells?",
        lambda document: {"cells": len(document["cells"])},
        source="<p>There are {{ cells }} cells.</p>",
    )
    with SECTIONS.including(count):
        html, report = page(study(), tmp_path)
    assert f"<p>There are {len(report['cells'])} cells.</p>" in html
    assert '<li><a href="#count">Count</a></li>' in html
    assert "10. How many cells?" in html


def test_the_tables_are_as_before() -> None:
    assert LOSSES.names == ("least-squares", "softmax", "logistic")
    assert OPERATIONS.names == ("concatenation", "sum", "mean", "gated", "attention")
    assert len(FORMS) == 8
    assert len(SECTIONS) == 9
    assert importlib.util.find_spec("toys") is not None
