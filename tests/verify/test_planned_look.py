"""A study plans one look by what it compares, and records all looks; the page says both."""

from pathlib import Path

from empirical import datasets
from verify import Study
from verify.execution import folder
from verify.findings.findings import Findings
from verify.report.document import document


def test_a_study_plans_its_look_by_what_it_compares_and_records_all(tmp_path: Path) -> None:
    def run(*delta: float, trials: int):
        study = Study(datasets.diabetes(), m=[8], head_m=[], steps=2, delta=delta, trials=trials)
        return study.run(tmp_path, workers=1, resume=True)

    default = Study(datasets.diabetes(), m=[8], head_m=[], steps=2, delta=(0.1,)).trials
    first = run(0.1, trials=6)
    assert (first.planned, first.looks) == (default, (6,))
    # Neither more samples nor another delta moves the look that was planned.
    second = run(0.1, 0.01, trials=4)
    assert (second.planned, second.looks) == (default, (4, 6))
    again = run(0.1, trials=6)
    assert again.looks == (4, 6)
    content = document(again)
    assert content["looks"] == {"samples": [4, 6], "planned": default}
    cells = Findings.of(again).cells
    assert cells[0].trials_needed <= default
    (folder.open_folder(tmp_path, again.design) / "look-x.json").write_text("?")
    assert run(0.1, trials=6).looks == (4, 6)


def test_a_damaged_first_request_leaves_no_planned_look(tmp_path: Path) -> None:
    study = Study(datasets.diabetes(), m=[8], head_m=[], steps=2, delta=(0.1,), trials=2)
    study.run(tmp_path, workers=1)
    (tmp_path / "parts" / "deltas-0001.json").write_bytes(b"{")
    assert study.run(tmp_path, workers=1, resume=True).planned == 0
