"""The same rows, labels and settings in any form, at any scale: one study, or one line that refuses them."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from empirical import datasets
from empirical.datasets.dataset import from_arrays
from empirical.worlds.population import finite_population
from verify import Study


def made(function: Callable[[], Any]) -> tuple[Any, str]:
    """What a function returns, and the line with which it refused."""
    try:
        return function(), ""
    except ValueError as refusal:
        return None, str(refusal)


ROWS = 12
LABELS = np.arange(ROWS) % 3
OTHER = np.random.default_rng(0).normal(size=(ROWS, 2))

FORMS: dict[str, Any] = {
    "float64": lambda x: x.astype(np.float64),
    "float32": lambda x: x.astype(np.float32),
    "float16": lambda x: x.astype(np.float16),
    "long double": lambda x: x.astype(np.longdouble),
    "int8": lambda x: x.astype(np.int8),
    "int64": lambda x: x.astype(np.int64),
    "big-endian": lambda x: x.astype(">f4"),
    "columns first": lambda x: np.asfortranarray(x),
    "a view": lambda x: np.repeat(np.repeat(x, 2, axis=0), 2, axis=1)[::2, ::2],
    "backwards": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "read-only": lambda x: np.frombuffer(x.astype(float).tobytes()).reshape(x.shape),
    "list": lambda x: x.tolist(),
    "frame": lambda x: pd.DataFrame(x),
    "nullable": lambda x: pd.DataFrame(x).astype("Float64"),
    "nullable integers": lambda x: pd.DataFrame(x).astype("Int64"),
    "Arrow": lambda x: pd.DataFrame(x).astype(pd.ArrowDtype(pa.float64())),
    "Arrow integers": lambda x: pd.DataFrame(x).astype(pd.ArrowDtype(pa.int32())),
    "tensor": lambda x: torch.tensor(x),
    "tensor with gradient": lambda x: torch.tensor(x, dtype=torch.float32, requires_grad=True),
    "bfloat16": lambda x: torch.tensor(x).to(torch.bfloat16),
    "tensor of integers": lambda x: torch.tensor(x).to(torch.int16),
}

columns = st.lists(
    st.lists(st.integers(-16, 16), min_size=ROWS, max_size=ROWS).filter(lambda c: len(set(c)) > 1),
    min_size=1,
    max_size=3,
)


@settings(max_examples=25, deadline=None)
@given(columns)
def test_the_same_numbers_in_any_form_are_the_same_population(values: list[list[int]]) -> None:
    """Integers up to 16, which every one of the types holds exactly."""
    x = np.array(values, dtype=float).T
    plain = finite_population(from_arrays({"a": x, "b": OTHER}, LABELS)).fingerprint()
    for name, form in FORMS.items():
        given_ = form(x)
        assert (
            finite_population(from_arrays({"a": given_, "b": OTHER}, LABELS)).fingerprint() == plain
        ), name


@settings(max_examples=60, deadline=None)
@given(columns, st.integers(-990, 990))
def test_a_scale_that_is_a_power_of_two_changes_no_digit(
    values: list[list[int]], exponent: int
) -> None:
    """From 1e-298 to 1e298. Smaller numbers lose digits on the way in, larger ones become infinite."""
    x = np.array(values, dtype=float).T
    plain = finite_population(from_arrays({"a": x, "b": OTHER}, LABELS))
    scaled = finite_population(from_arrays({"a": np.ldexp(x, exponent), "b": OTHER}, LABELS))
    assert scaled.fingerprint() == plain.fingerprint()


@settings(max_examples=60, deadline=None)
@given(columns, st.integers(-300, 300), st.integers(-9, 9), st.booleans())
def test_scales_and_offsets_are_taken_out_or_refused(
    values: list[list[int]], decade: int, offset: int, negative: bool
) -> None:
    """An offset of 10^9 spreads leaves seven digits of a column."""
    x = np.array(values, dtype=float).T
    spread = np.ptp(x, axis=0)
    plain = finite_population(from_arrays({"a": x, "b": OTHER}, LABELS))
    with np.errstate(over="ignore"):
        moved = (x + (-1) ** negative * spread * 10.0**offset) * 10.0**decade
    found, refusal = made(lambda: finite_population(from_arrays({"a": moved, "b": OTHER}, LABELS)))
    if refusal:
        assert "must" in refusal
        assert "\n" not in refusal
        assert abs(decade + max(offset, 0)) > 295, "the numbers are ordinary ones"
        return
    assert all(bool(torch.isfinite(each).all()) for each in found.inputs)
    torch.testing.assert_close(found.inputs[0], plain.inputs[0], rtol=0, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=6, max_size=20).filter(lambda y: len(set(y)) > 1))
def test_labels_of_any_type_are_the_same_classes(y: list[int]) -> None:
    codes = np.unique(y, return_inverse=True)[1]
    text = np.array(["a", "b", "ç", "日"])[y]
    forms = [
        *(np.array(y, dtype=t) for t in ("int8", "uint64", "int64", ">i4")),
        *(pd.Series(y, dtype=t) for t in ("Int8", "UInt64", "category", "int64[pyarrow]")),
        *(
            text,
            text.astype(object),
            text.tolist(),
            pd.Series(text),
            pd.Series(text, dtype="string"),
        ),
        *(pd.Series(text, dtype="string[pyarrow]"), pd.Series(text, dtype="category")),
        *(torch.tensor(y), torch.tensor(y, dtype=torch.uint8), np.array(y)[:, None].ravel()),
    ]
    rows = {"a": np.arange(len(y))[:, None], "b": np.arange(len(y))[:, None] ** 2}
    for form in forms:
        data = from_arrays(rows, form)
        assert data.task == "classification", form
        assert np.array_equal(data.target, codes), form


NUMBERS: dict[str, tuple[Any, ...]] = {
    "encoder_radius": (2, 2.0, np.float32(2), np.int64(2), torch.tensor(2.0), np.array(2.0)),
    "head_radius": (1.5, np.float32(1.5), np.float64(1.5), torch.tensor(1.5)),
    "steps": (3, np.int8(3), 3.0, np.uint64(3), torch.tensor(3), np.array(3)),
    "learning_rate": (0.5, np.float16(0.5), torch.tensor(0.5)),
    "seed": (7, np.int32(7), 7.0, torch.tensor(7)),
    "width": (4, np.int64(4), 4.0),
    "depth": (1, np.int64(1), True, 1.0),
    "m": ([8, 16], (16, 8), np.array([8, 16]), {8, 16}, torch.tensor([8, 16]), [8.0, np.int8(16)]),
    "delta": ([0.25], 0.25, np.float32(0.25), np.array([0.25]), torch.tensor([0.25])),
}


def study_with(name: str, value: Any) -> Study:
    return Study(datasets.diabetes(), **{"trials": 2, name: value})


@pytest.mark.parametrize("name", NUMBERS)
def test_a_setting_in_any_form_is_one_identity_or_refused(name: str) -> None:
    """What a form means must not depend on whether a run gets as far as writing JSON."""
    first = study_with(name, NUMBERS[name][0])
    for value in NUMBERS[name]:
        study, refusal = made(partial(study_with, name, value))
        if refusal:
            assert refusal.startswith(f"{name} must "), refusal
            continue
        assert study.fingerprint == first.fingerprint, repr(value)
        assert study.delta == first.delta, repr(value)


@pytest.mark.parametrize(
    "value", ["3", "", None, float("nan"), float("inf"), 10**400, 1j, [[1]], b"3"]
)
@pytest.mark.parametrize("name", ["encoder_radius", "steps", "seed", "m", "delta", "trials"])
def test_a_setting_that_is_no_number_is_refused_by_name(name: str, value: object) -> None:
    if value is None and name in ("trials",):
        return  # None is the default
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=f"^{name} must ") as caught:
            study_with(name, value)
    assert "\n" not in str(caught.value)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=8).filter(lambda name: name != "b"))
def test_a_name_in_any_encoding_is_kept_or_refused(name: str) -> None:
    data, refusal = made(lambda: from_arrays({name: OTHER, "b": OTHER}, LABELS, name=name))
    if refusal:
        assert "modality name" in refusal
        refusal.encode()  # it can be printed
        return
    assert data.names[0] == name
    name.encode()
