"""Where the lines and points of the page's figures lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from verify.decisions import words

WIDTH = 450
"""Of the drawing of one modality."""


def forest(document: dict[str, Any]) -> dict[str, Any]:
    """Where the lines of the forest plot lie: a drawing for each modality, with the margin as a band."""
    modalities = [each for each in document["modalities"] if each["gain"] is not None]
    margin = document["margin"]
    # The ends of the range of a metric would hide everything else.
    reach = max([4 * margin, *(2.5 * abs(each["gain"]) for each in modalities)])
    ends = [abs(end) for each in modalities for end in (each["low"], each["high"])] or [margin]
    limit = max(min(max(ends), max(reach, _median(ends))), 1e-9)

    def x(value: float) -> float:
        kept: float = min(max(value, -limit), limit)
        return float(round((kept + limit) / (2 * limit) * (WIDTH - 16), 1))

    rows = [
        {
            **each,
            "x_low": x(each["low"]),
            "x_high": x(each["high"]),
            "x": x(each["gain"]),
            "cut_low": each["low"] < -limit,
            "cut_high": each["high"] > limit,
        }
        for each in modalities
    ]
    return {
        "width": WIDTH,
        "band": (x(-margin), x(margin)),
        "zero": x(0.0),
        "ticks": [(x(value), words.signed(value)) for value in ticks(-limit, limit)],
        "rows": rows,
        "unknown": [each for each in document["modalities"] if each["gain"] is None],
    }


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers between two ends.

    Examples
    --------
    >>> ticks(-0.1, 0.1)
    [-0.1, -0.05, 0.0, 0.05, 0.1]
    """
    if not high > low:
        return [low]
    raw = (high - low) / (most - 1)
    scale = 10.0 ** math.floor(math.log10(raw))
    step = scale * next(each for each in (1, 2, 5, 10) if each * scale >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def learning_curves(document: dict[str, Any]) -> dict[str, Any] | None:
    """Where the points of the learning curves lie; None if there are none."""
    found = document["curves"]
    if not found:
        return None
    sizes = sorted({each["m"] for each in found})
    if len(sizes) < 2:
        return None
    low = min(each["low"] for each in found)
    high = max(each["high"] for each in found)
    room = max(high - low, 1e-12)
    width, height, left, bottom = 640, 300, 56, 44

    def x(m: float) -> float:
        share = (math.log(m) - math.log(sizes[0])) / (math.log(sizes[-1]) - math.log(sizes[0]))
        return round(left + share * (width - left - 170), 1)

    def y(loss: float) -> float:
        return float(round(12 + (high - loss) / room * (height - bottom - 12), 1))

    subsets = list(dict.fromkeys(tuple(each["subset"]) for each in found))
    lines = []
    for place, subset in enumerate(subsets):
        points = [each for each in found if tuple(each["subset"]) == subset]
        lines.append(
            {
                "name": words.joined(subset),
                "colour": f"var(--form-{place % 5})",
                "dash": ("", "6 4", "2 3")[place // 5 % 3],
                "path": " ".join(f"{x(p['m'])},{y(p['loss'])}" for p in points),
                "bars": [(x(p["m"]), y(p["low"]), y(p["high"])) for p in points],
                "end": (x(points[-1]["m"]), y(points[-1]["loss"])),
            }
        )
    _spread(lines)
    return {
        "width": width,
        "height": height,
        "left": left,
        "bottom": height - bottom,
        "right": width - 170,
        "lines": lines,
        "places": [(x(m), words.count(m)) for m in sizes],
        "ticks": [(y(v), f"{v:.3g}") for v in ticks(low, high) if low <= v <= high],
    }


def price_picture(document: dict[str, Any]) -> dict[str, Any] | None:
    """Mean loss of every set against its price; None without two prices.

    A set that no cheaper one equals lies on the line, and has its name.
    """
    found = [
        each
        for each in document["subsets"]
        if each["cost"] is not None and each["complete_loss"] is not None
    ]
    prices = sorted({each["cost"] for each in found})
    if len(prices) < 2:
        return None
    losses = [each["complete_loss"] for each in found]
    low, high = min(losses), max(losses)
    room = max(high - low, 1e-12)
    width, height, left, bottom = 640, 230, 56, 44

    def x(price: float) -> float:
        share = (price - prices[0]) / (prices[-1] - prices[0])
        return float(round(left + 14 + share * (width - left - 190), 1))

    def y(loss: float) -> float:
        return float(round(14 + (high - loss) / room * (height - bottom - 28), 1))

    points = [
        {
            "name": words.joined(each["subset"]),
            "price": each["cost"],
            "loss": each["complete_loss"],
            "end": (x(each["cost"]), y(each["complete_loss"])),
            "best": each["pareto"],
            "cheapest": each["subset"] == document["cheapest"],
        }
        for each in found
    ]
    line = sorted((each for each in points if each["best"]), key=lambda each: each["price"])
    _spread(line)
    return {
        "width": width,
        "height": height,
        "left": left,
        "bottom": height - bottom,
        "right": width - 160,
        "points": points,
        "line": line,
        "path": " ".join(f"{a},{b}" for a, b in (each["end"] for each in line)),
        "places": [(x(price), f"{price:g}") for price in _apart(prices, x)],
        "ticks": [(y(v), f"{v:.3g}") for v in ticks(low, high, 4) if low <= v <= high],
    }


def _apart(prices: Sequence[float], x: Any, least: float = 44.0) -> list[float]:
    """Those prices whose labels do not touch, from the lowest."""
    kept: list[float] = []
    for price in prices:
        if not kept or x(price) - x(kept[-1]) >= least:
            kept.append(price)
    return kept


def _median(values: Sequence[float]) -> float:
    listed = sorted(values)
    return listed[len(listed) // 2]


def _spread(lines: list[dict[str, Any]], least: float = 15.0) -> None:
    """Labels at the ends of lines, moved apart until they can be read."""
    last = -math.inf
    for line in sorted(lines, key=lambda each: each["end"][1]):
        last = max(line["end"][1], last + least)
        line["label_y"] = round(last, 1)
