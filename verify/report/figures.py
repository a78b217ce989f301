"""The panels of a pair (M, N): do the bounds prove the gain, and how loose are they?

The first of them is also drawn small, for all pairs on the same axes.

Every point is the median over the samples, every whisker and band their 5 % to 95 % range: one sample
with a huge unrestricted head would dominate a mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

from verify.report import svg
from verify.report.formats import plain_number, power_of_ten

Cell = dict[str, Any]
End = tuple[str, float | None, str]
MARKERS = ("^", "s", "D", "v", "P")
DASHES = ((0, ()), (0, (4, 2)), (0, (1.2, 1.6)), (0, (6, 2, 1, 2)))
LEAST_DISTANCE = 0.06
"""Between two names at the right edge, as a fraction of the axes' height."""
TWO_LINES = 0.108
RANGE = ("q05", "median", "q95")
LABEL_EVERY = 0.1
"""The least distance between two labelled sizes, as a fraction of the axes' width."""
TICK_EVERY = 0.055
"""The same between two labelled values, of the axes' height."""


def panels(canvas: svg.Canvas, pair: dict[str, Any], key: str) -> list[Markup]:
    """Both panels of a pair as SVG. `pair` is an entry of `verify.report.view.pairs`."""
    found = []
    with canvas.style():
        for letter, draw, what in (
            ("a", _near_zero, "Risk gap, gamma and bounds against the sample size"),
            ("b", _looseness, "Terms of the bounds and the excess risk against the sample size"),
        ):
            draw(canvas.axes(), pair)
            found.append(canvas.svg(f"{key}{letter}", f"{what}: {pair['title']}"))
    return found


def multiples(canvas: svg.Canvas, pairs: Sequence[dict[str, Any]], key: str) -> list[Markup]:
    """The first panel of every pair, small and on the same axes, as SVG."""
    everything: dict[str, Any] = {
        name: [each for pair in pairs for each in pair[name]] for name in ("ball", "free", "forms")
    }
    found = []
    with canvas.style():
        for place, pair in enumerate(pairs, 1):
            _near_zero(canvas.axes(), pair, _range(everything), named=False)
            what = f"Risk gap, gamma and bounds against the sample size: {pair['title']}"
            found.append(canvas.svg(f"{key}{place}", what))
    return found


def _near_zero(
    axes: Axes,
    pair: dict[str, Any],
    limits: tuple[float, float] | None = None,
    named: bool = True,
) -> None:
    """The gap and the bounds: linear around zero for the gaps, logarithmic above for the bounds."""
    _sizes_axis(axes, pair, named)
    edge, top = _range(pair) if limits is None else limits
    decades = max(0.5, math.log10(top / edge))
    axes.set_yscale("symlog", linthresh=edge, linscale=0.62 * decades, subs=[])
    axes.set_ylim(-1.08 * edge, top)
    axes.axhspan(-1.08 * edge, 0, color=svg.GAIN, linewidth=0, zorder=0)
    axes.axhline(0, color=svg.INK, linewidth=1.0, zorder=2)
    axes.axhline(edge, color=svg.RULE, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    linear = [t for t in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(-edge, edge)]
    linear = [t for t in linear if -1.08 * edge <= t <= edge * 1.001]
    powers = range(math.ceil(math.log10(edge * 1.01)), math.floor(math.log10(top)) + 1)
    _ticks(axes, [*linear, *(10.0**p for p in powers)])
    ends: list[End] = [("↓ M better", -0.1 * edge, svg.MUTED)]
    for index, form in enumerate(pair["forms"]):
        for line, cells in enumerate(form["by_delta"]):
            _bound_line(axes, cells, index, line, "bound")
        _band(axes, form["by_delta"][0], index)
        ends.append((form["name"], _last(form["by_delta"][0], "bound"), _colour(index)))
    for heads, places, marker in (("ball", (-0.046, -0.024), "o"), ("free", (0.024, 0.046), "X")):
        rows = pair[heads]
        _whiskers(axes, rows, "measured", places[0], marker, svg.INK)
        _whiskers(axes, rows, "gamma", places[1], "_", svg.GAMMA)
    _title(axes, "risk gap  r(M) − r(N)")
    if named:
        _name_lines(axes, ends, LEAST_DISTANCE)


def _looseness(axes: Axes, pair: dict[str, Any]) -> None:
    """What a bound adds to gamma, and the excess risk that it has to cover; both axes logarithmic."""
    _sizes_axis(axes, pair)
    axes.set_yscale("log")
    ends: list[End] = []
    for index, form in enumerate(pair["forms"]):
        for line, cells in enumerate(form["by_delta"]):
            _bound_line(axes, cells, index, line, "terms")
        last = form["by_delta"][0][-1]
        factor = (last.get("own_excess_critical_factor") or {}).get("value")
        name = form["name"]
        if factor is not None:
            name += f"\nc* {plain_number(factor)}"
        ends.append((name, _last(form["by_delta"][0], "terms"), _colour(index)))
    for heads, place, marker in (("ball", -0.012, "o"), ("free", 0.012, "X")):
        _whiskers(axes, pair[heads], "own_excess", place, marker, svg.INK)
    low, high = _positive_range(pair)
    axes.set_ylim(low, high)
    powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    _ticks(axes, [10.0**p for p in powers])
    _title(axes, "terms of the bound; M’s own excess")
    _name_lines(axes, ends, TWO_LINES)


def _range(pair: dict[str, Any]) -> tuple[float, float]:
    """The value at which the vertical axis becomes logarithmic, and its end.

    Every gamma and every median gap below zero lies on the linear part; gaps far above it need not.
    """
    rows = pair["ball"] + pair["free"]
    gaps = [abs(row["gamma"][at]) for row in rows for at in ("q05", "q95") if row["gamma"][at]]
    measured = [row["measured"]["median"] for row in rows]
    gaps += [-gap for gap in measured if gap is not None and gap < 0]
    bounds = [
        cell["bound"][at]
        for form in pair["forms"]
        for cells in form["by_delta"]
        for cell in cells
        for at in ("median", "q95")
        if cell["bound"][at] is not None
    ]
    largest = max(gaps, default=0.0) or 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    edge = next(
        f * power for f in (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15) if f * power >= 1.02 * largest
    )
    return edge, max(_headroom(pair) * max(bounds, default=0.0), 3.0 * edge)


def _positive_range(pair: dict[str, Any]) -> tuple[float, float]:
    """The ends of a logarithmic axis that holds every positive term and excess."""
    values = [
        _value(cell, "terms")
        for form in pair["forms"]
        for cells in form["by_delta"]
        for cell in cells
    ]
    excess = [row["own_excess"][at] for row in pair["ball"] + pair["free"] for at in RANGE]
    positive = [value for value in [*values, *excess] if value is not None and value > 0]
    middle = [row["own_excess"]["median"] for row in pair["ball"] + pair["free"]]
    floor = min((value for value in middle if value is not None and value > 0), default=0.0) / 30
    low = max(min(positive, default=0.1), floor)
    return low / 2, _headroom(pair) * max(positive, default=1.0)


def _headroom(pair: dict[str, Any]) -> float:
    """The factor from the largest value to the end of the axis; an ∞ is drawn in between."""
    cells = [cell for form in pair["forms"] for cells in form["by_delta"] for cell in cells]
    return 30.0 if any(cell["bound"]["median"] is None for cell in cells) else 2.0


def _sizes_axis(axes: Axes, pair: dict[str, Any], named: bool = True) -> None:
    """The horizontal axis: logarithmic, with the sizes of the study as its only ticks."""
    sizes: list[int] = pair["sizes"]
    axes.set_xscale("log")
    pad = 1.5 if len(sizes) == 1 else (sizes[-1] / sizes[0]) ** 0.09
    low, high = sizes[0] / pad, sizes[-1] * pad
    axes.set_xlim(low, high)
    shown: list[int] = []
    for size in reversed(sizes):
        if not shown or math.log(shown[-1] / size) >= LABEL_EVERY * math.log(high / low):
            shown.append(size)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    labels = [plain_number(size) if size in shown else "" for size in sizes]
    axes.xaxis.set_major_formatter(FixedFormatter(labels))
    axes.grid(axis="y", color=svg.RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=3, width=0.7)
    axes.set_xlabel("sample size m", labelpad=3)
    beyond = [size for size in sizes if size > pair["largest_m"]]
    if beyond and beyond[0] > sizes[0]:
        border = math.sqrt(beyond[0] * max(s for s in sizes if s < beyond[0]))
        axes.axvspan(border, high, color=svg.ZONE, linewidth=0, zorder=-1)
        look: dict[str, Any] = {"fontsize": 10, "color": svg.MUTED, "style": "italic"}
        if named:
            axes.text(
                1, 1.02, "heads only", **look, ha="right", va="bottom", transform=axes.transAxes
            )


def _bound_line(axes: Axes, cells: Sequence[Cell], form: int, line: int, what: str) -> None:
    """One form at one delta against m: hollow if vacuous, ∞ at the top if infinite."""
    colour, marker = _colour(form), MARKERS[form % len(MARKERS)]
    values = [(cell, _value(cell, what)) for cell in cells]
    drawn = [(c["m"], value, bool(c["vacuous"])) for c, value in values if value is not None]
    path = _xy([(m, value) for m, value, _ in drawn])
    axes.plot(*path, color=colour, linestyle=DASHES[line % len(DASHES)], zorder=3)
    for hollow, fill in ((True, svg.PAPER), (False, colour)):
        points = _xy([(m, value) for m, value, vacuous in drawn if vacuous == hollow])
        axes.plot(*points, marker, color=colour, markerfacecolor=fill, markersize=5.5, zorder=4)
    top: dict[str, Any] = {"ha": "center", "va": "top", "fontsize": 15}
    top["xycoords"] = axes.get_xaxis_transform()
    for cell in (cell for cell, value in values if value is None):
        axes.annotate("∞", (cell["m"], 1), color=colour, **top)


def _band(axes: Axes, cells: Sequence[Cell], form: int) -> None:
    """The 5 % to 95 % range of a bound against m."""
    bounds = [(c["m"], c["bound"]["q05"], c["bound"]["q95"]) for c in cells]
    finite = [row for row in bounds if None not in row]
    x, low, high = ([row[at] for row in finite] for at in range(3))
    axes.fill_between(x, low, high, color=_colour(form), alpha=0.13, linewidth=0, zorder=2)


def _colour(form: int) -> str:
    return svg.FORMS[form % len(svg.FORMS)]


def _xy(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _value(cell: Cell, what: str) -> float | None:
    """The bound, or what it adds to gamma (positive, or None)."""
    bound, gamma = cell["bound"]["median"], cell["gamma"]["median"]
    if what == "bound" or bound is None or gamma is None:
        return None if bound is None else float(bound)
    return float(bound - gamma) if bound > gamma else None


def _last(cells: Sequence[Cell], what: str) -> float | None:
    """The value at the largest size."""
    return _value(cells[-1], what)


def _whiskers(
    axes: Axes,
    rows: Sequence[dict[str, Any]],
    name: str,
    place: float,
    marker: str,
    colour: str,
) -> None:
    """Medians with their ranges, moved sideways by a fraction of the axes' width to stand apart."""
    low_end, high_end = axes.get_xlim()
    shift = (high_end / low_end) ** place
    logarithmic = axes.get_yscale() == "log"
    points, ranges = [], []
    for row in rows:
        low, middle, high = (row[name][at] for at in RANGE)
        if middle is None or (logarithmic and middle <= 0):
            continue
        x = row["m"] * shift
        points.append((x, middle))
        if low is not None and high is not None:
            ranges.append((x, middle / 10 if logarithmic and low <= 0 else low, high))
    for x, low, high in ranges:
        axes.plot([x, x], [low, high], color=colour, linewidth=1.1, zorder=5)
    wide = marker == "_"
    edge, size = (2.2, 8.0) if wide else (0.0, 5.5)
    axes.plot(*_xy(points), marker, color=colour, zorder=6, markeredgewidth=edge, markersize=size)


def _ticks(axes: Axes, values: Sequence[float]) -> None:
    """Ticks at the values, in ascending order, as many as have space for their labels."""
    to_axes = axes.transData + axes.transAxes.inverted()
    middle = axes.get_xlim()[0]
    kept: list[float] = []
    height = -math.inf
    for value in values:
        here = float(to_axes.transform((middle, value))[1])
        if here - height >= TICK_EVERY:
            kept.append(value)
            height = here
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(FixedLocator(kept))
    axes.yaxis.set_major_formatter(FixedFormatter([_tick(value) for value in kept]))


def _tick(value: float) -> str:
    """A tick's label: powers of ten far from one, short decimals elsewhere."""
    if value != 0 and not 0.01 <= abs(value) < 10_000:
        exponent = math.log10(abs(value))
        if abs(exponent - round(exponent)) < 1e-9:
            return power_of_ten(round(exponent))
    return plain_number(round(value, 12))


def _title(axes: Axes, text: str) -> None:
    axes.text(0, 1.02, text, va="bottom", transform=axes.transAxes)


def _name_lines(axes: Axes, ends: Sequence[End], distance: float) -> None:
    """Names beside the right ends of the lines, moved apart if they would overlap."""
    present = [(name, value, colour) for name, value, colour in ends if value is not None]
    to_axes = axes.transData + axes.transAxes.inverted()
    middle = axes.get_xlim()[1]
    wanted = [float(to_axes.transform((middle, value))[1]) for _, value, _ in present]
    placed = svg.spread(wanted, distance, 0.02, 0.98)
    for (name, _, colour), height in zip(present, placed, strict=True):
        text = axes.text(1.02, height, name, color=colour, fontsize=10.5, linespacing=1.15)
        text.set(va="center", ha="left", transform=axes.transAxes)
