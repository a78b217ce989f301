"""LaTeX read by eye once and kept, and JavaScript run beside numpy."""

import json
import math
import shutil
import subprocess

import numpy as np
import pytest

from bounds import latent_quality, risk_gap
from bounds.catalogue import THEOREMS
from bounds.contract import random_arguments

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
