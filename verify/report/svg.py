"""One matplotlib canvas for all panels; its SVG made small, themed and the same every time."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any
from xml.etree import ElementTree

import matplotlib
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

# Each colour of a figure stands for a variable of the page's style sheet, which has a value for light
# paper and one for dark screens. Okabe and Ito's palette: told apart with any colour vision.
INK, MUTED, RULE, PAPER = "#1b2127", "#5a646e", "#d9dde2", "#fffffe"
GAIN, ZONE = "#e3f1ec", "#f1f2f4"
FORMS = ("#c04a00", "#0072b2", "#00805e", "#a8527f", "#8a6d00")
GAMMA = "#9a4f86"
_VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    RULE: "--rule",
    PAPER: "--paper",
    GAIN: "--gain",
    ZONE: "--zone",
    GAMMA: "--gamma",
    **{colour: f"--form-{index}" for index, colour in enumerate(FORMS)},
}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 11.0,
    "axes.linewidth": 0.7,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "text.color": INK,
    "text.parse_math": False,
    "axes.formatter.use_mathtext": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 1.6,
    "lines.markersize": 6.0,
}
SIZE = (6.3, 4.4)
"""A panel in inches; its SVG has 72 units to the inch."""
FRAME = (0.115, 0.12, 0.7, 0.79)
"""left, bottom, width and height of the axes, as fractions; the names of the lines stand on the right."""


SMALL_SIZE = (4.1, 3.0)
SMALL_FRAME = (0.135, 0.155, 0.85, 0.745)
"""The same of a panel among many, which has no names on the right."""


class Canvas:
    """A figure with one pair of axes, cleared and used again for every panel."""

    def __init__(
        self,
        size: tuple[float, float] = SIZE,
        frame: tuple[float, float, float, float] = FRAME,
    ) -> None:
        with matplotlib.rc_context(_STYLE):
            self._figure = Figure(figsize=size, facecolor="none")
            self._axes = self._figure.add_axes(frame)
        FigureCanvasSVG(self._figure)

    def style(self) -> AbstractContextManager[None]:
        """The settings under which a panel is drawn."""
        return matplotlib.rc_context(_STYLE)

    def axes(self) -> Axes:
        """Empty axes without a frame on the right and at the top."""
        self._axes.clear()
        self._axes.set_facecolor("none")
        self._axes.spines[["top", "right"]].set_visible(False)
        return self._axes

    def svg(self, key: str, description: str) -> Markup:
        """What is drawn, as an inline SVG element.

        Parameters
        ----------
        key
            Identifies the panel within the page; its identifiers are made from it.
        description
            What a screen reader says.
        """
        buffer = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        with matplotlib.rc_context({**_STYLE, "svg.hashsalt": key}):
            self._figure.savefig(buffer, format="svg", metadata=nothing)
        return _clean(buffer.getvalue(), description)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions as near to the wanted ones as a least distance between any two allows.

    Examples
    --------
    >>> spread([5.0, 5.2, 9.0], 1.0, 0.0, 10.0)
    [4.6, 5.6, 9.0]
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    blocks: list[tuple[float, list[int]]] = []
    for index in order:
        members = [index]
        centre = wanted[index]
        while blocks:
            before, others = blocks[-1]
            if centre - before >= gap * (len(members) + len(others)) / 2:
                break
            members = others + members
            centre = sum(wanted[i] for i in members) / len(members)
            blocks.pop()
        blocks.append((centre, members))
    placed = [0.0] * len(wanted)
    for centre, members in blocks:
        half = gap * (len(members) - 1) / 2
        middle = min(max(centre, low + half), high - half)
        for position, index in enumerate(members):
            placed[index] = round(middle - half + gap * position, 6)
    return placed


def _clean(text: str, description: str) -> Markup:
    """The SVG without prologue, metadata and unused identifiers; colours become variables of the page."""
    root = ElementTree.fromstring(text)
    used = set(re.findall(r"""(?:href="|url\()#([^")]+)""", text))
    body = "".join(_element(child, used) for child in root)
    head = Markup('<svg role="img" aria-label="{}" viewBox="{}">')
    return head.format(description, root.attrib["viewBox"]) + Markup(body) + Markup("</svg>")


def _element(element: ElementTree.Element, used: set[str]) -> str:
    """An element as text, without namespaces; a group without attributes is replaced by its children."""
    tag = element.tag.rpartition("}")[2]
    if tag in ("metadata", "style"):
        return ""
    attributes = {}
    for name, value in element.attrib.items():
        local = name.rpartition("}")[2]
        if (local == "id" and value not in used) or value.startswith("rotate(-0 "):
            continue
        attributes[local] = _style(value) if local == "style" else _round(value)
    inside = "".join(_element(child, used) for child in element)
    if tag == "text":
        inside = str(escape(element.text or "")) + inside
    if not attributes and tag in ("g", "defs") and (tag == "g" or not inside):
        return inside
    if tag == "path" and attributes.get("style") == "fill: none":
        return ""
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{written}>{inside}</{tag}>" if inside else f"<{tag}{written}/>"


def _style(value: str) -> str:
    """Declarations with the page's colours; the font's size stays, its family is the page's."""
    kept = []
    for declaration in value.split("; "):
        name, _, setting = declaration.partition(": ")
        if name == "font":
            size = re.search(r"[\d.]+px", setting)
            kept.append(f"font-size: {size[0] if size else '10px'}")
        elif name != "font-family":
            kept.append(declaration)
    text = "; ".join(kept)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    return text


def _round(value: str) -> str:
    """Coordinates to a hundredth of a point, on one line."""
    return re.sub(r"\s*\n\s*", " ", re.sub(r"(\d\.\d\d)\d+", r"\1", value)).strip()
