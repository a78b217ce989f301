"""Characters that command a terminal or a browser, and how names that hold them are shown."""

from __future__ import annotations

import re

_COMMANDS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters but tabs and ends of lines
    "\u202a-\u202e\u2066-\u2069"  # what turns the direction of text
    "\ud800-\udfff]"  # halves of characters: no page can hold them
)


def has_commands(text: str) -> bool:
    """Whether a text holds a character that is shown otherwise.

    Examples
    --------
    >>> has_commands("caf\\xe9"), has_commands("red\\x1b[31m")
    (False, True)
    """
    return _COMMANDS.search(text) is not None


def printable(text: str) -> str:
    """The text with a picture in the place of each control character: ␛ for ESC, ␀ for NUL.

    Other characters that command, such as those that turn the direction of text, become �.

    Examples
    --------
    >>> printable("a\\x1b[31mb\\x00")
    'a␛[31mb␀'
    """
    return _COMMANDS.sub(_picture, text)


def _picture(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "�"
