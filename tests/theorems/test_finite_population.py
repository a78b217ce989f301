"""The theorems on a finite population of real data: digits, resampled.

One pair, one m, delta = 0.05: as many samples as the study plans, which support a level of 0.025 if none
of them is a violation.
"""

import pytest

from bounds import risk_gap
from empirical import datasets
from empirical.measure import FREE, SAME
from empirical.statistics.intervals import Interval
from verify import Study
from verify.findings.cells import Cell, all_cells
from verify.results.results import Results, Setting

EVERYTHING = datasets.digits().names
ONE = EVERYTHING[:1]


@pytest.fixture(scope="module")
def results() -> Results:
    study = Study(
        datasets.digits(),
        pairs=[(EVERYTHING, ONE)],
        m=[64],
        head_m=[1000],
        delta=[0.05],
        steps=20,
    )
    return study.run(workers=1)


@pytest.fixture(scope="module")
def cells(results: Results) -> list[Cell]:
    return list(all_cells(results))


def paired(results: Results, setting: Setting) -> tuple:
    """Rows of M and N on the same samples, their risk gap and gamma as intervals."""
    rows_M, rows_N = (results.rows(setting, subset) for subset in (EVERYTHING, ONE))
    gap, gamma = (
        Interval(rows_M[f"{name}_low"], rows_M[f"{name}_high"])
        - Interval(rows_N[f"{name}_low"], rows_N[f"{name}_high"])
        for name in ("risk", "best")
    )
    return rows_M, gap, gamma


@pytest.mark.theorem
def test_sharp_theorem_1_for_trained_networks(check_theorem, results: Results) -> None:
    rows, gap, gamma = paired(results, Setting(SAME, 64, 64))
    known = {
        "gamma": gamma,
        "R_loss": results.complexity(64, EVERYTHING, loss_class=True),
        "C": results.design.constants.C,
        "m": 64,
        "slack": rows.slack.to_numpy(),
        "delta": 0.05,
    }
    check_theorem(risk_gap.sharp(EVERYTHING, ONE), gap, known, decided=True)


@pytest.mark.theorem
def test_fast_rate_for_fresh_heads_and_with_a_fiftieth_of_its_constants(
    check_theorem, results: Results
) -> None:
    """On digits the bound is about ten times larger than needed: a fiftieth of it must be refuted."""
    rows, _, _ = paired(results, Setting(FREE, 64, 1000))
    theorem = risk_gap.fast_rate(EVERYTHING, ONE)
    # M's own excess over its best head: N's excess only helps, so it stands for the gap at gamma = 0.
    own = Interval(rows.risk_low - rows.best_high, rows.risk_high - rows.best_low)
    constants = {name: rows[name].to_numpy() for name in ("V", "v_norm", "v_max", "kappa")}
    known = {**constants, "gamma": 0.0, "m_head": 1000, "delta": 0.05}
    check = check_theorem(theorem, own, known, decided=True, slack=1e-12)
    assert check.factor.value > 0.05
    # V and v_norm are variances, v_max a bound: all terms are of order 2 in the noise.
    less = {"V": 1 / 50, "v_norm": 1 / 50, "v_max": 1 / 50**0.5}
    check_theorem(
        theorem,
        own,
        {**known, **{name: constants[name] * factor for name, factor in less.items()}},
        expected="refuted",
        name="fast rate with a fiftieth of the noise, digits",
    )


@pytest.mark.parametrize(
    "key",
    [
        "risk_gap.paper_vector",
        "risk_gap.sharp",
        "risk_gap.fast_rate",
        "latent_quality.paper_vector",
        "latent_quality.sharp",
    ],
)
def test_supported(cells: list[Cell], key: str) -> None:
    mine = [cell for cell in cells if cell.theorem == key]
    assert mine
    for cell in mine:
        assert cell.verdict == "supported", cell
        assert cell.level == (0.05 if key.startswith("latent") else 0.025)


def test_the_fast_rate_form_is_much_tighter_than_the_papers(cells: list[Cell]) -> None:
    """Critical factors for M's own excess at m_2 = 1,000: about 0.1 against 1e-6."""
    own = {
        (cell.theorem, cell.m): cell.own_excess_critical_factor.value for cell in cells if cell.N
    }
    assert own["risk_gap.fast_rate", 1000] > 0.05
    assert own["risk_gap.paper_vector", 1000] < 1e-4
    assert 0 < own["risk_gap.paper_vector", 1000] < own["risk_gap.sharp", 1000]


def test_every_bound_lies_above_what_it_bounds(cells: list[Cell]) -> None:
    for cell in cells:
        assert cell.violations == cell.inconclusive == 0
        if cell.bound.value != float("inf"):
            assert cell.bound.value > cell.measured.value
            assert cell.bound.lower_end <= cell.bound.value + 1e-9
