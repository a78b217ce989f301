"""The logistic loss: one logit, labels in {0, 1}, exact where e^s is not."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from bounds import losses
from empirical import datasets
from empirical.complexity.trained_class import complexities
from empirical.fusion.classes import FusionClass
from empirical.losses import OBJECTIVES
from empirical.measure import TrainingPlan, fit_reference, measure
from empirical.worlds.population import binary_targets, finite_population


@pytest.fixture(scope="module")
def population():
    return binary_targets(finite_population(datasets.breast_cancer()))


def test_the_loss_of_a_row_by_hand():
    """ln(1 + e^s) - y s: ln 2 at 0; s = ln 3 costs ln 4 - y ln 3; a soft label mixes the two."""
    s = torch.tensor([[0.0, math.log(3), math.log(3), math.log(3)]], dtype=torch.float64)
    y = torch.tensor([[1.0, 0.0, 1.0, 0.25]], dtype=torch.float64)
    expected = [math.log(2), math.log(4), math.log(4 / 3), math.log(4) - 0.25 * math.log(3)]
    assert OBJECTIVES.find("logistic").row_losses(s, y).tolist() == pytest.approx(
        expected, rel=1e-14
    )


@pytest.mark.parametrize("s", [-800.0, -40.0, -25.0, 25.0, 40.0, 800.0])
def test_large_logits_lose_no_digit(s):
    """Where softplus in torch turns linear, beyond 20, the small loss is e^-|s| to full precision."""
    x = torch.tensor([[s]], dtype=torch.float64)
    right = float(OBJECTIVES.find("logistic").row_losses(x, torch.full_like(x, float(s > 0)))[0])
    wrong = float(OBJECTIVES.find("logistic").row_losses(x, torch.full_like(x, float(s < 0)))[0])
    # ln(1 + t) = t - t^2/2 + ...; for t = e^-25 the square is below the last digit.
    assert right == pytest.approx(math.exp(-abs(s)), rel=1e-10, abs=5e-324)
    assert wrong == pytest.approx(float(Fraction(abs(s)) + Fraction(math.exp(-abs(s)))), rel=1e-15)


def test_the_slope_of_the_loss_is_autograds_and_below_the_lipschitz_constant():
    s = torch.linspace(-6, 6, 101, dtype=torch.float64)[None].requires_grad_()
    constants = losses.logistic(6.0)
    for label in (0.0, 0.3, 1.0):
        y = torch.full_like(s, label).detach()
        values = OBJECTIVES.find("logistic").row_losses(s, y)
        (slope,) = torch.autograd.grad(values.sum(), s)
        own = OBJECTIVES.find("logistic").residual(s.detach()[None], y[None])[0]
        assert torch.allclose(own, slope, rtol=0, atol=1e-14)
        assert float(slope.abs().max()) <= constants.L * (1 + 1e-12)
        assert float(values.detach().max()) <= constants.C * (1 + 1e-12)
    assert pytest.approx(-math.expm1(-constants.C), rel=1e-14) == constants.L
    assert float(slope.abs().max()) == pytest.approx(constants.L, rel=1e-12)


def test_two_softmax_outputs_are_one_logit():
    """Cross-entropy of logits (s1, s2) is the logistic loss of s2 - s1."""
    logits = torch.randn(2, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.arange(9) % 2
    one_hot = torch.nn.functional.one_hot(labels, 2).double().T
    one = OBJECTIVES.find("logistic").row_losses(logits[1:] - logits[:1], labels[None].double())
    assert torch.allclose(
        one, OBJECTIVES.find("softmax").row_losses(logits, one_hot), rtol=0, atol=1e-14
    )


def test_a_study_of_log_odds_is_measured_with_certificates(population):
    cls = FusionClass(4, 2.0, 6.0, 1, "sum")
    design = TrainingPlan(
        ((0,), (0, 1, 2)), (1,), cls, "logistic", steps=15, learning_rate=0.05, seed=0
    )
    reference = fit_reference(population, design, steps=20)
    assert 0 < reference.risk < 0.5 * math.log(2)
    frame = measure(population, reference, design, 60, [200], range(2))
    assert set(frame["head"]) == {"same", "fresh"}
    assert (frame.best_low <= frame.best_high).all()
    assert (frame.best_high <= frame.risk_low + 1e-12).all()
    assert (frame.slack < 1e-3).all()
    C = population.constants(cls.prediction_radius(population.input_norm, 3), "logistic").C
    assert frame.risk_high.between(0, C).all()
    (found,) = complexities(population, ((0, 1, 2),), cls, "logistic", 30, seed=0, draws=3)
    assert 0 < found.found_loss.value < float(found.loss.high)
    L = population.constants(cls.prediction_radius(population.input_norm, 3), "logistic").L
    assert float(found.loss.high) == pytest.approx(L * float(found.outputs.high))


def test_targets_are_the_second_classs(population):
    names = np.asarray(population.data.classes)
    assert names.shape == (2,)
    assert population.targets.shape == (population.rows, 1)
    assert torch.equal(population.targets[:, 0], population.labels.double())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: binary_targets(finite_population(datasets.digits())),
            "data must have two classes for a loss of one logit, got 10",
        ),
        (
            lambda: finite_population(datasets.breast_cancer()).constants(1.0, "logistic"),
            "logistic must have targets of one output, got 2",
        ),
        (
            lambda: OBJECTIVES.find("logistic").row_losses(torch.zeros(2, 3), torch.zeros(2, 3)),
            "logistic must have one output, got 2",
        ),
    ],
)
def test_more_than_two_classes_are_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
