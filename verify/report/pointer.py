"""Where to go with a question about new data, for those who bring data of their own."""

from __future__ import annotations

from empirical.datasets.sources import BUNDLED

POINTER = "Does a modality help on new data? Ask: python -m verify decide --data FILE"


def pointer(data: str) -> str:
    """The pointer for a data set of the user's own, by its name; nothing for a bundled one.

    Examples
    --------
    >>> pointer("digits"), pointer("my rows")
    ('', 'Does a modality help on new data? Ask: python -m verify decide --data FILE')
    """
    return "" if data in BUNDLED.names else POINTER
