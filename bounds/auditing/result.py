"""What an audit found: sentences, each with the numbers that show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from bounds.frozen import FrozenMapping


@dataclass(frozen=True)
class Finding:
    """One thing that a sound bound of this kind does not do.

    Parameters
    ----------
    check
        Which check found it.
    sentence
        What is wrong, in words.
    arguments
        Where: the bound's arguments.
    value
        The bound there; NaN if it gave no number.
    reference
        The reference there.
    """

    check: str
    sentence: str
    arguments: Mapping[str, float] = field(default_factory=FrozenMapping)
    value: float = float("nan")
    reference: float = float("nan")

    def __post_init__(self) -> None:
        object.__setattr__(self, "arguments", FrozenMapping(self.arguments))

    @property
    def witness(self) -> str:
        """The numbers, in one line.

        Examples
        --------
        >>> Finding("tail", "It grows like 1/delta.", {"m": 100, "delta": 0.01}, 2.5, 0.5).witness
        'm=100, delta=0.01: the bound 2.5, the reference 0.5'
        """
        at = ", ".join(f"{name}={number:.6g}" for name, number in self.arguments.items())
        return f"{at}: the bound {self.value:.6g}, the reference {self.reference:.6g}"

    def __str__(self) -> str:
        return f"{self.check}: {self.sentence} [{self.witness}]"


@dataclass(frozen=True)
class Audit:
    """The findings of `audit`. No findings do not make a theorem: the checks are finitely many.

    Parameters
    ----------
    name, like
        What was audited, and the reference.
    findings
        What a sound bound of this kind does not do.
    passed
        The checks that found nothing.
    skipped
        The checks that could not be made, each with the reason.
    critical_factor
        The smallest multiple of what the bound adds to the average with which it would still have held, as
        often as it claims, in every exact world tried: 1 is tight, 0.1 ten times looser than needed, above
        1 is false. None if the reference has no exact world.
    reference_factor
        The same of the reference.
    """

    name: str
    like: str
    findings: tuple[Finding, ...]
    passed: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    critical_factor: float | None = None
    reference_factor: float | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing was found.

        Examples
        --------
        >>> Audit("mine", "mean.hoeffding", (), ("tail",)).ok
        True
        """
        return not self.findings

    @property
    def verdict(self) -> str:
        """The result in one line.

        Examples
        --------
        >>> Audit("mine", "mean.hoeffding", (), ("tail", "scale")).verdict
        'mine, like mean.hoeffding: nothing found by 2 checks'
        """
        if self.ok:
            return f"{self.name}, like {self.like}: nothing found by {len(self.passed)} checks"
        what = "finding" if len(self.findings) == 1 else "findings"
        return f"{self.name}, like {self.like}: {len(self.findings)} {what}"

    @property
    def looseness(self) -> str:
        """The critical factors in words; empty where the reference has no exact world.

        Examples
        --------
        >>> Audit("mine", "mean.hoeffding", (), (), (), 0.5, 0.8).looseness
        'critical factor in exact worlds 0.5 (the reference 0.8; 1 is tight, above 1 is false)'
        """
        if self.critical_factor is None or self.reference_factor is None:
            return ""
        return (
            f"critical factor in exact worlds {self.critical_factor:.3g} (the reference"
            f" {self.reference_factor:.3g}; 1 is tight, above 1 is false)"
        )

    def __repr__(self) -> str:
        return f"<Audit {self.verdict}>"

    def __str__(self) -> str:
        lines = [self.verdict, *(f"- {finding}" for finding in self.findings)]
        lines += [f"found nothing: {', '.join(self.passed)}"] if self.passed else []
        lines += [f"not checked: {'; '.join(self.skipped)}"] if self.skipped else []
        return "\n".join([*lines, *([self.looseness] if self.looseness else [])])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(each.check)}</td><td>{escape(each.sentence)}</td>"
            f"<td>{escape(each.witness)}</td></tr>"
            for each in self.findings
        )
        table = (
            "<table><thead><tr><th>check</th><th>finding</th><th>numbers</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
            if rows
            else ""
        )
        notes = [
            f"Found nothing: {', '.join(self.passed)}." if self.passed else "",
            f"Not checked: {'; '.join(self.skipped)}." if self.skipped else "",
            f"{self.looseness[:1].upper()}{self.looseness[1:]}." if self.looseness else "",
        ]
        written = "".join(f"<p>{escape(note)}</p>" for note in notes if note)
        return f"<p><strong>{escape(self.verdict)}</strong></p>{table}{written}"
