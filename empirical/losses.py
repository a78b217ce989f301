"""Population and empirical risk: exact averages over a finite population, in float64.

A sample enters as the mass it puts on the population's rows (counts / m), so that r and r-hat are
one function: the population puts 1/N on every row.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Loss = Literal["least-squares", "softmax", "logistic"]


def row_losses(predictions: Tensor, targets: Tensor, loss: str) -> Tensor:
    """The loss of every row, [..., rows].

    predictions  [..., c, rows]
    targets      [..., c, rows]: real, one-hot, or soft labels that sum to 1; for "logistic" one
                 row in [0, 1]
    loss         "least-squares": ||f - y||^2 summed over outputs; "softmax": cross-entropy in nats;
                 "logistic": ln(1 + e^s) - y s of one logit s, in nats

    Raises ValueError for another loss, and for "logistic" with more than one output.

    >>> row_losses(torch.tensor([[1.0], [2.0]]), torch.tensor([[1.0], [0.0]]), "least-squares")
    tensor([4.])
    >>> row_losses(torch.tensor([[0.0, -90.0]]), torch.tensor([[1.0, 1.0]]), "logistic")
    tensor([ 0.6931, 90.0000])
    """
    if loss == "least-squares":
        return (predictions - targets).square().sum(-2)
    if loss == "softmax":
        return torch.logsumexp(predictions, dim=-2) - (predictions * targets).sum(-2)
    if loss == "logistic":
        if predictions.shape[-2] != 1:
            raise ValueError(f"logistic must have one output, got {predictions.shape[-2]}")
        # Two terms >= 0 instead of a difference of large ones; torch's softplus is linear beyond 20.
        positive = targets * torch.nn.functional.logsigmoid(predictions)
        negative = (1.0 - targets) * torch.nn.functional.logsigmoid(-predictions)
        return -(positive + negative).squeeze(-2)
    raise ValueError(f"loss must be least-squares, softmax or logistic, got {loss!r}")


def weighted_risk(losses: Tensor, mass: Tensor) -> Tensor:
    """The mean loss [...] of row losses [..., rows] under the mass [..., rows] of a distribution.

    >>> weighted_risk(torch.tensor([4.0, 8.0]), torch.tensor([0.75, 0.25]))
    tensor(5.)
    """
    return (losses * mass).sum(-1)


def quadratic_risk(square: Tensor, gram: Tensor, moment: Tensor, weights: Tensor) -> Tensor:
    """E||V z - y||^2 from moments: square = E||y||^2 [...], gram [..., p, p], moment [..., p, c].

    weights: V, [..., c, p]. The same number as `weighted_risk` of least-squares losses, at the
    price of p^2 c instead of p c rows; both agree to rounding, which is relative to E||y||^2.

    >>> one = torch.ones(1, 1)
    >>> quadratic_risk(torch.tensor(9.0), one, 2.0 * one, 3.0 * one)    # 9 - 2 * 3 * 2 + 3^2
    tensor(6.)
    """
    quadratic = ((weights @ gram) * weights).sum((-2, -1))
    return square - 2.0 * (weights * moment.mT).sum((-2, -1)) + quadratic
