"""Everything that a study's results say, as typed values: the page is written from these alone."""

from __future__ import annotations

from dataclasses import dataclass

from verify.findings.cells import Cell, all_cells
from verify.findings.claims import ClaimFinding, all_claims
from verify.findings.pairs import PairFinding, all_pairs
from verify.findings.thresholds import Threshold, all_thresholds
from verify.results.results import Results, Subset


@dataclass(frozen=True)
class Findings:
    """What was found.

    Parameters
    ----------
    modalities
        All names, in order.
    cells, pairs, thresholds, claims
        See their classes.
    """

    modalities: Subset
    cells: tuple[Cell, ...]
    pairs: tuple[PairFinding, ...]
    thresholds: tuple[Threshold, ...]
    claims: tuple[ClaimFinding, ...]

    @classmethod
    def of(cls, results: Results) -> Findings:
        """The findings of a finished study."""
        cells = tuple(all_cells(results))
        return cls(
            modalities=results.design.data.names,
            cells=cells,
            pairs=tuple(all_pairs(results)),
            thresholds=tuple(all_thresholds(results)),
            claims=tuple(all_claims(cells)),
        )
