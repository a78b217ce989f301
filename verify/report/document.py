"""The report as data: all that the page shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from empirical.quality.fast_rate import RANGE_TOLERANCE
from empirical.worlds.population import CLIP_NORM
from verify.findings.findings import Findings
from verify.findings.situation import enough
from verify.report.answer import answer
from verify.report.assumptions import assumptions, confidence
from verify.report.provenance import plain, provenance
from verify.results.results import Results

SCHEMA_VERSION = 2


def document(
    results: Results, command: str | None = None, new_data: dict[str, Any] | None = None
) -> dict[str, Any]:
    """report.json as a dictionary; every non-finite number in it is None.

    Parameters
    ----------
    results
        Of a finished study.
    command
        The command line that repeats the study, None if it was run from Python.
    new_data
        What the rows show about new rows, as plain values; None for bundled data.

    Returns
    -------
    dict
        Keys: schema_version, answer, new_data, enough, claims, pairs, crossovers, proofs, thresholds, cells,
        complexities, assumptions, config, confidence, looks, environment, seconds, command.
    """
    found, design = Findings.of(results), results.design
    content: dict[str, Any] = plain(
        {
            "schema_version": SCHEMA_VERSION,
            "answer": asdict(answer(found, design, new_data)),
            "new_data": new_data,
            "enough": enough(found),
            **{name: part for name, part in asdict(found).items() if name != "modalities"},
            "complexities": [
                {**row, "M": design.classes[int(row["subset"])]}
                for row in results.complexities.to_dict("records")
            ],
            "assumptions": [asdict(each) for each in assumptions(results)],
            "config": {
                **design.config(),
                "clip_norm": CLIP_NORM,
                "range_tolerance": RANGE_TOLERANCE,
                "reference_risk": results.reference_risk,
                "fingerprint": design.fingerprint,
            },
            "confidence": asdict(confidence(results, found)),
            "looks": {"samples": results.looks, "planned": results.planned},
            "environment": provenance(),
            "seconds": results.seconds,
            "command": command,
        }
    )
    return content
