"""Models trained per second on one device, in blocks as a study takes them, and what a million would take.

The models are those of `train_models.py`: all 15 subsets of 4 modalities of 25 features, 32 units each, 6
classes, 200 Adam steps. Time is that of the clock, from rows on the device to trained models. Starting
weights are drawn on the CPU, whatever the device: that time is printed beside it. Every engine that can
take the models on the device is measured. Memory is the most that a training took beside its rows on
a GPU, and the most that the process has had so far on the CPU. Losses are compared with those of torch on
the CPU.

Run: python tests/benchmarks/train_on_device.py --device cuda
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import history
import numpy as np
import torch
from torch import Tensor, nn
from train_models import CLASSES, CLS, FEATURES, MODALITIES, RATE, STEPS, SUBSETS, sample

from empirical import erm
from empirical.blocks import block_size
from empirical.erm.engines import ENGINES, Engine, Kind
from empirical.fusion.starts import initial_weights
from empirical.losses import SOFTMAX
from verify.execution import devices

SIZES = (50, 200, 1000, 5000)
MILLION = 1_000_000
ROWS = 1797
"""Of the population for which blocks are sized: that of the digits."""


@dataclass(frozen=True)
class Block:
    """The rows of one block of trials on the device, and starting weights."""

    inputs: list[Tensor]
    targets: Tensor
    start: tuple[list[np.ndarray], list[np.ndarray]]
    steps: int

    @property
    def models(self) -> int:
        """How many are trained at once."""
        return len(self.targets) * len(SUBSETS)

    def train(self, engine: Engine) -> erm.Fit:
        """All models, trained."""
        return erm.fit(
            self.inputs,
            self.targets,
            SUBSETS,
            CLS,
            *self.start,
            objective=SOFTMAX,
            steps=self.steps,
            learning_rate=RATE,
            engine=engine,
        )

    def first(self, trials: int) -> Block:
        """The first trials, on the CPU."""
        return Block(
            [x[:trials].cpu() for x in self.inputs],
            self.targets[:trials].cpu(),
            ([e[:trials] for e in self.start[0]], [h[:trials] for h in self.start[1]]),
            self.steps,
        )


def block(m: int, trials: int, device: torch.device, steps: int) -> tuple[Block, float]:
    """A block, and the seconds in which its starting weights were drawn."""
    inputs, labels = sample(m, trials)
    targets = nn.functional.one_hot(labels, CLASSES).float().mT.contiguous()
    began = time.perf_counter()
    draws = [np.random.default_rng(t) for t in range(trials)]
    start = initial_weights(draws, SUBSETS, [FEATURES + 1] * MODALITIES, CLS)
    spent = time.perf_counter() - began
    return Block([x.to(device) for x in inputs], targets.to(device), start, steps), spent


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """The time until all that `work` launched is done."""
    _wait(device)
    began = time.perf_counter()
    work()
    _wait(device)
    return time.perf_counter() - began


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak(work: Callable[[], object], device: torch.device) -> int:
    """The most bytes that `work` took on a GPU, or this process so far on the CPU."""
    if device.type != "cuda":
        work()
        unit = 1 if sys.platform == "darwin" else 1024
        return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    torch.cuda.reset_peak_memory_stats(device)
    held = torch.cuda.memory_allocated(device)
    work()
    return torch.cuda.max_memory_allocated(device) - held


def engines(device: torch.device) -> list[Engine]:
    """Those that can take the models on the device, the fastest first."""
    kind = Kind(CLS, SOFTMAX, device)
    return [engine for engine in ENGINES if engine.obstacle(kind) is None]


def measured(
    m: int, trials: int | None, device: torch.device, steps: int, rounds: int
) -> dict[str, float]:
    """Print one size; its figures by name."""
    count = block_size(m, ROWS, CLASSES, device.type) if trials is None else trials
    made, drawing = block(m, count, device, steps)
    few = made.first(2)
    exact = few.train(ENGINES.find("torch")).objective
    print(f"m = {m}: blocks of {count} trials, {made.models} models, {rounds} rounds")
    print(
        f"  starting weights    {MILLION / made.models * drawing:9.1f} s for a million, on the CPU"
    )
    found: dict[str, float] = {}
    for engine in engines(device):
        # The first training sets the libraries up.
        most = peak(lambda engine=engine: made.train(engine), device)
        spent = [seconds(lambda engine=engine: made.train(engine), device) for _ in range(rounds)]
        speed = made.models / float(np.median(spent))
        losses = made.train(engine).objective[:2].cpu()
        apart = float((losses / exact - 1.0).abs().max())
        print(
            f"  {engine.name:10} {speed:12,.1f} models / s {MILLION / speed:9.1f} s for a million"
            f" ({min(spent):.3g} to {max(spent):.3g} s a block), {most / 2**20:,.0f} MB,"
            f" losses within {apart:.0e} of torch on the CPU"
        )
        found[f"m = {m}: {engine.name}, models per second"] = speed
        found[f"m = {m}: {engine.name}, disagreement"] = apart
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = history.parser(__doc__)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, or one card as cuda:1")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="M")
    parser.add_argument("--trials", type=int, help="trials per block; by default as in a study")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    try:
        device = devices.local(devices.chosen(options.device))
    except ValueError as error:
        parser.error(str(error))
    torch.set_num_threads(1)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "one thread of the CPU"
    print(
        f"{name}; torch {torch.__version__}; all 15 subsets of 4 modalities, {options.steps} steps"
    )
    figures: dict[str, float] = {}
    for m in options.sizes:
        figures |= measured(m, options.trials, device, options.steps, options.rounds)
    history.record(__file__, figures, options.history)


if __name__ == "__main__":
    main()
