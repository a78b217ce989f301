"""A theorem as LaTeX; `bounds.statement.scripting` writes it as JavaScript."""

from __future__ import annotations

from collections.abc import Mapping

import sympy

from bounds.statement.intermediate import INTERMEDIATE
from bounds.statement.statement import Statement


def labels(statement: Statement) -> tuple[str, str]:
    """The labels of M and N; a theorem about one subset has no N.

    Examples
    --------
    >>> from bounds import risk_gap
    >>> labels(risk_gap.paper("TVA", "TA"))
    ('TVA', 'TA')
    """
    names = [subset.label.replace("{", r"\{").replace("}", r"\}") for subset in statement.subsets]
    return names[0] if names else "M", names[1] if len(names) > 1 else "N"


def symbol_names(statement: Statement) -> dict[sympy.Symbol, str]:
    r"""How each symbol of the theorem is typeset.

    Examples
    --------
    >>> from bounds import latent_quality
    >>> from bounds.notation import L_hat
    >>> symbol_names(latent_quality.sharp("TA"))[L_hat].startswith("\\hat L")
    True
    """
    M, N = labels(statement)
    quantities = (*statement.quantities.values(), *INTERMEDIATE.values())
    return {each.symbol: each.typeset(M, N) for each in quantities}


def latex_of(expression: sympy.Basic, names: Mapping[sympy.Symbol, str]) -> str:
    r"""One expression as LaTeX, logarithms written ln.

    Examples
    --------
    >>> m = sympy.Symbol("m")
    >>> print(latex_of(sympy.log(2 / m), {m: "m_2"}))
    \ln{\left(\frac{2}{m_2} \right)}
    """
    return str(sympy.latex(expression, symbol_names=dict(names), ln_notation=True))


def latex(statement: Statement) -> str:
    r"""The statement as LaTeX, with the labels of the subsets; the terms keep their order.

    Examples
    --------
    >>> from bounds import latent_quality
    >>> print(latent_quality.sharp("TA").latex())  # doctest: +ELLIPSIS
    \eta(\hat g_{TA}) \le \hat L(...) + 2 \mathfrak{R}_m(...) + ...
    """
    names = symbol_names(statement)
    # risk_M before risk_N: sympy's own order of a difference would put the minus sign first.
    left = sorted(
        sympy.Add.make_args(statement.lhs), key=lambda part: part.could_extract_minus_sign()
    )
    return f"{_signed_sum(left, names)} \\le {_signed_sum(_expressions(statement), names)}"


def latex_proof(statement: Statement) -> str:
    r"""The steps of the derivation as an `align` environment, each with its lemma.

    Raises
    ------
    ValueError
        If there is no derivation.

    Examples
    --------
    >>> from bounds import risk_gap
    >>> t = risk_gap.sharp("TVA", "TA")
    >>> print(t.latex_proof().splitlines()[1])  # doctest: +ELLIPSIS
    \inf_h r(h \circ \hat g_{TVA}) ... &\le \gamma_S(TVA, TA) && \text{quality gap} \\
    """
    if statement.derivation is None:
        raise ValueError(f"the theorem must have a derivation, got {statement.key} without one")
    names = symbol_names(statement)
    lines = []
    for step in statement.derivation:
        factor = "" if step.times == 1 else f"{latex_of(step.times, names)} \\;\\times\\quad "
        left, right = latex_of(step.left, names), latex_of(step.right, names)
        lines.append(f"{factor}{left} &\\le {right} && \\text{{{step.lemma.key}}} \\\\")
    return "\n".join(["\\begin{align*}", *lines, "\\end{align*}"])


def _expressions(statement: Statement) -> list[sympy.Expr]:
    return [term.expression for term in statement.terms] or [sympy.Integer(0)]


def _signed_sum(parts: list[sympy.Expr], names: Mapping[sympy.Symbol, str]) -> str:
    written = [latex_of(part, names) for part in parts]
    return written[0] + "".join(
        f" - {part[1:].lstrip()}" if part.startswith("-") else f" + {part}" for part in written[1:]
    )
