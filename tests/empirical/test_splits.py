"""Training and test rows: the data's own split, or a seeded one; standardised by training rows only."""

import numpy as np
import pytest

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
    assert np.array_equal(split.train["a"], data.modalities["a"][:25].astype(np.float32))
    assert np.array_equal(split.y_test, data.target[25:])


def test_a_seeded_split_is_a_partition_and_says_so():
    data = toy()
    one, again, other = from_dataset(data, 1), from_dataset(data, 1), from_dataset(data, 2)
    assert (len(one.y_train), len(one.y_test)) == (28, 12)
    assert np.array_equal(one.train["a"], again.train["a"])
    assert not np.array_equal(one.train["a"], other.train["a"])
    pooled = np.sort(np.concatenate([one.train["a"], one.test["a"]]), axis=0)
    assert np.array_equal(pooled, np.sort(data.modalities["a"].astype(np.float32), axis=0))
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
