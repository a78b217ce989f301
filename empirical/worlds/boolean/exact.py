"""Exact worlds: K binary modalities, a binary label, and every term of both theorems known exactly.

The encoder of a subset M is the identity on the visible modalities (⊥ elsewhere); it distinguishes
2^|M| cells, and H holds every map of cells to {0, 1}. Under 0–1 loss |f − y| this gives C = L = 1,
an ERM that decides cell by cell, and γ that does not depend on the sample. Because the sign of
1 − 2y is absorbed by σ, the loss class has the complexity of F_M itself: R_ℓ(F_M) = R_m(F_M).

All probabilities are multiples of 2⁻⁵⁰, so that risks and their differences are exact in float64:
LHS = γ is decided as equality and not by rounding, which matters because in a finite world such
ties have positive probability.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds import rademacher
from bounds.losses import LossConstants
from empirical.modalities import as_subset, check_names
from empirical.statistics.intervals import Interval
from empirical.worlds.boolean.counts import probability_of
from empirical.worlds.trials import Trials, check_draw

Number = TypeVar("Number", np.int64, np.float64)

TIES = ("zero", "worst", "best")
_GRID = 2.0**50


@dataclass(frozen=True, eq=False)
class ExactWorld:
    """A joint law of K bits and a label bit, known exactly.

    ``joint``: probabilities, shape [2]*K + [2]; axis k is modality k, the last axis is y.
    A sample is its table of counts of the same shape, with trials as the leading axis.
    """

    names: tuple[str, ...]
    joint: NDArray[np.float64]

    constants = LossConstants(C=1.0, L=1.0)

    @property
    def reference_risk(self) -> float:
        """r(h*∘g*): the Bayes risk given all modalities, which the class attains."""
        return self.best_risk(self.names)

    def best_risk(self, subset: Iterable[str]) -> float:
        """inf_h r(h∘g_M), exact: on each cell the rarer label is lost.

        Examples
        --------
        >>> xor(noise=0.25).best_risk(["x1", "x2"]), xor(noise=0.25).best_risk(["x1"])
        (0.25, 0.5)
        """
        return float(self.cells(self.joint, subset).min(axis=-1).sum())

    def latent_quality(self, subset: Iterable[str]) -> float:
        """η(g_M), exact; the encoder is fixed, so it is the same for every sample."""
        return self.best_risk(subset) - self.reference_risk

    def rademacher_complexity(self, subset: Iterable[str], m: int) -> Interval:
        """R_m(F_M) of all {0, 1}-valued maps of the cells, exact (zero width).

        Convention 1/m, no |·|. (1/m) Σ_cells E[(sum of the cell's signs)₊] over binomial counts.

        Examples
        --------
        >>> interval = xor().rademacher_complexity(["x1"], 1)      # one sign: E(σ)₊ = ½
        >>> float(interval.low), float(interval.high)
        (0.5, 0.5)
        """
        cells = self.cells(self.joint, subset).sum(axis=-1)
        return Interval.exact(rademacher.cells(probabilities=cells, m=m))

    def draw(self, generator: np.random.Generator, m: int, trials: int) -> NDArray[np.int64]:
        """``trials`` i.i.d. samples of size m as counts, shape [trials] + [2]*K + [2].

        Raises
        ------
        ValueError
            Unless m and trials are positive integers.

        Examples
        --------
        >>> xor().draw(np.random.default_rng(0), m=10, trials=3).sum(axis=(1, 2, 3)).tolist()
        [10, 10, 10]
        """
        check_draw(m, trials)
        counts = generator.multinomial(m, self.joint.ravel(), size=trials)
        return counts.reshape(trials, *self.joint.shape)

    def fit(
        self, counts: NDArray[np.int64], subset: Iterable[str], ties: str = "zero"
    ) -> NDArray[np.bool_]:
        """The head that minimises r̂ on each sample: bool [trials, 2^|M|], the predicted label.

        A cell with as many ones as zeros (an empty one included) has two minimisers. ``ties``:
        "zero" predicts 0 there; "worst" and "best" take the label with the larger or smaller
        population risk, so that worst M against best N is the hardest case of Theorem 1.
        """
        cells = self.cells(counts, subset)
        zeros, ones = cells[..., 0], cells[..., 1]
        return np.where(zeros == ones, self.at_tie(subset, ties), ones > zeros)

    def at_tie(self, subset: Iterable[str], ties: str = "zero") -> NDArray[np.bool_]:
        """The label that ``fit`` predicts on each cell with as many ones as zeros: [2^|M|].

        Raises
        ------
        ValueError
            For an unknown rule.

        Examples
        --------
        >>> xor().at_tie(["x1", "x2"], "best").tolist()
        [False, True, True, False]
        """
        if ties not in TIES:
            raise ValueError(f"ties must be one of {TIES}, got {ties!r}")
        truth = self.cells(self.joint, subset)
        better = truth[..., 1] > truth[..., 0]
        return {"zero": np.zeros_like(better), "worst": ~better, "best": better}[ties]

    def risks(
        self, counts: NDArray[np.int64], subset: Iterable[str], heads: NDArray[np.bool_]
    ) -> Trials:
        """All quantities of any given heads, bool [trials, 2^|M|] (trained or not), exact.

        ``slack`` is r̂(ĥ∘ĝ) − inf_h r̂(h∘ĝ), so 0 for the heads of ``fit``.
        """
        visible = as_subset(self.names, subset)
        truth, cells = self.cells(self.joint, visible), self.cells(counts, visible)
        everything = self.cells(counts, self.names)
        reference = self.cells(self.joint, self.names).argmax(axis=-1).astype(bool)
        m = int(cells[0].sum())
        errors = np.where(heads, cells[..., 0], cells[..., 1]).sum(axis=-1)
        least = cells.min(axis=-1).sum(axis=-1)
        reference_errors = np.where(reference, everything[..., 0], everything[..., 1]).sum(axis=-1)
        return Trials(
            subset=visible,
            m=m,
            population_risk=np.where(heads, truth[..., 0], truth[..., 1]).sum(axis=-1),
            empirical_risk=errors / m,
            latent_quality=np.full(len(counts), self.latent_quality(visible)),
            centred_loss=(errors - reference_errors) / m,
            slack=(errors - least) / m,
        )

    def measure(
        self, counts: NDArray[np.int64], subsets: Iterable[Iterable[str]], ties: str = "zero"
    ) -> dict[tuple[str, ...], Trials]:
        """ERM and its quantities on the same samples for every subset.

        Examples
        --------
        >>> world = xor()
        >>> counts = world.draw(np.random.default_rng(0), m=400, trials=2)
        >>> trials = world.measure(counts, [["x1"], world.names])
        >>> trials["x1", "x2"].population_risk.tolist(), trials["x1",].latent_quality.tolist()
        ([0.0, 0.0], [0.5, 0.5])
        """
        ordered = [as_subset(self.names, subset) for subset in subsets]
        return {s: self.risks(counts, s, self.fit(counts, s, ties)) for s in ordered}

    def probability(self, m: int, event: Callable[[NDArray[np.int64]], NDArray[np.bool_]]) -> float:
        """P(event) over samples of size m, exact: the sum over all multinomial types.

        ``event``: counts [types] + [2]*K + [2] → bool [types]; called on chunks. Affordable for
        four letters of positive probability to m = 400 (1.1e7 types), for eight to m = 30.

        Raises
        ------
        ValueError
            For more than 2e7 types; `cellwise` reaches further, for the laws it knows.

        Examples
        --------
        >>> xor().probability(1, lambda counts: counts[:, 0, 0, 0] == 1)
        0.25
        """
        return probability_of(self.joint, m, event)

    def cells(self, table: NDArray[Number], subset: Iterable[str]) -> NDArray[Number]:
        """Sum a table [...] + [2]*K + [2] over the hidden modalities: [..., 2^|M|, 2].

        Examples
        --------
        >>> world = xor()
        >>> world.cells(world.joint, ["x1"]).tolist()
        [[0.25, 0.25], [0.25, 0.25]]
        """
        visible = as_subset(self.names, subset)
        K = len(self.names)
        lead = table.ndim - K - 1
        hidden = tuple(lead + k for k, name in enumerate(self.names) if name not in visible)
        summed: NDArray[Number] = table.sum(axis=hidden)
        return summed.reshape(*table.shape[:lead], 2 ** len(visible), 2)


def boolean_world(
    names: Iterable[str], label_probability: ArrayLike, input_probability: ArrayLike | None = None
) -> ExactWorld:
    """Any world of K bits: P(y = 1 | x) and P(x), both of shape [2]*K, axis k for modality k.

    Inputs are uniform by default. Probabilities are rounded to multiples of 2⁻⁵⁰ (see the module).

    Raises
    ------
    ValueError
        For a wrong shape, a probability outside [0, 1], or input probabilities that do not sum to 1
        within 1e-9.

    Examples
    --------
    >>> boolean_world(["a", "b"], [[0, 0], [0, 1]]).best_risk(["a"])     # AND: a = 1 leaves a coin
    0.25
    """
    checked = check_names(names)
    shape = (2,) * len(checked)
    ones = np.asarray(label_probability, dtype=np.float64)
    inputs = np.full(shape, 0.5 ** len(checked))
    if input_probability is not None:
        inputs = np.asarray(input_probability, dtype=np.float64)
    for argument, table in (("label_probability", ones), ("input_probability", inputs)):
        if table.shape != shape:
            raise ValueError(f"{argument} must have shape {shape}, got {table.shape}")
        if not ((table >= 0) & (table <= 1)).all():
            raise ValueError(f"{argument} must lie in [0, 1], got {table.tolist()}")
    if abs(inputs.sum() - 1) > 1e-9:
        raise ValueError(f"input_probability must sum to 1, got {inputs.sum()}")
    units = np.rint(inputs * _GRID)
    units.flat[units.argmax()] += _GRID - units.sum()
    units_of_one = np.rint(units * ones)
    return ExactWorld(checked, np.stack([units - units_of_one, units_of_one], axis=-1) / _GRID)


def xor(modalities: int = 2, noise: float = 0.0) -> ExactWorld:
    """y = parity of K fair bits, flipped with probability ``noise``; modalities x1…xK.

    No proper subset of the modalities says anything about y: η is ½ − noise for each of them.

    Raises
    ------
    ValueError
        For fewer than two modalities or noise outside [0, ½].

    Examples
    --------
    >>> xor(3).latent_quality(["x1", "x2"])
    0.5
    """
    return _noisy(modalities, noise, lambda bits: bits.sum(axis=0) % 2 == 1)


def noisy_and(modalities: int = 2, noise: float = 0.0) -> ExactWorld:
    """y = conjunction of K fair bits, flipped with probability ``noise``; modalities x1…xK.

    Every modality helps a little.

    Raises
    ------
    ValueError
        As ``xor`` does.

    Examples
    --------
    >>> noisy_and(2).latent_quality(["x1"])
    0.25
    """
    return _noisy(modalities, noise, lambda bits: bits.min(axis=0) == 1)


def _noisy(
    modalities: int, noise: float, label: Callable[[NDArray[np.int64]], NDArray[np.bool_]]
) -> ExactWorld:
    if not 0 <= noise <= 0.5:
        raise ValueError(f"noise must lie in [0, 0.5], got {noise}")
    names = check_names(f"x{k + 1}" for k in range(modalities))
    clean = label(np.indices((2,) * modalities)).astype(np.float64)
    return boolean_world(names, clean * (1 - noise) + (1 - clean) * noise)


def near_fair_coin(m: int, modalities: int = 2, bias: float = 0.5) -> ExactWorld:
    """Labels within ``bias``/√m of a fair coin: P(y = 1 | x) = ½ + bias/√m, whatever x is.

    Fair independent bits x1…xK carry no information. A subset that tells 2^k cells apart has about
    m/2^k examples in each, and takes the wrong label there with probability about
    Φ(−2 bias/√(2^k)): it pays 2 bias/(2^k √m) for each such cell. So r(ĥ_M∘ĝ_M) − r(ĥ_N∘ĝ_N) is of
    order 1/√m with a probability that does not depend on m, and no bound of order 1/m can hold.

    ``m``: the sample size that the bias is matched to (theory, section 7).

    Raises
    ------
    ValueError
        Unless 0 < bias ≤ √m/2, m ≥ 1 and there are at least two modalities.

    Examples
    --------
    >>> near_fair_coin(400, bias=5.0).best_risk(["x1"])                  # ½ − 5/√400
    0.25
    """
    check_draw(m, 1)
    if not 0 < bias <= m**0.5 / 2:
        raise ValueError(f"bias must lie in (0, √m/2 = {m**0.5 / 2:g}], got {bias}")
    names = check_names(f"x{k + 1}" for k in range(modalities))
    return boolean_world(names, np.full((2,) * modalities, 0.5 + bias / m**0.5))
