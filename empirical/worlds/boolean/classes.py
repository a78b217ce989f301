"""Finite encoder classes over an exact world: ĝ depends on the sample, and so does γ_S.

G_M is a finite set of maps from M's cells to a latent alphabet Z = {0, …, |Z| − 1}, H a finite set of
maps Z → {0, 1}, and the ERM searches all pairs (h, g). The population is that of an `ExactWorld`:
0–1 loss, C = L = 1, risks exact in float64, samples as tables of counts. Several pairs may be one
function, and two encoders with the same least empirical risk may differ in η: ties are frequent and
follow a stated rule.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.losses import LossConstants
from empirical.modalities import Subset, as_subset
from empirical.statistics.intervals import Interval
from empirical.worlds.boolean.exact import ExactWorld
from empirical.worlds.boolean.signed_walk import finite_class_complexity
from empirical.worlds.trials import Trials

TIES = ("first", "worst", "best")


@dataclass(frozen=True, eq=False)
class ClassWorld:
    """An exact world with finite classes H and G_M.

    A model is the number of a pair, encoder · |H| + head; a stack of models is int [trials].

    Parameters
    ----------
    population
        The joint law of bits and label.
    heads
        H: bool [|H|, |Z|], h(z)
    encoders
        Per subset, G_M: int [|G_M|, 2^|M|], g(cell); always one entry for all modalities.
    """

    population: ExactWorld
    heads: NDArray[np.bool_]
    encoders: dict[Subset, NDArray[np.int64]]

    constants = LossConstants(C=1.0, L=1.0)

    @property
    def names(self) -> Subset:
        """The modalities' names, in order."""
        return self.population.names

    @property
    def reference(self) -> NDArray[np.bool_]:
        """h*∘g*: the labels of the best pair of all modalities (the first of them), [2]*K."""
        best = int(self.pair_risks(self.names).argmin())
        labels: NDArray[np.bool_] = self.predictions(self.names)[best]
        return labels.reshape((2,) * len(self.names))

    @property
    def reference_risk(self) -> float:
        """r(h*∘g*), exact: the least risk over H × G_[K]."""
        return float(self.pair_risks(self.names).min())

    def predictions(self, subset: Iterable[str]) -> NDArray[np.bool_]:
        """F_M by pairs: bool [|G_M| |H|, 2^|M|], the label that each pair gives each cell."""
        encoders = self._encoders(subset)
        table: NDArray[np.bool_] = self.heads[:, encoders].swapaxes(0, 1)
        return table.reshape(-1, encoders.shape[1])

    def pair_risks(self, subset: Iterable[str]) -> NDArray[np.float64]:
        """r(h∘g) of every pair, exact: [|G_M| |H|].

        Examples
        --------
        >>> from empirical.worlds.boolean.exact import xor
        >>> world = latent_bit(xor(), "parities")         # encoders 0, x2, x1, x1 ⊕ x2
        >>> world.pair_risks(["x1", "x2"]).reshape(4, 4)[3].tolist()       # heads 0, z, 1 − z, 1
        [0.5, 0.0, 1.0, 0.5]
        """
        return self._losses(subset) @ self.population.joint.ravel()

    def best_risks(self, subset: Iterable[str]) -> NDArray[np.float64]:
        """inf_h r(h∘g) of every encoder, exact: [|G_M|]."""
        by_encoder = self.pair_risks(subset).reshape(-1, len(self.heads))
        best: NDArray[np.float64] = by_encoder.min(axis=1)
        return best

    def rademacher_complexity(self, subset: Iterable[str], m: int) -> Interval:
        """R_m(F_M), which is R_ℓ(F_M) too; see `signed_walk` for where the width is zero to 1e-8.

        Convention 1/m, no |·|.

        Examples
        --------
        >>> from empirical.worlds.boolean.exact import xor
        >>> round(float(latent_bit(xor()).rademacher_complexity(["x1", "x2"], 400).high), 4)
        0.0399
        """
        visible = as_subset(self.names, subset)
        cells = self.population.cells(self.population.joint, visible).sum(axis=-1)
        return finite_class_complexity(self.predictions(visible), cells, m)

    def draw(self, generator: np.random.Generator, m: int, trials: int) -> NDArray[np.int64]:
        """``trials`` i.i.d. samples of size m as counts, as `ExactWorld.draw`."""
        return self.population.draw(generator, m, trials)

    def fit(
        self, counts: NDArray[np.int64], subset: Iterable[str], ties: str = "first"
    ) -> NDArray[np.int64]:
        """The pair that minimises r̂ over H × G_M on each sample: int [trials].

        Among minimisers ``ties`` takes: "first", the first in order of encoders and then heads;
        "worst" and "best", the one with the largest or smallest r(h∘g) − inf_h r(h∘g), which is
        what Theorem 1 is about: worst M against best N is its hardest case.

        Raises
        ------
        ValueError
            For another rule.

        Examples
        --------
        >>> from empirical.worlds.boolean.exact import xor
        >>> world = latent_bit(xor(), "parities")
        >>> counts = np.ones((1, 2, 2, 2), dtype=int) * (xor().joint > 0)
        >>> world.fit(counts, world.names).tolist()       # encoder 3 of 4, x1 ⊕ x2; head 1 of 4, z
        [13]
        """
        if ties not in TIES:
            raise ValueError(f"ties must be one of {TIES}, got {ties!r}")
        visible = as_subset(self.names, subset)
        errors = counts.reshape(len(counts), -1).astype(np.float64) @ self._losses(visible).T
        order = np.arange(errors.shape[1])
        if ties != "first":
            excess = self.pair_risks(visible) - self.best_risks(visible).repeat(len(self.heads))
            order = np.argsort(-excess if ties == "worst" else excess, kind="stable")
        chosen: NDArray[np.int64] = order[errors[:, order].argmin(axis=1)]
        return chosen

    def risks(
        self, counts: NDArray[np.int64], subset: Iterable[str], models: NDArray[np.int64]
    ) -> Trials:
        """All quantities of any given pairs, int [trials] (trained or not), exact.

        ``slack`` is r̂(h∘g) − inf_h r̂(h∘g): 0 for the pairs of ``fit``.
        """
        visible = as_subset(self.names, subset)
        flat = counts.reshape(len(counts), -1).astype(np.float64)
        m = int(flat[0].sum())
        errors = flat @ self._losses(visible).T
        mine = np.take_along_axis(errors, models[:, None], axis=1)[:, 0]
        least = errors.reshape(len(counts), -1, len(self.heads)).min(axis=2)
        encoder = models // len(self.heads)
        reference_errors = flat @ self._mistakes(self.reference.ravel())
        return Trials(
            subset=visible,
            m=m,
            population_risk=self.pair_risks(visible)[models],
            empirical_risk=mine / m,
            latent_quality=self.best_risks(visible)[encoder] - self.reference_risk,
            centred_loss=(mine - reference_errors) / m,
            slack=(mine - np.take_along_axis(least, encoder[:, None], axis=1)[:, 0]) / m,
        )

    def measure(
        self,
        counts: NDArray[np.int64],
        subsets: Iterable[Iterable[str]],
        ties: str = "first",
    ) -> dict[Subset, Trials]:
        """ERM over H × G_M and its quantities on the same samples for every subset.

        Examples
        --------
        >>> from empirical.worlds.boolean.exact import xor
        >>> world = latent_bit(xor())
        >>> trials = world.measure(world.draw(np.random.default_rng(0), 100, 2), [world.names])
        >>> trials["x1", "x2"].population_risk.tolist()
        [0.0, 0.0]
        """
        ordered = [as_subset(self.names, subset) for subset in subsets]
        return {s: self.risks(counts, s, self.fit(counts, s, ties)) for s in ordered}

    def _encoders(self, subset: Iterable[str]) -> NDArray[np.int64]:
        visible = as_subset(self.names, subset)
        if visible not in self.encoders:
            raise ValueError(f"subset must have encoders, got {visible}: {list(self.encoders)} do")
        return self.encoders[visible]

    def _losses(self, subset: Iterable[str]) -> NDArray[np.float64]:
        """0–1 loss of every pair on every letter (x, y): [|G_M| |H|, 2^(K+1)]."""
        visible = as_subset(self.names, subset)
        bits = np.indices((2,) * len(self.names)).reshape(len(self.names), -1)
        seen = [bits[k] for k, name in enumerate(self.names) if name in visible]
        cell = np.ravel_multi_index(seen, (2,) * len(seen))
        return self._mistakes(self.predictions(visible)[:, cell])

    @staticmethod
    def _mistakes(labels: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Loss on (x, 0) and (x, 1) for labels [..., 2^K]: [..., 2^(K+1)]."""
        both = np.stack([labels, ~labels], axis=-1).astype(np.float64)
        return both.reshape(*labels.shape[:-1], -1)


def class_world(
    population: ExactWorld, heads: ArrayLike, encoders: Mapping[Iterable[str], ArrayLike]
) -> ClassWorld:
    """A world with any finite H (0/1, shape [|H|, |Z|]) and G_M (shape [|G_M|, 2^|M|] per subset).

    Raises
    ------
    ValueError
        For heads that are not a matrix of 0 and 1, encoders of another shape or with symbols
        outside 0 … |Z| − 1, or without an entry for all modalities.

    Examples
    --------
    >>> from empirical.worlds.boolean.exact import noisy_and
    >>> world = class_world(noisy_and(), [[0, 1]], {("x1", "x2"): [[0, 0, 0, 1]], ("x1",): [[0, 1]]})
    >>> world.reference_risk, world.pair_risks(["x1"]).tolist()
    (0.0, [0.25])
    """
    table = np.asarray(heads)
    if table.ndim != 2 or 0 in table.shape or not np.isin(table, (0, 1)).all():
        raise ValueError(f"heads must be a matrix of 0 and 1, got shape {table.shape}")
    symbols = table.shape[1]
    checked: dict[Subset, NDArray[np.int64]] = {}
    for subset, maps in encoders.items():
        visible = as_subset(population.names, subset)
        codes = np.asarray(maps)
        if codes.ndim != 2 or len(codes) == 0 or codes.shape[1] != 2 ** len(visible):
            raise ValueError(
                f"encoders of {visible} must have shape [maps, {2 ** len(visible)}], "
                f"got {codes.shape}"
            )
        if not np.isin(codes, np.arange(symbols)).all():
            raise ValueError(f"encoders of {visible} must map to 0 … {symbols - 1}")
        checked[visible] = codes.astype(np.int64)
    if population.names not in checked:
        raise ValueError(f"encoders must have an entry for {population.names}, got {list(checked)}")
    return ClassWorld(population, table.astype(bool), checked)


def latent_bit(population: ExactWorld, encoders: str = "all") -> ClassWorld:
    """One latent bit: H holds its four maps 0, z, 1 − z, 1 (in this order), for every subset.

    ``encoders``: "all", every map of M's cells to a bit, so that F_M is every map of the cells and
    has the complexity of `ExactWorld`; or "parities", x ↦ ⊕ of the bits in A for every A ⊆ M (the
    constant 0, single bits, XOR), in binary order of A with the last modality first.

    Raises
    ------
    ValueError
        For another word, or for "all" with more than three modalities (2^16 maps).

    Examples
    --------
    >>> from empirical.worlds.boolean.exact import xor
    >>> latent_bit(xor(), "parities").encoders["x1", "x2"].tolist()
    [[0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 1], [0, 1, 1, 0]]
    """
    if encoders not in ("all", "parities"):
        raise ValueError(f'encoders must be "all" or "parities", got {encoders!r}')
    names = population.names
    if encoders == "all" and len(names) > 3:
        raise ValueError(f'encoders="all" needs at most three modalities, got {len(names)}')
    found: dict[Iterable[str], NDArray[np.int64]] = {}
    for size in range(1, len(names) + 1):
        codes = np.arange(2 ** (2**size if encoders == "all" else size))
        if encoders == "all":
            maps = codes[:, None] >> np.arange(2**size)[::-1] & 1
        else:
            shared = codes[:, None] & np.arange(2**size)
            maps = (shared[..., None] >> np.arange(size) & 1).sum(axis=-1) % 2
        for subset in itertools.combinations(names, size):
            found[subset] = maps
    return class_world(population, [[0, 0], [0, 1], [1, 0], [1, 1]], found)
