"""Studies of the other fusion classes: what is known of them is used, what is not stays open."""

import json
import math
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bounds import rademacher
from empirical import datasets
from empirical.datasets.dataset import Dataset, from_arrays
from empirical.erm import ENGINES, compiled
from empirical.fusion.operations import OPERATIONS
from empirical.statistics.intervals import Interval
from verify import Study
from verify.report import render
from verify.report.view import encoders
from verify.verdicts.compare import HOLDS, VIOLATED, compare

SMALL: dict[str, Any] = {"m": [24], "head_m": [48], "trials": 3, "steps": 2, "width": 4}


def small_data() -> Dataset:
    """60 rows of two modalities: features of a whole block of trials are small."""
    x = np.random.default_rng(0).standard_normal((60, 5))
    return from_arrays({"text": x[:, :2], "audio": x[:, 2:]}, x[:, 0] + np.sin(x[:, 3]))


def report(tmp_path: Path, **options: Any) -> dict[str, Any]:
    Study(small_data(), **{**SMALL, **options}).report(tmp_path, workers=1)
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text, parse_constant=lambda word: pytest.fail(word))
    return found


@pytest.fixture(scope="module")
def attention(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return report(tmp_path_factory.mktemp("attention"), fusion="attention")


WITHOUT_COMPLEXITY = {"risk_gap.fast_rate", "risk_gap.fast_rate_mixture"}


def test_without_a_complexity_bound_the_forms_that_need_one_claim_nothing(
    attention: dict[str, Any],
) -> None:
    for row in attention["complexities"]:
        assert row["R_high"] is None
        assert row["R_loss_high"] is None
        assert row["R_found"] > 0
    open_above = [c for c in attention["cells"] if c["theorem"] not in WITHOUT_COMPLEXITY]
    assert len(open_above) > 10
    for cell in open_above:
        assert cell["bound"]["median"] is None
        assert cell["bound"]["lower_end"] is not None
        assert cell["terms"]["complexity"] is None
        assert cell["vacuous"]
        assert cell["violations"] == 0
        assert cell["certificate"] is None or cell["certificate"]["proves"] != "yes"
    for row in attention["thresholds"]:
        if row["theorem"] not in WITHOUT_COMPLEXITY:
            assert row["nonvacuous_from"]["value"] is None
            assert row["proves_gain_from"] is None or row["proves_gain_from"]["value"] is None


def test_the_fast_rate_form_needs_no_such_bound(attention: dict[str, Any]) -> None:
    fast = [c for c in attention["cells"] if c["theorem"] == "risk_gap.fast_rate"]
    assert fast
    assert any(c["bound"]["median"] is not None for c in fast)
    assert all(c["terms"].get("complexity", 0.0) is not None for c in fast)


def test_the_page_says_which_class_and_what_is_not_known_of_it(attention: dict[str, Any]) -> None:
    page = render(attention)
    assert "self-attention among the modalities present" in page
    assert "no bound on its complexity is known" in page
    assert "lack a bound on the complexity of this class" in page
    assert attention["config"]["fusion"] == "attention"


def test_an_infinite_bound_can_hold_but_not_be_violated() -> None:
    """Whatever is measured: the lower end, with complexity 0, decides what holds."""
    measured = Interval.exact([-1.0, 0.9, 1e300])
    verdicts = compare(measured, Interval([0.5, 0.5, 0.5], [math.inf] * 3))
    assert verdicts[0] == HOLDS
    assert VIOLATED not in verdicts
    assert verdicts[1:].tolist() == [0, 0]


def test_known_bounds_are_those_of_the_class(tmp_path: Path) -> None:
    document = report(tmp_path, fusion="mean", depth=2)
    study = Study(small_data(), **SMALL, fusion="mean", depth=2)
    for row in document["complexities"]:
        members = study.indices(tuple(row["M"]))
        expected = rademacher.fusion(
            encoder_radius=study.cls.encoder_radius / len(members),
            head_radius=5.0,
            outputs=1,
            mean_square_norm=study.population.mean_square_norm(members),
            m=row["m"],
            depth=2,
        )
        assert row["R_high"] == pytest.approx(float(expected), rel=1e-12)
        assert 0 <= row["R_low"] <= row["R_found"]
        assert row["R_found_low"] <= row["R_high"]
    assert all(c["bound"]["median"] is not None for c in document["cells"] if c["head"] == "same")


@pytest.mark.parametrize(("fusion", "longest"), [("sum", 2**0.5), ("gated", 2**0.5), ("mean", 1)])
def test_predictions_and_losses_are_bounded_for_all_subsets_at_once(
    fusion: str, longest: float
) -> None:
    """Two modalities of norm at most 2: ||z|| <= 3 * 2 * longest, B = 5, C = (5 ||(z, 1)|| + 1)^2."""
    config = Study(small_data(), **SMALL, fusion=fusion).config()
    assert config["input_norm"] == pytest.approx(2.0)
    assert config["prediction_radius"] == pytest.approx(5.0 * math.hypot(6.0 * longest, 1.0))
    assert config["C"] == pytest.approx((5.0 * math.hypot(6.0 * longest, 1.0) + 1.0) ** 2)


def test_a_class_is_part_of_a_studys_identity() -> None:
    classes = product(OPERATIONS.names, (0, 1, 2))
    prints = {Study(small_data(), **SMALL, fusion=f, depth=d).fingerprint for f, d in classes}
    assert len(prints) == 15
    plain = Study(small_data(), **SMALL)
    assert plain.fingerprint in prints


@pytest.mark.skipif(not compiled.available(), reason="the compiled trainer was not built here")
@pytest.mark.parametrize("fusion", OPERATIONS.names)
def test_a_study_of_any_operation_is_not_continued_without_the_compiled_trainer(
    fusion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study(small_data(), **SMALL, fusion=fusion)
    assert study.config()["engine"] == f"compiled ({compiled.build()})"
    with_it = study.fingerprint
    monkeypatch.setattr(compiled, "_library", lambda: None)
    without = Study(small_data(), **SMALL, fusion=fusion)
    assert without.config()["engine"] == str(ENGINES.find("torch"))
    assert without.fingerprint != with_it


def test_a_fused_feature_is_as_long_by_default_whatever_the_operation() -> None:
    lengths = {}
    for fusion in OPERATIONS.names:
        study = Study(datasets.digits(), fusion=fusion)
        lengths[fusion] = study.cls.features(4)
    assert set(lengths.values()) == {32}


@pytest.mark.parametrize(("fusion", "depth"), list(product(OPERATIONS.names, (0, 1, 2))))
def test_every_class_has_words(fusion: str, depth: int) -> None:
    study = Study(small_data(), fusion=fusion, depth=depth, width=7, encoder_radius=2.5)
    text = encoders(study.config())
    assert "7 units" in text
    assert text.count("2.5") == (2 if OPERATIONS.find(fusion).mixing else 1)
    assert ("each further one" in text) == (depth > 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fusion": "product"}, "fusion must be one of concatenation, sum, mean, gated, attention"),
        ({"depth": -1}, "depth must be an integer of at least 0 and at most 64, got -1"),
        ({"depth": 1.5}, "depth must be an integer of at least 0 and at most 64, got 1.5"),
        ({"m": [2**32]}, "m must be a positive integer and at most 4294967295, got 4294967296"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        Study(small_data(), **{**SMALL, **change})


def test_a_sample_far_larger_than_the_population_is_measured() -> None:
    """m = 10,000,000 rows of 60: counts of rows in place of rows; heads meet the population's."""
    study = Study(small_data(), **{**SMALL, "m": [10_000_000], "head_m": [], "trials": 2})
    frame = study.run(workers=1).frame
    same = frame[frame["head"] == "same"]
    assert np.allclose(same.empirical_risk, same.risk_low, rtol=0, atol=2e-3)
    assert (same.risk_high - same.best_high < 1e-5).all()


def test_two_classes_can_be_told_apart_by_one_logit() -> None:
    study = Study(
        datasets.breast_cancer(), **{**SMALL, "pairs": [(["mean"], ["worst"])]}, loss="logistic"
    )
    assert study.cls.outputs == 1
    assert pytest.approx(study.prediction_radius, rel=1e-6) == study.constants.C
    assert pytest.approx(1.0) == study.constants.L
    with pytest.raises(ValueError, match="^loss logistic must go with two classes, got 10"):
        Study(datasets.digits(), loss="logistic")
    with pytest.raises(ValueError, match="^loss logistic must go with classification"):
        Study(small_data(), loss="logistic")
