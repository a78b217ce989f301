"""The catalogue of theorems: one page each, made from the object, with every step of its proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import sympy
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from bounds.catalogue import THEOREMS
from bounds.proofs import checker
from bounds.proofs.lemmas import LEMMAS
from bounds.quantity import Quantity
from bounds.statement.derivation import Lemma, Step
from bounds.statement.intermediate import INTERMEDIATE
from bounds.statement.statement import REQUIRED
from bounds.statement.typesetting import latex_of, symbol_names
from bounds.theorem import Theorem
from extensions import explorer, tests_of_theorems
from extensions.restructured import block, escaped, heading, table, write_folder

MOVES = {1: "grows", -1: "falls", 0: "stays"}
INTERNAL = {each.symbol: each for each in INTERMEDIATE.values()}

INTRODUCTION = """\
Every page below is made from the object itself when the site is built: the statement, its
assumptions, each step of its proof with the lemma that it uses, the worlds in which it is tested,
and how small its terms would have to be for those tests to refute it. A checker replays each proof
first; the build stops if one does not add up.
`Theory <../theory.html>`__ has the same proofs as running text, and
`receipts <../proofs.html>`__ are the same steps for a verifier that needs the standard library alone.
"""
PROOF = """\
Each step states one inequality, by one lemma, and is multiplied by the factor in front of it. Added
up, everything that does not occur in the statement cancels, and the statement is left. The
probabilities with which lemmas may fail add up to that of the theorem. Both are checked with exact
algebra, when the site is built and in the tests.
"""


def page(theorem: Theorem) -> str:
    """The page of one theorem.

    Raises
    ------
    ExtensionError
        If its proof does not add up.
    """
    found = checker.flaws(theorem)
    if found:
        raise ExtensionError(f"{theorem.key} is not proved: {'; '.join(found)}")
    names = symbol_names(theorem)
    lines = [
        *heading(theorem.title, "="),
        f"``{theorem.key}``. Source: {escaped(theorem.reference)}.",
        "",
        *heading("Statement", "-"),
        f"With probability at least :math:`{latex_of(1 - theorem.failure_probability, names)}`,",
        "",
        *block(theorem.latex()),
        *_conditions(theorem, names),
        *table(
            ("term", "value"), (_term(theorem, place, names) for place in range(len(theorem.terms)))
        ),
        "From Python: ``mb.catalogue.find("
        + repr(theorem.key)
        + ")``; :doc:`/bounds` shows how to evaluate and "
        "invert it.",
        "",
        *explorer.link(theorem),
        *heading("Symbols", "-"),
        *_symbols(theorem),
        *heading("Assumptions", "-"),
        *table(
            ("key", "meaning"), ((f"``{a.key}``", escaped(a.text)) for a in theorem.assumptions)
        ),
        *_proof(theorem, names),
        *tests_of_theorems.section(theorem.key),
    ]
    return "\n".join(lines) + "\n"


def _symbols(theorem: Theorem) -> list[str]:
    if not theorem.inputs:
        return ["It has no arguments.", ""]
    return table(
        ("symbol", "argument", "meaning", "as it grows, the bound"),
        (_symbol(theorem, theorem.quantities[name]) for name in theorem.inputs),
    )


def _term(theorem: Theorem, place: int, names: Mapping[sympy.Symbol, str]) -> tuple[str, str]:
    term = theorem.terms[place]
    return f"``{term.name}``", f":math:`{latex_of(term.expression, names)}`"


def _conditions(theorem: Theorem, names: Mapping[sympy.Symbol, str]) -> list[str]:
    conditions = dict.fromkeys(c for term in theorem.terms for c in term.conditions)
    if not conditions:
        return []
    listed = " and ".join(f":math:`{latex_of(each, names)}`" for each in conditions)
    return [f"It claims something where {listed}, and is infinite elsewhere.", ""]


def _symbol(theorem: Theorem, quantity: Quantity) -> tuple[str, str, str, str]:
    default = theorem.defaults.get(quantity.name, REQUIRED)
    optional = "" if default is REQUIRED else f" (may be left out: {default})"
    M, N = (*(subset.label for subset in theorem.subsets), "N")[:2]
    return (
        f":math:`{quantity.typeset(M, N)}`",
        f"``{quantity.name}``{optional}",
        f"{escaped(quantity.meaning)}; must {escaped(quantity.domain.text)}",
        MOVES.get(theorem.directions.get(quantity.name, 2), "moves either way"),
    )


def _proof(theorem: Theorem, names: Mapping[sympy.Symbol, str]) -> list[str]:
    if theorem.derivation is None:
        return []
    used = {
        s for step in theorem.derivation for e in (step.left, step.right) for s in e.free_symbols
    }
    inside = [INTERNAL[symbol] for symbol in INTERNAL if symbol in used]
    lines = [*heading("Proof", "-"), *PROOF.splitlines(), ""]
    if inside:
        lines += ["Quantities that cancel:", ""]
        rows = ((f":math:`{names[each.symbol]}`", escaped(each.meaning)) for each in inside)
        lines += table(("symbol", "meaning"), rows)
    for number, step in enumerate(theorem.derivation, start=1):
        lines += _step(number, step, names)
    return [*lines, *heading("Sum", "~"), *block(theorem.latex()), "∎", ""]


def _step(number: int, step: Step, names: Mapping[sympy.Symbol, str]) -> list[str]:
    lemma = step.lemma
    factor = "" if step.times == 1 else rf"{latex_of(step.times, names)} \times \quad "
    lines = [
        *heading(f"Step {number}: {lemma.key}", "~"),
        *block(rf"{factor}{_sum(step.left, names)} \le {_sum(step.right, names)}"),
        f"In words: {escaped(lemma.text)}. *Source:* {escaped(lemma.reference)}.",
    ]
    if step.where:
        fixed = ", ".join(
            f":math:`{latex_of(symbol, names)} = {latex_of(value, names)}`"
            for symbol, value in step.where.items()
        )
        lines += [f"Here {fixed}."]
    if step.failure != 0:
        lines += [f"It fails with probability at most :math:`{latex_of(step.failure, names)}`."]
    if lemma.needs:
        lines += [f"It needs {_keys(lemma.needs)}."]
    return [*lines, ""]


def _sum(expression: sympy.Expr, names: Mapping[sympy.Symbol, str]) -> str:
    """A sum that begins with a part of positive sign, if it has one."""
    parts = sorted(
        sympy.Add.make_args(expression),
        key=lambda part: (part.could_extract_minus_sign(), str(part)),
    )
    first, *rest = (latex_of(part, names) for part in parts)
    return first + "".join(f" {each}" if each.startswith("-") else f" + {each}" for each in rest)


def _keys(keys: Iterable[str]) -> str:
    return ", ".join(f"``{key}``" for key in keys)


def lemmas() -> str:
    """The page of all lemmas: what each says, its source, and the theorems that use it."""
    lines = [*heading("Lemmas", "="), "What the proofs of the catalogue rest on.", ""]
    for lemma in LEMMAS.values():
        lines += _lemma(lemma)
    return "\n".join(lines) + "\n"


def _lemma(lemma: Lemma) -> list[str]:
    users = [t for t in THEOREMS if t.derivation and any(s.lemma == lemma for s in t.derivation)]
    names = symbol_names(users[0]) if users else {}
    lines = heading(lemma.key, "-")
    for left, right in lemma.forms:
        lines += block(rf"{_sum(left, names)} \le {_sum(right, names)}")
    lines += [f"In words: {escaped(lemma.text)}. *Source:* {escaped(lemma.reference)}.", ""]
    if lemma.failure != 0:
        lines += [
            f"It fails with probability at most :math:`{latex_of(lemma.failure, names)}`.",
            "",
        ]
    if lemma.needs:
        lines += [f"It needs {_keys(lemma.needs)}.", ""]
    if users:
        lines += ["Used by " + ", ".join(f":doc:`{each.key}`" for each in users) + ".", ""]
    return lines


def index() -> str:
    """The list of all theorems, with the rate and the power of each."""
    lines = [*heading("Catalogue of theorems", "="), *INTRODUCTION.splitlines(), ""]
    lines += table(
        ("theorem", "key", "fails with probability at most", "caught below", "limit"),
        (_row(theorem) for theorem in THEOREMS),
    )
    lines += tests_of_theorems.LEGEND.splitlines()
    lines += ["", ".. toctree::", "   :hidden:", ""]
    lines += [f"   {theorem.key}" for theorem in THEOREMS] + ["   lemmas", ""]
    lines += ["The proofs use the lemmas of :doc:`one page <lemmas>`.", ""]
    return "\n".join(lines)


def _row(theorem: Theorem) -> tuple[str, ...]:
    power, limit = tests_of_theorems.power(theorem.key)
    failure = latex_of(theorem.failure_probability, symbol_names(theorem))
    return (
        f":doc:`{escaped(theorem.title)} <{theorem.key}>`",
        f"``{theorem.key}``",
        f":math:`{failure}`",
        power,
        limit,
    )


def write(app: Sphinx) -> None:
    """Write all pages of the catalogue."""
    pages = {f"{theorem.key}.rst": page(theorem) for theorem in THEOREMS}
    everything = {"index.rst": index(), "lemmas.rst": lemmas(), **pages}
    write_folder(Path(app.srcdir, "theorems"), everything)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the events of a build."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
