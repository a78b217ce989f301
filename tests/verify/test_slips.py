"""What the sources get wrong: each slip is checked against the printed numbers, the data or a formula."""

from pathlib import Path

import numpy as np
import pytest

from bounds import modality_gain
from empirical.paper import iemocap
from verify.reproduce import paper, slips

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
LABELS = SHARED / "iemocap_6way_labels_lengths.npz"


def test_slips_swap():
    one, three = paper.tables()["table1"]["rows"], paper.tables()["table3"]["rows"]
    assert three["TA"][-1] == one["TV"]
    assert three["TV"][-1] == one["TA"]
    assert three["T"][-1] == one["T"]
    assert three["TVA"][-1] == one["TVA"]
    # Table 2 agrees with Table 1, up to rounding.
    for M, N, difference, _ in paper.tables()["table2"]["rows"]:
        assert difference == pytest.approx(one[M][0] - one[N][0], abs=0.011)


@pytest.mark.skipif(not LABELS.exists(), reason="the labels are not part of the project")
def test_slips_padding():
    with np.load(LABELS) as labels:
        lengths = {half: labels[f"length_{half}"] for half in ("train", "test")}
        y_test, names = labels["y_test"], labels["class_names"].tolist()
    assert max(lengths["train"].max(), lengths["test"].max()) == iemocap.PADDED == 110
    assert len(lengths["train"]) * 110 == 13_200
    assert len(lengths["test"]) * 110 == 3_410
    assert (lengths["train"].sum(), lengths["test"].sum()) == (5_810, 1_623)
    padding = [1 - 5_810 / 13_200, 1 - 1_623 / 3_410]
    assert padding == pytest.approx([0.560, 0.524], abs=5e-4)
    # Always answering "neutral" has the accuracy that the paper prints for text at ratio 1e-4.
    share = np.mean(y_test == names.index("neu"))
    assert round(100 * share, 2) == paper.tables()["table3"]["rows"]["T"][0][0] == 23.66


def test_slips_crossover_without_its_4L():
    given = {"C_M": 9, "C_N": 4, "L_hat_M": 0.1, "L_hat_N": 0.2}
    L = 0.7
    own, popular = modality_gain.crossover(**given, L=L), modality_gain.crossover(**given)
    assert own == pytest.approx(16 * L**2 * popular)


def test_slips_are_a_list_with_distinct_keys_and_places():
    keys = [slip.key for slip in slips.SLIPS]
    assert len(set(keys)) == len(keys) == 9
    assert {table for slip in slips.SLIPS for table in slip.tables} == {1, 2, 3, 4}
    text = (Path(__file__).resolve().parents[2] / "docs" / "slips.md").read_text(encoding="utf-8")
    for slip in slips.SLIPS:
        assert " ".join(slip.true.split()) in " ".join(text.split())
