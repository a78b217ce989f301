"""Worlds of trained networks: finitely many (row, target) atoms with known probabilities.

A teacher's soft labels and a data set are the same thing here: a finite law on atoms, each a row of
the population and one of its possible targets. Every risk is an exact average over the atoms, for
any network, and inf_h r(h∘ĝ) a convex problem with a certificate. Samples are counts of atoms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bounds.losses import LossConstants
from empirical import erm
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack
from empirical.fusion.starts import initial_weights
from empirical.losses import Loss, weighted_risk
from empirical.modalities import Subset, as_subset
from empirical.quality.frozen_encoder import Features
from empirical.statistics.intervals import Interval
from empirical.streams import stream
from empirical.worlds.trials import Trials, check_draw

# Features held at once, in numbers: 128 MiB of float64.
_BLOCK = 2**24


@dataclass(frozen=True, eq=False)
class StackWorld:
    """A finite law on atoms, a fusion class, and one fixed reference function.

    Made by `teacher.teacher_world`, or by hand from a data set.

    Parameters
    ----------
    inputs
        Per modality [N, D_k] float64, the constant 1 included.
    row
        [A] int64: the row of each atom.
    targets
        [A, c] float64: one-hot or real.
    law
        [A] float64: the atoms' probabilities.
    reference
        [A] float64: the loss of h*∘g* on each atom.
    realizable
        Whether h*∘g* is in the class and no function has a smaller risk.

    Examples
    --------
    >>> from empirical.worlds.teacher import teacher_world
    >>> rows = np.linspace(-1, 1, 8)[:, None]
    >>> cls = FusionClass(width=2, encoder_radius=1.0, head_radius=3.0, outputs=2)
    >>> world = teacher_world({"a": rows, "b": rows**2}, cls)
    >>> counts = world.draw(np.random.default_rng(0), m=32, trials=3)     # 8 rows of 2 classes
    >>> counts.shape, world.measure(counts, [["a"]])["a",].slack.max() < 1e-3
    ((3, 16), np.True_)
    """

    names: Subset
    inputs: tuple[Tensor, ...]
    row: NDArray[np.int64]
    targets: Tensor
    law: NDArray[np.float64]
    cls: FusionClass
    loss: Loss
    constants: LossConstants
    reference: NDArray[np.float64]
    realizable: bool

    @property
    def reference_risk(self) -> float:
        """r(h*∘g*), exact: the mean loss of the reference over the atoms."""
        return float(self.reference @ self.law)

    def rademacher_complexity(self, subset: Iterable[str], m: int) -> Interval:
        """R_m^c(F_M): at least that of the head's bias alone, at most the class's analytic bound.

        Convention 1/m, no |·|, c signs per example. The bias gives (B/m) E‖Σσ_i‖ ≥ B √(c/2m), by
        Khintchine's inequality. Open above for gates and attention.
        """
        check_draw(m, 1)
        rows = np.bincount(self.row, self.law, minlength=len(self.inputs[0]))
        members = self._members(subset)
        squares = sum(
            float(self.inputs[k].square().sum(1) @ torch.from_numpy(rows)) for k in members
        )
        B, c = self.cls.head_radius, self.cls.outputs
        high = self.cls.complexity_bound(squares, len(members), m)
        return Interval(B * (c / (2 * m)) ** 0.5, high)

    def draw(self, generator: np.random.Generator, m: int, trials: int) -> NDArray[np.int64]:
        """``trials`` i.i.d. samples of size m as counts of atoms: int [trials, A].

        Raises
        ------
        ValueError
            Unless m and trials are positive integers.
        """
        check_draw(m, trials)
        return generator.multinomial(m, self.law, size=trials)

    def fit(
        self, counts: NDArray[np.int64], subset: Iterable[str], *, steps: int = 60, seed: int = 0
    ) -> Stack:
        """Train encoders on each sample for ``steps`` of Adam, then the optimal head on the sample.

        Only the head is optimal, with a certified slack; the encoders are what training leaves. The
        start of trial t depends on (seed, m, t) alone. Returns a stack with this one subset.
        """
        members = self._members(subset)
        m, trials = int(counts[0].sum()), len(counts)
        atoms = np.stack([np.repeat(np.arange(len(self.law)), row) for row in counts])
        rows = torch.from_numpy(self.row[atoms])
        dims = [x.shape[1] for x in self.inputs]
        draws = [stream(seed, "initial weights", m, trial) for trial in range(trials)]
        trained = erm.fit(
            [x.float()[rows] for x in self.inputs],
            self.targets.float()[torch.from_numpy(atoms)].mT.contiguous(),
            (members,),
            self.cls,
            *initial_weights(draws, (members,), dims, self.cls),
            objective=self.loss,
            steps=steps,
        ).stack
        mass = torch.from_numpy(counts / m)
        best = [
            features.fit(mass[part], start=trained.heads[0][part].double()).weights
            for part, features in self._features(trained, members)
        ]
        encoders = tuple(encoder.double() for encoder in trained.encoders)
        return replace(trained, encoders=encoders, heads=(torch.cat(best),))

    def risks(self, counts: NDArray[np.int64], subset: Iterable[str], models: Stack) -> Trials:
        """All quantities of any given models of this subset, one per sample (trained or not).

        Risks are exact; ``slack`` and ``quality_width`` come from Frank–Wolfe gaps.

        Raises
        ------
        ValueError
            If the stack has no models of the subset, or not one per sample.
        """
        members, m = self._members(subset), int(counts[0].sum())
        if members not in models.subsets or len(models.heads[0]) != len(counts):
            raise ValueError(
                f"models must hold {len(counts)} models of the modalities {members}, got "
                f"{len(models.heads[0])} of {models.subsets}"
            )
        weights = models.heads[models.subsets.index(members)].double()
        mass, law = torch.from_numpy(counts / m), torch.from_numpy(self.law)
        found = []
        for part, features in self._features(models, members):
            head = weights[part]
            risk = features.certified_risk(head, law)
            high = torch.from_numpy(risk.interval.high)
            least = features.fit(law, start=head).least(high)
            on_sample = features.risk(head, mass[part]).numpy()
            gap = features.gap(head, mass[part]).numpy()
            found.append(
                [np.asarray(risk.value), on_sample, gap, least.high, least.high - least.low]
            )
        risk_, empirical, slack, best, width = np.concatenate(found, axis=1)
        reference = weighted_risk(torch.from_numpy(self.reference), mass).numpy()
        return Trials(
            subset=as_subset(self.names, subset),
            m=m,
            population_risk=risk_,
            empirical_risk=empirical,
            latent_quality=best - self.reference_risk,
            centred_loss=empirical - reference,
            slack=slack,
            quality_width=width,
        )

    def measure(
        self, counts: NDArray[np.int64], subsets: Iterable[Iterable[str]]
    ) -> dict[Subset, Trials]:
        """Train every subset on the same samples, and measure."""
        ordered = [as_subset(self.names, subset) for subset in subsets]
        return {s: self.risks(counts, s, self.fit(counts, s)) for s in ordered}

    def predictions(self, models: Stack, subset: Iterable[str]) -> Tensor:
        """f(x) of every model of this subset on every row: [T, c, N] float64."""
        index = models.subsets.index(self._members(subset))
        features = models.features(index, [x.mT for x in self.inputs])
        return models.heads[index].double() @ features

    def _members(self, subset: Iterable[str]) -> tuple[int, ...]:
        visible = as_subset(self.names, subset)
        return tuple(k for k, name in enumerate(self.names) if name in visible)

    def _features(
        self, models: Stack, members: tuple[int, ...]
    ) -> Iterator[tuple[slice, Features]]:
        """Blocks of trials with their features on all atoms."""
        index = models.subsets.index(members)
        trials, _, size = models.heads[index].shape
        at_once = max(1, _BLOCK // (size * len(self.law)))
        row = torch.from_numpy(self.row)
        for start in range(0, trials, at_once):
            part = slice(start, min(start + at_once, trials))
            some = replace(
                models,
                encoders=tuple(encoder[part] for encoder in models.encoders),
                heads=tuple(head[part] for head in models.heads),
            )
            z = some.features(index, [x.mT for x in self.inputs])[..., row]
            yield part, Features(z, self.targets.mT, self.cls.head_radius, self.loss)
