"""The ledger: what it holds, how it is judged, and that a wrong one is noticed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bounds import catalogue
from empirical.statistics.intervals import Interval
from verify import cli
from verify.claims import ledger
from verify.claims.alterations import ALTERATIONS
from verify.claims.claim import Claim, Decided
from verify.claims.evidence.exact import GAPS
from verify.claims.evidence.facts import GRADES, Facts
from verify.claims.evidence.linear import JUNK
from verify.claims.judge import finding
from verify.claims.ledger import CLAIMS
from verify.claims.report import page
from verify.claims.report import terminal as text
from verify.claims.report.document import SECTIONS, document
from verify.claims.run import decide
from verify.verdicts.coverage import ALPHA, trials_needed

BY_ID = {claim.id: claim for claim in CLAIMS}
# One source of each kind: enumerated, drawn, drawn with a fixed world; a second or two in all.
LIGHT = [
    replace(BY_ID["risk_gap.sharp"], sources=(GAPS["xor/both-one"], JUNK)),
    *(
        BY_ID[name]
        for name in ("planted.no_terms", "planted.gamma_flipped", "without.erm.theorem_1")
    ),
    *(BY_ID[name] for name in ("belief.few_samples.weak", "belief.overlap.always")),
]


# ---- what the ledger holds


def test_every_theorem_of_the_catalogue_is_a_claim():
    assert set(ledger.THEOREM_SOURCES) == {theorem.key for theorem in catalogue.THEOREMS}


def test_ids_sections_and_alterations():
    assert len(BY_ID) == len(CLAIMS)
    assert {claim.section for claim in CLAIMS} == set(SECTIONS)
    used = {claim.alteration.name for claim in CLAIMS}
    assert used == set(ALTERATIONS.names)


def test_every_assumption_is_dropped_somewhere():
    needed = {
        a.key
        for key in ("risk_gap.paper", "latent_quality.paper")
        for a in catalogue.find(key).assumptions
    }
    dropped = {claim.drops for claim in CLAIMS}
    assert dropped >= needed | {"full_latent", "nested", "realizable", "independent_split"}
    # What is not needed: the theorem itself must hold without it.
    for assumption in ("nested", "realizable"):
        kept = [c for c in CLAIMS if c.drops == assumption and c.expected == "supported"]
        assert kept
        assert all(claim.theorem for claim in kept)


def test_falsehoods_differ_from_a_truth_in_one_field():
    """A planted claim has an alteration, or sources of its own that break an assumption: not both."""
    for claim in CLAIMS:
        if claim.expected == "refuted" and claim.theorem:
            assert bool(claim.alteration.text) != bool(claim.drops), claim.id


def test_at_most_one_falsehood_is_declared_undetectable():
    assert sum(bool(claim.undetectable) for claim in CLAIMS) <= 1


def test_the_budget_is_spent_once():
    for claim in CLAIMS:
        assert claim.alpha * max(1, claim.tests) + claim.measuring == pytest.approx(ALPHA)
        assert claim.alpha > 0


# ---- a run


@pytest.fixture(scope="module")
def light():
    return decide(LIGHT, seed=3, workers=1)


def test_truths_are_supported_and_falsehoods_refuted(light):
    assert {d.claim.id: d.verdict for d in light} == {claim.id: claim.expected for claim in LIGHT}


def test_the_same_numbers_whatever_the_number_of_workers(light):
    again = decide(LIGHT, seed=3, workers=2)
    assert (
        document(again, seed=3, seconds=0.0)["claims"]
        == (document(light, seed=3, seconds=0.0)["claims"])
    )


def test_another_seed_gives_other_draws(light):
    (other,) = decide(LIGHT[1:2], seed=4, workers=1)
    mine = next(d for d in light if d.claim.id == LIGHT[1].id)
    drawn = [
        (a.violations, b.violations)
        for a, b in zip(mine.findings, other.findings, strict=True)
        if not a.enumerated
    ]
    assert any(a != b for a, b in drawn)


def test_claims_json(light):
    content = document(light, seed=3, seconds=1.5, command="python -m verify claims")
    text_ = json.dumps(content, allow_nan=False)
    assert json.loads(text_) == content
    assert content["answer"]["as_expected"]
    for claim in content["claims"]:
        assert {"id", "expected", "verdict", "decided_by", "grades", "confidence"} <= set(claim)
        assert claim["expected"] in ("supported", "refuted")
        assert claim["verdict"] in ("supported", "refuted", "undecided", "undetectable")
        assert set(claim["grades"]) <= set(GRADES)
        decisive = claim["decided_by"]
        assert decisive in claim["findings"]
        assert decisive["violation_rate"]["low"] <= decisive["violation_rate"]["high"]
    by_id = {claim["id"]: claim for claim in content["claims"]}
    planted = by_id["planted.no_terms"]
    assert planted["decided_by"]["truth"]["verdict"] == "supported"
    assert planted["decided_by"]["violations"] > 0.8 * planted["decided_by"]["trials"]
    assert 0 < by_id["risk_gap.sharp"]["power"]["caught_below"] < 1


def test_the_page_and_the_table_show_every_claim(light):
    content = json.loads(json.dumps(document(light, seed=3, seconds=1.5)))
    html, table = page.render(content), text.table(content)
    for claim in content["claims"]:
        assert claim["id"] in table
        assert claim["decided_by"]["world"].split(";")[0] in html
    assert html.count("✗ refuted") >= sum(c["verdict"] == "refuted" for c in content["claims"])
    assert max(map(len, table.splitlines())) <= 120
    assert "http" not in html.replace("http://www.w3.org", "")


def test_the_document_shows_a_real_row():
    shown = (Path(__file__).parents[2] / "docs" / "claims.md").read_text(encoding="utf-8")
    result = document(decide([BY_ID["planted.no_terms"]], workers=1), seed=0, seconds=0)
    row = [line for line in text.table(result).splitlines() if line.startswith("  ")]
    assert len(row) == 3
    assert "\n".join(row) in shown


def test_an_undecided_claim_says_what_would_decide_it():
    few = replace(BY_ID["belief.few_samples.weak"], level=0.05)
    source = replace(few.sources[0], trials=5)
    result = decide([replace(few, sources=(source,))], workers=1)
    # Draws are as many as the claim needs, unless none can support it.
    assert result[0].verdict in ("undecided", "supported")
    facts = Facts(Interval.exact(np.r_[1.0, -np.ones(99)]))
    claim = Claim("x", "belief", "", "supported", (source,), level=0.02)
    shown = document(
        [Decided(claim, (finding(claim, source, facts, 16, None),))], seed=0, seconds=0
    )
    assert shown["claims"][0]["verdict"] == "undecided"
    assert shown["claims"][0]["trials_needed"] == trials_needed(0.02)
    assert "would decide it" in " ".join(text.table(shown).split())


# ---- the command


def run(monkeypatch, capsys, claims, *options):
    monkeypatch.setattr(ledger, "CLAIMS", tuple(claims))
    with pytest.raises(SystemExit) as stop:
        cli.main(["claims", *options])
    return stop.value.code, capsys.readouterr()


def test_exit_code_0(monkeypatch, capsys, tmp_path):
    out = tmp_path / "new" / "folder"
    code, printed = run(monkeypatch, capsys, LIGHT[2:3], "--out", str(out), "--seed", "7")
    assert code == 0
    assert "1 of 1 falsehoods are refuted" in printed.out
    content = json.loads((out / "claims.json").read_text(encoding="utf-8"))
    assert content["seed"] == 7
    assert (out / "claims.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    "wrong",
    [
        # A theorem that is false: expected to hold, refuted.
        replace(BY_ID["planted.gamma_flipped"], expected="supported"),
        # A check that lets a falsehood pass: "planted", but true.
        replace(BY_ID["planted.gamma_flipped"], alteration=ALTERATIONS.find("none")),
    ],
    ids=["a false theorem", "a check without power"],
)
def test_exit_code_1_for_a_wrong_ledger(monkeypatch, capsys, tmp_path, wrong):
    code, printed = run(monkeypatch, capsys, [wrong], "--out", str(tmp_path))
    assert code == 1
    assert "against expectation: planted.gamma_flipped" in printed.out
    assert not json.loads((tmp_path / "claims.json").read_text())["answer"]["as_expected"]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--seed", "-1"), "seed must be"),
        (("--seed", "x"), "seed must be"),
        (("--out", "/dev/null/x"), "out must be"),
        (("--what",), "--what"),
    ],
)
def test_exit_code_2_for_bad_input(monkeypatch, capsys, options, names):
    code, printed = run(monkeypatch, capsys, LIGHT[2:3], *options)
    assert code == 2
    assert names in printed.err
    assert len(printed.err.strip().splitlines()) == 1


def test_a_ledger_with_two_claims_of_one_name_is_refused():
    with pytest.raises(ValueError, match="distinct ids"):
        decide([LIGHT[0], LIGHT[0]])
    with pytest.raises(ValueError, match="workers must be"):
        decide(LIGHT, workers=0)
    other = replace(LIGHT[1], id="other", sources=(replace(JUNK, trials=7),))
    with pytest.raises(ValueError, match="distinct sources"):
        decide([LIGHT[1], other])
