"""The files that the library writes keep to the schemas that it ships; what is wrong is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from empirical import datasets
from verify import decide, verify_dataset
from verify.claims.ledger import CLAIMS
from verify.claims.report.document import document as claims_document
from verify.claims.run import decide as decide_claims
from verify.new_data import new_data
from verify.report.document import document as report_document
from verify.report.schemas import HOMES, schema
from verify.reproduce.run import reproduce
from verify.study import Study


def report_of_bundled_data() -> dict[str, Any]:
    study = Study(datasets.diabetes(), m=(8,), head_m=(64,), trials=2, steps=2)
    return report_document(study.run(workers=1), "python -m verify report")


def report_of_own_data() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    rows = {"a": rng.normal(size=(80, 2)), "b": rng.normal(size=(80, 2))}
    study = verify_dataset(rows, rows["a"][:, 0], m=[8], head_m=[], trials=2, steps=2)
    return report_document(study.run(workers=1), None, new_data(study, 1))


def claims() -> dict[str, Any]:
    """One claim of each kind that takes no training."""
    wanted = ("planted.no_terms", "belief.more_is_better.kept", "nested_quality.full_latent")
    chosen = [claim for claim in CLAIMS if claim.id in wanted]
    assert len(chosen) == len(wanted)
    return claims_document(decide_claims(chosen, workers=1), seed=0, seconds=0.5)


def decision() -> dict[str, Any]:
    losses = {"": [0.0, 1.0] * 100, "a": [0.0, 0.0, 0.0, 1.0] * 50, "a+b": [0.0] * 200}
    return decide(predictions=losses, C=1).document


def table(folder: Path) -> dict[str, Any]:
    (found,) = reproduce("table1", data="breast-cancer", seeds=1, epochs=1, workers=1, out=folder)
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    return {
        "report.json": [report_of_bundled_data(), report_of_own_data()],
        "claims.json": [claims()],
        "decide.json": [decision()],
        "tableN.json": [table(tmp_path_factory.mktemp("table"))],
    }


@pytest.mark.parametrize("name", HOMES)
def test_what_is_written_keeps_to_the_schema(
    written: dict[str, list[dict[str, Any]]], name: str
) -> None:
    Draft202012Validator.check_schema(schema(name))
    for document in written[name]:
        plain = json.loads(json.dumps(document, allow_nan=False))
        Draft202012Validator(schema(name)).validate(plain)


@pytest.mark.parametrize("name", HOMES)
def test_what_is_wrong_is_refused(written: dict[str, list[dict[str, Any]]], name: str) -> None:
    """A key that is missing, one that is unknown, and one of another type, at the top and within."""
    check = Draft202012Validator(schema(name)).is_valid
    document = json.loads(json.dumps(written[name][0]))
    assert check(document)
    for key in document:
        assert not check({k: v for k, v in document.items() if k != key}), key
        assert not check({**document, key: object}), key
    assert not check({**document, "unknown": 1})
    rows = next(
        value
        for value in document.values()
        if isinstance(value, list) and value and value[0] and isinstance(value[0], dict)
    )
    first = rows[0]
    for key in first:
        rows[0] = {k: v for k, v in first.items() if k != key}
        assert not check(document), key
    rows[0] = {**first, "unknown": 1}
    assert not check(document)


def test_the_version_in_the_schema_is_the_one_that_is_written(
    written: dict[str, list[dict[str, Any]]],
) -> None:
    for name, documents in written.items():
        for document in documents:
            other = {**document, "schema_version": document["schema_version"] + 1}
            assert not Draft202012Validator(schema(name)).is_valid(other)


ANNOTATIONS = {"$schema", "$defs", "title", "description"}


def keywords(part: Any) -> set[str]:
    """The keywords of a schema and of all schemas within; a misspelt one would check nothing."""
    if isinstance(part, list):
        return set().union(*map(keywords, part))
    if not isinstance(part, dict):
        return set()
    named = [each for key in ("properties", "$defs") for each in part.get(key, {}).values()]
    within = [
        part[key]
        for key in ("items", "additionalProperties", "allOf", "anyOf", "oneOf")
        if key in part
    ]
    return set(part) | keywords([*named, *within])


@pytest.mark.parametrize("name", HOMES)
def test_every_keyword_is_known(name: str) -> None:
    assert keywords(schema(name)) <= ANNOTATIONS | set(Draft202012Validator.VALIDATORS)


def test_a_misspelt_keyword_is_found() -> None:
    inner = {"anyOf": [{"minimun": 0}], "properties": {"required": {"type": "string"}}}
    assert "minimun" in keywords({"$defs": {"a": {"items": inner}}})


def test_a_schema_that_is_not_there() -> None:
    with pytest.raises(ValueError, match=r"^name must be one of .*; did you mean 'report.json'\?$"):
        schema("reports.json")
