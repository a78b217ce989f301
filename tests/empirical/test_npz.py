"""Archives are read whole, never unpickled, or refused in one clear line."""

import io
import math
import pickle
import re
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from empirical.datasets import by_name, load_npz, npz

LABELS = np.array([0, 1, 0, 1, 1])


def features(**changes):
    base = {"text": np.arange(10.0).reshape(5, 2), "audio": np.arange(15.0).reshape(5, 3) ** 2}
    return base | changes


def with_value(value):
    matrix = np.arange(10.0).reshape(5, 2)
    matrix[3, 1] = value
    return matrix


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


def test_halves_of_signed_and_unsigned_labels_are_labels(tmp_path):
    unsigned = SPLIT | {"y_test": LABELS[:2].astype(np.uint64)}
    data = load_npz(save(tmp_path / "s.npz", **unsigned))
    assert data.task == "classification"
    assert data.target.tolist() == [*LABELS, *LABELS[:2]]


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
    with pytest.raises(ValueError, match="plain arrays, got one with named fields, .evil."):
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


# ---- small files that describe huge arrays


def bomb(path, shapes, sizes=None):
    """An archive of zeros with the given headers; `sizes`: how many bytes follow in fact."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, shape in shapes.items():
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(
                header, {"descr": "<f8", "fortran_order": False, "shape": shape}
            )
            size = 8 * math.prod(shape) if sizes is None else sizes.get(name, 8 * math.prod(shape))
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                stream.write(header.getvalue())
                for start in range(0, size, 2**20):
                    stream.write(bytes(min(2**20, size - start)))
    return path


def peak(function):
    """Bytes that Python and numpy took at most while a function was refused, and its words."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="must") as caught:
            function()
        return tracemalloc.get_traced_memory()[1], str(caught.value)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("shapes", "sizes", "message"),
    [
        (
            {"x": (2000, 1000), "y": (10,)},
            None,
            r"features\['x'\] must have as many rows as y, 10, got 2000",
        ),
        (
            {"x_train": (2000, 1000), "x_test": (3, 1000), "y_train": (10,), "y_test": (3,)},
            None,
            "x_train must have as many rows as y_train, 10, got 2000",
        ),
        ({"x": (0, 300_000_000), "z": (0, 2), "y": (0,)}, None, "at least one row"),
        ({"x": (10, 10**9), "y": (10,)}, {"x": 0}, "has 0 bytes, its header says 80,000,000,000"),
        ({"x": (10, 1), "y": (10,)}, {"x": 2**24}, "has 16,777,216 bytes, its header says 80"),
        ({"x": (10, -1), "y": (10,)}, {"x": 0}, "its header says -80"),
        ({"x": (10, 1), "text": (2**21,)}, None, "must hold the target as a 1-D array 'y'"),
    ],
)
def test_headers_are_compared_before_data_are_read(tmp_path, shapes, sizes, message):
    path = bomb(tmp_path / "bomb.npz", shapes, sizes)
    assert path.stat().st_size < 100_000
    taken, words = peak(lambda: load_npz(path))
    assert re.search(message, words), words
    assert taken < 4e6


def test_arrays_beyond_the_memory_of_the_machine_are_refused(tmp_path, monkeypatch):
    path = bomb(tmp_path / "bomb.npz", {"x": (1000, 1000), "y": (1000,)})
    monkeypatch.setattr(npz, "_memory", lambda: 2**20)
    taken, words = peak(lambda: load_npz(path))
    assert words.endswith(
        "data must fit into memory, got arrays of 8,008,000 bytes for 1,048,576 bytes of it"
    )
    assert taken < 4e6
    monkeypatch.undo()
    assert npz._memory() > 2**28


def test_metadata_are_not_read(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, a=np.eye(4), b=np.eye(4), y=[0, 1, 1, 0], notes=np.zeros(10**6))
    tracemalloc.start()
    assert load_npz(path).names == ("a", "b")
    assert tracemalloc.get_traced_memory()[1] < 4e6
    tracemalloc.stop()


def test_arrays_with_named_fields_are_refused(tmp_path):
    rows = np.zeros(3, dtype=[("\u03b1", float)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy says that old readers cannot read it
        np.savez(tmp_path / "named.npz", a=np.eye(3), b=np.eye(3), y=rows)
    with pytest.raises(ValueError, match="plain arrays, got one with named fields, 'y'"):
        load_npz(tmp_path / "named.npz")
