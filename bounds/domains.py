"""What a number may be: the one checker of arguments for all three packages.

A check returns the value as float64 (or one number as float or int), or raises a `ValueError` that
names the argument, what it must be and what it was. NaN never passes.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from bounds.arrays import plain_array, same_rows
from bounds.names import did_you_mean

FloatArray = NDArray[np.float64]
Number = float | FloatArray

# What numpy would read as a number inside an array of objects.
_NO_NUMBERS = (bool, np.bool_, str, bytes, type(None))


@dataclass(frozen=True)
class Domain:
    """The numbers that an argument may be.

    Parameters
    ----------
    text
        Completes "<name> must ...".
    low, high
        The ends, themselves allowed unless `open_ends`.
    integer, finite
        Whether only whole, only finite numbers are allowed.
    clip
        Values below `low` are legitimate measurements that count as `low`.
    assumptions
        Of the sympy symbols with this domain.
    """

    text: str
    low: float = -math.inf
    high: float = math.inf
    open_ends: bool = False
    integer: bool = False
    finite: bool = False
    clip: bool = False
    assumptions: tuple[str, ...] = ("real",)

    def symbol(self, name: str) -> sympy.Symbol:
        """The symbol of that name with this domain's sympy assumptions.

        Examples
        --------
        >>> NON_NEGATIVE.symbol("x").is_nonnegative
        True
        """
        return sympy.Symbol(name, **dict.fromkeys(self.assumptions, True))

    def check(self, name: str, value: Any) -> FloatArray:
        """The value as a float64 array, every entry inside the domain.

        Raises
        ------
        ValueError
            For anything else; truth values and text are not numbers.

        Examples
        --------
        >>> PROBABILITY.check("delta", 1.5)
        Traceback (most recent call last):
        ...
        ValueError: delta must lie in (0, 1), got 1.5
        """
        try:
            raw = plain_array(name, value, self.text)
        except (TypeError, ValueError, RuntimeError) as error:
            if str(error).startswith(f"{name} must"):
                raise
            raise ValueError(f"{name} must {self.text}, got {value!r}") from None
        try:
            entries = raw.ravel() if raw.dtype.kind == "O" else ()
            if raw.dtype.kind not in "iufO" or any(isinstance(e, _NO_NUMBERS) for e in entries):
                raise TypeError
            array = raw.astype(np.float64)
        except OverflowError:
            raise ValueError(
                f"{name} must {self.text}, got an integer beyond the range of float64"
            ) from None
        except (TypeError, ValueError):
            raise ValueError(f"{name} must {self.text}, got {value!r}") from None
        with np.errstate(invalid="ignore"):
            inside = self.within(array)
            if self.clip:
                array = np.maximum(array, self.low)
            if self.integer:
                inside &= array == np.floor(array)
            if self.finite:
                inside &= np.isfinite(array)
        if not inside.all():
            offender = array[~inside].flat[0]
            raise ValueError(f"{name} must {self.text}, got {shown(offender)}")
        return array

    def within(self, array: FloatArray) -> NDArray[np.bool_]:
        """Whether each entry lies between the ends, whole and finite or not.

        Examples
        --------
        >>> PROBABILITY.within(np.array([0.0, 0.5, np.nan])).tolist()
        [False, True, False]
        """
        if self.clip:
            return ~np.isnan(array)
        if self.open_ends:
            return (array > self.low) & (array < self.high)
        return (array >= self.low) & (array <= self.high)

    def number(self, name: str, value: Any) -> float:
        """One number inside the domain, as a float.

        Raises
        ------
        ValueError
            As `check`, and for an array.

        Examples
        --------
        >>> FINITE_POSITIVE.number("radius", 3)
        3.0
        """
        array = self.check(name, value)
        if array.ndim:
            raise ValueError(f"{name} must be one number, got shape {array.shape}")
        return float(array)

    def whole(self, name: str, value: Any) -> int:
        """One integer inside the domain; a float is not one, whatever its value.

        Raises
        ------
        ValueError
            For anything else.

        Examples
        --------
        >>> at_least(0).whole("depth", 1.0)
        Traceback (most recent call last):
        ...
        ValueError: depth must be an integer of at least 0, got 1.0
        """
        try:
            number = operator.index(value)
        except TypeError:
            number = None
        if number is None or isinstance(value, bool) or not self.low <= number <= self.high:
            raise ValueError(f"{name} must {self.text}, got {value!r}")
        return number


REAL = Domain("be a finite number", finite=True)
FINITE = Domain("be finite", finite=True)
FINITE_NON_NEGATIVE = Domain("be finite and non-negative", low=0.0, finite=True)
FINITE_POSITIVE = Domain(
    "be positive and finite", low=0.0, high=math.inf, open_ends=True, assumptions=("positive",)
)
RANGE = Domain("lie in [1e-100, 1e100]", low=1e-100, high=1e100)
"""Ranges of losses: the square of a range neither overflows nor vanishes in float64."""
RADIUS = Domain("lie in [1e-15, 1e15]", low=1e-15, high=1e15, assumptions=("positive",))
"""Radii of what is trained: the square of a norm neither overflows nor vanishes in float32."""
NON_NEGATIVE = Domain("be non-negative", low=0.0, assumptions=("nonnegative",))
POSITIVE_INTEGER = Domain(
    "be a positive integer", low=1.0, integer=True, finite=True, assumptions=("integer", "positive")
)
PROBABILITY = Domain(
    "lie in (0, 1)", low=0.0, high=1.0, open_ends=True, finite=True, assumptions=("positive",)
)
SHARE = Domain("lie in [0, 1]", low=0.0, high=1.0)
POSITIVE_SHARE = Domain("lie in (0, 1]", low=math.nextafter(0.0, 1.0), high=1.0)
POSITIVE_PART = Domain(
    "be a number (below 0 counts as 0)", low=0.0, clip=True, assumptions=("nonnegative",)
)


def at_least(least: int, most: float = math.inf) -> Domain:
    """The integers from `least` up to `most`.

    Examples
    --------
    >>> at_least(1, 10).text
    'be a positive integer and at most 10'
    """
    text = "be a positive integer" if least == 1 else f"be an integer of at least {least}"
    if most < math.inf:
        text += f" and at most {most}"
    return Domain(text, low=least, high=most, integer=True, finite=True)


def range_of_losses(name: str, value: Any) -> float:
    """The largest loss, as a number whose square is one for float64.

    Examples
    --------
    >>> range_of_losses("C", 1e-200)
    Traceback (most recent call last):
    ...
    ValueError: C must lie in [1e-100, 1e100], got 1e-200
    """
    return RANGE.number(name, FINITE_POSITIVE.number(name, value))


def one_of(name: str, value: Any, allowed: Collection[str]) -> str:
    """The value, if it is one of the allowed words.

    Examples
    --------
    >>> one_of("device", "cpu", ("cpu", "cuda"))
    'cpu'
    """
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(
            f"{name} must be one of {', '.join(allowed)}, got {value!r}{did_you_mean(value, allowed)}"
        )
    return value


def common_shape(values: Mapping[str, FloatArray]) -> tuple[int, ...]:
    """The shape to which all values broadcast.

    Examples
    --------
    >>> common_shape({"m": np.zeros((3, 1)), "delta": np.zeros(2)})
    (3, 2)
    """
    try:
        return np.broadcast_shapes(*(value.shape for value in values.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {value.shape}" for name, value in values.items() if value.shape)
        raise ValueError(f"shapes must broadcast to one shape, got {shapes}") from None


def broadcast(**arguments: tuple[Domain, Any]) -> list[FloatArray]:
    """The values as arrays, each inside its domain, checked to broadcast to one shape.

    Examples
    --------
    >>> broadcast(R=(NON_NEGATIVE, 0.5), m=(POSITIVE_INTEGER, [1, 2]))
    [array(0.5), array([1., 2.])]
    """
    same_rows({name: value for name, (_, value) in arguments.items()})
    arrays = {name: domain.check(name, value) for name, (domain, value) in arguments.items()}
    common_shape(arrays)
    return list(arrays.values())


def per_example(name: str, value: ArrayLike) -> FloatArray:
    """Non-negative numbers of shape [..., m] with m ≥ 1.

    Examples
    --------
    >>> per_example("norms", [1.0, 2.0]).shape
    (2,)
    """
    array = FINITE_NON_NEGATIVE.check(name, value)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"{name} must have shape [..., m] with m ≥ 1, got shape {array.shape}")
    return array


def modality_subset(name: str, value: Iterable[str], known: Collection[str]) -> list[str]:
    """Distinct known modality names, in the order of `known`.

    Examples
    --------
    >>> modality_subset("M", ["audio", "text"], ["text", "audio", "video"])
    ['text', 'audio']
    """
    if isinstance(value, str):
        raise ValueError(f"{name} must be an iterable of modality names, got the string {value!r}")
    chosen = list(value)
    if not chosen:
        raise ValueError(f"{name} must hold at least one modality, got none")
    for modality in chosen:
        if modality not in known:
            raise ValueError(f"{name} must hold names among {list(known)}, got {modality!r}")
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"{name} must hold each modality once, got {chosen}")
    return [modality for modality in known if modality in chosen]


def plain(array: FloatArray) -> Number:
    """A zero-dimensional array as a Python float.

    Examples
    --------
    >>> plain(np.array(0.5)), plain(np.array([0.5]))
    (0.5, array([0.5]))
    """
    return float(array) if array.ndim == 0 else array


def shown(number: float) -> str:
    """A float without a trailing `.0`.

    Examples
    --------
    >>> shown(3.0), shown(0.5)
    ('3', '0.5')
    """
    return repr(float(number)).removesuffix(".0")
