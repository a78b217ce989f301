"""A statement as a table and as a picture. pandas and matplotlib are imported only when used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bounds.names import did_you_mean
from bounds.statement.evaluation import evaluate
from bounds.statement.statement import Statement
from bounds.statement.value import BoundValue

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

# What one expects on the axis if several arguments vary together.
_SIZES = ("m", "m_head", "m_test")

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
    return evaluate(statement, **arguments).frame


def plot(
    statement: Statement, /, along: str | None = None, *, ax: Axes | None = None, **arguments: Any
) -> Axes:
    """A stacked waterfall of the terms along one argument, the vacuous zone shaded.

    Parameters
    ----------
    along
        The argument on the axis; by default the size of the sample if it varies, else the first that
        takes different values. Nothing may vary against it. The axis is logarithmic where values are
        positive and span a factor of ten. Values of both signs, or zeros, are on a linear axis, which far
        from zero is logarithmic if they span a factor of a thousand.
    ax
        Where to draw; by default the axes of a new figure of pyplot.

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
    value = evaluate(statement, **arguments)
    varying = {name: np.ravel(each) for name, each in value.varying.items()}
    along = along or _along(varying)
    if along not in varying:
        near = did_you_mean(along, varying)
        raise ValueError(
            f"along must name an argument that varies, got {along!r} where "
            f"{', '.join(varying) or 'none'} varies{near}"
        )
    if np.ndim(value.total) != 1:
        raise ValueError(f"arguments must vary in one direction, got shape {np.shape(value.total)}")
    order = np.argsort(varying[along])
    x = varying[along][order]
    terms = {name: np.asarray(term)[order] for name, term in value.terms.items()}
    axes = _new_axes() if ax is None else ax
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


def _new_axes() -> Axes:
    """Axes of a figure that pyplot shows and closes."""
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(7.0, 4.4), layout="constrained")[1]


def _along(varying: Mapping[str, Any]) -> str | None:
    """The size of the sample if it takes different values, else the first argument that does."""
    different = [name for name, values in varying.items() if np.ptp(values) > 0] or list(varying)
    return next((name for name in (*_SIZES, *different) if name in different), None)


def _scale(axes: Axes, x: Any) -> None:
    """Logarithmic, linear, or linear around zero and logarithmic beyond, as the values need."""
    sizes = np.abs(x[x != 0])
    span = np.max(sizes) / np.min(sizes) if sizes.size else 1.0
    if x[0] > 0:
        axes.set_xscale("log" if span >= 10 else "linear")
    elif span >= 1000:
        axes.set_xscale("symlog", linthresh=float(np.min(sizes)))
    if x[0] < x[-1]:
        axes.set_xlim(x[0], x[-1])


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
