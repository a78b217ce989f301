"""A theorem as a function in JavaScript, for pages that compute: the same expressions, never typed again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import sympy

from bounds.statement.statement import Statement

_RESERVED = frozenset(
    [
        "arguments",
        "await",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "debugger",
        "default",
        "delete",
        "do",
        "else",
        "enum",
        "eval",
        "export",
        "extends",
        "false",
        "finally",
        "for",
        "function",
        "if",
        "implements",
        "import",
        "in",
        "instanceof",
        "interface",
        "let",
        "new",
        "null",
        "package",
        "private",
        "protected",
        "public",
        "return",
        "static",
        "super",
        "switch",
        "this",
        "throw",
        "true",
        "try",
        "typeof",
        "undefined",
        "var",
        "void",
        "while",
        "with",
        "yield",
        "Infinity",
        "Math",
        "NaN",
        "failure",
        "terms",
        "total",
        "vacuous",
    ]
)
"""Words that are no names in JavaScript, and the names that the function itself uses."""


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """A name in JavaScript for each name, different for different ones.

    Examples
    --------
    >>> identifiers(["m", "r-hat", "r_hat", "in", "2nd"])
    {'m': 'm', 'r-hat': 'r_hat_2', 'r_hat': 'r_hat', 'in': 'in_', '2nd': '_2nd'}
    """
    wanted = list(names)
    fine = {name for name in wanted if _identifier(name) == name}
    found: dict[str, str] = {name: name for name in wanted if name in fine}
    taken = set(fine)
    for name in wanted:
        if name in found:
            continue
        stem = one = _identifier(name)
        number = 1
        while one in taken:
            number += 1
            one = f"{stem}_{number}"
        taken.add(one)
        found[name] = one
    return {name: found[name] for name in wanted}


def _identifier(name: str) -> str:
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    plain = f"_{plain}" if not plain or plain[0].isdigit() else plain
    return f"{plain}_" if plain in _RESERVED else plain


def function_name(statement: Statement) -> str:
    """What the function of a statement is called.

    Examples
    --------
    >>> from bounds import latent_quality
    >>> function_name(latent_quality.sharp("TA"))
    'latent_quality_sharp'
    """
    return _identifier(statement.key)


def javascript(statement: Statement) -> str:
    """A JavaScript function of the same bound: arguments as one object; total, terms and more out.

    An argument below a clipped domain is raised to it, as `evaluate` does. `vacuous` is null if C is
    unknown; `failure` is the probability with which the bound may fail. Where an intermediate number is
    beyond the largest float, `evaluate` finds the result all the same, and this function does not.

    Examples
    --------
    >>> from bounds import latent_quality
    >>> latent_quality.sharp("TA").javascript().splitlines()[0]
    'function latent_quality_sharp({L_hat, R_loss, C, m, delta, best_risk = 0}) {'
    """
    names = identifiers(statement.arguments)
    inputs = []
    for name, default in statement.arguments.items():
        key = name if names[name] == name else f"{json.dumps(name)}: {names[name]}"
        required = name in statement.inputs and name not in statement.defaults
        inputs.append(key if required else f"{key} = {literal(default)}")
    lines = [f"function {function_name(statement)}({{{', '.join(inputs)}}}) {{"]
    lines += [
        f"  {names[name]} = Math.max({names[name]}, {literal(statement.quantities[name].domain.low)});"
        for name in statement.inputs
        if statement.quantities[name].domain.clip
    ]
    lines += ["  const terms = {"]
    for term in statement.terms:
        formula = code(term.expression, names)
        if term.where != sympy.true:
            formula = f"({code(term.where, names)}) ? {formula} : Infinity"
        lines.append(f"    {_key(term.name)}: {formula},")
    against = " + ".join(_member(t.name) for t in statement.terms if t.against_range) or "0"
    total = " + ".join(_member(t.name) for t in statement.terms) or "0"
    C, best = names["C"], names["best_risk"]
    lines += [
        "  };",
        f"  const total = {total};",
        f"  const vacuous = {C} === null ? null : {against} >= {C} - {best};",
        f"  const failure = {code(statement.failure_probability, names)};",
        "  return {total, terms, vacuous, failure};",
        "}",
    ]
    return "\n".join(lines) + "\n"


def code(expression: sympy.Basic, names: dict[str, str]) -> str:
    """An expression in JavaScript, each symbol under the name given.

    Examples
    --------
    >>> a, b = sympy.symbols("a-hat b")
    >>> code(sympy.sqrt(a) + b, {"a-hat": "a_hat"})
    'Math.sqrt(a_hat) + b'
    """
    # Only names that change: another symbol would be sorted otherwise.
    renamed = {
        symbol: sympy.Symbol(names[str(symbol)], **symbol.assumptions0)
        for symbol in expression.free_symbols
        if names.get(str(symbol), str(symbol)) != str(symbol)
    }
    return str(sympy.jscode(expression.xreplace(renamed)))


def literal(value: object) -> str:
    """A number, or None, as JavaScript writes it, with all its digits.

    Examples
    --------
    >>> literal(1 / 3), literal(0.0), literal(None), literal(float("-inf"))
    ('0.3333333333333333', '0', 'null', '-Infinity')
    """
    if value is None:
        return "null"
    if not isinstance(value, float):
        return str(value)
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value).removesuffix(".0")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) else json.dumps(name)


def _member(name: str) -> str:
    return f"terms.{name}" if _key(name) == name else f"terms[{json.dumps(name)}]"
