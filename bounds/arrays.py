"""What a user may pass as numbers, as plain arrays; and which rows of several of them belong together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def plain_array(name: str, value: Any, must: str = "hold real numbers") -> NDArray[Any]:
    """Tensors (see `readable`), frames, lists and arrays as an array.

    What numpy would drop in silence is refused.

    Parameters
    ----------
    must
        Completes "<name> must ...".

    Raises
    ------
    ValueError
        For masked and complex entries: numpy would use the hidden numbers and drop imaginary parts.

    Examples
    --------
    >>> plain_array("values", [1, 2]).tolist()
    [1, 2]
    >>> plain_array("values", [1j])
    Traceback (most recent call last):
    ...
    ValueError: values must hold real numbers, got complex128
    """
    if isinstance(value, list | tuple) and any(_special(each) for each in value):
        value = [plain_array(name, each, must) for each in value]
    value = readable(value)
    if value is np.ma.masked or np.ma.is_masked(value):
        raise ValueError(f"{name} must {must}, got masked entries")
    array = np.asarray(value)
    if array.dtype.kind == "c":
        raise ValueError(f"{name} must {must}, got {array.dtype if array.ndim else value}")
    return array


def readable(value: Any) -> Any:
    """A torch tensor as numpy can read it: without gradient, on the CPU; anything else as it is.

    Floats shorter than float32 become float32, which holds them exactly; numpy has no bfloat16.

    Examples
    --------
    >>> readable([1.0, 2.0])
    [1.0, 2.0]
    """
    if not hasattr(value, "detach"):
        return value
    value = value.detach().cpu()
    return value.float() if value.is_floating_point() and value.element_size() < 4 else value


def real_array(name: str, value: Any) -> NDArray[np.float64]:
    """Numbers and truth values as float64; NaN and infinity are kept.

    Raises
    ------
    ValueError
        For anything else.

    Examples
    --------
    >>> real_array("values", [True, 2]).tolist()
    [1.0, 2.0]
    """
    try:
        array = plain_array(name, value)
        if array.dtype.kind in "fiub":
            return array.astype(np.float64, copy=False)
        if array.dtype.kind != "O" or any(isinstance(e, str | bytes) for e in array.ravel()):
            raise TypeError
        return array.astype(np.float64)
    except OverflowError:
        raise ValueError(f"{name} must hold real numbers, got one beyond float64") from None
    except TypeError:
        raise ValueError(f"{name} must hold real numbers, got {value!r}") from None


def row_labels(value: Any) -> Any:
    """The index of a pandas object, or of what was made from one; None for anything else.

    Examples
    --------
    >>> row_labels([1.0, 2.0]) is None
    True
    """
    if hasattr(value, "iloc"):
        return value.index
    return getattr(value, "row_labels", None)


def same_rows(values: Mapping[str, Any]) -> Any:
    """Refuse values whose rows have other labels, or the same in another order; return the labels.

    Rows are then read by position. Labels that share nothing are of two kinds and say nothing about the
    order. A value of another length is left to the check of shapes.

    Raises
    ------
    ValueError
        Naming two arguments and how many labels match.

    Examples
    --------
    >>> import pandas as pd
    >>> one = pd.Series([1.0, 2.0], index=["p", "q"])
    >>> same_rows({"lhs": one, "slack": one + 1}).tolist()
    ['p', 'q']
    """
    found = [(name, row_labels(value)) for name, value in values.items()]
    labelled = [(name, index) for name, index in found if index is not None]
    if not labelled:
        return None
    first_name, first = labelled[0]
    for name, index in labelled[1:]:
        if len(index) != len(first) or index.equals(first):
            continue
        shared = int(index.isin(first).sum())
        if shared == len(index) and first.isin(index).all():
            raise ValueError(
                f"{name!r} and {first_name!r} must have their rows in the same order, got the same "
                "index labels in different orders"
            )
        if shared:
            raise ValueError(
                f"{name!r} and {first_name!r} must have the same index labels, got {shared} of "
                f"{len(index)} rows of {name!r} with a label of {first_name!r}"
            )
    return first


def _special(value: Any) -> bool:
    """What numpy does not read, or reads wrongly, as an entry of a list."""
    return hasattr(value, "detach") or value is np.ma.masked or isinstance(value, np.ma.MaskedArray)
