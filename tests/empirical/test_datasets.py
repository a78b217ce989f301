"""What comes in is finite, aligned and varied, or one clear line says what was wrong with it."""

import math
import pickle
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from empirical import datasets
from empirical.datasets import by_name, from_arrays, load_npz

SHARED_DATA = Path(__file__).parents[2].parent / "shared" / "data"
LABELS = np.array([0, 1, 0, 1, 1])


def features(**changes):
    base = {"text": np.arange(10.0).reshape(5, 2), "audio": np.arange(15.0).reshape(5, 3) ** 2}
    return base | changes


def with_value(value):
    matrix = np.arange(10.0).reshape(5, 2)
    matrix[3, 1] = value
    return matrix


def shared(name):
    path = SHARED_DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not at hand")
    return path


# ---- what is accepted


def test_arrays_frames_and_tensors_mean_the_same():
    plain = from_arrays(features(), LABELS)
    as_frames = {name: pd.DataFrame(x) for name, x in features().items()}
    as_tensors = {name: torch.tensor(x, requires_grad=True) for name, x in features().items()}
    for given, y in ((as_frames, pd.Series(LABELS)), (as_tensors, torch.tensor(LABELS))):
        other = from_arrays(given, y)
        assert other.names == plain.names == ("text", "audio")
        assert np.array_equal(other.target, plain.target)
        for name in plain.names:
            assert other.modalities[name].dtype == np.float64
            assert np.array_equal(other.modalities[name], plain.modalities[name])


def test_narrow_and_boolean_features_become_float64_exactly():
    data = from_arrays(
        {
            "half": torch.tensor([[0.5], [0.25]], dtype=torch.bfloat16),
            "flag": np.array([[True], [False]]),
            "nullable": pd.DataFrame({"n": pd.array([1, 3], dtype="Int64")}),
        },
        [0, 1],
    )
    assert {k: v.ravel().tolist() for k, v in data.modalities.items()} == {
        "half": [0.5, 0.25],
        "flag": [1.0, 0.0],
        "nullable": [1.0, 3.0],
    }


def test_nothing_is_shared_with_the_input():
    given = features()
    data = from_arrays(given, LABELS)
    given["text"][:] = 99
    assert data.modalities["text"].max() == 9


def test_constant_columns_are_dropped_and_recorded_by_name_or_index():
    frame = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [7.0] * 5, "c": [0, 0, 0, 0, 1]})
    array = np.column_stack([np.full(5, np.float32(0.1)), np.arange(5)])
    data = from_arrays({"frame": frame, "array": array, "full": features()["audio"]}, LABELS)
    assert data.dropped == {"frame": ("b",), "array": (0,)}
    assert {name: x.shape[1] for name, x in data.modalities.items()} == {
        "frame": 2,
        "array": 1,
        "full": 3,
    }


def test_a_tiny_variation_is_not_a_constant():
    tiny = np.array([[1.0], [1.0], [1.0], [1.0], [np.nextafter(1.0, 2.0)]])
    assert from_arrays(features(tiny=tiny), LABELS).dropped == {}


@pytest.mark.parametrize(
    ("y", "task", "expected_task", "classes", "target"),
    [
        (["b", "a", "b", "c", "a"], None, "classification", ("a", "b", "c"), [1, 0, 1, 2, 0]),
        (np.array([b"b", b"a", b"b", b"b", b"a"]), None, "classification", "ab", [1, 0, 1, 1, 0]),
        (pd.Series(list("baaba")), None, "classification", "ab", [1, 0, 0, 1, 0]),
        (pd.Categorical(list("baaba")), None, "classification", "ab", [1, 0, 0, 1, 0]),
        # Numbers sort by value, not as text: 10 comes after 9.
        ([10, 9, 10, -3, 9], None, "classification", ("-3", "9", "10"), [2, 1, 2, 0, 1]),
        ([True, False, True, True, True], None, "classification", ("False", "True"), None),
        ([0.0, 1.0, 0.0, 1.0, 1.0], None, "regression", (), [0, 1, 0, 1, 1]),
        ([0.0, 2.0, 0.0, 2.0, 2.0], "classification", "classification", "02", [0, 1, 0, 1, 1]),
        ([5, 4, 3, 2, 1], "regression", "regression", (), [5, 4, 3, 2, 1]),
        ([0.5, 1, 2, 3, 4], None, "regression", (), [0.5, 1, 2, 3, 4]),
        (np.array([3, 1, 3, 1, 1], dtype=object), None, "classification", "13", [1, 0, 1, 0, 0]),
    ],
)
def test_what_a_target_means(y, task, expected_task, classes, target):
    data = from_arrays(features(), y, task=task)
    assert data.task == expected_task
    assert data.classes == tuple(classes)
    assert data.target.dtype == (np.int64 if classes else np.float64)
    if target is not None:
        assert data.target.tolist() == target


@pytest.mark.parametrize(("distinct", "task"), [(20, "classification"), (21, "regression")])
def test_integers_with_at_most_twenty_values_are_classes(distinct, task):
    y = np.arange(105) % distinct
    x = np.arange(105.0)[:, None]
    assert from_arrays({"a": x, "b": x**2}, y).task == task


# ---- what is refused: one line each, naming the argument and what it was


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (features(text=with_value(np.nan)), r"'text'\] must be finite, got nan in row 3, column 1"),
        (
            features(text=np.ma.masked_greater(features()["text"], 7.5)),
            r"'text'\] must have no masked values, got 2",
        ),
        (features(text=with_value(-np.inf)), r"'text'\] must be finite, got -inf in row 3"),
        (
            features(text=pd.DataFrame(with_value(np.nan), columns=["u", "v"])),
            "got nan in row 3, column 'v'",
        ),
        (
            features(text=pd.DataFrame({"n": pd.array([1, None, 2, 3, 4], dtype="Int64")})),
            "got nan in row 1, column 'n'",
        ),
        (features(text=np.ones((4, 2))), r"'text'\] must have as many rows as y, 5, got 4"),
        (features(text=np.arange(5.0)), r"'text'\] must be a 2-D array .*got shape \(5,\)"),
        (features(text=np.zeros((5, 2, 2))), r"2-D array .*got shape \(5, 2, 2\)"),
        (features(text=np.zeros((5, 0))), r"at least one row and one column, got shape \(5, 0\)"),
        (features(text=[[1, 2], [3]]), "rectangular array, got a list that cannot be read as one"),
        (features(text=np.array([["a"]] * 5)), r"'text'\] must hold real numbers, got dtype <U1"),
        (features(text=np.ones((5, 2)) * 1j), "must hold real numbers, got dtype complex128"),
        (features(text=np.ones((5, 2), dtype=object)), "real numbers, got dtype object"),
        (
            features(text=pd.DataFrame({"w": list("abcde")})),
            r"'text'\] must hold real numbers, got str in column 'w'",
        ),
        (features(text=np.ones((5, 2))), r"'text'\] must have a column that varies, got 2"),
        ({"text": features()["text"]}, "at least two modalities are needed, got 1"),
        ({}, "at least two modalities are needed, got 0"),
        ([("t", np.eye(5)), ("t", np.eye(5))], "distinct, got 't' more than once"),
        (features(**{"": np.eye(5)}), "non-empty string, got ''"),
        ({**features(), 3: np.eye(5)}, "non-empty string, got 3"),
        (np.eye(5), r"features must map modality names .*got ndarray"),
    ],
)
def test_bad_features(given, message):
    with pytest.raises(ValueError, match=message) as caught:
        from_arrays(given, LABELS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("y", "task", "message"),
    [
        ([0.1, np.nan, 1, 2, 3], None, "y must be finite, got nan in row 1"),
        ([0.1, np.inf, 1, 2, 3], "regression", "y must be finite, got inf in row 1"),
        (pd.Series(["a", None, "b", "a", "b"]), None, "a value in every row, got .* in row 1"),
        (["a", None, "b", "a", "b"], None, "a value in every row, got None in row 1"),
        (["a", "b", math.nan, "a", "b"], None, "a value in every row, got nan in row 2"),
        (["a", 1, "b", "a", "b"], None, "text labels or real numbers, got dtype object"),
        (np.ma.array(LABELS, mask=LABELS == 0), None, "y must have no masked values, got 2"),
        (pd.Series([1, None, 2, 1, 2], dtype="Int64"), None, "y must be finite, got nan in row 1"),
        (np.array(["a", 1, "b", 2, "c"], dtype=object), None, "text labels or real numbers"),
        ([1, 1, 1, 1, 1], None, "at least two classes, got only '1'"),
        (["a"] * 5, None, "at least two classes, got only 'a'"),
        ([2.5] * 5, None, "y must vary for regression, got the constant 2.5"),
        (np.zeros((5, 1)), None, r"y must be a 1-D array, got shape \(5, 1\)"),
        ([1j, 2, 3, 4, 5], None, "text labels or real numbers, got dtype complex128"),
        (pd.date_range("2020", periods=5), None, "text labels or real numbers, got dtype datetime"),
        ([0.5, 1, 2, 3, 4], "classification", "labels or integers for classification, got 0.5"),
        (list("abcab"), "regression", "numbers for regression, got text such as 'a'"),
        (LABELS, "ranking", r"task must be .* got 'ranking'"),
    ],
)
def test_bad_targets(y, task, message):
    with pytest.raises(ValueError, match=message) as caught:
        from_arrays(features(), y, task=task)
    assert "\n" not in str(caught.value)


def test_no_rows():
    with pytest.raises(ValueError, match="y must have at least one row, got none"):
        from_arrays({"a": np.zeros((0, 2)), "b": np.zeros((0, 2))}, [])


def test_row_numbers_are_no_labels():
    x = np.arange(50.0)[:, None]
    with pytest.raises(ValueError, match="two rows per class on average, got 50 classes in 50"):
        from_arrays({"a": x, "b": -x}, [f"row {i}" for i in range(50)])


def test_frames_whose_rows_were_shuffled_apart_are_refused():
    one = pd.DataFrame({"a": [1.0, 2, 3]}, index=[0, 1, 2])
    other = pd.DataFrame({"b": [1.0, 2, 3]}, index=[2, 0, 1])
    with pytest.raises(ValueError, match="rows in the same order"):
        from_arrays({"one": one, "other": other}, [0, 1, 0])
    # Indexes that have nothing in common say nothing about the order: rows go by position.
    renamed = other.set_axis(["x", "y", "z"])
    assert from_arrays({"one": one, "other": renamed}, [0, 1, 0]).rows == 3


# ---- .npz files


def save(path, **arrays):
    np.savez(path, **arrays)
    return path


def test_npz_takes_matrices_as_modalities_and_ignores_metadata(tmp_path):
    path = save(tmp_path / "mine.npz", **features(), y=LABELS, speaker=np.arange(7), n=3)
    data = load_npz(path)
    assert data.names == ("text", "audio")
    assert (data.name, data.rows, data.train_rows) == ("mine", 5, None)
    assert np.array_equal(data.modalities["audio"], features()["audio"])
    assert by_name(str(path), task="regression").task == "regression"


def test_npz_split_is_pooled_train_rows_first(tmp_path):
    one, two = features()["text"], -features()["text"]
    path = save(
        tmp_path / "split.npz",
        b_test=two[:2],
        a_train=one,
        b_train=two,
        a_test=one[:2],
        y_train=LABELS,
        y_test=LABELS[:2],
        length_test=np.arange(9),
    )
    data = load_npz(path)
    assert (data.rows, data.train_rows) == (7, 5)
    assert np.array_equal(data.modalities["a"], np.vstack([one, one[:2]]))
    assert np.array_equal(data.modalities["b"], np.vstack([two, two[:2]]))
    assert data.target.tolist() == [*LABELS, *LABELS[:2]]


SPLIT = {
    "a_train": np.eye(5),
    "a_test": np.eye(5)[:2],
    "b_train": np.eye(5),
    "b_test": np.eye(5)[:2],
    "y_train": LABELS,
    "y_test": LABELS[:2],
}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (features(), "must hold the target as a 1-D array 'y', got text, audio"),
        ({}, "must hold the target as a 1-D array 'y', got no arrays"),
        ({"y": LABELS, "z": LABELS}, "must hold modalities as 2-D arrays, got none"),
        ({"y": LABELS, "text": np.eye(5)}, "at least two modalities are needed, got 1"),
        (features(y=LABELS[:, None]), r"y must be a 1-D array, got shape \(5, 1\)"),
        (features(y=LABELS, clip=np.zeros((5, 8, 8))), r"clip must be a 2-D array .*\(5, 8, 8\)"),
        (features(y=LABELS, w=np.array([["a"]] * 5)), "w must be a 2-D array .*dtype <U1"),
        (features(y=LABELS[:4]), r"'text'\] must have as many rows as y, 4, got 5"),
        (features(y=LABELS, text=with_value(np.nan)), r"'text'\] must be finite, got nan in row 3"),
        ({**SPLIT, "y": LABELS}, "either y or y_train and y_test"),
        ({k: v for k, v in SPLIT.items() if k != "y_test"}, "got no y_test"),
        ({k: v for k, v in SPLIT.items() if k != "a_test"}, "got no a_test"),
        (SPLIT | {"c": np.eye(5)}, "NAME_train and NAME_test, got 'c'"),
        (SPLIT | {"a_test": np.eye(5)}, "a_test must have as many rows as y_test, 2, got 5"),
        (SPLIT | {"a_test": np.eye(2)}, "must have the same columns, got 5 and 2"),
        (SPLIT | {"y_test": np.array(["u", "v"])}, "y_train and y_test must be alike"),
        (SPLIT | {"y_test": np.eye(2)}, r"y_test must be a 1-D array, got shape \(2, 2\)"),
    ],
)
def test_bad_npz_contents(tmp_path, arrays, message):
    path = save(tmp_path / "bad.npz", **arrays)
    with pytest.raises(ValueError, match=message) as caught:
        load_npz(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


class Bomb:
    """Unpickling this creates the file it was given."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_pickles_are_refused_and_never_run(tmp_path):
    evidence = tmp_path / "ran"
    objects = np.array([[Bomb(evidence)] * 2] * 5, dtype=object)
    inside = tmp_path / "inside.npz"
    np.savez(inside, **features(), y=LABELS, evil=objects)
    with pytest.raises(ValueError, match="pickled object array 'evil'"):
        load_npz(inside)
    # Names beyond Latin-1 make numpy write another version of the header.
    hidden = tmp_path / "hidden.npz"
    np.savez(hidden, **features(), y=LABELS, evil=objects.astype([("\u65e5", object)]))
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        load_npz(hidden)
    whole = tmp_path / "whole.npz"
    whole.write_bytes(pickle.dumps(Bomb(evidence)))
    with pytest.raises(ValueError, match=r"intact [.]npz archive"):
        load_npz(whole)
    assert not evidence.exists()


def test_missing_empty_and_strange_files(tmp_path):
    with pytest.raises(ValueError, match=r"existing [.]npz file"):
        load_npz(tmp_path / "nowhere.npz")
    (tmp_path / "empty.npz").touch()
    with pytest.raises(ValueError, match="got an empty one"):
        load_npz(tmp_path / "empty.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(ValueError, match="no regular file"):
        load_npz(tmp_path / "folder.npz")
    (tmp_path / "noise.npz").write_bytes(bytes(range(256)) * 10)
    with pytest.raises(ValueError, match=r"intact [.]npz archive"):
        load_npz(tmp_path / "noise.npz")
    with (tmp_path / "single.npz").open("wb") as single:
        np.save(single, np.eye(3))
    with pytest.raises(ValueError, match=r"intact [.]npz archive"):
        load_npz(tmp_path / "single.npz")


@pytest.mark.parametrize("savez", [np.savez, np.savez_compressed])
def test_a_truncated_archive_is_refused_wherever_it_was_cut(tmp_path, savez):
    whole = tmp_path / "whole.npz"
    savez(whole, **features(), y=LABELS)
    content = whole.read_bytes()
    for fraction in (0.01, 0.3, 0.6, 0.95):
        cut = tmp_path / "cut.npz"
        cut.write_bytes(content[: int(fraction * len(content))])
        with pytest.raises(ValueError, match=r"intact [.]npz archive"):
            load_npz(cut)


@pytest.mark.parametrize("savez", [np.savez, np.savez_compressed])
def test_flipped_bytes_give_one_clear_error_or_the_true_data(tmp_path, savez):
    # Whatever is damaged, only ValueError comes out; zip metadata that is never read may survive.
    whole = tmp_path / "whole.npz"
    savez(whole, **features(), y=LABELS)
    content, truth = whole.read_bytes(), features()

    def outcome(position):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        file = tmp_path / "damaged.npz"
        file.write_bytes(damaged)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # numpy and zipfile also warn about damage
                data = load_npz(file)
        except ValueError as error:
            return str(error)
        known = [name for name in data.names if name in truth]
        return all(np.array_equal(data.modalities[name], truth[name]) for name in known)

    outcomes = [outcome(position) for position in range(0, len(content), 3)]
    refusals = [message for message in outcomes if isinstance(message, str)]
    assert len(refusals) > len(outcomes) / 2
    assert not any("\n" in message for message in refusals)
    assert all(outcomes)  # no array came back changed


def test_two_arrays_of_one_name_in_an_archive(tmp_path):
    path = save(tmp_path / "twice.npz", **features(), y=LABELS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns about the name that this test is about
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("text.npy", archive.read("audio.npy"))
    with pytest.raises(ValueError, match="array names must be distinct, got 'text' twice"):
        load_npz(path)


# ---- the data sets at hand


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
        ({"features": 0}, "features must be an integer of at least 1"),
        ({"construction": "sharing"}, "construction must be 'mixing' or 'copied'"),
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
