"""Convex heads on a Frobenius ball: the optimum of a batch of problems, each with a certificate.

Every problem is min over ||V||_F <= B of a convex smooth phi(V), V of shape [c, p]. Any feasible V
has (Frank and Wolfe 1956; theory, section 6)

    phi(V) - min phi <= <grad phi(V), V> + B ||grad phi(V)||_F,

which certifies the slack epsilon on a sample and the latent quality eta on a population, whatever the
solver did. Results are float64. The gaps of cross-entropy heads are as computed here, and that of
`least_squares_gap` knows nothing of the rows behind its moments: `empirical.quality` certifies risks and
gaps on rows, with a bound on all rounding.
"""

from empirical.heads.certificates import Head, frank_wolfe_gap
from empirical.heads.cross_entropy import logistic, softmax
from empirical.heads.squares import least_squares, least_squares_gap

__all__ = [
    "Head",
    "frank_wolfe_gap",
    "least_squares",
    "least_squares_gap",
    "logistic",
    "softmax",
]


def __dir__() -> list[str]:
    return list(__all__)
