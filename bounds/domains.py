"""Checks of numeric arguments at the public edges of the complexity and loss modules.

Each check returns the argument as float64 (or int), or raises a `ValueError` that names the
argument, what it must be and what it was. NaN and infinity never pass.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def finite(name: str, value: ArrayLike) -> FloatArray:
    """`value` as a float64 array without NaN or infinity."""
    return _checked(name, value, "finite", np.isfinite)


def non_negative(name: str, value: ArrayLike) -> FloatArray:
    """`value` as a float64 array of finite numbers ≥ 0."""
    return _checked(
        name, value, "finite and non-negative", lambda array: np.isfinite(array) & (array >= 0)
    )


def positive(name: str, value: ArrayLike) -> FloatArray:
    """`value` as a float64 array of finite numbers > 0."""
    return _checked(
        name, value, "finite and positive", lambda array: np.isfinite(array) & (array > 0)
    )


def at_least(name: str, value: ArrayLike, least: int) -> FloatArray:
    """`value` as a float64 array of whole numbers ≥ `least`."""
    return _checked(
        name,
        value,
        f"an integer ≥ {least}",
        lambda array: np.isfinite(array) & (array == np.floor(array)) & (array >= least),
    )


def one_of(name: str, value: str, allowed: Collection[str]) -> str:
    """`value` if it is one of the allowed words."""
    if value not in allowed:
        words = ", ".join(repr(word) for word in allowed)
        raise ValueError(f"{name} must be one of {words}, got {value!r}")
    return value


def broadcast(**arguments: FloatArray) -> None:
    """Raise a `ValueError` that lists the shapes if they do not broadcast together."""
    try:
        np.broadcast_shapes(*(array.shape for array in arguments.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arguments.items())
        raise ValueError(f"shapes must broadcast together, got {shapes}") from None


def per_example(name: str, value: ArrayLike) -> FloatArray:
    """`value` as non-negative numbers of shape [..., m] with m ≥ 1."""
    array = non_negative(name, value)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"{name} must have shape [..., m] with m ≥ 1, got shape {array.shape}")
    return array


def modality_subset(name: str, value: Iterable[str], known: Collection[str]) -> list[str]:
    """`value` as a list of distinct known modality names, in the order of `known`."""
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


def _checked(
    name: str,
    value: ArrayLike,
    requirement: str,
    holds: Callable[[FloatArray], NDArray[np.bool_]],
) -> FloatArray:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be {requirement}, got {value!r}") from None
    wrong = ~holds(array)
    if wrong.any():
        first = array[wrong].flat[0]
        raise ValueError(f"{name} must be {requirement}, got {first:g}")
    return array
