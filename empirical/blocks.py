"""Trials are computed in blocks: how many at once, on the CPU and on a GPU.

A product of many trials may round differently from one of few. So the size of a block is a property of the
study, never of the machine, with one exception: on a GPU whose free memory does not hold it a block is
halved until it fits. Then float32 training rounds differently, as it does on another kind of card.
"""

from __future__ import annotations

import numpy as np

from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Subsets
from empirical.fusion.starts import encoder_shapes
from empirical.memory import free_bytes
from empirical.sampling import DISTINCT
from empirical.worlds.population import FinitePopulation

ON_CPU, ON_GPU = (16_384, 250_000, 32), (2**20, 8_000_000, 256)
"""Of a block: rows trained on, rows of the population held, and trials, each at most."""


def block_size(m: int, rows: int, outputs: int = 1, device: str = "cpu") -> int:
    """Trials per block: enough rows a step to keep the device busy, few enough to bound memory.

    On a GPU a step of a block takes about as long as its launches, however many trials it has.

    Parameters
    ----------
    m
        Sample size.
    rows
        N, the size of the population, whose features are held for the whole block (about 66 MB at
        33 features), and so are predictions for all of it.
    outputs
        c, the number of outputs: more than 33 take more memory than the features.
    device
        The type of the device, "cpu" or another: there a block may take about 32 times the memory, and
        its size is a power of two, so that halves of blocks are blocks.

    Examples
    --------
    >>> [block_size(m, rows=1797) for m in (1, 64, 1024, 10**7)], block_size(64, rows=100_000)
    ([32, 32, 16, 9], 2)
    >>> [block_size(m, rows=1797, device="cuda") for m in (64, 1024, 5000, 10**7)]
    [256, 256, 128, 256]
    """
    trained_on = rows if m > DISTINCT * rows else m
    held = rows * max(1.0, outputs / 33)
    most_trained, most_held, most = ON_CPU if device == "cpu" else ON_GPU
    size = int(np.clip(min(most_trained // trained_on, most_held // held), 1, most))
    return size if device == "cpu" else 1 << (size.bit_length() - 1)


def local_size(population: FinitePopulation, subsets: Subsets, cls: FusionClass, m: int) -> int:
    """The size of blocks where the population's tensors are: `block_size`, or less where memory is short."""
    device = population.targets.device
    size = block_size(m, population.rows, population.outputs, device.type)
    if device.type != "cpu":
        each, free = bytes_per_trial(population, subsets, cls, m), free_bytes(device)
        while size > 1 and size * each > free:
            size //= 2
    return size


def bytes_per_trial(
    population: FinitePopulation, subsets: Subsets, cls: FusionClass, m: int
) -> int:
    """About how much memory of a GPU a trial takes, rather more than less.

    Two stages do not overlap: the training of all models in float32, and what is measured on the
    population for one subset after another in float64. The factors are those of tensors that live at the
    same time, counted by `tests/empirical/test_blocks.py`.
    """
    N, c = population.rows, population.outputs
    rows = N if m > DISTINCT * N else m
    dims = [x.shape[1] for x in population.inputs]
    weights = sum(int(np.prod(shape)) for shape in encoder_shapes(cls, subsets, dims))
    features = [cls.features(len(members)) + 1 for members in subsets]
    slots = sum(map(len, subsets))
    # Passes by autograd keep every layer of every model.
    layers = 2 if cls.plain else 4 * max(1, cls.depth) + 4
    trained = 4 * (
        rows * (3 * sum(dims) + 3 * c + layers * cls.width * slots + sum(features))
        + 6 * (weights + c * sum(features))
    )
    p = max(features)
    measured = 8 * N * (6 * p + 8 * c + 16)
    return trained + measured
