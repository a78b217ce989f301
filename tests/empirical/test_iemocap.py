"""The user's own IEMOCAP features: the public layout, padding, and one clear line for everything else."""

import pickle

import numpy as np
import pytest

from empirical.paper import iemocap
from empirical.paper.splits import standardised

LENGTHS = {"Ses01": 3, "Ses02": 5, "Ses03": 2, "Ses05": 4}
TRAIN, TEST = ("Ses02", "Ses01", "Ses03"), ("Ses05",)


def layout(video=512, columns=None):
    """The nine objects of the public file, for four short dialogues."""
    draws = np.random.default_rng(0)
    widths = {"videoText": 100, "videoAudio": 100, "videoVisual": video, **(columns or {})}
    parts = {
        "videoIDs": {d: [f"{d}_F{i:03}" for i in range(n)] for d, n in LENGTHS.items()},
        "videoSpeakers": {d: ["M"] * n for d, n in LENGTHS.items()},
        "videoLabels": {
            d: [(i + k) % 6 for i in range(n)] for k, (d, n) in enumerate(LENGTHS.items())
        },
        **{
            part: {d: [draws.standard_normal(width) for _ in range(n)] for d, n in LENGTHS.items()}
            for part, width in widths.items()
        },
        "videoSentence": {d: ["It’s fine."] * n for d, n in LENGTHS.items()},
        "trainVid": set(TRAIN),
        "testVid": set(TEST),
    }
    return {name: parts[name] for name in iemocap.PARTS}


def saved(tmp_path, parts, protocol=2):
    path = tmp_path / "IEMOCAP_features_raw.pkl"
    content = tuple(parts.values()) if isinstance(parts, dict) else parts
    path.write_bytes(pickle.dumps(content, protocol))
    return path


@pytest.mark.parametrize("video", [500, 512])
@pytest.mark.parametrize("protocol", [2, 4])
def test_the_public_layout(tmp_path, video, protocol):
    parts = layout(video)
    split = iemocap.load(saved(tmp_path, parts, protocol))
    assert split.kind == "iemocap"
    assert split.columns == {"text": 100, "video": video, "audio": 100}
    assert len(split.y_train) == 3 + 5 + 2
    assert len(split.y_test) == 4
    assert split.real_train.all()
    # Dialogues come in order of their names, whatever the order of a set.
    expected = [y for d in sorted(TRAIN) for y in parts["videoLabels"][d]]
    assert split.y_train.tolist() == expected
    first = parts["videoText"]["Ses01"][0]
    assert np.array_equal(split.train["text"][0], first)
    assert np.array_equal(split.test["audio"][3], parts["videoAudio"]["Ses05"][3])


def test_padding_fills_dialogues_up_and_marks_it(tmp_path):
    path = saved(tmp_path, layout())
    split = iemocap.load(path, padded=True)
    assert len(split.y_train) == 3 * 110
    assert len(split.y_test) == 110
    assert split.real_train.reshape(3, 110).sum(axis=1).tolist() == [3, 5, 2]
    assert not split.train["video"][~split.real_train].any()
    bare = iemocap.load(path)
    for name in bare.names:
        assert np.array_equal(split.train[name][split.real_train], bare.train[name])
        # Padding takes no part in the standardisation either.
        padded, plain = standardised(split).test[name], standardised(bare).test[name]
        assert np.array_equal(padded[split.real_test], plain)
    assert np.array_equal(split.y_train[split.real_train], bare.y_train)


def test_arrays_instead_of_lists(tmp_path):
    parts = layout()
    for part in ("videoText", "videoAudio", "videoVisual", "videoLabels"):
        parts[part] = {d: np.asarray(x) for d, x in parts[part].items()}
    parts["trainVid"], parts["testVid"] = list(TRAIN), np.array(TEST)
    assert len(iemocap.load(saved(tmp_path, parts)).y_train) == 10


def without(part, dialogue="Ses02"):
    def change(parts):
        parts[part] = {d: x for d, x in parts[part].items() if d != dialogue}

    return change


def replaced(part, value, dialogue=None):
    def change(parts):
        if dialogue is None:
            parts[part] = value
        else:
            parts[part] = {**parts[part], dialogue: value}

    return change


BROKEN = {
    "a list for a dict": (
        replaced("videoText", [1, 2]),
        "videoText must be a dict by dialogue, got list",
    ),
    "no list of dialogues": (replaced("trainVid", 3), "trainVid must list dialogues, got int"),
    "no dialogues": (
        replaced("testVid", set()),
        "testVid must list at least one dialogue, got none",
    ),
    "leakage": (
        replaced("testVid", {"Ses05", "Ses02"}),
        "trainVid and testVid must not share dialogues, got 'Ses02' in both",
    ),
    "a missing dialogue": (
        without("videoVisual"),
        "videoVisual must have every dialogue, got none for 'Ses02'",
    ),
    "missing labels": (
        without("videoLabels"),
        "videoLabels must have every dialogue, got none for 'Ses02'",
    ),
    "mislabelled": (
        replaced("videoLabels", [0, 1, 2, 3, 6], "Ses02"),
        "videoLabels['Ses02'] must hold labels 0 to 5, got 6",
    ),
    "text labels": (
        replaced("videoLabels", ["neu"] * 5, "Ses02"),
        "videoLabels['Ses02'] must be a list of integer labels, got shape (5,) of <U3",
    ),
    "labels of another length": (
        replaced("videoLabels", [0, 1, 2, 3], "Ses02"),
        "videoText['Ses02'] must have shape (4, 100), got (5, 100)",
    ),
    "another width": (
        replaced("videoVisual", np.ones((5, 342)), "Ses02"),
        "videoVisual['Ses02'] must have shape (5, 500 or 512), got (5, 342)",
    ),
    "a width of its own": (
        replaced("videoVisual", np.ones((5, 500)), "Ses02"),
        "videoVisual['Ses02'] must have 512 columns as the others, got 500",
    ),
    "test video of another width": (
        replaced("videoVisual", np.ones((4, 500)), "Ses05"),
        "videoVisual must have one width throughout, got [500, 512]",
    ),
    "ragged": (
        replaced("videoAudio", [[1.0], [1.0, 2.0]], "Ses02"),
        "videoAudio['Ses02'] must be rows of numbers of one length, got something else",
    ),
    "not finite": (
        replaced("videoAudio", np.full((5, 100), np.nan), "Ses02"),
        "videoAudio['Ses02'] must be finite, got nan in row 0, column 0",
    ),
    "one object too few": (
        lambda parts: parts.popitem(),
        "must be a sequence of the nine objects videoIDs, videoSpeakers, videoLabels, videoText,"
        " videoAudio, videoVisual, videoSentence, trainVid, testVid, got 8 objects",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_other_layouts_are_one_clear_line(tmp_path, name):
    change, message = BROKEN[name]
    parts = layout()
    change(parts)
    path = saved(tmp_path, parts)
    with pytest.raises(ValueError, match="^") as caught:
        iemocap.load(path)
    assert str(caught.value) == f"{path}: {message}"


def test_parts_in_another_order_are_noticed(tmp_path):
    parts = list(layout().values())
    parts[3], parts[5] = parts[5], parts[3]
    with pytest.raises(ValueError, match="videoText.* must have shape .*, got .*512"):
        iemocap.load(saved(tmp_path, parts))


@pytest.mark.parametrize("classes", [2, 4])
def test_fewer_classes_are_not_read_as_the_papers_six(tmp_path, classes):
    parts = layout()
    parts["videoLabels"] = {
        d: [y % classes for y in labels] for d, labels in parts["videoLabels"].items()
    }
    found = ", ".join(map(str, range(classes)))
    with pytest.raises(ValueError, match=f"must hold all 6 classes .*, got only {found}"):
        iemocap.load(saved(tmp_path, parts))


def test_a_dialogue_too_long_to_be_padded(tmp_path):
    parts = layout()
    for part, width in (("videoText", 100), ("videoAudio", 100), ("videoVisual", 512)):
        parts[part] = {**parts[part], "Ses02": np.ones((111, width))}
    parts["videoLabels"] = {**parts["videoLabels"], "Ses02": [i % 6 for i in range(111)]}
    path = saved(tmp_path, parts)
    assert len(iemocap.load(path).y_train) == 3 + 111 + 2
    with pytest.raises(ValueError, match="must have at most 110 rows to be padded, got 111"):
        iemocap.load(path, padded=True)


def test_a_pickle_that_carries_code_is_refused_without_running_it(tmp_path):
    class Evil:
        def __reduce__(self):
            return open, (str(tmp_path / "written"), "w")

    parts = layout()
    parts["videoSentence"] = {"Ses01": Evil()}
    path = saved(tmp_path, parts)
    with pytest.raises(ValueError, match="must hold arrays and built-in containers only, got"):
        iemocap.load(path)
    assert not (tmp_path / "written").exists()


def test_truncated_missing_and_other_files(tmp_path):
    path = saved(tmp_path, layout())
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match="must be an intact pickle"):
        iemocap.load(path)
    with pytest.raises(ValueError, match="must be an existing file"):
        iemocap.load(tmp_path / "none.pkl")
    (tmp_path / "text.pkl").write_text("not a pickle")
    with pytest.raises(ValueError, match="must be an intact pickle"):
        iemocap.load(tmp_path / "text.pkl")


def archive(path, **changes):
    draws = np.random.default_rng(1)
    arrays = {"y_train": np.arange(12) % 6, "y_test": np.arange(6)}
    for name, width in (("audio", 100), ("text", 100), ("video", 500)):
        arrays[f"{name}_train"] = draws.standard_normal((12, width))
        arrays[f"{name}_test"] = draws.standard_normal((6, width))
    arrays = {k: v for k, v in {**arrays, **changes}.items() if v is not None}
    np.savez(path, **arrays)
    return path


def test_npz(tmp_path):
    split = iemocap.load(archive(tmp_path / "f.npz"))
    assert split.names == ("text", "video", "audio")
    assert split.kind == "iemocap"
    assert (len(split.y_train), len(split.y_test)) == (12, 6)
    with pytest.raises(ValueError, match="padded must be used with the pickle"):
        iemocap.load(tmp_path / "f.npz", padded=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"video_train": None, "video_test": None},
            "must hold text, video and audio, got audio, text",
        ),
        ({"y_train": np.arange(12) % 5, "y_test": np.arange(6) % 5}, "must have 6 classes, got 5"),
    ],
)
def test_npz_of_something_else(tmp_path, changes, message):
    path = archive(tmp_path / "f.npz", **changes)
    with pytest.raises(ValueError, match="^") as caught:
        iemocap.load(path)
    assert str(caught.value) == f"{path}: {message}"


def test_the_stand_in_has_the_papers_shape_and_says_what_it_is():
    split = iemocap.stand_in(3)
    assert (len(split.y_train), len(split.y_test)) == (13_200, 3_410)
    assert split.columns == {"text": 100, "video": 500, "audio": 100}
    assert set(split.y_train.tolist()) == set(range(6))
    assert split.kind == "stand-in"
    assert "Not IEMOCAP" in split.description
    again = iemocap.stand_in(3)
    assert np.array_equal(split.train["video"], again.train["video"])
