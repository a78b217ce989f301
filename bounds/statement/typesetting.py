"""A theorem as text: LaTeX for people, JavaScript for the report's calculator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import sympy

from bounds.statement.intermediate import INTERMEDIATE

if TYPE_CHECKING:
    from bounds.theorem import Theorem


def labels(theorem: Theorem) -> tuple[str, str]:
    """The labels of M and N; a theorem about one subset has no N.

    >>> from bounds import risk_gap
    >>> labels(risk_gap.paper("TVA", "TA"))
    ('TVA', 'TA')
    """
    names = [subset.label.replace("{", r"\{").replace("}", r"\}") for subset in theorem.subsets]
    return names[0] if names else "M", names[1] if len(names) > 1 else "N"


def symbol_names(theorem: Theorem) -> dict[sympy.Symbol, str]:
    r"""How each symbol of the theorem is typeset.

    >>> from bounds import latent_quality
    >>> from bounds.notation import L_hat
    >>> symbol_names(latent_quality.sharp("TA"))[L_hat].startswith("\\hat L")
    True
    """
    M, N = labels(theorem)
    quantities = (*theorem.quantities.values(), *INTERMEDIATE.values())
    return {each.symbol: each.typeset(M, N) for each in quantities}


def latex_of(expression: sympy.Basic, names: Mapping[sympy.Symbol, str]) -> str:
    r"""One expression as LaTeX, logarithms written ln.

    >>> m = sympy.Symbol("m")
    >>> print(latex_of(sympy.log(2 / m), {m: "m_2"}))
    \ln{\left(\frac{2}{m_2} \right)}
    """
    return str(sympy.latex(expression, symbol_names=dict(names), ln_notation=True))


def latex(theorem: Theorem) -> str:
    r"""See `Theorem.latex`. The terms stand in the theorem's own order, not in sympy's.

    >>> from bounds import latent_quality
    >>> latex(latent_quality.sharp("TA")).count("\\le ")
    1
    """
    names = symbol_names(theorem)
    # risk_M before risk_N: sympy's own order of a difference would put the minus sign first.
    left = sorted(
        sympy.Add.make_args(theorem.lhs), key=lambda part: part.could_extract_minus_sign()
    )
    return f"{_signed_sum(left, names)} \\le {_signed_sum(_expressions(theorem), names)}"


def _expressions(theorem: Theorem) -> list[sympy.Expr]:
    return [term.expression for term in theorem.terms] or [sympy.Integer(0)]


def _signed_sum(parts: list[sympy.Expr], names: Mapping[sympy.Symbol, str]) -> str:
    written = [latex_of(part, names) for part in parts]
    return written[0] + "".join(
        f" - {part[1:].lstrip()}" if part.startswith("-") else f" + {part}" for part in written[1:]
    )


def javascript(theorem: Theorem) -> str:
    """See `Theorem.javascript`. An argument below a clipped domain is raised to it, as in numpy.

    >>> from bounds import latent_quality
    >>> "Math.sqrt" in javascript(latent_quality.sharp("TA"))
    True
    """
    defaults = {name: theorem.arguments[name] for name in theorem.arguments}
    inputs = [
        name
        if name in theorem.inputs and name not in theorem.defaults
        else f"{name} = {_literal(defaults[name])}"
        for name in theorem.arguments
    ]
    lines = [f"function {theorem.key.replace('.', '_')}({{{', '.join(inputs)}}}) {{"]
    lines += [
        f"  {name} = Math.max({name}, {theorem.quantities[name].domain.low:g});"
        for name in theorem.inputs
        if theorem.quantities[name].domain.clip
    ]
    lines += ["  const terms = {"]
    for term in theorem.terms:
        code = sympy.jscode(term.expression)
        if term.where != sympy.true:
            code = f"({sympy.jscode(term.where)}) ? {code} : Infinity"
        lines.append(f"    {term.name}: {code},")
    against = " + ".join(f"terms.{t.name}" for t in theorem.terms if t.against_range) or "0"
    total = " + ".join(f"terms.{t.name}" for t in theorem.terms) or "0"
    lines += [
        "  };",
        f"  const total = {total};",
        f"  const vacuous = C === null ? null : {against} >= C - best_risk;",
        "  return {total, terms, vacuous};",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _literal(value: object) -> str:
    return "null" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
