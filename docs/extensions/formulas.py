"""Formulas as MathML: browsers lay it out themselves, so that no page loads a script or a font for it."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

# The index of an accented letter belongs to the right of it; docutils would put it below.
_ACCENTED = re.compile(r"\\(?:hat|bar)\s*(?:[A-Za-z]|\{(?:[^{}]|\{[^{}]*\})*\})(?=_)")


def to_mathml(latex: str, block: bool) -> str:
    """A formula as one MathML element.

    Raises
    ------
    docutils.utils.math.MathError
        For LaTeX that is not understood; the build stops.
    """
    element = tex2mathml(_ACCENTED.sub(lambda found: f"{found[0]}{{}}", latex), as_block=block)
    return element.replace("<math ", '<math displaystyle="true" ', 1)


def _inline(page: HTML5Translator, node: nodes.math) -> None:
    page.body.append(to_mathml(node.astext(), block=False))
    raise nodes.SkipNode


def _block(page: HTML5Translator, node: nodes.math_block) -> None:
    page.body.append(f'<div class="formula">{to_mathml(node.astext(), block=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
