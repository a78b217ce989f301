"""Statements for a page without scripts: from the LaTeX of the catalogue to MathML.

Browsers lay out MathML themselves. Only the LaTeX that statements are written in is understood; an
unknown command is shown by its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\S")
_IDENTIFIERS = {
    r"\gamma": "γ",
    r"\beta": "β",
    r"\delta": "δ",
    r"\eta": "η",
    r"\ell": "ℓ",
    r"\lambda": "λ",
    r"\kappa": "κ",
    r"\varepsilon": "ε",
    r"\mu": "μ",
    r"\pi": "π",
    r"\rho": "ρ",
    r"\sigma": "σ",
    r"\theta": "θ",
    r"\infty": "∞",
    r"\ln": "ln",
}
# Whether the mark is as wide as what it stands above, and the mark.
_ACCENTS = {
    r"\hat": ("false", "^"),
    r"\bar": ("true", "‾"),
    r"\overline": ("true", "‾"),
}
_OPERATORS = {
    r"\circ": "∘",
    r"\le": "≤",
    r"\ge": "≥",
    r"\cdot": "·",
    r"\subseteq": "⊆",
    "-": "−",
}
_ALPHABETS = {
    # Chromium has no mathvariant beyond "normal": the letters themselves must be the styled ones.
    r"\mathfrak": {"R": "ℜ"},
    r"\mathcal": {"F": "ℱ", "G": "𝒢", "H": "ℋ", "L": "ℒ"},
}
_LEAF = re.compile(r"<mrow><m[in]>[^<]*</m[in]></mrow>")
_OPENING, _CLOSING = "([", ")]"


def to_mathml(latex: str) -> Markup:
    """A statement as a MathML element. LaTeX in, HTML out."""
    body = _row(_Tokens(latex), until=None)
    return Markup('<math displaystyle="true">{}</math>').format(body)


class _Tokens:
    def __init__(self, latex: str) -> None:
        self._rest: Iterator[str] = iter(_TOKEN.findall(latex))
        self.next: str | None = None
        self.depth = 0
        self.pop()

    def pop(self) -> str | None:
        """The next token, and one step ahead; None at the end."""
        token, self.next = self.next, next(self._rest, None)
        return token


def _row(tokens: _Tokens, until: str | None) -> Markup:
    """Everything up to the closing token, which is consumed."""
    items = []
    while tokens.next is not None and tokens.next != until:
        items.append(_scripted(tokens))
    tokens.pop()
    return Markup("<mrow>{}</mrow>").format(Markup("").join(items))


def _scripted(tokens: _Tokens) -> Markup:
    """One atom with its subscript and superscript."""
    base = _atom(tokens)
    scripts: dict[str, Markup] = {}
    while tokens.next in ("_", "^"):
        place = str(tokens.pop())
        scripts[place] = _atom(tokens)
    if not scripts:
        return base
    below, above = scripts.get("_"), scripts.get("^")
    if above is None:
        return Markup("<msub>{}{}</msub>").format(base, below)
    if below is None:
        return Markup("<msup>{}{}</msup>").format(base, above)
    return Markup("<msubsup>{}{}{}</msubsup>").format(base, below, above)


def _atom(tokens: _Tokens) -> Markup:
    token = tokens.pop()
    if token is None:
        return Markup("<mrow></mrow>")
    if token == "{":
        return _row(tokens, until="}")
    if token == r"\frac":
        above, below = _inner(tokens), _inner(tokens)
        if tokens.depth and _LEAF.fullmatch(above) and _LEAF.fullmatch(below):
            # Inside another fraction or a root, 2/δ reads better on one line.
            return Markup("<mrow>{}<mo>/</mo>{}</mrow>").format(above, below)
        return Markup("<mfrac>{}{}</mfrac>").format(above, below)
    if token == r"\sqrt":
        return Markup("<msqrt>{}</msqrt>").format(_inner(tokens))
    if token in _ACCENTS:
        accent = Markup('<mover accent="true">{}<mo stretchy="{}">{}</mo></mover>')
        return accent.format(_atom(tokens), *_ACCENTS[token])
    if token in (r"\left", r"\right"):
        return _operator(str(tokens.pop()), stretchy=True)
    if token in _ALPHABETS:
        return _identifier(_letters(tokens, _ALPHABETS[token]))
    if token == r"\operatorname":
        name = _identifier(_letters(tokens, {}))
        return name if tokens.next == "(" else name + Markup('<mspace width="0.2em"/>')
    if token in _IDENTIFIERS:
        return _identifier(_IDENTIFIERS[token])
    if token[0].isdigit():
        return Markup("<mn>{}</mn>").format(token)
    if token[0].isalpha():
        return _identifier(token)
    if token.startswith("\\") and token not in _OPERATORS:
        return _identifier(token.lstrip("\\"))
    return _operator(_OPERATORS.get(token, token))


def _inner(tokens: _Tokens) -> Markup:
    """An atom inside a fraction or a root."""
    tokens.depth += 1
    atom = _atom(tokens)
    tokens.depth -= 1
    return atom


def _letters(tokens: _Tokens, alphabet: dict[str, str]) -> str:
    """The letters of a braced group, such as the R of \\mathfrak{R}."""
    text = ""
    tokens.pop()
    while tokens.next not in ("}", None):
        letter = str(tokens.pop())
        text += alphabet.get(letter, letter)
    tokens.pop()
    return text


def _identifier(text: str) -> Markup:
    return Markup("<mi>{}</mi>").format(text)


def _operator(text: str, stretchy: bool = False) -> Markup:
    if text in _OPENING or text in _CLOSING:
        form = "prefix" if text in _OPENING else "postfix"
        stretch = "true" if stretchy else "false"
        return Markup('<mo form="{}" stretchy="{}">{}</mo>').format(form, stretch, escape(text))
    return Markup("<mo>{}</mo>").format(text)
