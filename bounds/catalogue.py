"""Every theorem of the library, in one explicit tuple.

CONTRIBUTING.md lists the files that a new theorem touches.
"""

from __future__ import annotations

from bounds import latent_quality, linear_case, modality_gain, pac_bayes, risk_gap
from bounds.domains import one_of
from bounds.theorem import Theorem

__all__ = ["THEOREMS", "find"]


def __dir__() -> list[str]:
    return list(__all__)


_FORMS: tuple[Theorem, ...] = (
    risk_gap.paper("M", "N"),
    risk_gap.paper_absolute("M", "N"),
    risk_gap.paper_vector("M", "N"),
    risk_gap.sharp("M", "N"),
    risk_gap.data_dependent("M", "N"),
    risk_gap.split_sample("M", "N"),
    risk_gap.fast_rate("M", "N"),
    risk_gap.fast_rate_mixture("M", "N"),
    risk_gap.held_out("M", "N"),
    latent_quality.paper("M"),
    latent_quality.paper_vector("M"),
    latent_quality.sharp("M"),
    modality_gain.rate("M", "N"),
    modality_gain.bound_gap("M", "N"),
    linear_case.full_latent("MN", "N"),
    pac_bayes.kl("M"),
    pac_bayes.maurer("M"),
    pac_bayes.mcallester("M"),
    pac_bayes.catoni("M"),
)

# An alternative is a theorem in its own right: another formula under the same name.
THEOREMS: tuple[Theorem, ...] = tuple(
    form for theorem in _FORMS for form in (theorem, *theorem.alternatives)
)


def find(key: str) -> Theorem:
    """The catalogue's theorem of that key, with the labels M and N.

    Raises
    ------
    ValueError
        For an unknown key.

    Examples
    --------
    >>> find("latent_quality.sharp").title
    'Theorem 2, sharp'
    """
    by_key = {theorem.key: theorem for theorem in THEOREMS}
    return by_key[one_of("key", key, by_key)]
