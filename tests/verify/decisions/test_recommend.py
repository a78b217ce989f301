"""What is recommended follows from certified gains alone."""

import numpy as np

from verify.decisions.choice import Plan
from verify.decisions.family import Comparison, Gain
from verify.decisions.linear import ridge_path
from verify.decisions.losses import METRICS
from verify.decisions.recommend import recommend, verdicts
from verify.decisions.words import recommendation_sentence

A, Z, K = "a", "z", "k"


def gain(larger: tuple[str, ...], smaller: tuple[str, ...], low: float, subject: str = "") -> Gain:
    pair = Comparison("modality" if subject else "path", subject, larger, smaller, 0.1, 0.1)
    return Gain(low + 0.02, low, low + 0.04, 500, 500, 0.3, pair)


def gains(beats_a: float) -> list[Gain]:
    """The favourite is a + z; k is certified to help beside it."""
    return [
        gain((A, Z), (Z,), 0.1, A),
        gain((A, Z), (A,), beats_a, Z),
        gain((A, Z, K), (A, Z), 0.05, K),
        gain((A, Z), (), 0.2),
        gain((A,), (), 0.2),
    ]


PLAN = Plan((A, Z), ((), (A,), (A, Z)), (A, Z))


def test_a_modality_that_is_not_shown_to_help_does_not_enter_beside_another() -> None:
    assert recommend(gains(-0.01), PLAN).subset == (A,)


def test_a_modality_that_helps_is_added_to_a_favourite_that_stands() -> None:
    found = recommend(gains(0.01), PLAN)
    assert (found.subset, found.against) == ((A, Z, K), (A, Z))


def test_why_a_modality_that_helps_is_left_out() -> None:
    """k helps beside a + z, which is not shown to be better than a: the reader is told so."""
    options = {"margin": 0.005, "delta": 0.05, "largest": 1.0, "rows": 1000}
    said = {}
    for beats_a in (-0.01, 0.01):
        judged = verdicts(gains(beats_a), **options)
        said[beats_a] = recommendation_sentence(
            recommend(gains(beats_a), PLAN),
            judged,
            favourite=PLAN.favourite,
            metric=METRICS.find("accuracy"),
            margin=0.005,
            delta=0.05,
            size="1,000 rows",
            unit="rows",
        )
    why = "a + z together are not shown to be better than a alone, so that the smaller set is recommended."
    assert said[-0.01].startswith("Use a. ")
    assert "K helps beside a + z: " in said[-0.01]
    assert said[-0.01].endswith(why)
    assert said[0.01].startswith("Use a + z + k. ")
    assert why not in said[0.01]


def test_ridge_in_single_precision_has_the_means_of_double() -> None:
    rng = np.random.default_rng(0)
    X = (1e3 + rng.normal(size=(2500, 3))).astype(np.float32)
    Y = X.astype(np.float64)[:, :1] * 2
    [[(slope, intercept)]] = ridge_path(X.astype(np.float64), Y, [0.1])
    [[(_, single)]] = ridge_path(X, Y, [0.1])
    mean = X.mean(axis=0, dtype=np.float64)
    assert np.allclose(intercept + mean @ slope, Y.mean(0))
    [[(coefficients, _)]] = ridge_path(X, Y, [0.1])
    assert np.allclose(single + mean @ coefficients, Y.mean(0), rtol=1e-9)
