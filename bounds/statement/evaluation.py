"""A statement in numbers: checked arguments in, float64 out, broadcast as numpy does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from bounds.arrays import same_rows
from bounds.domains import FloatArray, Number, common_shape, plain
from bounds.frozen import FrozenMapping
from bounds.names import did_you_mean
from bounds.statement.statement import Statement, Term
from bounds.statement.value import BoundValue

__all__ = ["BoundValue", "evaluate", "fitting_form", "level"]


def evaluate(statement: Statement, /, **arguments: Any) -> BoundValue:
    """The bound in numbers; every argument broadcasts, in float64.

    Parameters
    ----------
    arguments
        Those of the statement, by name: anything that ``numpy.asarray`` accepts (pandas Series, torch
        tensors). Pandas objects whose indexes share labels without being equal are refused.

    Raises
    ------
    ValueError
        For bad input; it names the argument, what it must be and what it was.

    Examples
    --------
    >>> from bounds import risk_gap
    >>> t = risk_gap.paper("TVA", "TA")
    >>> v = t.evaluate(gamma=-0.1, R_M=0.02, L=1.0, C=1.0, m=[100, 1000], delta=0.05)
    >>> v.total.round(3).tolist(), v.dominant.tolist(), v.vacuous.tolist()
    ([1.003, 0.358], ['confidence', 'confidence'], [True, False])
    """
    form = fitting_form(statement, arguments)
    given = {**form.arguments, **arguments}
    same_rows(given)
    range_known = given["C"] is not None or "C" in form.inputs
    values = {
        name: form.quantities[name].domain.check(name, value)
        for name, value in given.items()
        if name != "C" or range_known
    }
    shape = common_shape(values)
    terms = _terms(form, values, shape)
    # inf - inf and overflow are results here.
    with np.errstate(all="ignore"):
        total = sum(terms.values(), np.zeros(shape))
        claim = sum((terms[t.name] for t in form.terms if t.against_range), np.zeros(shape))
        loss_range = values["C"] - values["best_risk"] if range_known else None
    failure = _failure(form, values.get("delta", np.asarray(0.5)))
    return BoundValue(
        total=plain(total),
        terms=FrozenMapping({name: plain(value) for name, value in terms.items()}),
        failure_probability=plain(np.broadcast_to(failure, shape)),
        claim=plain(claim),
        loss_range=None if loss_range is None else plain(np.broadcast_to(loss_range, shape)),
        measured=frozenset(term.name for term in form.terms if term.measured),
        varying=FrozenMapping(
            {
                name: np.broadcast_to(value, shape)
                for name, value in values.items()
                if value.size > 1
            }
        ),
        title=form.title,
    )


def _terms(
    form: Statement, values: Mapping[str, FloatArray], shape: tuple[int, ...]
) -> dict[str, FloatArray]:
    """Every term, in the common shape; one that claims nothing is infinite."""
    functions = _compiled(tuple(term.expression for term in form.terms), form.inputs)
    conditions = _compiled(tuple(term.where for term in form.terms), form.inputs)
    inputs = [values[name] for name in form.inputs]
    # Several conditions on one term are joined, and must have one shape.
    everywhere = [np.broadcast_to(value, shape) for value in inputs]
    terms: dict[str, FloatArray] = {}
    # Division by zero, inf - inf and overflow are results here.
    with np.errstate(all="ignore"):
        numbers, claims = functions(*inputs), conditions(*everywhere)
    overflown = np.zeros(shape, dtype=bool)
    for term, value, holds in zip(form.terms, numbers, claims, strict=True):
        number = np.asarray(value, dtype=np.float64)
        claimed = np.asarray(holds, dtype=bool)
        overflown |= ~np.isfinite(number)
        overflown |= ~claimed & (term.where != sympy.true) & _tiny(values)
        claimed = claimed & ~np.isnan(number)
        if not claimed.all():
            number = np.where(claimed, number, np.inf)
        terms[term.name] = np.broadcast_to(number, shape)
    for each in inputs:
        overflown &= np.isfinite(each)
    if overflown.any():
        terms = {name: number.copy() for name, number in terms.items()}
        for index in zip(*np.nonzero(overflown), strict=True) if shape else ((),):
            point = {
                form.quantities[name].symbol: sympy.Rational(
                    float(np.broadcast_to(values[name], shape)[index])
                )
                for name in form.inputs
            }
            for term in form.terms:
                terms[term.name][index] = _without_overflow(term, point)
    return terms


def _tiny(values: Mapping[str, FloatArray]) -> NDArray[np.bool_]:
    """Where 1/delta, or a multiple of it, exceeds the largest float."""
    return np.asarray(values.get("delta", np.asarray(0.5)) < 1e-290)


def _without_overflow(term: Term, point: Mapping[sympy.Symbol, sympy.Expr]) -> float:
    """A term at one point, where an intermediate number is beyond the largest float."""
    if not bool(term.where.xreplace(dict(point))):
        return float("inf")
    number = float(sympy.N(term.expression.xreplace(dict(point)), 20))
    return number if number == number else float("inf")


def level(statement: Statement, /, delta: Any) -> Number:
    """The failure probability at `delta`, broadcast.

    Examples
    --------
    >>> from bounds import risk_gap
    >>> risk_gap.paper("TVA", "TA").level(0.05)
    0.025
    """
    values = statement.quantities["delta"].domain.check("delta", delta)
    return plain(np.broadcast_to(_failure(statement, values), values.shape))


def fitting_form(statement: Statement, names: Mapping[str, Any]) -> Statement:
    """The statement itself or the alternative whose arguments the given names are.

    Examples
    --------
    >>> from bounds import risk_gap
    >>> names = "gamma V v_norm v_max leverage p m_head delta".split()
    >>> fitting_form(risk_gap.fast_rate("TVA", "TA"), dict.fromkeys(names, 1)).key
    'risk_gap.fast_rate_in_advance'
    """
    complaints = []
    for form in (statement, *statement.alternatives):
        unknown = [name for name in names if name not in form.arguments]
        missing = [name for name in form.inputs if name not in names and name not in form.defaults]
        if not unknown and not missing:
            return form
        complaints.append((len(unknown) + len(missing), unknown, missing, form))
    _, unknown, missing, form = min(complaints, key=lambda complaint: complaint[0])
    takes = " or ".join(", ".join(each.arguments) for each in (statement, *statement.alternatives))
    if unknown:
        raise ValueError(
            f"arguments of {statement.key} must be among {takes}, got {', '.join(unknown)}"
            f"{did_you_mean(unknown[0], form.arguments)}"
        )
    needs = "; ".join(
        f"{name} ({form.quantities[name].meaning}) must {form.quantities[name].domain.text}"
        for name in missing
    )
    raise ValueError(f"missing argument of {statement.key}: {needs}, got nothing")


def _failure(statement: Statement, delta: FloatArray) -> FloatArray:
    (probability,) = _compiled((statement.failure_probability,), ("delta",))(delta)
    return np.asarray(probability, dtype=np.float64)


@lru_cache(maxsize=256)
def _compiled(
    expressions: tuple[sympy.Basic, ...], names: tuple[str, ...]
) -> Callable[..., list[Any]]:
    symbols = {str(s): s for expression in expressions for s in expression.free_symbols}
    inputs = [symbols.get(name, sympy.Symbol(name)) for name in names]
    compiled: Callable[..., list[Any]] = sympy.lambdify(
        inputs, list(expressions), modules="numpy", cse=True
    )
    return compiled
