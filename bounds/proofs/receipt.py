"""Receipts: a theorem with its derivation as plain data, for a verifier that shares no code with us."""

from __future__ import annotations

from typing import Any

import sympy

from bounds.receipts.replay import FORMAT, digest
from bounds.statement.derivation import Step
from bounds.theorem import Term, Theorem


def receipt(theorem: Theorem) -> dict[str, Any]:
    """A theorem's statement and derivation as JSON's types; `bounds.receipts.replay` checks it.

    Parameters
    ----------
    theorem
        A theorem with a derivation.

    Returns
    -------
    dict
        Expressions are text; `digest` is the SHA-256 of all other fields.

    Raises
    ------
    ValueError
        If the theorem has no derivation.

    Examples
    --------
    >>> from bounds import risk_gap
    >>> from bounds.receipts.replay import flaws
    >>> flaws(receipt(risk_gap.sharp("TVA", "TA")))
    ()
    """
    if theorem.derivation is None:
        raise ValueError(f"theorem must have a derivation, got {theorem.key} without one")
    content: dict[str, Any] = {
        "format": FORMAT,
        "key": theorem.key,
        "title": theorem.title,
        "reference": theorem.reference,
        "subsets": [sorted(subset) for subset in theorem.subsets],
        "statement": {
            "lhs": str(theorem.lhs),
            "terms": [_term(term) for term in theorem.terms],
            "failure_probability": str(theorem.failure_probability),
            "assumptions": [{"key": a.key, "text": a.text} for a in theorem.assumptions],
            "directions": dict(theorem.directions),
            "defaults": dict(theorem.defaults),
            "alternatives": [other.key for other in theorem.alternatives],
        },
        "steps": [_step(step) for step in theorem.derivation],
    }
    return {**content, "digest": digest(content)}


def _term(term: Term) -> dict[str, Any]:
    conditions = [c for c in sympy.And.make_args(term.where) if c != sympy.true]
    return {
        "name": term.name,
        "expression": str(term.expression),
        "where": [f"{c.lts} < {c.gts}" for c in conditions],
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
