"""The linear case: if the learned encoder of M has full rank, its latent quality is no worse than N's.

Linear encoders and heads with one radius C_b. `full_latent` is about the encoder of M that was learned:
heads on it reach all linear maps of norm at most C_b, and those on N are among them. No sample size and
no confidence is involved. Without it the statement is false, also in a latent space as wide as the
features: `bounds.linear_case.counterexample`.
"""

from __future__ import annotations

import sympy

from bounds.notation import Modalities, distinct_pair, gamma
from bounds.proofs import lemmas
from bounds.proofs.assumptions import PAPER, assume
from bounds.statement.derivation import Derivation
from bounds.theorem import Term, Theorem


def full_latent(M: Modalities, N: Modalities) -> Theorem:
    """gamma_S(M, N) <= 0 for N inside M, on every sample and for every radius.

    Examples
    --------
    >>> full_latent("TVA", "TA").evaluate().total
    0.0
    >>> full_latent("TA", "TV")
    Traceback (most recent call last):
    ...
    ValueError: N must be a subset of M, got N = TV and M = TA
    """
    more, fewer = distinct_pair(M, N)
    if not fewer <= more:
        raise ValueError(f"N must be a subset of M, got N = {fewer.label} and M = {more.label}")
    return Theorem(
        key="nested_quality.full_latent",
        title="Linear case, learned encoder of full rank",
        subsets=(more, fewer),
        lhs=gamma,
        terms=(Term("quality_gap", sympy.Integer(0)),),
        assumptions=assume("linear_class", "full_latent", "nested"),
        failure_probability=sympy.Integer(0),
        reference=f"this library; the linear case of {PAPER}, made to hold by full_latent",
        directions={},
        derivation=Derivation((lemmas.QUALITY_GAP.step(form=1), lemmas.REACHABILITY.step())),
    )
