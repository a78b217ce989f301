"""Exact laws in `ExactWorld` at sample sizes far beyond enumeration, cell by cell.

The head decides each cell by its own counts. With Poisson(m p) counts in place of multinomial ones
all cells are independent, and given that the total is m the counts are multinomial again. So

    P(statistic = v) = [convolution over cells of P(counts n in the cell, its part of v)](n = m)
                       / P(Poisson(m) = m),

where equal parts v are merged and the cells of M are grouped by the cell of N that they lie in
(or the other way round), because N decides by their sum. Counts further than ten standard
deviations from their mean are cut off; `Law.error` says how much that and rounding may be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve
from scipy.stats import poisson

from empirical.modalities import as_subset
from empirical.statistics.laws import Law
from empirical.worlds.boolean.exact import ExactWorld
from empirical.worlds.trials import check_draw

Grid = NDArray[np.float64]

# Rounding of the FFTs, before the division by P(Poisson(m) = m).
_ROUNDING = 1e-14
_NOISE = 1e-15


class _Counts(dict[float, tuple[tuple[int, ...], Grid]]):
    """Probabilities of count vectors, by value: value → (least counts, grid of probabilities)."""

    def put(self, value: float, start: tuple[int, ...], grid: Grid) -> None:
        """Add probabilities to those of the same value."""
        if not grid.any():
            return
        if value not in self:
            self[value] = start, grid
            return
        before, old = self[value]
        least = tuple(min(a, b) for a, b in zip(before, start, strict=True))
        ends = [
            tuple(s + size for s, size in zip(where, part.shape, strict=True))
            for where, part in ((before, old), (start, grid))
        ]
        shape = tuple(max(e) - low for e, low in zip(zip(*ends, strict=True), least, strict=True))
        both = np.zeros(shape)
        for where, part in ((before, old), (start, grid)):
            window = tuple(
                slice(s - low, s - low + size)
                for s, low, size in zip(where, least, part.shape, strict=True)
            )
            both[window] += part
        self[value] = least, both

    def plus(self, other: _Counts) -> _Counts:
        """The sum of two independent parts: counts and values add."""
        total = _Counts()
        for value, (start, grid) in self.items():
            for more, (origin, part) in other.items():
                where = tuple(a + b for a, b in zip(start, origin, strict=True))
                total.put(value + more, where, fftconvolve(grid, part))
        return total


def excess_law(
    world: ExactWorld,
    M: Iterable[str],
    N: Iterable[str] | None,
    m: int,
    ties: tuple[str, str] = ("zero", "zero"),
) -> Law:
    """The exact law of r(ĥ_M∘ĝ_M) − r(ĥ_N∘ĝ_N) − γ(M, N) over samples of size m.

    One subset must contain the other. N = None leaves N out: the law of M's own excess
    r(ĥ_M∘ĝ_M) − inf_h r(h∘ĝ_M). ``ties``: the rules of `ExactWorld.fit` for M and for N;
    ("worst", "best") is the hardest case of Theorem 1. Affordable for two bits to m = 10⁴ and for
    three to about 400. Values are exact multiples of 2⁻⁵⁰.

    Raises
    ------
    ValueError
        If neither subset contains the other or they are the same, m is not a positive integer, or a
        rule is unknown.

    References
    ----------
    this module's derivation.

    Examples
    --------
    >>> from empirical.worlds.boolean.exact import xor
    >>> law = excess_law(xor(), ["x1", "x2"], ["x1"], m=1)   # three cells of four unseen: all get 0
    >>> law.values.tolist(), law.probabilities.round(9).tolist()
    ([0.25, 0.5], [0.5, 0.5])
    """
    check_draw(m, 1)
    first = as_subset(world.names, M, "M")
    if N is None:
        fine, coarse, sign = first, None, 1.0
        rules = ties[0], ties[0]
    else:
        second = as_subset(world.names, N, "N")
        if set(second) < set(first):
            fine, coarse, sign, rules = first, second, 1.0, (ties[0], ties[1])
        elif set(first) < set(second):
            fine, coarse, sign, rules = second, first, -1.0, (ties[1], ties[0])
        else:
            raise ValueError(
                f"one of M and N must contain the other, got {first} and {second}; "
                "enumerate or draw samples for other pairs"
            )
    table = world.cells(world.joint, fine)
    tie = world.at_tie(fine, rules[0])
    total = _Counts({0.0: ((0,), np.ones(1))})
    for group in _groups(fine, coarse):
        parts = _Counts({0.0: ((0, 0), np.ones((1, 1)))})
        for cell in group:
            letters = _letters(table[cell] * m)
            parts = parts.plus(_decided(letters, table[cell], bool(tie[cell]), sign))
        if coarse is not None:
            truth = table[group].sum(axis=0)
            at_tie = bool(world.at_tie(coarse, rules[1])[_index(group[0], fine, coarse)])
            parts = _decided(parts, truth, at_tie, -sign)
        total = total.plus(_by_total(parts))
    return _conditioned(total, m)


def centred_loss_law(
    world: ExactWorld, M: Iterable[str], m: int, reference: NDArray[np.bool_] | None = None
) -> Law:
    """The exact law of L̂ = r̂(ĥ_M∘ĝ_M) − r̂(h*∘g*) over samples of size m: multiples of 1/m.

    Ties do not matter to r̂. ``reference``: predicted labels, bool of shape [2]*K; by default the
    best map of all modalities, h*∘g*. In one cell of M let z₀, o₀ count the zeros and ones where the
    reference says 0, z₁, o₁ where it says 1: the head errs min(z₀ + z₁, o₀ + o₁) times and the
    reference o₀ + z₁ times, so the cell's part of m L̂ is min(z₀ − o₀, o₁ − z₁).

    Raises
    ------
    ValueError
        For an unknown modality, a reference of another shape, or m < 1.

    References
    ----------
    this module's derivation.

    Examples
    --------
    >>> from empirical.worlds.boolean.exact import xor
    >>> law = centred_loss_law(xor(), ["x1"], m=2)    # one error where a cell of x1 shows both labels
    >>> law.values.tolist(), law.probabilities.round(9).tolist()
    ([0.0, 0.5], [0.75, 0.25])
    """
    check_draw(m, 1)
    visible = as_subset(world.names, M, "M")
    shape = world.joint.shape[:-1]
    if reference is None:
        reference = world.joint[..., 1] > world.joint[..., 0]
    if reference.shape != shape:
        raise ValueError(f"reference must have shape {shape}, got {reference.shape}")
    right = np.where(reference, world.joint[..., 1], world.joint[..., 0])
    wrong = world.joint.sum(axis=-1) - right
    # Rates of (right, wrong) per cell of M where the reference says 0, and where it says 1.
    rates = [
        world.cells(np.stack([right * says, wrong * says], axis=-1), visible) * m
        for says in (~reference, reference)
    ]
    total = _Counts({0.0: ((0, 0), np.ones((1, 1)))})
    for zero, one in zip(*rates, strict=True):
        total = total.plus(_minimum(_difference(zero), _difference(one)))
    ((least, start), grid) = total[0.0]
    at_m = grid[:, m - start]
    chance = at_m / poisson.pmf(m, m)
    values = (least + np.arange(len(chance))) / m
    return _law(values, chance, m)


def _index(cell: int, fine: tuple[str, ...], coarse: tuple[str, ...]) -> int:
    """The cell of the smaller subset in which a cell of the larger one lies."""
    bits = np.array(np.unravel_index(cell, (2,) * len(fine)))
    kept = [int(bits[fine.index(name)]) for name in coarse]
    return int(np.ravel_multi_index(kept, (2,) * len(coarse)))


def _groups(fine: tuple[str, ...], coarse: tuple[str, ...] | None) -> list[list[int]]:
    """The fine cells that share a coarse cell; each alone where there is no coarse subset."""
    cells = range(2 ** len(fine))
    if coarse is None:
        return [[cell] for cell in cells]
    inside = [_index(cell, fine, coarse) for cell in cells]
    return [[c for c in cells if inside[c] == group] for group in range(2 ** len(coarse))]


def _poisson(rate: float) -> tuple[int, Grid]:
    """The least count kept, and probabilities from there on."""
    if rate == 0:
        return 0, np.ones(1)
    # By Bernstein's inequality what lies beyond has probability below 1e-20.
    reach = 10 * math.sqrt(rate) + 40
    low, high = max(0, math.floor(rate - reach)), math.ceil(rate + reach)
    probabilities: Grid = poisson.pmf(np.arange(low, high + 1), rate)
    return low, probabilities


def _letters(rates: Grid) -> _Counts:
    """Counts (zeros, ones) of one cell, with nothing decided yet."""
    (low_zero, zeros), (low_one, ones) = (_poisson(float(rate)) for rate in rates)
    return _Counts({0.0: ((low_zero, low_one), np.outer(zeros, ones))})


def _decided(parts: _Counts, truth: Grid, at_tie: bool, weight: float) -> _Counts:
    """Split by the label that the majority of the counts picks, and charge the wrong one."""
    decided = _Counts()
    label = int(truth[1] > truth[0])
    price = weight * float(abs(truth[1] - truth[0]))
    for value, ((zeros, ones), grid) in parts.items():
        lead = (ones + np.arange(grid.shape[1]))[None, :] - (zeros + np.arange(grid.shape[0]))[
            :, None
        ]
        says_one = np.where(lead == 0, at_tie, lead > 0)
        wrong = says_one != bool(label)
        decided.put(value, (zeros, ones), np.where(wrong, 0.0, grid))
        decided.put(value + price, (zeros, ones), np.where(wrong, grid, 0.0))
    return decided


def _by_total(parts: _Counts) -> _Counts:
    """Forget the labels: probabilities of the number of examples."""
    totals = _Counts()
    for value, ((zeros, ones), grid) in parts.items():
        examples = np.add.outer(np.arange(grid.shape[0]), np.arange(grid.shape[1]))
        sums: Grid = np.bincount(examples.ravel(), grid.ravel()).astype(np.float64)
        totals.put(value, (zeros + ones,), sums)
    return totals


def _conditioned(total: _Counts, m: int) -> Law:
    """The law of the value given that the counts sum to m."""
    found = {
        value: float(grid[m - start])
        for value, ((start,), grid) in total.items()
        if 0 <= m - start < len(grid)
    }
    chance = np.array(list(found.values())) / poisson.pmf(m, m)
    return _law(np.array(list(found)), chance, m)


def _law(values: Grid, chance: Grid, m: int) -> Law:
    """Drop what is only rounding: values that no sample has would look possible."""
    real = chance > _NOISE
    cut_off = _ROUNDING / float(poisson.pmf(m, m)) + _NOISE * float((~real).sum())
    return Law.of([(values[real], chance[real])], cut_off)


def _difference(rates: Grid) -> tuple[int, int, Grid]:
    """(least difference, least total, probabilities [difference, total]) of two Poisson counts."""
    (low_plus, plus), (low_minus, minus) = (_poisson(float(rate)) for rate in rates)
    i, j = np.meshgrid(np.arange(len(plus)), np.arange(len(minus)), indexing="ij")
    spread = len(plus) + len(minus) - 1
    flat = (i - j + len(minus) - 1) * spread + (i + j)
    chance = np.outer(plus, minus).ravel()
    grid: Grid = np.bincount(flat.ravel(), chance, minlength=spread**2).astype(np.float64)
    least = low_plus - low_minus - (len(minus) - 1)
    return least, low_plus + low_minus, grid.reshape(spread, spread)


def _minimum(first: tuple[int, int, Grid], second: tuple[int, int, Grid]) -> _Counts:
    """Probabilities of (min of two independent differences, sum of their totals)."""
    low = min(first[0], second[0])
    high = min(first[0] + len(first[2]), second[0] + len(second[2]))
    survivals = []
    for least, _, grid in (first, second):
        # P(difference ≥ t, total = n) for t = low … high, where it is zero at high for one of them.
        above = np.cumsum(grid[::-1], axis=0)[::-1]
        rows = np.clip(np.arange(low, high + 1) - least, 0, len(grid))
        survivals.append(np.vstack([above, np.zeros((1, grid.shape[1]))])[rows])
    both = fftconvolve(survivals[0], survivals[1], axes=1)
    return _Counts({0.0: ((low, first[1] + second[1]), both[:-1] - both[1:])})
