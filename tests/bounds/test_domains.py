"""The one checker of arguments: what each domain lets pass, and the words with which it refuses."""

import math

import numpy as np
import pytest

from bounds import domains
from bounds.domains import (
    FINITE,
    FINITE_NON_NEGATIVE,
    FINITE_POSITIVE,
    NON_NEGATIVE,
    POSITIVE_INTEGER,
    POSITIVE_PART,
    PROBABILITY,
    REAL,
    at_least,
)

# Domain -> numbers inside, numbers outside.
EDGES = {
    REAL: ([-1e300, 0, 5], [math.inf, -math.inf]),
    FINITE: ([-1e300, 0, 5], [math.inf, -math.inf]),
    FINITE_NON_NEGATIVE: ([0, 1e300], [-1e-300, math.inf]),
    FINITE_POSITIVE: ([5e-324, 1e300], [0, -1, math.inf]),
    NON_NEGATIVE: ([0, math.inf], [-1e-300, -math.inf]),
    POSITIVE_INTEGER: ([1, 2.0, 10**15], [0, 1.5, -1, math.inf]),
    PROBABILITY: ([1e-300, 0.5], [0, 1, -0.1]),
    at_least(0): ([0, 7], [-1, 0.5]),
    at_least(1, 10): ([1, 10], [0, 11]),
}
ALL = (*EDGES, POSITIVE_PART)


@pytest.mark.parametrize("domain", EDGES, ids=lambda domain: domain.text)
def test_the_ends_of_every_domain(domain):
    inside, outside = EDGES[domain]
    assert domain.check("x", inside).tolist() == inside
    for number in outside:
        with pytest.raises(ValueError, match="x must "):
            domain.check("x", number)
        with pytest.raises(ValueError, match="x must "):
            domain.check("x", [inside[0], number])


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        True,
        np.True_,
        "1",
        None,
        1j,
        [1, "1"],
        np.array([True, False]),
        np.array([1, "1"], dtype=object),
        np.array([1, True], dtype=object),
        np.array([1, None], dtype=object),
        [[1], [1, 2]],
    ],
    ids=repr,
)
@pytest.mark.parametrize("domain", ALL, ids=lambda domain: domain.text)
def test_what_is_no_number_never_passes(domain, value):
    for check in (domain.check, domain.number, domain.whole):
        with pytest.raises(ValueError, match="x must "):
            check("x", value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PROBABILITY.check("delta", [0.5, 1.5]), "delta must lie in (0, 1), got 1.5"),
        (lambda: FINITE_POSITIVE.number("radius", 0), "radius must be positive and finite, got 0"),
        (
            lambda: FINITE_POSITIVE.number("radius", [1]),
            "radius must be one number, got shape (1,)",
        ),
        (lambda: at_least(1).whole("width", 0), "width must be a positive integer, got 0"),
        (lambda: at_least(2).whole("m", 2.0), "m must be an integer of at least 2, got 2.0"),
        (
            lambda: at_least(0, 9).whole("seed", 10),
            "seed must be an integer of at least 0 and at most 9, got 10",
        ),
        (lambda: domains.one_of("on", "x", ("a", "b")), "on must be one of a, b, got 'x'"),
        (lambda: domains.per_example("norms", 1.0), "norms must have shape [..., m] with m ≥ 1"),
        (
            lambda: domains.modality_subset("M", "ab", "ab"),
            "M must be an iterable of modality names",
        ),
        (lambda: domains.modality_subset("M", [], "ab"), "M must hold at least one modality"),
        (lambda: domains.modality_subset("M", ["c"], "ab"), "M must hold names among ['a', 'b']"),
        (lambda: domains.modality_subset("M", ["a", "a"], "ab"), "M must hold each modality once"),
        (
            lambda: domains.common_shape({"m": np.zeros(2), "C": np.zeros(()), "L": np.zeros(3)}),
            "shapes must broadcast to one shape, got m (2,), L (3,)",
        ),
    ],
)
def test_messages_name_argument_demand_and_value(call, message):
    with pytest.raises(ValueError, match="must") as error:
        call()
    assert str(error.value).startswith(message)


def test_a_measurement_below_zero_counts_as_zero_only_if_the_domain_says_so():
    assert POSITIVE_PART.check("kappa", [-0.5, 0.5]).tolist() == [0.0, 0.5]
    with pytest.raises(ValueError, match="below 0 counts as 0"):
        POSITIVE_PART.check("kappa", math.nan)


def test_numbers_of_other_libraries_pass():
    torch = pytest.importorskip("torch")
    value = torch.tensor([1.0, 2.0], requires_grad=True)
    assert REAL.check("x", value).tolist() == [1.0, 2.0]
    assert at_least(1).whole("m", np.int32(3)) == 3
    assert at_least(0, 2**64 - 1).whole("seed", 2**64 - 1) == 2**64 - 1
