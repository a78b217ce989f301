"""Receipts: a theorem with its derivation as plain data, for the verifier `bounds.receipts`."""

from __future__ import annotations

from typing import Any

from bounds.receipts.replay import FORMAT, digest
from bounds.statement.derivation import Derivation, Step
from bounds.statement.statement import Statement, Term


def receipt(statement: Statement, /) -> dict[str, Any]:
    """A theorem's statement and derivation as JSON's types; `bounds.receipts.replay` checks it.

    Returns
    -------
    dict
        Expressions are text; `digest` is the SHA-256 of all other fields.

    Raises
    ------
    ValueError
        If the theorem has no derivation, or a number of more digits than Python prints.

    Examples
    --------
    >>> from bounds import risk_gap
    >>> from bounds.receipts.replay import flaws
    >>> flaws(risk_gap.sharp("TVA", "TA").receipt())
    ()
    """
    if statement.derivation is None:
        raise ValueError(f"the theorem must have a derivation, got {statement.key} without one")
    try:
        content = _content(statement, statement.derivation)
    except ValueError as error:  # from int's limit on digits
        raise ValueError(
            f"the numbers of a theorem must be short enough to print, got in {statement.key}: {error}"
        ) from None
    return {**content, "digest": digest(content)}


def _content(statement: Statement, derivation: Derivation) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "key": statement.key,
        "title": statement.title,
        "reference": statement.reference,
        "subsets": [sorted(subset) for subset in statement.subsets],
        "statement": {
            "lhs": str(statement.lhs),
            "terms": [_term(term) for term in statement.terms],
            "failure_probability": str(statement.failure_probability),
            "assumptions": [{"key": a.key, "text": a.text} for a in statement.assumptions],
            "directions": dict(statement.directions),
            "defaults": dict(statement.defaults),
            "alternatives": [other.key for other in statement.alternatives],
        },
        "steps": [_step(step) for step in derivation],
    }


def _term(term: Term) -> dict[str, Any]:
    return {
        "name": term.name,
        "expression": str(term.expression),
        "where": [f"{c.lts} < {c.gts}" for c in term.conditions],
        "measured": term.measured,
        "against_range": term.against_range,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "lemma": step.lemma.key,
        "left": str(step.left),
        "right": str(step.right),
        "where": {str(name): str(value) for name, value in step.where.items()},
        "times": str(step.times),
    }
