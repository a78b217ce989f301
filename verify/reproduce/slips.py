"""What the paper and popular accounts of it get wrong or leave open; each claim here has a test."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Slip:
    """One slip: where it stands, what is said there, and what is true and how we know.

    Parameters
    ----------
    tables
        The tables whose pages mention it; none for slips of notation.
    inferred
        It follows from circumstances and is not proved.
    """

    key: str
    where: str
    said: str
    true: str
    tables: tuple[int, ...] = ()
    inferred: bool = False


SLIPS: tuple[Slip, ...] = (
    Slip(
        "construction",
        "popular accounts of Table 4",
        "A fraction ρ of the coordinates of each modality is copied from the first.",
        "Copying leaves a squared error of (K−n)·d·(1−ρ), 60 where the paper has 12.04. Mixing,"
        " x⁽ᵏ⁾ = ρ x⁽¹⁾ + (1−ρ) u⁽ᵏ⁾, leaves (K−n)·d·(1−ρ)² and agrees in all 20 cells.",
        (4,),
    ),
    Slip(
        "unbounded",
        "Table 4 beside Theorems 1 and 2",
        "The simulation illustrates the theorems.",
        "Gaussian inputs under squared loss have no finite bound C on the loss, so the theorems do"
        " not apply to this world as stated. As a finite population, or truncated, it is covered.",
        (4,),
    ),
    Slip(
        "always",
        "the linear case, section 5",
        "γ(M, N) ≤ 0 for N ⊂ M, always.",
        "True if the learned encoder of M has full rank (`full_latent`), and in the limit of many"
        " samples. If training leaves an encoder of lower rank, in a narrow latent space or a wide"
        " one, γ > 0 can have probability 1 at every finite m: `bounds.linear_case.counterexample`.",
        (2, 4),
    ),
    Slip(
        "swap",
        "Table 3, rows TA and TV",
        "At ratio 1: TA 51.08, TV 53.03.",
        "Table 1 has TV 51.08 and TA 53.03, with the same spreads. One of the two tables has the"
        " rows swapped; Table 2 agrees with Table 1. The full-data column says nothing about the"
        " four smaller ratios, which may be swapped or not.",
        (1, 2, 3),
    ),
    Slip(
        "padding",
        "sample sizes of the IEMOCAP experiments",
        "13,200 training and 3,410 test examples.",
        "120·110 = 13,200 and 31·110 = 3,410: 120 and 31 dialogues, padded to the longest one's 110"
        " utterances. Only 5,810 and 1,623 rows are real; 56.0 % and 52.4 % are padding. Yet the"
        " accuracies look like those over real test rows: always answering “neutral” is right on"
        " 384 of 1,623 of them, 23.66 %, the very figure of Table 3 for text at the least ratio.",
        (1, 2, 3),
        inferred=True,
    ),
    Slip(
        "crossover",
        "popular accounts of the discussion after Theorem 2",
        "More modalities are favoured from m* = ((√C(F_M) − √C(F_N)) / (L̂_N − L̂_M))² on.",
        "Comparing Theorem 2's bounds leaves a factor 4L in the numerator, 16L² in m*. Both forms"
        " compare two upper bounds: a heuristic about η, not a theorem.",
        (2,),
    ),
    Slip(
        "composition",
        "popular accounts of Theorem 1",
        "The learned model is written (ĝ_M, ĝ_M), or ĝ_M∘ĝ_M.",
        "It is the pair (ĥ_M, ĝ_M), the model ĥ_M∘ĝ_M: a head on an encoder.",
    ),
    Slip(
        "smooth",
        "the paper's assumption on the loss",
        "The loss is L-smooth.",
        "The proofs use that it is L-Lipschitz in its first argument (contraction).",
    ),
    Slip(
        "distinct",
        "popular accounts of Theorems 1 and 2",
        "M and N are independent subsets.",
        "They are distinct subsets in Theorem 1, often nested; Theorem 2 has one subset only.",
    ),
)


def of_table(table: int) -> tuple[Slip, ...]:
    """The slips that a page about one table mentions.

    Examples
    --------
    >>> [slip.key for slip in of_table(3)]
    ['swap', 'padding']
    """
    return tuple(slip for slip in SLIPS if table in slip.tables)
