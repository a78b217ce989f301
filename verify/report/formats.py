"""How pages write numbers and subsets: three digits, minus signs, powers of ten, short names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from markupsafe import Markup, escape

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUBSCRIPT = re.compile(r"\b([A-Za-z])_(\w)\b")


def power_of_ten(exponent: int) -> str:
    """Ten to an integer power, in Unicode.

    Examples
    --------
    >>> power_of_ten(-3)
    '10⁻³'
    """
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def plain_number(value: float | None, none: str = "∞", digits: int = 3) -> str:
    """A number as text: integers whole, else `digits` significant ones. `none` stands for None.

    Examples
    --------
    >>> plain_number(1024), plain_number(-0.26), plain_number(None)
    ('1,024', '−0.26', '∞')
    >>> plain_number(141802745881), plain_number(2.011e-05)
    ('1.42 × 10¹¹', '2.01 × 10⁻⁵')
    """
    if value is None or not math.isfinite(value):
        return none
    size = abs(value)
    if size != 0 and (size >= 1e7 or size < 1e-3):
        mantissa, exponent = f"{value:.2e}".split("e")
        text = f"{float(mantissa):g} × {power_of_ten(int(exponent))}"
    elif isinstance(value, int) or size >= 1000:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.{digits}g}"
    return text.replace("-", "−")


def fixed(value: float | None, digits: int = 2) -> str:
    """A number with a fixed count of decimals.

    Examples
    --------
    >>> fixed(-1234.567), fixed(-1e-28), fixed(None)
    ('−1,234.57', '0.00', '—')
    """
    if value is None:
        return "—"
    # Adding 0.0 makes zero of minus zero.
    return f"{round(value, digits) + 0.0:,.{digits}f}".replace("-", "−")


def signed(value: float) -> str:
    """A difference with two decimals and its sign.

    Examples
    --------
    >>> signed(0.5), signed(-0.123)
    ('+0.50', '−0.12')
    """
    return f"{round(value, 2) + 0.0:+.2f}".replace("-", "−")


def scientific(value: float) -> str:
    """Two digits and a power of ten.

    Examples
    --------
    >>> scientific(3.14e-28)
    '3.1 × 10⁻²⁸'
    """
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × {power_of_ten(int(exponent))}".replace("-", "−")


def number(value: float | None, none: str = "∞", digits: int = 3) -> Markup:
    """A number as HTML that carries its full precision: <data value="0.2560113">0.256</data>."""
    if value is None:
        return escape(none)
    return Markup('<data value="{}">{}</data>').format(
        repr(value), plain_number(value, digits=digits)
    )


def interval(low: float | None, high: float | None, digits: int = 3) -> Markup:
    """An interval in words; empty if an end is not finite."""
    if low is None or high is None:
        return Markup("")
    first, last = (plain_number(end, digits=digits) for end in (low, high))
    if "×" in first and first.partition(" ")[2] == last.partition(" ")[2]:
        # One power of ten serves both ends.
        shown = Markup('<data value="{}">{}</data>').format(repr(low), first.partition(" ")[0])
        return Markup("{} to {}").format(shown, number(high))
    return Markup("{} to {}").format(number(low, digits=digits), number(high, digits=digits))


def subscripts(text: str) -> Markup:
    """A text of the library with the indices of its symbols as subscripts: S_1, G_M.

    Examples
    --------
    >>> subscripts("drawn from S_1 <")
    Markup('drawn from S<sub>1</sub> &lt;')
    """
    return Markup(_SUBSCRIPT.sub(r"\1<sub>\2</sub>", str(escape(text))))


def full_name(subset: Sequence[str]) -> str:
    """Every name of a subset."""
    return " + ".join(subset)


def short_name(subset: Sequence[str], everything: Sequence[str]) -> str:
    """A subset's name, abbreviated if it has many modalities.

    Examples
    --------
    >>> short_name(["a", "b"], "abcde"), short_name("abcde", "abcde")
    ('a + b', 'all 5 modalities')
    >>> short_name("abcd", "abcde"), short_name("abcd", "abcdefgh")
    ('all but e', 'a + b + 2 more')
    """
    missing = [name for name in everything if name not in subset]
    if len(subset) <= 2 or (len(subset) == 3 and len(missing) > 1):
        return full_name(subset)
    if not missing:
        return f"all {len(everything)} modalities"
    if len(missing) == 1:
        return f"all but {missing[0]}"
    return f"{full_name(subset[:2])} + {len(subset) - 2} more"


def subset(names: Sequence[str], everything: Sequence[str]) -> Markup:
    """A subset's short name as HTML; its full name is the tooltip, also for screen readers."""
    short, full = short_name(names, everything), full_name(names)
    if short == full:
        return Markup('<span class="subset">{}</span>').format(short)
    return Markup('<abbr class="subset" title="{}">{}</abbr>').format(full, short)
