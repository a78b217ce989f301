"""A finite population is its data set, scaled by a fixed rule: facts that the bounds rely on."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from bounds import losses
from empirical import datasets
from empirical.datasets.dataset import from_arrays
from empirical.worlds.population import CLIP_NORM, finite_population

GENERATOR = np.random.default_rng(0)
X = GENERATOR.standard_normal((60, 5)) * [1.0, 10.0, 1e-6, 1e6, 3.0] + [0.0, 5.0, 0.0, 1e7, -2.0]
LABELS = np.arange(60) % 3


def population(x=X, y=LABELS, task="classification"):
    return finite_population(from_arrays({"a": x[:, :2], "b": x[:, 2:]}, y, task=task))


@pytest.fixture(scope="module")
def bundled():
    return {name: finite_population(load()) for name, load in LOADERS.items()}


LOADERS = {
    "digits": datasets.digits,
    "breast-cancer": datasets.breast_cancer,
    "diabetes": datasets.diabetes,
}


def unclipped(features):
    """The stated scaling without the clip: columns of mean 0 and variance 1/d."""
    return (features - features.mean(0)) / (features.std(0) * features.shape[1] ** 0.5)


def test_rows_are_scaled_to_mean_square_norm_one_then_clipped_then_given_a_one():
    scaled = population()
    for x, inputs, clipped in zip((X[:, :2], X[:, 2:]), scaled.inputs, scaled.clipped, strict=True):
        unit = unclipped(x)
        assert (unit**2).sum(1).mean() == pytest.approx(1.0)
        norms = np.linalg.norm(unit, axis=1)
        expected = unit * np.minimum(1.0, 3**0.5 / norms)[:, None]
        assert inputs[:, :-1].numpy() == pytest.approx(expected, abs=1e-9)
        assert np.all(inputs[:, -1].numpy() == 1.0)
        assert clipped == np.mean(norms > 3**0.5) > 0
        assert inputs.dtype == torch.float64


@pytest.mark.parametrize("name", LOADERS)
def test_bundled_data_has_norms_of_at_most_two(bundled, name):
    scaled = bundled[name]
    assert scaled.input_norm <= 2.0 + 1e-12
    for x in scaled.inputs:
        assert torch.isfinite(x).all()
        assert torch.linalg.vector_norm(x[:, :-1], dim=1).max() <= CLIP_NORM + 1e-12
        # Clipping only shortens: at most 1, plus the constant's 1.
        assert 1.5 < float(x.square().sum(1).mean()) <= 2.0 + 1e-12


def test_the_mean_square_norm_of_a_subset_is_the_sum_over_its_modalities():
    scaled = population()
    squares = [float((x**2).sum(1).mean()) for x in scaled.inputs]
    assert scaled.mean_square_norm((1,)) == pytest.approx(squares[1])
    assert scaled.mean_square_norm((0, 1)) == pytest.approx(sum(squares))


def test_the_scaling_does_not_depend_on_units():
    # Other units of every column: 2^k keeps even the rounding.
    changed = population(X * [2.0, 0.5, 4.0, 1024.0, 2.0**-20])
    for ours, theirs in zip(population().inputs, changed.inputs, strict=True):
        assert torch.equal(ours, theirs)


def test_huge_and_tiny_values_are_scaled_too():
    generator = np.random.default_rng(1)
    base = generator.standard_normal((30, 4))
    extreme = finite_population(
        from_arrays({"a": base[:, :2] * 1e300, "b": base[:, 2:] * 1e-290}, base[:, 0] * 1e307)
    )
    plain = finite_population(from_arrays({"a": base[:, :2], "b": base[:, 2:]}, base[:, 0]))
    for ours, theirs in zip(extreme.inputs, plain.inputs, strict=True):
        assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)
    assert torch.allclose(extreme.targets, plain.targets, rtol=0, atol=1e-12)


def test_classes_become_one_hot_rows():
    scaled = population()
    assert scaled.outputs == 3
    assert scaled.targets.argmax(1).tolist() == LABELS.tolist() == scaled.labels.tolist()
    assert scaled.targets.sum(1).tolist() == [1.0] * 60
    assert scaled.targets.square().sum(1).tolist() == [1.0] * 60
    assert (scaled.target_radius, scaled.target_scale) == (1.0, 1.0)


def test_a_real_target_is_mapped_onto_minus_one_to_one():
    y = np.linspace(10.0, 50.0, 60)
    scaled = population(y=y, task="regression")
    assert scaled.targets.shape == (60, 1)
    assert (float(scaled.targets.min()), float(scaled.targets.max())) == (-1.0, 1.0)
    # One unit of y is half the range, and the midrange is 0: the map can be undone.
    assert scaled.target_scale == 20.0
    assert scaled.targets[:, 0].numpy() * 20.0 + 30.0 == pytest.approx(y)
    assert len(scaled.labels) == 0


def test_constants_are_the_losses_own():
    scaled = population()
    assert scaled.constants(3.0, "least-squares") == losses.LossConstants(C=16.0, L=8.0)
    assert scaled.constants(3.0, "softmax") == losses.softmax(3.0, 3)


@pytest.mark.parametrize(
    ("task", "loss", "message"),
    [
        ("regression", "softmax", "^loss softmax must go with classification"),
        (
            "classification",
            "hinge",
            "^loss must be one of least-squares, softmax, logistic, got 'hinge'",
        ),
    ],
)
def test_a_loss_that_does_not_fit_is_refused(task, loss, message):
    y = LABELS if task == "classification" else X[:, 0]
    with pytest.raises(ValueError, match=message):
        population(y=y, task=task).constants(1.0, loss)


def test_samples_are_drawn_with_replacement_from_all_rows():
    scaled = population()
    rows = scaled.draw(np.random.default_rng(0), 6000)
    counts = np.bincount(rows, minlength=60)
    # 60 cells of mean 100 and deviation 9.9: six deviations either way.
    assert len(counts) == 60
    assert counts.min() > 40
    assert counts.max() < 160
    with pytest.raises(ValueError, match="^m must be a positive integer, got 0"):
        scaled.draw(np.random.default_rng(0), 0)


def test_the_fingerprint_changes_with_any_value_and_with_nothing_else():
    first = population().fingerprint()
    assert population().fingerprint() == first
    assert population().to(torch.device("cpu")).fingerprint() == first
    changed = X.copy()
    changed[31, 4] = np.nextafter(changed[31, 4], 9.0)
    labels = LABELS.copy()
    labels[59] = 0
    renamed = finite_population(from_arrays({"a": X[:, :2], "c": X[:, 2:]}, LABELS))
    regrouped = finite_population(from_arrays({"a": X[:, :3], "b": X[:, 3:]}, LABELS))
    others = [population(changed), population(y=labels), renamed, regrouped]
    others.append(population(X[::-1].copy(), LABELS[::-1].copy()))
    others.append(population(y=LABELS.astype(float), task="regression"))
    prints = {first, *(other.fingerprint() for other in others)}
    assert len(prints) == 7


def test_the_fingerprint_is_the_same_in_another_process():
    code = (
        "from empirical import datasets; from empirical.worlds.population import finite_population;"
        "print(finite_population(datasets.diabetes()).fingerprint())"
    )
    other = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "12345"},
    )
    assert other.stdout.strip() == finite_population(datasets.diabetes()).fingerprint()
