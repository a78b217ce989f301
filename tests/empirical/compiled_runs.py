"""Small problems for the compiled trainer, and runs of it on all their models."""

from dataclasses import replace

import numpy as np
import torch
from plain_training import parameters

from empirical.erm import compiled
from empirical.fusion.stack import Stack
from empirical.fusion.starts import initial_weights

SUBSETS = ((1,), (0, 2), (2, 0, 1))


def problem(cls, dims, rows, objective="softmax", trials=3, seed=0):
    """Inputs, targets, row factors 1/m and float64 starting weights, all learnable."""
    generator = np.random.default_rng(seed)
    inputs = [torch.from_numpy(generator.standard_normal((trials, rows, d))).float() for d in dims]
    for x in inputs:
        x[..., -1] = 1.0
    signal = torch.cat([x[..., :1] for x in inputs], dim=2).sum(2)
    if objective == "softmax":
        labels = (signal * cls.outputs / 4).long().clamp(0, cls.outputs - 1)
        targets = torch.nn.functional.one_hot(labels, cls.outputs).mT.float()
    elif objective == "logistic":
        targets = (signal[:, None] > 0).float()
    else:
        targets = torch.stack([signal * (c + 1) / 2 for c in range(cls.outputs)], dim=1)
    draws = [np.random.default_rng([seed, t]) for t in range(trials)]
    start = initial_weights(draws, SUBSETS, dims, cls)
    return inputs, targets, torch.full((trials, 1, rows), 1.0 / rows), start


def single(arrays):
    return tuple(torch.from_numpy(a).float().contiguous() for a in arrays)


def run(inputs, targets, scale, start, cls, objective, steps, kernel=None):
    stack = Stack(SUBSETS, single(start[0]), single(start[1]), cls.operation, cls.depth)
    compiled.train(
        inputs,
        targets,
        scale,
        stack,
        cls,
        objective=objective,
        steps=steps,
        learning_rate=0.01,
        kernel=kernel,
    )
    return stack


def reduced(cls, dtype=torch.float32):
    """The class that training projects onto: a little smaller, so that the weights as stored lie inside."""
    inside = 1.0 - 16.0 * torch.finfo(dtype).eps
    encoder, head = inside * cls.encoder_radius, inside * cls.head_radius
    return replace(cls, encoder_radius=encoder, head_radius=head)


def plain(index, trial, inputs, targets, start, cls):
    """The starting parameters of one model, and the rest of what `plain_training` takes."""
    xs = [inputs[k][trial].double() for k in SUBSETS[index]]
    first = parameters(*start, SUBSETS, cls, index, trial)
    return first, (reduced(cls), xs, targets[trial].double())
