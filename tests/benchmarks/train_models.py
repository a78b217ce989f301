"""Models trained per second: this library against plain torch, one model after another.

Task: 4 modalities of 25 features, Linear(25 -> 32) + ReLU each, the features of absent modalities
masked, concatenation, a linear head, 6 classes, 200 full-batch Adam steps. All 15 subsets are
trained. Everything runs on one thread, in turns, and the median over rounds counts. Time is processor
time: that in which another process had the core is left out. The baseline B is the plain model;
"B, absent skipped" leaves out the encoders that the mask would silence.

The arithmetic of a training is its multiplications and additions in the products alone: forward,
gradients of the weights, head forth and back. Its rate is compared with that of torch's own float32
product of the shape of one encoder, 32 x 26 x m, and of a large one, measured in the same round.

Run: python tests/benchmarks/train_models.py
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from unittest import mock

import history
import numpy as np
import torch
from torch import Tensor, nn

from empirical import erm
from empirical.erm import compiled
from empirical.erm.engines import Kind, Problem
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack, slot_of
from empirical.fusion.starts import initial_weights
from empirical.losses import SOFTMAX

MODALITIES, FEATURES, WIDTH, CLASSES, STEPS, RATE = 4, 25, 32, 6, 200, 0.005
SUBSETS = tuple(
    members
    for size in range(1, MODALITIES + 1)
    for members in itertools.combinations(range(MODALITIES), size)
)
# Balls so wide that projection, which the baseline lacks, is computed and changes nothing: encoders start
# on the ball, and here at half of its radius.
CLS = FusionClass(WIDTH, 200.0, 100.0, CLASSES)
AGREEMENT = 1e-5
"""How far losses may be from those of plain float64 training, relative, in the median over models."""
TRIALS = {50: 32, 200: 8, 1000: 2, 5000: 1}
"""Trials per stack: enough rows a step to keep a thread busy, few enough to stay in its cache."""
ROUNDS = {50: 5, 200: 5, 1000: 5, 5000: 3}
COMPARED = (0, 5, 8, 11, 14)
"""Subsets of 1, 2, 2, 3 and 4 modalities. The first four have 2 on average, where all 15 have 32 / 15."""
LARGE = 1024


class Plain(nn.Module):
    """The model as one would write it. skip: leave out the encoders of absent modalities."""

    def __init__(self, members: Sequence[int], skip: bool) -> None:
        super().__init__()
        self.used = list(members) if skip else list(range(MODALITIES))
        self.mask = [float(k in members) for k in self.used]
        self.skip = skip
        self.encoders = nn.ModuleList(nn.Linear(FEATURES, WIDTH) for _ in self.used)
        self.head = nn.Linear(WIDTH * len(self.used), CLASSES)

    def forward(self, x: Sequence[Tensor]) -> Tensor:
        blocks = [torch.relu(e(x[k])) for e, k in zip(self.encoders, self.used, strict=True)]
        if not self.skip:
            blocks = [mask * z for mask, z in zip(self.mask, blocks, strict=True)]
        return self.head(torch.cat(blocks, dim=1))


def train_plain(model: Plain, x: Sequence[Tensor], labels: Tensor) -> Plain:
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    loss = nn.CrossEntropyLoss()
    for _ in range(STEPS):
        optimizer.zero_grad(set_to_none=True)
        loss(model(x), labels).backward()
        optimizer.step()
    return model


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def operations(members: Sequence[int], rows: int) -> int:
    """Floating-point operations in the products of one training step, two for each multiply-add.

    An encoder is multiplied twice: forward, and for the gradient of its weights. Its inputs need no
    gradient. The head is multiplied three times, since its features need one.
    """
    features = WIDTH * len(members)
    encoders = 2 * (FEATURES + 1) * features
    head = 2 * (features + 1) * CLASSES + features * CLASSES
    return 2 * rows * (encoders + head)


def product_rate(a: int, b: int, c: int, least: float = 0.05) -> float:
    """Operations per second of torch's float32 product [a, b] @ [b, c], over `least` seconds."""
    left, right, out = torch.randn(a, b), torch.randn(b, c), torch.empty(a, c)
    repeats = max(1, int(least * 5e10 / (2 * a * b * c)))

    def multiply() -> None:
        for _ in range(repeats):
            torch.mm(left, right, out=out)

    multiply()
    return 2 * a * b * c * repeats / seconds(multiply)


def sample(m: int, trials: int) -> tuple[list[Tensor], Tensor]:
    """Inputs per modality [T, m, 26] with the constant 1, and labels [T, m] that can be learnt."""
    generator = np.random.default_rng(m)
    inputs = [
        torch.from_numpy(generator.standard_normal((trials, m, FEATURES + 1))).float()
        for _ in range(MODALITIES)
    ]
    for x in inputs:
        x[..., -1] = 1.0
    teacher = torch.from_numpy(generator.standard_normal((MODALITIES * FEATURES, CLASSES))).float()
    scores = torch.cat([x[..., :-1] for x in inputs], dim=2) @ teacher
    noise = torch.from_numpy(generator.standard_normal(scores.shape)).float()
    return inputs, (scores + 10 * noise).argmax(2)


def plain_loss(
    index: int,
    start: tuple[list[np.ndarray], list[np.ndarray]],
    x: list[Tensor],
    labels: Tensor,
    dtype: torch.dtype,
) -> float:
    """The loss of one subset's plain model, first trial, trained from the same start."""
    members = SUBSETS[index]
    plain = Plain(members, skip=True).to(dtype)
    with torch.no_grad():
        for k, encoder in zip(members, plain.encoders, strict=True):
            weights = torch.from_numpy(start[0][k][0, slot_of(SUBSETS, index, k)])
            encoder.weight.copy_(weights[:, :-1])
            encoder.bias.copy_(weights[:, -1])
        head = torch.from_numpy(start[1][index][0])
        plain.head.weight.copy_(head[:, :-1])
        plain.head.bias.copy_(head[:, -1])
    rows = [u[0, :, :-1].to(dtype).contiguous() for u in x]
    trained = train_plain(plain, rows, labels[0]).double()
    with torch.no_grad():
        scores = trained([u.double() for u in rows])
    return float(nn.functional.cross_entropy(scores, labels[0]))


def engines(cls: FusionClass = CLS) -> dict[str, erm.Engine]:
    """Every engine that can take the class; the compiled one once for each of its kernels."""
    kind = Kind(cls, SOFTMAX, torch.device("cpu"))
    there = {engine.name: engine for engine in erm.ENGINES if engine.obstacle(kind) is None}
    for kernel in compiled.kernels():
        name = f"compiled, {kernel}"

        def train(problem: Problem, kernel: str = kernel) -> Stack:
            with mock.patch.object(compiled, "kernels", return_value=(kernel,)):
                return erm.ENGINES.find("compiled").train(problem)

        there[name] = replace(there["compiled"], name=name, train=train)
    there.pop("compiled", None)
    return there


def measured(m: int, trials: int) -> dict[str, float]:
    """The ratios at one size by name, which are printed with the rest of what was measured."""
    x, labels = sample(m, trials)
    targets = nn.functional.one_hot(labels, CLASSES).float().mT.contiguous()
    draws = [np.random.default_rng(t) for t in range(trials)]
    encoders, heads = initial_weights(draws, SUBSETS, [FEATURES + 1] * MODALITIES, CLS)
    start = [weights / 2 for weights in encoders], heads
    rows = [u[0, :, :-1].contiguous() for u in x]
    there = engines()

    def stacked(engine: erm.Engine) -> erm.Fit:
        options = {"objective": "softmax", "steps": STEPS, "learning_rate": RATE}
        with erm.ENGINES.including(engine) if engine not in erm.ENGINES else nullcontext():
            return erm.fit(x, targets, SUBSETS, CLS, *start, engine=engine.name, **options)

    # A masked model costs the same whatever its subset.
    plain = {"B": [SUBSETS[-1]], "B, absent skipped": [SUBSETS[i] for i in COMPARED[:4]]}
    speeds: dict[str, list[float]] = {}
    rates: dict[str, list[float]] = {}
    for _ in range(ROUNDS[m]):
        for name, subsets in plain.items():
            models = [Plain(members, skip=name != "B") for members in subsets]
            spent = seconds(
                lambda models=models: [train_plain(model, rows, labels[0]) for model in models]
            )
            speeds.setdefault(name, []).append(len(models) / spent)
        rates.setdefault("shape", []).append(product_rate(WIDTH, FEATURES + 1, m))
        rates.setdefault("large", []).append(product_rate(LARGE, LARGE, LARGE))
        for name, engine in there.items():
            spent = seconds(lambda engine=engine: stacked(engine))
            speeds.setdefault(name, []).append(trials * len(SUBSETS) / spent)
    print(f"m = {m}, {trials} trials x 15 subsets a stack, {ROUNDS[m]} rounds")
    shape, large = (np.array(rates[name]) for name in ("shape", "large"))
    print(
        f"  float32 products: {np.median(shape) / 1e9:.0f} GFLOP/s at {WIDTH} x {FEATURES + 1} x {m},"
        f" {np.median(large) / 1e9:.0f} at {LARGE} x {LARGE} x {LARGE}"
    )
    each = STEPS * sum(operations(members, m) for members in SUBSETS) / len(SUBSETS)
    found: dict[str, float] = {}
    for name, values in speeds.items():
        speed, base = np.array(values), np.array(speeds["B"])
        found[name] = ratio = float(np.median(speed / base))
        line = f"  {name:18} {np.median(speed):8.2f} / s {ratio:8.1f} x B"
        if name in there:
            found[f"{name}, of the shape's product"] = own = float(np.median(speed * each / shape))
            found[f"{name}, of a large product"] = peak = float(np.median(speed * each / large))
            line += (
                f"   {np.median(speed) * each / 1e9:5.1f} GFLOP/s, {own:.0%} of the shape's rate,"
                f" {peak:.0%} of the large one's"
            )
        print(line)
    if kernels := compiled.kernels():  # the one in use has a line of its own in the history
        found["compiled"] = found[f"compiled, {kernels[0]}"]
    exact = [plain_loss(i, start, x, labels, torch.float64) for i in COMPARED]
    losses = {"B": [plain_loss(i, start, x, labels, torch.float32) for i in COMPARED]}
    for name, engine in there.items():
        losses[name] = stacked(engine).objective[0, list(COMPARED)].tolist()
    print(f"  loss after training, relative to B's in float64, {len(COMPARED)} subsets:")
    for name, values in losses.items():
        apart = np.abs(np.array(values) / np.array(exact) - 1.0)
        found[f"{name}, disagreement"] = median = float(np.median(apart))
        print(
            f"  {name:18} off by {median:.0e} in the median, {apart.max():.0e} at worst:"
            f" {'agrees' if median <= AGREEMENT else 'DOES NOT AGREE'} within {AGREEMENT:.0e}"
        )
    return {f"m = {m}: {name}": value for name, value in found.items()}


def main() -> None:
    options = history.parser(__doc__).parse_args()
    torch.set_num_threads(1)
    print("models per second on one thread, and as multiples of B; all 15 subsets of 4 modalities")
    print("engines:", ", ".join(str(engine) for engine in erm.ENGINES))
    figures: dict[str, float] = {}
    for m, trials in TRIALS.items():
        figures |= measured(m, trials)
    history.record(__file__, figures, options.history)


if __name__ == "__main__":
    main()
