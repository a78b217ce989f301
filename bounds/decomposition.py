"""What every form of Theorem 1 begins with: the quality gap, and the steps that bring it in.

    r(f_M) - r(f_N) = [r(f_M) - inf_h r(h o g_M)] + gamma + [inf_h r(h o g_N) - r(f_N)]

The last bracket is at most 0. The forms of the theorem differ in the first bracket alone.
"""

from __future__ import annotations

from bounds.notation import gamma
from bounds.proofs import lemmas
from bounds.statement.derivation import Step
from bounds.statement.statement import Term

QUALITY_GAP = Term("quality_gap", gamma, measured=True, against_range=False)

DECOMPOSITION: tuple[Step, ...] = (
    lemmas.QUALITY_GAP.step(),
    lemmas.INFIMUM.step(form=1),
)
