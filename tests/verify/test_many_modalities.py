"""Twelve modalities, of whose 4,096 sets not all are trained: one line says so. A million rows are counts."""

from pathlib import Path

import numpy as np
import pytest

from verify import verify_dataset
from verify.cli import main
from verify.decisions.subsets import few, limited

NAMES = [f"x{k}" for k in range(12)]
LINE = "Of the 4,096 sets of 12 modalities are trained: each modality alone, all, all but one, those of a"


def rows(modalities: int = 12, n: int = 120) -> tuple[dict[str, np.ndarray], np.ndarray]:
    random = np.random.default_rng(0)
    features = {name: random.normal(size=(n, 2)) for name in NAMES[:modalities]}
    return features, (features["x0"][:, 0] + features["x1"][:, 0] > 0).astype(int)


def test_a_study_of_twelve_modalities_and_a_million_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Pairs are each modality and one chain: 23 sets, not 4,095."""
    study = verify_dataset(*rows(n=40), m=[8, 10**6], head_m=[], trials=1, steps=1, width=2)
    assert len(study.family.subsets) == 23
    frame = study.run(workers=1, progress=True).frame
    assert "23 of 4,095 sets of modalities are trained, 23 pairs compared; --pair chooses" in (
        capsys.readouterr().out
    )
    assert set(frame["m"]) == {8, 10**6}
    large = frame[frame["m"] == 10**6]
    # The sample is the population but for 0.1 %: so are the risks.
    assert np.allclose(large.empirical_risk, large.risk_high, rtol=0.02)


def test_sets_that_are_not_trained_are_named_for_a_decision() -> None:
    assert limited(NAMES[:6]) == ()
    (line,) = limited(NAMES)
    assert line.startswith(LINE)
    assert len(few(NAMES)) == 1 + 12 + 12 + 1


@pytest.mark.slow
def test_twelve_modalities_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    features, y = rows()
    np.savez(tmp_path / "rows.npz", **features, y=y)
    data = ["--data", str(tmp_path / "rows.npz")]
    for command in (
        ["decide", *data, "--out", str(tmp_path / "decide")],
        ["report", *data, "--m", "1e6", "--trials", "2", "--out", str(tmp_path / "report")],
    ):
        with pytest.raises(SystemExit) as exit_:
            main(command)
        assert exit_.value.code == 0
        shown = capsys.readouterr().out
        assert sum("sets of" in line for line in shown.splitlines()) == 1
    assert (tmp_path / "decide" / "decide.html").exists()
    assert (tmp_path / "report" / "report.html").exists()
