"""Rows that the tests of observations share: a table with labels, and the same as frames."""

from __future__ import annotations

import numpy as np
import pandas as pd

from empirical.observations import observe

ROWS = 40
TABLE = np.arange(2.0 * ROWS).reshape(ROWS, 2) % 7
LABELS = np.where(np.arange(ROWS) % 3 > 0, "glad", "sad")

IDS = pd.Index([f"p{i}" for i in range(ROWS)], name="id")
FRAME = pd.DataFrame(TABLE, index=IDS, columns=["x", "z"])
MOOD = pd.Series(LABELS, index=IDS)
SHUFFLED = np.random.default_rng(0).permutation(ROWS)


def seen(value, target=LABELS, **more):
    return observe({"a": value}, target, **more)
