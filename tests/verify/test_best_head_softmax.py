"""The certificate against the best softmax head: sizes, minorants, minimum over heads, coverage, input."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from verify.certificates.best_head import _tangency, best_head, upper_ends
from verify.certificates.head_losses import CROSS_ENTROPY

# N sees nothing: z = 1. The label is 0 with probability 0.7, M's loss is 1 with probability 0.2.
ENTROPY = -0.7 * math.log(0.7) - 0.3 * math.log(0.3)
TRUTH = 0.2 - ENTROPY


def hold_outs(T, n, seed=0):
    rng = np.random.default_rng(seed)
    loss = (rng.random((T, n)) < 0.2).astype(float)
    y = np.eye(2)[(rng.random((T, n)) < 0.3).astype(int)].swapaxes(1, 2)
    z = torch.ones(T, 1, n, dtype=torch.float64)
    return torch.from_numpy(loss), z, torch.from_numpy(y.copy())


def ends(T, n, delta):
    options = dict(C=1.0, radius=2.0, stake=0.25, delta=delta, kind=CROSS_ENTROPY)
    return upper_ends(*hold_outs(T, n), **options)


def test_coverage():
    """At most the number of violations that 80 draws at level 0.1 exceed once in 1e6 runs."""
    found = ends(80, 60, 0.1)
    assert int((found < TRUTH).sum()) <= stats.binom.isf(1e-6, 80, 0.1)
    assert float(found.median()) < 0
    # The point at which the capital just exceeds 1 lies below the truth far more often.
    assert float((ends(60, 60, 1 - 1e-12) < TRUTH).double().mean()) > 0.2


@pytest.mark.slow
@pytest.mark.parametrize("n", [60, 300])
def test_coverage_over_two_thousand_hold_outs(n):
    found = ends(2000, n, 0.05)
    assert int((found < TRUTH).sum()) <= stats.binom.isf(1e-6, 2000, 0.05)


@pytest.mark.parametrize("seed", range(3))
def test_the_capital_of_every_head_is_large_enough_and_no_smaller_u_is_refuted(seed):
    """Two classes and one feature: the loss depends on one number, the difference of the logits' weights."""
    rng = np.random.default_rng(seed)
    n, radius, stake = 150, 1.5, 0.3
    x = rng.normal(0.4, 1, n)
    label = (rng.random(n) < 1 / (1 + np.exp(x))).astype(int)
    loss = rng.random(n) * 0.8
    found = best_head(loss, x[:, None], label, C=1.0, radius=radius, stake=stake, loss="softmax")
    grid = np.linspace(-1, 1, 4001)[:, None] * math.sqrt(2) * radius
    losses = np.logaddexp(0, -np.where(label == 0, 1, -1) * grid * x)

    def least(u):
        return np.log1p(stake * (u - loss + losses)).sum(axis=1).min()

    assert least(found.high) >= math.log(20) - 1e-6
    assert least(found.high - 0.03) < math.log(20)
    assert found.gap == pytest.approx(loss.mean() - losses.mean(axis=1).min(), abs=1e-5)
    assert found.loss == "softmax"


def test_sizes_give_the_cross_entropy_and_lie_between_their_ends():
    rng = np.random.default_rng(0)
    z = torch.from_numpy(rng.normal(size=(1, 3, 40)))
    y = torch.from_numpy(np.eye(4)[rng.integers(0, 4, 40)].T.copy())[None]
    near, far = CROSS_ENTROPY.ends(y, z, 2.0)
    for _ in range(50):
        head = torch.from_numpy(rng.normal(size=(1, 4, 3)))
        head = 2.0 * head / torch.linalg.matrix_norm(head)
        size = CROSS_ENTROPY.size(head @ z, y)
        expected = torch.logsumexp(head @ z, 1) - (head @ z * y).sum(1)
        torch.testing.assert_close(CROSS_ENTROPY.loss(size), expected)
        assert ((near <= size) & (size <= far)).all()
    two = y[:, :2] + y[:, 2:]
    # One head reaches the far end of a row: logits that differ by sqrt(2) R |z|.
    near, far = CROSS_ENTROPY.ends(two, z, 2.0)
    toward = z[0, :, 0] / torch.linalg.vector_norm(z[0, :, 0])
    head = math.sqrt(2.0) * torch.stack([toward, -toward])[None]
    sizes = [float(CROSS_ENTROPY.size(each @ z, two)[0, 0]) for each in (head, -head)]
    assert sorted(sizes) == pytest.approx([float(near[0, 0]), float(far[0, 0])])


def test_the_minorant_is_convex_and_below_the_curve():
    a = torch.tensor([[0.05, 0.2, 1.0, 1.7, 1.0, 1.0]], dtype=torch.float64)
    far = torch.tensor([[6.0, 9.0, 30.0, 0.5, 0.1, 60.0]], dtype=torch.float64)
    near = torch.tensor([[-6.0, -9.0, -30.0, -0.5, -0.1, -60.0]], dtype=torch.float64)
    turn, chord = _tangency(CROSS_ENTROPY, a, 0.4, near, far)
    s = near + torch.linspace(0, 1, 4001, dtype=torch.float64)[:, None] * (far - near)
    curve = CROSS_ENTROPY.curve(a, 0.4, s)
    line = CROSS_ENTROPY.curve(a, 0.4, turn) + chord * (s - turn)
    minorant = torch.where(s <= turn, curve, line)
    assert (minorant <= curve + 1e-12).all()
    assert (minorant.diff(n=2, dim=0) >= -1e-12).all()
    # No chord where the curve is convex to the end, and else one that ends on the curve.
    assert float(turn[0, 3]) == 0.5
    assert (turn[0, :3] < far[0, :3]).all()
    torch.testing.assert_close(minorant[-1], curve[-1])
    # It is the largest one: the curve's slope where the chord begins is the chord's.
    inner = (turn > near) & (turn < far)
    slope = CROSS_ENTROPY.steepness(a, 0.4, turn)
    torch.testing.assert_close(slope[inner], chord[inner], rtol=1e-4, atol=1e-9)


def test_labels_and_one_hot_rows_are_the_same():
    rng = np.random.default_rng(3)
    z, label, loss = rng.normal(size=(60, 2)), rng.integers(0, 3, 60), rng.random(60)
    options = dict(C=1.0, radius=1.0, stake=0.2, loss="softmax")
    assert best_head(loss, z, label, **options) == best_head(loss, z, np.eye(3)[label], **options)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([0.5, 1.0], "targets must be labels 0, 1, ... of at least two classes"),
        ([0, 0], "targets must be labels 0, 1, ... of at least two classes"),
        ([-1, 1], "targets must be labels 0, 1, ... of at least two classes"),
        ([[0.5, 0.5], [0, 1]], "targets must be one-hot"),
        ([[1.0], [1.0]], "targets must be one-hot, with at least two classes"),
        ([[1, 1], [0, 1]], "targets must be one-hot"),
    ],
)
def test_targets_without_labels_are_refused(targets, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        best_head([0.5, 0.2], [[1.0], [1.0]], targets, C=1, radius=1, stake=0.2, loss="softmax")
