"""Arrays with labels, masks, imaginary parts or gradients: refused or read right, never in silence."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds import rademacher, risk_gap
from empirical.datasets.dataset import from_arrays
from empirical.quality.frozen_encoder import Features
from empirical.statistics.intervals import Interval, mean_estimate
from empirical.statistics.laws import estimate_probability, estimate_quantile
from verify.verdicts.check import check_theorem

PAPER = risk_gap.paper("TA", "T")
TERMS = {"gamma": 0.0, "R_M": 0.01, "L": 1.0, "C": 1.0, "m": 10_000, "delta": 0.05}
ROWS = 150
NAMES = [f"p{i}" for i in range(ROWS)]

# A claim that holds row by row, and is refuted if rows are read in another order.
GAMMA = np.linspace(-3.0, 3.0, ROWS)
LHS = pd.Series(GAMMA, NAMES)
TRUE = {**TERMS, "gamma": pd.Series(GAMMA, NAMES)}


def test_rows_that_agree_are_read():
    assert check_theorem(PAPER, LHS, TRUE).outcome == "holds"
    assert check_theorem(PAPER, LHS.to_numpy(), TRUE).outcome == "holds"
    counted = LHS.reset_index(drop=True)
    assert check_theorem(PAPER, counted, TRUE).outcome == "holds"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s[::-1], "same order, got the same index labels in different orders"),
        (lambda s: s.rename({"p3": "q3"}), "got 149 of 150 rows"),
    ],
)
def test_rows_with_other_labels_are_refused_wherever_they_enter(change, message):
    other = change(LHS)
    bound = {name: each for name, each in TRUE.items() if name != "delta"}
    calls = [
        lambda: check_theorem(PAPER, other, TRUE),
        lambda: check_theorem(PAPER, Interval.exact(other), TRUE),
        lambda: check_theorem(PAPER, LHS, {**TERMS, "gamma": Interval.exact(other)}),
        lambda: check_theorem(PAPER, Interval.exact(LHS) - Interval.exact(other), TERMS),
        lambda: check_theorem(PAPER, LHS, TRUE, slack=other.abs()),
        lambda: check_theorem(PAPER, LHS, TRUE, weights=other.abs()),
        lambda: PAPER.evaluate(**{**bound, "R_M": other.abs()}, delta=0.05),
        lambda: Interval(LHS - 9, other),
        lambda: from_arrays({"a": LHS.to_frame(), "b": other.to_frame()}, np.arange(ROWS)),
        lambda: rademacher.massart(radius=other.abs() + 1, size=LHS.abs() + 1, m=100),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=message):
            call()


ENTRIES = {
    "left-hand side": lambda x: check_theorem(PAPER, x, TERMS, expected=None).ratios,
    "argument": lambda x: PAPER.evaluate(**{**TERMS, "gamma": x}).total,
    "interval": lambda x: Interval.exact(x).low,
    "mean": lambda x: mean_estimate(x).value,
    "quantile": lambda x: estimate_quantile(x, 0.5).value,
    "probability": lambda x: estimate_probability(x).value,
    "slack": lambda x: check_theorem(PAPER, np.zeros(4), TERMS, slack=x).ratios,
}
VALUES = [0.25, 0.5, 0.125, 0.0]


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize(
    "wrong",
    [
        np.ma.masked_greater(VALUES, 0.3),
        np.array(VALUES) + 1j,
        np.array(VALUES).astype(complex),
        [*VALUES[:3], np.ma.masked],
        ["0.25"] * 4,
        torch.tensor(VALUES) * 1j,
    ],
    ids=["masked", "complex", "zero imaginary part", "one masked", "text", "complex tensor"],
)
def test_what_numpy_would_drop_is_refused(entry, wrong):
    with pytest.raises(ValueError, match="must"):
        ENTRIES[entry](wrong)


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize(
    "form",
    [
        lambda x: torch.tensor(x, requires_grad=True),
        lambda x: torch.tensor(x, dtype=torch.bfloat16),
        lambda x: torch.tensor(x, dtype=torch.float16, requires_grad=True),
        lambda x: [torch.tensor(each, requires_grad=True) for each in x],
        lambda x: np.ma.array(x),
        lambda x: pd.Series(x, dtype="Float64"),
        lambda x: pd.Series(x, dtype="double[pyarrow]"),
        lambda x: np.array(x, dtype=object),
    ],
    ids=["gradient", "bfloat16", "half", "list", "no mask", "Float64", "Arrow", "objects"],
)
def test_every_form_of_the_same_numbers_gives_the_same_result(entry, form):
    np.testing.assert_array_equal(ENTRIES[entry](form(VALUES)), ENTRIES[entry](np.array(VALUES)))


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(6)), st.sets(st.integers(0, 5)))
def test_labels_pass_only_if_they_are_equal(order, renamed):
    index = [f"p{i}" for i in range(6)]
    one = pd.Series(np.arange(6.0), index)
    other = one.iloc[list(order)].rename(
        lambda name: "q" + name if int(name[1]) in renamed else name
    )
    if list(other.index) == index or len(renamed) == 6:
        assert Interval.exact(one) + Interval.exact(other) is not None
    else:
        with pytest.raises(ValueError, match="rows"):
            Interval.exact(one) + Interval.exact(other)


def test_features_are_read_from_tensors_of_every_kind():
    z = torch.tensor([[[0.5, -0.25, 1.0], [1.0, 1.0, 1.0]]], dtype=torch.float64)
    targets = torch.tensor([[0.5, 0.125, -1.0]], dtype=torch.float64)
    mass = torch.full((3,), 1 / 3, dtype=torch.float64)

    def risk(z, targets):
        return Features(z, targets, 1.0, "least-squares").fit(mass).infimum.low

    expected = risk(z, targets)
    for form in (
        lambda x: x.clone().requires_grad_(),
        lambda x: x.bfloat16(),
        lambda x: x.half().requires_grad_(),
        lambda x: x.numpy(),
    ):
        np.testing.assert_array_equal(risk(form(z), form(targets)), expected)
    for wrong in (z * 1j, np.ma.masked_less(z.numpy(), 0)):
        with pytest.raises(ValueError, match="z must hold real numbers, got"):
            risk(wrong, targets)
