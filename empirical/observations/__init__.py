"""Rows as they lie around, read and checked once: what `decide` works on."""

from empirical.observations.observations import Observations
from empirical.observations.observe import observe, observed
from empirical.observations.read import read

__all__ = ["Observations", "observe", "observed", "read"]


def __dir__() -> list[str]:
    return list(__all__)
