"""Shared by all head solvers: the ball, the certificate, and heads with their certified gap."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

# Iterates keep to this fraction of the radius: rounding then leaves none outside, and a head that was
# scaled into the ball is not moved by an ulp when it is used as a start.
INSIDE = 1.0 - 1e-14


@dataclass(frozen=True)
class Head:
    """Heads V [..., c, p] and per problem a certified gap, [...]: phi(V) - min phi <= gap."""

    weights: Tensor
    gap: Tensor


def frank_wolfe_gap(gradient: Tensor, weights: Tensor, radius: float) -> Tensor:
    """<grad, V> + B ||grad||_F over the last two axes, never below zero.

    Parameters
    ----------
    gradient, weights
        grad phi(V) and V, [..., c, p], at a feasible V. By convexity phi(V) - phi(U) <= <grad, V - U>,
        which over the ball is largest at U = -B grad / ||grad||_F.
    radius
        B.

    Examples
    --------
    >>> import torch
    >>> frank_wolfe_gap(torch.tensor([[3.0, 4.0]]), torch.tensor([[-0.6, -0.8]]), radius=1.0)
    tensor(0.)
    """
    inner = (gradient * weights).sum((-2, -1))
    norm = gradient.square().sum((-2, -1)).sqrt()
    return (inner + radius * norm).clamp_min(0.0)


def into_ball(weights: Tensor, radius: float) -> Tensor:
    """Weights [..., c, p], scaled onto the ball of radius B if they lie outside.

    Examples
    --------
    >>> import torch
    >>> into_ball(torch.tensor([[3.0, 4.0]]), radius=1.0)
    tensor([[0.6000, 0.8000]])
    """
    norm = weights.square().sum((-2, -1), keepdim=True).sqrt()
    return weights * (radius / norm.clamp_min(radius))


def check_radius(radius: float) -> None:
    """Raise ValueError unless the radius is positive and finite."""
    if not (radius > 0 and radius < float("inf")):
        raise ValueError(f"radius must be positive and finite, got {radius}")


def check_finite(name: str, values: Tensor) -> None:
    """Raise ValueError, naming the argument and an entry, if a tensor holds NaN or infinity."""
    # A sum is finite only if all its terms are (one pass without a temporary). The converse may fail
    # by overflow: then the entries decide.
    if not bool(values.sum().isfinite()):
        wrong = values[~values.isfinite()]
        if len(wrong):
            raise ValueError(f"{name} must be finite, got {float(wrong[0])}")
