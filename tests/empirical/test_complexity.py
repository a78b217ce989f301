"""The complexity interval against all signs on tiny samples, and values that members attain."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from plane import plane_supremum

from bounds import rademacher
from empirical.complexity import trained_class
from empirical.complexity.outputs import fusion_suprema
from empirical.complexity.trained_class import complexities, loss_suprema
from empirical.datasets.dataset import from_arrays
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack, slot_of
from empirical.losses import OBJECTIVES
from empirical.worlds.population import finite_population


def small_population(rows=40, seed=0, task="classification"):
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((rows, 5))
    y = np.arange(rows) % 3 if task == "classification" else x[:, 0] + x[:, 3] ** 2
    return finite_population(from_arrays({"a": x[:, :2], "b": x[:, 2:]}, y, task=task))


def test_found_is_below_exact_and_exact_below_analytic_over_all_signs():
    # Two modalities in the plane, all 2^m signs: m R-hat = B E sqrt(A^2 max_k T_k^2 + (sum sigma)^2).
    cls = FusionClass(width=3, encoder_radius=1.5, head_radius=2.0, outputs=1)
    ratios = []
    for seed, m in enumerate((1, 2, 3, 5, 7, 8)):
        generator = np.random.default_rng(seed)
        xs = generator.standard_normal((2, m, 2))
        signs = np.array(list(itertools.product((-1.0, 1.0), repeat=m)))
        exact = np.empty((len(signs), 2))
        for row, sigma in enumerate(signs):
            T = [plane_supremum(x, sigma) for x in xs]
            for column, best in enumerate((T[0], max(T))):
                exact[row, column] = 2.0 * np.hypot(1.5 * best, sigma.sum()) / m
        found = fusion_suprema(
            [torch.from_numpy(np.repeat(x[None], len(signs), 0)) for x in xs],
            torch.from_numpy(signs[:, None]),
            ((0,), (0, 1)),
            cls,
            [np.random.default_rng([seed, t]) for t in range(len(signs))],
        )
        assert np.all(found <= exact * (1 + 1e-12))
        ratios.append(found.mean(0) / exact.mean(0))
        for column, members in enumerate(((0,), (0, 1))):
            analytic = rademacher.fusion_empirical(
                encoder_radius=1.5,
                head_radius=2.0,
                outputs=1,
                squared_norms=(xs[list(members)] ** 2).sum((0, 2)),
            )
            assert exact[:, column].mean() <= float(analytic)
    assert np.mean(ratios) >= 0.98


def test_more_modalities_never_lower_what_is_found():
    population = small_population()
    cls = FusionClass(width=3, encoder_radius=1.0, head_radius=1.0, outputs=3)
    generators = [np.random.default_rng(t) for t in range(4)]
    inputs = [x[None].expand(4, -1, -1) for x in population.inputs]
    signs = torch.from_numpy(2.0 * np.random.default_rng(9).integers(0, 2, (4, 3, 40)) - 1)
    found = fusion_suprema(inputs, signs, ((0,), (1,), (0, 1)), cls, generators)
    assert np.array_equal(found[:, 2], np.maximum(found[:, 0], found[:, 1]))


@pytest.mark.parametrize("loss", ["least-squares", "softmax"])
def test_what_is_found_for_the_loss_is_attained_in_the_class(loss):
    population = small_population()
    cls = FusionClass(width=3, encoder_radius=1.5, head_radius=2.0, outputs=3)
    subsets = ((0,), (0, 1))
    generator = np.random.default_rng(1)
    rows = torch.from_numpy(generator.integers(0, 40, (5, 20)))
    inputs = [x[rows] for x in population.inputs]
    targets = population.targets[rows].mT.contiguous()
    signs = torch.from_numpy(2.0 * generator.integers(0, 2, (5, 20)) - 1.0)
    draws = [np.random.default_rng(t) for t in range(5)]
    found, stack = loss_suprema(inputs, targets, signs, subsets, cls, loss, draws, steps=60)
    zero = (OBJECTIVES.find(loss).row_losses(torch.zeros_like(targets), targets) * signs).mean(1)
    for index, members in enumerate(subsets):
        for t in range(5):
            one = Stack(
                (tuple(range(len(members))),),
                tuple(
                    stack.encoders[k][t : t + 1, [slot_of(subsets, index, k)]].double()
                    for k in members
                ),
                (stack.heads[index][t : t + 1].double(),),
            )
            squares = sum(float(W.square().sum()) for W in one.encoders)
            assert squares**0.5 <= cls.encoder_radius
            assert float(one.heads[0].norm()) <= cls.head_radius
            f = one.heads[0] @ one.features(0, [inputs[k][t].mT for k in members])
            value = float((OBJECTIVES.find(loss).row_losses(f[0], targets[t]) * signs[t]).mean())
            assert found[t, index] == pytest.approx(max(value, float(zero[t])), abs=1e-9)
    # The search climbs: the zero function alone would not do.
    assert np.mean(found - zero.numpy()[:, None]) > 0.1


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_interval_keeps_its_ends_in_order_and_the_analytic_end_is_the_formula(task):
    population = small_population(task=task)
    c = population.outputs
    cls = FusionClass(width=3, encoder_radius=1.5, head_radius=2.0, outputs=c)
    L = population.constants(cls.prediction_radius(population.input_norm), "least-squares").L
    for m in (4, 4096):
        found = complexities(population, ((0,), (0, 1)), cls, "least-squares", m, seed=0, draws=3)
        for members, each in zip(((0,), (0, 1)), found, strict=True):
            square = population.mean_square_norm(members)
            analytic = 2.0 * (c * (2 * 1.5**2 * square + 1) / m) ** 0.5
            assert float(each.outputs.high) == pytest.approx(analytic)
            factor = L if c == 1 else 2**0.5 * L
            assert float(each.loss.high) == pytest.approx(factor * analytic)
            for interval in (each.outputs, each.loss):
                assert 0.0 <= float(interval.low) <= float(interval.high)
            assert float(each.outputs.low) <= each.found_outputs.value <= analytic
            assert each.found_outputs.n == 3


def test_the_lower_end_is_mcdiarmids():
    # Enough draws for a lower end above zero: mean - sqrt(c) F sqrt(2 ln(1/MISS) / (draws m)).
    population = small_population()
    cls = FusionClass(width=3, encoder_radius=3.0, head_radius=1.0, outputs=3)
    (each,) = complexities(population, ((0, 1),), cls, "least-squares", 16, seed=0, draws=300)
    radius = cls.prediction_radius(population.input_norm)
    spread = (2 * np.log(1 / trained_class.MISS) / (300 * 16)) ** 0.5
    expected = each.found_outputs.value - 3**0.5 * radius * spread
    assert expected > 0
    assert float(each.outputs.low) == pytest.approx(expected)
    C = population.constants(radius, "least-squares").C
    assert float(each.loss.low) == pytest.approx(max(0.0, each.found_loss.value - C * spread))


def test_the_same_seed_gives_the_same_complexities_and_another_one_others():
    population = small_population()
    cls = FusionClass(width=2, encoder_radius=1.0, head_radius=1.0, outputs=3)
    found = [
        complexities(population, ((0,),), cls, "softmax", 8, seed=s, draws=2)[0].found_loss.value
        for s in (0, 0, 1)
    ]
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(("name", "arguments"), [("draws", (4, 0)), ("m", (0, 2))])
def test_no_draws_and_no_rows_are_refused(name, arguments):
    m, draws = arguments
    cls = FusionClass(width=2, encoder_radius=1.0, head_radius=1.0, outputs=3)
    with pytest.raises(ValueError, match=f"^{name} must be a positive integer, got 0"):
        complexities(small_population(), ((0,),), cls, "softmax", m, seed=0, draws=draws)


PAGE = Path(__file__).parents[2] / "docs" / "complexity.md"


@pytest.mark.parametrize(
    "code", re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.M | re.S)
)
def test_an_example_of_the_page_runs_and_its_assertion_holds(code, capsys):
    exec(compile(code, PAGE.name, "exec"), {})
    assert capsys.readouterr().out
