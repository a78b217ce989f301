"""The contract of every form of the report, and of every section of its page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bounds.catalogue import find
from empirical.losses import LOSSES
from empirical.measure import FREE, SAME
from verify import verify_dataset
from verify.findings.cells import all_cells
from verify.findings.forms import FORMS, Form, Place, fitting_forms
from verify.findings.least_sizes import evaluated_at, least_sizes
from verify.report import sections
from verify.results.results import Results


@pytest.fixture(scope="module")
def results() -> Results:
    rng = np.random.default_rng(0)
    x = {"a": rng.normal(size=(40, 3)), "b": rng.normal(size=(40, 2))}
    y = np.tanh(x["a"][:, 0] + x["b"][:, 1])
    return verify_dataset(x, y, m=[24], head_m=[200], trials=4, steps=3).run(workers=1)


def place(results: Results, form: Form) -> Place:
    setting = results.settings(form.heads[0])[-1]
    return Place(results, setting, ("a", "b"), ("a",) if form.of_pairs else None)


@pytest.mark.parametrize("form", [*FORMS], ids=lambda form: form.name)
def test_a_form_evaluates_its_theorem_on_every_sample(results: Results, form: Form) -> None:
    at = place(results, form)
    theorem, known = form.of(at.M, at.N), form.arguments(at)
    assert set(known) <= {*theorem.inputs, "C", "best_risk"}
    assert not {"gamma", "delta"} & set(known)
    for name, value in known.items():
        ends = (value.low, value.high) if hasattr(value, "low") else (value,)
        assert all(np.shape(end) in ((), (4,)) for end in ends), name
    assert find(theorem.key).latex() == form.example.latex()


@pytest.mark.parametrize(
    "form", [form for form in FORMS if form.in_advance], ids=lambda form: form.name
)
def test_a_form_is_known_in_advance_at_every_size(results: Results, form: Form) -> None:
    at = place(results, form)
    known = {**form.in_advance(at), "delta": 0.1, **({"gamma": -0.1} if form.of_pairs else {})}
    bound = evaluated_at(form.of(at.M, at.N), known)
    least = least_sizes(lambda m: np.asarray(bound(m).total) < 1e6, 4)
    assert np.isfinite(least).all()


@pytest.mark.parametrize("form", [*FORMS], ids=lambda form: form.name)
def test_slack_is_added_only_to_a_theorem_that_needs_it(form: Form) -> None:
    theorem = form.example
    has_term = any("slack" in name for name in theorem.inputs)
    minimises = any(assumption.key == "erm" for assumption in theorem.assumptions)
    assert form.own_slack == (has_term or not minimises)


def test_forms_have_names_theorems_and_heads_of_their_own() -> None:
    assert len({form.name for form in FORMS}) == len({form.key for form in FORMS}) == len(FORMS)
    for form in FORMS:
        assert form.free == (form.heads == (FREE,))
        assert form.free or SAME in form.heads
        assert form.quadratic == form.free  # plain least squares has no other loss
        for outputs in (1, 4):
            stated = form.several in (None, outputs > 1)
            assert [form.fits(loss, outputs) for loss in LOSSES] == [
                stated and (loss.quadratic or not form.quadratic) for loss in LOSSES
            ]


@pytest.mark.parametrize(("outputs", "family"), [(1, "paper"), (4, "paper_vector")])
def test_the_papers_form_is_the_one_for_the_number_of_outputs(outputs: int, family: str) -> None:
    keys = [form.key for form in fitting_forms(LOSSES.find("least-squares"), outputs)]
    assert keys == [
        f"risk_gap.{family}",
        "risk_gap.sharp",
        "risk_gap.fast_rate",
        "risk_gap.fast_rate_mixture",
        f"latent_quality.{family}",
        "latent_quality.sharp",
    ]


def test_several_outputs_are_checked_against_the_statement_for_several(tmp_path: Path) -> None:
    """R^c has one sign per output: the statement in R_m of one output is never evaluated on it."""
    rng = np.random.default_rng(1)
    x = {"a": rng.normal(size=(30, 3)), "b": rng.normal(size=(30, 2))}
    y = np.array(["red", "green", "blue"])[rng.integers(0, 3, 30)]
    study = verify_dataset(x, y, m=[16], trials=4, steps=3)
    html = study.report(tmp_path, workers=1).read_text()
    stated = {cell.theorem for cell in all_cells(study.run(workers=1))}
    assert {"risk_gap.paper_vector", "latent_quality.paper_vector"} <= stated
    assert not {"risk_gap.paper", "latent_quality.paper"} & stated
    assert "Theorem 1, several outputs" in html
    assert "Theorem 1, as in the paper" not in html


def test_the_page_does_not_call_a_found_mean_one_end_of_an_interval() -> None:
    text = (Path(sections.__file__).parent / "sections" / "class.html").read_text()
    assert "the true value lies between" not in text
    assert "lower bound on the complexity" in text


@pytest.mark.parametrize("section", [*sections.SECTIONS], ids=lambda section: section.name)
def test_a_section_has_a_template(section: sections.Section) -> None:
    template = Path(sections.__file__).parent / "sections" / f"{section.name}.html"
    assert (section.source is None) == template.is_file()
    assert section.short
    assert section.heading
