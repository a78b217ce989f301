"""The bound explorer: its numbers are the library's, it keeps its state, and nothing leaves the page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import framed, needs_browser, title

from bounds.catalogue import THEOREMS, find
from bounds.contract import random_arguments
from bounds.domains import NON_NEGATIVE, POSITIVE_INTEGER, PROBABILITY, REAL, Domain
from bounds.quantity import Quantity
from verify import cli, explorer
from verify.explorer.page import content
from verify.explorer.starts import STARTS, start

SHOWN = [theorem for theorem in THEOREMS if theorem.inputs]
POINTS = 1000


@pytest.fixture(scope="module")
def page() -> str:
    return explorer.render()


# ---- without a browser


def test_every_function_is_the_one_that_the_library_writes(page: str) -> None:
    for theorem in SHOWN:
        assert theorem.javascript() in page
    data = json.loads(re.search(r"const THEOREMS = (.*);\n", page)[1])
    assert [each["key"] for each in data] == [theorem.key for theorem in SHOWN]


def test_nothing_is_loaded(page: str) -> None:
    assert re.findall(r"""\b(?:src|href|action)\s*=\s*["']?([^"'\s>]+)""", page) == ["data:,"]
    assert re.findall(r"https?://[^\s\"'<]+", page) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|import)\s*\(|@import|url\((?!#)", page)
    assert "default-src 'none'" in page


@pytest.mark.parametrize("theorem", SHOWN, ids=lambda t: t.key)
def test_every_argument_starts_where_the_bound_claims_something(theorem: Any) -> None:
    first = {each["name"]: each["value"] for each in content(theorem)["arguments"]}
    assert set(first) == set(theorem.inputs) <= set(STARTS)
    value = theorem.evaluate(**first)
    assert np.isfinite(value.total)
    assert not value.vacuous
    for each in content(theorem)["arguments"]:
        assert each["from"] <= each["value"] <= each["to"]
        for end in ("from", "to"):
            theorem.quantities[each["name"]].domain.check(each["name"], each[end])


@pytest.mark.parametrize(
    "domain",
    [NON_NEGATIVE, POSITIVE_INTEGER, PROBABILITY, REAL, Domain("be positive", 0, open_ends=True)],
)
def test_a_quantity_of_ones_own_starts_inside_its_domain(domain: Domain) -> None:
    first = start(Quantity("of my own", domain, "x"))
    domain.check("x", [first.value, first.low, first.high])
    assert first.low <= first.value <= first.high


def test_names_cannot_end_the_script() -> None:
    import dataclasses

    odd = dataclasses.replace(
        find("risk_gap.paper"), title="</script><script>alert(1)</script><!--"
    )
    page = explorer.render([odd])
    assert page.count("</script>") == 2
    assert "<!--" not in page
    with pytest.raises(ValueError, match=r"theorems must have arguments, .* got none"):
        explorer.render([find("nested_quality.full_latent")])


def test_the_command_writes_a_file_or_into_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new" / "my.html"
    with pytest.raises(SystemExit) as ended:
        cli.main(["explore", "--out", str(file)])
    assert not ended.value.code
    assert capsys.readouterr().out.strip() == str(file)
    assert explorer.write(tmp_path / "folder") == tmp_path / "folder" / "explore.html"
    assert file.read_bytes() == (tmp_path / "folder" / "explore.html").read_bytes()
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as ended:
        cli.main(["explore", "--out", str(tmp_path / "file" / "below")])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert re.fullmatch(r"error: out must be a file or folder that can be written, .*\n", error)


# ---- in a browser


def with_script(page: str, script: str) -> str:
    return page.replace("</body>", f"<script>{script}</script></body>")


def points(theorem: Any, rng: np.random.Generator) -> dict[str, np.ndarray]:
    made = random_arguments(theorem, rng, POINTS)
    if "kappa" in made:
        made["kappa"] = rng.uniform(-0.5, 1.2, POINTS)
    return made


@needs_browser
def test_a_thousand_points_per_theorem_agree_with_python(page: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(16)
    given = {theorem.key: points(theorem, rng) for theorem in SHOWN}
    data = {key: {n: v.tolist() for n, v in made.items()} for key, made in given.items()}
    script = f"""
    const GIVEN = {json.dumps(data)}, FOUND = {{}};
    const plain = x => Number.isFinite(x) ? x : String(x);
    for (const [key, columns] of Object.entries(GIVEN)) {{
      const names = Object.keys(columns);
      FOUND[key] = columns[names[0]].map((_, i) => {{
        const value = BOUNDS[key](Object.fromEntries(names.map(name => [name, columns[name][i]])));
        return [value.vacuous, ...[value.failure, value.total, ...Object.values(value.terms)].map(plain)];
      }});
    }}
    document.title = JSON.stringify(FOUND);"""
    answers = title(with_script(page, script), tmp_path)
    worst = 0.0
    for theorem in SHOWN:
        value = theorem.evaluate(**given[theorem.key])
        rows = answers[theorem.key]
        assert len(rows) == POINTS
        vacuous = [row[0] for row in rows]
        numbers = np.array([[float(entry) for entry in row[1:]] for row in rows])
        terms = np.array([np.broadcast_to(term, POINTS) for term in value.terms.values()]).T
        assert numbers.shape[1] == 2 + terms.shape[1]
        np.testing.assert_array_equal(np.isfinite(numbers[:, 2:]), np.isfinite(terms))
        with np.errstate(invalid="ignore"):
            off = np.abs(numbers[:, 2:] - terms) / np.abs(terms)
        worst = max(worst, float(off[np.isfinite(off)].max()))
        np.testing.assert_allclose(numbers[:, 2:], terms, rtol=1e-12, err_msg=theorem.key)
        # A sum of terms of both signs is as exact as the largest of them.
        finite = np.isfinite(terms).all(axis=1)
        size = np.abs(terms[finite]).sum(axis=1)
        gap = np.abs(numbers[finite, 1] - np.asarray(value.total)[finite])
        assert (gap <= 1e-12 * size).all(), theorem.key
        assert (numbers[~finite, 1] == np.asarray(value.total)[~finite]).all()
        np.testing.assert_allclose(numbers[:, 0], value.failure_probability, rtol=1e-15)
        if value.vacuous is None:
            assert set(vacuous) == {None}
        else:
            near = np.isclose(value.claim, value.loss_range, rtol=1e-9)
            assert (np.array(vacuous, dtype=bool) == value.vacuous)[~near].all()
    assert worst < 1e-12


@needs_browser
def test_moving_arguments_the_least_size_and_the_link(page: str, tmp_path: Path) -> None:
    script = """{
    const set = (id, value, kind = "input") => {
      $(id).value = value;
      $(id).dispatchEvent(new Event(kind, {bubbles: true}));
    };
    const seen = () => ({
      total: $("total").textContent, badge: $("verdict").textContent, link: $("link").value,
      least: $("least-size").textContent, trouble: $("trouble").textContent,
      terms: [...$("terms").tBodies[0].rows].map(row => row.cells[2].textContent),
      zones: document.querySelectorAll("#curve .zone").length,
      marks: document.querySelectorAll("#curve .here").length});
    const steps = {};
    set("theorem", "risk_gap.sharp", "change");
    set("number-m", "1e4"); set("number-R_loss", "0.02"); set("target", "0.2");
    steps.sharp = seen();
    set("number-delta", "1.5");
    steps.refused = {...seen(), invalid: $("number-delta").getAttribute("aria-invalid")};
    set("number-delta", "0.01");
    steps.moved = seen();
    set("slider-m", "0");
    steps.small = seen();
    $("number-m").dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowUp", cancelable: true}));
    steps.key = $("number-m").value;
    set("axis", "delta", "change");
    steps.axis = seen();
    $("reset").click();
    steps.reset = seen();
    location.hash = "#theorem=pac_bayes.mcallester&KL=500&m=2000&delta=7&target=0.4";
    setTimeout(() => {
      steps.recalled = {...seen(), theorem: $("theorem").value, KL: $("number-KL").value};
      steps.requests = performance.getEntriesByType("resource").length;
      document.title = JSON.stringify(steps);
    }, 50);}"""
    seen = title(with_script(page, script), tmp_path)
    sharp = find("risk_gap.sharp")
    known = dict(gamma=0.0, R_loss=0.02, C=1.0, delta=0.05)
    total = float(sharp.evaluate(**known, m=10_000).total)
    assert seen["sharp"]["total"] == f"at most {total:.4g}"
    assert seen["sharp"]["badge"] == "not vacuous"
    assert seen["sharp"]["terms"][1] == "0.08"
    least = sharp.solve("m", total=0.2, **known)
    assert seen["sharp"]["least"] == f"m = {least.least_integer:,} is the least"
    assert "theorem=risk_gap.sharp" in seen["sharp"]["link"]
    assert "m=10000" in seen["sharp"]["link"]
    assert seen["refused"]["trouble"] == "delta must lie in (0, 1), got 1.5"
    assert seen["refused"]["invalid"] == "true"
    assert seen["refused"]["total"] == seen["sharp"]["total"]
    assert seen["moved"]["trouble"] == ""
    assert seen["moved"]["total"] != seen["sharp"]["total"]
    assert seen["small"]["badge"] == "vacuous"
    assert seen["small"]["zones"] > 0
    assert seen["small"]["marks"] == 1
    assert seen["key"] == "2"
    assert "x-axis=delta" in seen["axis"]["link"]
    assert "delta=0.05" in seen["reset"]["link"]
    assert seen["recalled"]["theorem"] == "pac_bayes.mcallester"
    assert seen["recalled"]["KL"] == "500"
    assert seen["recalled"]["trouble"] == "delta must lie in (0, 1), got 7"
    assert "delta=0.05" in seen["recalled"]["link"]
    assert seen["requests"] == 0


@needs_browser
def test_it_fits_a_phone_and_can_be_read_aloud(page: str, tmp_path: Path) -> None:
    frames = "".join(framed(page, width, "height: 800px") for width in (390, 1280))
    script = """onload = () => {
    const frames = [...document.querySelectorAll('iframe')];
    document.title = JSON.stringify(frames.map(frame => {
      const page = frame.contentDocument, worst = [];
      for (const option of page.querySelectorAll('#theorem option')) {
        page.querySelector('#theorem').value = option.value;
        page.querySelector('#theorem').dispatchEvent(new Event('change'));
        worst.push(page.documentElement.scrollWidth);
      }
      const fields = [...page.querySelectorAll('input, select')];
      const named = each => (each.labels && each.labels.length) || each.ariaLabel;
      const height = each => each.getBoundingClientRect().height;
      return {
        scroll: Math.max(...worst), theorems: worst.length,
        unnamed: fields.filter(each => !named(each)).map(each => each.id),
        low: fields.filter(each => each.type !== 'range' && height(each) < 36).length};
    })); }"""
    wrapper = f'<meta charset="utf-8">{frames}<script>{script}</script>'
    phone, desktop = title(wrapper, tmp_path)
    assert phone["scroll"] <= 390
    assert desktop["scroll"] <= 1280
    for seen in (phone, desktop):
        assert seen["theorems"] == len(SHOWN)
        assert seen["unnamed"] == []
        assert seen["low"] == 0
