"""The theorems on a finite population of real data: digits, resampled.

One pair, one m, delta = 0.05: 146 samples without violation support a level of 0.025.
"""

import pytest

from empirical import datasets
from verify import Study
from verify.cells import all_cells


@pytest.fixture(scope="module")
def cells() -> list[dict]:
    everything = datasets.digits().names
    study = Study(
        datasets.digits(),
        pairs=[(everything, everything[:1])],
        m=[64],
        head_m=[1000],
        delta=[0.05],
        trials=190,
        steps=20,
    )
    return all_cells(study.run(workers=1))


@pytest.mark.parametrize(
    "key",
    [
        "risk_gap.paper",
        "risk_gap.sharp",
        "risk_gap.fast_rate",
        "latent_quality.paper",
        "latent_quality.sharp",
    ],
)
def test_supported(cells: list[dict], key: str) -> None:
    mine = [cell for cell in cells if cell["theorem"] == key]
    assert mine
    for cell in mine:
        assert cell["verdict"] == "supported", cell
        assert cell["level"] == (0.05 if key.startswith("latent") else 0.025)


def test_the_fast_rate_form_is_much_tighter_than_the_papers(cells: list[dict]) -> None:
    """Critical factors for M's own excess at m_2 = 1,000: about 0.1 against 1e-6."""
    own = {
        (cell["theorem"], cell["m"]): cell["own_excess_critical_factor"]["value"]
        for cell in cells
        if cell["N"]
    }
    assert own["risk_gap.fast_rate", 1000] > 0.05
    assert own["risk_gap.paper", 1000] < 1e-4
    assert 0 < own["risk_gap.paper", 1000] < own["risk_gap.sharp", 1000]


def test_every_bound_lies_above_what_it_bounds(cells: list[dict]) -> None:
    for cell in cells:
        assert cell["violations"] == cell["inconclusive"] == 0
        if cell["bound"]["value"] != float("inf"):
            assert cell["bound"]["value"] > cell["measured"]["value"]
            assert cell["bound"]["lower_end"] <= cell["bound"]["value"] + 1e-9
