"""Teacher worlds of the other fusion classes: h* o g* is in the class, and complexities stay honest."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from empirical.fusion.classes import FusionClass
from empirical.fusion.operations import OPERATIONS
from empirical.worlds.teacher import teacher_world

MIXED = [each.name for each in OPERATIONS if each.mixing]

ROWS = np.random.default_rng(0).standard_normal((12, 5))
INPUTS = {"a": ROWS[:, :2], "b": ROWS[:, 2:]}
CLASSES = [("gated", 2), ("attention", 0), ("sum", 2), ("mean", 0)]


@pytest.mark.parametrize(("operation", "depth"), CLASSES)
def test_a_teacher_of_any_class_is_the_best_of_its_world(operation, depth):
    cls = FusionClass(3, 2.0, 3.0, 2, operation, depth)
    world = teacher_world(INPUTS, cls)
    assert world.realizable
    counts = world.draw(np.random.default_rng(1), 40, 3)
    found = world.measure(counts, [["a"], ["a", "b"]])
    for trials in found.values():
        # No function beats the law of the labels: eta >= 0, and heads are certified.
        assert (trials.latent_quality > -1e-9).all()
        assert (trials.slack < 1e-3).all()
        assert (trials.population_risk <= world.constants.C).all()
    interval = world.rademacher_complexity(["a", "b"], 40)
    assert float(interval.low) > 0
    assert np.isinf(interval.high) == (operation in MIXED)


def test_a_teacher_outside_its_class_is_refused():
    cls = FusionClass(3, 2.0, 3.0, 2, "gated", 2)
    world = teacher_world(INPUTS, cls)
    counts = world.draw(np.random.default_rng(1), 20, 1)
    models = world.fit(counts, ["a", "b"])
    teacher = replace(models, heads=tuple(h * (1 - 1e-12) for h in models.heads))
    assert teacher_world(INPUTS, cls, teacher=teacher).realizable
    for place in range(len(teacher.encoders)):
        longer = list(teacher.encoders)
        longer[place] = longer[place] + 9.0 * torch.ones_like(longer[place])
        with pytest.raises(ValueError, match="^teacher must have norms at most 2"):
            teacher_world(INPUTS, cls, teacher=replace(teacher, encoders=tuple(longer)))
    with pytest.raises(ValueError, match="^teacher must be of the class's operation and depth"):
        teacher_world(INPUTS, replace(cls, depth=1), teacher=teacher)


def test_a_logistic_teacher_is_refused():
    with pytest.raises(ValueError, match="^loss must be softmax or least-squares for a teacher"):
        teacher_world(INPUTS, FusionClass(3, 2.0, 3.0, 1), loss="logistic")
