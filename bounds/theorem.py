"""The form of any theorem; no particular one.

A `Theorem` is data: a left-hand side, named terms whose sum bounds it, the assumptions, the
probability with which it may fail, the way its bound moves with each argument, a derivation and a
reference. Everything else (numbers, roots, tables, LaTeX, JavaScript, checks) is computed from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import sympy

from bounds.frozen import FrozenMapping
from bounds.notation import QUANTITIES, ModalitySet, Quantity
from bounds.statement import (
    evaluation,
    inversion,
)
from bounds.statement import (
    plotting as presentation,
)
from bounds.statement import (
    typesetting as text,
)
from bounds.statement.evaluation import BoundValue
from bounds.statement.inversion import Solution

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from bounds.statement.derivation import Derivation


class Requirement(Enum):
    """Marks an argument that has no default."""

    REQUIRED = "required"


REQUIRED: Final = Requirement.REQUIRED
Default = float | None | Requirement


@dataclass(frozen=True)
class Assumption:
    """A hypothesis of a theorem, listed even where no training can meet it."""

    key: str
    text: str


@dataclass(frozen=True)
class Term:
    """One summand of a bound.

    `where` is the condition under which the expression bounds anything; elsewhere the term is
    infinite. A `measured` term is an observation rather than a price, and never called dominant;
    the range of the loss is compared with the terms that are `against_range`.
    """

    name: str
    expression: sympy.Expr
    where: sympy.logic.boolalg.Boolean = sympy.true
    measured: bool = False
    against_range: bool = True


@dataclass(frozen=True)
class Theorem:
    """`lhs` is at most the sum of `terms`, except with probability `failure_probability`.

    `symbols` adds quantities of one's own to those of `bounds.notation`; any other free symbol is
    rejected. `directions` says for each argument whether the bound grows (+1), falls (-1) or stays
    (0) as it grows; one that is left out moves it either way, depending on the others;
    `bounds.contract.check_contract` proves it. `alternatives` are the same theorem
    for other arguments: `evaluate` and `solve` take the form that fits the names given.

    A theorem of one's own, Hoeffding's inequality for one fixed predictor:

    >>> import sympy
    >>> from bounds.notation import C, ETA_M, L_hat, delta, m
    >>> mine = Theorem(
    ...     key="mine.hoeffding",
    ...     title="One fixed predictor",
    ...     subsets=(ModalitySet.of("T"),),
    ...     lhs=ETA_M,
    ...     terms=(
    ...         Term("empirical_loss", L_hat, measured=True),
    ...         Term("confidence", C * sympy.sqrt(sympy.log(1 / delta) / (2 * m))),
    ...     ),
    ...     assumptions=(Assumption("iid", "the rows of S are drawn independently"),),
    ...     failure_probability=delta,
    ...     reference="Hoeffding (1963), Theorem 1",
    ...     directions={"L_hat": 1, "C": 1, "m": -1, "delta": -1},
    ... )
    >>> round(mine.evaluate(L_hat=0.1, C=1, m=100, delta=0.05).total, 6)
    0.222387
    """

    key: str
    title: str
    subsets: tuple[ModalitySet, ...]
    lhs: sympy.Expr
    terms: tuple[Term, ...]
    assumptions: tuple[Assumption, ...]
    failure_probability: sympy.Expr
    reference: str
    directions: Mapping[str, int]
    defaults: Mapping[str, float | None] = field(default_factory=FrozenMapping)
    derivation: Derivation | None = None
    symbols: tuple[Quantity, ...] = ()
    alternatives: tuple[Theorem, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "directions", FrozenMapping(self.directions))
        object.__setattr__(self, "defaults", FrozenMapping(self.defaults))
        object.__setattr__(self, "failure_probability", sympy.sympify(self.failure_probability))
        if self.failure_probability.free_symbols - {QUANTITIES["delta"].symbol}:
            raise ValueError(
                "failure_probability must be a function of delta alone, "
                f"got {self.failure_probability}"
            )
        names = [term.name for term in self.terms]
        if len(set(names)) < len(names):
            raise ValueError(f"terms must have distinct names, got {', '.join(names)}")
        known = {quantity.symbol for quantity in self.quantities.values()}
        unknown = sorted(map(str, self.statement.free_symbols - known))
        if unknown:
            raise ValueError(
                f"{self.key} must use symbols of bounds.notation or of its own `symbols`, "
                f"with their assumptions, got {', '.join(unknown)}"
            )
        astray = sorted(set(self.directions) - set(self.arguments))
        if astray:
            raise ValueError(
                f"directions must name arguments of {self.key}, got {', '.join(astray)}"
            )

    @cached_property
    def quantities(self) -> FrozenMapping[str, Quantity]:
        """The notation that this theorem may use, by name.

        >>> from bounds import latent_quality
        >>> latent_quality.sharp("TA").quantities["C"].meaning != ""
        True
        """
        return FrozenMapping(dict(QUANTITIES) | {each.name: each for each in self.symbols})

    @property
    def bound(self) -> sympy.Expr:
        """The sum of the terms.

        >>> from bounds import latent_quality
        >>> latent_quality.sharp("TA").bound
        sqrt(2)*C*sqrt(log(1/delta))/sqrt(m) + L_hat + 2*R_loss
        """
        return sympy.Add(*(term.expression for term in self.terms))

    @property
    def statement(self) -> sympy.Rel:
        """`lhs` <= `bound`.

        >>> from bounds import latent_quality
        >>> latent_quality.sharp("TA").statement
        eta_M <= sqrt(2)*C*sqrt(log(1/delta))/sqrt(m) + L_hat + 2*R_loss
        """
        return sympy.Le(self.lhs, self.bound, evaluate=False)

    @cached_property
    def arguments(self) -> FrozenMapping[str, Default]:
        """What `evaluate` takes: name -> default, or REQUIRED, in the order of the notation.

        >>> from bounds import risk_gap
        >>> {k: v for k, v in risk_gap.sharp("TVA", "TA").arguments.items() if v is not REQUIRED}
        {'slack': 0.0, 'best_risk': 0.0}
        """
        given: dict[str, Default] = {
            name: self.defaults.get(name, REQUIRED) for name in self.inputs
        }
        return FrozenMapping({**given, "C": given.get("C"), "best_risk": 0.0})

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The arguments that the formula itself uses, in the order of the notation.

        >>> from bounds import latent_quality
        >>> sorted(latent_quality.sharp("TA").inputs)
        ['C', 'L_hat', 'R_loss', 'delta', 'm']
        """
        free = self.bound.free_symbols | self.failure_probability.free_symbols
        free |= sympy.And(*(term.where for term in self.terms)).free_symbols
        return tuple(q.name for q in self.quantities.values() if q.symbol in free)

    @property
    def sample_size(self) -> str | None:
        """The name of the argument that counts examples: "m", "m_head" or none.

        >>> from bounds import risk_gap
        >>> risk_gap.paper("TVA", "TA").sample_size, risk_gap.fast_rate("TVA", "TA").sample_size
        ('m', 'm_head')
        """
        return next((name for name in ("m", "m_head") if name in self.arguments), None)

    def level(self, delta: Any) -> float | evaluation.FloatArray:
        """The failure probability at `delta`, broadcast.

        >>> from bounds import risk_gap
        >>> risk_gap.paper("TVA", "TA").level(0.05)
        0.025
        """
        return evaluation.failure_probability(self, delta)

    def evaluate(self, **arguments: Any) -> BoundValue:
        """The bound in numbers; every argument broadcasts, in float64.

        Anything that ``numpy.asarray`` accepts will do (pandas Series, torch tensors). Bad input is
        a `ValueError` that names the argument, what it must be and what it was.

        >>> from bounds import risk_gap
        >>> t = risk_gap.paper("TVA", "TA")
        >>> v = t.evaluate(gamma=-0.1, R_M=0.02, L=1.0, C=1.0, m=[100, 1000], delta=0.05)
        >>> v.total.round(3).tolist(), v.dominant.tolist(), v.vacuous.tolist()
        ([1.003, 0.358], ['confidence', 'confidence'], [True, False])
        """
        return evaluation.evaluate(self, arguments)

    def solve(self, name: str, *, total: Any, **arguments: Any) -> Solution:
        """The value of the argument `name` at which the bound equals `total`.

        Any other argument may be a number or an expression in `name`. See `bounds.statement.inversion`.

        >>> import sympy
        >>> from bounds import risk_gap
        >>> t, m = risk_gap.paper("TVA", "TA"), sympy.Symbol("m")
        >>> s = t.solve("m", total=0.1, gamma=0, R_M=2 / sympy.sqrt(m), L=1, C=1, delta=0.05)
        >>> s.least_integer, round(float(s), 3)
        (64681, 64680.728)
        """
        return inversion.solve(self, name, total, arguments)

    def nonvacuous_from(self, **arguments: Any) -> float:
        """The least sample size from which the bound says more than the loss's range does.

        Arguments (other than the sample size) may be expressions in it; `math.inf` where the bound
        stays vacuous for ever.

        >>> import sympy
        >>> from bounds import risk_gap
        >>> t, m = risk_gap.paper("TVA", "TA"), sympy.Symbol("m")
        >>> t.nonvacuous_from(gamma=0, R_M=2 / sympy.sqrt(m), L=1, C=1, delta=0.05)
        647
        """
        return inversion.nonvacuous_from(self, arguments)

    def table(self, **arguments: Any) -> pandas.DataFrame:
        """One row per point: what varies, every term, the total, the dominant term, vacuous.

        >>> from bounds import latent_quality
        >>> t = latent_quality.sharp("TVA")
        >>> frame = t.table(L_hat=0, R_loss=0.1, C=1, m=[100, 400], delta=0.05)
        >>> list(frame.columns[:3]), frame["total"].round(3).tolist()
        (['m', 'empirical_loss', 'complexity'], [0.445, 0.322])
        """
        return presentation.table(self, arguments)

    def plot(self, along: str | None = None, **arguments: Any) -> Figure:
        """A stacked waterfall of the terms along one argument, the vacuous zone shaded.

        >>> import numpy as np
        >>> from bounds import latent_quality
        >>> t = latent_quality.sharp("TVA")
        >>> m = np.geomspace(10, 1e5, 50).round()
        >>> figure = t.plot("m", L_hat=0, R_loss=2 / np.sqrt(m), C=1, m=m, delta=0.05)
        >>> figure.axes[0].get_xscale()
        'log'
        """
        return presentation.plot(self, along, arguments)

    def latex(self) -> str:
        """The statement as LaTeX, with the labels of the subsets.

        >>> from bounds import latent_quality
        >>> print(latent_quality.sharp("TA").latex())  # doctest: +ELLIPSIS
        \\eta(\\hat g_{TA}) \\le \\hat L(...) + 2 \\mathfrak{R}_m(...) + ...
        """
        return text.latex(self)

    def javascript(self) -> str:
        """A JavaScript function of the same bound: arguments as one object; total and terms out.

        >>> from bounds import latent_quality
        >>> latent_quality.sharp("TA").javascript().splitlines()[0]
        'function latent_quality_sharp({L_hat, R_loss, C, m, delta, best_risk = 0}) {'
        """
        return text.javascript(self)
