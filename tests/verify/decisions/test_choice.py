"""What is chosen before the hold-out is looked at."""

import numpy as np
import pytest

from verify import decide
from verify.decisions.choice import plan
from verify.decisions.prices import cheapest_of

NAMES = ("a", "b", "c")
LEVELS = {(): 0.9, ("c",): 0.7, ("a", "b"): 0.5, ("a", "b", "c"): 0.1}


def constant_losses(levels: dict[tuple[str, ...], float]) -> dict[tuple[str, ...], np.ndarray]:
    return {subset: np.full(40, level) for subset, level in levels.items()}


def test_the_path_goes_through_known_subsets_alone() -> None:
    """Where one modality less is not known, the largest known part of a subset comes next."""
    found = plan(NAMES, constant_losses(LEVELS), np.arange(40))
    assert found.path == ((), ("a", "b"), ("a", "b", "c"))
    no_constant = {subset: level for subset, level in LEVELS.items() if subset}
    assert plan(NAMES, constant_losses(no_constant), np.arange(40)).path[0] == ("a", "b")


def test_of_known_parts_of_one_size_the_path_takes_the_one_of_least_loss() -> None:
    levels = {(): 0.9, ("a",): 0.6, ("b",): 0.5, ("c",): 0.7, ("a", "b", "c"): 0.1}
    path = plan(NAMES, constant_losses(levels), np.arange(40)).path
    assert path == ((), ("b",), ("a", "b", "c"))


def test_the_cheapest_subset_is_within_the_margin_of_the_favourite() -> None:
    found = plan(NAMES, constant_losses(LEVELS), np.arange(40))
    assert found.means == pytest.approx(LEVELS)
    prices = {"a": 1.0, "b": 1.0, "c": 3.0}
    assert cheapest_of(prices, found, margin=0.3) == ("a", "b", "c")
    assert cheapest_of(prices, found, margin=0.45) == ("a", "b")
    assert cheapest_of(None, found, margin=0.45) is None


def test_balanced_accuracy_is_spoken_of_where_it_was_measured() -> None:
    """Predictions that are given come without it."""
    rng = np.random.default_rng(0)
    y = (rng.random(400) < 0.05).astype(int)
    found = decide(predictions={"a": y, "a+b": 1 - y}, y=y)
    assert any("One class alone is right on" in each for each in found.warnings)
    assert not any("Balanced accuracy" in each for each in found.warnings)
    trained = decide({"a": rng.normal(size=(400, 1))}, y)
    assert any("Balanced accuracy is among the numbers" in each for each in trained.warnings)
    assert any("balanced_accuracy" in each for each in trained.document["subsets"])
