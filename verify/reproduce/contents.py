"""What each table's document holds, before slips, environment and time are added to all alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from empirical.modalities import Subset
from empirical.paper.iemocap import HOW_TO_GET
from empirical.paper.splits import Split, standardised
from verify.reproduce import answers
from verify.reproduce.table4 import closed_form as overlap
from verify.reproduce.table4 import measure as table4
from verify.reproduce.tables123 import cells as tables
from verify.reproduce.tables123 import experiment

_TITLES = {
    1: ("test accuracy by subset of the modalities", "M", ""),
    2: ("accuracy differences beside γ", "M : N", ""),
    3: ("accuracy against the share of the training rows", "M", "ratio"),
}
_WHAT = {
    1: "Top-1 accuracy (%) and cross-entropy (nats) of the paper’s network",
    2: "M minus N: accuracy in points, and γ with refitted heads in points and in nats",
    3: "Top-1 accuracy (%) of the paper’s network trained on a share of the rows",
}
_CELLS = {1: tables.table1, 2: tables.table2, 3: tables.table3}
_ANSWERS = {1: answers.table1, 2: answers.table2, 3: answers.table3}
_WHOSE = {"iemocap": "IEMOCAP", "stand-in": "a made-up stand-in"}


def simulated(seed: int) -> dict[str, Any]:
    """Table 4."""
    measured = table4.measure(seed)
    modalities = measured["config"]["modalities"]
    document = {
        "title": "Table 4: simulated data, error against overlap",
        "what": "Test mean squared error of predicting y = Σ 1ᵀx⁽ᵏ⁾ from the first modalities",
        "row_title": "M",
        "column_title": "overlap",
        "data": {
            "name": "simulated",
            "kind": "simulated",
            "description": "Four Gaussian modalities of 100 features that overlap with the first,"
            " 7,000 training and 3,000 test rows.",
            "how_to_get": None,
            "modalities": [f"x{k + 1}" for k in range(modalities)],
        },
        "formulas": {n: overlap.statement(n, modalities) for n in range(1, modalities)},
        "criterion": None,
        **measured,
    }
    document["answer"] = answers.table4(document)
    document["differences"] = answers.table4_differences(document)
    return document


def trained_table(
    table: int,
    wanted: Sequence[int],
    split: Split,
    trained: dict[tuple[Subset, ...], list[experiment.Run]],
    *,
    seed: int,
    seeds: int,
    epochs: int,
    workers: int | None,
    progress: bool = False,
) -> dict[str, Any]:
    """Tables 1 to 3.

    Parameters
    ----------
    trained
        Runs of this call so far, by family of subsets; added to. Tables that share a family share
        its runs, so that the first of them trains for all the tables in `wanted`.
    """
    split = standardised(split)
    subsets = experiment.family(split, table)
    if subsets not in trained:
        sharing = [t for t in wanted if t != 4 and experiment.family(split, t) == subsets]
        trained[subsets] = experiment.runs(
            split,
            subsets,
            seed=seed,
            ratios=experiment.ratios(split) if 3 in sharing else (1.0,),
            seeds=seeds,
            epochs=epochs,
            refit=2 in sharing,
            workers=workers,
            progress=progress,
        )
    runs = trained[subsets]
    title, row_title, column_title = _TITLES[table]
    whose = _WHOSE.get(split.kind, split.name)
    full = [run for run in runs if run.ratio == 1.0]
    document: dict[str, Any] = {
        "table": table,
        "title": f"Table {table} on {whose}: {title}",
        "what": _WHAT[table],
        "row_title": row_title,
        "column_title": column_title,
        "data": {
            "name": split.name,
            "kind": split.kind,
            "description": split.description + ".",
            "how_to_get": HOW_TO_GET if split.kind == "stand-in" else None,
            "modalities": list(split.names),
        },
        "config": {
            "seed": seed,
            "seeds": seeds,
            "epochs": epochs,
            "steps": epochs * -(-len(split.y_train) // experiment.BATCH),
            "batch": experiment.BATCH,
            "learning_rate": experiment.LEARNING_RATE,
            "train_rows": len(split.y_train),
            "test_rows": len(split.y_test),
            "real_train_rows": int(split.real_train.sum()),
            "real_test_rows": int(split.real_test.sum()),
            "columns": split.columns,
            "classes": split.classes,
        },
        "cells": _CELLS[table](split, subsets, runs),
        "quality": None,
        "criterion": tables.criterion(split, subsets, runs)
        if table == 2 or (table == 1 and split.kind == "user")
        else None,
    }
    if table == 2:
        radii = [run.refit_radius for run in full if run.refit_radius is not None]
        document["config"]["refit_radii"] = [min(radii), max(radii)]
    document["answer"] = _ANSWERS[table](document)
    document["differences"] = answers.differences(document)
    return document
