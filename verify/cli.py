"""The command line: `python -m verify decide`, `report`, `claims`, `reproduce`, `bound` and `list`.

Exit code 0: nothing came out against expectation; 1: a claim expected to be supported was refuted;
2: bad input, with one line that names the argument, what it must be and what it was; 3: the run was
cut short (Ctrl-C, SIGTERM, killed workers, a full disk), with what was computed kept; 4: a fault of the
library, with one line that says where it is.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

import typer

from bounds.characters import printable
from verify.commands import bound, claims, decide, explore, listing, report, reproduce
from verify.commands.application import app
from verify.commands.text import again

COMMANDS = (decide, report, claims, bound, explore, reproduce, listing)
"""The modules of the commands: each adds itself to the application when it is imported."""

_SCRIPT, _COMPLETE = "multimodal-bounds", "_MULTIMODAL_BOUNDS_COMPLETE"
_INTERRUPTED = 130
"""What typer makes of Ctrl-C, before this module can see it."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    _prepare_streams()
    try:
        _check_encodable(given)
        with _ended_by_signals():
            code = _run(given)
    except ValueError as error:
        _stop(2, str(error))
    except typer.TyperException as error:
        _stop(2, error.format_message() if hasattr(error, "format_message") else str(error))
    except (KeyboardInterrupt, typer.Abort):
        _stop(3, f"interrupted; {_kept(given)}")
    except _cut_short() as error:
        what = str(error) or type(error).__name__
        if isinstance(error, OSError) and error.strerror:
            what = error.strerror + (f": {error.filename}" if error.filename else "")
        _stop(3, f"{what}; {_kept(given)}")
    except Exception as error:
        _stop(4, _fault(error))
    sys.exit(code if isinstance(code, int) else 0)


def _run(given: Sequence[str]) -> Any:
    try:
        code = app(
            args=list(given),
            prog_name=_program(given),
            complete_var=_COMPLETE,
            standalone_mode=False,
        )
    except SystemExit as error:
        # The framework exits with 1 where a reader is gone; here 1 is a verdict.
        if isinstance(error.__context__, BrokenPipeError):
            raise OSError("the output was closed before its end") from None
        raise
    if code == _INTERRUPTED:
        raise KeyboardInterrupt
    return code


def _program(given: Sequence[str]) -> str:
    """How the command line is called; a shell completes the installed script alone."""
    asked = any(word.startswith(("--install-completion", "--show-completion")) for word in given)
    as_script = Path(sys.argv[0]).stem == _SCRIPT
    return _SCRIPT if asked or as_script or _COMPLETE in os.environ else "python -m verify"


def _prepare_streams() -> None:
    """Characters that a terminal or a file cannot encode become `?`; a result is not lost over them.

    A stream that is closed before the start becomes one that leads nowhere.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            # The lowest free number is taken, and a process that is started has it too.
            place = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(place, place == number)
            setattr(sys, name, os.fdopen(place, "w" if number else "r", encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _check_encodable(given: Sequence[str]) -> None:
    """Refuse names that no page could hold, before anything is measured."""
    for text in given:
        try:
            text.encode()
        except UnicodeEncodeError:
            shown = text.encode(errors="replace").decode()
            raise ValueError(f"arguments must be valid UTF-8, got {shown!r}") from None


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end a run as Ctrl-C does: what was computed is kept."""
    told: list[int] = []

    def interrupt(number: int, _: object) -> NoReturn:
        told.append(number)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread alone
        return
    every = ("SIGINT", "SIGTERM", "SIGHUP")
    names = [getattr(signal, name) for name in every if hasattr(signal, name)]
    # A signal that was ignored on purpose, as nohup does with SIGHUP, stays ignored.
    heard = [each for each in names if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, interrupt) for each in heard}
    try:
        yield
    except Exception:
        # A library written in C makes another error of one that is raised in the midst of it.
        if told:
            raise KeyboardInterrupt from None
        raise
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _fault(error: Exception) -> str:
    """Where an unexpected exception was raised, in one line."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}, line {last.lineno}"
    return (
        f"a fault in multimodal-bounds {metadata.version('multimodal-bounds')}:"
        f" {type(error).__name__}: {error} ({where}); please report it with the command"
    )


def _stop(code: int, message: str) -> NoReturn:
    """One line on standard error, whatever the message held."""
    print("error: " + printable(" ".join(message.split())), file=sys.stderr)
    sys.exit(code)


def _kept(given: Sequence[str]) -> str:
    """What to do after a cut; only a report is measured in parts that can be resumed."""
    if given[0] != "report":
        return f"start again with: {again(given)}"
    rest = [word for word in given if word != "--assemble"]
    resumed = [*rest, *(() if "--resume" in rest else ("--resume",))]
    return f"finished parts are kept, continue with: {again(resumed)}"


def _cut_short() -> tuple[type[BaseException], ...]:
    from verify.execution.run import UnfinishedError
    from verify.execution.workers import WorkersLostError

    return OSError, MemoryError, WorkersLostError, UnfinishedError


__all__ = ["COMMANDS", "app", "main"]
