"""The report as data: the keys of the stable format, and facts that tie its parts together."""

import json
import math
from typing import Any

import numpy as np
import pytest

from bounds import risk_gap
from empirical import datasets
from verify import Study, verify_dataset
from verify.report.document import document
from verify.report.formats import plain_number


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    study = Study(datasets.digits(), m=[32, 128], head_m=[4000], trials=12, steps=10)
    return document(study.run(workers=1), "python -m verify report")


def test_it_is_json_without_infinities(report: dict[str, Any]) -> None:
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_every_form_pair_size_and_delta_has_its_cell(report: dict[str, Any]) -> None:
    """7 pairs x (2 sizes + 1 fresh) x 2 deltas x 4 forms, 7 subsets x 2 sizes x 2 deltas x 2 forms."""
    assert len(report["cells"]) == 7 * 3 * 2 * 4 + 7 * 2 * 2 * 2
    names = {
        (c["theorem"], tuple(c["M"]), tuple(c["N"] or ()), c["m"], c["m_encoder"], c["delta"])
        for c in report["cells"]
    }
    assert len(names) == len(report["cells"])


def test_a_cell_is_the_theorem_evaluated(report: dict[str, Any]) -> None:
    """Recompute one cell's bound from numbers that stand elsewhere in the report."""
    cell = next(
        c
        for c in report["cells"]
        if c["theorem"] == "risk_gap.paper_vector" and c["head"] == "same"
    )
    index = report["config"]["subsets"].index(cell["M"])
    R_M = next(
        row["R_high"]
        for row in report["complexities"]
        if row["m"] == cell["m"] and row["subset"] == index
    )
    value = risk_gap.paper_vector(cell["M"], cell["N"]).evaluate(
        gamma=cell["gamma"]["value"],
        R_vector_M=R_M,
        L=report["config"]["L"],
        C=report["config"]["C"],
        m=cell["m"],
        delta=cell["delta"],
    )
    assert math.isclose(value.total, cell["bound"]["value"], rel_tol=1e-9)
    # Terms are medians; here gamma alone varies, so that they still sum to the median bound.
    assert math.isclose(sum(cell["terms"].values()), cell["bound"]["median"], rel_tol=1e-9)


def test_sharp_is_never_above_paper(report: dict[str, Any]) -> None:
    def where(cell: dict[str, Any]) -> tuple:
        return tuple(cell["M"]), tuple(cell["N"] or ()), cell["m"], cell["m_encoder"], cell["delta"]

    for family in ("risk_gap", "latent_quality"):
        paper, sharp = (
            {where(c): c["bound"]["value"] for c in report["cells"] if c["theorem"] == key}
            for key in (f"{family}.paper_vector", f"{family}.sharp")
        )
        assert paper.keys() == sharp.keys()
        assert all(sharp[key] <= paper[key] for key in paper)


def test_few_trials_leave_claims_undecided_and_say_how_many_decide(report: dict[str, Any]) -> None:
    for claim in report["claims"]:
        assert claim["verdict"] == "undecided"
        assert claim["trials_needed"] > 12
        assert claim["violations"] == 0


def test_a_measured_gap_is_the_difference_of_measured_risks(report: dict[str, Any]) -> None:
    for pair in report["pairs"]:
        gap = pair["risk_M"]["value"] - pair["risk_N"]["value"]
        assert math.isclose(gap, pair["risk_gap"]["value"], abs_tol=1e-12)
        said = pair["preference"]
        assert 0 <= said["better"] + said["worse"] <= pair["trials"]
        assert said["low"] <= said["better"] / pair["trials"] <= said["high"]


def test_the_fast_rate_bound_proves_the_gain_on_digits(report: dict[str, Any]) -> None:
    """All quadrants against one: the bound is below zero at m_2 = 4,000, and so is what it bounds."""
    everything = list(report["config"]["modalities"])
    mine = [
        c
        for c in report["cells"]
        if c["theorem"] == "risk_gap.fast_rate" and c["M"] == everything and c["m"] == 4000
    ]
    singles = [c for c in mine if len(c["N"]) == 1]
    assert len(singles) == 4 * 2
    for cell in singles:
        assert cell["measured"]["value"] < cell["bound"]["value"] < cell["bound"]["q95"] < 0


def test_a_bound_that_proves_a_gain_is_not_vacuous(report: dict[str, Any]) -> None:
    for row in report["thresholds"]:
        if row["proves_gain_from"] is not None and row["proves_gain_from"]["value"] is not None:
            assert row["gamma"] < 0
            assert row["nonvacuous_from"]["value"] <= row["proves_gain_from"]["value"]
            for size in (row["nonvacuous_from"], row["proves_gain_from"]):
                assert size["low"] <= size["value"] <= (size["high"] or math.inf)


def test_every_assumption_says_how_it_is_assured(report: dict[str, Any]) -> None:
    found = {row["key"]: row["assured"] for row in report["assumptions"]}
    assert found["iid"] == "by construction"
    assert found["bounded_loss"] == found["lipschitz_loss"] == found["erm"] == "certified"
    assert found["realizable"] == "not met"


def test_what_measuring_costs_is_added_to_what_counting_costs(report: dict[str, Any]) -> None:
    spent = report["confidence"]
    lower = [c[name] for c in report["complexities"] for name in ("R_low", "R_loss_low")]
    assert spent["complexities_charged"] == sum(end > 0 for end in lower)
    assert spent["measuring"] == spent["complexities_charged"] * spent["complexity_miss"]
    assert spent["wrong_at_most"] == spent["alpha_per_claim"] + spent["measuring"]


def test_the_answer_has_measured_numbers(report: dict[str, Any]) -> None:
    answer = report["answer"]
    assert "digits" in answer["question"]
    assert answer["headline"]
    text = " ".join(answer["sentences"])
    assert "m = 128" in text
    last = [
        p
        for p in report["pairs"]
        if p["m"] == 128 and p["head"] == "same" and len(p["M"]) == 4 and len(p["N"]) == 1
    ]
    assert plain_number(last[0]["risk_M"]["median"]) in text


def test_a_pair_that_is_not_nested_and_has_no_singles() -> None:
    names = datasets.digits().names
    study = Study(
        datasets.digits(),
        pairs=[(names[:2], names[2:])],
        m=[16],
        head_m=[],
        trials=3,
        steps=2,
    )
    report = document(study.run(workers=1))
    assert report["answer"]["headline"]
    assert all(report["answer"]["sentences"])
    assert not any("single step" in sentence for sentence in report["answer"]["sentences"])
    assert report["command"] is None
    assert {tuple(c["N"]) for c in report["cells"] if c["N"]} == {names[2:]}


def test_rounding_is_no_finding() -> None:
    """Five rows that every model fits exactly: no gain, no gap, nothing certified."""
    rng = np.random.default_rng(0)
    x = {"a": rng.normal(size=(5, 2)), "b": rng.normal(size=(5, 2))}
    study = verify_dataset(x, np.arange(5.0), m=[32], head_m=[4000], trials=3, steps=5)
    report = document(study.run(workers=1))
    for pair in report["pairs"]:
        if pair["head"] == "free" and pair["risk_M"]["value"] < 1e-12:
            assert abs(pair["risk_gap"]["value"]) >= 1e-12 or pair["risk_gap"]["value"] == 0
    for cell in report["cells"]:
        assert cell["violations"] == 0
        assert cell["critical_factor"]["value"] <= 1
        if cell["N"]:
            assert cell["own_excess_critical_factor"]["value"] <= 1


def test_few_samples_certify_nothing(report: dict[str, Any]) -> None:
    """With 12 samples no bound is supported at its level, and the headline does not say yes."""
    assert "provabl" not in report["answer"]["headline"]
    assert "too few samples to tell; 12 of each size" in report["answer"]["headline"]
