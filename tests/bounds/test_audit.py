"""The audit: it finds slips unaided, and raises no alarm on sound bounds."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from pathlib import Path

import numpy as np
import published
import pytest
import sympy

import bounds
from bounds import pac_bayes
from bounds.auditing import REFERENCES, Audit, Finding, audit, worlds
from bounds.auditing.means import THEOREMS
from bounds.contract import check_contract

PAGE = Path(__file__).parents[2] / "docs" / "audit.md"
# The others are as long; all of them run with `-m slow`, at several seeds.
QUICK = [
    "Hoeffding",
    "Bernstein",
    "Maurer and Pontil",
    "Clopper and Pearson",
    "Rademacher",
    "Dvoretzky, Kiefer, Wolfowitz",
    "Kolmogorov",
    "McAllester, 1999",
    "Maurer",
    "Tolstikhin and Seldin",
    "Catoni",
]
PLANTED = [
    "misplaced delta",
    "swapped KL and m",
    "batch index",
    "variance of means of batches",
    "variance of the mean",
    "half of Catoni's variance",
    "one side of the distance",
]


def sound(name: str, seed: int = 0) -> Audit:
    bound, like, names = published.SOUND[name]
    return audit(bound, like, names=names, seed=seed)


def slip(name: str, seed: int = 0) -> tuple[Audit, set[str]]:
    bound, like, expected = published.SLIPS[name]
    return audit(bound, like, seed=seed), expected


@pytest.mark.parametrize("name", QUICK)
def test_no_alarm_on_a_sound_bound(name: str) -> None:
    found = sound(name)
    assert found.findings == ()
    assert found.critical_factor is not None
    assert 0 < found.critical_factor <= 1


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_slip_is_found(name: str) -> None:
    found, expected = slip(name)
    assert expected <= {each.check for each in found.findings}
    for each in found.findings:
        assert each.sentence.endswith(".")
        assert each.arguments
        assert np.isfinite(each.reference)
    assert not found.ok


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_every_sound_bound_and_every_slip(seed: int) -> None:
    alarms = {name: str(a) for name in published.SOUND if not (a := sound(name, seed)).ok}
    assert alarms == {}
    for name in published.SLIPS:
        found, expected = slip(name, seed)
        assert expected <= {each.check for each in found.findings}, (name, str(found))


@pytest.mark.slow
@pytest.mark.parametrize("reference", list(REFERENCES), ids=lambda r: r.name)
def test_a_reference_is_like_itself(reference) -> None:
    assert audit(reference.theorem, reference.name).findings == ()


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.key)
def test_the_bounds_on_a_mean_keep_the_contract(theorem) -> None:
    check_contract(theorem)


def test_a_witness_is_a_fact() -> None:
    found, _ = slip("misplaced delta")
    (finding,) = (each for each in found.findings if each.check == "tail")
    at = dict(finding.arguments)
    assert published.misplaced_delta(**at) == finding.value
    theorem = pac_bayes.mcallester("M")
    assert theorem.evaluate(**at, C=1).total == pytest.approx(finding.reference, rel=1e-12)


def test_swapped_arguments_are_named() -> None:
    found, _ = slip("swapped KL and m")
    assert found.findings[0].check == "exchanged arguments"
    assert "KL and m" in found.findings[0].sentence


def test_arguments_are_swapped_only_if_an_exchange_mends_every_check() -> None:
    """C and the variance exchanged make the bound larger, and give it no unit."""
    found, _ = slip("Bernstein without its 2")
    assert {each.check for each in found.findings} == {"validity"}


def test_the_critical_factor_is_that_of_the_exact_world() -> None:
    """Clopper and Pearson's bound is exact, up to steps; half of Hoeffding's needs twice as much."""
    assert 0.999 < sound("Clopper and Pearson").critical_factor <= 1
    assert 0.98 < sound("Kolmogorov").critical_factor <= 1
    whole, half = sound("Hoeffding").critical_factor, slip("half of Hoeffding")[0].critical_factor
    assert half == pytest.approx(2 * whole, rel=1e-12)


def test_the_law_of_the_distance_is_that_of_all_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    cells, m = 5, 4
    monkeypatch.setattr(worlds, "_CELLS", cells)
    samples = np.array(list(itertools.product(range(1, cells + 1), repeat=m)))
    steps = np.arange(1, cells + 1)
    shares = (samples[:, :, None] <= steps).mean(axis=1)
    distances = np.abs(shares - steps / cells).max(axis=1)
    edges, law = worlds._distances.__wrapped__(m)
    for edge, beyond in zip(edges, 1 - np.cumsum(law), strict=True):
        # The law of a step is that of the distances above its lower end and up to its upper one.
        upper = (math.sqrt(edge) + 1 / len(edges)) ** 2
        assert beyond == pytest.approx(np.mean(distances > upper + 1e-12), abs=1e-12)


def test_expressions_and_theorems_are_read_as_functions_are() -> None:
    mean, n, delta = sympy.symbols("mu n delta")
    expression = mean + sympy.sqrt(sympy.log(1 / delta) / (2 * n))
    names = {"mu": "mean_hat", "n": "m"}
    assert audit(expression, "mean.hoeffding", names=names).ok
    late = mean + sympy.sqrt(sympy.log(1) + 1 / delta / (2 * n))
    assert {f.check for f in audit(late, "mean.hoeffding", names=names).findings} >= {"tail"}
    theorem = pac_bayes.mcallester("M")
    assert audit(theorem, theorem).ok
    thin = dataclasses.replace(
        theorem,
        terms=(
            theorem.terms[0],
            dataclasses.replace(theorem.terms[1], expression=theorem.terms[1].expression / 2),
        ),
    )
    assert {f.check for f in audit(thin, theorem).findings} == {"validity"}


def test_a_bound_that_gives_no_number_is_a_finding() -> None:
    def broken(mean_hat: float, m: float, delta: float) -> float:
        return mean_hat + (np.log(delta) / m) ** 0.5

    found = audit(broken, "mean.hoeffding")
    assert {each.check for each in found.findings} >= {"numbers"}

    def raising(mean_hat: float, m: float, delta: float) -> float:
        raise RuntimeError("no licence")

    finding = audit(raising, "mean.hoeffding").findings[0]
    assert "RuntimeError: no licence" in finding.sentence
    assert "24 of 24 points" in finding.sentence


def test_what_a_bound_on_batches_raised_is_said() -> None:
    def raising(batches: list[np.ndarray], delta: float) -> float:
        raise RuntimeError(f"{len(batches)} batches of {batches[0].ndim} dimension")

    finding = audit(raising, "mean.hoeffding").findings[0]
    assert "RuntimeError: 2 batches of 1 dimension" in finding.sentence


def test_what_counts_something_is_passed_as_an_integer_and_a_sample_under_its_own_name() -> None:
    def counted(mean_hat: float, m: int, delta: float) -> float:
        return mean_hat + math.sqrt(math.log(1 / delta) / (2 * len(range(m))))

    assert audit(counted, "mean.hoeffding").ok

    def on_errors(errors: np.ndarray, delta: float) -> float:
        return published.maurer_pontil_on_rows(errors, delta)

    assert audit(on_errors, "mean.empirical_bernstein", names={"errors": "losses"}).ok


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="like must be one of risk_gap.paper, .* got 'hoeffding'"):
        audit(published.hoeffding, "hoeffding")
    with pytest.raises(
        ValueError, match="arguments of <lambda> must be among m, delta, .* got n; names="
    ):
        audit(lambda n, delta: published.dkw(n, delta), "distribution.dkw")
    with pytest.raises(ValueError, match="hoeffding must take KL .* got mean_hat"):
        audit(published.hoeffding, "pac_bayes.mcallester", names={"mean_hat": "gibbs_hat"})
    with pytest.raises(ValueError, match="names must be those of hoeffding: .* got n"):
        audit(published.hoeffding, "mean.hoeffding", names={"n": "m"})
    with pytest.raises(ValueError, match="bound must be a function of named arguments, .* got 7"):
        audit(7, "mean.hoeffding")
    with pytest.raises(ValueError, match="bound must have named arguments, got <class 'int'>"):
        audit(int, "mean.hoeffding")
    with pytest.raises(ValueError, match="like must have an average if the bound takes losses"):
        audit(published.maurer_pontil_on_rows, "distribution.dkw")
    with pytest.raises(ValueError, match="seed must be an integer of at least 0, got -1"):
        audit(published.dkw, "distribution.dkw", seed=-1)


def test_what_is_shown() -> None:
    finding = Finding("tail", "It grows < too fast.", {"m": 2.0}, 1.0, 0.5)
    found = Audit("<b>", "mean.hoeffding", (finding,), ("scale",), ("validity (none)",))
    assert repr(found) == "<Audit <b>, like mean.hoeffding: 1 finding>"
    html = found._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert "It grows &lt; too fast." in html
    assert "the reference 0.5" in str(found)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.name = "another"


def test_it_is_public() -> None:
    import multimodal_bounds

    assert bounds.audit is audit is multimodal_bounds.audit
    with pytest.raises(AttributeError, match="module 'bounds' has no attribute 'audits'"):
        _ = bounds.audits


def test_the_page_lists_what_is_tried() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|`]+?) \| `", text, re.MULTILINE)
    assert rows == list(published.SOUND)
    for reference in REFERENCES:
        if reference.theorem in THEOREMS:
            assert f"`{reference.name}`" in text
