"""Training and test rows: the data's own split, or a seeded one; standardised by training rows only."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from empirical.datasets.bundled import diabetes, digits
from empirical.datasets.dataset import from_arrays
from empirical.paper.splits import from_dataset, standardised


def toy(**changes):
    draws = np.random.default_rng(0)
    features = {"a": draws.normal(5, 3, (40, 2)), "b": draws.normal(size=(40, 3))}
    return from_arrays(features, np.arange(40) % 2, **changes)


def test_own_split_is_kept_in_order():
    data = toy(train_rows=25)
    split = from_dataset(data)
    assert np.array_equal(split.train["a"], data.modalities["a"][:25])
    assert np.array_equal(split.y_test, data.target[25:])


def test_a_seeded_split_is_a_partition_and_says_so():
    data = toy()
    one, again, other = from_dataset(data, 1), from_dataset(data, 1), from_dataset(data, 2)
    assert (len(one.y_train), len(one.y_test)) == (28, 12)
    assert np.array_equal(one.train["a"], again.train["a"])
    assert not np.array_equal(one.train["a"], other.train["a"])
    pooled = np.sort(np.concatenate([one.train["a"], one.test["a"]]), axis=0)
    assert np.array_equal(pooled, np.sort(data.modalities["a"], axis=0))
    assert "split by seed 1: 28 rows for training, 12 for testing" in one.description


def test_the_test_rows_do_not_touch_the_standardisation():
    split = from_dataset(toy(train_rows=25))
    x = split.train["a"].astype(np.float64)
    expected = (split.test["a"] - x.mean(axis=0)) / x.std(axis=0)
    assert np.allclose(standardised(split).test["a"], expected, atol=1e-5)


def test_a_column_that_is_constant_on_the_training_rows_becomes_zero():
    column = np.r_[np.ones(25), np.arange(15.0)][:, None]
    features = {
        "a": np.hstack([column, np.random.default_rng(0).normal(size=(40, 1))]),
        "b": column**2,
    }
    split = standardised(from_dataset(from_arrays(features, np.arange(40) % 2, train_rows=25)))
    assert not split.train["b"].any()
    assert not split.test["b"].any()
    assert np.isfinite(split.test["a"]).all()


def test_bad_data_is_refused_in_one_line():
    with pytest.raises(ValueError, match="^data must have class labels, got a real target$"):
        from_dataset(diabetes())
    features = {"a": np.arange(6.0)[:, None], "b": np.ones((6, 1)) * np.arange(6)[:, None]}
    data = from_arrays(features, ["x", "x", "x", "y", "y", "y"], train_rows=3)
    with pytest.raises(
        ValueError, match="^the training rows must show every class, got none of 'y'$"
    ):
        from_dataset(data)
    with pytest.raises(ValueError, match="^data must have training and test rows, got 6 and 0$"):
        from_dataset(from_arrays(features, ["x", "y"] * 3, train_rows=6))


def test_digits_have_their_modalities():
    assert from_dataset(digits()).names == digits().names


@given(
    exponent=st.integers(-300, 300),
    offset=st.sampled_from([0.0, 1.0, -3.0, 1e8]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
@settings(deadline=None, max_examples=60)
def test_a_column_keeps_its_values_whatever_its_scale_and_offset(exponent, offset, dtype):
    """Scaled in float64 and rounded to float32 afterwards: what the network reads hardly changes."""
    draws = np.random.default_rng(0)
    signal = draws.normal(size=(40, 2))
    if dtype == np.float32:
        exponent, offset = exponent % 60 - 30, min(offset, 1.0)
    with np.errstate(over="ignore"):
        column = ((signal + offset) * 10.0**exponent).astype(dtype)
    assume(np.isfinite(column).all())
    y = np.arange(40) % 2
    features = {"a": column, "b": signal}
    made = standardised(from_dataset(from_arrays(features, y, train_rows=25)))
    assert made.train["a"].dtype == np.float32
    tolerance = 1e-4 if dtype == np.float32 else 1e-5
    assert np.allclose(made.train["a"], made.train["b"], atol=tolerance)
    assert np.allclose(made.test["a"], made.test["b"], atol=tolerance)


def test_a_small_signal_on_a_large_offset_is_not_lost():
    """1.7e9 + 20 s, as of a time stamp, has two values in float32."""
    signal = np.random.default_rng(0).normal(size=(60, 1))
    features = {"a": 1.7e9 + 20 * signal, "b": signal}
    made = standardised(from_dataset(from_arrays(features, np.arange(60) % 2, train_rows=40)))
    assert len(np.unique(made.train["a"])) == 40
