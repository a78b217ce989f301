"""The contract over the catalogue, and the mistakes of others that it must catch."""

import dataclasses
import inspect
import pkgutil

import pytest
import sympy
from sympy import log, sqrt

import bounds
from bounds import catalogue, risk_gap
from bounds.catalogue import THEOREMS, find
from bounds.contract import check_contract
from bounds.domains import NON_NEGATIVE
from bounds.notation import (
    ETA_M,
    R_M,
    C,
    L,
    L_hat,
    ModalitySet,
    R_loss,
    delta,
    m,
    m_head,
)
from bounds.proofs import lemmas
from bounds.quantity import FEATURE, OUTPUT, OUTPUT_PER_FEATURE, Quantity
from bounds.statement.derivation import Derivation, Lemma
from bounds.theorem import Assumption, Summands, Term, Theorem


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.key)
def test_the_catalogue_keeps_the_contract(theorem):
    check_contract(theorem)
    assert theorem.derivation is not None


def test_no_theorem_is_forgotten():
    """Every public function of the package that returns a Theorem has its key in the catalogue."""
    keys = [theorem.key for theorem in THEOREMS]
    assert len(set(keys)) == len(keys)
    listed = {key.rpartition(".")[2] for key in keys}
    for module in pkgutil.iter_modules(bounds.__path__):
        if module.ispkg or module.name.startswith("_"):
            continue
        imported = __import__(f"bounds.{module.name}", fromlist=["_"])
        for name, member in inspect.getmembers(imported, inspect.isfunction):
            returns = inspect.get_annotations(member).get("return")
            if name.startswith("_") or returns not in (Theorem, "Theorem"):
                continue
            if name not in ("find", "fitting_form"):  # these look a theorem up
                assert name in listed, f"{module.name}.{name} is not in the catalogue"


def test_find():
    assert find("risk_gap.sharp") == risk_gap.sharp("M", "N")
    with pytest.raises(ValueError, match="key must be one of risk_gap.paper, .* got 'theorem 1'"):
        catalogue.find("theorem 1")


# ---------------------------------------------------------------- a theorem of one's own

norm_of_w = Quantity("B", NON_NEGATIVE, "largest norm of w", "B", OUTPUT_PER_FEATURE)
norm_of_x = Quantity("X", NON_NEGATIVE, "largest norm of an input", "X", FEATURE)
B, X = norm_of_w.symbol, norm_of_x.symbol
IID = Assumption("iid", "the rows of S are drawn independently")


def own(complexity, confidence, **changes):
    """The sort of theorem that a user writes: a linear class on one sample."""
    fields = dict(
        key="mine.linear",
        title="One linear class",
        subsets=(ModalitySet.of("T"),),
        lhs=ETA_M,
        terms=(
            Term("empirical_loss", L_hat, measured=True),
            Term("complexity", complexity),
            Term("confidence", confidence),
        ),
        assumptions=(IID,),
        failure_probability=delta,
        reference="mine",
        directions=dict(L_hat=1, L=1, B=1, X=1, C=1, m=-1, delta=-1),
        symbols=(norm_of_w, norm_of_x),
        summands=Summands("L_hat", -C, C),
    )
    return Theorem(**{**fields, **changes})


GOOD_COMPLEXITY = 2 * L * B * X / sqrt(m)
# A loss minus another one lies in [-C, C].
GOOD_CONFIDENCE = 2 * C * sqrt(log(1 / delta) / (2 * m))


def test_a_theorem_of_ones_own_passes():
    t = own(GOOD_COMPLEXITY, GOOD_CONFIDENCE)
    check_contract(t)
    value = t.evaluate(L_hat=0, L=1, B=2, X=3, C=1, m=144, delta=0.05)
    assert value.terms["complexity"] == 1


PAC_BAYES = 2 * C * sqrt((1 + log(2 * sqrt(m) / delta)) / (2 * m))


def test_log_of_a_quotient():
    """log(2 sqrt(n))/delta for log(2 sqrt(n)/delta): a PAC-Bayes bound that pays 1/delta."""
    check_contract(own(GOOD_COMPLEXITY, PAC_BAYES))
    slip = 2 * C * sqrt((1 + log(2 * sqrt(m)) / delta) / (2 * m))
    with pytest.raises(ValueError, match=r"confidence must grow like a power of ln\(1/delta\)"):
        check_contract(own(GOOD_COMPLEXITY, slip))


@pytest.mark.parametrize(
    ("complexity", "confidence", "changes", "message"),
    [
        (2 * L * B * sqrt(X) / sqrt(m), GOOD_CONFIDENCE, {}, "complexity must have the units"),
        (2 * L * B * X**2 / sqrt(m), GOOD_CONFIDENCE, {}, "complexity must have the units"),
        (
            2 * B * X / sqrt(m),
            GOOD_CONFIDENCE,
            {"directions": dict(L_hat=1, B=1, X=1, C=1, m=-1, delta=-1)},
            "complexity must have the units",
        ),
        (GOOD_COMPLEXITY, sqrt(C) * sqrt(log(1 / delta) / (2 * m)), {}, "confidence must have the"),
        # The logarithm dropped: a confidence that costs nothing.
        (
            GOOD_COMPLEXITY,
            C / sqrt(2 * m),
            {"directions": dict(L_hat=1, L=1, B=1, X=1, C=1, m=-1)},
            "must depend on delta exactly if",
        ),
        (GOOD_COMPLEXITY, C * sqrt(1 / (2 * m * delta)), {}, "must grow like a power of ln"),
        (GOOD_COMPLEXITY, GOOD_CONFIDENCE, {"failure_probability": 1 / delta}, "grow with delta"),
        (GOOD_COMPLEXITY, GOOD_CONFIDENCE, {"failure_probability": 2 * delta}, "lie in \\[0, 1\\)"),
        (GOOD_COMPLEXITY, GOOD_CONFIDENCE, {"reference": ""}, "reference must not be empty"),
        (GOOD_COMPLEXITY, GOOD_CONFIDENCE, {"assumptions": ()}, "assumptions must not be empty"),
        (
            GOOD_COMPLEXITY,
            GOOD_CONFIDENCE,
            {"directions": dict(L_hat=1, L=1, B=1, X=1, C=1, m=1, delta=-1)},
            "moves with m: proved -1, declared 1",
        ),
        (
            GOOD_COMPLEXITY,
            GOOD_CONFIDENCE,
            {"directions": dict(L_hat=1, L=1, B=1, X=1, m=-1, delta=-1)},
            "moves with C: proved 1, declared None",
        ),
        (GOOD_COMPLEXITY, -GOOD_CONFIDENCE, {}, "moves with C: proved -1, declared 1"),
    ],
)
def test_slips_are_caught(complexity, confidence, changes, message):
    with pytest.raises(ValueError, match=message):
        check_contract(own(complexity, confidence, **changes))


def test_chebyshev_is_a_theorem_if_it_says_so():
    # A variance is at most the square of half the interval: C^2.
    chebyshev = own(GOOD_COMPLEXITY, C * sqrt(1 / (m * delta)))
    check_contract(chebyshev, tail="polynomial")
    with pytest.raises(ValueError, match="tail must be 'logarithmic' or 'polynomial', got 'heavy'"):
        check_contract(chebyshev, tail="heavy")


# ---------------------------------------------------------------- how fast a term grows

W = log(2 / delta)


@pytest.mark.parametrize(
    "more",
    [
        C * sqrt(W / (2 * m_head)),  # a second sample
        C * W**3 / m,
        C * W**3 / m_head**2 + C * sqrt(W * log(W + 1) / m),
        C * sqrt((1 + log(2 * sqrt(m_head) / delta)) / m_head),
    ],
)
def test_powers_of_the_logarithm_are_no_slip(more):
    directions = dict(L_hat=1, L=1, B=1, X=1, C=1, m=-1, m_head=-1, delta=-1)
    t = own(GOOD_COMPLEXITY, GOOD_CONFIDENCE)
    given = {
        name: directions[name]
        for name in directions
        if name in t.inputs or m_head in more.free_symbols
    }
    check_contract(dataclasses.replace(t, terms=(*t.terms, Term("more", more)), directions=given))


@pytest.mark.parametrize(
    "more",
    [
        C * log(2 * sqrt(m_head)) / (delta * m_head),
        C * delta ** sympy.Rational(-1, 8) / m_head,
        C * sympy.exp(sqrt(W)) / m_head,  # faster than any power
        C * sqrt(W / (m_head * delta)),
    ],
)
def test_faster_than_any_power_of_the_logarithm_is_one(more):
    directions = dict(L_hat=1, L=1, B=1, X=1, C=1, m=-1, m_head=-1, delta=-1)
    t = own(GOOD_COMPLEXITY, GOOD_CONFIDENCE)
    slip = dataclasses.replace(t, terms=(*t.terms, Term("more", more)), directions=directions)
    with pytest.raises(ValueError, match=r"more must grow like a power of ln\(1/delta\)"):
        check_contract(slip)


# ---------------------------------------------------------------- 2/m used as 1/m

bartlett = Quantity("R_bm", NON_NEGATIVE, "complexity with 2/m and |.|", "R'", OUTPUT)
CONVERSION = Lemma(
    "conventions",
    "E sup |(2/m) sum sigma_i f(x_i)| is at least twice the complexity with 1/m and no |.|",
    "Bartlett and Mendelson (2002), Definition 2",
    ((R_M, bartlett.symbol / 2),),
)


def in_their_convention(factor, conversion):
    """1-sharp with the complexity of Bartlett and Mendelson in the place of R_m."""
    t = risk_gap.sharp("M", "N")
    steps = (*t.derivation, lemmas.CONTRACTION.step(times=4), conversion)
    complexity = Term("complexity", factor * L * bartlett.symbol)
    return dataclasses.replace(
        t,
        key="mine.bartlett_mendelson",
        terms=(t.terms[0], complexity, *t.terms[2:]),
        assumptions=risk_gap.paper("M", "N").assumptions,
        directions=dict(gamma=1, R_bm=1, L=1, C=1, m=-1, delta=-1, slack=1),
        derivation=Derivation(steps),
        symbols=(bartlett,),
    )


def test_a_complexity_of_another_convention():
    good = in_their_convention(2, CONVERSION.step(times=4 * L))
    check_contract(good, own_lemmas=(CONVERSION,))
    with pytest.raises(ValueError, match="conventions is not a lemma of .* nor among own_lemmas"):
        check_contract(good)
    # 2/m read as 1/m: the constant 4 for a complexity that is twice as large.
    with pytest.raises(ValueError, match="add up to a bound that differs"):
        check_contract(in_their_convention(4, CONVERSION.step(times=4 * L)))
    # 1/m read as 2/m: the constant halved once too often.
    with pytest.raises(ValueError, match="add up to a bound that differs"):
        check_contract(in_their_convention(1, CONVERSION.step(times=4 * L)))
    misread = dataclasses.replace(CONVERSION.step(times=4 * L), right=bartlett.symbol)
    with pytest.raises(ValueError, match="is not an instance of the lemma"):
        check_contract(in_their_convention(4, misread))


def test_a_lemma_of_the_library_cannot_be_altered():
    t = risk_gap.sharp("M", "N")
    *others, last = t.derivation
    generous = dataclasses.replace(last.lemma, failure=sympy.Integer(0))
    altered = dataclasses.replace(last, lemma=generous)
    wrong = dataclasses.replace(
        t, derivation=Derivation((*others, altered)), failure_probability=sympy.Integer(0)
    )
    for own in ((), (lemmas.MCDIARMID,)):
        with pytest.raises(ValueError, match="McDiarmid is not as bounds.proofs.lemmas has it"):
            check_contract(wrong, own_lemmas=own)


def test_a_wrong_derivation_breaks_the_contract():
    t = risk_gap.sharp("M", "N")
    half = dataclasses.replace(t.terms[1], expression=2 * R_loss)
    with pytest.raises(ValueError, match="add up to a bound that differs .* by -2"):
        check_contract(dataclasses.replace(t, terms=(t.terms[0], half, *t.terms[2:])))


def test_numbers_that_betray_the_formula_break_the_contract(monkeypatch):
    from bounds.statement import evaluation

    original = evaluation._compiled
    monkeypatch.setattr(
        evaluation,
        "_compiled",
        lambda expressions, names: original(
            tuple(
                each * sympy.Float("1.000001") if isinstance(each, sympy.Expr) else each
                for each in expressions
            ),
            names,
        ),
    )
    with pytest.raises(ValueError, match="must evaluate to"):
        check_contract(risk_gap.sharp("M", "N"))
