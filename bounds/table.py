"""A table of named entries: what may stand for an option is listed in one place, not compared by `if`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from bounds.names import did_you_mean


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """The name under which users ask for it.

        Examples
        --------
        >>> from bounds.notation import QUANTITIES
        >>> QUANTITIES["m"].name
        'm'
        """
        ...


Entry = TypeVar("Entry", bound=Named)


class Table(Generic[Entry]):
    """Entries in a fixed order, each under its own name.

    Parameters
    ----------
    argument
        The name of the argument that takes an entry; error messages begin with it.
    entries
        The entries of the library.

    Examples
    --------
    >>> from bounds.notation import QUANTITIES
    >>> table = Table("quantity", [QUANTITIES["m"], QUANTITIES["C"]])
    >>> table.names, table.find("C").meaning
    (('m', 'C'), 'the loss takes values in [0, C]')
    """

    def __init__(self, argument: str, entries: Iterable[Entry]) -> None:
        self.argument = argument
        self._entries: dict[str, Entry] = {}
        for entry in entries:
            self.register(entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Table({self.argument!r}: {', '.join(self.names)})"

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order.

        Examples
        --------
        >>> from bounds.notation import QUANTITIES
        >>> Table("quantity", [QUANTITIES["m"]]).names
        ('m',)
        """
        return tuple(self._entries)

    def find(self, choice: str | Entry, argument: str = "") -> Entry:
        """The entry of that name; an entry stands for itself.

        Parameters
        ----------
        choice
            A name, or an entry.
        argument
            What the message of an error calls the argument, if not as the table does.

        Raises
        ------
        ValueError
            If no entry has that name.

        Examples
        --------
        >>> from bounds.notation import QUANTITIES
        >>> Table("quantity", [QUANTITIES["m"]]).find("n")
        Traceback (most recent call last):
        ...
        ValueError: quantity must be one of m, got 'n'
        """
        if isinstance(choice, str) and choice in self._entries:
            return self._entries[choice]
        if isinstance(choice, str) or not isinstance(choice, tuple({type(e) for e in self})):
            names = ", ".join(self.names)
            raise ValueError(
                f"{argument or self.argument} must be one of {names}, got {choice!r}"
                f"{did_you_mean(choice, self.names)}"
            )
        return choice

    def register(self, entry: Entry) -> None:
        """Add an entry at the end.

        Raises
        ------
        ValueError
            If the name is taken.

        Examples
        --------
        >>> from bounds.notation import QUANTITIES
        >>> table = Table("quantity", [QUANTITIES["m"]])
        >>> table.register(QUANTITIES["C"])
        >>> len(table)
        2
        """
        if entry.name in self._entries:
            raise ValueError(f"{self.argument} must have a name of its own, got {entry.name!r}")
        self._entries[entry.name] = entry

    @contextmanager
    def including(self, *entries: Entry) -> Iterator[None]:
        """The table with further entries inside the block, for tests and experiments.

        Examples
        --------
        >>> from bounds.notation import QUANTITIES
        >>> table = Table("quantity", [QUANTITIES["m"]])
        >>> with table.including(QUANTITIES["C"]):
        ...     table.names
        ('m', 'C')
        """
        before = dict(self._entries)
        try:
            for entry in entries:
                self.register(entry)
            yield
        finally:
            self._entries = before
