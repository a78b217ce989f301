"""The headline: what the population is, what is proved, what is measured, and what it is not.

Every sentence speaks of one kind of heads and names it.
"""

from __future__ import annotations

from collections.abc import Callable

from verify.findings.proofs import Heads
from verify.findings.situation import Measured, Situation
from verify.report.formats import full_name
from verify.verdicts.gain import Proof

ROWS_PER_COLUMN = 10
"""Fewer rows than this for each column are few: with n rows and p columns, least squares fits a share
of about p/n of a target that is pure noise, which is 10 % at this ratio."""

HEADS: dict[Heads, str] = {
    "ball": "heads of bounded norm",
    "free": "plain least-squares heads",
}
NO_ADVICE = "This tests theorems on these rows; it is no advice about modalities on new data."
APART = "What is said of these rows tests theorems; only what is said of new rows is advice about modalities."
"""The last sentence where an answer for new rows comes first."""


def headline(
    found: Situation, rows: int, columns: int, modalities: int, closing: str = NO_ADVICE
) -> str:
    """What a study says about the gain.

    Parameters
    ----------
    found
    rows, columns
        Of the population; of all modalities together.
    modalities
        Their number.
    closing
        The last sentence: what the others are not.
    """
    few = f" (few for {columns:,} columns, so that memorised noise counts as a gain)"
    where = f"On these {rows:,} rows{few if few_rows(rows, columns) else ''} taken as the whole population"
    claim = _claim(found, modalities)
    said = _PROVED[found.proved.outcome](found, claim)
    return f"{where}: {said} {_measured(found.measured)} {closing}"


def few_rows(rows: int, columns: int) -> bool:
    """Whether the rows are few against the columns.

    Examples
    --------
    >>> few_rows(300, 13), few_rows(300, 64)
    (False, True)
    """
    return rows < ROWS_PER_COLUMN * columns


def _claim(found: Situation, modalities: int) -> str:
    if found.only is not None:
        return f"{full_name(found.only[0])} beats {full_name(found.only[1])}"
    if found.whole:
        return f"all {modalities} modalities together beat each one alone"
    return "M beats N"


def _all_proved(found: Situation, claim: str) -> str:
    said = found.proved
    if found.only is None and not found.whole:
        claim = f"{claim} in all {said.compared} comparisons"
    sizes = "each at some of the sizes measured, but not at every larger one"
    if said.from_m is not None:
        sizes = f"at every size measured from m = {said.from_m:,} on"
    return (
        f"provably yes for {HEADS[said.heads]}: {claim}; a bound certifies it at"
        f" δ = {said.delta:g}, {sizes}."
    )


def _proved_in_part(found: Situation, claim: str) -> str:
    said = found.proved
    rest = ""
    if said.left_open:
        rest = f"; in {said.left_open} more the samples cannot tell"
    return (
        f"provable in part for {HEADS[said.heads]}: at δ = {said.delta:g} a bound certifies at some of"
        f" the sizes measured that M beats N in {said.certified} of {said.compared} comparisons{rest}."
    )


def _open(found: Situation, claim: str) -> str:
    said = found.proved
    which = f"whether a bound certifies for {HEADS[said.heads]} that {claim}"
    if said.left_open < said.compared:
        which = (
            f"in {said.left_open} of {said.compared} comparisons whether a bound certifies for"
            f" {HEADS[said.heads]} that M beats N"
        )
    if found.trials < found.enough:
        return (
            f"too few samples to tell; {found.trials:,} of each size leave open {which};"
            f" {found.enough:,} would be enough if they all agree."
        )
    return f"undecided; the {found.trials:,} samples of each size leave open {which}."


def _none(found: Situation, claim: str) -> str:
    where = "at any size measured"
    if found.only is None:
        return f"no bound certifies, in any comparison and {where}, that M beats N."
    return f"no bound certifies {where} that {claim}."


_PROVED: dict[Proof, Callable[[Situation, str], str]] = {
    "proved": _all_proved,
    "proved in part": _proved_in_part,
    "open": _open,
    "none": _none,
}


def _measured(found: Measured) -> str:
    """What was measured at the largest size, in how many of the comparisons."""
    every = f"of {found.compared} comparison{'' if found.compared == 1 else 's'}"
    parts = []
    if found.better:
        parts.append(f"M is better than N on most samples in {found.better} {every}")
    if found.worse:
        hurt = f" (more modalities hurt in {found.hurts} of these)" if found.hurts else ""
        parts.append(f"M is worse than N on most samples in {found.worse} {every}{hurt}")
    if found.left_open:
        why = "too few samples to tell" if found.few else "no difference shown"
        parts.append(f"{why} in {found.left_open} {every}")
    return f"Measured with {HEADS[found.heads]} at m = {found.m:,}: {'; '.join(parts)}."
