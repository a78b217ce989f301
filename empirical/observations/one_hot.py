"""Columns of text as columns of zeros and ones, one for each text that occurs."""

from __future__ import annotations

import numpy as np
import pandas as pd

MOST_TEXTS = 50
"""More distinct texts than this are read as categories only if each occurs twice on average."""


def one_hot(column: pd.Series, name: str, argument: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """A column of text or categories as (rows, categories) zeros and ones, and their names.

    Parameters
    ----------
    column
        Text, or a pandas categorical. Missing entries become a category of their own.
    name
        What the column is called; the new columns are ``name=text``, the last perhaps ``name missing``.
    argument
        What the message of an error calls the table.

    Raises
    ------
    ValueError
        If nearly every row has a text of its own, as identifiers and free text have.

    Examples
    --------
    >>> one_hot(pd.Series(["wet", None, "dry"]), "road", "x")
    (array([[0., 1., 0.],
           [0., 0., 1.],
           [1., 0., 0.]]), ('road=dry', 'road=wet', 'road missing'))
    """
    codes, texts = pd.factorize(column.astype("string"), sort=True)
    if len(texts) > MOST_TEXTS and 2 * len(texts) > len(column):
        raise ValueError(
            f"{argument} must hold text only as categories that repeat, got {len(texts)} different "
            f"texts in {len(column)} rows of column {name!r}; leave out identifiers, and turn free "
            "text into numbers, such as TF-IDF or an embedding"
        )
    missing = codes < 0
    wide = np.zeros((len(column), len(texts) + bool(missing.any())))
    # A missing entry has the code −1, which is the last column.
    wide[np.arange(len(column)), codes] = 1.0
    names = tuple(f"{name}={text}" for text in texts)
    return wide, (*names, f"{name} missing") if missing.any() else names
