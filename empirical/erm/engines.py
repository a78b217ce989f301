"""The table of engines that train a stack.

An engine is one entry: a function that trains, and one that gives the reason if it cannot take a kind of
problem. Engines differ by the rounding of float32: a study is not continued with another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bounds.domains import FINITE_POSITIVE, at_least
from bounds.table import Named, Table
from empirical.erm import compiled
from empirical.erm.by_hand import pieces, trials_at_once
from empirical.erm.checks import check_batch
from empirical.erm.gradients import Workspace, workspace
from empirical.erm.steps import Step, repeat_on_gpu
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack, Subsets, joined
from empirical.losses import Objective


@dataclass(frozen=True)
class Kind:
    """The properties of a problem that decide which engines can take it."""

    cls: FusionClass
    objective: Objective
    device: torch.device
    dtype: torch.dtype = torch.float32
    batches: bool = False


@dataclass(frozen=True, eq=False)
class Problem:
    """A stack to train.

    Parameters
    ----------
    scale
        [T, 1, m]: the factor on every row's loss.
    inputs, targets, subsets, cls, encoders, heads, objective, steps, learning_rate, batches
        As for `erm.fit`.

    Raises
    ------
    ValueError
        If steps is negative or beyond 2**31 - 1, or the learning rate not positive and finite.
    """

    inputs: tuple[Tensor, ...]
    targets: Tensor
    scale: Tensor
    subsets: Subsets
    cls: FusionClass
    encoders: Sequence[NDArray[np.float64]]
    heads: Sequence[NDArray[np.float64]]
    objective: Objective
    steps: int
    learning_rate: float
    batches: Iterable[Tensor] | None

    def __post_init__(self) -> None:
        at_least(0, 2**31 - 1).whole("steps", self.steps)
        FINITE_POSITIVE.check("learning_rate", self.learning_rate)

    @property
    def kind(self) -> Kind:
        """The properties that engines decide by."""
        x = self.inputs[0]
        return Kind(self.cls, self.objective, x.device, x.dtype, self.batches is not None)

    def parts(self, trials: int) -> list[Problem]:
        """The same problem in parts of about as many trials, at most so many."""
        cuts = pieces(len(self.targets), trials)
        return [
            replace(
                self,
                inputs=tuple(x[cut] for x in self.inputs),
                targets=self.targets[cut],
                scale=self.scale[cut],
                encoders=[e[cut] for e in self.encoders],
                heads=[h[cut] for h in self.heads],
            )
            for cut in cuts
        ]

    def workspace(self, by_hand: bool | None = None) -> Workspace:
        """Parameters at their starting values, with buffers for one pass over all rows."""
        rows = self.targets.shape[2]
        return workspace(
            self.subsets, self.cls, self.encoders, self.heads, self.inputs[0], rows, by_hand
        )

    def step(self, by_hand: bool | None = None) -> Step:
        """A step of its training by torch, from the start."""
        return Step(self.workspace(by_hand), self.objective, self.learning_rate)


@dataclass(frozen=True)
class Engine:
    """One way to train.

    Parameters
    ----------
    name
        Under which users ask for it.
    obstacle
        The reason it cannot take a kind of problem, completing "one that can take this ..."; or None.
    train
        Trains all models and returns them.
    build
        What its numbers depend on besides the code, such as a compiler or the version of torch.
    """

    name: str
    obstacle: Callable[[Kind], str | None]
    train: Callable[[Problem], Stack]
    build: Callable[[], str]

    def __str__(self) -> str:
        """Its name and its build: of one version of this library, equal texts mean equal numbers."""
        return f"{self.name} ({self.build()})"


def choice(cls: FusionClass, objective: Objective, device: str) -> Engine:
    """The engine of "auto" for all rows at once, in float32, on "cpu" or "cuda".

    Examples
    --------
    >>> from empirical.losses import SQUARES
    >>> choice(FusionClass(4, 1.0, 1.0, 2, operation="sum"), SQUARES, "cuda").name
    'graphs'
    """
    return fastest(Kind(cls, objective, torch.device(device)))


def fastest(kind: Kind) -> Engine:
    """The first engine of the table that can train this kind of problem."""
    return next(engine for engine in ENGINES if engine.obstacle(kind) is None)


def _compiled_obstacle(kind: Kind) -> str | None:
    if kind.cls.operation not in compiled.OPERATIONS:
        return f"operation: it knows {_names(compiled.OPERATIONS)} alone"
    if kind.objective not in compiled.OBJECTIVES:
        return f"objective: it knows {_names(compiled.OBJECTIVES)} alone"
    if kind.device.type != "cpu" or kind.dtype != torch.float32:
        return "device or type: it knows float32 on the CPU alone"
    if kind.batches:
        return "schedule: it takes all rows at every step"
    return None if compiled.available() else "problem: the compiled trainer is not installed"


def _names(entries: Iterable[Named]) -> str:
    return ", ".join(entry.name for entry in entries)


def _train_compiled(problem: Problem) -> Stack:
    # Only the parameters are needed, not the buffers of a pass by hand.
    stack = problem.workspace(by_hand=False).stack
    compiled.train(
        problem.inputs,
        problem.targets,
        problem.scale,
        stack,
        problem.cls,
        objective=problem.objective,
        steps=problem.steps,
        learning_rate=problem.learning_rate,
    )
    return stack


def _no_obstacle(kind: Kind) -> None:
    return None


def _train_with_torch(problem: Problem) -> Stack:
    """All trials, or on the CPU as many at a time as its cache holds."""
    trials, _, rows = problem.targets.shape
    at_once, kind = trials, problem.kind
    # Autograd takes so many operations that more trials at once are faster.
    if kind.cls.plain and kind.device.type == "cpu" and not kind.batches:
        at_once = trials_at_once(problem.subsets, problem.cls.width, rows)
    return joined([_take_steps(part) for part in problem.parts(at_once)])


def _take_steps(problem: Problem) -> Stack:
    """One gradient of every model and one fused Adam update of a flat tensor per step."""
    whole = problem.inputs, problem.targets, problem.scale
    batches = problem.batches
    # Batches may differ in length; the buffers of a pass by hand have one length.
    step = problem.step(by_hand=None if batches is None else False)
    seen = (whole for _ in range(problem.steps)) if batches is None else _batched(problem, batches)
    for inputs, targets, scale in seen:
        step.take(inputs, targets, scale)
    return step.stack


def _torch_version() -> str:
    return str(torch.__version__)


def _torch_build() -> str:
    """Products of torch are summed in another order with other instructions."""
    return f"{_torch_version()} {torch.backends.cpu.get_cpu_capability()}"


def _graphs_obstacle(kind: Kind) -> str | None:
    if kind.device.type != "cuda":
        return "device: it records CUDA graphs"
    return "schedule: it takes all rows at every step" if kind.batches else None


def _train_with_graphs(problem: Problem) -> Stack:
    """The steps of torch, recorded once and replayed."""
    step = problem.step()
    take = partial(step.take, problem.inputs, problem.targets, problem.scale)
    repeat_on_gpu(take, problem.steps, problem.inputs[0].device)
    return step.stack


def _batched(
    problem: Problem, batches: Iterable[Tensor]
) -> Iterable[tuple[tuple[Tensor, ...], Tensor, Tensor]]:
    """The rows of each batch, with factors that make the sum a mean over the batch."""
    rows = problem.targets.shape[2]
    for _, batch in zip(range(problem.steps), batches, strict=False):
        check_batch(batch, rows)
        scale = problem.scale[..., batch] * (rows / len(batch))
        yield tuple(x[:, batch] for x in problem.inputs), problem.targets[..., batch], scale


ENGINES: Table[Engine] = Table(
    "engine",
    [
        Engine("compiled", _compiled_obstacle, _train_compiled, compiled.build),
        Engine("graphs", _graphs_obstacle, _train_with_graphs, _torch_version),
        Engine("torch", _no_obstacle, _train_with_torch, _torch_build),
    ],
)
"""The fastest first: "auto" takes the first that can."""
