"""How interactive shells and notebooks show a statement: one line, a formula, or a small page."""

from __future__ import annotations

from html import escape

from bounds.statement.statement import REQUIRED, Statement
from bounds.statement.typesetting import labels, latex, latex_of


def one_line(statement: Statement) -> str:
    """The key, the title and the subsets.

    Examples
    --------
    >>> from bounds import risk_gap
    >>> one_line(risk_gap.sharp("TVA", "TA"))
    "Theorem('risk_gap.sharp': Theorem 1, sharp; M = TVA, N = TA)"
    """
    names = "MN"[: len(statement.subsets)] if len(statement.subsets) <= 2 else ""
    sides = ", ".join(
        f"{name} = {subset.label}" for name, subset in zip(names, statement.subsets, strict=False)
    )
    return f"Theorem({statement.key!r}: {statement.title}{'; ' if sides else ''}{sides})"


def formula(statement: Statement) -> str:
    r"""The statement as displayed LaTeX.

    Examples
    --------
    >>> from bounds import latent_quality
    >>> formula(latent_quality.sharp("TA"))[:15]
    '$\\displaystyle '
    """
    return f"$\\displaystyle {latex(statement)}$"


def page(statement: Statement) -> str:
    """The statement, when it holds, its assumptions, and the arguments of `evaluate`, as HTML.

    Examples
    --------
    >>> from bounds import latent_quality
    >>> "<code>latent_quality.sharp</code>" in page(latent_quality.sharp("TA"))
    True
    """
    M, N = labels(statement)
    failure = latex_of(statement.failure_probability, {})
    chance = (
        "" if statement.failure_probability == 0 else f" With probability at least $1 - {failure}$:"
    )
    assumed = "".join(
        f"<li>{escape(each.text)} <code>{escape(each.key)}</code></li>"
        for each in statement.assumptions
    )
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>${statement.quantities[name].typeset(M, N)}$</td>"
        f"<td>{escape(statement.quantities[name].meaning)}</td>"
        f"<td>must {escape(statement.quantities[name].domain.text)}</td>"
        f"<td>{'' if default is REQUIRED else escape(f'default {default}')}</td></tr>"
        for name, default in statement.arguments.items()
    )
    return (
        f"<p><strong>{escape(statement.title)}</strong> <code>{escape(statement.key)}</code>."
        f"{chance}</p><div>$${escape(latex(statement))}$$</div>"
        f"<p>{escape(statement.reference)}</p>"
        f"<details><summary>Assumptions</summary><ul>{assumed}</ul></details>"
        f"<details><summary>Arguments of <code>evaluate</code></summary><table>{rows}</table></details>"
    )
