"""Subsets have one spelling, families compare what a study should, and slips are caught."""

import numpy as np
import pytest

from empirical.modalities import as_subset, default_family, family_from_pairs, masks

NAMES = ("text", "audio", "video")


def test_two_modalities_have_one_chain_step_and_no_repeats():
    family = default_family(["a", "b"])
    assert family.subsets == (("a",), ("b",), ("a", "b"))
    assert family.pairs == ((("a", "b"), ("a",)), (("a", "b"), ("b",)))


def test_three_modalities_singles_chain_and_all_against_singles():
    family = default_family(NAMES)
    assert family.subsets == (("text",), ("audio",), ("video",), ("text", "audio"), NAMES)
    assert family.pairs == (
        (("text", "audio"), ("text",)),
        (NAMES, ("text", "audio")),
        (NAMES, ("text",)),
        (NAMES, ("audio",)),
        (NAMES, ("video",)),
    )


@pytest.mark.parametrize("count", [2, 3, 4, 6])
def test_default_family_counts(count):
    # Singles plus chain sets of two or more: 2K − 1 subsets. Steps K − 1, singles K, and only for
    # K = 2 is a step also an all-against-single pair.
    family = default_family([f"x{k}" for k in range(count)])
    assert len(family.subsets) == 2 * count - 1
    assert len(family.pairs) == (2 if count == 2 else 2 * count - 1)
    assert all(set(N) < set(M) for M, N in family.pairs)


def test_order_of_spelling_and_repeats_do_not_matter():
    family = family_from_pairs(
        NAMES, [(["video", "text"], ["audio"]), (("text", "video", "text"), {"audio"})]
    )
    assert family.pairs == ((("text", "video"), ("audio",)),)
    assert family.subsets == (("audio",), ("text", "video"))


def test_masks_show_what_is_seen():
    expected = [[True, False, True], [False, True, False]]
    assert np.array_equal(masks(NAMES, [{"video", "text"}, ("audio",)]), expected)


def test_a_subset_may_be_any_iterable_even_one_that_runs_once():
    assert as_subset(NAMES, (name for name in ("video", "audio"))) == ("audio", "video")


@pytest.mark.parametrize(
    ("names", "pairs", "message"),
    [
        (NAMES, [(("text",), ("smell",))], r"N must hold names out of .*'smell'"),
        (NAMES, [((), ("text",))], "M must hold at least one modality name, got none"),
        (NAMES, [(("audio", "text"), ("text", "audio"))], "M and N must be distinct"),
        (NAMES, [("text", ("audio",))], r"M must be an iterable of full .*got 'text'"),
        (NAMES, [(("text",), 3)], "N must be an iterable"),
        (NAMES, [(("text",), (3,))], "N must hold names out of .*got 3"),
        (NAMES, [("text",)], r"pairs must hold pairs \(M, N\)"),
        (NAMES, ["ta"], r"pairs must hold pairs \(M, N\).*'ta'"),
        (NAMES, [], "pairs must hold at least one pair"),
        (("text", "text"), [], "distinct, got 'text' more than once"),
        (("text",), [], "at least two modalities"),
        (("text", " "), [], "non-empty string, got ' '"),
        (("text", 3), [], "non-empty string, got 3"),
        ("text", [], "got the string 'text'"),
    ],
)
def test_bad_families_are_one_clear_line(names, pairs, message):
    with pytest.raises(ValueError, match=message) as caught:
        family_from_pairs(names, pairs)
    assert "\n" not in str(caught.value)
