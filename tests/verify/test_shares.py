"""Every delta that was ever asked for in a folder has its share of alpha, and stays a part of the claims."""

import json
from pathlib import Path
from typing import Any

import pytest

from empirical import datasets
from verify import Study
from verify.execution import folder, part_files
from verify.findings.findings import Findings
from verify.verdicts.coverage import ALPHA
from verify.verdicts.shares import shares

SMALL: dict[str, Any] = {"m": [8], "head_m": [], "steps": 2, "trials": 2}


def study(*delta: float, **changes: Any) -> Study:
    return Study(datasets.diabetes(), **{**SMALL, "delta": delta, **changes})


def test_whatever_is_asked_for_later_all_shares_add_up_to_alpha() -> None:
    requests = [(0.1, 0.05), *((0.2 + i / 2000,) for i in range(1000))]
    assert 0.999 * ALPHA < sum(shares(requests).values()) <= ALPHA
    assert sum(shares([(0.1, 0.05)]).values()) == pytest.approx(0.9 * ALPHA)


def test_a_share_is_fixed_when_a_delta_is_first_asked_for() -> None:
    first, later = shares([(0.1, 0.05)]), shares([(0.1, 0.05), (0.2,), (), (0.3, 0.1)])
    assert first.items() <= later.items()
    assert later == pytest.approx(
        {0.1: 0.0225, 0.05: 0.0225, 0.2: 0.0025, 0.3: ALPHA * 0.1 / 12 / 2}
    )
    assert shares([(0.5,)], alpha=0.2) == {0.5: pytest.approx(0.18)}


def test_each_request_is_a_file_of_its_own(tmp_path: Path) -> None:
    parts = folder.open_folder(tmp_path, study(0.1))
    assert folder.record_deltas(parts, (0.1, 0.05)) == ((0.1, 0.05),)
    assert folder.record_deltas(parts, (0.05,)) == ((0.1, 0.05),)
    assert folder.record_deltas(parts, (0.05, 0.2)) == ((0.1, 0.05), (0.2,))
    names = sorted(path.name for path in parts.glob("deltas-*.json"))
    assert names == ["deltas-0001.json", "deltas-0002.json"]
    assert json.loads((parts / names[1]).read_text()) == [0.2]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[2]", b'["a"]', b"7", b"\xff", pytest.param(b"[" * 100_000, id="nested")],
)
def test_a_damaged_request_has_had_its_share(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    parts = folder.open_folder(tmp_path, study(0.1))
    folder.record_deltas(parts, (0.1,))
    (parts / "deltas-0001.json").write_bytes(content)
    requests = folder.record_deltas(parts, (0.1,))
    assert requests == ((), (0.1,))
    assert shares(requests)[0.1] < 0.1 * ALPHA
    assert "deltas-0001.json is damaged" in caplog.text


def test_of_two_requests_at_once_both_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = folder.open_folder(tmp_path, study(0.1))
    create = part_files.create

    def overtaken(path: Path, content: bytes) -> bool:
        monkeypatch.setattr(part_files, "create", create)
        assert create(path, b"[0.3]")
        return create(path, content)

    monkeypatch.setattr(part_files, "create", overtaken)
    assert folder.record_deltas(parts, (0.1,)) == ((0.3,), (0.1,))


def test_another_delta_does_not_support_what_was_undecided(tmp_path: Path) -> None:
    """Enough samples for δ = 0.1 and too few for 0.05: resuming with 0.1 alone leaves 0.05 in the claims.

    Levels of 0.05 and 0.1 take 139 and 68 samples at most; at 0.025, of δ = 0.05, more are needed.
    """
    options = {"trials": 160, "pairs": [(["vitals", "serum"], ["vitals"])]}
    first = Findings.of(study(0.1, 0.05, **options).run(tmp_path, workers=1))
    undecided = {claim.id for claim in first.claims if claim.verdict == "undecided"}
    assert undecided
    again = study(0.1, **options).run(tmp_path, workers=1, resume=True)
    assert again.design.delta == (0.1, 0.05)
    second = Findings.of(again)
    assert {c.id: c.verdict for c in second.claims} == {c.id: c.verdict for c in first.claims}
    # In a folder of its own the weaker claim is decided.
    alone = Findings.of(study(0.1, **options).run(workers=1))
    assert not any(c.verdict == "undecided" for c in alone.claims if c.id in undecided)
    # A delta asked for later costs those asked for first nothing, and has little alpha itself.
    third = study(0.4, **options).run(tmp_path, workers=1, resume=True)
    assert third.design.delta == (0.4, 0.1, 0.05)
    assert third.alpha == pytest.approx({0.4: 0.0025, 0.1: 0.0225, 0.05: 0.0225})
