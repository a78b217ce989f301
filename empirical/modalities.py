"""Subsets of modalities: the pairs (M, N) that a study compares, and the masks that stand for ⊥.

A subset is stored as a tuple of full modality names in the order in which the modalities were
given, so that one subset has one spelling. Subsets come in as iterables of full names and never as
bare strings: with modalities "t", "v" and "tv" the string "tv" would mean two things, and a rule
that depends on which names exist would change its mind when a modality is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bounds.characters import has_commands

Subset = tuple[str, ...]
Pair = tuple[Subset, Subset]


@dataclass(frozen=True)
class Family:
    """The subsets that have to be trained and the pairs (M, N) of them that are compared.

    ``subsets`` holds each subset once, by size and then by the order of the modalities; ``pairs``
    holds (M, N) in the order in which they are reported, M the subset whose risk Theorem 1 bounds.
    """

    subsets: tuple[Subset, ...]
    pairs: tuple[Pair, ...]


def check_names(names: Iterable[str]) -> Subset:
    """Modality names as a tuple, or a ValueError: at least two distinct, non-empty strings.

    Examples
    --------
    >>> check_names(["text", "audio"])
    ('text', 'audio')
    """
    if isinstance(names, str):
        raise ValueError(f"names must be an iterable of modality names, got the string {names!r}")
    checked = distinct_names(names)
    if len(checked) < 2:
        raise ValueError(f"at least two modalities are needed, got {len(checked)}: {checked}")
    return checked


def distinct_names(names: Iterable[str]) -> Subset:
    """Any number of modality names as a tuple, or a ValueError: distinct, non-empty strings.

    Examples
    --------
    >>> distinct_names(["text"])
    ('text',)
    """
    checked = tuple(names)
    for name in checked:
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"a modality name must be a non-empty string, got {name!r}")
        if has_commands(name):
            raise ValueError(f"a modality name must hold no control characters, got {name!r}")
    for name in checked:
        if checked.count(name) > 1:
            raise ValueError(f"modality names must be distinct, got {name!r} more than once")
    return checked


def as_subset(names: Sequence[str], subset: Iterable[str], argument: str = "subset") -> Subset:
    """One subset in the order of ``names``; a name given twice counts once.

    Raises
    ------
    ValueError
        Naming ``argument``, for a bare string, an unknown name or an empty subset.

    Examples
    --------
    >>> as_subset(("text", "audio", "video"), {"video", "text"})
    ('text', 'video')
    """
    if isinstance(subset, str) or not isinstance(subset, Iterable):
        raise ValueError(
            f"{argument} must be an iterable of full modality names such as ({names[0]!r},), "
            f"got {subset!r}"
        )
    members = list(subset)
    for member in members:
        if member not in names:
            raise ValueError(f"{argument} must hold names out of {tuple(names)}, got {member!r}")
    if not members:
        raise ValueError(f"{argument} must hold at least one modality name, got none")
    return tuple(name for name in names if name in members)


def default_family(names: Iterable[str]) -> Family:
    """Every single modality and one chain {1} ⊂ {1,2} ⊂ … ⊂ all, in the given order.

    Pairs (M, N): the chain's consecutive steps, larger subset first, then all against each single
    modality, without repeats. N ⊂ M in every pair, so the assumption `nested` holds.

    Examples
    --------
    >>> family = default_family(["text", "audio"])
    >>> family.subsets
    (('text',), ('audio',), ('text', 'audio'))
    >>> family.pairs
    ((('text', 'audio'), ('text',)), (('text', 'audio'), ('audio',)))
    """
    ordered = check_names(names)
    chain = [ordered[: size + 1] for size in range(len(ordered))]
    steps = [(larger, smaller) for smaller, larger in pairwise(chain)]
    against_singles = [(ordered, (name,)) for name in ordered]
    return _family(ordered, [*steps, *against_singles])


def family_from_pairs(
    names: Iterable[str], pairs: Iterable[tuple[Iterable[str], Iterable[str]]]
) -> Family:
    """The family of the user's own pairs (M, N), nested or not; repeated pairs count once.

    M and N are iterables of full modality names.

    Raises
    ------
    ValueError
        For a bare string (even one that is a modality's name, see the module's note), an unknown
        name, an empty subset, M equal to N, something that is no pair, and no pairs at all.

    Examples
    --------
    >>> family = family_from_pairs(["text", "audio", "video"], [({"video", "text"}, ["audio"])])
    >>> family.pairs
    ((('text', 'video'), ('audio',)),)
    >>> family.subsets
    (('audio',), ('text', 'video'))
    """
    ordered = check_names(names)
    checked = []
    for pair in pairs:
        try:
            first, second = () if isinstance(pair, str) else pair
        except (TypeError, ValueError):
            raise ValueError(
                f"pairs must hold pairs (M, N) of iterables of modality names, got {pair!r}"
            ) from None
        M, N = as_subset(ordered, first, "M"), as_subset(ordered, second, "N")
        if M == N:
            raise ValueError(f"M and N must be distinct subsets, got {M} for both")
        checked.append((M, N))
    if not checked:
        raise ValueError("pairs must hold at least one pair (M, N), got none")
    return _family(ordered, checked)


def masks(names: Iterable[str], subsets: Iterable[Iterable[str]]) -> np.ndarray:
    """Which modalities each subset sees: bool, shape [subsets, K]; False stands for ⊥.

    Examples
    --------
    >>> masks(["text", "audio"], [("text",), ("text", "audio")]).tolist()
    [[True, False], [True, True]]
    """
    ordered = check_names(names)
    visible = [as_subset(ordered, subset) for subset in subsets]
    rows = [[name in subset for name in ordered] for subset in visible]
    return np.array(rows, dtype=bool).reshape(-1, len(ordered))


def _family(ordered: Subset, pairs: Sequence[Pair]) -> Family:
    distinct = tuple(dict.fromkeys(pairs))
    position = {name: index for index, name in enumerate(ordered)}
    subsets = sorted(
        {subset for pair in distinct for subset in pair},
        key=lambda subset: (len(subset), [position[name] for name in subset]),
    )
    return Family(tuple(subsets), distinct)
