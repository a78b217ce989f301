"""Numbers, names, sentences and statements as the page writes them."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from bounds import catalogue
from verify.report.formats import interval, number, plain_number, scientific, short_name, signed
from verify.report.mathml import to_mathml
from verify.report.svg import spread


@pytest.mark.parametrize("key", [theorem.key for theorem in catalogue.THEOREMS])
def test_every_statement_becomes_mathml(key: str) -> None:
    statement = to_mathml(catalogue.find(key).latex())
    root = ElementTree.fromstring(str(statement))
    assert "\\" not in "".join(root.itertext())
    assert not set("".join(root.itertext())) & set("{}_$")
    arity = {"mfrac": 2, "msub": 2, "msup": 2, "mover": 2, "msubsup": 3}
    for element in root.iter():
        assert len(element) == arity.get(element.tag, len(element))


def test_mathml_of_a_root_and_a_fraction() -> None:
    found = str(to_mathml(r"\frac{4 C}{\sqrt{m}}"))
    four_c = "<mrow><mn>4</mn><mi>C</mi></mrow>"
    root_m = "<mrow><msqrt><mrow><mi>m</mi></mrow></msqrt></mrow>"
    assert f"<mfrac>{four_c}{root_m}</mfrac>" in found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (0.0, "0"),
        (8000, "8,000"),
        (141802745881, "1.42 × 10¹¹"),
        (-0.26, "−0.26"),
        (0.05, "0.05"),
        (986.83, "987"),
        (9108.97, "9,109"),
        (2.011e-5, "2.01 × 10⁻⁵"),
        (-1187899.3, "−1,187,899"),
        (None, "∞"),
    ],
)
def test_numbers_for_readers(value: float | None, expected: str) -> None:
    assert plain_number(value) == expected


def test_a_number_carries_all_its_digits() -> None:
    assert number(0.2560113) == '<data value="0.2560113">0.256</data>'
    one_power = interval(1.87e-5, 2.14e-5)
    assert re.sub("<[^>]*>", "", one_power) == "1.87 to 2.14 × 10⁻⁵"
    assert interval(None, 1.0) == ""


def test_small_numbers_without_idle_zeros() -> None:
    assert plain_number(1e-4) == "1 × 10⁻⁴"


def test_numbers_of_sentences_have_real_signs_and_powers() -> None:
    assert signed(-0.126) == "−0.13"
    assert signed(-1e-9) == "+0.00"
    assert scientific(2.94e-28) == "2.9 × 10⁻²⁸"
    assert scientific(-1.3e11) == "−1.3 × 10¹¹"
    assert plain_number(float("inf")) == plain_number(float("nan")) == "∞"


def test_subsets_are_abbreviated_beyond_three_names() -> None:
    everything = list("abcdefgh")
    assert short_name(list("ab"), everything) == "a + b"
    assert short_name(list("abc"), everything) == "a + b + c"
    assert short_name(list("abcd"), everything) == "a + b + 2 more"
    assert short_name(list("abcdefg"), everything) == "all but h"
    assert short_name(everything, everything) == "all 8 modalities"


def test_names_of_lines_keep_their_distance() -> None:
    placed = spread([0.5, 0.5, 0.51, 0.02], 0.1, 0.0, 1.0)
    ordered = sorted(placed)
    assert all(b - a >= 0.1 - 1e-9 for a, b in pairwise(ordered))
    assert placed[3] == 0.02
    assert spread([], 0.1, 0.0, 1.0) == []
