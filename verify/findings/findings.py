"""Everything that a study's results say, as typed values: the page is written from these alone."""

from __future__ import annotations

from dataclasses import dataclass

from verify.findings.cells import Cell, all_cells
from verify.findings.claims import ClaimFinding, all_claims
from verify.findings.crossovers import Crossover, all_crossovers
from verify.findings.pairs import PairFinding, all_pairs
from verify.findings.proofs import ProofFinding, all_proofs
from verify.findings.thresholds import Threshold, all_thresholds
from verify.results.results import Results, Subset


@dataclass(frozen=True)
class Findings:
    """What was found.

    Parameters
    ----------
    modalities
        All names, in order.
    cells, pairs, crossovers, proofs, thresholds, claims
        See their classes.
    """

    modalities: Subset
    cells: tuple[Cell, ...]
    pairs: tuple[PairFinding, ...]
    crossovers: tuple[Crossover, ...]
    proofs: tuple[ProofFinding, ...]
    thresholds: tuple[Threshold, ...]
    claims: tuple[ClaimFinding, ...]

    @classmethod
    def of(cls, results: Results) -> Findings:
        """The findings of a finished study."""
        cells, pairs = tuple(all_cells(results)), tuple(all_pairs(results))
        return cls(
            modalities=results.design.data.names,
            cells=cells,
            pairs=pairs,
            crossovers=tuple(all_crossovers(pairs)),
            proofs=tuple(all_proofs(cells)),
            thresholds=tuple(all_thresholds(results)),
            claims=tuple(all_claims(cells)),
        )
