"""The data sets that come with the library.

Bundled sets are scikit-learn's own (nothing is downloaded); ``simulated`` is the construction of
Huang et al. (2021), Table 4. ``from_arrays`` and ``load_npz`` take the user's own features.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bounds.domains import SHARE, at_least, one_of
from empirical.datasets.dataset import Dataset, from_arrays

__all__ = ["breast_cancer", "diabetes", "digits", "share", "simulated"]


CONSTRUCTIONS = ("mixing", "copied")


def _bundled(*arrays: Any, **options: Any) -> Dataset:
    return replace(from_arrays(*arrays, **options), bundled=True)


def digits(task: str | None = None) -> Dataset:
    """1,797 handwritten digits, ten classes; the four 4×4 quadrants are the modalities.

    References
    ----------
    UCI Optical Recognition of Handwritten Digits as bundled with scikit-learn. Pixels that are
    the same in all images are dropped.

    Examples
    --------
    >>> data = digits()
    >>> data.names, data.rows, len(data.classes)
    (('upper-left', 'upper-right', 'lower-left', 'lower-right'), 1797, 10)
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    halves = {"upper": slice(0, 4), "lower": slice(4, 8)}
    sides = {"left": slice(0, 4), "right": slice(4, 8)}
    pixels = np.array([[f"pixel_{row}_{column}" for column in range(8)] for row in range(8)])
    features = {
        f"{half}-{side}": pd.DataFrame(
            bunch.images[:, rows, columns].reshape(len(bunch.images), -1),
            columns=pixels[rows, columns].ravel(),
        )
        for half, rows in halves.items()
        for side, columns in sides.items()
    }
    return _bundled(
        features,
        bunch.target,
        task=task,
        name="digits",
        description="UCI handwritten digits (scikit-learn): four quadrants of 4×4 pixels",
    )


def breast_cancer(task: str | None = None) -> Dataset:
    """569 tumours, two classes; mean, standard error and worst of ten measures are the modalities.

    References
    ----------
    Wisconsin Diagnostic Breast Cancer as bundled with scikit-learn.

    Examples
    --------
    >>> data = breast_cancer()
    >>> data.names, data.classes, data.rows
    (('mean', 'standard-error', 'worst'), ('benign', 'malignant'), 569)
    """
    from sklearn.datasets import load_breast_cancer

    frame = load_breast_cancer(as_frame=True)
    groups = {"mean": slice(0, 10), "standard-error": slice(10, 20), "worst": slice(20, 30)}
    labels = frame.target if task == "regression" else frame.target_names[frame.target]
    return _bundled(
        {name: frame.data.iloc[:, columns] for name, columns in groups.items()},
        labels,
        task=task,
        name="breast-cancer",
        description="Wisconsin breast cancer (scikit-learn): mean, standard error, worst",
    )


def diabetes(task: str | None = None) -> Dataset:
    """442 patients, disease progression after a year; vitals and blood serum are the modalities.

    References
    ----------
    Efron et al. (2004) as bundled with scikit-learn, in the original units (age in years, sex
    coded 1 and 2, body mass index, mean blood pressure, six serum measures).

    Examples
    --------
    >>> data = diabetes()
    >>> data.names, data.task, data.rows
    (('vitals', 'serum'), 'regression', 442)
    """
    from sklearn.datasets import load_diabetes

    frame = load_diabetes(as_frame=True, scaled=False)
    vitals = ["age", "sex", "bmi", "bp"]
    return _bundled(
        {"vitals": frame.data[vitals], "serum": frame.data.drop(columns=vitals)},
        frame.target,
        task=task,
        name="diabetes",
        description="Diabetes progression (scikit-learn): vitals against blood serum",
    )


def simulated(
    overlap: float = 0.5,
    rows: int = 10_000,
    modalities: int = 4,
    features: int = 100,
    seed: int = 0,
    construction: str = "mixing",
) -> Dataset:
    """Gaussian modalities x1…xK that share information with x1, and one real label.

    u⁽ᵏ⁾ ∈ R^features standard normal, x⁽¹⁾ = u⁽¹⁾, y = Σ_k 1ᵀx⁽ᵏ⁾. ``construction="mixing"``:
    x⁽ᵏ⁾ = overlap·x⁽¹⁾ + (1−overlap)·u⁽ᵏ⁾, which reproduces Table 4 of Huang et al. (2021): best
    population squared error from the first n of K modalities (K−n)·features·(1−overlap)².
    ``"copied"``: the first round(overlap·features) coordinates of x⁽ᵏ⁾ are those of x⁽¹⁾ and the
    others u⁽ᵏ⁾, the popular description, which does not (error (K−n)·features·(1−overlap)).
    The defaults are the paper's sizes, 7,000 training and 3,000 test rows taken together.

    Gaussian features have no finite loss bound C; as a finite population the drawn rows do.

    Raises
    ------
    ValueError
        For an overlap outside [0, 1], rows < 2, modalities < 2, features < 1, and an unknown
        construction.

    Examples
    --------
    >>> data = simulated(overlap=1.0, rows=5, modalities=3, features=2)
    >>> bool(np.array_equal(data.modalities["x3"], data.modalities["x1"]))
    True
    """
    for argument, value, least in (
        ("rows", rows, 2),
        ("modalities", modalities, 2),
        ("features", features, 1),
    ):
        at_least(least).whole(argument, value)
    u = np.random.default_rng(seed).standard_normal((modalities, rows, features))
    x = share(u, overlap, construction)
    return _bundled(
        {f"x{k + 1}": x[k] for k in range(modalities)},
        x.sum(axis=(0, 2)),
        name="simulated",
        description=(
            f"Gaussian modalities, {construction} with overlap {overlap:g} "
            f"(Huang et al. 2021, Table 4), seed {seed}"
        ),
    )


def share(u: NDArray[np.float64], overlap: float, construction: str) -> NDArray[np.float64]:
    """Modalities x of shape [K, rows, d] that share information with x⁽¹⁾ = u⁽¹⁾.

    Parameters
    ----------
    u
        [K, rows, d]. "mixing": x⁽ᵏ⁾ = overlap·x⁽¹⁾ + (1−overlap)·u⁽ᵏ⁾. "copied": the first
        round(overlap·d) coordinates of x⁽ᵏ⁾ are those of x⁽¹⁾, the others u⁽ᵏ⁾.

    Raises
    ------
    ValueError
        For an overlap outside [0, 1] or an unknown construction.

    Examples
    --------
    >>> u = np.array([[[2.0, 2.0]], [[0.0, 0.0]]])
    >>> share(u, 0.5, "mixing")[1].tolist(), share(u, 0.5, "copied")[1].tolist()
    ([[1.0, 1.0]], [[2.0, 0.0]])
    """
    SHARE.check("overlap", overlap)
    one_of("construction", construction, CONSTRUCTIONS)
    x = np.array(u, dtype=np.float64)
    if construction == "mixing":
        x[1:] = overlap * x[0] + (1 - overlap) * x[1:]
    else:
        shared = round(overlap * x.shape[2])
        x[1:, :, :shared] = x[0, :, :shared]
    return x
