"""IEMOCAP features as the public file ``IEMOCAP_features_raw.pkl`` holds them, and a stand-in.

The file is a pickled sequence of nine objects: videoIDs, videoSpeakers, videoLabels, videoText,
videoAudio, videoVisual, videoSentence, each a dict by dialogue, then the names of the training and of
the test dialogues. Users bring it themselves; the corpus is under its owner's release form.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from empirical.datasets.npz import load_npz
from empirical.paper import safe_pickle
from empirical.paper.splits import Split, from_dataset
from empirical.streams import stream

PARTS = (
    *("videoIDs", "videoSpeakers", "videoLabels", "videoText", "videoAudio", "videoVisual"),
    *("videoSentence", "trainVid", "testVid"),
)
MODALITIES = {"text": "videoText", "video": "videoVisual", "audio": "videoAudio"}
WIDTHS = {"text": (100,), "video": (500, 512), "audio": (100,)}
"""The paper speaks of 500 video columns; the public file has 512."""
CLASSES = 6
PADDED = 110
"""Rows per dialogue after padding: the longest has 110 utterances, and 120·110 and 31·110 are the
paper's sample sizes."""
HOW_TO_GET = (
    "To run on the real features, bring the file IEMOCAP_features_raw.pkl (text 100, audio 100, visual"
    " 512 columns), which goes with the public code of DialogueRNN (declare-lab/conv-emotion); the corpus"
    " itself is available from USC’s SAIL laboratory under its release form. Then: python -m verify"
    " reproduce table1 --iemocap IEMOCAP_features_raw.pkl"
)


def load(path: str | os.PathLike[str], *, padded: bool = False) -> Split:
    """The user's own IEMOCAP features, from the public pickle or from an ``.npz`` with a split.

    Parameters
    ----------
    path
        a ``.pkl`` of the public layout, read without running anything
        (`empirical.paper.safe_pickle`), or an ``.npz`` with ``text_train``, ``text_test``, … for
        text, video and audio.
    padded
        Every dialogue filled up with zero rows to 110, as the paper's sample sizes suggest; the
        filling is marked and counts nowhere but in the number of rows. For the pickle only.

    Raises
    ------
    ValueError
        Beginning with the path, for a file that is damaged, runs code, has other parts, shapes or
        labels than that layout, or values that are not finite.
    """
    file = Path(path)
    try:
        if file.suffix == ".npz":
            return _from_npz(file, padded)
        return _from_parts(safe_pickle.load(file), padded, file.name)
    except ValueError as error:
        text = str(error)
        raise ValueError(text if text.startswith(f"{file}: ") else f"{file}: {text}") from None


def stand_in(seed: int = 0, *, rows: tuple[int, int] = (13_200, 3_410)) -> Split:
    """Made-up features of the shape that the paper states: 13,200 and 3,410 rows, 100 / 500 / 100.

    Each class has a Gaussian mean in every modality, at distances that make text the strongest and
    video the weakest, plus standard normal noise. Nothing in it comes from IEMOCAP.

    Examples
    --------
    >>> split = stand_in(rows=(30, 12))
    >>> split.columns, split.kind
    ({'text': 100, 'video': 500, 'audio': 100}, 'stand-in')
    """
    draws = stream(seed, "sample", rows[0])
    widths = {"text": 100, "video": 500, "audio": 100}
    strengths = {"text": 0.17, "video": 0.04, "audio": 0.1}
    means = {k: strengths[k] * draws.standard_normal((CLASSES, widths[k])) for k in widths}
    halves = []
    for count in rows:
        # Every class appears, however few the rows.
        y = draws.permutation(np.arange(count) % CLASSES)
        x = {k: draws.standard_normal((count, widths[k]), dtype=np.float32) for k in widths}
        halves.append(({k: (means[k][y] + x[k]).astype(np.float32) for k in widths}, y))
    (train, y_train), (test, y_test) = halves
    return Split(
        "stand-in",
        "stand-in",
        f"Made-up features of IEMOCAP’s shape, seed {seed}: {rows[0]:,} training and {rows[1]:,} test"
        " rows, 100 / 500 / 100 columns, six classes. Not IEMOCAP",
        train,
        test,
        y_train.astype(np.int64),
        y_test.astype(np.int64),
        CLASSES,
        np.ones(rows[0], dtype=bool),
        np.ones(rows[1], dtype=bool),
    )


def _from_npz(file: Path, padded: bool) -> Split:
    if padded:
        raise ValueError("padded must be used with the pickle, which knows dialogues, got an .npz")
    data = load_npz(file)
    if set(data.names) != set(MODALITIES):
        raise ValueError(f"must hold text, video and audio, got {', '.join(data.names)}")
    if data.train_rows is None:
        raise ValueError("must hold a split (text_train, text_test, …, y_train, y_test), got none")
    if len(data.classes) != CLASSES:
        raise ValueError(f"must have {CLASSES} classes, got {len(data.classes)}")
    split = from_dataset(data)
    return replace(
        split,
        kind="iemocap",
        train={name: split.train[name] for name in MODALITIES},
        test={name: split.test[name] for name in MODALITIES},
    )


def _from_parts(loaded: Any, padded: bool, name: str) -> Split:
    if not isinstance(loaded, (list, tuple)) or len(loaded) != len(PARTS):
        got = (
            f"{len(loaded)} objects" if isinstance(loaded, (list, tuple)) else type(loaded).__name__
        )
        raise ValueError(f"must be a sequence of the nine objects {', '.join(PARTS)}, got {got}")
    parts = dict(zip(PARTS, loaded, strict=True))
    for part in PARTS[:-2]:
        if not isinstance(parts[part], dict):
            raise ValueError(f"{part} must be a dict by dialogue, got {type(parts[part]).__name__}")
    dialogues = {}
    for part in PARTS[-2:]:
        if not isinstance(parts[part], (list, tuple, set, frozenset, np.ndarray)):
            raise ValueError(f"{part} must list dialogues, got {type(parts[part]).__name__}")
        # A set has no order of its own, and its order would change from run to run.
        dialogues[part] = sorted(str(dialogue) for dialogue in parts[part])
        if not dialogues[part]:
            raise ValueError(f"{part} must list at least one dialogue, got none")
    both = set(dialogues["trainVid"]) & set(dialogues["testVid"])
    if both:
        raise ValueError(
            f"trainVid and testVid must not share dialogues, got {min(both)!r} in both"
        )
    halves = [_half(parts, dialogues[part], padded) for part in PARTS[-2:]]
    (train, y_train, real_train), (test, y_test, real_test) = halves
    found = np.unique(y_train[real_train])
    if len(found) != CLASSES:
        raise ValueError(
            f"videoLabels must hold all {CLASSES} classes among the training rows, got only"
            f" {', '.join(map(str, found))}"
        )
    widths = sorted({train["video"].shape[1], test["video"].shape[1]})
    if len(widths) > 1:
        raise ValueError(f"videoVisual must have one width throughout, got {widths}")
    how = f", padded to {PADDED} rows per dialogue" if padded else ""
    return Split(
        "IEMOCAP",
        "iemocap",
        f"IEMOCAP features from {name}: {len(dialogues['trainVid'])} training and"
        f" {len(dialogues['testVid'])} test dialogues, {int(real_train.sum()):,} and"
        f" {int(real_test.sum()):,} utterances{how}; {train['video'].shape[1]} video columns",
        train,
        test,
        y_train,
        y_test,
        CLASSES,
        real_train,
        real_test,
    )


def _half(
    parts: dict[str, Any], dialogues: list[str], padded: bool
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Features, labels and the mask of real rows, dialogue by dialogue."""
    features: dict[str, list[np.ndarray]] = {name: [] for name in MODALITIES}
    labels, masks = [], []
    for dialogue in dialogues:
        y = _labels(parts["videoLabels"], dialogue)
        if padded and len(y) > PADDED:
            raise ValueError(
                f"videoLabels[{dialogue!r}] must have at most {PADDED} rows to be padded, got {len(y)}"
            )
        filling = PADDED - len(y) if padded else 0
        for name, part in MODALITIES.items():
            x = _matrix(parts[part], part, dialogue, len(y), WIDTHS[name])
            if features[name] and x.shape[1] != features[name][0].shape[1]:
                raise ValueError(
                    f"{part}[{dialogue!r}] must have {features[name][0].shape[1]} columns as the"
                    f" others, got {x.shape[1]}"
                )
            features[name].append(np.pad(x, ((0, filling), (0, 0))))
        labels.append(np.pad(y, (0, filling)))
        masks.append(np.arange(len(y) + filling) < len(y))
    joined = {name: np.concatenate(x) for name, x in features.items()}
    return joined, np.concatenate(labels), np.concatenate(masks)


def _labels(part: dict[Any, Any], dialogue: str) -> np.ndarray:
    where = f"videoLabels[{dialogue!r}]"
    if dialogue not in part:
        raise ValueError(f"videoLabels must have every dialogue, got none for {dialogue!r}")
    try:
        y = np.asarray(part[dialogue])
    except ValueError:
        raise ValueError(f"{where} must be a list of labels, got a ragged one") from None
    if y.ndim != 1 or len(y) == 0 or y.dtype.kind not in "iu":
        raise ValueError(
            f"{where} must be a list of integer labels, got shape {y.shape} of {y.dtype}"
        )
    if y.min() < 0 or y.max() >= CLASSES:
        wrong = y[(y < 0) | (y >= CLASSES)][0]
        raise ValueError(f"{where} must hold labels 0 to {CLASSES - 1}, got {wrong}")
    return y.astype(np.int64)


def _matrix(
    part: dict[Any, Any], name: str, dialogue: str, rows: int, widths: tuple[int, ...]
) -> np.ndarray:
    where = f"{name}[{dialogue!r}]"
    if dialogue not in part:
        raise ValueError(f"{name} must have every dialogue, got none for {dialogue!r}")
    try:
        x = np.asarray(part[dialogue], dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"{where} must be rows of numbers of one length, got something else"
        ) from None
    allowed = " or ".join(map(str, widths))
    if x.ndim != 2 or x.shape[0] != rows or x.shape[1] not in widths:
        raise ValueError(f"{where} must have shape ({rows}, {allowed}), got {x.shape}")
    if not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise ValueError(
            f"{where} must be finite, got {x[row, column]} in row {row}, column {column}"
        )
    return x
