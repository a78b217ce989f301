"""Measured numbers belong to their trial alone, and equal a slow recomputation from the drawn rows."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch

from empirical import measure as engine
from empirical.blocks import block_size
from empirical.datasets.dataset import from_arrays
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import slot_of
from empirical.fusion.starts import initial_weights
from empirical.measure import TrainingPlan, fit_reference, measure, train
from empirical.measurement import CONSTANTS, ON_SAMPLE
from empirical.streams import stream
from empirical.worlds.population import finite_population

ROWS, M, FRESH_M = 60, 40, 90
SUBSETS = ((0,), (1,), (0, 1))
KEYS = ["subset", "head", "m_head", "trial"]


def setting(loss="least-squares", seed=0):
    generator = np.random.default_rng(3)
    x = generator.standard_normal((ROWS, 5))
    labels = (x[:, 0] + x[:, 3] + 0.5 * generator.standard_normal(ROWS) > 0).astype(int)
    population = finite_population(from_arrays({"a": x[:, :2], "b": x[:, 2:]}, labels))
    cls = FusionClass(width=3, encoder_radius=2.0, head_radius=1.5, outputs=2)
    design = TrainingPlan(SUBSETS, (2,), cls, loss, steps=12, learning_rate=0.05, seed=seed)
    return population, fit_reference(population, design, steps=10), design


@pytest.fixture(scope="module")
def least_squares():
    return setting()


@pytest.fixture(scope="module")
def frame(least_squares):
    return measure(*least_squares, M, [FRESH_M], range(40))


def ordered(frame):
    return frame.sort_values(KEYS).reset_index(drop=True)


def same_bits(first, second):
    pd.testing.assert_frame_equal(ordered(first), ordered(second), check_exact=True)


def test_a_block_is_small_enough_to_be_split_by_forty_trials():
    assert block_size(M, ROWS) < 40


@pytest.mark.parametrize("cuts", [[0, 40], [0, 1, 40], [0, 7, 13, 31, 32, 40], [0, 33, 40]])
def test_numbers_do_not_depend_on_chunks_or_their_order(least_squares, frame, cuts):
    chunks = [range(a, b) for a, b in pairwise(cuts)]
    parts = [measure(*least_squares, M, [FRESH_M], chunk) for chunk in reversed(chunks)]
    same_bits(pd.concat(parts), frame)


def test_a_trial_does_not_change_when_more_are_asked_for(least_squares, frame):
    few = measure(*least_squares, M, [FRESH_M], range(3))
    same_bits(few, frame[frame.trial < 3])
    odd = measure(*least_squares, M, [FRESH_M], range(5, 40, 9))
    same_bits(odd, frame[frame.trial.isin([5, 14, 23, 32])])


def test_softmax_numbers_do_not_depend_on_chunks_either():
    world = setting("softmax")
    whole = measure(*world, M, [FRESH_M], range(6))
    same_bits(pd.concat([measure(*world, M, [FRESH_M], range(t, t + 1)) for t in range(6)]), whole)
    assert set(whole["head"]) == {"same", "fresh"}  # free heads are least squares alone


def test_another_seed_or_sample_size_gives_other_samples(least_squares):
    population, _, design = least_squares
    masses = [
        train(population, d, m, range(2))[1]
        for d, m in ((design, M), (setting(seed=1)[2], M), (design, M + 1))
    ]
    assert not torch.equal(masses[0], masses[1])
    assert not torch.equal(masses[0], masses[2])
    assert not torch.equal(masses[0][0], masses[0][1])


def test_there_is_one_row_for_each_trial_subset_and_head(frame):
    # Three subsets times 40 trials times: the sample's own head, and in and out of the ball on S_2.
    assert frame.groupby(["head", "m_head"]).size().to_dict() == {
        ("free", FRESH_M): 120,
        ("fresh", FRESH_M): 120,
        ("same", M): 120,
    }
    assert not frame.duplicated(KEYS).any()
    constants = frame[[*CONSTANTS, *ON_SAMPLE]].notna().all(axis=1)
    assert (constants == ((frame["head"] == "free") & (frame["subset"] == 2))).all()
    assert (frame["kappa"].notna() == (frame["head"] == "free")).all()


def test_a_head_size_of_m_adds_a_free_head_and_no_second_ball(least_squares):
    few = measure(*least_squares, M, [M], range(2))
    assert few.groupby("head").size().to_dict() == {"same": 6, "free": 6}


def test_the_masses_are_the_counts_of_the_drawn_rows(least_squares):
    population, _, design = least_squares
    _, mass = train(population, design, M, range(5))
    for t in range(5):
        rows = population.draw(stream(design.seed, "sample", M, t), M)
        assert mass[t].numpy() == pytest.approx(np.bincount(rows, minlength=ROWS) / M)


def test_a_start_is_its_trials_own_wherever_its_block_begins(least_squares):
    population, _, design = least_squares
    stack, _ = train(population, replace(design, steps=0), M, range(32, 35))
    start = initial_weights(
        [stream(design.seed, "initial weights", M, t) for t in range(32, 35)],
        SUBSETS,
        [x.shape[1] for x in population.inputs],
        design.cls,
    )
    for found, drawn in zip((*stack.encoders, *stack.heads), (*start[0], *start[1]), strict=True):
        assert found.numpy() == pytest.approx(drawn, rel=1e-5)


def test_fresh_samples_are_other_draws_of_the_size_asked_for(least_squares, monkeypatch):
    population = least_squares[0]
    sizes, drawn = [], []
    draw = type(population).draw

    def recording(self, generator, m):
        sizes.append(m)
        drawn.append(draw(self, generator, m))
        return drawn[-1]

    monkeypatch.setattr(type(population), "draw", recording)
    measure(*least_squares, M, [M, FRESH_M], range(1))
    block = block_size(M, ROWS)
    assert sizes == [M] * (2 * block) + [FRESH_M] * block
    # S, S_2 of the same size and S_2 of another: all different, in every trial.
    own, same, other = drawn[:block], drawn[block : 2 * block], drawn[2 * block :]
    for t in range(block):
        assert not np.array_equal(own[t], same[t])
        assert not np.array_equal(same[t], other[t][:M])
        expected = draw(population, stream(0, "head sample", M * 2**32 + FRESH_M, t), FRESH_M)
        assert np.array_equal(other[t], expected)


def slow_features(stack, index, trial, population):
    """(z, 1) of one model on every row, one modality after another: [p, N]."""
    blocks = []
    for k in SUBSETS[index]:
        W = stack.encoders[k][trial, slot_of(SUBSETS, index, k)].double().numpy()
        blocks.append(np.maximum(W @ population.inputs[k].numpy().T, 0.0))
    return np.vstack([*blocks, np.ones((1, ROWS))])


def slow_head(z, y, radius):
    """Least squares of y [c, n] on z [p, n] over the ball: bisection on the multiplier."""
    gram, moment = z @ z.T / z.shape[1], z @ y.T / z.shape[1]
    low, high = 0.0, np.linalg.norm(moment) / radius
    for _ in range(200):
        mu = (low + high) / 2
        V = np.linalg.lstsq(gram + mu * np.eye(len(gram)), moment, rcond=1e-13)[0].T
        low, high = (mu, high) if np.linalg.norm(V) > radius else (low, mu)
    return V


def slow_noise(w, y, drawn, row):
    """V_hat and the inflation from rows w [p, N] of unit second moment, one outer product at a time."""
    xi = y - (y @ w.T / w.shape[1]) @ w
    v = np.stack([np.outer(w[:, i], xi[:, i]).ravel() for i in range(w.shape[1])])
    G, G_hat = v.T @ v / len(v), v[drawn].T @ v[drawn] / len(drawn)
    H = np.eye(len(G)) + 2 * row["theta"] / 3 * (G_hat - G)
    inverse = np.linalg.inv(w[:, drawn] @ w[:, drawn].T / len(drawn))
    inverse = np.kron(inverse, np.eye(len(y)))
    assert 2 * row["theta"] * np.linalg.eigvalsh(G)[-1] < 1
    return {
        "V_hat": (v[drawn] ** 2).sum() / len(drawn),
        "inflation": np.linalg.eigvalsh(inverse @ H @ inverse)[-1],
    }


def loss_of(V, z, y):
    return float(((V @ z - y) ** 2).sum(0).mean())


@pytest.mark.parametrize("trial", [0, 11])
@pytest.mark.parametrize("index", [0, 2])
def test_every_column_equals_a_slow_recomputation(least_squares, frame, trial, index):
    population, reference, design = least_squares
    start = trial - trial % block_size(M, ROWS)
    stack, _ = train(population, design, M, range(start, start + block_size(M, ROWS)))
    z, y = slow_features(stack, index, trial - start, population), population.targets.numpy().T
    samples = {
        "same": population.draw(stream(0, "sample", M, trial), M),
        "fresh": population.draw(stream(0, "head sample", M * 2**32 + FRESH_M, trial), FRESH_M),
    }
    samples["free"] = samples["fresh"]
    least = loss_of(slow_head(z, y, 1.5), z, y)
    for head, drawn in samples.items():
        chosen = (frame["trial"] == trial) & (frame["subset"] == index) & (frame["head"] == head)
        (row,) = frame[chosen].to_dict("records")
        own_z, own_y = z[:, drawn], y[:, drawn]
        if head == "free":  # all heads on the directions of z that the population has
            values, vectors = np.linalg.eigh(z @ z.T / ROWS)
            kept = vectors[:, values > 1e-4 * values[-1]].T
            V = np.linalg.lstsq((kept @ own_z).T, own_y.T, rcond=1e-12)[0].T @ kept
            best_V = np.linalg.lstsq((kept @ z).T, y.T, rcond=None)[0].T @ kept
            best = loss_of(best_V, z, y)
            root = np.linalg.cholesky(kept @ z @ z.T @ kept.T / ROWS)
            white = np.linalg.solve(root, kept @ own_z)
            kappa = 1 - np.linalg.eigvalsh(white @ white.T / FRESH_M)[0]
            assert row["kappa"] == pytest.approx(kappa, abs=1e-9)
            if index == 2:
                population = np.linalg.solve(root, kept @ z)
                slow = slow_noise(population, y, drawn, row)
                assert row["V_hat"] == pytest.approx(slow["V_hat"], rel=1e-9)
                assert slow["inflation"] <= row["inflation"] <= slow["inflation"] * (1 + 1e-3)
        else:
            V, best = slow_head(own_z, own_y, 1.5), least
        assert row["risk_low"] - 1e-9 <= loss_of(V, z, y) <= row["risk_high"] + 1e-9
        assert row["risk_high"] - row["risk_low"] <= 1e-8
        assert row["empirical_risk"] == pytest.approx(loss_of(V, own_z, own_y), abs=1e-9)
        assert row["best_low"] - 1e-9 <= best <= row["best_high"] + 1e-9
        assert row["best_high"] - row["best_low"] <= 1e-8
        assert 0.0 <= row["slack"] <= 1e-9
        expected = float(reference.losses.numpy()[drawn].mean())
        assert row["reference_empirical"] == pytest.approx(expected, abs=1e-12)


def test_no_head_undercuts_the_infimum(frame):
    assert (frame["best_high"] <= frame["risk_high"] + 1e-12).all()
    assert (frame["best_low"] <= frame["best_high"]).all()


@pytest.mark.parametrize("loss", ["least-squares", "softmax"])
def test_the_reference_is_one_function_of_the_class(loss):
    population, reference, design = setting(loss)
    assert reference.risk == pytest.approx(float(reference.losses.mean()))
    C = population.constants(design.cls.prediction_radius(population.input_norm), loss).C
    assert 0.0 <= float(reference.losses.min()) <= float(reference.losses.max()) <= C
    again = fit_reference(population, design, steps=10)
    assert torch.equal(again.losses, reference.losses)
    # It learnt something: the zero function has risk 1, and ln 2 for softmax.
    assert reference.risk < 0.9 * (1.0 if loss == "least-squares" else np.log(2))


@pytest.mark.parametrize(
    ("m", "sizes", "trials", "message"),
    [
        (M, [], range(0), "^trials must be a range of nonnegative integers"),
        (M, [], range(-1, 2), "^trials must be a range of nonnegative integers"),
        (0, [], range(1), "^m must be positive and at most 4294967295, got 0"),
        (M, [8, 0], range(1), "^head_sizes must be positive and at most 4294967295, got 0"),
        (2**32, [], range(1), "^m must be positive and at most 4294967295, got 4294967296"),
    ],
)
def test_empty_requests_are_refused(least_squares, m, sizes, trials, message):
    with pytest.raises(ValueError, match=message):
        measure(*least_squares, m, sizes, trials)


def test_a_stream_of_fresh_samples_names_both_sizes():
    keys = [(64, 8000), (8000, 64), (64, 64), (65, 8000)]
    first = {key: tuple(engine._fresh_stream(0, *key, 0).integers(0, 2**63, 3)) for key in keys}
    assert len(set(first.values())) == 4
