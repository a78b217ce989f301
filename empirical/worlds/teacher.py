"""Teacher worlds: labels drawn from a known h*∘g* in the fusion class, over finitely many rows.

With softmax the label of row x has the law softmax(f*(x)) (soft labels), and r(f) = E[entropy] +
E KL(softmax f* ‖ softmax f). With least squares y = f*(x) ± noise in one fixed direction, with fair
signs, and r(f) = E‖f − f*‖² + noise². In both f* = h*∘g* is the best of all functions, so that
`realizable` holds, and its risk is known exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import ArrayLike

from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack, project
from empirical.fusion.starts import initial_weights
from empirical.losses import LOSSES, SOFTMAX, SQUARES, Loss
from empirical.modalities import check_names
from empirical.streams import stream
from empirical.worlds.networks import StackWorld


def teacher_world(
    inputs: Mapping[str, ArrayLike],
    cls: FusionClass,
    *,
    loss: str | Loss = SOFTMAX,
    noise: float = 0.5,
    seed: int = 0,
    teacher: Stack | None = None,
) -> StackWorld:
    """A world over the given rows, x⁽ᵏ⁾ of shape [N, d_k] per modality, in the class ``cls``.

    Rows enter as given, with a constant 1 appended. C and L are those of the loss on the class.

    Parameters
    ----------
    loss
        "softmax" (cls.outputs classes, at least 2) or "least-squares".
    noise
        Size of the noise for least squares, in units of the target; softmax has its own.
    teacher
        h*∘g*, one model of all modalities inside the class; by default random encoders that use all
        of the encoder's radius, and a random head that uses all of the head's.
    seed
        Of the default teacher.

    Raises
    ------
    ValueError
        For inputs that are not matrices of finite numbers with equally many rows, an unknown loss,
        softmax with one output, a negative noise, or a teacher outside the class.

    Examples
    --------
    >>> rows = np.linspace(-1, 1, 8)[:, None]
    >>> cls = FusionClass(width=2, encoder_radius=1.0, head_radius=3.0, outputs=2)
    >>> world = teacher_world({"a": rows, "b": rows**2}, cls)
    >>> world.realizable, bool(0 < world.reference_risk < np.log(2))     # less than a fair coin's
    (True, True)
    """
    names = check_names(inputs)
    kind = LOSSES.find(loss)
    if kind not in (SOFTMAX, SQUARES):
        raise ValueError(f"loss must be softmax or least-squares for a teacher, got {kind.name!r}")
    if not kind.quadratic and cls.outputs < 2:
        raise ValueError(f"softmax must have at least 2 outputs, got {cls.outputs}")
    if not 0 <= noise < np.inf:
        raise ValueError(f"noise must be finite and not negative, got {noise}")
    tensors = tuple(_with_one(name, rows) for name, rows in inputs.items())
    N = len(tensors[0])
    if any(len(x) != N for x in tensors):
        raise ValueError(f"inputs must have equally many rows, got {[len(x) for x in tensors]}")
    everything = tuple(range(len(names)))
    if teacher is None:
        teacher = _random_teacher(everything, [x.shape[1] for x in tensors], cls, seed)
    _check_inside(teacher, everything, cls)
    truth = (teacher.heads[0].double() @ teacher.features(0, [x.mT for x in tensors]))[0]
    longest = max(float(x.norm(dim=1).max()) for x in tensors)
    radius = cls.prediction_radius(longest, modalities=len(names))
    if not kind.quadratic:
        classes = cls.outputs
        targets = torch.eye(classes, dtype=torch.float64).repeat(N, 1)
        chances = torch.softmax(truth, dim=0).mT
    else:
        step = noise / cls.outputs**0.5
        targets = torch.stack([truth.mT - step, truth.mT + step], dim=1).reshape(2 * N, -1)
        chances = torch.full((N, 2), 0.5, dtype=torch.float64)
    constants = kind.constants(radius, radius + noise, cls.outputs)
    outcomes = chances.shape[1]
    law = chances.flatten().numpy() / N
    row = np.repeat(np.arange(N), outcomes)
    reference = kind.row_losses(truth[:, torch.from_numpy(row)], targets.mT).numpy()
    return StackWorld(
        names,
        tensors,
        row,
        targets,
        law / law.sum(),
        cls,
        kind,
        constants,
        reference,
        realizable=True,
    )


def _with_one(name: str, rows: ArrayLike) -> torch.Tensor:
    x = np.asarray(rows, dtype=np.float64)
    if x.ndim != 2 or 0 in x.shape or not np.isfinite(x).all():
        raise ValueError(
            f"inputs[{name!r}] must be a matrix of finite numbers with at least one row, "
            f"got shape {x.shape}"
        )
    return torch.from_numpy(np.hstack([x, np.ones((len(x), 1))]))


def _random_teacher(
    everything: tuple[int, ...], dims: list[int], cls: FusionClass, seed: int
) -> Stack:
    encoders, heads = initial_weights([stream(seed, "reference")], (everything,), dims, cls)
    head = heads[0] * (cls.head_radius * (1 - 1e-12) / np.linalg.norm(heads[0]))
    return Stack(
        (everything,),
        tuple(torch.from_numpy(e) for e in encoders),
        (torch.from_numpy(head),),
        cls.operation,
        cls.depth,
    )


def _check_inside(teacher: Stack, everything: tuple[int, ...], cls: FusionClass) -> None:
    if teacher.subsets != (everything,) or len(teacher.heads[0]) != 1:
        raise ValueError(f"teacher must be one model of all modalities, got {teacher.subsets}")
    kind, wanted = (teacher.operation.name, teacher.depth), (cls.operation.name, cls.depth)
    if kind != wanted:
        raise ValueError(f"teacher must be of the class's operation and depth {wanted}, got {kind}")
    own = replace(
        teacher,
        encoders=tuple(e.double() for e in teacher.encoders),
        heads=tuple(h.double() for h in teacher.heads),
    )
    nearest = replace(
        own,
        encoders=tuple(e.clone() for e in own.encoders),
        heads=tuple(h.clone() for h in own.heads),
    )
    project(nearest, cls)
    blocks = zip((*own.encoders, *own.heads), (*nearest.encoders, *nearest.heads), strict=True)
    if any(float(a.norm()) > float(b.norm()) * (1 + 1e-9) for a, b in blocks):
        first = own.encoders[: own.modalities]
        encoder = sum(float(e.square().sum()) for e in first) ** 0.5
        raise ValueError(
            f"teacher must have norms at most {cls.encoder_radius:g} (encoders; further layers 1) "
            f"and {cls.head_radius:g} (head), got {encoder:g} and {float(own.heads[0].norm()):g}"
        )
