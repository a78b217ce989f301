"""Tables of named entries."""

from dataclasses import dataclass

import pytest

from bounds.table import Table


@dataclass(frozen=True)
class Colour:
    name: str


RED, BLUE = Colour("red"), Colour("blue")


def test_entries_are_found_by_name_and_stand_for_themselves():
    table = Table("colour", [RED, BLUE])
    assert table.names == ("red", "blue")
    assert table.find("blue") is BLUE
    assert table.find(Colour("green")) == Colour("green")
    assert list(table) == [RED, BLUE]
    assert len(table) == 2


@pytest.mark.parametrize("wrong", ["green", 3, None])
def test_another_choice_is_refused_with_the_names(wrong):
    message = f"colour must be one of red, blue, got {wrong!r}"
    with pytest.raises(ValueError, match=message):
        Table("colour", [RED, BLUE]).find(wrong)


def test_a_name_is_taken_once():
    with pytest.raises(ValueError, match="colour must have a name of its own, got 'red'"):
        Table("colour", [RED, Colour("red")])


def test_further_entries_leave_with_the_block():
    table = Table("colour", [RED])
    with table.including(BLUE):
        assert table.names == ("red", "blue")
    assert table.names == ("red",)
