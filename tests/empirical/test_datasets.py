"""The data sets at hand are what their sources say they are."""

from pathlib import Path

import numpy as np
import pytest

from empirical import datasets
from empirical.datasets import by_name, load_npz
from empirical.datasets.sources import FORMATS, Format

SHARED_DATA = Path(__file__).parents[2].parent / "shared" / "data"


def shared(name):
    path = SHARED_DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not at hand")
    return path


@pytest.mark.parametrize(
    ("name", "task", "shapes"),
    [
        ("digits", "classification", None),
        ("breast-cancer", "classification", {"mean": 10, "standard-error": 10, "worst": 10}),
        ("diabetes", "regression", {"vitals": 4, "serum": 6}),
        ("simulated", "regression", {"x1": 100, "x2": 100, "x3": 100, "x4": 100}),
    ],
)
def test_bundled_data(name, task, shapes):
    data = by_name(name)
    assert (data.name, data.task) == (name, task)
    assert data.description
    if shapes is not None:
        assert {n: x.shape[1] for n, x in data.modalities.items()} == shapes
        assert data.dropped == {}


def test_digits_quadrants_are_the_pixels_in_their_places():
    from sklearn.datasets import load_digits

    data, images = datasets.digits(), load_digits().images
    corner = images[:, 4:, :4].reshape(len(images), 16)
    varies = (corner != corner[0]).any(axis=0)
    assert np.array_equal(data.modalities["lower-left"], corner[:, varies])
    # The first pixel of an image is blank in every one of the 1,797.
    assert data.dropped["upper-left"][0] == "pixel_0_0"
    kept = sum(x.shape[1] for x in data.modalities.values())
    assert kept + sum(map(len, data.dropped.values())) == 64
    assert np.array_equal(data.target, load_digits().target)


@pytest.mark.parametrize(
    ("construction", "factor"), [("mixing", (1 - 0.8) ** 2), ("copied", 1 - 0.8)]
)
def test_simulated_overlap_gives_the_stated_population_error(construction, factor):
    # What x1 cannot tell about y is Σ_{k≥2} of the fresh coordinates: variance (K−1)·d·factor. The
    # best predictor from x1 counts each overlapping coordinate K times: Σ_k E[x⁽ᵏ⁾ | x1].
    K, d, rows = 4, 50, 20_000
    data = datasets.simulated(0.8, rows, K, d, seed=3, construction=construction)
    x1 = data.modalities["x1"]
    seen = 0.8 * x1.sum(1) if construction == "mixing" else x1[:, : round(0.8 * d)].sum(1)
    residual = data.target - x1.sum(1) - (K - 1) * seen
    expected = (K - 1) * d * factor
    # A mean square of rows normal values has relative standard deviation √(2/rows) = 1 %.
    assert np.mean(residual**2) == pytest.approx(expected, rel=0.05)
    # Its correlation with anything in x1 is a mean of independent terms: below 5/√rows.
    assert np.abs(np.corrcoef(residual, x1, rowvar=False)[0, 1:]).max() < 5 / np.sqrt(rows)


def test_simulated_is_the_sum_of_all_and_repeats_with_its_seed():
    once, again = (datasets.simulated(rows=50, features=3, seed=5) for _ in range(2))
    total = sum(x.sum(1) for x in once.modalities.values())
    assert np.allclose(once.target, total, rtol=0, atol=1e-12)
    assert np.array_equal(once.target, again.target)
    assert not np.array_equal(once.target, datasets.simulated(rows=50, features=3, seed=6).target)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"overlap": 1.5}, r"overlap must lie in \[0, 1\], got 1.5"),
        ({"overlap": float("nan")}, "overlap must lie in"),
        ({"rows": 1}, "rows must be an integer of at least 2, got 1"),
        ({"rows": 10.5}, "rows must be an integer"),
        ({"modalities": 1}, "modalities must be an integer of at least 2"),
        ({"features": 0}, "features must be a positive integer"),
        ({"construction": "sharing"}, "construction must be one of mixing, copied"),
    ],
)
def test_bad_simulations(arguments, message):
    with pytest.raises(ValueError, match=message):
        datasets.simulated(**arguments)


@pytest.mark.parametrize("name", ["nonesuch", "", "digit", "data.csv", 3, None])
def test_unknown_data_lists_the_known(name):
    with pytest.raises(ValueError, match="digits, breast-cancer, diabetes, simulated or a path"):
        by_name(name)


def test_a_task_that_does_not_fit_the_data():
    with pytest.raises(ValueError, match="task must be 'regression' for the simulated data"):
        by_name("simulated", task="classification")
    assert by_name("breast-cancer", task="regression").classes == ()


def test_mfeat_has_six_modalities_and_ten_classes():
    data = by_name(shared("uci_mfeat.npz"))
    widths = {"fac": 216, "fou": 76, "kar": 64, "mor": 6, "pix": 240, "zer": 47}
    assert {n: x.shape[1] for n, x in data.modalities.items()} == widths
    assert (data.rows, len(data.classes), data.train_rows) == (2000, 10, None)


def test_mosi_pools_its_split():
    data = load_npz(shared("cmu_mosi.npz"))
    assert data.names == ("text", "audio", "video")
    assert (data.rows, data.train_rows, len(data.classes)) == (1447 + 752, 1447, 2)
    assert data.dropped  # its video features hold columns that never vary


def test_labels_without_features_are_no_data_set():
    with pytest.raises(ValueError, match="must hold modalities as 2-D arrays, got none"):
        load_npz(shared("iemocap_6way_labels_lengths.npz"))


def test_a_format_from_outside_is_one_entry(tmp_path):
    def load_csv(path, task):
        table = np.loadtxt(path, delimiter=",")
        return datasets.from_arrays({"a": table[:, :2], "b": table[:, 2:3]}, table[:, 3], task=task)

    path = tmp_path / "rows.csv"
    rng = np.random.default_rng(0)
    np.savetxt(path, rng.normal(size=(30, 4)), delimiter=",")
    with pytest.raises(ValueError, match="a path ending in .npz, got"):
        by_name(path)
    with FORMATS.including(Format(".csv", load_csv)):
        assert by_name(path).names == ("a", "b")
        assert by_name(str(path), task="regression").rows == 30
