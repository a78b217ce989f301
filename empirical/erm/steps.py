"""Training as steps that repeat: one step on tensors that stay where they are, taken many times.

On a GPU a step is some 60 operations or more, each of which takes longer to launch than to run. There the
first steps are launched one by one, the next one is recorded as a CUDA graph, and the rest replay it. So
a step must do the same to the same tensors every time: it reads no number, and what counts steps, as
Adam's bias corrections do, is a tensor on the device. `tests/empirical/test_steps.py` records and replays
a step on the CPU. Not run on a GPU.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor

from empirical.erm.gradients import Workspace
from empirical.fusion.stack import Stack
from empirical.losses import Objective

WARM_UP = 3
"""Steps that are launched one by one first: libraries set themselves up, and Adam makes its state."""

_log = logging.getLogger(__name__)


class Step:
    """One step of training: a gradient of every model, one Adam update, and the projection.

    Parameters
    ----------
    work
        The models, projected at once, and the buffers.
    objective, learning_rate
        As for `erm.fit`.
    capturable
        Whether the update may be recorded.
    """

    def __init__(
        self,
        work: Workspace,
        objective: Objective,
        learning_rate: float,
        capturable: bool = False,
    ) -> None:
        self.work, self.objective = work, objective
        work.parameters.grad = work.gradient
        self.optimizer = torch.optim.Adam(
            [work.parameters], lr=learning_rate, fused=True, capturable=capturable
        )
        work.project()

    @property
    def stack(self) -> Stack:
        """The models as they are now."""
        return self.work.stack

    @torch.no_grad()
    def take(self, inputs: Sequence[Tensor], targets: Tensor, scale: Tensor) -> None:
        """Take the step on rows, as for `Workspace.differentiate`."""
        self.work.differentiate(inputs, targets, scale, self.objective)
        self.optimizer.step()
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
    with torch.cuda.device(device), warnings.catch_warnings():
        # The first steps are not recorded, and Adam says so.
        warnings.filterwarnings("ignore", message="This instance was constructed with capturable")
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
