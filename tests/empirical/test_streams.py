"""Streams depend on (seed, purpose, m, trial) alone, and two different keys never share one."""

import itertools

import numpy as np
import pytest

from empirical.streams import stream

PURPOSES = ("sample", "head sample", "initial weights", "signs", "reference")


def test_every_key_has_its_own_stream_and_the_same_key_the_same():
    keys = list(itertools.product((0, 1, 2**64 - 1), PURPOSES, (0, 64, 2**40 + 1), (0, 1, 7)))
    first = {key: tuple(stream(*key).integers(0, 2**63, 4)) for key in keys}
    # 135 distinct streams: two of 252 random bits agree by chance with probability about 1e-72.
    assert len(set(first.values())) == len(keys)
    assert all(tuple(stream(*key).integers(0, 2**63, 4)) == first[key] for key in keys[::7])


@pytest.mark.parametrize("neighbour", [(64, 1), (65, 0)])
def test_neighbours_do_not_overlap(neighbour):
    # A counter that advanced from one key into the next would show the same numbers, shifted.
    here = stream(3, "sample", 64, 0).integers(0, 2**63, 5000)
    there = stream(3, "sample", *neighbour).integers(0, 2**63, 5000)
    assert not set(here.tolist()) & set(there.tolist())


def test_the_numbers_are_fixed_across_versions_and_machines():
    # Philox4x64-10 is a published algorithm (Salmon et al. 2011): stored studies rely on it.
    expected = np.random.Philox(key=[5, 1], counter=[0, 0, 64, 2]).random_raw(8)
    assert stream(5, "sample", 64, 2).bit_generator.random_raw(8).tolist() == expected.tolist()


@pytest.mark.parametrize("bad", [-1, 2**64, 1.5, 1.0, "3", None])
@pytest.mark.parametrize("name", ["seed", "m", "trial"])
def test_negative_fractional_or_huge_numbers_are_refused(name, bad):
    key = {"seed": 0, "m": 0, "trial": 0, name: bad}
    with pytest.raises(ValueError, match=f"^{name} must be an integer from 0 to"):
        stream(key["seed"], "sample", key["m"], key["trial"])


def test_numpy_integers_are_integers():
    assert stream(np.int64(1), "signs", np.int32(2), np.uint8(3)).integers(99) == stream(
        1, "signs", 2, 3
    ).integers(99)


def test_an_unknown_purpose_is_refused():
    with pytest.raises(ValueError, match="^purpose must be one of"):
        stream(0, "luck")
