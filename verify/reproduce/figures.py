"""The paper's curves: error against overlap, accuracy against ratio, gamma against accuracy gained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from verify.report import svg
from verify.report.formats import plain_number

MARKERS = ("o", "s", "D", "^", "v")
LEAST_DISTANCE = 0.06
MOST_LINES = 5
"""As many as there are colours; a page shows the first so many subsets."""


def table1(canvas: svg.Canvas, document: dict[str, Any]) -> list[Markup]:
    """Accuracy of every subset, mean and spread, beside the paper's where there is one."""
    cells = [c for c in document["cells"] if c["column"] == "accuracy"][:16]
    with canvas.style():
        axes = canvas.axes()
        for place, cell in enumerate(cells):
            _whisker(
                axes, place - 0.08, cell["measured"], cell["measured_spread"], svg.FORMS[1], "o"
            )
            if cell["paper"] is not None:
                _whisker(axes, place + 0.08, cell["paper"], cell["paper_spread"], svg.INK, "X")
        axes.set_xlim(-0.6, len(cells) - 0.4)
        axes.xaxis.set_major_locator(FixedLocator(range(len(cells))))
        axes.xaxis.set_major_formatter(FixedFormatter([c["row"] for c in cells]))
        axes.tick_params(axis="x", labelsize=11 if len(cells) <= 7 else 7)
        _finish(axes, "subset M", "test accuracy, %")
        return [canvas.svg("table1", "Test accuracy by subset of the modalities")]


def table2(canvas: svg.Canvas, document: dict[str, Any]) -> list[Markup]:
    """γ in accuracy against the difference in accuracy, one mark per pair, and their diagonal."""
    pairs = list(dict.fromkeys(c["row"] for c in document["cells"]))
    found = {(c["row"], c["column"]): c for c in document["cells"]}
    with canvas.style():
        axes = canvas.axes()
        ends: list[tuple[str, float, str]] = []
        values = []
        for source, colour, marker in (("measured", svg.FORMS[1], "o"), ("paper", svg.INK, "X")):
            points = [
                (pair, found[pair, "accuracy difference"][source], found[pair, "gamma"][source])
                for pair in pairs
                if found[pair, "gamma"][source] is not None
            ]
            axes.plot([x for _, x, _ in points], [y for *_, y in points], marker, color=colour)
            values += [v for _, x, y in points for v in (x, y)]
            if source == "measured":
                ends = [(pair.replace(":", " : "), y, colour) for pair, _, y in points]
        low, high = min(values), max(values)
        margin = 0.12 * (high - low or 1.0)
        axes.set_xlim(low - margin, high + margin)
        axes.set_ylim(low - margin, high + margin)
        axes.plot([low, high], [low, high], color=svg.MUTED, linewidth=0.9, linestyle=(0, (3, 3)))
        axes.axhline(0, color=svg.RULE, linewidth=0.9, zorder=0)
        axes.axvline(0, color=svg.RULE, linewidth=0.9, zorder=0)
        _finish(axes, "accuracy of M − accuracy of N, points", "γ in accuracy (M − N), points")
        _names(axes, ends[:12])
        return [canvas.svg("table2", "Gamma in accuracy against the difference in accuracy")]


def table3(canvas: svg.Canvas, document: dict[str, Any]) -> list[Markup]:
    """Accuracy against the fraction of the training rows, a line per subset; the paper's beside."""
    panels = []
    with canvas.style():
        sources = ["measured", "paper"]
        if all(c["paper"] is None for c in document["cells"]):
            sources = ["measured"]
        for source in sources:
            axes = canvas.axes()
            axes.set_xscale("log")
            ends = []
            rows = list(dict.fromkeys(c["row"] for c in document["cells"]))[:MOST_LINES]
            for index, row in enumerate(rows):
                cells = [c for c in document["cells"] if c["row"] == row and c[source] is not None]
                x, y = [float(c["column"]) for c in cells], [c[source] for c in cells]
                spread = [c[f"{source}_spread"] or 0.0 for c in cells]
                colour = svg.FORMS[index]
                axes.plot(x, y, MARKERS[index], linestyle="-", color=colour, markersize=5)
                axes.fill_between(
                    x,
                    [a - s for a, s in zip(y, spread, strict=True)],
                    [a + s for a, s in zip(y, spread, strict=True)],
                    color=colour,
                    alpha=0.13,
                    linewidth=0,
                )
                ends.append((row, y[-1], colour))
            ratios = sorted({float(c["column"]) for c in document["cells"]})
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_locator(FixedLocator(ratios))
            axes.xaxis.set_major_formatter(FixedFormatter([f"{r:g}" for r in ratios]))
            ends_of = [
                c[s] + sign * (c[f"{s}_spread"] or 0.0)
                for c in document["cells"]
                for s in sources
                for sign in (-1, 1)
                if c[s] is not None
            ]
            axes.set_ylim(min(ends_of) - 1, max(ends_of) + 1)
            whose = "ours" if source == "measured" else "the paper's"
            _finish(axes, "fraction of the training rows", f"test accuracy, %: {whose}")
            _names(axes, ends)
            panels.append(canvas.svg(f"table3{source}", f"Accuracy against ratio, {whose}"))
    return panels


def table4(canvas: svg.Canvas, document: dict[str, Any]) -> list[Markup]:
    """Error against overlap: closed form as a line, our fit and the paper's as marks; one panel each
    construction, on one scale."""
    panels = []
    top = 1.08 * max(c["measured"] for c in document["cells"])
    with canvas.style():
        for construction in ("mixing", "copied"):
            mine = [c for c in document["cells"] if c["construction"] == construction]
            axes = canvas.axes()
            ends = []
            for index, M in enumerate(dict.fromkeys(c["M"] for c in mine)):
                cells = sorted((c for c in mine if c["M"] == M), key=lambda c: c["overlap"])
                colour, x = svg.FORMS[index], [c["overlap"] for c in cells]
                curve = document["curves"][construction][M]
                axes.plot(document["curves"]["overlap"], curve, color=colour, linewidth=1.3)
                axes.plot(x, [c["measured"] for c in cells], "o", color=colour, markersize=6.5)
                axes.plot(
                    x,
                    [c["paper"] for c in cells],
                    "x",
                    color=svg.INK,
                    markersize=6,
                    markeredgewidth=1.2,
                    zorder=5,
                )
                ends.append(("M = {" + M + "}", cells[0]["measured"], colour))
            axes.set_xlim(1.04, -0.04)
            axes.set_ylim(-0.02 * top, top)
            _finish(axes, f"overlap ρ ({construction})", "test mean squared error")
            _names(axes, ends)
            panels.append(
                canvas.svg(f"table4{construction}", f"Error against overlap, {construction}")
            )
    return panels


def _whisker(
    axes: Axes, x: float, mean: float, spread: float | None, colour: str, marker: str
) -> None:
    if spread:
        axes.plot([x, x], [mean - spread, mean + spread], color=colour, linewidth=1.1)
    axes.plot([x], [mean], marker, color=colour)


def _finish(axes: Axes, horizontal: str, vertical: str) -> None:
    axes.grid(axis="y", color=svg.RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=3, width=0.7)
    axes.set_xlabel(horizontal, labelpad=3)
    axes.set_title(vertical, loc="left", fontsize=11, color=svg.INK)


def _names(axes: Axes, ends: Sequence[tuple[str, float, str]]) -> None:
    """The lines' names at the right edge, moved apart where they would touch."""
    low, high = axes.get_ylim()
    wanted = [(y - low) / (high - low) for _, y, _ in ends]
    for (name, _, colour), place in zip(
        ends, svg.spread(wanted, LEAST_DISTANCE, 0.0, 1.0), strict=True
    ):
        axes.text(
            1.015, place, name, color=colour, fontsize=10.5, va="center", transform=axes.transAxes
        )


def legend(document: dict[str, Any]) -> str:
    """What the marks of a table's figures mean, in one sentence."""
    table = document["table"]
    has_paper = any(c["paper"] is not None for c in document["cells"])
    if table == 4:
        return (
            "Lines: closed form of the population. Dots: least squares, mean of"
            f" {plain_number(document['config']['draws'])} draws. Crosses: the paper's cells."
        )
    ours = "Dots: ours, mean over seeds; bars and bands: one standard deviation either side."
    if table == 2:
        ours = "Dots: ours, mean over seeds. On the dashed line γ equals the difference."
    return ours + (" Crosses: the paper's." if has_paper and table != 3 else "")
