"""Training and test rows of several modalities for classification, as a network reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirical.datasets.dataset import Dataset
from empirical.streams import stream

TEST_SHARE = 0.3
Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Split:
    """Features of K ≥ 2 modalities, cut into training and test rows.

    Parameters
    ----------
    train, test
        name → [rows, d_k]: float64 as it came, float32 once it is standardised.
    y_train, y_test
        int64 codes 0…classes−1.
    real_train, real_test
        bool: False marks padding, which no loss and no accuracy counts.
    kind
        "iemocap", "stand-in" or "user": whose numbers may stand beside the paper's.
    """

    name: str
    kind: str
    description: str
    train: dict[str, Array]
    test: dict[str, Array]
    y_train: NDArray[np.int64]
    y_test: NDArray[np.int64]
    classes: int
    real_train: NDArray[np.bool_]
    real_test: NDArray[np.bool_]

    @property
    def names(self) -> tuple[str, ...]:
        """The modalities' names, in order."""
        return tuple(self.train)

    @property
    def columns(self) -> dict[str, int]:
        """Features per modality."""
        return {name: x.shape[1] for name, x in self.train.items()}


def from_dataset(data: Dataset, seed: int = 0) -> Split:
    """The data set's own split, or a seeded one where it has none: 30 % of the rows for testing.

    Raises
    ------
    ValueError
        For regression, or if the training rows lack a class.

    Examples
    --------
    >>> from empirical.datasets.bundled import breast_cancer
    >>> split = from_dataset(breast_cancer())
    >>> len(split.y_train), len(split.y_test), split.classes
    (398, 171, 2)
    """
    if data.task != "classification":
        raise ValueError("data must have class labels, got a real target")
    order, own = np.arange(data.rows), data.train_rows
    if own is None:
        order = stream(seed, "sample", data.rows).permutation(data.rows)
        own = data.rows - round(TEST_SHARE * data.rows)
        how = f"split by seed {seed}: {own:,} rows for training, {data.rows - own:,} for testing"
    else:
        how = f"its own split: {own:,} training and {data.rows - own:,} test rows"
    train, test = order[:own], order[own:]
    if len(test) == 0 or len(train) == 0:
        raise ValueError(f"data must have training and test rows, got {len(train)} and {len(test)}")
    absent = set(range(len(data.classes))) - set(data.target[train].tolist())
    if absent:
        raise ValueError(
            f"the training rows must show every class, got none of {data.classes[min(absent)]!r}"
        )
    return Split(
        data.name,
        "user",
        f"{data.description or data.name}; {how}; {len(data.classes)} classes",
        {name: x[train] for name, x in data.modalities.items()},
        {name: x[test] for name, x in data.modalities.items()},
        data.target[train],
        data.target[test],
        len(data.classes),
        np.ones(len(train), dtype=bool),
        np.ones(len(test), dtype=bool),
    )


def standardised(split: Split) -> Split:
    """Columns of mean 0 and variance 1 over the real training rows; the test rows follow the same map.

    Computed in float64, whatever the scale or offset of a column, and rounded to float32 at the end.
    Columns that are constant on the training rows become 0, padding stays 0.

    Examples
    --------
    >>> from empirical.datasets.bundled import breast_cancer
    >>> x = standardised(from_dataset(breast_cancer())).train["mean"]
    >>> bool(abs(x.mean(axis=0)).max() < 1e-5), round(float(x.std(axis=0).max()), 4)
    (True, 1.0)
    """
    train: dict[str, Array] = {}
    test: dict[str, Array] = {}
    for name in split.names:
        rows = split.train[name][split.real_train].astype(np.float64)
        # Dividing by the largest magnitude first keeps the variance of huge or tiny values in range.
        unit = np.abs(rows).max(axis=0)
        unit[unit == 0] = 1.0
        constant = (rows == rows[0]).all(axis=0)
        rows = rows / unit
        centre, scale = rows.mean(axis=0), rows.std(axis=0)
        scale[constant] = np.inf
        for halves, found, real in (
            (split.train, train, split.real_train),
            (split.test, test, split.real_test),
        ):
            x = (halves[name].astype(np.float64) / unit - centre) / scale
            x[~real] = 0.0
            found[name] = x.astype(np.float32)
    return replace(split, train=train, test=test)


def abbreviations(names: Iterable[str]) -> dict[str, str]:
    """Full name → a letter where initials differ, else the name itself.

    Examples
    --------
    >>> abbreviations(["text", "audio"]), abbreviations(["fac", "fou"])
    ({'text': 'T', 'audio': 'A'}, {'fac': 'fac', 'fou': 'fou'})
    """
    listed = list(names)
    letters = [name[0].upper() for name in listed]
    distinct = len(set(letters)) == len(letters) and all(letter.isalpha() for letter in letters)
    return dict(zip(listed, letters if distinct else listed, strict=True))
