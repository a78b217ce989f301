"""Where to go with a question about new data, for those who bring data of their own."""

from __future__ import annotations

from empirical.datasets.dataset import Dataset

POINTER = "Does a modality help on new data? Ask: python -m verify decide --data FILE"


def pointer(data: Dataset) -> str:
    """The pointer for a data set of the user's own; nothing for a bundled one.

    Examples
    --------
    >>> from empirical import datasets
    >>> pointer(datasets.digits())
    ''
    """
    return "" if data.bundled else POINTER
