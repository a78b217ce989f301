"""The API reference: one page for each public name of `multimodal_bounds`, from its docstrings."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

from sphinx.application import Sphinx

import multimodal_bounds as mb
from extensions.restructured import escaped, heading, table, write_folder

GROUPS = {
    "Decide": "decide Decision",
    "Certify": "certify Certificate certify_family arriving best_head how_many_more",
    "Bounds and theorems": (
        "risk_gap latent_quality modality_gain linear_case pac_bayes rademacher losses catalogue notation "
        "Theorem Term Assumption Summands ModalitySet"
    ),
    "Test": "audit Audit check_contract check_theorem verify_dataset Study",
    "Measure": "quality complexity heads datasets FusionClass OPERATIONS LOSSES",
}
"""In which order the index lists the names; what is public and not listed here comes last."""


USE = """\
Every public name of ``multimodal_bounds``, which is imported as ``mb`` on all pages. The examples in
docstrings are run by the tests.
"""


def home(name: str) -> str:
    """The full name under which a public name is documented."""
    thing = getattr(mb, name)
    if isinstance(thing, ModuleType):
        return thing.__name__
    if inspect.isclass(thing) or inspect.isroutine(thing):
        return f"{thing.__module__}.{thing.__qualname__}"
    return f"multimodal_bounds.{name}"


def members(module: ModuleType) -> list[str]:
    """The public names of a module: those of `__all__`, or those that it defines itself."""
    listed = getattr(module, "__all__", None)
    if listed is None:
        listed = [
            name
            for name, thing in vars(module).items()
            if not name.startswith("_") and getattr(thing, "__module__", "") == module.__name__
        ]
    return [
        name
        for name in listed
        if not isinstance(getattr(module, name), ModuleType) and name not in mb.__all__
    ]


def plain_bars(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """In docstrings a bar is an absolute value: never the mark of a substitution."""
    code: int | None = None  # the indentation above which lines are code
    for place, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if line.strip() and code is not None and indent <= code:
            code = None
        if code is None and not line.lstrip().startswith(">>>"):
            lines[place] = "".join(
                part if part.startswith("`") else part.replace("|", r"\|")
                for part in re.split(r"(`+[^`]*`+)", line)
            )
        if code is None and line.rstrip().endswith("::"):
            code = indent


def page(name: str) -> str:
    """The page of one public name."""
    thing = getattr(mb, name)
    lines = [*heading(name, "="), f"``multimodal_bounds.{name}``", ""]
    if isinstance(thing, ModuleType):
        lines += [f".. automodule:: {thing.__name__}", ""]
        for member in members(thing):
            lines += _documented(f"{thing.__name__}.{member}", getattr(thing, member))
    else:
        lines += _documented(home(name), thing)
    return "\n".join(lines) + "\n"


def _documented(path: str, thing: Any) -> list[str]:
    if inspect.isclass(thing):
        return [f".. autoclass:: {path}", "   :members:", ""]
    kind = "function" if inspect.isroutine(thing) else "data"
    return [f".. auto{kind}:: {path}", ""]


def index() -> str:
    """The list of all public names, each with the first sentence of its docstring."""
    named = [name for names in GROUPS.values() for name in names.split()]
    groups = {group: names.split() for group, names in GROUPS.items()}
    if others := [name for name in mb.__all__ if name not in named]:
        groups["More"] = others
    lines = [*heading("API reference", "="), USE, ""]
    for group, names in groups.items():
        lines += heading(group, "-")
        lines += table(
            ("name", "what it is"), ((f":doc:`{each}`", summary(each)) for each in names)
        )
    lines += [".. toctree::", "   :hidden:", ""]
    lines += [f"   {name} <{name}>" for names in groups.values() for name in names]
    return "\n".join([*lines, ""])


def summary(name: str) -> str:
    """The first line of a docstring; a table of entries has that of its class."""
    line = (inspect.getdoc(getattr(mb, name)) or "").partition("\n")[0]
    return "".join(
        f"``{part}``" if place % 2 else escaped(part) for place, part in enumerate(line.split("`"))
    )


def write(app: Sphinx) -> None:
    """Write all pages of the reference."""
    pages = {f"{name}.rst": page(name) for name in mb.__all__}
    write_folder(Path(app.srcdir, "api"), {"index.rst": index(), **pages})


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the events of a build."""
    app.connect("builder-inited", write)
    app.connect("autodoc-process-docstring", plain_bars)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
