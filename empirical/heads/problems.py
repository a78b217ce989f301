"""A batch of cross-entropy problems: values, gradients and curvature of softmax and logistic heads.

Both losses are log-partition(s) - <t, s> in the scores s = V z, with probabilities p(s) as the
gradient of the log-partition and diag(p) - p p^T as its Hessian (p - p^2 for one logit).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Self

import torch
from torch import Tensor

from empirical.memory import numbers_at_once


@dataclass(frozen=True)
class Link:
    """The log-partition of the scores and its derivatives: the difference between softmax and logistic.

    Parameters
    ----------
    probabilities
        Scores [T, c, rows] to the gradient of the log-partition.
    partition
        Scores [T, c, rows] to the log-partition [T, rows].
    free
        An orthonormal basis [c, k] of the outputs that matter, for a tensor of the right type and c.
    curvature
        Boehning's bound: the Hessian in the scores is at most this multiple of the identity.
    check_targets
        Raises `ValueError` for targets [T, c, rows] that are not probabilities.
    """

    probabilities: Callable[[Tensor], Tensor]
    partition: Callable[[Tensor], Tensor]
    free: Callable[[Tensor, int], Tensor]
    curvature: float
    check_targets: Callable[[Tensor], None]


def _softmax(scores: Tensor) -> Tensor:
    return torch.softmax(scores, 1)


def _log_sum_exp(scores: Tensor) -> Tensor:
    return torch.logsumexp(scores, 1)


def _without_common_shift(like: Tensor, outputs: int) -> Tensor:
    """The k = c - 1 directions orthogonal to the ones.

    A vector added to all classes at once does not change softmax, and the best head on a ball has none.
    """
    basis: Tensor = torch.linalg.qr(like.new_ones(outputs, 1), mode="complete").Q[:, 1:]
    return basis


def _check_distributions(targets: Tensor) -> None:
    # The curvature bound and the Newton steps need it: a common shift must leave phi unchanged.
    totals = targets.sum(1)
    if float(targets.min()) < 0 or float((totals - 1.0).abs().max()) > 1e-6:
        raise ValueError(
            "targets must be distributions over the classes (one-hot: labels), got"
            f" a least entry of {float(targets.min())} and sums up to"
            f" {float(totals.max())}, from {float(totals.min())}"
        )


def _log_one_plus_exp(scores: Tensor) -> Tensor:
    # Not softplus: it overflows, or drops what is below 2e-9.
    return torch.logaddexp(scores[:, 0], scores.new_zeros(()))


def _one_logit(like: Tensor, outputs: int) -> Tensor:
    return like.new_ones(1, 1)


def _check_chances(targets: Tensor) -> None:
    if targets.shape[1] != 1:
        raise ValueError(f"targets must have one output, got {targets.shape[1]}")
    if float(targets.min()) < 0 or float(targets.max()) > 1:
        wrong = targets[(targets < 0) | (targets > 1)]
        raise ValueError(f"targets must lie in [0, 1], got {float(wrong[0])}")


SOFTMAX = Link(_softmax, _log_sum_exp, _without_common_shift, 0.5, _check_distributions)
LOGISTIC = Link(torch.sigmoid, _log_one_plus_exp, _one_logit, 0.25, _check_chances)


@dataclass
class Batch:
    """Data with one entry per problem: indexing by positions or a slice picks problems in all of them."""

    def __getitem__(self, which: Tensor | slice) -> Self:
        return replace(self, **{f.name: getattr(self, f.name)[which] for f in fields(self)})


@dataclass(frozen=True)
class Problems:
    """phi(V) = sum over rows of mass * loss(V z), for T problems at once.

    Parameters
    ----------
    z
        [T, p, rows] float64, or float32 for rough steps.
    targets
        [T, c, rows]: distributions over the classes; for logistic c = 1 and entries in [0, 1].
    mass
        [T, rows].
    link
        `SOFTMAX` or `LOGISTIC`.
    """

    z: Tensor
    targets: Tensor
    mass: Tensor
    link: Link

    def __getitem__(self, which: Tensor | slice) -> Problems:
        return Problems(self.z[which], self.targets[which], self.mass[which], self.link)

    def single(self, buffer: Tensor | None = None) -> Problems:
        """The same problems in float32; the features in `buffer` [T or more, p, rows] if given."""
        z = self.z.float() if buffer is None else buffer[: len(self.z)].copy_(self.z)
        return Problems(z, self.targets.float(), self.mass.float(), self.link)

    def probabilities(self, scores: Tensor) -> Tensor:
        """p(s), [T, c, rows]."""
        return self.link.probabilities(scores)

    def value(self, scores: Tensor) -> Tensor:
        """phi, [T], from the scores [T, c, rows]."""
        return ((self.link.partition(scores) - (self.targets * scores).sum(1)) * self.mass).sum(1)

    def gradient(self, weights: Tensor) -> Tensor:
        """The gradient of phi at V [T, c, p], of the same shape."""
        # A GPU would wait to see it.
        if weights.device.type != "cpu" or bool(weights.any()):
            residual = self.probabilities(weights @ self.z).sub_(self.targets)
        else:
            # At zero, where solvers start, all classes are alike on every row: half of the work.
            residual = self.probabilities(weights[:, :, :1]) - self.targets
        return self._carried(residual)

    def slope(self, probabilities: Tensor) -> Tensor:
        """The gradient of phi, [T, c, p], from the probabilities at V."""
        return self._carried(probabilities - self.targets)

    def _carried(self, residual: Tensor) -> Tensor:
        """Residuals [T, c, rows] onto the features, [T, c, p]; `residual` is used up."""
        # The mass multiplies the c residuals, not the p features: less to read and to write.
        return residual.mul_(self.mass[:, None, :]) @ self.z.mT

    def gram(self) -> Tensor:
        """sum over rows of mass * z z^T, [T, p, p]."""
        result = self.z.new_empty(len(self.z), self.z.shape[1], self.z.shape[1])
        for part, weighted in self._parts():
            torch.mul(self.z[part], self.mass[part, None, :], out=weighted)
            torch.bmm(weighted, self.z[part].mT, out=result[part])
        return result

    def _parts(self) -> Iterator[tuple[slice, Tensor]]:
        """A few problems at a time, with a buffer for their weighted features.

        One buffer for all: it stays in the cache, and allocating takes longer than filling it.
        """
        trials, p, rows = self.z.shape
        at_once = max(1, numbers_at_once(self.z, 2**17) // (p * rows))
        buffer = self.z.new_empty(min(at_once, trials), p, rows)
        for start in range(0, trials, at_once):
            stop = min(trials, start + at_once)
            yield slice(start, stop), buffer[: stop - start]

    def free(self) -> Tensor:
        """An orthonormal basis [c, k] of the outputs that matter."""
        return self.link.free(self.z, self.targets.shape[1])

    def hessian(self, probabilities: Tensor, free: Tensor) -> Tensor:
        """The Hessian of phi in the coordinates of the free outputs: [T, k p, k p].

        Row and column (a, i) are output a of `free` and feature i.
        """
        trials, p, _ = self.z.shape
        k = free.shape[1]
        result = self.z.new_empty(trials, k, p, k, p)
        for part, weighted in self._parts():
            z, chance = self.z[part], probabilities[part]
            seen = free.mT @ chance
            for a in range(k):
                for b in range(a + 1):
                    # free^T (diag(p) - p p^T) free, one entry per row of the sample.
                    weight = (free[:, a] * free[:, b]) @ chance - seen[:, a] * seen[:, b]
                    torch.mul(z, (weight * self.mass[part])[:, None, :], out=weighted)
                    block = weighted @ z.mT
                    result[part, a, :, b] = block
                    result[part, b, :, a] = block
        return result.reshape(trials, k * p, k * p)
