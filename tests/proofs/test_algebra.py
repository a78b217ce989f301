"""The verifier's algebra on numbers: a normal form has the value of the text it was read from."""

import json
import random

import mpmath
import pytest

from bounds import risk_gap
from bounds.receipts.algebra import Algebra
from bounds.receipts.polynomials import CONFIDENCE, NotProvedError
from bounds.receipts.registry import SYMBOLS
from bounds.receipts.replay import digest, flaws, loads, main

VALUES = {"m": mpmath.mpf(7), "C": mpmath.mpf("1.3"), "delta": mpmath.mpf("0.2")}
FUNCTIONS = {"sqrt": mpmath.sqrt, "log": mpmath.log, "exp": mpmath.exp}


def algebra():
    return Algebra({name: symbol.kind for name, symbol in SYMBOLS.items()})


def value_of(polynomial):
    """A normal form as a number."""
    total = mpmath.mpf(0)
    for monomial, coefficient in polynomial.items():
        term = mpmath.mpf(coefficient.numerator) / coefficient.denominator
        for atom, exponent in monomial:
            if atom == CONFIDENCE:
                base = -mpmath.log(VALUES["delta"])
            elif isinstance(atom, tuple):
                base = {**FUNCTIONS, "sum": lambda x: x}[atom[0]](value_of(dict(atom[1])))
            else:
                base = VALUES.get(atom, atom)
            term *= mpmath.mpf(base) ** (mpmath.mpf(exponent.numerator) / exponent.denominator)
        total += term
    return total


def expression(draw, depth):
    """A random text over m, C and delta."""
    if depth == 0:
        return draw.choice(["m", "C", "delta", "2", "3", "8", "12"])

    def part():
        return expression(draw, depth - 1)

    kind = draw.choice(["+", "*", "/", "sqrt", "log", "power", "share"])
    if kind in ("sqrt", "log"):
        return f"{kind}({part()})"
    if kind == "power":
        return f"({part()})**({draw.choice(['2', '-1', '1/2', '3/2', '-1/2', '1/3'])})"
    if kind == "share":  # a sum whose terms have a common root
        common, other = f"sqrt({part()})", part()
        return f"({common} + ({other})*{common})"
    return f"(({part()}){kind}({part()}))"


def test_a_normal_form_has_the_value_of_its_text():
    draw, read = random.Random(0), 0
    with mpmath.workdps(40):
        names = {**VALUES, **FUNCTIONS}
        for _ in range(1500):
            text = expression(draw, draw.choice([1, 2, 3]))
            try:
                found = algebra().parse(text)
            except NotProvedError:
                continue
            read += 1
            # Integers as mpmath numbers: 1/3 must not be rounded to float64.
            exact = eval(_with_mpf(text), {"mpf": mpmath.mpf, **names})
            assert mpmath.almosteq(value_of(found), exact, rel_eps=1e-25, abs_eps=1e-25), text
    assert read > 700


def _with_mpf(text):
    out, digits = "", ""
    for character in f"{text} ":
        if character.isdigit():
            digits += character
            continue
        out, digits = out + (f"mpf({digits})" if digits else "") + character, ""
    return out.strip()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("log(2*sqrt(2))", "log(2)"),
        ("log(sqrt(8))", "log(2)"),
        ("sqrt(sqrt(1+m)+m*sqrt(1+m))", "sqrt(1+m)"),
    ],
)
def test_exponents_of_one_atom_are_added(left, right):
    one = algebra()
    assert not one.equal(one.parse(left), one.parse(right))


def changed(**fields):
    """The receipt of the sharp form with other content, and a digest that belongs to it."""
    receipt = json.loads(json.dumps(risk_gap.sharp("TA", "T").receipt()))
    for path, value in fields.items():
        at = receipt
        *above, last = path.split("__")
        for name in above:
            at = at[int(name) if name.isdigit() else name]
        at[last] = value
    receipt["digest"] = digest(receipt)
    return receipt


def test_the_receipt_itself_is_a_proof():
    assert flaws(changed()) == ()


@pytest.mark.parametrize(
    "factor", ["*(log(2)/log(2*sqrt(2)))**50", "*sqrt(1+m)/sqrt(sqrt(1+m)+m*sqrt(1+m))"]
)
def test_terms_made_smaller_by_a_wrong_identity_are_refused(factor):
    receipt = changed()
    for term in receipt["statement"]["terms"]:
        if term["expression"] != "gamma":
            term["expression"] = f"({term['expression']}){factor}"
    receipt["digest"] = digest(receipt)
    assert flaws(receipt)


@pytest.mark.parametrize(
    "fields",
    [
        {"statement__terms__0__where": ["1 < 0"]},
        {"statement__terms__0__where": ["risk_M < risk_N"]},
        {"statement__terms__0__where": ["m < 1"]},
        {"statement__defaults": {"C": None, "delta": None}},
        {"statement__defaults": {"slack": 1.0}},
        {"statement__alternatives": 5},
        {"statement__terms__0__name": None},
        {"title": float("nan")},
        {"steps__0__times": "2**1000000000"},
        {"steps__0__times": "2**(1/10**30)"},
        {"steps__0__times": "sqrt(1000000016000000063000000000000000000000000000057)"},
        {"steps__0__times": "-" * 50_000 + "1"},
        {"steps__0__times": "(m + C + delta + p + V)**20*(1 + L)**20"},
    ],
)
def test_contradictions_wrong_fields_and_endless_numbers_are_refused(fields):
    assert flaws(changed(**fields))


@pytest.mark.parametrize("text", ['{"lhs": "1", "lhs": "2"}', '{"x": NaN}', '[{"x": Infinity}]'])
def test_json_of_two_meanings_is_not_read(tmp_path, text, capsys):
    with pytest.raises(ValueError, match=r"stands twice|must be finite"):
        loads(text)
    path = tmp_path / "receipt.json"
    path.write_text(text)
    assert main([str(path)]) == 2
    assert "cannot be read" in capsys.readouterr().out


def test_every_file_gets_its_line_and_the_worst_decides(tmp_path, capsys):
    nested, good = tmp_path / "nested.json", tmp_path / "good.json"
    nested.write_text("[" * 100_000 + "]" * 100_000)
    good.write_text(json.dumps(changed()))
    assert main([str(nested), str(tmp_path / "none.json"), str(good)]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition(": ")[0].split(":")[0] for line in lines] == [
        str(nested),
        str(tmp_path / "none.json"),
        str(good),
    ]
    assert lines[-1].endswith(": proved")


def test_no_file_is_no_proof(capsys):
    assert main([]) == 2
    assert "usage" in capsys.readouterr().out
