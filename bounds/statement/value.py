"""A bound in numbers, at one point or at many: its total, its terms, a frame, and how notebooks show it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bounds.domains import Number
from bounds.frozen import FrozenMapping
from bounds.names import did_you_mean

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False, repr=False)
class BoundValue:
    """A bound at one or many points; every array has the shape of `total`, scalars give floats.

    ``float(value)`` is the total, ``value["complexity"]`` a term, ``value.frame`` one row for each point.

    Parameters
    ----------
    total, terms
        The bound, and its summands by name.
    failure_probability
        The probability with which it may fail.
    claim
        The part of the bound that is compared with the range of the loss: total - gamma for a risk
        gap (gamma cancels there), the total for a latent quality.
    loss_range
        C - best_risk, or None if C is unknown.
    measured
        The names of the terms that are observations.
    varying
        The arguments that were arrays, by name.
    title
        Of the statement.
    """

    total: Number
    terms: FrozenMapping[str, Number]
    failure_probability: Number
    claim: Number
    loss_range: Number | None
    measured: frozenset[str]
    varying: FrozenMapping[str, NDArray[np.float64]] = field(default_factory=FrozenMapping)
    title: str = ""

    @property
    def dominant(self) -> str | NDArray[np.str_]:
        """The largest term, the measured gamma or L_hat left out: what one would have to shrink.

        Examples
        --------
        >>> from bounds import latent_quality
        >>> t = latent_quality.sharp("TA")
        >>> t.evaluate(L_hat=9, R_loss=0.3, C=1, m=1000, delta=0.05).dominant
        'complexity'
        """
        names = [name for name in self.terms if name not in self.measured] or list(self.terms)
        stacked = np.stack([np.asarray(self.terms[name]) for name in names])
        chosen = np.asarray(names)[stacked.argmax(axis=0)]
        return str(chosen) if chosen.ndim == 0 else chosen

    @property
    def vacuous(self) -> bool | NDArray[np.bool_] | None:
        """Whether the claim says no more than the range of the loss does; None if C is unknown.

        Examples
        --------
        >>> from bounds import latent_quality
        >>> t = latent_quality.sharp("TA")
        >>> t.evaluate(L_hat=0, R_loss=0.3, C=1, m=[10, 1000], delta=0.05).vacuous.tolist()
        [True, False]
        """
        if self.loss_range is None:
            return None
        says_nothing = np.asarray(self.claim >= np.asarray(self.loss_range))
        return bool(says_nothing) if says_nothing.ndim == 0 else says_nothing

    @property
    def frame(self) -> pandas.DataFrame:
        """One row per point: what varies, every term, the total, the dominant term, vacuous.

        Examples
        --------
        >>> from bounds import latent_quality
        >>> t = latent_quality.sharp("TA")
        >>> value = t.evaluate(L_hat=0, R_loss=0.3, C=1, m=[10, 1000], delta=0.05)
        >>> list(value.frame.columns[:2]), value.frame["vacuous"].tolist()
        (['m', 'empirical_loss'], [True, False])
        """
        import pandas

        columns: dict[str, Any] = {**self.varying, **self.terms}
        columns |= {"total": self.total, "dominant": self.dominant}
        if self.vacuous is not None:
            columns["vacuous"] = self.vacuous
        shape = np.shape(self.total)
        return pandas.DataFrame(
            {name: np.ravel(np.broadcast_to(column, shape)) for name, column in columns.items()}
        )

    def __float__(self) -> float:
        if np.ndim(self.total):
            raise ValueError(f"value must be one point, got shape {np.shape(self.total)}")
        return float(self.total)

    def __getitem__(self, name: str) -> Number:
        if name not in self.terms:
            raise ValueError(
                f"terms must be one of {', '.join(self.terms)}, got {name!r}"
                f"{did_you_mean(name, self.terms)}"
            )
        return self.terms[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.terms)

    def __repr__(self) -> str:
        if np.ndim(self.total) == 0:
            parts = " + ".join(f"{name} {float(term):.4g}" for name, term in self.terms.items())
            return f"BoundValue({float(self.total):.4g} = {parts}{_verdict(self.vacuous)})"
        total = np.asarray(self.total)
        ends = f", {np.min(total):.4g} to {np.max(total):.4g}" if total.size else ""
        along = f" along {', '.join(self.varying)}" if self.varying else ""
        return f"BoundValue(shape {total.shape}{along}{ends}; terms {', '.join(self.terms)})"

    def _repr_html_(self) -> str:
        title = f"<p><strong>{escape(self.title)}</strong></p>" if self.title else ""
        if np.ndim(self.total):
            return f"{title}{self.frame.to_html(index=False, max_rows=12, float_format='%.4g'.__mod__)}"
        rows = "".join(
            f"<tr><th>{escape(name.replace('_', ' '))}</th><td>{float(term):.4g}</td></tr>"
            for name, term in (*self.terms.items(), ("total", self.total))
        )
        return (
            f"{title}<table>{rows}</table><p>Largest term: {escape(str(self.dominant))}"
            f"{_verdict(self.vacuous)}.</p>"
        )


def _verdict(vacuous: object) -> str:
    if vacuous is None:
        return ""
    return "; vacuous" if vacuous else "; not vacuous"
