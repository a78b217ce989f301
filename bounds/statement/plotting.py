"""A statement as a table and as a picture. pandas and matplotlib are imported only when used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bounds.domains import common_shape
from bounds.statement.evaluation import BoundValue, evaluate, fitting_form
from bounds.statement.statement import Statement

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

# What one expects on the axis if several arguments vary together.
_SIZES = ("m", "m_head")

# Colours that stay apart for colour-blind readers (Okabe and Ito 2008).
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")


def table(statement: Statement, /, **arguments: Any) -> pandas.DataFrame:
    """One row per point: what varies, every term, the total, the dominant term, vacuous.

    Examples
    --------
    >>> from bounds import latent_quality
    >>> t = latent_quality.sharp("TVA")
    >>> frame = t.table(L_hat=0, R_loss=0.1, C=1, m=[100, 400], delta=0.05)
    >>> list(frame.columns[:3]), frame["total"].round(3).tolist()
    (['m', 'empirical_loss', 'complexity'], [0.445, 0.322])
    """
    import pandas

    value = evaluate(statement, **arguments)
    varying = _varying(statement, arguments)
    columns: dict[str, Any] = dict(varying)
    columns |= value.terms
    columns |= {"total": value.total, "dominant": value.dominant}
    if value.vacuous is not None:
        columns["vacuous"] = value.vacuous
    shape = np.shape(value.total)
    return pandas.DataFrame(
        {name: np.ravel(np.broadcast_to(column, shape)) for name, column in columns.items()}
    )


def plot(
    statement: Statement, /, along: str | None = None, *, ax: Axes | None = None, **arguments: Any
) -> Axes:
    """A stacked waterfall of the terms along one argument, the vacuous zone shaded.

    Parameters
    ----------
    along
        The argument on the axis; by default the size of the sample if it varies, else the first that
        does. Nothing may vary against it. The axis is logarithmic where all its values are positive.
    ax
        Where to draw; by default the axes of a new figure.

    Raises
    ------
    ValueError
        If `along` does not vary, or the arguments vary in two directions.

    Examples
    --------
    >>> import numpy as np
    >>> from bounds import latent_quality
    >>> t = latent_quality.sharp("TVA")
    >>> m = np.geomspace(10, 1e5, 50).round()
    >>> axes = t.plot("m", L_hat=0, R_loss=2 / np.sqrt(m), C=1, m=m, delta=0.05)
    >>> axes.get_xscale(), axes.get_xlabel()
    ('log', 'm')
    """
    from matplotlib.figure import Figure

    varying = {name: np.ravel(each) for name, each in _varying(statement, arguments).items()}
    along = along or next((n for n in (*_SIZES, *varying) if n in varying), None)
    if along not in varying:
        raise ValueError(
            f"along must name an argument that varies, got {along!r} where "
            f"{', '.join(varying) or 'none'} varies"
        )
    value = evaluate(statement, **arguments)
    if np.ndim(value.total) != 1:
        raise ValueError(f"arguments must vary in one direction, got shape {np.shape(value.total)}")
    order = np.argsort(varying[along])
    x = varying[along][order]
    terms = {name: np.asarray(term)[order] for name, term in value.terms.items()}
    axes = Figure(figsize=(7.0, 4.4), layout="constrained").add_subplot() if ax is None else ax
    ceiling = _vacuous_from(statement, value, order)
    axes.set_ylim(*_limits(terms, ceiling))
    _stack(axes, x, terms, value.measured)
    if ceiling is not None:
        axes.fill_between(
            x, ceiling, axes.get_ylim()[1], color="grey", alpha=0.3, hatch="//", label="vacuous"
        )
    _scale(axes, x)
    axes.set(xlabel=along, ylabel="bound", title=statement.title)
    axes.legend(loc="best", fontsize="small", framealpha=0.9)
    return axes


def _scale(axes: Axes, x: Any) -> None:
    """A logarithmic axis for positive values; around zero it is linear, as for a gap of either sign."""
    axes.set_xscale("log" if x[0] > 0 else "linear")
    if x[0] < x[-1]:
        axes.set_xlim(x[0], x[-1])


def _varying(statement: Statement, arguments: Mapping[str, Any]) -> dict[str, Any]:
    quantities = fitting_form(statement, arguments).quantities
    values = {
        name: quantities[name].domain.check(name, value)
        for name, value in arguments.items()
        if value is not None
    }
    shape = common_shape(values)
    return {name: np.broadcast_to(value, shape) for name, value in values.items() if value.size > 1}


def _vacuous_from(statement: Statement, value: BoundValue, order: Any) -> Any:
    """The total from which the bound is vacuous: the range of the loss, above gamma if there."""
    if value.loss_range is None:
        return None
    outside = [np.asarray(value.terms[t.name]) for t in statement.terms if not t.against_range]
    return (np.asarray(value.loss_range) + sum(outside))[order]


def _limits(terms: Mapping[str, Any], ceiling: Any) -> tuple[float, float]:
    """Limits that show what lies below zero and part of the vacuous zone."""
    piles = np.cumsum(np.stack(list(terms.values())), axis=0)
    finite = piles[np.isfinite(piles)]
    top = float(finite.max() if ceiling is None else 1.6 * np.max(ceiling))
    return min(0.0, 1.2 * float(finite.min())), top if top > 0 else 1.0


def _stack(axes: Axes, x: Any, terms: Mapping[str, Any], measured: frozenset[str]) -> None:
    """Stack the terms, the measured one first; the sum may lie below zero."""
    base = np.zeros(x.shape)
    edge = 10 * axes.get_ylim()[1]  # an infinite term fills the picture
    colours = iter(_COLOURS)
    for name, term in terms.items():
        top = np.minimum(base + term, edge)
        if name in measured:
            axes.plot(x, top, color="black", linewidth=1.2, linestyle="--", label=name)
        elif np.any(term != 0):
            axes.fill_between(x, base, top, color=next(colours), linewidth=0, label=name)
        base = top
    axes.plot(x, base, color="black", linewidth=1.8, label="total")
