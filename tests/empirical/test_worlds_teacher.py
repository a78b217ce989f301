"""Teacher worlds and data sets as worlds, against direct sums over rows and outcomes."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from empirical import erm
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack
from empirical.fusion.starts import initial_weights
from empirical.streams import stream
from empirical.worlds.teacher import teacher_world

ROWS = np.random.default_rng(1).uniform(-1, 1, (24, 5))
INPUTS = {"a": ROWS[:, :3], "b": ROWS[:, 3:]}
CLS = FusionClass(width=3, encoder_radius=2.0, head_radius=4.0, outputs=3)
SOFT = teacher_world(INPUTS, CLS)
SQUARE = teacher_world(INPUTS, CLS, loss="least-squares", noise=0.5)
WORLDS = {"softmax": SOFT, "least-squares": SQUARE}
BOTH = ("a", "b")


def rng(seed=0):
    return np.random.default_rng(seed)


def random_stack(world, subset, trials, seed):
    """Models of the class with full radii, drawn at random."""
    members = tuple(k for k, name in enumerate(world.names) if name in subset)
    dims = [x.shape[1] for x in world.inputs]
    draws = [rng(seed + t) for t in range(trials)]
    encoders, heads = initial_weights(draws, (members,), dims, world.cls)
    head = heads[0] * world.cls.head_radius / np.linalg.norm(heads[0], axis=(1, 2), keepdims=True)
    return Stack((members,), tuple(map(torch.from_numpy, encoders)), (torch.from_numpy(head),))


def by_hand(stack, subset, inputs):
    """Predictions of one model after another, row by row: [T, c, N]."""
    predicted = []
    members = stack.subsets[0]
    for t in range(len(stack.heads[0])):
        z = [np.maximum(inputs[k].numpy() @ stack.encoders[k][t, 0].numpy().T, 0) for k in members]
        z.append(np.ones((len(inputs[0]), 1)))
        predicted.append((np.hstack(z) @ stack.heads[0][t].numpy().T).T)
    return np.array(predicted)


# ---- exact risks


@pytest.mark.parametrize("subset", [("b",), BOTH])
def test_softmax_risk_is_entropy_plus_divergence_from_the_teacher(subset):
    stack = random_stack(SOFT, subset, 4, 10)
    f = by_hand(stack, subset, SOFT.inputs)
    log_q = f - np.log(np.exp(f).sum(axis=1, keepdims=True))
    p = SOFT.law.reshape(24, 3).T * 24
    entropy = -(p * np.log(p)).sum() / 24
    assert SOFT.reference_risk == pytest.approx(entropy, abs=1e-12)
    divergence = (p * (np.log(p) - log_q)).sum(axis=(1, 2)) / 24
    counts = SOFT.draw(rng(), 10, 4)
    trials = SOFT.risks(counts, subset, stack)
    assert trials.population_risk == pytest.approx(entropy + divergence, abs=1e-12)
    assert (divergence > 0).all()


@pytest.mark.parametrize("subset", [("a",), BOTH])
def test_square_risk_is_the_distance_from_the_teacher_plus_the_noise(subset):
    stack = random_stack(SQUARE, subset, 4, 20)
    truth = SQUARE.targets.numpy().reshape(24, 2, 3).mean(axis=1)
    distance = ((by_hand(stack, subset, SQUARE.inputs) - truth.T) ** 2).sum(axis=1).mean(axis=1)
    trials = SQUARE.risks(SQUARE.draw(rng(), 10, 4), subset, stack)
    assert SQUARE.reference_risk == pytest.approx(0.25, abs=1e-12)
    assert trials.population_risk == pytest.approx(distance + 0.25, rel=1e-12)


@pytest.mark.parametrize("kind", WORLDS)
def test_empirical_risk_is_the_mean_over_the_rows_drawn(kind):
    world = WORLDS[kind]
    stack = random_stack(world, BOTH, 5, 30)
    counts = world.draw(rng(3), 17, 5)
    trials = world.risks(counts, BOTH, stack)
    f = by_hand(stack, BOTH, world.inputs)
    for t in range(5):
        losses = []
        for atom in np.repeat(np.arange(len(world.law)), counts[t]):
            row, y = f[t, :, world.row[atom]], world.targets[atom].numpy()
            losses.append(
                np.log(np.exp(row).sum()) - row @ y if kind == "softmax" else ((row - y) ** 2).sum()
            )
        assert len(losses) == trials.m == 17
        assert trials.empirical_risk[t] == pytest.approx(np.mean(losses), rel=1e-10)
        reference = np.repeat(world.reference, counts[t]).mean()
        assert trials.centred_loss[t] == pytest.approx(np.mean(losses) - reference, abs=1e-9)


# ---- realizable


@pytest.mark.parametrize("kind", WORLDS)
def test_the_teacher_is_in_the_class_and_the_best_of_all(kind):
    teacher = random_stack(teacher_world(INPUTS, CLS), BOTH, 1, 99)
    world = teacher_world(INPUTS, CLS, loss=kind, teacher=teacher)
    assert world.realizable
    counts = world.draw(rng(), 50, 1)
    mine = world.risks(counts, BOTH, teacher)
    assert mine.population_risk[0] == pytest.approx(world.reference_risk, abs=1e-12)
    assert mine.centred_loss[0] == pytest.approx(0, abs=1e-12)
    # Its own encoder leaves nothing to gain: η = 0 lies in the certified interval.
    assert float(mine.quality.low[0]) - 1e-12 <= 0 <= float(mine.quality.high[0]) + 1e-12
    assert mine.quality_width[0] < 2e-4
    # Everything else has η ≥ 0 and a larger risk, one modality alone above all.
    for subset in (("a",), ("b",), BOTH):
        others = world.risks(world.draw(rng(1), 50, 20), subset, random_stack(world, subset, 20, 7))
        assert others.quality.high.min() >= 0
        assert others.population_risk.min() > world.reference_risk


@pytest.mark.parametrize("kind", WORLDS)
def test_constants_bound_every_loss_and_slope(kind):
    world = WORLDS[kind]
    assert world.reference.max() <= world.constants.C
    f = world.predictions(random_stack(world, BOTH, 200, 0), BOTH)[..., torch.from_numpy(world.row)]
    y = world.targets.mT
    if kind == "softmax":
        losses = torch.logsumexp(f, 1) - (f * y).sum(1)
        slopes = (torch.softmax(f, 1) - y).norm(dim=1)
    else:
        losses, slopes = (f - y).square().sum(1), 2 * (f - y).norm(dim=1)
    assert float(losses.min()) >= 0
    assert 0.02 * world.constants.C < float(losses.max()) <= world.constants.C
    assert float(slopes.max()) <= world.constants.L


def test_labels_are_drawn_from_the_teachers_softmax():
    counts = SOFT.draw(rng(5), 2_000, 200).sum(axis=0)
    n = 400_000
    deviation = np.abs(counts / n - SOFT.law)
    assert (deviation < 5 * np.sqrt(SOFT.law / n)).all()
    by_row = SOFT.law.reshape(24, 3)
    assert by_row.sum(axis=1) == pytest.approx(np.full(24, 1 / 24), abs=1e-12)


def test_constants_are_those_of_the_largest_prediction():
    # ‖f‖ ≤ B √(A² max‖(x_k, 1)‖² + 1) = F for the class, the teacher in it, and ‖y‖ ≤ F + noise.
    longest = max(float(x.square().sum(1).max()) for x in SQUARE.inputs)
    F = 4 * math.sqrt(2**2 * longest + 1)
    assert pytest.approx((2 * F + 0.5) ** 2) == SQUARE.constants.C
    assert pytest.approx(2 * (2 * F + 0.5)) == SQUARE.constants.L
    assert pytest.approx(math.log(1 + 2 * math.exp(math.sqrt(2) * F))) == SOFT.constants.C


# ---- training and certificates


@pytest.mark.parametrize("kind", WORLDS)
def test_training_sees_the_rows_drawn_and_their_labels(kind):
    world = WORLDS[kind]
    counts = world.draw(rng(4), 12, 2)
    models = world.fit(counts, ["b"], steps=3, seed=5)
    atoms = np.array([[a for a, n in enumerate(row) for _ in range(n)] for row in counts])
    start = initial_weights(
        [stream(5, "initial weights", 12, t) for t in range(2)], ((1,),), [4, 3], CLS
    )
    expected = erm.fit(
        [x[torch.from_numpy(world.row[atoms])] for x in world.inputs],
        world.targets[torch.from_numpy(atoms)].mT.contiguous(),
        ((1,),),
        CLS,
        *start,
        objective=kind,
        steps=3,
    ).stack
    # Trained in single precision, expected in double.
    assert torch.allclose(models.encoders[1], expected.encoders[1], atol=1e-4)


def test_latent_quality_is_that_of_the_best_head_not_of_the_given_one():
    stack = random_stack(SQUARE, BOTH, 6, 60)
    trials = SQUARE.risks(SQUARE.draw(rng(9), 40, 6), BOTH, stack)
    assert trials.quality_width.max() < 1e-9
    assert (trials.latent_quality < trials.population_risk - SQUARE.reference_risk - 0.1).all()
    # It cannot beat least squares on all rows without the ball.
    z = np.maximum(SQUARE.inputs[0].numpy() @ stack.encoders[0][0, 0].numpy().T, 0)
    z = np.hstack([z, np.maximum(SQUARE.inputs[1].numpy() @ stack.encoders[1][0, 0].numpy().T, 0)])
    z = np.hstack([z, np.ones((24, 1))])
    truth = SQUARE.targets.numpy().reshape(24, 2, 3).mean(axis=1)
    v, *_ = np.linalg.lstsq(z, truth, rcond=None)
    free = ((z @ v - truth) ** 2).sum(axis=1).mean()
    assert trials.latent_quality[0] >= free - 1e-9


@pytest.mark.parametrize("kind", WORLDS)
def test_trained_heads_are_optimal_on_the_sample_within_their_slack(kind):
    world = WORLDS[kind]
    counts = world.draw(rng(8), 40, 3)
    models = world.fit(counts, ["a"], steps=10)
    trials = world.risks(counts, ["a"], models)
    assert trials.slack.max() < 2e-4
    assert (trials.quality.high >= -1e-12).all()
    z = np.maximum(
        np.einsum("nd,thd->tnh", world.inputs[0].numpy(), models.encoders[0][:, 0].numpy()), 0
    )
    z = np.concatenate([z, np.ones((3, 24, 1))], axis=2)
    for t in range(3):
        mass = counts[t] / 40
        rows, y = z[t][world.row], world.targets.numpy()

        def risk(v, rows=rows, y=y, mass=mass):
            f = rows @ v.reshape(3, -1).T
            if kind == "softmax":
                return mass @ (np.log(np.exp(f).sum(1)) - (f * y).sum(1))
            return mass @ ((f - y) ** 2).sum(1)

        start = models.heads[0][t].numpy().ravel()
        assert risk(start) == pytest.approx(trials.empirical_risk[t], rel=1e-10)
        inside = {"type": "ineq", "fun": lambda v: 16.0 - v @ v}
        found = minimize(
            risk, start * 0.9, method="SLSQP", constraints=[inside], options={"ftol": 1e-12}
        )
        assert trials.empirical_risk[t] <= found.fun + trials.slack[t] + 1e-7
        assert np.linalg.norm(start) <= 4 * (1 + 1e-12)


def test_an_untrained_head_has_a_slack_that_covers_its_distance():
    counts = SQUARE.draw(rng(9), 40, 6)
    untrained = random_stack(SQUARE, BOTH, 6, 50)
    loose = SQUARE.risks(counts, BOTH, untrained)
    zero = Stack(untrained.subsets, untrained.encoders, (torch.zeros_like(untrained.heads[0]),))
    other = SQUARE.risks(counts, BOTH, zero)
    # Neither head is optimal; the risk of each is at most that of the other plus its slack.
    assert (loose.empirical_risk <= other.empirical_risk + loose.slack).all()
    assert (other.empirical_risk <= loose.empirical_risk + other.slack).all()
    assert min(loose.slack.min(), other.slack.min()) > 0.01


def test_complexity_interval_holds_the_complexity_of_its_parts():
    # The head's bias alone: (B/m) E‖Σσ_i‖ by enumeration over 2^(3m) signs, m = 4.
    m = 4
    signs = np.array(np.meshgrid(*[[-1, 1]] * (3 * m))).reshape(3 * m, -1).T.reshape(-1, m, 3)
    bias = 4.0 * np.linalg.norm(signs.sum(axis=1), axis=1).mean() / m
    for subset in (("a",), BOTH):
        interval = SOFT.rademacher_complexity(subset, m)
        assert float(interval.low) <= bias <= float(interval.high)
    alone, both = (float(SOFT.rademacher_complexity(s, m).high) for s in (("a",), BOTH))
    squares = [float(x.square().sum(1).mean()) for x in SOFT.inputs]
    assert alone == pytest.approx(4 * math.sqrt(3 * (2 * 4 * squares[0] + 1) / m))
    assert both == pytest.approx(4 * math.sqrt(3 * (2 * 4 * sum(squares) + 1) / m))


# ---- bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: teacher_world({"a": ROWS}, CLS), "at least two modalities"),
        (
            lambda: teacher_world({"a": ROWS, "b": ROWS[:5]}, CLS),
            r"equally many rows, got \[24, 5\]",
        ),
        (
            lambda: teacher_world({"a": ROWS, "b": ROWS[:, 0]}, CLS),
            r"inputs\['b'\] must be a matrix",
        ),
        (lambda: teacher_world({"a": ROWS, "b": ROWS * np.nan}, CLS), "must be a matrix of finite"),
        (
            lambda: teacher_world(INPUTS, CLS, loss="hinge"),
            "loss must be one of least-squares, softmax",
        ),
        (lambda: teacher_world(INPUTS, FusionClass(2, 1.0, 1.0, 1)), "at least 2 outputs, got 1"),
        (lambda: teacher_world(INPUTS, CLS, noise=-1.0), "noise must be finite and not negative"),
        (
            lambda: teacher_world(
                INPUTS, FusionClass(3, 1.0, 4.0, 3), teacher=random_stack(SOFT, BOTH, 1, 0)
            ),
            "teacher must have norms at most 1",
        ),
        (
            lambda: teacher_world(INPUTS, CLS, teacher=random_stack(SOFT, ["a"], 1, 0)),
            "one model of all",
        ),
        (lambda: SOFT.draw(rng(), 0, 1), "m must be a positive integer"),
        (
            lambda: SOFT.risks(SOFT.draw(rng(), 5, 2), ["a"], random_stack(SOFT, ["a"], 3, 0)),
            "models must hold 2",
        ),
        (
            lambda: SOFT.risks(SOFT.draw(rng(), 5, 2), ["b"], random_stack(SOFT, ["a"], 2, 0)),
            "models must hold 2",
        ),
    ],
)
def test_bad_input_is_one_clear_line(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
