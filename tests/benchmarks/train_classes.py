"""Seconds to train one sample's models, by class: every operation and deeper encoders, compiled and in torch.

Task: three quadrants of the digits (16 pixels each at most), all 7 subsets, m = 1,024 rows drawn with
replacement, 60 full-batch Adam steps on the softmax loss, a block of 4 samples. One thread. Engines train
in turns, each round once all of them; time is processor time, and each round's ratio to torch counts.
A first round is left out. Losses are those of all models, relative to torch's.

Run: python tests/benchmarks/train_classes.py [--rounds 7]
"""

from __future__ import annotations

import itertools
import statistics
from contextlib import nullcontext

import history
import numpy as np
import torch
from torch import Tensor
from train_models import engines, seconds

from empirical import datasets, erm
from empirical.fusion import OPERATIONS, FusionClass, initial_weights

ROWS, TRIALS, STEPS, MODALITIES, SEED = 1024, 4, 60, 3, 0
SUBSETS = tuple(
    members
    for size in range(1, MODALITIES + 1)
    for members in itertools.combinations(range(MODALITIES), size)
)
CASES = [
    *((operation.name, 1, 32) for operation in OPERATIONS),
    ("concatenation", 0, 32),
    ("concatenation", 2, 16),
    ("concatenation", 3, 8),
    ("attention", 2, 32),
]
"""Operation, depth and units."""


def samples() -> tuple[list[Tensor], Tensor]:
    """Inputs per modality [T, m, D_k] with the constant 1, scaled into [-1, 1], and labels [T, c, m]."""
    data = datasets.digits()
    drawn = np.random.default_rng(SEED).integers(0, data.rows, (TRIALS, ROWS))
    inputs = []
    for values in list(data.modalities.values())[:MODALITIES]:
        scaled = np.append(values / 8.0 - 1.0, np.ones((data.rows, 1)), axis=1)
        inputs.append(torch.from_numpy(scaled[drawn]).float())
    labels = torch.from_numpy(np.asarray(data.target))[torch.from_numpy(drawn)].long()
    classes = len(data.classes)
    return inputs, torch.nn.functional.one_hot(labels, classes).mT.float().contiguous()


def measured(operation: str, depth: int, width: int, rounds: int) -> dict[str, float]:
    """The ratios of one class by name, which are printed with the seconds and the difference of losses."""
    cls = FusionClass(width, 3.0, 5.0, 10, operation, depth)
    inputs, targets = samples()
    draws = [np.random.default_rng([SEED, t]) for t in range(TRIALS)]
    start = initial_weights(draws, SUBSETS, [x.shape[2] for x in inputs], cls)
    losses: dict[str, Tensor] = {}
    spent: dict[str, list[float]] = {}

    def train(engine: erm.Engine) -> erm.Fit:
        options = {"objective": "softmax", "steps": STEPS}
        with erm.ENGINES.including(engine) if engine not in erm.ENGINES else nullcontext():
            return erm.fit(inputs, targets, SUBSETS, cls, *start, engine=engine.name, **options)

    there = engines(cls)
    for name, engine in there.items():
        losses[name] = train(engine).objective
    for _, (name, engine) in itertools.product(range(rounds), there.items()):
        took = seconds(lambda engine=engine: train(engine))
        spent.setdefault(name, []).append(took / TRIALS)
    print(f"{operation}, {depth} ReLU layers, {width} units")
    found: dict[str, float] = {}
    for name, values in spent.items():
        ratios = [b / a for a, b in zip(values, spent["torch"], strict=True)]
        apart = (losses[name] / losses["torch"] - 1.0).abs()
        print(
            f"  {name:18} {statistics.median(values):.4f} s a sample, torch takes"
            f" {statistics.median(ratios):5.2f} times as long ({min(ratios):.2f} to {max(ratios):.2f});"
            f" losses differ by {apart.median():.0e} in the median, {apart.max():.0e} at most"
        )
        found[f"{operation}, depth {depth}: {name}"] = statistics.median(ratios)
    del found[f"{operation}, depth {depth}: torch"]  # 1, whatever it takes
    return found


def main() -> None:
    parser = history.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"m = {ROWS}, {len(SUBSETS)} subsets, {STEPS} steps, {options.rounds} rounds")
    figures: dict[str, float] = {}
    for case in CASES:
        figures |= measured(*case, options.rounds)
    history.record(__file__, figures, options.history)


if __name__ == "__main__":
    main()
