"""Nothing in a pickle runs: only arrays and containers come out, whatever protocol wrote them."""

import builtins
import collections
import io
import pickle
import struct
import subprocess

import numpy as np
import pytest

from empirical.paper.safe_pickle import RefusedError, load


def saved(path, content, protocol=None):
    path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content, protocol))
    return path


class Calls:
    """Pickles into a call of any function."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_and_containers_come_back_equal(tmp_path, protocol):
    objects = np.empty(2, dtype=object)
    objects[0], objects[1] = np.arange(3), "text"
    content = {
        "numbers": [np.arange(6.0).reshape(2, 3), np.float32(0.1), np.int64(-3), np.bool_(True)],
        "columns": np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3)),
        "text": np.array(["ab", "c"]),
        "sets": {1, 2},
        "frozen": frozenset({"x"}),
        "bytes": b"\x00\xff",
        "nothing": (None, 1.5, True),
        "empty": np.zeros((0, 4)),
    }
    found = load(saved(tmp_path / "f.pkl", content, protocol))
    assert list(found) == list(content)
    assert np.array_equal(found["numbers"][0], content["numbers"][0])
    assert found["numbers"][1:] == content["numbers"][1:]
    assert np.array_equal(found["columns"], content["columns"])
    assert found["columns"].dtype.isnative
    assert found["text"].tolist() == ["ab", "c"]
    assert found["empty"].shape == (0, 4)
    for key in ("sets", "frozen", "bytes", "nothing"):
        assert found[key] == content[key]
    inner = load(saved(tmp_path / "o.pkl", objects, protocol))
    assert inner[0].tolist() == [0, 1, 2]
    assert inner[1] == "text"


def test_python_2_arrays_are_read_as_latin_1(tmp_path):
    # Protocol 2 as Python 2 wrote it: module numpy.core.multiarray, the raw bytes as a str (U).
    raw = struct.pack("<2d", 1.5, -2.0)
    dtype = b"cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    body = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x02\x85" + dtype + b"\x89U" + bytes([len(raw)]) + raw + b"tb."
    )
    assert load(saved(tmp_path / "py2.pkl", body)).tolist() == [1.5, -2.0]


@pytest.mark.parametrize(
    "call",
    [
        Calls(builtins.eval, "open(PATH, 'w')"),
        Calls(builtins.exec, "open(PATH, 'w')"),
        Calls(builtins.open, "PATH", "w"),
        Calls(builtins.getattr, "text", "upper"),
        Calls(subprocess.check_call, ["touch", "PATH"]),
        Calls(np.load, "PATH", None, True),
        Calls(np.frombuffer, b"12345678"),
        Calls(collections.Counter, "aab"),
        Calls(collections.defaultdict, list),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_calls_are_refused_and_not_run(tmp_path, call, protocol):
    path = str(tmp_path / "written")
    call = Calls(call.function, *_named(call.arguments, path))
    content = pickle.dumps({"harmless": [1, 2], "late": [call]}, protocol)
    with pytest.raises(RefusedError, match="^must hold arrays .* which was not run$"):
        load(saved(tmp_path / "evil.pkl", content))
    assert not (tmp_path / "written").exists()


def _named(value, path):
    if isinstance(value, str):
        return value.replace("PATH", path)
    if isinstance(value, (list, tuple)):
        return type(value)(_named(item, path) for item in value)
    return value


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02cbuiltins\nset\n}X\x01\x00\x00\x00aK\x01sb.",  # BUILD on an admitted function
        b"\x80\x02cnumpy\ndtype\nX\x02\x00\x00\x00V8\x85R.",  # a void type
        b"\x80\x02cnumpy\ndtype\nX\x02\x00\x00\x00f8\x85R(K\x03X\x01\x00\x00\x00<K\x01NNtb.",
        b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R.",
        b"\x80\x02X\x01\x00\x00\x00aQ.",  # a persistent id
        b"\x80\x02cnumpy\nndarray\n.",  # a function as the result
        b"(I0\niposix\nsystem\n.",  # INST
    ],
)
def test_tricks_are_refused(tmp_path, content):
    with pytest.raises(RefusedError, match="^must "):
        load(saved(tmp_path / "trick.pkl", content))


def test_a_lying_object_array_does_not_become_pointers(tmp_path):
    # numpy's own __setstate__ can be talked into reading raw bytes as object pointers.
    stream = io.BytesIO()
    stream.write(
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    )
    stream.write(
        b"(K\x01K\x01\x85cnumpy\ndtype\nU\x02O8K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xff"
    )
    stream.write(b"J\xff\xff\xff\xffK\x00tb\x89U\x08AAAAAAAAtb.")
    # The eight bytes are taken as eight objects, which do not fit the shape.
    with pytest.raises(ValueError, match="^must be an intact pickle"):
        load(saved(tmp_path / "lie.pkl", stream.getvalue()))


def test_every_truncation_is_one_clear_line(tmp_path):
    whole = pickle.dumps({"a": [np.arange(3.0)], "b": ({1}, "x")}, 2)
    for length in range(len(whole)):
        with pytest.raises(ValueError, match="^must ") as caught:
            load(saved(tmp_path / "cut.pkl", whole[:length]))
        assert "\n" not in str(caught.value)


def test_missing_folder_and_deep_nesting(tmp_path):
    with pytest.raises(
        ValueError, match="^must be an existing file, got a path where there is none$"
    ):
        load(tmp_path / "none.pkl")
    with pytest.raises(ValueError, match="no regular file"):
        load(tmp_path)
    nested = []
    for _ in range(30):
        nested = [nested]
    with pytest.raises(ValueError, match="at most 20 deep"):
        load(saved(tmp_path / "deep.pkl", nested))


def test_shared_references_cannot_make_a_huge_object(tmp_path):
    """A list of ten times one list, ten deep: 10 billion items in a few hundred bytes."""
    inner = list(range(10))
    for _ in range(10):
        inner = [inner] * 10
    path = saved(tmp_path / "shared.pkl", inner)
    with pytest.raises(ValueError, match="must hold at most 1,000,000 items, got more"):
        load(path)
    shared = [np.ones(1000)] * 10_000
    with pytest.raises(ValueError, match="must hold at most 1,000,000 items, got more"):
        load(saved(tmp_path / "arrays.pkl", {"a": shared}))


def test_an_object_that_is_shared_is_converted_once(tmp_path):
    row = np.arange(3.0)
    loaded = load(saved(tmp_path / "shared.pkl", [row, row]))
    assert loaded[0] is loaded[1]
    assert np.array_equal(loaded[0], row)


@pytest.mark.parametrize("kind", [b"bytes", b"bytearray"])
def test_empty_memory_is_not_made_to_order(tmp_path, kind):
    path = tmp_path / "zeros.pkl"
    path.write_bytes(b"c__builtin__\n" + kind + b"\n(I4000000000\ntR.")
    with pytest.raises(ValueError, match="got an order for empty memory"):
        load(path)
