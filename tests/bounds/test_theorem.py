"""The form of a theorem: what it holds, what it refuses, and that it reads as the paper does."""

import copy
import dataclasses
import pickle
import subprocess
import sys

import numpy as np
import pytest
import sympy
from sympy import log, sqrt

from bounds import latent_quality, linear_case, modality_gain, risk_gap
from bounds.catalogue import THEOREMS, find
from bounds.notation import QUANTITIES, ModalitySet, symbol
from bounds.quantity import Quantity
from bounds.theorem import REQUIRED, Term

gamma, L, C, R_M, R, m, delta, L_hat = map(
    symbol, ("gamma", "L", "C", "R_M", "R", "m", "delta", "L_hat")
)


def test_theorem_1_reads_as_in_the_paper():
    t = risk_gap.paper("TVA", "TA")
    assert t.statement.lhs == symbol("risk_M") - symbol("risk_N")
    assert t.statement.rhs == (
        gamma + 8 * L * R_M + 4 * C / sqrt(m) + 2 * C * sqrt(2 * log(2 / delta) / m)
    )
    assert t.failure_probability == delta / 2


def test_theorem_2_reads_as_in_the_paper():
    t = latent_quality.paper("TVA")
    assert t.statement.lhs == symbol("eta_M")
    assert t.statement.rhs == (
        4 * L * R_M + 4 * L * R + 6 * C * sqrt(2 * log(2 / delta) / m) + L_hat
    )
    assert t.failure_probability == delta


# The table of the public API, argument by argument; `best_risk` and C=None close every row.
ARGUMENTS = {
    "risk_gap.paper": "gamma R_M L C m delta",
    "risk_gap.sharp": "gamma R_loss C m delta slack=0",
    "risk_gap.data_dependent": "gamma R_hat_loss C m delta slack=0",
    "risk_gap.split_sample": "gamma R_loss_head C m_head delta slack=0",
    "risk_gap.fast_rate": "gamma V v_norm v_max m_head delta kappa first_order_slack=0",
    "risk_gap.fast_rate_in_advance": (
        "gamma V v_norm v_max m_head delta leverage p first_order_slack=0"
    ),
    "risk_gap.fast_rate_mixture": (
        "gamma V v_norm v_frobenius V_hat inflation theta m_head delta kappa first_order_slack=0"
    ),
    "risk_gap.held_out": "Z_mean Z_square C m_test bet delta",
    "latent_quality.paper": "L_hat R_M R L C m delta",
    "latent_quality.sharp": "L_hat R_loss C m delta",
    "pac_bayes.maurer": "KL m delta",
    "pac_bayes.mcallester": "gibbs_hat KL C m delta",
    "pac_bayes.catoni": "gibbs_hat KL C m lam delta",
}


@pytest.mark.parametrize("key", ARGUMENTS)
def test_the_arguments_are_those_of_the_public_table(key):
    expected = dict(
        (name, 0.0 if default else REQUIRED)
        for name, _, default in (each.partition("=") for each in ARGUMENTS[key].split())
    )
    if "C" not in expected:
        expected["C"] = None
    expected["best_risk"] = 0.0
    assert dict(find(key).arguments) == expected
    assert list(find(key).arguments) == list(expected)


# Which assumptions each theorem needs, and no other (theory, sections 1 and 3).
ASSUMPTIONS = {
    "risk_gap.paper": "iid bounded_loss lipschitz_loss erm fixed_class",
    "risk_gap.paper_absolute": "iid bounded_loss lipschitz_loss erm fixed_class",
    "risk_gap.paper_vector": "iid bounded_loss lipschitz_loss erm fixed_class",
    "risk_gap.sharp": "iid bounded_loss erm fixed_class",
    "risk_gap.data_dependent": "iid bounded_loss erm fixed_class",
    "risk_gap.split_sample": "iid bounded_loss erm fixed_class independent_split",
    "risk_gap.fast_rate": (
        "iid erm fixed_class independent_split least_squares_head bounded_features"
    ),
    "risk_gap.fast_rate_in_advance": (
        "iid erm fixed_class independent_split least_squares_head bounded_features"
    ),
    "risk_gap.fast_rate_mixture": "iid erm fixed_class independent_split least_squares_head",
    "risk_gap.held_out": "iid bounded_loss held_out",
    "latent_quality.paper": "iid bounded_loss lipschitz_loss fixed_class",
    "latent_quality.paper_vector": "iid bounded_loss lipschitz_loss fixed_class",
    "latent_quality.sharp": "iid bounded_loss fixed_class",
    "modality_gain.rate": "iid bounded_loss lipschitz_loss erm fixed_class complexity_rate",
    "modality_gain.bound_gap": "complexity_rate",
    "nested_quality.full_latent": "linear_class full_latent nested",
    "pac_bayes.kl": "iid bounded_loss prior",
    "pac_bayes.maurer": "iid bounded_loss prior",
    "pac_bayes.mcallester": "iid bounded_loss prior",
    "pac_bayes.catoni": "iid bounded_loss prior",
}


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.key)
def test_assumptions(theorem):
    assert [each.key for each in theorem.assumptions] == ASSUMPTIONS[theorem.key].split()
    assert all(each.text for each in theorem.assumptions)


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.key)
def test_a_theorem_is_a_value(theorem):
    with pytest.raises(dataclasses.FrozenInstanceError):
        theorem.title = "another"
    again = pickle.loads(pickle.dumps(theorem))
    assert again == theorem == copy.deepcopy(theorem)
    assert hash(again) == hash(theorem)


def test_unknown_symbols_are_rejected():
    t = risk_gap.paper("T", "A")
    slip = Term("extra", sympy.Symbol("R_N"))
    with pytest.raises(ValueError, match="must use symbols of bounds.notation .* got R_N"):
        dataclasses.replace(t, terms=(*t.terms, slip))


def test_a_symbol_with_other_assumptions_is_another_symbol():
    t = risk_gap.paper("T", "A")
    with pytest.raises(ValueError, match="with their assumptions, got m"):
        dataclasses.replace(t, terms=(Term("confidence", 1 / sympy.Symbol("m")),))


def test_the_failure_probability_is_a_function_of_delta():
    t = risk_gap.paper("T", "A")
    with pytest.raises(ValueError, match="failure_probability must be a function of delta alone"):
        dataclasses.replace(t, failure_probability=m * delta)


def test_terms_have_distinct_names():
    t = risk_gap.paper("T", "A")
    with pytest.raises(ValueError, match="terms must have distinct names"):
        dataclasses.replace(t, terms=(t.terms[0], t.terms[0]))


def test_directions_name_arguments():
    t = risk_gap.paper("T", "A")
    with pytest.raises(ValueError, match="directions must name arguments .* got R_N"):
        dataclasses.replace(t, directions={"R_N": 1})


@pytest.mark.parametrize("factory", [risk_gap.paper, risk_gap.fast_rate, modality_gain.rate])
@pytest.mark.parametrize(
    ("M", "N", "message"),
    [
        ("TVA", "AVT", "N must differ from M, got AVT for both"),
        ("", "A", "M must hold at least one modality"),
        ("T", [], "N must hold at least one modality"),
        ("TT", "A", "M must name each modality once, got T repeated"),
        (["text", "text"], "A", "M must name each modality once, got text repeated"),
        (["text", ""], "A", "each a non-empty name"),
        ([1, 2], "A", "each a non-empty name"),
        (5, "A", "M must hold at least one modality, each a non-empty name, got 5"),
    ],
)
def test_subsets_are_distinct_and_not_empty(factory, M, N, message):
    with pytest.raises(ValueError, match=message):
        factory(M, N)


def test_neither_subset_need_contain_the_other():
    assert risk_gap.paper("TV", "TA").subsets[0].label == "TV"
    with pytest.raises(ValueError, match="N must be a subset of M"):
        linear_case.full_latent("TV", "TA")


def test_modality_sets():
    text_audio = ModalitySet.of(["text", "audio"])
    assert text_audio == ModalitySet.of(("audio", "text"))
    assert list(text_audio) == ["audio", "text"]
    assert "text" in text_audio
    assert len(text_audio) == 2
    assert ModalitySet.of(["text"]) <= text_audio
    assert not text_audio <= ModalitySet.of("T")


def test_every_symbol_is_documented_and_typeset():
    for quantity in QUANTITIES.values():
        assert quantity.meaning
        assert quantity.latex
    symbols = [quantity.symbol for quantity in QUANTITIES.values()]
    assert len(set(symbols)) == len(symbols)
    with pytest.raises(ValueError, match="name must be one of"):
        symbol("R_N")


def test_a_theorem_may_bring_its_own_symbols():
    width = Quantity("X", QUANTITIES["L"].domain, "largest norm", "X")
    t = risk_gap.paper("T", "A")
    wider = dataclasses.replace(t, terms=(*t.terms, Term("width", width.symbol)), symbols=(width,))
    assert "X" in wider.arguments
    point = dict(gamma=0, R_M=0, L=1, C=1, m=16, delta=0.05)
    assert wider.evaluate(**point, X=3.0).terms["width"] == 3


def test_import_is_cheap_and_without_heavy_libraries():
    heavy = ("torch", "pandas", "matplotlib", "scipy", "sklearn")
    code = (
        "import sys; from bounds import risk_gap, latent_quality, modality_gain, catalogue; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert run.stdout.strip() == "[]"


def test_a_symbol_that_cancels_in_the_sum_is_still_an_argument():
    t = risk_gap.paper("T", "A")
    first, second, *rest = t.terms
    moved = (
        dataclasses.replace(first, expression=first.expression + symbol("slack")),
        dataclasses.replace(second, expression=second.expression - symbol("slack")),
    )
    t = dataclasses.replace(t, terms=(*moved, *rest))
    found = t.evaluate(gamma=0, R_M=0.1, L=1, C=1, m=100, delta=0.05, slack=3.0)
    assert found.terms["quality_gap"] == 3.0


def test_two_conditions_on_one_term_may_be_about_arrays_and_numbers():
    t = risk_gap.fast_rate_mixture("T", "A")
    known = dict(V=1, v_norm=0.5, v_frobenius=0.5, V_hat=1, inflation=1, m_head=10, delta=0.1)
    found = t.evaluate(gamma=0, **known, theta=[0.5, 1.5, 0.5], kappa=[0.1, 0.1, 1.0])
    assert np.isfinite(found.total).tolist() == [True, False, False]
    found = t.evaluate(gamma=0, **known, theta=0.5, kappa=[0.1, 1.0])
    assert np.isfinite(found.total).tolist() == [True, False]
