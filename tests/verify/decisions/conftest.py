"""Made worlds of known truth."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

World = Callable[[np.random.Generator, int], tuple[dict[str, np.ndarray], np.ndarray]]


def _labels(rng: np.random.Generator, score: np.ndarray, noise: float = 1.0) -> np.ndarray:
    return np.where(score + noise * rng.normal(size=len(score)) > 0, "yes", "no")


def useful(rng: np.random.Generator, n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    a, b = rng.normal(size=(n, 3)), rng.normal(size=(n, 3))
    return {"a": a, "b": b}, _labels(rng, a[:, 0] + b[:, 0], 0.5)


def noise(columns: int) -> World:
    def world(rng: np.random.Generator, n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        a = rng.normal(size=(n, 3))
        return {"a": a, "noise": rng.normal(size=(n, columns))}, _labels(rng, a[:, 0], 0.5)

    return world


def redundant(rng: np.random.Generator, n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    a = rng.normal(size=(n, 3))
    return {"a": a, "copy": a + 0.5 * rng.normal(size=(n, 3))}, _labels(rng, a[:, 0], 0.5)


def coins(rng: np.random.Generator, n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    features = {"a": rng.normal(size=(n, 3)), "b": rng.normal(size=(n, 8))}
    return features, np.where(rng.random(n) < 0.5, "yes", "no")


def xor(rng: np.random.Generator, n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    bits = rng.integers(0, 2, size=(n, 2))
    blurred = bits + 0.1 * rng.normal(size=(n, 2))
    return {"a": blurred[:, :1], "b": blurred[:, 1:]}, bits.sum(axis=1) % 2


def weak(rng: np.random.Generator, n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """A modality that is hard to tell from a constant, beside noise."""
    a = rng.normal(size=(n, 3))
    return {"a": a, "noise": rng.normal(size=(n, 5))}, _labels(rng, 0.35 * a[:, 0])


def late(rng: np.random.Generator, n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """A strong column, and 60 that matter together: with few rows they cost more than they give."""
    a, many = rng.normal(size=(n, 1)), rng.normal(size=(n, 60))
    score = 1.5 * a[:, 0] + 0.7 * many.sum(axis=1) / np.sqrt(60)
    return {"a": a, "late": many}, _labels(rng, score, 0.3)


WORLDS: dict[str, World] = {
    "useful": useful,
    "noise 5": noise(5),
    "noise 30": noise(30),
    "noise 300": noise(300),
    "redundant": redundant,
    "coins": coins,
    "xor": xor,
    "weak": weak,
    "late": late,
}
USELESS = {
    "noise 5": {"noise"},
    "noise 30": {"noise"},
    "noise 300": {"noise"},
    "redundant": {"copy"},
    "coins": {"a", "b"},
    "weak": {"noise"},
}
"""In these worlds the best prediction does without these modalities."""


@pytest.fixture(scope="session")
def worlds() -> dict[str, World]:
    return WORLDS


@pytest.fixture(scope="session")
def useless() -> dict[str, set[str]]:
    return USELESS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three tables with ids in different orders."""
    import pandas as pd

    rng = np.random.default_rng(0)
    (features, y), ids = useful(rng, 300), np.arange(300) + 1000
    place = tmp_path / "features"
    place.mkdir()
    for name, x in features.items():
        frame = pd.DataFrame(x).add_prefix(name).assign(id=ids)
        frame.sample(frac=1.0, random_state=1).to_csv(place / f"{name}.csv", index=False)
    pd.DataFrame({"id": ids, "mood": y}).to_parquet(place / "labels.parquet")
    return place


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Forests take most of the time of a decision, and a fifth of the trees finds the same here."""
    # Worker processes import the library's own number.
    if "workers" not in request.node.name and request.node.get_closest_marker("slow") is None:
        monkeypatch.setattr("verify.decisions.candidates.TREES", 20)
