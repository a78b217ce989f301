"""The document arranged as the page reads it. Nothing is computed here: rows are chosen and grouped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from empirical.measure import FREE, SAME
from verify.report.formats import full_name

Row = dict[str, Any]
TERM_NAMES = {
    "complexity": "complexity of M’s class",
    "reference_complexity": "complexity of the whole class",
    "centring": "centring, 4C/√m",
    "confidence": "confidence",
    "head_estimation": "estimation of the head",
    "slack": "slack ε of the head",
}
SIDES = {
    "better": "M is better on most samples",
    "worse": "M is worse on most samples",
    "open": "the samples do not tell which is better on most",
}
CERTAIN = ("certified", "by construction")
"""How an assumption may be assured so that nothing is left to hope."""
MEASURED_TERMS = ("quality_gap", "empirical_loss")
"""The measured parts of a bound; its other terms allow for the finite sample."""


def titles(document: Row) -> dict[str, str]:
    """Each claim's title by its id."""
    return {claim["id"]: claim["title"] for claim in document["claims"]}


def line_names(document: Row) -> dict[str, str]:
    """The short name of each form of Theorem 1, by the id of its claim."""
    return {claim["id"]: claim["name"] for claim in document["claims"] if claim["of_pairs"]}


def form_names(document: Row) -> dict[str, str]:
    """The short names of the forms of Theorem 1, joined: those for heads on the ball, and for free ones."""
    pairs = [claim for claim in document["claims"] if claim["of_pairs"]]
    return {
        kind: ", ".join(each["name"] for each in pairs if (each["head"] == FREE) == free)
        for kind, free in (("ball", False), ("free", True))
    }


def pairs(document: Row) -> list[Row]:
    """One entry per pair (M, N), in the study's order.

    Returns
    -------
    list of dict
        M, N, title: the subsets and both full names. sizes: every m of its cells, ascending.
        largest_m: the largest with encoders of its own. forms: those of Theorem 1, each with key, name
        and by_delta, one list of cells (ascending m) per delta, the least delta first. outcome: what
        was measured at the largest m, with heads on the same sample. proofs: what the bounds say of each
        kind of heads at the least delta. ball, free: one cell per m with heads on the
        ball, or unrestricted ones. cells: all its cells.
    """
    found = []
    names = line_names(document)
    for M, N in document["config"]["pairs"]:
        mine = [c for c in document["cells"] if c["M"] == M and c["N"] == N]
        measured = [p for p in document["pairs"] if p["M"] == M and p["N"] == N]
        forms = []
        for key in dict.fromkeys(cell["theorem"] for cell in mine):
            cells = [c for c in mine if c["theorem"] == key]
            by_delta = [_of_delta(cells, delta) for delta in deltas(document)]
            forms.append({"key": key, "name": names[key], "by_delta": by_delta})
        found.append(
            {
                "M": M,
                "N": N,
                "title": f"{full_name(M)} against {full_name(N)}",
                "sizes": sorted({cell["m"] for cell in mine}),
                "largest_m": max(document["config"]["m"]),
                "forms": forms,
                "ball": _one_per_size(c for c in mine if c["head"] != FREE),
                "free": _one_per_size(c for c in mine if c["head"] == FREE),
                "outcome": max(
                    (p for p in measured if p["head"] == SAME), key=lambda row: row["m"]
                ),
                "proofs": _proofs(document, M, N, deltas(document)[0]),
                "cells": mine,
            }
        )
    return found


def deltas(document: Row) -> list[float]:
    """The deltas, the least first."""
    return sorted(document["config"]["delta"])


def assured(document: Row) -> tuple[list[Row], list[Row]]:
    """The assumptions that are certified or hold by construction, and the others."""
    rows = document["assumptions"]
    certain = [row for row in rows if row["assured"] in CERTAIN]
    return certain, [row for row in rows if row not in certain]


def complexities(document: Row) -> list[Row]:
    """The complexities, subset by subset in order of m."""
    return sorted(document["complexities"], key=lambda row: (row["subset"], row["m"]))


def encoders(config: Row) -> str:
    """The trained class in words: layers, balls, and how the modalities' features become one.

    Examples
    --------
    >>> encoders({"fusion_words": "averaged", "depth": 2, "width": 8, "encoder_radius": 3.0})
    '2 ReLU layers of 8 units per modality, the first layers of all modalities together within\
 Frobenius norm 3, each further one within 1; averaged, with a constant'
    """
    depth, radius = config["depth"], f"{config['encoder_radius']:g}"
    layers = {0: "one linear layer", 1: "one ReLU layer"}.get(depth, f"{depth} ReLU layers")
    first = "the first layers" if depth > 1 else "weights"
    further = ", each further one within 1" if depth > 1 else ""
    return (
        f"{layers} of {config['width']} units per modality, {first} of all modalities together"
        f" within Frobenius norm {radius}{further}; {config['fusion_words']}, with a constant"
    )


def dominance(document: Row) -> list[Row]:
    """Per theorem, the terms at each m for the first subset (or pair) with the most modalities.

    Each entry has title, M, N, delta, counts of dominant terms, and rows: a cell with its parts (name,
    label, value, share). Shares are in percent of the finite terms.
    """
    least = min(document["config"]["delta"])
    names = titles(document)
    found = []
    for key, title in names.items():
        cells = [c for c in document["cells"] if c["theorem"] == key and c["delta"] == least]
        largest = max(cells, key=lambda cell: len(cell["M"]))
        mine = [c for c in cells if c["M"] == largest["M"] and c["N"] == largest["N"]]
        all_cells = [c for c in document["cells"] if c["theorem"] == key]
        counts = {
            name: sum(c["dominant_term"] == name for c in all_cells)
            for name in dict.fromkeys(c["dominant_term"] for c in all_cells)
        }
        found.append(
            {
                "key": key,
                "title": title,
                "M": largest["M"],
                "N": largest["N"],
                "delta": least,
                "rows": [{"cell": cell, "parts": _parts(cell)} for cell in mine],
                "counts": [(TERM_NAMES.get(n, n), count) for n, count in counts.items()],
                "cells": len(all_cells),
            }
        )
    return found


def _parts(cell: Row) -> list[Row]:
    terms = {n: v for n, v in cell["terms"].items() if n not in MEASURED_TERMS and n != "slack"}
    whole = sum(value for value in terms.values() if value is not None) or 1.0
    return [
        {
            "name": name,
            "label": TERM_NAMES.get(name, name.replace("_", " ")),
            "value": value,
            "share": 100.0 if value is None else 100.0 * value / whole,
        }
        for name, value in terms.items()
    ]


def threshold_tables(document: Row) -> list[Row]:
    """The thresholds of Theorem 1 and of Theorem 2 as tables, one per delta, the least first."""
    tables = []
    for delta in deltas(document):
        for of_pairs in (True, False):
            mine = [
                t
                for t in document["thresholds"]
                if t["delta"] == delta and (t["N"] is not None) == of_pairs
            ]
            if not mine:
                continue
            keys = list(dict.fromkeys(t["theorem"] for t in mine))
            rows: dict[tuple[Any, ...], Row] = {}
            for t in mine:
                at = (tuple(t["M"]), tuple(t["N"] or ()))
                row = rows.setdefault(at, {"M": t["M"], "N": t["N"], "by_form": {}, "gamma": {}})
                row["by_form"][t["theorem"]] = t
                row["gamma"]["free" if t["head"] == FREE else "ball"] = t["gamma"]
            for row in rows.values():
                found = _proofs(document, row["M"], row["N"], delta)
                row["proofs"] = [proof for proof in found if proof["from_m"] is not None]
            tables.append(
                {"delta": delta, "pairs": of_pairs, "keys": keys, "rows": list(rows.values())}
            )
    return tables


def _proofs(document: Row, M: list[str], N: list[str] | None, delta: float) -> list[Row]:
    """What the bounds say of a pair at one delta, one entry for each kind of heads."""
    return [
        proof
        for proof in document["proofs"]
        if (proof["M"], proof["N"], proof["delta"]) == (M, N, delta)
    ]


def _of_delta(cells: list[Row], delta: float) -> list[Row]:
    return sorted((c for c in cells if c["delta"] == delta), key=lambda cell: cell["m"])


def _one_per_size(cells: Iterable[Row]) -> list[Row]:
    """The first cell of each m: what is measured does not depend on the form or on delta."""
    first: dict[int, Row] = {}
    for cell in cells:
        first.setdefault(cell["m"], cell)
    return [first[m] for m in sorted(first)]
