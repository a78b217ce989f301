"""Models trained per second: this library against plain torch, one model after another.

Task: 4 modalities of 25 features, Linear(25 -> 32) + ReLU each, the features of absent modalities
masked, concatenation, a linear head, 6 classes, 200 full-batch Adam steps. All 15 subsets are
trained. Everything runs on one thread, in turns, and the median over rounds counts. The baseline B
is the plain model; "B, absent skipped" leaves out the encoders that the mask would silence.

Run: python tests/benchmarks/train_models.py
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence

import history
import numpy as np
import torch
from torch import Tensor, nn

from empirical import erm
from empirical.erm import compiled
from empirical.fusion.classes import FusionClass
from empirical.fusion.starts import initial_weights

MODALITIES, FEATURES, WIDTH, CLASSES, STEPS, RATE = 4, 25, 32, 6, 200, 0.005
SUBSETS = tuple(
    members
    for size in range(1, MODALITIES + 1)
    for members in itertools.combinations(range(MODALITIES), size)
)
# Balls so wide that projection, which the baseline lacks, is computed and changes nothing.
CLS = FusionClass(WIDTH, 100.0, 100.0, CLASSES)
TRIALS = {50: 32, 200: 8, 1000: 2, 5000: 1}
"""Trials per stack: enough rows a step to keep a thread busy, few enough to stay in its cache."""
ROUNDS = {50: 7, 200: 7, 1000: 5, 5000: 3}


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
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


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


def disagreement(
    fit: erm.Fit, start: tuple[list[np.ndarray], list[np.ndarray]], x: list[Tensor], labels: Tensor
) -> float:
    """How far the full model's loss, first trial, is from the plain model's from the same start."""
    plain = Plain(SUBSETS[-1], skip=False)
    with torch.no_grad():
        for k, encoder in enumerate(plain.encoders):
            weights = torch.from_numpy(start[0][k][0, -1]).float()
            encoder.weight.copy_(weights[:, :-1])
            encoder.bias.copy_(weights[:, -1])
        head = torch.from_numpy(start[1][-1][0]).float()
        plain.head.weight.copy_(head[:, :-1])
        plain.head.bias.copy_(head[:, -1])
    rows = [u[0, :, :-1].contiguous() for u in x]
    loss = nn.functional.cross_entropy(train_plain(plain, rows, labels[0])(rows), labels[0])
    return abs(float(fit.objective[0, -1]) / float(loss.detach()) - 1.0)


def main() -> None:
    options = history.parser(__doc__).parse_args()
    figures: dict[str, float] = {}
    torch.set_num_threads(1)
    engines: list[erm.Engine] = ["torch", "compiled"] if compiled.available() else ["torch"]
    print("models per second on one thread, and as multiples of B; all 15 subsets of 4 modalities")
    for m, trials in TRIALS.items():
        x, labels = sample(m, trials)
        targets = nn.functional.one_hot(labels, CLASSES).float().mT.contiguous()
        draws = [np.random.default_rng(t) for t in range(trials)]
        start = initial_weights(draws, SUBSETS, [FEATURES + 1] * MODALITIES, CLS)
        rows = [u[0, :, :-1].contiguous() for u in x]

        def stacked(engine: erm.Engine, x=x, targets=targets, start=start) -> erm.Fit:
            return erm.fit(
                x,
                targets,
                SUBSETS,
                CLS,
                *start,
                objective="softmax",
                steps=STEPS,
                learning_rate=RATE,
                engine=engine,
            )

        # A masked model costs the same whatever its subset. The others have 1, 2, 2 and 3 modalities,
        # 2 on average, where all 15 have 32 / 15.
        plain = {"B": [SUBSETS[-1]], "B, absent skipped": [SUBSETS[i] for i in (0, 5, 8, 11)]}
        speeds: dict[str, list[float]] = {}
        for _ in range(ROUNDS[m]):
            for name, subsets in plain.items():
                models = [Plain(members, skip=name != "B") for members in subsets]
                spent = seconds(
                    lambda models=models, rows=rows, labels=labels: [
                        train_plain(model, rows, labels[0]) for model in models
                    ]
                )
                speeds.setdefault(name, []).append(len(models) / spent)
            for engine in engines:
                spent = seconds(lambda engine=engine, stacked=stacked: stacked(engine))
                speeds.setdefault(engine, []).append(trials * len(SUBSETS) / spent)
        print(f"m = {m}, {trials} trials x 15 subsets a stack, {ROUNDS[m]} rounds")
        for name, values in speeds.items():
            ratio = np.median(np.array(values) / np.array(speeds["B"]))
            figures[f"m = {m}: {name}"] = ratio
            print(f"  {name:18} {np.median(values):8.2f} / s {ratio:8.1f} x B")
        for engine in engines:
            worst = disagreement(stacked(engine), start, x, labels)
            print(
                f"  {engine:18} its loss after training differs from B's by a factor 1 +- {worst:.0e}"
            )
    history.record(__file__, figures, options.history)


if __name__ == "__main__":
    main()
