"""A theorem as a table and as a picture. pandas and matplotlib are imported on use alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bounds.evaluation import BoundValue, checked, common_shape, evaluate, fitting_form

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bounds.theorem import Theorem

# Colours that stay apart for colour-blind readers (Okabe and Ito 2008).
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")


def table(theorem: Theorem, arguments: Mapping[str, Any]) -> pandas.DataFrame:
    """See `Theorem.table`."""
    import pandas

    value = evaluate(theorem, arguments)
    varying = _varying(theorem, arguments)
    columns: dict[str, Any] = dict(varying)
    columns |= value.terms
    columns |= {"total": value.total, "dominant": value.dominant}
    if value.vacuous is not None:
        columns["vacuous"] = value.vacuous
    shape = np.shape(value.total)
    return pandas.DataFrame(
        {name: np.ravel(np.broadcast_to(column, shape)) for name, column in columns.items()}
    )


def plot(theorem: Theorem, along: str | None, arguments: Mapping[str, Any]) -> Figure:
    """See `Theorem.plot`. `along` names the argument on the axis; nothing may vary against it."""
    from matplotlib.figure import Figure

    varying = _varying(theorem, arguments)
    along = along or next(iter(varying), None)
    if along not in varying:
        raise ValueError(
            f"along must name an argument that varies, got {along!r} where "
            f"{', '.join(varying) or 'none'} varies"
        )
    value = evaluate(theorem, arguments)
    if np.ndim(value.total) != 1:
        raise ValueError(f"arguments must vary in one direction, got shape {np.shape(value.total)}")
    order = np.argsort(varying[along])
    x = varying[along][order]
    figure = Figure(figsize=(7.0, 4.4), layout="constrained")
    axes = figure.add_subplot()
    _stack(axes, x, value, order)
    _shade_vacuous(axes, x, value, order)
    axes.set(xlabel=along, ylabel="bound", title=theorem.title, xlim=(x[0], x[-1]))
    axes.set_xscale("log")
    axes.legend(loc="upper right", fontsize="small")
    return figure


def _varying(theorem: Theorem, arguments: Mapping[str, Any]) -> dict[str, Any]:
    quantities = fitting_form(theorem, arguments).quantities
    values = {
        name: checked(name, quantities[name].domain, value)
        for name, value in arguments.items()
        if value is not None
    }
    shape = common_shape(values)
    return {
        name: np.ravel(np.broadcast_to(value, shape))
        for name, value in values.items()
        if value.size > 1
    }


def _stack(axes: Axes, x: Any, value: BoundValue, order: Any) -> None:
    """Every term upon those before it; a negative one takes the pile down, as in a waterfall."""
    base = np.zeros(x.shape)
    for colour, (name, term) in zip(_COLOURS, value.terms.items(), strict=False):
        top = base + np.asarray(term)[order]
        axes.fill_between(x, base, top, color=colour, alpha=0.75, linewidth=0, label=name)
        base = top
    axes.plot(x, base, color="black", linewidth=1.6, label="total")


def _shade_vacuous(axes: Axes, x: Any, value: BoundValue, order: Any) -> None:
    if value.loss_range is None:
        return
    offset = np.asarray(value.total) - np.asarray(value.claim)
    ceiling = (np.asarray(value.loss_range) + offset)[order]
    top = max(1.6 * float(np.max(ceiling)), 0.0)
    lowest = min(0.0, float(np.min(np.cumsum(np.stack(list(value.terms.values())), axis=0))))
    axes.set_ylim(1.1 * lowest, top)
    axes.fill_between(x, ceiling, top, color="grey", alpha=0.25, hatch="//", label="vacuous")
