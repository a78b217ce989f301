"""Sets of modalities, with the labels that statements print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ModalitySet:
    """A non-empty set of modalities, with the label that statements print.

    A string has one letter per modality ("TVA": text, video, audio); longer names come as an
    iterable. Order matters for the label only.

    Examples
    --------
    >>> ModalitySet.of("TA") <= ModalitySet.of("TVA"), ModalitySet.of(["text", "audio"]).label
    (True, '{text, audio}')
    """

    members: frozenset[str]
    label: str = field(compare=False)

    @classmethod
    def of(cls, modalities: str | Iterable[str] | ModalitySet, name: str = "M") -> ModalitySet:
        """A modality set from one letter per modality, or from an iterable of full names.

        Raises
        ------
        ValueError
            Naming `name`, for no modality, an empty or a repeated one.

        Examples
        --------
        >>> ModalitySet.of("TVA").label, ModalitySet.of(["text", "audio"]).label
        ('TVA', '{text, audio}')
        """
        if isinstance(modalities, ModalitySet):
            return modalities
        names = tuple(modalities) if isinstance(modalities, Iterable) else ()
        if not names or not all(isinstance(each, str) and each.strip() for each in names):
            raise ValueError(
                f"{name} must hold at least one modality, each a non-empty name, got {modalities!r}"
            )
        repeated = sorted({each for each in names if names.count(each) > 1})
        if repeated:
            raise ValueError(
                f"{name} must name each modality once, got {', '.join(repeated)} repeated"
            )
        label = "".join(names) if isinstance(modalities, str) else "{" + ", ".join(names) + "}"
        return cls(frozenset(names), label)

    def __le__(self, other: ModalitySet) -> bool:
        return self.members <= other.members

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.members))

    def __len__(self) -> int:
        return len(self.members)

    def __contains__(self, modality: object) -> bool:
        return modality in self.members


Modalities = str | Iterable[str] | ModalitySet
"""Modalities as users name them: one letter each, or full names."""


def distinct_pair(M: Modalities, N: Modalities) -> tuple[ModalitySet, ModalitySet]:
    """Two distinct, non-empty subsets; neither need contain the other.

    Raises
    ------
    ValueError
        If they are the same.

    Examples
    --------
    >>> [subset.label for subset in distinct_pair("TVA", "TA")]
    ['TVA', 'TA']
    """
    first, second = ModalitySet.of(M, "M"), ModalitySet.of(N, "N")
    if first == second:
        raise ValueError(f"N must differ from M, got {second.label} for both")
    return first, second
