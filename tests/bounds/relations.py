"""What the theorems have to do with one another, and how they scale: proved with sympy.

A relation says that one bound is at most another after the arguments of the first are expressed in
those of the second, for example R_loss = L R_M (contraction). The proof writes the difference as a
sum of parts that are non-negative one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy
from sympy import log, sqrt

from bounds import latent_quality, risk_gap
from bounds.frozen import FrozenMapping
from bounds.notation import (
    R_M,
    L,
    R_abs_M,
    R_hat_loss,
    R_loss,
    R_loss_head,
    R_vector_M,
    delta,
    kappa,
    leverage,
    m,
    m_head,
    p,
    slack,
)
from bounds.proofs.inequalities import is_non_negative
from bounds.theorem import Theorem

Substitution = Mapping[sympy.Symbol, sympy.Expr]
_ROOT = sympy.Symbol("s", positive=True)  # m = 1/s^2


@dataclass(frozen=True)
class Relation:
    """`smaller` with its arguments replaced by `where` is at most `larger`.

    `reason` says where the replacement comes from.

    >>> RELATIONS[0].smaller.key, RELATIONS[0].larger.key, RELATIONS[0].proved()
    ('risk_gap.sharp', 'risk_gap.paper', True)
    """

    smaller: Theorem
    larger: Theorem
    where: FrozenMapping[sympy.Symbol, sympy.Expr]
    reason: str

    @property
    def difference(self) -> sympy.Expr:
        """The larger bound minus the smaller, in common arguments.

        >>> sorted(map(str, RELATIONS[0].difference.free_symbols))
        ['C', 'L', 'R_M', 'delta', 'm']
        """
        return self.larger.bound - self.smaller.bound.subs(dict(self.where))

    def proved(self) -> bool:
        """Whether sympy proves it, for all arguments at which the larger claims anything.

        >>> all(relation.proved() for relation in RELATIONS)
        True
        """
        return is_non_negative(self.difference, self.larger.positive_parts)


def _relation(smaller: Theorem, larger: Theorem, where: Substitution, reason: str) -> Relation:
    return Relation(smaller, larger, FrozenMapping(where), reason)


RELATIONS: tuple[Relation, ...] = (
    _relation(
        risk_gap.sharp("M", "N"),
        risk_gap.paper("M", "N"),
        {R_loss: L * R_M, slack: sympy.Integer(0)},
        "contraction for one real output, exact ERM",
    ),
    _relation(
        risk_gap.sharp("M", "N"),
        risk_gap.paper_vector("M", "N"),
        {R_loss: sqrt(2) * L * R_vector_M, slack: sympy.Integer(0)},
        "vector contraction, exact ERM",
    ),
    _relation(
        risk_gap.sharp("M", "N"),
        risk_gap.paper_absolute("M", "N"),
        {R_loss: L * R_abs_M, slack: sympy.Integer(0)},
        "contraction and R <= R with absolute value, exact ERM",
    ),
    _relation(
        risk_gap.data_dependent("M", "N"),
        risk_gap.paper("M", "N"),
        {R_hat_loss: L * R_M, slack: sympy.Integer(0)},
        "equal complexities, contraction for one real output, exact ERM",
    ),
    _relation(
        risk_gap.split_sample("M", "N"),
        risk_gap.sharp("M", "N"),
        {R_loss_head: R_loss, m_head: m},
        "equal complexities and sample sizes",
    ),
    _relation(
        latent_quality.sharp("M"),
        latent_quality.paper("M"),
        {R_loss: L * R_M},
        "contraction for one real output",
    ),
    _relation(
        latent_quality.sharp("M"),
        latent_quality.paper_vector("M"),
        {R_loss: sqrt(2) * L * R_vector_M},
        "vector contraction",
    ),
    _relation(
        risk_gap.fast_rate("M", "N"),
        risk_gap.fast_rate("M", "N").alternatives[0],
        {kappa: sqrt(2 * leverage * log(4 * p / delta) / m_head)},
        "an observed kappa no larger than the one bounded in advance",
    ),
)


def large_sample_limit(theorem: Theorem, where: Substitution | None = None) -> sympy.Expr:
    """The bound as the sample grows, the other arguments fixed or, in `where`, functions of it.

    >>> from bounds.notation import C_M, R_M
    >>> t = risk_gap.paper("TVA", "TA")
    >>> large_sample_limit(t), large_sample_limit(t, {R_M: sqrt(C_M / m)})
    (8*L*R_M + gamma, gamma)
    """
    bound, names = _in_root(theorem, where)
    return sympy.limit(bound, _ROOT, 0, "+").xreplace(names)


def leading_order(
    theorem: Theorem, where: Substitution | None = None
) -> tuple[sympy.Expr, sympy.Expr]:
    """(exponent, coefficient) of the bound minus its limit, as the sample size m grows.

    >>> from bounds.notation import C_M, R_M
    >>> exponent, coefficient = leading_order(risk_gap.sharp("T", "A"))
    >>> exponent, coefficient
    (-1/2, sqrt(2)*C*sqrt(log(2/delta)))
    >>> leading_order(risk_gap.fast_rate("T", "A"))[0]
    -1
    """
    bound, names = _in_root(theorem, where)
    rest = bound - sympy.limit(bound, _ROOT, 0, "+")
    for power in (1, 2, 3, 4):
        coefficient = sympy.limit(rest / _ROOT**power, _ROOT, 0, "+")
        if coefficient != 0:
            return sympy.Rational(-power, 2), coefficient.xreplace(names)
    raise ValueError(f"{theorem.key} must approach its limit at a rate of m^-2 or slower")


def _in_root(
    theorem: Theorem, where: Substitution | None
) -> tuple[sympy.Expr, dict[sympy.Symbol, sympy.Expr]]:
    """The bound as a function of s, m = 1/s^2, and what its stand-ins stand for.

    Logarithms and 1 - kappa, which sympy cannot sign by itself, are positive stand-ins.
    """
    if theorem.sample_size is None:
        raise ValueError(f"{theorem.key} must have a sample size, got {theorem.inputs}")
    bound = theorem.bound.subs(dict(where or {}))
    fixed = [part for part in theorem.positive_parts if isinstance(part, sympy.Add)]
    awkward = [*bound.atoms(sympy.log), *(part for part in fixed if part.is_polynomial())]
    names = {part: sympy.Dummy(positive=True) for part in awkward}
    size = theorem.quantities[theorem.sample_size].symbol
    return (
        bound.xreplace(names).subs(size, _ROOT**-2),
        {stand_in: part for part, stand_in in names.items()},
    )
