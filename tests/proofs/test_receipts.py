"""Receipts of proofs: every catalogue entry replays; false proofs and changed fields are refused."""

import ast
import copy
import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import sympy
from sympy import log, sqrt

from bounds import catalogue, latent_quality, receipts, risk_gap
from bounds.decomposition import DECOMPOSITION
from bounds.notation import C, R_loss, delta, kappa, m, p, slack
from bounds.proofs import lemmas
from bounds.proofs.receipt import receipt
from bounds.receipts.replay import digest, flaws
from bounds.statement.derivation import Derivation
from bounds.statement.intermediate import DOWN, MEAN_DOWN, MEAN_UP, UP

ALL = catalogue.THEOREMS


def with_steps(theorem, steps, **changes):
    """The theorem with other steps; its last term takes up whatever they add up to."""
    stated = theorem.lhs + sympy.Add(*(s.times * (s.right - s.left) for s in steps))
    rest = sympy.Add(*(t.expression for t in theorem.terms[:-1]))
    last = dataclasses.replace(theorem.terms[-1], expression=stated - rest)
    changes.setdefault("failure_probability", sympy.Add(*(s.failure for s in steps)))
    changes.setdefault("terms", (*theorem.terms[:-1], last))
    return forged(theorem, derivation=Derivation(tuple(steps)), **changes)


def forged(theorem, **changes):
    """What `Theorem` itself would refuse to be: the fields of a theorem, some of them changed."""
    fields = {f.name: getattr(theorem, f.name) for f in dataclasses.fields(theorem)}
    return SimpleNamespace(**{**fields, **changes})


def refused(theorem, why):
    found = flaws(receipt(theorem))
    assert any(why in flaw for flaw in found), found


@pytest.mark.parametrize("theorem", ALL, ids=lambda t: t.key)
def test_every_theorem_has_a_receipt_that_replays(theorem):
    assert flaws(json.loads(json.dumps(receipt(theorem)))) == ()


SHARP = risk_gap.sharp("TVA", "TA")
FAST = risk_gap.fast_rate("TVA", "TA")
SPLIT = risk_gap.split_sample("TVA", "TA")


def test_a_square_of_an_imaginary_number_is_refused():
    # 2xy - y^2 <= x^2 with x = i sqrt(C), y = 0 would give 0 <= -C.
    step = lemmas.SQUARE.step(x=sympy.I * sqrt(C), y=0)
    refused(with_steps(SHARP, [*SHARP.derivation, step]), "'I' is not a symbol")


def test_even_powers_of_complex_numbers_are_refused():
    # (sqrt(R) + i sqrt(C))^2 + (sqrt(R) - i sqrt(C))^2 = 2R - 2C would count as non-negative.
    pair = [sqrt(R_loss) + sign * sympy.I * sqrt(C) for sign in (1, -1)]
    step = lemmas.NON_NEGATIVITY.step(x=sympy.Add(*(each**2 for each in pair)))
    refused(with_steps(SHARP, [*SHARP.derivation, step]), "")


@pytest.mark.parametrize("lemma", ["Bousquet", "matrix Chernoff"])
def test_the_number_of_examples_is_that_of_the_sample(lemma):
    theorem = FAST if lemma == "Bousquet" else FAST.alternatives[0]
    steps = [
        dataclasses.replace(
            s.lemma.step(**{str(k): 100 * v if str(k) == "n" else v for k, v in s.where.items()}),
            times=s.times,
        )
        if s.lemma.key == lemma
        else s
        for s in theorem.derivation
    ]
    refused(with_steps(theorem, steps), "n must be m_head, the size of S_2")


def test_a_supremum_over_one_sample_does_not_compose_with_a_function_fixed_for_another():
    steps = [
        *DECOMPOSITION,
        lemmas.SUPREMUM.step(),
        lemmas.FIXED_FUNCTION.step(),
        lemmas.ERM.step(form=1),
        lemmas.SYMMETRISATION.step(),
        lemmas.MCDIARMID.step(Z=UP, mean=MEAN_UP, change=C / m, n=m, level=delta / 2),
    ]
    refused(with_steps(SPLIT, steps), "different samples")


def test_a_lemma_with_another_constant_is_refused():
    step = SHARP.derivation.steps[-1]
    (left, right), *_ = step.lemma.forms
    weaker = right.subs(log(1 / lemmas.level), log(1 / lemmas.level) / 16)  # 1/32 for 1/2
    careless = dataclasses.replace(step.lemma, forms=((left, weaker),))
    wrong = careless.step(**{str(k): v for k, v in step.where.items()})
    refused(
        with_steps(SHARP, [*SHARP.derivation.steps[:-1], wrong]), "not an instance of the lemma"
    )


def test_an_unknown_lemma_is_refused():
    wish = lemmas.Lemma("wish", "", "", ((sympy.Integer(0), -C),))
    refused(with_steps(SHARP, [*SHARP.derivation, wish.step()]), "not a lemma of the registry")


@pytest.mark.parametrize("level", [delta * kappa, delta * slack, delta / p])
def test_a_level_that_depends_on_data_is_refused(level):
    step = lemmas.MCDIARMID.step(
        Z=UP + DOWN, mean=MEAN_UP + MEAN_DOWN, change=2 * C / m, n=m, level=level
    )
    steps = [*SHARP.derivation.steps[:-1], step]
    assert flaws(receipt(with_steps(SHARP, steps)))


def test_an_integer_that_may_be_zero_is_not_taken_as_one_or_more():
    k = sympy.Symbol("k", integer=True)
    step = lemmas.NON_NEGATIVITY.step(x=log(k))
    refused(with_steps(SHARP, [*SHARP.derivation, step]), "'k' is not a symbol")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"defaults": {"C": 0.0}}, "defaults must be"),
        ({"defaults": {"slack": -1.0}}, "defaults must be"),
        ({"assumptions": SHARP.assumptions[1:]}, "assumptions must be"),
        ({"assumptions": (*SHARP.assumptions, *SPLIT.assumptions[-1:])}, "assumptions must be"),
        ({"failure_probability": delta / 4}, "not 1/4 delta"),
        ({"subsets": SHARP.subsets[:1] * 2}, "different non-empty sets"),
    ],
)
def test_a_changed_statement_is_refused(changes, why):
    refused(forged(SHARP, **changes), why)


def test_marks_of_terms_are_checked():
    first, *rest = SHARP.terms
    for change in ({"measured": False}, {"against_range": True}):
        terms = (dataclasses.replace(first, **change), *rest)
        refused(forged(SHARP, terms=terms), "not rightly")


def test_more_modalities_are_better_only_if_nested():
    theorem = catalogue.find("nested_quality.full_latent")
    refused(forged(theorem, subsets=theorem.subsets[::-1]), "N must be a subset of M")


def leaves(value, path=()):
    """The paths of all values in nested dictionaries and lists, empty ones included."""
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    if not inside or not value:
        yield path
    for key, each in inside:
        yield from leaves(each, (*path, key))


def changed(value, path):
    """A copy with the value at the path changed into another of its type."""
    found = copy.deepcopy(value)
    holder = found
    for key in path[:-1]:
        holder = holder[key]
    old = holder[path[-1]]
    holder[path[-1]] = (
        (not old)
        if isinstance(old, bool)
        else old + 1
        if isinstance(old, int | float)
        else old + " "
        if isinstance(old, str)
        else {"x": "1"}
        if isinstance(old, dict)
        else ["x"]
    )
    return found


@pytest.mark.parametrize("theorem", ALL, ids=lambda t: t.key)
def test_any_single_changed_field_is_refused(theorem):
    original = receipt(theorem)
    paths = list(leaves(original))
    assert len(paths) > 20
    for path in paths:
        assert flaws(changed(original, path)), path


@pytest.mark.parametrize("theorem", ALL, ids=lambda t: t.key)
def test_a_removed_step_is_refused_even_with_a_fresh_digest(theorem):
    original = receipt(theorem)
    for place in range(len(original["steps"])):
        shorter = copy.deepcopy(original)
        del shorter["steps"][place]
        shorter["digest"] = digest(shorter)
        assert flaws(shorter)


@pytest.mark.parametrize("broken", [{}, {"format": 1}, [], None])
def test_what_is_no_receipt_is_refused(broken):
    assert flaws(broken if isinstance(broken, dict) else {"steps": broken})


def test_the_verifier_uses_the_standard_library_and_itself_alone():
    folder = Path(receipts.__file__).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                names = [node.module]
            for name in names:
                assert (
                    name.startswith("bounds.receipts")
                    or name.partition(".")[0] in sys.stdlib_module_names
                )


def test_a_receipt_is_the_same_in_every_run():
    """Two conditions on one term come out in two orders under these two seeds of Python's hashes."""
    code = (
        "from bounds import catalogue; from bounds.proofs.receipt import receipt;"
        " print(receipt(catalogue.find('risk_gap.fast_rate_mixture'))['digest'])"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "6")
    }
    assert len(digests) == 1


def test_the_command_replays_files_and_says_which_are_proofs(tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(receipt(SHARP)))
    wrong = receipt(latent_quality.sharp("TVA"))
    wrong["statement"]["failure_probability"] = "delta/2"
    wrong["digest"] = digest(wrong)
    bad.write_text(json.dumps(wrong))
    code = (
        "import sys; sys.modules['sympy'] = None; from bounds.receipts.replay import main;"
        " sys.exit(main(sys.argv[1:]))"
    )
    for paths, expected in (([good], 0), ([good, bad], 1), ([tmp_path / "none.json"], 2)):
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, paths)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expected, done.stdout + done.stderr


def test_a_number_too_long_to_print_is_refused_in_words():
    first, *rest = SHARP.terms
    endless = dataclasses.replace(first, expression=first.expression + sympy.Integer(10) ** 5000)
    with pytest.raises(ValueError, match=r"must be short enough to print, got in risk_gap\.sharp"):
        receipt(dataclasses.replace(SHARP, terms=(endless, *rest)))
