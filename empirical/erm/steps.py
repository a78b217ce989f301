"""Training as steps that repeat: one step on tensors that stay where they are, taken many times.

On a GPU a step is some 50 operations or more, each of which takes longer to launch than to run. There the
first steps are launched one by one, the next one is recorded as a CUDA graph, and the rest replay it. So
a step must do the same to the same tensors every time: it reads no number, and what counts steps, as
Adam's bias corrections do, is a tensor on the device. `tests/empirical/test_steps.py` records and replays
a step on the CPU. Not run on a GPU.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor
from torch.optim.adam import adam

from empirical.erm.gradients import Workspace
from empirical.fusion.stack import Stack
from empirical.losses import Objective

WARM_UP = 3
"""Steps that are launched one by one first, while libraries set themselves up."""

_log = logging.getLogger(__name__)


class Step:
    """One step of training: a gradient of every model, one Adam update, and the projection.

    Adam is torch's, called without `torch.optim.Adam`: what that does around it takes up to a fifth of a
    step on a CPU.

    Parameters
    ----------
    work
        The models, projected at once, and the buffers.
    objective, learning_rate
        As for `erm.fit`.
    """

    def __init__(self, work: Workspace, objective: Objective, learning_rate: float) -> None:
        self.work, self.objective, self.learning_rate = work, objective, learning_rate
        self.moments = torch.zeros_like(work.parameters), torch.zeros_like(work.parameters)
        self.count = work.parameters.new_zeros((), dtype=torch.float32)
        work.project()

    @property
    def stack(self) -> Stack:
        """The models as they are now."""
        return self.work.stack

    @torch.no_grad()
    def take(self, inputs: Sequence[Tensor], targets: Tensor, scale: Tensor) -> None:
        """Take the step on rows, as for `Workspace.differentiate`."""
        self.work.differentiate(inputs, targets, scale, self.objective)
        first, second = self.moments
        adam(
            [self.work.parameters],
            [self.work.gradient],
            [first],
            [second],
            [],
            [self.count],
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=self.learning_rate,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )
        self.work.project()


def repeat(
    step: Callable[[], None],
    times: int,
    record: Callable[[Callable[[], None]], Callable[[], None]],
) -> None:
    """Take a step so many times, all but the first `WARM_UP` as a record of it.

    Parameters
    ----------
    step
        Does the same to the same tensors every time.
    record
        Takes the step, which has no effect, and returns what replays it. If it is refused, with a
        `RuntimeError`, the step itself is taken every time.

    Examples
    --------
    >>> taken = []
    >>> repeat(lambda: taken.append("step"), 5, lambda step: lambda: taken.append("replay"))
    >>> taken
    ['step', 'step', 'step', 'replay', 'replay']
    """
    first = min(WARM_UP, times)
    for _ in range(first):
        step()
    if times == first:
        return
    again = step
    try:
        again = record(step)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        _log.warning("steps are launched one by one: no CUDA graph could be recorded (%s)", error)
    for _ in range(times - first):
        again()


def repeat_on_gpu(step: Callable[[], None], times: int, device: torch.device) -> None:
    """`repeat` with a CUDA graph, on a stream of its own, as recording requires."""
    with torch.cuda.device(device):
        main, side = torch.cuda.current_stream(), _side_stream(torch.cuda.current_device())
        side.wait_stream(main)
        with torch.cuda.stream(side):
            repeat(step, times, _cuda_graph)
        # The graph is freed here, and must not be at work.
        side.synchronize()


@cache
def _side_stream(index: int) -> torch.cuda.Stream:
    """One for each device: products keep a workspace for every stream."""
    made: Callable[[int], torch.cuda.Stream] = torch.cuda.Stream
    return made(index)


def _cuda_graph(step: Callable[[], None]) -> Callable[[], None]:
    graph = torch.cuda.CUDAGraph()
    # Other threads, such as those of a cluster's worker, may allocate meanwhile.
    graph.capture_begin(capture_error_mode="thread_local")
    try:
        step()
    finally:
        # After a failure this ends the recording, and fails as well.
        graph.capture_end()
    replay: Callable[[], None] = graph.replay
    return replay
