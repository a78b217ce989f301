"""A certificate: what was proved about the mean gap of two predictors, and how."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Literal

from verify.results.display import table

Side = Literal["both", "upper", "lower"]
Verdict = Literal["M better", "N better", "cannot tell"]


@dataclass(frozen=True, repr=False)
class Certificate:
    """What hold-out rows prove about E[loss of M − loss of N] on new rows; negative: M is better.

    Attributes
    ----------
    gap : float
        The mean difference on the hold-out: an estimate.
    low, high : float
        The ends of the interval. With side "both" each end is wrong with probability at most
        delta / 2; with one side that end with probability at most delta, and the other end is the
        range's.
    delta : float
        The certificate is wrong with at most this probability, over hold-outs.
    n : int
        The number of independent units: rows, or groups if there are any.
    rows : int
    C : float
        Differences lie in [−C, C].
    spread : float
        The standard deviation of a unit's difference.
    side : {"both", "upper", "lower"}
    verdict : {"M better", "N better", "cannot tell"}
    method : str
    seed : int
        Of the order in which the units were taken.
    unit : {"row", "group"}
        With groups the mean is over groups: each group counts once, with the mean of its rows.
    p_M_better, p_N_better : float
        P-values of the hypotheses that M is not better, and that N is not better.
    certified : bool
        False for the normal interval, which is right for large n alone.
    clip : float or None
        Where losses were cut off; the certificate is about the losses cut off there.
    clipped : int
        How many rows have a loss that was cut off.
    family : str
        How the certificate shares delta with others; empty if it stands alone.
    share : float
        The part of delta that this certificate may spend.
    weighted : bool
        Whether it is about the mean of a weight times the difference.

    Examples
    --------
    >>> found = Certificate(-0.2, -0.3, -0.1, delta=0.05, n=100, rows=100, C=1.0, spread=0.5)
    >>> found.verdict
    'cannot tell'
    """

    gap: float
    low: float
    high: float
    delta: float
    n: int
    rows: int
    C: float
    spread: float
    side: Side = "both"
    verdict: Verdict = "cannot tell"
    method: str = "betting"
    seed: int = 0
    unit: Literal["row", "group"] = "row"
    p_M_better: float = 1.0
    p_N_better: float = 1.0
    certified: bool = True
    clip: float | None = None
    clipped: int = 0
    family: str = ""
    share: float = 1.0
    weighted: bool = False

    @property
    def statement(self) -> str:
        """The certificate in one or two sentences."""
        sure = f"with {100 * (1 - self.delta):.6g} % confidence"
        what = "the mean loss of M minus that of N on new rows"
        if self.weighted:
            what = "the weighted mean difference of the losses of M and N on new rows"
        if self.unit == "group":
            what += " (mean over groups)"
        if self.side == "upper":
            said = f"{what} is at most {self.high:+.4g}"
        elif self.side == "lower":
            said = f"{what} is at least {self.low:+.4g}"
        else:
            said = f"{what} lies between {self.low:+.4g} and {self.high:+.4g}"
        said = f"{sure} {said}"
        if not self.certified:
            said = f"approximately, for large n alone, {said}; this is not certified"
        parts = [f"{said[0].upper()}{said[1:]}."]
        if self.family:
            parts.append(f"{self.family[0].upper()}{self.family[1:]}.")
        if self.clip is not None:
            parts.append(
                f"Losses are cut off at {self.clip:g}: {self.clipped} of {self.rows} rows."
            )
        return " ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """All fields and the statement, as plain values."""
        return {**asdict(self), "statement": self.statement}

    def __repr__(self) -> str:
        units = f"{self.rows} rows"
        if self.unit == "group":
            units += f" in {self.n} groups"
        mark = "" if self.certified else ", not certified"
        return (
            f"{self.verdict}: gap {self.gap:+.4g}, [{self.low:+.4g}, {self.high:+.4g}]"
            f" (delta {self.delta:g}, {units}, {self.method}{mark})\n{self.statement}"
        )

    def plot(self, ax: Any = None) -> Any:
        """Draw the gap with its interval, and zero.

        Parameters
        ----------
        ax
            Matplotlib axes; None: those of a new figure of pyplot.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from matplotlib import pyplot

        axes = pyplot.subplots(figsize=(6.0, 1.6), layout="constrained")[1] if ax is None else ax
        axes.axvline(0, color="black", linewidth=0.8)
        axes.plot([self.low, self.high], [0, 0], color="C0", linewidth=2)
        axes.plot([self.gap], [0], "o", color="C0")
        axes.set(yticks=[], xlabel="mean loss of M minus that of N", title=self.verdict)
        return axes

    def _repr_html_(self) -> str:
        rows = {
            "gap": f"{self.gap:+.4g}",
            "interval": f"[{self.low:+.4g}, {self.high:+.4g}]",
            "delta": f"{self.delta:g}",
            f"{self.unit}s": str(self.n),
            "p, M better": f"{self.p_M_better:.3g}",
            "p, N better": f"{self.p_N_better:.3g}",
            "method": self.method,
        }
        return f"{table(self.verdict, rows)}<p>{escape(self.statement)}</p>"


def level_of(delta: float, side: Side) -> float:
    """The probability with which one end may fail.

    Examples
    --------
    >>> level_of(0.05, "both"), level_of(0.05, "upper")
    (0.025, 0.05)
    """
    return delta / 2 if side == "both" else delta


def verdict_of(low: float, high: float) -> Verdict:
    """What an interval of the gap says; NaN says nothing.

    Examples
    --------
    >>> verdict_of(-0.2, -0.1), verdict_of(-0.1, 0.1)
    ('M better', 'cannot tell')
    """
    if high < 0:
        return "M better"
    return "N better" if low > 0 else "cannot tell"
