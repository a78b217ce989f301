"""LaTeX read by eye once and kept, and JavaScript run beside numpy."""

import json
import math
import shutil
import subprocess

import numpy as np
import pytest
from sympy import log, sqrt

from bounds import latent_quality, risk_gap
from bounds.catalogue import THEOREMS
from bounds.contract import random_arguments
from bounds.domains import NON_NEGATIVE
from bounds.notation import ETA_M, ModalitySet, delta, m
from bounds.quantity import LOSS, Quantity
from bounds.statement.scripting import literal
from bounds.theorem import Assumption, Term, Theorem

NODE = shutil.which("node")


def test_theorem_1_in_latex():
    assert risk_gap.paper("TVA", "TA").latex() == (
        r"r(\hat h_{TVA} \circ \hat g_{TVA}) - r(\hat h_{TA} \circ \hat g_{TA}) \le "
        r"\gamma_S(TVA, TA) + 8 L \mathfrak{R}_m(\mathcal{F}_{TVA}) + \frac{4 C}{\sqrt{m}} + "
        r"\frac{2 \sqrt{2} C \sqrt{\ln{\left(\frac{2}{\delta} \right)}}}{\sqrt{m}}"
    )


def test_theorem_2_in_latex():
    assert latent_quality.sharp(["text", "audio"]).latex() == (
        r"\eta(\hat g_{\{text, audio\}}) \le "
        r"\hat L(\hat h_{\{text, audio\}} \circ \hat g_{\{text, audio\}}, S) + "
        r"2 \mathfrak{R}_m(\ell \circ \mathcal{F}_{\{text, audio\}}) + "
        r"\frac{\sqrt{2} C \sqrt{\ln{\left(\frac{1}{\delta} \right)}}}{\sqrt{m}}"
    )


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.key)
def test_latex_is_balanced_and_labelled(theorem):
    for written in (theorem.latex(), theorem.latex_proof()):
        assert written.count("{") == written.count("}")
        assert written.count(r"\left") == written.count(r"\right")
        assert "<M>" not in written
        assert "<N>" not in written


def test_latex_is_what_matplotlib_can_typeset():
    """mathtext knows a part of LaTeX; that it parses the statements is a cheap syntax check."""
    from matplotlib.mathtext import MathTextParser

    parser = MathTextParser("agg")
    for theorem in THEOREMS:
        parser.parse("$" + theorem.latex().replace(r"\le ", r"\leq ") + "$")


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_javascript_computes_the_same_numbers():
    rng = np.random.default_rng(17)
    program, expected = [], []
    for theorem in THEOREMS:
        points = random_arguments(theorem, rng, 20)
        if "kappa" in points:
            points["kappa"] = rng.uniform(-0.5, 1.2, 20)
        points |= {"C": points.get("C", np.full(20, 2.0)), "best_risk": rng.random(20)}
        value = theorem.evaluate(**points)
        program.append(theorem.javascript())
        name = theorem.key.replace(".", "_")
        for i in range(20):
            at = {key: float(values[i]) for key, values in points.items()}
            program.append(f"out.push({name}({json.dumps(at)}));")
            expected.append(
                (
                    theorem.key,
                    {name: t[i] for name, t in value.terms.items()},
                    value.total[i],
                    bool(value.vacuous[i]),
                )
            )
    code = (
        "const out = [];\n"
        + "\n".join(program)
        + ("\nconsole.log(JSON.stringify(out, (k, v) => v === Infinity ? 'Infinity' : v));")
    )
    run = subprocess.run([NODE, "-e", code], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert len(found) == len(expected)
    for got, (key, terms, total, vacuous) in zip(found, expected, strict=True):
        assert got["terms"].keys() == terms.keys()
        for name, value in terms.items():
            assert float(got["terms"][name]) == pytest.approx(value, rel=1e-12), (key, name)
        assert float(got["total"]) == pytest.approx(total, rel=1e-12, abs=1e-12), key
        if not math.isclose(total, 2.0, rel_tol=1e-9):
            assert got["vacuous"] is vacuous, key


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_javascript_has_the_same_defaults():
    code = risk_gap.fast_rate("T", "A").javascript() + (
        "const v = risk_gap_fast_rate({gamma: 0, V: 0.5, v_norm: 0, v_max: 0, m_head: 2, "
        "delta: 0.5, kappa: 0.5}); console.log(v.total, v.terms.slack, v.vacuous);"
    )
    run = subprocess.run([NODE, "-e", code], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.split() == ["1", "0", "null"]  # (0.5/2)/(1 - 0.5)^2


def odd():
    """A theorem whose names are no names in JavaScript, and whose default has many digits."""
    rate = Quantity("r-hat", NON_NEGATIVE, "a rate", "\\hat r", LOSS)
    other = Quantity("in", NON_NEGATIVE, "another", "i", LOSS)
    clash = Quantity("r_hat", NON_NEGATIVE, "a third", "r", LOSS)
    w = log(1 / delta)
    return Theorem(
        key="my-own.bound-1",
        title="Odd names",
        subsets=(ModalitySet.of("T"),),
        lhs=ETA_M,
        terms=(
            Term("first-term", rate.symbol * sqrt(w / m)),
            Term("second", other.symbol + 2 * clash.symbol, where=other.symbol < 3),
        ),
        assumptions=(Assumption("iid", "independent rows"),),
        failure_probability=delta,
        reference="mine",
        directions={},
        defaults={"in": 1 / 3, "r_hat": 1e-30},
        symbols=(rate, other, clash),
    )


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_javascript_of_odd_names_and_defaults_with_many_digits():
    theorem = odd()
    given = {"r-hat": 0.7, "m": 40, "delta": 0.05}
    code = theorem.javascript() + (
        f"const v = my_own_bound_1({json.dumps(given)});"
        "console.log(JSON.stringify(v));"
        f"console.log(my_own_bound_1({json.dumps({**given, 'in': 5})}).total);"
    )
    run = subprocess.run([NODE, "-e", code], capture_output=True, text=True, timeout=60, check=True)
    first, second = run.stdout.splitlines()
    value = theorem.evaluate(**given)
    found = json.loads(first)
    assert found["terms"]["second"] == value.terms["second"] == 1 / 3 + 2e-30
    assert found["terms"]["first-term"] == pytest.approx(value.terms["first-term"], rel=1e-14)
    assert found["total"] == pytest.approx(value.total, rel=1e-14)
    assert found["failure"] == value.failure_probability == 0.05
    assert second == "Infinity"


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_every_clipped_default_and_end_is_written_in_full():
    numbers = [1 / 3, 0.1 + 0.2, 1e-300, 123456789.125, -0.5, 5e-324, 2.0**60]
    code = f"console.log(JSON.stringify([{', '.join(map(literal, numbers))}]))"
    run = subprocess.run([NODE, "-e", code], capture_output=True, text=True, timeout=60, check=True)
    assert [float(number) for number in json.loads(run.stdout)] == numbers
