"""Table 4: closed forms that can be checked by hand, and the paper's cells beside ours."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
import torch

from bounds import linear_case
from empirical.streams import stream
from verify.reproduce import paper
from verify.reproduce.table4 import closed_form as overlap
from verify.reproduce.table4 import measure as table4


@pytest.fixture(scope="module")
def measured():
    """The paper's sizes with three draws: the first three of the command's ten."""
    return table4.measure(0, draws=3, network_draws=1)


def cells_of(measured, construction):
    return {
        (c["M"], c["overlap"]): c for c in measured["cells"] if c["construction"] == construction
    }


@pytest.mark.parametrize("rho", [1.0, 0.8, 0.5, 0.2, 0.0])
def test_population_error_by_hand(rho):
    # Mixing: of x⁽ᵏ⁾ the first modality shows ρ u⁽¹⁾, so (1−ρ) u⁽ᵏ⁾ is lost for each absent k.
    # Copied: an absent modality loses its d (1−ρ) own coordinates.
    mixing = {q.subset: q for q in overlap.quality(rho, "mixing", 4, 100)}
    copied = {q.subset: q for q in overlap.quality(rho, "copied", 4, 100)}
    exact = Fraction(str(rho))
    for n in (1, 2, 3, 4):
        first = tuple(range(1, n + 1))
        assert mixing[first].eta == (4 - n) * 100 * (1 - exact) ** 2
        assert copied[first].eta == (4 - n) * 100 * (1 - exact)
        assert mixing[first].rank == (100 if rho == 1 else 100 * n)
        assert copied[first].rank == 100 + (n - 1) * 100 * (1 - exact)


def test_the_coordinatewise_sum_is_the_whole_covariance():
    # Two features per modality at once, in floating point.
    rho, d, K = 0.6, 2, 3
    one = np.array(overlap.covariance(sympy.Rational(3, 5), K), dtype=float)
    Sigma = np.kron(one, np.eye(d))
    blocks = {str(k): d for k in range(1, K + 1)}
    for q in overlap.quality(rho, "mixing", K, d):
        found = linear_case.latent_quality(Sigma, np.ones(K * d), blocks, map(str, q.subset))
        assert found == pytest.approx(float(q.eta), rel=1e-9)


def test_the_finite_sample_form_is_the_mean_over_draws():
    # d = 2, one of two modalities, rho = 0, m = 12: eta = 2, D = 2, expected 2 (1 + 2/9). The error
    # on u ~ N(0, I) itself is |w - target|^2, so the test moments are the identity. Mean of 4,000
    # draws; the interval is 5 standard errors wide on either side (false alarm below 1e-6).
    from empirical.paper.simulated import coordinate_maps, least_squares_error, second_moments

    maps = coordinate_maps(0.0, "mixing", 2, 2)
    errors = [
        least_squares_error(second_moments(1, t, (12, 1), 2, 2)[0], np.eye(4), maps, 1)
        for t in range(4000)
    ]
    expected = overlap.quality(0.0, "mixing", 2, 2)[0].finite_sample(12)
    assert expected == pytest.approx(2 * (1 + 2 / 9))
    assert abs(np.mean(errors) - expected) < 5 * np.std(errors) / 4000**0.5


def test_mixing_agrees_with_the_paper_and_copying_does_not(measured):
    mixing, copied = cells_of(measured, "mixing"), cells_of(measured, "copied")
    assert len(mixing) == len(copied) == 20
    assert all(c["agrees"] for c in mixing.values())
    for (M, rho), cell in copied.items():
        same_world = rho in (0.0, 1.0) or M == "1,2,3,4"
        assert cell["agrees"] == same_world
        if not same_world:
            # Off by 1/(1-rho); three draws and the paper's own spread leave 10 % of room.
            assert cell["factor"] == pytest.approx(1 / (1 - rho), rel=0.1)


def test_zero_cells_and_networks(measured):
    for cell in measured["cells"]:
        if cell["closed_form"] == 0:
            assert cell["paper"] == 0
            assert cell["measured"] <= 1e-6
            assert cell["measured_network"] < 0.005  # prints as 0.00, like the paper's
            assert cell["z"] is None
        else:
            assert cell["network_over_least_squares"] == pytest.approx(1, abs=0.02)


def test_gamma_is_the_linear_case_of_every_pair(measured):
    gamma = measured["quality"][0]["gamma"]
    assert len(gamma) == 15 * 14 / 2
    assert all(max(line["gamma"]) <= 0 for line in gamma if line["nested"])
    Sigma = overlap.covariance(sympy.Rational(1, 2), 4)
    blocks = {str(k): 1 for k in range(1, 5)}
    for line in gamma[::9]:
        exact = linear_case.quality_gap(
            Sigma, sympy.ones(4, 1), blocks, line["M"].split(","), line["N"].split(",")
        )
        assert line["gamma"][2] == pytest.approx(100 * float(exact), rel=1e-12)


def test_the_papers_cells_are_all_there():
    assert len(list(paper.tables()["table4"]["rows"])) * 5 == 20
    assert paper.cell(4, "1", "0.8") == (12.04, 0.39)
    assert paper.cell(3, "TV", "1") == (53.03, 0.21)
    assert paper.cell(3, "TV", "0.1") == (49.5, 1.52)
    assert paper.cell(2, "TVA:TV", "accuracy difference") == (2.81, None)
    assert paper.cell(2, "TVA:T", "gamma") is None


@pytest.mark.slow
def test_a_relu_network_does_not_print_zero_where_the_paper_does():
    """All four modalities at overlap 0, one draw: its best epoch on the test rows leaves 0.3."""
    draws = stream(0, "sample", 7000, 0)
    halves = []
    for count in (7000, 3000):
        u = draws.standard_normal((count, 400)).astype("float32")
        halves.append((torch.tensor(u), torch.tensor(u.sum(axis=1))))
    (x, y), (x_test, y_test) = halves
    torch.manual_seed(0)
    encoders = torch.nn.ModuleList([torch.nn.Linear(100, 128) for _ in range(4)])
    head = torch.nn.Linear(512, 1)
    optimiser = torch.optim.Adam([*encoders.parameters(), *head.parameters()], lr=0.01)

    def predict(rows):
        parts = zip(encoders, rows.split(100, dim=1), strict=True)
        return head(torch.relu(torch.cat([encoder(part) for encoder, part in parts], dim=1)))[:, 0]

    errors = []
    for _ in range(40):
        for rows in torch.randperm(7000).split(256):
            optimiser.zero_grad()
            (predict(x[rows]) - y[rows]).square().mean().backward()
            optimiser.step()
        with torch.no_grad():
            errors.append(float((predict(x_test) - y_test).square().mean()))
    assert 0.1 < min(errors) < 1.0
