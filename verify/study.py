"""A study: a design with the verbs `run` and `report`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from bounds.domains import FINITE_POSITIVE, PROBABILITY, at_least
from bounds.names import known_options
from empirical.datasets.dataset import Dataset, from_arrays
from empirical.fusion.classes import FusionClass
from empirical.fusion.operations import CONCATENATION, OPERATIONS, Operation
from empirical.losses import LOSSES, SQUARES, Loss
from empirical.modalities import Family, default_family, family_from_pairs
from empirical.sampling import LARGEST
from verify.design import Design, enough_trials
from verify.execution import devices
from verify.execution.folder import check_writable
from verify.execution.run import Options, RunOptions, run_study
from verify.execution.shards import Filled, fill_study
from verify.execution.slurm import submit_study
from verify.report import DATA, PAGE, write_report
from verify.results.display import table
from verify.results.results import Results

if TYPE_CHECKING:
    from submitit import Executor, Job

MOST_TRIALS = 10_000_000
"""Trials per sample size; a study of more would take weeks."""
MOST_STEPS = 1_000_000
HIDDEN_UNITS = 32


class Study(Design):
    """What is measured, on what, how often; `run` measures it, `report` writes the page.

    Parameters
    ----------
    data
        Its rows are the population; samples are drawn with replacement.
    pairs
        Pairs (M, N) of iterables of modality names; None: every single modality, and one chain.
    m
        Sample sizes: the encoder and the head are fitted on the same S.
    head_m
        Sizes of an independent S_2 on which only heads are fitted, with the encoders of the largest m.
    delta
        Confidence parameters.
    trials
        Independent samples per m. None: as many as can support every claim if none is violated, at
        least 250.
    loss
        An entry of `empirical.losses.LOSSES`, or its name.
    seed
        The same seed gives the same numbers.
    device
        "cpu"; "cuda", of which each process that computes takes one card; one card as "cuda:1"; or
        "auto": "cuda" if this process has a GPU, else "cpu". With a client or jobs elsewhere this process
        needs none.
    fusion
        How features of modalities become one: an entry of `empirical.fusion.OPERATIONS`, or its name.
        For an operation without a complexity bound the forms that need one are infinite.
    depth
        ReLU layers of an encoder; 0: linear encoders.
    width
        Units of an encoder. None: 32, shared among the modalities if they are concatenated.
    encoder_radius, head_radius
        Of the class; None: the default radius of the loss.
    steps, learning_rate
        Of the encoder's training (Adam).

    Raises
    ------
    ValueError
        Naming the argument, if one is out of its domain.
    """

    @known_options
    def __init__(
        self,
        data: Dataset,
        pairs: Iterable[tuple[Iterable[str], Iterable[str]]] | None = None,
        m: Sequence[int] = (64, 256, 1024),
        head_m: Sequence[int] = (8000,),
        delta: Sequence[float] = (0.1, 0.05),
        trials: int | None = None,
        loss: str | Loss = SQUARES,
        seed: int = 0,
        device: str = "auto",
        fusion: str | Operation = CONCATENATION,
        depth: int = 1,
        width: int | None = None,
        encoder_radius: float = 3.0,
        head_radius: float | None = None,
        steps: int = 40,
        learning_rate: float = 0.05,
    ) -> None:
        names = data.names
        chosen, operation = LOSSES.find(loss), OPERATIONS.find(fusion, "fusion")
        chosen.check_task(data.task, len(data.classes))
        one_output = data.task == "regression" or chosen.binary
        shared = len(names) if operation.side_by_side else 1
        cls = FusionClass(
            width=max(2, HIDDEN_UNITS // shared) if width is None else width,
            encoder_radius=encoder_radius,
            head_radius=chosen.head_radius if head_radius is None else head_radius,
            outputs=1 if one_output else len(data.classes),
            operation=operation,
            depth=depth,
        )
        family = default_family(names) if pairs is None else family_from_pairs(names, pairs)
        sizes, head_sizes = _sizes("m", m, least=1), _sizes("head_m", head_m, least=0)
        deltas = _deltas(delta)
        if trials is None:
            trials = _enough_trials(family, sizes, head_sizes, deltas)
        super().__init__(
            data=data,
            family=family,
            m=sizes,
            head_m=head_sizes,
            delta=deltas,
            trials=at_least(1, MOST_TRIALS).whole("trials", trials),
            loss=chosen,
            cls=cls,
            seed=at_least(0, 2**64 - 1).whole("seed", seed),
            device=devices.chosen(device),
            steps=at_least(1, MOST_STEPS).whole("steps", steps),
            learning_rate=FINITE_POSITIVE.number("learning_rate", learning_rate),
        )

    def __repr__(self) -> str:
        names = len(self.data.names)
        return (
            f"Study({self.data.name}: {self.data.rows:,} rows, {names} modalities,"
            f" {len(self.family.pairs)} pairs; {self.trials:,} trials at each m ="
            f" {', '.join(f'{m:,}' for m in self.m)}; {self.loss.name}, seed {self.seed})"
        )

    def _repr_html_(self) -> str:
        pairs = "; ".join(f"{' + '.join(M)} against {' + '.join(N)}" for M, N in self.family.pairs)
        rows = {
            "data": f"{self.data.name}: {self.data.rows:,} rows, {self.data.task}",
            "modalities": ", ".join(f"{n} ({x.shape[1]})" for n, x in self.data.modalities.items()),
            "pairs": pairs,
            "m": ", ".join(f"{m:,}" for m in self.m),
            "m, heads alone": ", ".join(f"{m:,}" for m in self.head_m) or "none",
            "trials at each m": f"{self.trials:,}",
            "delta": ", ".join(f"{delta:g}" for delta in self.delta),
            "loss, fusion, depth": f"{self.loss.name}, {self.cls.operation.name}, {self.cls.depth}",
            "seed": str(self.seed),
        }
        return table("Study", rows)

    def run(self, out: str | Path | None = None, **options: Unpack[RunOptions]) -> Results:
        """Measure every trial; see `verify.execution.run.run_study` for options and errors."""
        return run_study(self, out, **options)

    def fill(
        self, out: str | Path, shard: str | tuple[int, int], **options: Unpack[Options]
    ) -> Filled:
        """Compute the parts of one shard, as "2/4" or (2, 4), in a folder that all shards share.

        Any number of processes and machines may do so at once; afterwards `run` or `report` with
        `resume` reads the parts. See `verify.execution.shards.fill_study` for options and errors.

        Returns
        -------
        Filled
            The number of parts computed, and the shards that are unfinished.
        """
        return fill_study(self, out, shard, **options)

    def submit(
        self,
        executor: Executor,
        out: str | Path,
        shards: int,
        workers: int | None = None,
        chunk: int = 32,
    ) -> list[Job[Filled]]:
        """Submit the shards as jobs of a batch system such as Slurm (extra `slurm`).

        See `verify.execution.slurm.submit_study` for the parameters and errors.

        Returns
        -------
        list of submitit.Job
            One for each shard.
        """
        return submit_study(self, executor, out, shards, workers=workers, chunk=chunk)

    def report(self, out: str | Path = "report", **options: Unpack[RunOptions]) -> Path:
        """Run the study, with part files in `out`, and write report.html and report.json there.

        Options and errors are those of `run`.

        Returns
        -------
        Path
            The page.
        """
        # Here, since workers import this module and need no scikit-learn.
        from verify.new_data import new_data

        there = options.get("resume", False) or options.get("assemble", False)
        devices.check(self.device, there, options.get("client"))
        check_writable(out, PAGE, DATA)
        results = self.run(out, **options)
        return write_report(results, Path(out), new_data=new_data(self, options.get("workers")))


def verify_dataset(features: Any, y: Any, *, task: str | None = None, **options: Any) -> Study:
    """A study of a user's own row-aligned features.

    Parameters
    ----------
    features
        Mapping of modality name to [N, d_k] array, DataFrame or tensor, or (name, array) pairs.
    y
        [N] target: text labels, or integers with at most 20 values, mean classification.
    task
        "classification" or "regression", to override that.
    options
        As for `Study`.

    Raises
    ------
    ValueError
        In one line, for whatever is wrong with the input.
    """
    return Study(from_arrays(features, y, task=task), **options)


def _enough_trials(
    family: Family, m: tuple[int, ...], head_m: tuple[int, ...], delta: tuple[float, ...]
) -> int:
    needed = enough_trials(family, m, head_m, delta)
    if needed > MOST_TRIALS:
        raise ValueError(
            f"delta must be so large that {MOST_TRIALS:,} trials can support a claim, or trials be"
            f" given, got {min(delta):g}, which takes {needed:,}"
        )
    return needed


def _sizes(name: str, values: Sequence[int], least: int) -> tuple[int, ...]:
    sizes = tuple(sorted({at_least(1, LARGEST).whole(name, value) for value in _listed(values)}))
    if len(sizes) < least:
        raise ValueError(f"{name} must hold at least one positive integer, got none")
    return sizes


def _listed(values: Any) -> list[Any]:
    """One number as a list of it, several as they are; bytes and text are no list of numbers."""
    if isinstance(values, str | bytes | bytearray):
        return [values]
    try:
        return list(values)
    except TypeError:  # also of an array or tensor without dimensions
        return [values]


def _deltas(values: Sequence[float]) -> tuple[float, ...]:
    listed = _listed(values)
    if not listed:
        raise ValueError("delta must hold at least one number in (0, 1), got none")
    return tuple(sorted({PROBABILITY.number("delta", value) for value in listed}, reverse=True))
