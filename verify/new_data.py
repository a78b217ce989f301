"""What the rows of a user's own data set show about new rows, for the report on them."""

from __future__ import annotations

from typing import Any

from empirical.observations.observe import observed
from verify.decisions import words
from verify.decisions.decide import decide
from verify.design import Design


def new_data(design: Design, workers: int | None = None) -> dict[str, Any] | None:
    """The part `new_data` of report.json: which modalities pay on new rows, by `decide`.

    Half of the rows train models and half certify, unless the data have a training part of their own.
    It depends on the rows, the seed and the smallest delta of the design alone, and is computed again
    whenever a report is written.

    Parameters
    ----------
    design
        Of the study.
    workers
        Processes for training; the values do not depend on it.

    Returns
    -------
    dict or None
        None for a bundled data set. `refused` says why nothing can be said, and is None otherwise.
        `sentence` is the answer; `modalities` has the certified gain of each modality in the units of
        `metric`, and the same numbers as text in points.

    Examples
    --------
    >>> import numpy as np
    >>> from verify.study import verify_dataset
    >>> rng = np.random.default_rng(0)
    >>> x = {"a": rng.normal(size=(40, 2)), "b": rng.normal(size=(40, 2))}
    >>> part = new_data(verify_dataset(x, rng.normal(size=40)))
    >>> part["refused"]
    'the data must leave at least 30 rows in each part, got 20 in the training part'
    """
    if design.data.bundled:
        return None
    try:
        found = decide(
            observed(design.data),
            delta=min(design.delta),
            # `decide` takes seeds of 63 bits, a study those of 64.
            seed=design.seed % 2**63,
            workers=workers,
        ).document
    except ValueError as refusal:
        return {"refused": " ".join(str(refusal).split())}
    return {
        "refused": None,
        "sentence": found["recommendation"]["sentence"],
        "subset": found["recommendation"]["subset"],
        "about": found["certified"]["about"],
        "metric": found["metric"]["label"],
        "margin": found["margin"],
        "margin_points": words.points(found["margin"]),
        "delta": found["delta"],
        "confidence": words.confidence(found["delta"]),
        "split": found["split"],
        "modalities": [_modality(each) for each in found["modalities"]],
        "warnings": found["warnings"],
    }


def _modality(each: dict[str, Any]) -> dict[str, Any]:
    kept = {
        key: each[key]
        for key in ("name", "verdict", "gain", "low", "high", "beside", "n", "rows_sentence")
    }
    beside = words.joined(each["beside"]) if each["beside"] else "a constant prediction"
    points = {key: words.signed(each[key]) for key in ("gain", "low", "high")}
    return {**kept, "against": beside, "points": points}
