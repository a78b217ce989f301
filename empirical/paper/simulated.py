"""The simulated modalities of Huang et al. (2021), Table 4: draws, and fits that need second moments only.

u⁽ᵏ⁾ ∈ R^d is standard normal, x⁽ᵏ⁾ a linear function of u⁽¹⁾ and u⁽ᵏ⁾ coordinate by coordinate, and
y = Σ_k 1ᵀx⁽ᵏ⁾. The error of a linear predictor is then a linear function e of u: its mean square on
given rows is e'Ge with G the second moments of u there. One G per draw serves every overlap, both
constructions, every subset of the modalities and every step of a linear network's training. That is
algebra, not an approximation.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import linalg
from torch import Tensor

from empirical.datasets.bundled import share
from empirical.streams import stream

Array = NDArray[np.float64]


def coordinate_maps(overlap: float, construction: str, modalities: int, features: int) -> Array:
    """A of shape [d, K, K] with x⁽ᵏ⁾_j = Σ_l A[j, k, l] u⁽ˡ⁾_j: `share` as a matrix per coordinate.

    Examples
    --------
    >>> coordinate_maps(0.5, "mixing", 2, 1).tolist()
    [[[1.0, 0.0], [0.5, 0.5]]]
    """
    basis = np.broadcast_to(np.eye(modalities)[:, :, None], (modalities, modalities, features))
    return share(basis, overlap, construction).transpose(2, 0, 1)


def second_moments(
    seed: int, trial: int, rows: tuple[int, int], modalities: int, features: int
) -> tuple[Array, Array]:
    """uuᵀ averaged over the training rows and over the test rows of one draw: two [K·d, K·d].

    Features are ordered modality by modality. `rows`: (training, test). The draw depends on seed,
    trial and the number of training rows alone.

    Examples
    --------
    >>> train, test = second_moments(0, 0, (7, 3), modalities=2, features=1)
    >>> train.shape, bool(np.allclose(test, test.T))
    ((2, 2), True)
    """
    draws = stream(seed, "sample", rows[0], trial)
    moments = []
    for count in rows:
        u = draws.standard_normal((count, modalities * features))
        moments.append(u.T @ u / count)
    return moments[0], moments[1]


def least_squares_error(train: Array, test: Array, maps: Array, present: int) -> float:
    """Test mean squared error of least squares on the first modalities, without an intercept.

    Two modalities of one feature, y = u⁽¹⁾ + u⁽²⁾; seeing the first leaves the second:

    Parameters
    ----------
    train, test
        Second moments from `second_moments`.
    maps
        [d, K, K] from `coordinate_maps`.
    present
        How many of the K modalities the fit sees. Where features are copies of each other there are
        many least-squares fits (the one of minimum norm among them); all predict the same.

    Examples
    --------
    >>> moments = np.eye(2)
    >>> round(least_squares_error(moments, moments, coordinate_maps(0.0, "mixing", 2, 1), 1), 9)
    1.0
    """
    features = len(maps)
    # An orthonormal basis, per coordinate, of what the seen modalities show of u: no copies, and
    # as well conditioned as u itself at every overlap.
    _, lengths, rows = np.linalg.svd(maps[:, :present])
    rank = (lengths > 1e-9).sum(axis=1)
    basis = np.concatenate(
        [np.kron(rows[j, : rank[j]], np.eye(features)[j]) for j in range(features)]
    )
    target = maps.sum(axis=1).T.ravel()
    gram = basis @ train @ basis.T
    weights = linalg.solve(gram, basis @ (train @ target), assume_a="pos")
    error = weights @ basis - target
    return float(error @ test @ error)


def network_errors(
    train: Array,
    test: Array,
    maps: Array,
    present: Array,
    *,
    seed: int,
    width: int = 4,
    steps: int = 350,
    learning_rate: float = 0.2,
) -> Array:
    """Test mean squared errors of trained linear fusion networks, [draws, cells].

    A network has an encoder R^d → R^width per modality, concatenation and a linear head, all without
    biases, and is trained by full-batch Adam (learning rate falling to zero along a half cosine) on
    the mean squared error; absent modalities are left out of the concatenation.

    Parameters
    ----------
    train, test
        [draws, K·d, K·d] second moments; draw t starts from initial weights of trial t.
    maps
        [cells, d, K, K].
    present
        [cells, K], 1 where a modality is seen, 0 where not.

    Examples
    --------
    >>> moments = np.eye(2)[None]
    >>> maps = coordinate_maps(0.0, "mixing", 2, 1)[None]
    >>> found = network_errors(moments, moments, maps, np.array([[1.0, 0.0]]), seed=0)
    >>> found.round(6).tolist()
    [[1.0]]
    """
    draws, (cells, features, modalities, _) = len(train), maps.shape
    shape = (modalities, width, features)
    start = [stream(seed, "initial weights", width, t) for t in range(draws)]
    encoders = _per_cell([s.standard_normal(shape) / features**0.5 for s in start], cells)
    heads = _per_cell([s.standard_normal(shape[:2]) / width**0.5 for s in start], cells)
    A, seen = torch.as_tensor(maps), torch.as_tensor(present, dtype=torch.float64)
    target = A.sum(dim=2).transpose(1, 2)
    moments = torch.as_tensor(train)
    optimiser = torch.optim.Adam([encoders, heads], lr=learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=steps)

    def errors(second_moments: Tensor) -> Tensor:
        weights = torch.einsum("tckhj,tckh,ck->tckj", encoders, heads, seen)
        error = torch.einsum("tckj,cjkl->tclj", weights, A) - target
        flat = error.reshape(draws, cells, -1)
        return ((flat @ second_moments) * flat).sum(dim=2)

    for _ in range(steps):
        optimiser.zero_grad()
        torch.autograd.backward(errors(moments).sum())
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        return errors(torch.as_tensor(test)).numpy()


def _per_cell(values: list[Array], cells: int) -> Tensor:
    """One starting value per draw, the same for all cells: [draws, cells, ...], to be trained."""
    stacked = torch.as_tensor(np.stack(values))[:, None]
    return stacked.repeat(1, cells, *[1] * (stacked.ndim - 2)).requires_grad_()
