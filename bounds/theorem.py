"""A theorem: a statement with the functions that evaluate, invert, print and plot it."""

from __future__ import annotations

from bounds.proofs.receipt import receipt
from bounds.statement import display, evaluation, inversion, plotting, scripting, typesetting
from bounds.statement.statement import REQUIRED, Assumption, Statement, Term
from bounds.statement.summands import Summands

__all__ = ["REQUIRED", "Assumption", "Summands", "Term", "Theorem"]


def __dir__() -> list[str]:
    return list(__all__)


class Theorem(Statement):
    """`lhs` is at most the sum of `terms`, except with probability `failure_probability`.

    The fields are those of `Statement`. A theorem of one's own: Hoeffding's inequality for one fixed
    predictor. Its centred loss is a difference of two losses, so its range is 2C.

    Examples
    --------
    >>> import sympy
    >>> from bounds.notation import C, ETA_M, L_hat, ModalitySet, delta, m
    >>> mine = Theorem(
    ...     key="mine.hoeffding",
    ...     title="One fixed predictor",
    ...     subsets=(ModalitySet.of("T"),),
    ...     lhs=ETA_M,
    ...     terms=(
    ...         Term("empirical_loss", L_hat, measured=True),
    ...         Term("confidence", 2 * C * sympy.sqrt(sympy.log(1 / delta) / (2 * m))),
    ...     ),
    ...     assumptions=(Assumption("iid", "the rows of S are drawn independently"),),
    ...     failure_probability=delta,
    ...     reference="Hoeffding (1963), Theorem 1",
    ...     directions={"L_hat": 1, "C": 1, "m": -1, "delta": -1},
    ...     summands=Summands("L_hat", -C, C),
    ... )
    >>> round(mine.evaluate(L_hat=0.1, C=1, m=100, delta=0.05).total, 6)
    0.344775
    """

    alternatives: tuple[Theorem, ...]

    level = evaluation.level
    evaluate = evaluation.evaluate
    solve = inversion.solve
    nonvacuous_from = inversion.nonvacuous_from
    least_sample_size = inversion.least_sample_size
    table = plotting.table
    plot = plotting.plot
    latex = typesetting.latex
    latex_proof = typesetting.latex_proof
    javascript = scripting.javascript
    receipt = receipt
    __repr__ = display.one_line
    _repr_latex_ = display.formula
    _repr_html_ = display.page
