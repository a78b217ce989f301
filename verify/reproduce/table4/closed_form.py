"""Table 4's world exactly: latent quality and rank of every subset, in rational numbers.

In both constructions the coordinates j = 1 … d are independent of each other, and in each the K
modalities have one covariance: that of x⁽¹⁾ = u⁽¹⁾, x⁽ᵏ⁾ = ρ u⁽¹⁾ + (1−ρ) u⁽ᵏ⁾, where ρ is the overlap
("mixing"), or 1 in the copied coordinates and 0 in the others ("copied"). So η(M) is a sum over
coordinates of `bounds.linear_case.latent_quality` with one feature per modality.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations

import sympy

from bounds import linear_case


@dataclass(frozen=True)
class Quality:
    """One subset M: η(M) in squared units of y, exact, and the rank of Cov(x_M)."""

    subset: tuple[int, ...]
    eta: Fraction
    rank: int

    def finite_sample(self, m: int) -> float:
        """The expected population error of least squares on m > rank + 1 rows, without intercept.

        What M cannot see of y is Gaussian and independent of x_M, so that the excess risk of least
        squares is η D/(m − D − 1), D the rank: the mean of the trace of an inverse Wishart matrix.

        Examples
        --------
        >>> Quality((1,), Fraction(300), 100).finite_sample(7000) / 300
        1.014494854326714
        """
        return float(self.eta) * (1 + self.rank / (m - self.rank - 1))


def covariance(rho: sympy.Expr, modalities: int) -> sympy.Matrix:
    """Cov of one coordinate of the K modalities at overlap ρ, a number or a symbol.

    Examples
    --------
    >>> covariance(sympy.Rational(1, 2), 2)
    Matrix([
    [  1, 1/2],
    [1/2, 1/2]])
    """
    A = sympy.zeros(modalities, modalities)
    for k in range(modalities):
        A[k, 0] = rho if k else 1
        if k:
            A[k, k] = 1 - rho
    return A * A.T


def quality(overlap: float, construction: str, modalities: int, features: int) -> list[Quality]:
    """η and the rank of every non-empty subset of 1…K, by size, then in order.

    The overlap is read as the decimal number that it prints as.

    Examples
    --------
    >>> [(q.subset, q.eta, q.rank) for q in quality(0.5, "mixing", 2, 100)]
    [((1,), Fraction(25, 1), 100), ((2,), Fraction(50, 1), 100), ((1, 2), Fraction(0, 1), 200)]
    >>> quality(0.5, "copied", 2, 100)[2].rank
    150
    """
    if construction == "mixing":
        parts = [(features, sympy.Rational(str(overlap)))]
    else:
        shared = round(overlap * features)
        parts = [(shared, sympy.Integer(1)), (features - shared, sympy.Integer(0))]
    names = tuple(range(1, modalities + 1))
    found = []
    for subset in (s for size in names for s in combinations(names, size)):
        eta, rank = Fraction(0), 0
        for count, rho in parts:
            one, own_rank = _coordinate(rho, modalities, subset)
            eta += count * Fraction(int(one.p), int(one.q))
            rank += count * own_rank
        found.append(Quality(subset, eta, rank))
    return found


def statement(present: int, modalities: int) -> str:
    """η of the first modalities per feature as a formula in ρ, derived, not looked up.

    Examples
    --------
    >>> statement(1, 4)
    '3*(1 - rho)**2'
    """
    rho = sympy.Symbol("rho", real=True)
    eta = _eta(covariance(rho, modalities), tuple(range(1, present + 1)), modalities)
    factor = sympy.cancel(eta / (1 - rho) ** 2)
    return str(sympy.Mul(factor, (1 - rho) ** 2))


@cache
def _coordinate(
    rho: sympy.Rational, modalities: int, subset: tuple[int, ...]
) -> tuple[sympy.Rational, int]:
    Sigma = covariance(rho, modalities)
    places = [k - 1 for k in subset]
    return _eta(Sigma, subset, modalities), Sigma.extract(places, places).rank()


def _eta(Sigma: sympy.Matrix, subset: tuple[int, ...], modalities: int) -> sympy.Expr:
    blocks = {str(k): 1 for k in range(1, modalities + 1)}
    ones = sympy.ones(modalities, 1)
    return linear_case.latent_quality(Sigma, ones, blocks, [str(k) for k in subset])
