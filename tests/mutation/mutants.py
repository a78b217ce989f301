"""Small changes to a module's source, one at a time: what a slip of the hand could have made of it."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS = {
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
NAMES = {
    "low": "high",
    "high": "low",
    "minimum": "maximum",
    "maximum": "minimum",
    "min": "max",
    "max": "min",
    "ceil": "floor",
    "lower": "upper",
    "upper": "lower",
    "HOLDS": "VIOLATED",
    "VIOLATED": "INCONCLUSIVE",
    "violations": "doubtful",
    "doubtful": "violations",
    "isfinite": "isinf",
    "log1p": "log",
    "any": "all",
    "all": "any",
}
WORDS = {
    "supported": "refuted",
    "refuted": "supported",
    "undecided": "supported",
    "undetectable": "supported",
    "none": "no terms",
    "proved": "measured",
    "measured": "proved",
    "proved in part": "proved",
    "measured in part": "measured",
    "too few samples": "none",
}


@dataclass(frozen=True)
class Mutant:
    """One changed module: `name` says the function and the change."""

    name: str
    tree: ast.Module


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module: comparisons, signs, operators, numbers, negations, ends of intervals,
    words of verdicts, and keyword arguments that are left out.

    Docstrings, annotations, imports, decorators and the messages of errors stay as they are.
    """
    tree = ast.parse(source)
    for function, path, node in _sites(tree, "", ()):
        for says, replacement in _changes(node):
            changed = copy.deepcopy(tree)
            parent, (field, index) = _parent(changed, path)
            if index is None:
                setattr(parent, field, replacement)
            else:
                getattr(parent, field)[index] = replacement
            if isinstance(parent, ast.expr):  # what it stands in tells two equal changes apart
                original, _ = _parent(tree, path)
                name = f"{function}: {ast.unparse(original)} -> {ast.unparse(parent)}"
            else:
                name = f"{function}: {ast.unparse(node)} -> {says}"
            yield Mutant(name, ast.fix_missing_locations(changed))


def _sites(node: ast.AST, function: str, path: tuple) -> Iterator[tuple[str, tuple, ast.AST]]:
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "names"):
            continue
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if not isinstance(child, ast.AST) or isinstance(child, ast.Raise | ast.JoinedStr):
                continue
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue
            if isinstance(child, ast.Subscript) and ast.unparse(child.value) == "Literal":
                continue
            here = child.name if isinstance(child, ast.FunctionDef | ast.ClassDef) else None
            name = f"{function}.{here}".lstrip(".") if here else function
            step = (*path, (field, index))
            yield name or "module", step, child
            yield from _sites(child, name, step)


def _parent(tree: ast.AST, path: tuple) -> tuple[ast.AST, tuple]:
    node = tree
    for field, index in path[:-1]:
        node = getattr(node, field) if index is None else getattr(node, field)[index]
    return node, path[-1]


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    made = list(_replacements(node))
    for replacement in made:
        yield ast.unparse(replacement), replacement


def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for other in COMPARISONS[type(operator)]:
                changed = copy.deepcopy(node)
                changed.ops[place] = other()
                yield changed
    elif isinstance(node, ast.BinOp):
        for other in OPERATORS.get(type(node.op), ()):
            changed = copy.deepcopy(node)
            changed.op = other()
            yield changed
    elif isinstance(node, ast.UnaryOp):
        yield copy.deepcopy(node.operand)
    elif isinstance(node, ast.BoolOp):
        changed = copy.deepcopy(node)
        changed.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield changed
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, copy.deepcopy(node.orelse), copy.deepcopy(node.body))
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(node.value + 1)
        if node.value not in (0, 1):
            yield ast.Constant(node.value / 2)
    elif isinstance(node, ast.Constant) and node.value in WORDS:
        yield ast.Constant(WORDS[node.value])
    elif isinstance(node, ast.Call) and ast.unparse(node.func) != "field":
        for place, keyword in enumerate(node.keywords):
            if keyword.arg != "dtype":
                changed = copy.deepcopy(node)
                del changed.keywords[place]
                yield changed
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield ast.Attribute(copy.deepcopy(node.value), NAMES[node.attr], node.ctx)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in NAMES:
        yield ast.Name(NAMES[node.id], node.ctx)
