"""The table of forms: the theorems that a report shows, and what each one is evaluated on.

One more entry puts one more theorem into the cells, thresholds, claims, figures and tables of the page.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy

from bounds import latent_quality, risk_gap
from bounds.notation import m as m_symbol
from bounds.table import Table
from bounds.theorem import Theorem
from empirical.losses import Loss
from empirical.measure import FREE, FRESH, SAME
from empirical.measurement import Measurement, Values
from empirical.statistics.intervals import Interval
from verify.results.results import Results, Setting, Subset
from verify.verdicts.compare import interval_without_rounding

Arguments = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Place:
    """Where a form is checked: one setting, and a pair (M, N) or one subset M."""

    results: Results
    setting: Setting
    M: Subset
    N: Subset | None

    @cached_property
    def one(self) -> Measurement:
        """What was measured with M."""
        return self.results.measurement(self.setting, self.M)

    @cached_property
    def other(self) -> Measurement:
        """What was measured with N.

        Raises
        ------
        ValueError
            If there is no N.
        """
        if self.N is None:
            raise ValueError("N must be there for a risk gap, got one subset")
        return self.results.measurement(self.setting, self.N)

    @property
    def size(self) -> int:
        """The size of the sample on which the heads were fitted."""
        return self.setting.m_head

    @cached_property
    def gamma(self) -> Interval:
        """gamma on every sample: the least risk with M minus that with N."""
        return interval_without_rounding(self.one.best_risk - self.other.best_risk)

    @property
    def eta(self) -> Interval:
        """eta of M on every sample, against the reference function."""
        return self.one.best_risk - Interval.exact(self.results.reference_risk)

    @property
    def L_hat(self) -> Values:
        """L_hat of M on every sample: its empirical risk minus that of the reference function."""
        return self.one.empirical_risk - self.one.reference_empirical

    @property
    def C(self) -> float:
        """The range of the loss on the class."""
        return self.results.design.constants.C

    @property
    def free_range(self) -> float:
        """The largest loss of the zero predictor: free heads have no ball and no finite C.

        Vacuity is judged against it, which is stricter than any C.
        """
        return self.results.design.population.target_radius**2

    def complexity(self, loss_class: bool = False, everything: bool = False) -> Interval:
        """R_m of M's class, or of that of all modalities; of the loss class if asked for."""
        subset = self.results.design.data.names if everything else self.M
        return self.results.complexity(self.size, subset, loss_class)

    def falling(self, loss_class: bool = False, everything: bool = False) -> sympy.Expr | float:
        """The upper end of that complexity at any m: it scales as 1/sqrt(m) exactly; infinite if unknown."""
        upper = float(self.complexity(loss_class, everything).high)
        if math.isinf(upper):
            return upper
        return upper * math.sqrt(self.size) / sympy.sqrt(m_symbol)


@dataclass(frozen=True)
class Form:
    """A theorem as a report shows it.

    Parameters
    ----------
    name
        Its short name, unique among the forms; the figures and tables print it.
    theorem
        Makes the theorem of a pair (M, N), or of one subset M.
    of_pairs
        Whether it bounds the risk gap of a pair, or the latent quality of one subset.
    heads
        The kinds of heads on which it is checked: `SAME`, `FRESH` and `FREE` of `empirical.measure`.
    arguments
        What the theorem is evaluated on at a place, but for gamma and delta.
    in_advance
        The same for any sample size, for the least sizes: numbers, one for each sample at the largest
        size or one for all, and expressions in m. None if a sample has to be seen first.
    own_slack
        Whether it holds as stated for heads that are optimal within a slack; if not, their certified
        slack is added to it.
    quadratic
        Whether it holds for losses that are quadratic in the head alone.
    several
        Whether it is the statement for several outputs (True) or for one (False), where the theorem
        states them apart; None if one statement holds for any number.
    """

    name: str
    theorem: Callable[..., Theorem]
    of_pairs: bool
    heads: tuple[str, ...]
    arguments: Callable[[Place], Arguments]
    in_advance: Callable[[Place], Arguments] | None
    own_slack: bool = True
    quadratic: bool = False
    several: bool | None = None

    @cached_property
    def example(self) -> Theorem:
        """The theorem with the labels M and N."""
        return self.theorem("M", "N") if self.of_pairs else self.theorem("M")

    @property
    def key(self) -> str:
        """The theorem's key."""
        return self.example.key

    @property
    def free(self) -> bool:
        """Whether it is checked on free heads; their gamma differs from that of heads on the ball."""
        return FREE in self.heads

    def of(self, M: Subset, N: Subset | None) -> Theorem:
        """The theorem of a pair or of a subset."""
        return self.theorem(M) if N is None else self.theorem(M, N)

    def fits(self, loss: Loss, outputs: int) -> bool:
        """Whether it holds for this loss and this number of outputs."""
        return (loss.quadratic or not self.quadratic) and self.several in (None, outputs > 1)


def _best_on_ball(place: Place) -> Interval:
    best = place.one.best_risk
    return Interval(np.maximum(best.low, 0.0), np.maximum(best.high, 0.0))


def _upper_best(place: Place) -> Values:
    return np.maximum(place.one.best_risk.high, 0.0)


def _paper(place: Place) -> Arguments:
    L = place.results.design.constants.L
    known = {"R_M": place.complexity(), "L": L, "C": place.C, "m": place.size}
    return {**known, "best_risk": _best_on_ball(place)}


def _paper_in_advance(place: Place) -> Arguments:
    known = {"R_M": place.falling(), "L": place.results.design.constants.L, "C": place.C}
    return {**known, "best_risk": _upper_best(place)}


def _paper_vector(place: Place) -> Arguments:
    return _vector(_paper(place))


def _paper_vector_in_advance(place: Place) -> Arguments:
    return _vector(_paper_in_advance(place))


def _vector(known: Arguments) -> Arguments:
    """The same arguments where the complexities are those with one sign per output, R^c."""
    names = {"R_M": "R_vector_M", "R": "R_vector"}
    return {names.get(name, name): value for name, value in known.items()}


def _sharp(place: Place) -> Arguments:
    known = {"R_loss": place.complexity(loss_class=True), "C": place.C, "m": place.size}
    return {**known, "slack": place.one.slack, "best_risk": _best_on_ball(place)}


def _sharp_in_advance(place: Place) -> Arguments:
    known = {"R_loss": place.falling(loss_class=True), "C": place.C}
    return {**known, "best_risk": _upper_best(place)}


def _fast(place: Place) -> Arguments:
    """With the observed kappa."""
    known = {name: place.one.noise[name] for name in ("V", "v_norm", "v_max", "kappa")}
    best = np.clip(place.one.best_risk.high, 0.0, place.free_range)
    return {**known, "m_head": place.size, "C": place.free_range, "best_risk": best}


def _fast_in_advance(place: Place) -> Arguments:
    """With kappa bounded in advance, since none has been observed at other sizes."""
    names = ("V", "v_norm", "v_max", "leverage", "p")
    known = {name: place.one.noise[name] for name in names}
    best = np.minimum(_upper_best(place), place.free_range)
    return {**known, "C": place.free_range, "best_risk": best}


def _mixture(place: Place) -> Arguments:
    names = ("V", "v_norm", "v_frobenius", "V_hat", "inflation", "theta", "kappa")
    known = {name: place.one.noise[name] for name in names}
    best = np.clip(place.one.best_risk.high, 0.0, place.free_range)
    return {**known, "m_head": place.size, "C": place.free_range, "best_risk": best}


def _of_subset(place: Place) -> Arguments:
    reference = max(place.results.reference_risk, 0.0)
    return {"L_hat": place.L_hat, "C": place.C, "m": place.size, "best_risk": reference}


def _of_subset_in_advance(place: Place) -> Arguments:
    return {name: value for name, value in _of_subset(place).items() if name != "m"}


def _quality_paper(place: Place) -> Arguments:
    complexities = {"R_M": place.complexity(), "R": place.complexity(everything=True)}
    return {**_of_subset(place), **complexities, "L": place.results.design.constants.L}


def _quality_paper_in_advance(place: Place) -> Arguments:
    complexities = {"R_M": place.falling(), "R": place.falling(everything=True)}
    return {**_of_subset_in_advance(place), **complexities, "L": place.results.design.constants.L}


def _quality_paper_vector(place: Place) -> Arguments:
    return _vector(_quality_paper(place))


def _quality_paper_vector_in_advance(place: Place) -> Arguments:
    return _vector(_quality_paper_in_advance(place))


def _quality_sharp(place: Place) -> Arguments:
    return {**_of_subset(place), "R_loss": place.complexity(loss_class=True)}


def _quality_sharp_in_advance(place: Place) -> Arguments:
    return {**_of_subset_in_advance(place), "R_loss": place.falling(loss_class=True)}


BALL = (SAME, FRESH)
PAPER = Form(
    "paper",
    risk_gap.paper,
    True,
    BALL,
    _paper,
    _paper_in_advance,
    own_slack=False,
    several=False,
)
PAPER_VECTOR = Form(
    "paper, vector",
    risk_gap.paper_vector,
    True,
    BALL,
    _paper_vector,
    _paper_vector_in_advance,
    own_slack=False,
    several=True,
)
SHARP = Form("sharp", risk_gap.sharp, True, BALL, _sharp, _sharp_in_advance)
FAST_RATE = Form(
    "fast rate", risk_gap.fast_rate, True, (FREE,), _fast, _fast_in_advance, quadratic=True
)
MIXTURE = Form(
    "mixture", risk_gap.fast_rate_mixture, True, (FREE,), _mixture, in_advance=None, quadratic=True
)
QUALITY_PAPER = Form(
    "quality, paper",
    latent_quality.paper,
    False,
    (SAME,),
    _quality_paper,
    _quality_paper_in_advance,
    several=False,
)
QUALITY_PAPER_VECTOR = Form(
    "quality, paper, vector",
    latent_quality.paper_vector,
    False,
    (SAME,),
    _quality_paper_vector,
    _quality_paper_vector_in_advance,
    several=True,
)
QUALITY_SHARP = Form(
    "quality, sharp",
    latent_quality.sharp,
    False,
    (SAME,),
    _quality_sharp,
    _quality_sharp_in_advance,
)

FORMS: Table[Form] = Table(
    "form",
    [
        PAPER,
        PAPER_VECTOR,
        SHARP,
        FAST_RATE,
        MIXTURE,
        QUALITY_PAPER,
        QUALITY_PAPER_VECTOR,
        QUALITY_SHARP,
    ],
)
"""In the order of the page: first what bounds the risk gap, then what bounds the latent quality."""


def fitting_forms(loss: Loss, outputs: int) -> list[Form]:
    """The forms that hold for this loss and this number of outputs, in the order of the table.

    Examples
    --------
    >>> from empirical.losses import SQUARES
    >>> [form.name for form in fitting_forms(SQUARES, outputs=2) if not form.of_pairs]
    ['quality, paper, vector', 'quality, sharp']
    """
    return [form for form in FORMS if form.fits(loss, outputs)]
