"""Where the arguments of the explorer start, and how far their sliders go."""

from __future__ import annotations

from dataclasses import dataclass

from bounds.domains import Domain
from bounds.quantity import Quantity


@dataclass(frozen=True)
class Start:
    """The first value of an argument, the ends of its slider, and how the slider divides them.

    Parameters
    ----------
    value, low, high
        Numbers of the argument's domain; a number typed in may lie beyond the ends.
    scale
        "linear", "log", or "cube" for a range that begins at 0.
    """

    value: float
    low: float
    high: float
    scale: str


def _cube(value: float, high: float) -> Start:
    return Start(value, 0.0, high, "cube")


def _signed(value: float) -> Start:
    return Start(value, -1.0, 1.0, "linear")


_SIZE = Start(10_000, 1, 1e7, "log")
_COMPLEXITY = _cube(0.02, 1.0)

STARTS: dict[str, Start] = {
    "gamma": _signed(0.0),
    "L_hat": _signed(0.05),
    "L_hat_M": _signed(0.05),
    "L_hat_N": _signed(0.1),
    "Z_mean": _signed(-0.05),
    "gibbs_hat": _cube(0.05, 1.0),
    "Z_square": _cube(0.1, 1.0),
    **dict.fromkeys(("R_M", "R_abs_M", "R_vector_M", "R", "R_vector"), _COMPLEXITY),
    **dict.fromkeys(("R_loss", "R_hat_loss", "R_loss_head"), _COMPLEXITY),
    "KL": _cube(50.0, 10_000.0),
    "C_M": _cube(4.0, 100.0),
    "C_N": _cube(1.0, 100.0),
    "V": _cube(1.0, 50.0),
    "v_norm": _cube(0.1, 5.0),
    "v_max": _cube(3.0, 50.0),
    "v_frobenius": _cube(0.3, 10.0),
    "V_hat": _cube(1.0, 50.0),
    "inflation": _cube(1.2, 10.0),
    "theta": Start(2.0, 1e-3, 1e3, "log"),
    "L": _cube(1.0, 10.0),
    "C": _cube(1.0, 10.0),
    "m": _SIZE,
    "m_head": _SIZE,
    "m_test": _SIZE,
    "bet": Start(0.1, 1e-4, 10.0, "log"),
    "lam": Start(2000.0, 1.0, 1e6, "log"),
    "delta": Start(0.05, 1e-9, 0.9, "log"),
    "kappa": Start(0.1, 0.0, 1.2, "linear"),
    "leverage": _cube(20.0, 1000.0),
    "p": Start(10, 1, 1e4, "log"),
    "slack": _cube(0.0, 1.0),
    "first_order_slack": _cube(0.0, 1.0),
}
"""By the name of the argument."""


def start(quantity: Quantity) -> Start:
    """Where an argument starts; one that is not listed starts inside its domain.

    Examples
    --------
    >>> from bounds.notation import QUANTITIES
    >>> start(QUANTITIES["delta"]).value
    0.05
    """
    return STARTS.get(quantity.name) or _inside(quantity.domain)


def _inside(domain: Domain) -> Start:
    if domain.integer:
        return Start(max(domain.low, 100.0), max(domain.low, 1.0), 1e6, "log")
    if domain.high < float("inf"):
        middle = (max(domain.low, 0.0) + domain.high) / 2
        return Start(middle, max(domain.low, 0.0) + 1e-3, domain.high - 1e-3, "linear")
    if domain.low == 0 and domain.open_ends:
        return Start(1.0, 1e-3, 1e3, "log")
    if domain.low == 0:
        return _cube(0.1, 10.0)
    return _signed(0.0)
