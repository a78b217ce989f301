"""PAC-Bayesian bounds for a bounded loss: the mean risk over a posterior, from one sample.

A prior pi over predictors is fixed before S is drawn, and a posterior rho is chosen with S in hand. Every
bound holds for all posteriors at once, with probability 1 - delta.
"""

from bounds.pac_bayes.kl_inverse import binary_kl, kl_inverse, largest_risk
from bounds.pac_bayes.theorems import catoni, kl, maurer, mcallester

__all__ = ["binary_kl", "catoni", "kl", "kl_inverse", "largest_risk", "maurer", "mcallester"]


def __dir__() -> list[str]:
    return list(__all__)
