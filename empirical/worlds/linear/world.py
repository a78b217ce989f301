"""Linear worlds: signs as features, y = w·x + bounded noise, squared loss, heads on a ball.

x ∈ {−1, 1}^d as in `sign_features`: one block per modality, ``overlap`` between a coordinate of the
first modality and its copies in the others. The noise is uniform on [−noise, noise], independent of
x. It has a density, so that two subsets do not end in the same risk, where rounding would decide.

The encoder of M is the identity on the visible modalities, zero elsewhere; heads are β·z with
‖β‖₂ ≤ radius over the common Z = R^d. Everything is bounded, so C and L are certified, and

    r(β) = (β − w)ᵀ Σ (β − w) + noise²/3

is exact. With ‖w‖ ≤ radius the truth lies in the class (the assumption `realizable`), r(h*∘g*) = noise²/3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from bounds import losses, rademacher
from bounds.domains import at_least
from bounds.losses import LossConstants
from empirical import heads
from empirical.modalities import as_subset, check_names
from empirical.statistics.intervals import Interval
from empirical.worlds.linear import sign_features, sign_sums
from empirical.worlds.trials import Trials, check_draw

# Rows × columns drawn at once. Fixed, so that a draw depends on its arguments alone.
_BLOCK = 2**22
# The law of a copy given its original is a matrix of about 150 m entries.
_MOST_ROWS = 20_000


@dataclass(frozen=True, eq=False)
class Moments:
    """All that squared loss needs of each sample, float64: (1/m) Σ of xxᵀ, of xy and of y².

    ``gram`` [trials, d, d], ``moment`` [trials, d], ``square`` [trials].
    """

    m: int
    gram: NDArray[np.float64]
    moment: NDArray[np.float64]
    square: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LinearWorld:
    """Blocks of sign features, true weights w [d], noise size, overlap and the heads' radius."""

    blocks: dict[str, int]
    weights: NDArray[np.float64]
    noise: float
    overlap: float
    radius: float

    @property
    def names(self) -> tuple[str, ...]:
        """The modalities' names, in order."""
        return tuple(self.blocks)

    @property
    def features(self) -> int:
        """d, the number of features of all modalities together."""
        return sum(self.blocks.values())

    @property
    def reference_risk(self) -> float:
        """r(h*∘g*) = E(y − w·x)², the noise variance: w itself is in the class."""
        return self.noise**2 / 3

    @property
    def constants(self) -> LossConstants:
        """C and L of squared loss for every subset: |β·x| ≤ radius √d and |y| ≤ ‖w‖₁ + noise."""
        return losses.squared(
            prediction_radius=self.radius * self.features**0.5,
            target_radius=float(np.abs(self.weights).sum()) + self.noise,
        )

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Σ = E xxᵀ, shape [d, d]."""
        return sign_features.covariance(self.blocks, self.overlap)

    def latent_quality(self, subset: Iterable[str]) -> float:
        """η(g_M) = min over the ball of (β − w)ᵀ Σ (β − w) with β zero off M, to about 1e-14.

        Examples
        --------
        >>> linear_world({"a": 1, "b": 1}, [1.0, 0.5], radius=2.0).latent_quality(["a"])
        0.25
        """
        visible = self.columns(subset)
        covariance = self.covariance
        best = _least_squares(
            covariance[np.ix_(visible, visible)][None],
            (covariance[visible] @ self.weights)[None],
            self.radius,
        )
        return float(self._excess(self._embed(best, visible))[0])

    def rademacher_complexity(self, subset: Iterable[str], m: int) -> Interval:
        """R_m(F_M) = radius · E‖Σ σ_i x_i‖/m, exact up to a relative 1e-9 (see `sign_sums`).

        Convention 1/m, no |·|. With overlap and m above 20,000 as in ``empirical_complexity``.

        Examples
        --------
        >>> world = linear_world({"a": 1, "b": 1}, [1.0, 0.0], radius=1.0)
        >>> round(float(world.rademacher_complexity(["a"], m=2).low), 6)     # E|σ₁ + σ₂|/2
        0.5
        """
        check_draw(m, 1)
        groups = sign_features.groups(self.blocks, self.overlap, self.columns(subset))
        if m > _MOST_ROWS and any(copies for _, copies in groups):
            return self.empirical_complexity(subset, m)
        value = self.radius * sign_sums.mean_norm(groups, self.overlap, m) / m
        margin = value * sign_sums.RELATIVE_ERROR
        return Interval(value - margin, value + margin)

    def empirical_complexity(self, subset: Iterable[str], m: int) -> Interval:
        """Where R̂_S(F_M) lies for every S: between Khintchine's lower bound and Jensen's upper.

        Convention 1/m, no |·|. ‖x‖² = d_M on every row, so that neither depends on S.

        Examples
        --------
        >>> world = linear_world({"a": 2, "b": 2}, [1.0, 0, 0, 0], radius=1.0)
        >>> interval = world.empirical_complexity(["a", "b"], m=100)     # 2/√100 and that over √2
        >>> round(float(interval.low), 6), round(float(interval.high), 6)
        (0.141421, 0.2)
        """
        check_draw(m, 1)
        squared_norms = np.full(m, float(len(self.columns(subset))))
        return Interval(
            rademacher.linear_empirical_lower(radius=self.radius, squared_norms=squared_norms),
            rademacher.linear_empirical(radius=self.radius, squared_norms=squared_norms),
        )

    def draw(self, generator: np.random.Generator, m: int, trials: int) -> Moments:
        """``trials`` i.i.d. samples of size m as their moments; memory does not grow with m·trials.

        Raises
        ------
        ValueError
            Unless m and trials are positive integers.

        Examples
        --------
        >>> world = linear_world({"a": 1, "b": 1}, [1.0, 0.0], noise=0.0)
        >>> world.draw(np.random.default_rng(0), m=50, trials=2).square.tolist()
        [1.0, 1.0]
        """
        check_draw(m, trials)
        gram = np.empty((trials, self.features, self.features))
        moment, square = np.empty((trials, self.features)), np.empty(trials)
        at_once = max(1, _BLOCK // (m * self.features))
        for start in range(0, trials, at_once):
            part = slice(start, min(start + at_once, trials))
            x, y = self.sample(generator, m, part.stop - part.start)
            gram[part] = x.mT @ x / m
            moment[part] = (x.mT @ y[..., None])[..., 0] / m
            square[part] = (y**2).mean(axis=1)
        return Moments(m, gram, moment, square)

    def sample(
        self, generator: np.random.Generator, m: int, trials: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The rows: x [trials, m, d] and y [trials, m]."""
        x = sign_features.draw(generator, self.blocks, self.overlap, m, trials)
        noise = generator.uniform(-self.noise, self.noise, (trials, m))
        y: NDArray[np.float64] = x @ self.weights + noise
        return x, y

    def fit(self, sample: Moments, subset: Iterable[str]) -> NDArray[np.float64]:
        """The head that minimises r̂ over the ball on each sample, zero off M: [trials, d].

        Where several do (fewer rows than features), the one of least norm.
        """
        visible = self.columns(subset)
        gram = sample.gram[:, visible[:, None], visible]
        beta = _least_squares(gram, sample.moment[:, visible], self.radius)
        return self._embed(beta, visible)

    def risks(self, sample: Moments, subset: Iterable[str], beta: NDArray[np.float64]) -> Trials:
        """All quantities of any given heads β [trials, d] in the ball (trained or not)."""
        ordered = as_subset(self.names, subset)
        visible = self.columns(ordered)
        empirical = _mean_square(sample, beta)
        certified = heads.least_squares_gap(
            torch.from_numpy(sample.gram[:, visible[:, None], visible]),
            torch.from_numpy(sample.moment[:, visible, None]),
            torch.from_numpy(beta[:, None, visible]),
            self.radius,
        )
        return Trials(
            subset=ordered,
            m=sample.m,
            population_risk=self._excess(beta) + self.reference_risk,
            empirical_risk=empirical,
            latent_quality=np.full(len(beta), self.latent_quality(ordered)),
            centred_loss=empirical - _mean_square(sample, self.weights[None]),
            slack=certified.numpy(),
        )

    def measure(
        self, sample: Moments, subsets: Iterable[Iterable[str]]
    ) -> dict[tuple[str, ...], Trials]:
        """ERM and its quantities on the same samples for every subset.

        Examples
        --------
        >>> world = linear_world({"a": 1, "b": 1}, [1.0, 0.5], radius=2.0, noise=0.0)
        >>> sample = world.draw(np.random.default_rng(0), m=20, trials=3)
        >>> trials = world.measure(sample, [["a"], ["a", "b"]])
        >>> bool(trials["a", "b"].population_risk.max() < 1e-24)      # without noise w is found
        True
        """
        ordered = [as_subset(self.names, subset) for subset in subsets]
        return {s: self.risks(sample, s, self.fit(sample, s)) for s in ordered}

    def columns(self, subset: Iterable[str]) -> NDArray[np.int64]:
        """Indices of the features that a subset sees."""
        visible = as_subset(self.names, subset)
        owner, _ = sign_features.layout(self.blocks)
        seen = [index for index, name in enumerate(self.names) if name in visible]
        return np.flatnonzero(np.isin(owner, seen))

    def _excess(self, beta: NDArray[np.float64]) -> NDArray[np.float64]:
        """r(β) − r(h*∘g*), as a quadratic form: no cancellation against the noise variance."""
        off = beta - self.weights
        excess: NDArray[np.float64] = np.einsum("ti,ij,tj->t", off, self.covariance, off)
        return excess

    def _embed(self, beta: NDArray[np.float64], visible: NDArray[np.int64]) -> NDArray[np.float64]:
        full = np.zeros((len(beta), self.features))
        full[:, visible] = beta
        return full


def linear_world(
    blocks: Mapping[str, int],
    weights: ArrayLike,
    *,
    noise: float = 1.0,
    overlap: float = 0.0,
    radius: float | None = None,
) -> LinearWorld:
    """A world with the given number of features per modality and true weights w, shape [d].

    ``radius`` is by default ‖w‖, the least at which the truth is in the class.

    Raises
    ------
    ValueError
        For blocks below 1, weights of another length, not finite or all zero, a negative noise, an
        overlap outside [0, 1], or a radius below ‖w‖.

    Examples
    --------
    >>> world = linear_world({"text": 2, "audio": 1}, [3.0, 0.0, 4.0])
    >>> world.radius, world.constants.C == (5 * 3**0.5 + 8) ** 2
    (5.0, True)
    """
    names = check_names(blocks)
    for name in names:
        at_least(1).whole(f"blocks[{name!r}]", blocks[name])
    w = np.array(weights, dtype=np.float64)
    size = sum(blocks.values())
    if w.shape != (size,) or not np.isfinite(w).all() or not w.any():
        raise ValueError(f"weights must be {size} finite numbers, not all zero, got {w.tolist()}")
    if not 0 <= noise < np.inf:
        raise ValueError(f"noise must be finite and not negative, got {noise}")
    if not 0 <= overlap <= 1:
        raise ValueError(f"overlap must lie in [0, 1], got {overlap}")
    norm = float(np.linalg.norm(w))
    ball = norm if radius is None else float(radius)
    if not norm <= ball < np.inf:
        raise ValueError(f"radius must be finite and at least ‖w‖ = {norm:g}, got {radius}")
    return LinearWorld(dict(blocks), w, float(noise), float(overlap), ball)


def junk_world(
    signal: int = 4, junk: int = 1, *, noise: float = 1.0, radius: float | None = None
) -> LinearWorld:
    """Two modalities: "signal" with all the truth, ‖w‖ = 1, and "junk" with w = 0 on it.

    γ({signal, junk}, {signal}) = 0, yet the junk modality costs risk on most samples: Theorem 1
    without its complexity and confidence terms fails far more often than δ/2. To leading order
    the cost is noise²/3·χ²(junk)/m ≥ 0, so the failure rate rises with m and with junk; with the
    default sizes it is 0.80, 0.87, 0.93, 0.97 at m = 16, 64, 256, 1024 (2,000 samples each).

    Examples
    --------
    >>> round(junk_world().latent_quality(["junk"]), 12)
    1.0
    """
    weights = np.concatenate([np.full(signal, signal**-0.5), np.zeros(junk)])
    return linear_world({"signal": signal, "junk": junk}, weights, noise=noise, radius=radius)


def _least_squares(
    gram: NDArray[np.float64], moment: NDArray[np.float64], radius: float
) -> NDArray[np.float64]:
    """min βᵀ gram β − 2 moment·β over ‖β‖ ≤ radius: [trials, p]."""
    head = heads.least_squares(torch.from_numpy(gram), torch.from_numpy(moment[..., None]), radius)
    solution: NDArray[np.float64] = head.weights[:, 0].numpy()
    return solution


def _mean_square(sample: Moments, beta: NDArray[np.float64]) -> NDArray[np.float64]:
    """r̂(β) from the sample's moments; β [trials or 1, d]."""
    beta = np.broadcast_to(beta, sample.moment.shape)
    quadratic: NDArray[np.float64] = np.einsum("ti,tij,tj->t", beta, sample.gram, beta)
    risk: NDArray[np.float64] = quadratic - 2 * (beta * sample.moment).sum(axis=1) + sample.square
    return risk
