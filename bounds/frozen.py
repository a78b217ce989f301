"""A mapping that cannot change, can be hashed and can be pickled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value", covariant=True)


class FrozenMapping(Mapping[Key, Value]):
    """``types.MappingProxyType`` can be neither hashed nor sent to a worker process; this can.

    Examples
    --------
    >>> directions = FrozenMapping({"m": -1, "C": 1})
    >>> directions["m"], list(directions)
    (-1, ['m', 'C'])
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[Key, Value] | Iterable[tuple[Key, Value]] = ()) -> None:
        self._items: dict[Key, Value] = dict(items)

    def __getitem__(self, key: Key) -> Value:
        return self._items[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __or__(self, other: Mapping[Key, Value]) -> FrozenMapping[Key, Value]:
        return FrozenMapping({**self._items, **other})

    def __repr__(self) -> str:
        return f"FrozenMapping({self._items!r})"
