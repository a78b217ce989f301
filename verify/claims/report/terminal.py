"""The ledger as a table on a terminal."""

from __future__ import annotations

import textwrap
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from verify.claims.evidence.facts import GRADES
from verify.claims.report.document import SECTIONS
from verify.report.formats import plain_number

LETTERS = dict(zip(GRADES, "ECFR", strict=True))
_WIDTH = 118


def table(document: dict[str, Any]) -> str:
    """The claims of a claims.json: for each its verdict and counts, then what decided it."""
    lines = []
    for section, title in SECTIONS.items():
        mine = [claim for claim in document["claims"] if claim["section"] == section]
        if not mine:
            continue
        lines += [
            "",
            f"{title:<41}{'evidence':<10}{'expected':<11}{'verdict':<14}"
            f"{'violated':<16}{'level':<9}{'tests':>5}  caught below",
        ]
        for claim in mine:
            lines += [_counts(claim), *_words(claim)]
    legend = ", ".join(f"{letter} {grade}" for grade, letter in LETTERS.items())
    lines += ["", f"evidence: {legend}"]
    if any(claim["power"] for claim in document["claims"]):
        lines += [
            "caught below: with its terms times any smaller factor the claim would be refuted here",
            "limit: the theorem is known to be true with this multiple of its terms",
        ]
    return "\n".join(lines).lstrip("\n")


def _counts(claim: dict[str, Any]) -> str:
    decisive, power = claim["decided_by"], claim["power"]
    evidence = "".join(letter for grade, letter in LETTERS.items() if grade in claim["grades"])
    mark = " " if claim["as_expected"] else "!"
    # For a falsehood this is the factor at which it would pass, which is not a power.
    caught = "" if power is None or claim["expected"] == "refuted" else below(power["caught_below"])
    return (
        f"{mark} {claim['id']:<39}{evidence:<10}{claim['expected']:<11}{claim['verdict']:<14}"
        f"{violated(decisive):<16}{decisive['level']:<9.4g}{len(claim['findings']):>5}  {caught}"
    ).rstrip()


def below(factor: float) -> str:
    """Three digits, rounded down: what is refuted below a number is refuted below a smaller one.

    Examples
    --------
    >>> below(0.99954), below(0.2495), below(4.04e-6), below(0.0)
    ('0.999', '0.249', '4.04e-06', '0')
    """
    exact = Decimal(factor)
    return f"{float(exact.quantize(Decimal(1).scaleb(exact.adjusted() - 2), ROUND_FLOOR)):.3g}"


def violated(finding: dict[str, Any]) -> str:
    """Counts of draws, or the probability if all outcomes were enumerated.

    Examples
    --------
    >>> violated({"trials": 300, "violations": 2})
    '2 of 300'
    >>> violated({"trials": None, "violation_rate": {"value": 0.28634}})
    'P = 0.286'
    """
    if finding["trials"] is not None:
        return f"{finding['violations']} of {finding['trials']}"
    return f"P = {plain_number(finding['violation_rate']['value'])}"


def _words(claim: dict[str, Any]) -> list[str]:
    decisive = claim["decided_by"]
    said = claim["title"] + (f", {claim['altered']}" if claim["altered"] else "")
    where = (
        f"{decisive['world']}; m = {decisive['m']:,}" if decisive["m"] > 1 else decisive["world"]
    )
    if decisive["delta"] is not None and claim["theorem"] and decisive["level"] > 0:
        where += f", δ = {decisive['delta']:g}"
    text = f"{said}. Decided in: {where}"
    if decisive["note"]:
        text += f" ({decisive['note']})"
    if decisive["truth"]:
        true = decisive["truth"]
        text += f". On the same samples the true claim: {violated(true)}, {true['verdict']}"
    power = claim["power"]
    if power and power["limit"] is not None:
        same = all(power[name] == decisive[name] for name in ("source", "m", "delta"))
        there = (
            "here" if same else f"in {power['world']}, m = {power['m']:,}, δ = {power['delta']:g}"
        )
        text += f". Caught below {below(power['caught_below'])} {there}; limit {power['limit']:.3g}"
    if claim["reason"]:
        text += f". Undetectable: {claim['reason']}"
    if claim["verdict"] == "undecided" and claim["trials_needed"]:
        text += f". {claim['trials_needed']:,} samples without a violation would decide it"
    return textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ")
