"""The command line: `python -m verify report`, `claims`, `reproduce` and `bound`.

Exit code 0: nothing came out against expectation; 1: a claim expected to be supported was refuted;
2: bad input, with one line that names the argument, what it must be and what it was; 3: the run was
cut short (Ctrl-C, SIGTERM, killed workers, a full disk), with what was computed kept; 4: a fault of the
library, with one line that says where it is.
"""

from __future__ import annotations

import io
import json
import math
import shlex
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand

_INTERRUPTED = 130
"""What typer makes of Ctrl-C, before this module can see it."""

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Is learning from more modalities provably better than from fewer, when, and by how much?",
)


@app.callback()
def _root() -> None:
    """Keep subcommands even while there is one only."""


class _WithNames(TyperCommand):
    """A command whose help lists the entries of tables, read when help is asked for."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options, with the names of data sets, losses and fusion operations."""
        from empirical.datasets.sources import BUNDLED, FORMATS
        from empirical.fusion import OPERATIONS
        from empirical.losses import LOSSES

        data = (*BUNDLED.names, f"a path ending in {' or '.join(FORMATS.names)}")
        names = {"data": data, "loss": LOSSES.names, "fusion": OPERATIONS.names}
        options: list[Any] = list(self.params)
        for option in options:
            if option.name in names:
                option.help = f"one of {', '.join(names[option.name])}"
        super().format_options(ctx, formatter)


@app.command(cls=_WithNames)
def report(
    data: Annotated[
        str,
        typer.Option(help="a bundled data set, or a path"),
    ] = "digits",
    task: Annotated[
        str | None,
        typer.Option(help="classification or regression; by default read off the target"),
    ] = None,
    loss: Annotated[str, typer.Option(help="a loss")] = "least-squares",
    fusion: Annotated[str, typer.Option(help="a fusion operation")] = "concatenation",
    depth: Annotated[
        str, typer.Option(help="ReLU layers of an encoder; 0 for linear encoders")
    ] = "1",
    out: Annotated[str, typer.Option(help="folder for the report and the parts")] = "report",
    trials: Annotated[
        str | None,
        typer.Option(
            help="independent samples per m; by default as many as can support the claims"
        ),
    ] = None,
    m: Annotated[
        str, typer.Option("--m", help="sample sizes, separated by commas")
    ] = "64,256,1024",
    head_m: Annotated[
        str,
        typer.Option("--head-m", help="further sizes at which heads alone are fitted; 0 for none"),
    ] = "8000",
    delta: Annotated[
        str, typer.Option(help="confidence parameters in (0, 1), separated by commas")
    ] = "0.1,0.05",
    pair: Annotated[
        list[str] | None,
        typer.Option(
            help="compare M with N, as text+audio:text; may be repeated; by default every single"
            " modality and one chain"
        ),
    ] = None,
    seed: Annotated[str, typer.Option(help="the same seed gives the same numbers")] = "0",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    resume: Annotated[
        bool,
        typer.Option("--resume", help="continue what was cut, reopen what is finished"),
    ] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(help="compute on the dask cluster at this address, as tcp://10.0.0.1:8786"),
    ] = None,
) -> None:
    """Train, measure, compare with the bounds, and write report.html and report.json."""
    began = time.monotonic()
    from empirical import datasets
    from verify.execution.cluster import connect
    from verify.execution.folder import check_writable
    from verify.report import DATA, PAGE, write_report
    from verify.study import Study

    # The names are checked by the study itself, whatever the annotation says.
    settings: dict[str, Any] = {"loss": loss, "device": device, "fusion": fusion}
    study = Study(
        datasets.by_name(data, task),
        pairs=[_pair(text) for text in pair] if pair else None,
        m=_list("m", m, int, "positive integers separated by commas"),
        head_m=[]
        if head_m.strip() == "0"
        else _list("head_m", head_m, int, "positive integers separated by commas, or 0"),
        delta=_list("delta", delta, float, "numbers in (0, 1) separated by commas"),
        trials=None if trials is None else _one("trials", trials, "a positive integer"),
        seed=_one("seed", seed, "a nonnegative integer"),
        depth=_one("depth", depth, "an integer of at least 0"),
        **settings,
    )
    with nullcontext() if scheduler is None else connect(scheduler) as client:
        # Reopening a finished study writes no part, but the report is written in any case.
        check_writable(out, PAGE, DATA)
        results = study.run(out, resume=resume, progress=True, client=client)
    page = write_report(results, Path(out), command=_repeat(sys.argv[1:]))
    document = json.loads(page.with_name("report.json").read_text(encoding="utf-8"))
    answer = document["answer"]
    print("\n".join(filter(None, (answer["pointer"], answer["headline"]))))
    for claim in document["claims"]:
        decided = claim["decided_by"]
        line = (
            f"  {claim['title']:<28} {claim['verdict']:<10} {decided['violations']} of"
            f" {decided['trials']} violated, level {decided['level']:g}"
        )
        if claim["verdict"] == "undecided":
            line += f"; {document['enough']} trials without violation would decide"
        print(line)
    elapsed = time.monotonic() - began
    print(f"{page} and {page.with_name('report.json')}, {elapsed:.0f} s")
    if any(claim["verdict"] == "refuted" for claim in document["claims"]):
        raise typer.Exit(1)


@app.command()
def claims(
    seed: Annotated[str, typer.Option(help="the same seed gives the same numbers")] = "0",
    out: Annotated[str, typer.Option(help="folder for claims.html and claims.json")] = "claims",
) -> None:
    """Put every claim, true or planted, to its checks, and write claims.html and claims.json."""
    began = time.monotonic()
    from verify.claims.ledger import CLAIMS
    from verify.claims.report import page
    from verify.claims.report import terminal as text
    from verify.claims.report.document import document
    from verify.claims.run import decide
    from verify.execution.folder import check_writable

    number = _one("seed", seed, "a nonnegative integer")
    check_writable(out, page.PAGE, page.DATA)
    decided = decide(CLAIMS, number, progress=True)
    seconds = time.monotonic() - began
    content = document(decided, seed=number, seconds=seconds, command=_repeat(sys.argv[1:]))
    written = page.write(content, Path(out))
    print(text.table(content))
    print(f"\n{content['answer']['headline']}")
    print(f"{written} and {written.with_name(page.DATA)}, {seconds:.0f} s")
    if not content["answer"]["as_expected"]:
        print("against expectation: " + ", ".join(content["answer"]["unexpected"]))
        raise typer.Exit(1)


@app.command()
def bound(
    key: Annotated[str, typer.Argument(help="a theorem, such as risk_gap.paper")],
    arguments: Annotated[
        list[str] | None, typer.Argument(help="its arguments, as NAME=NUMBER")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Evaluate one bound and print every term of it."""
    from bounds import catalogue

    theorem = catalogue.find(key)
    given: dict[str, float] = {}
    for item in arguments or []:
        name, equals, text = (part.strip() for part in item.partition("="))
        if not equals:
            raise ValueError(f"arguments must have the form NAME=NUMBER, got {item!r}")
        if name in given:
            raise ValueError(f"{name} must be given once, got it twice")
        try:
            given[name] = int(text) if text.isdecimal() else float(text)
        except ValueError:
            raise ValueError(f"{name} must be a number, got {text!r}") from None
    value = theorem.evaluate(**given)
    content = {
        "theorem": theorem.key,
        "title": theorem.title,
        "reference": theorem.reference,
        "arguments": {name: _finite(number) for name, number in given.items()},
        "terms": {name: _finite(term) for name, term in value.terms.items()},
        "total": _finite(value.total),
        "dominant": value.dominant,
        "vacuous": value.vacuous,
        "failure_probability": _finite(value.failure_probability),
    }
    if as_json:
        print(json.dumps(content, indent=1, ensure_ascii=False))
        return
    print(f"{theorem.title} ({theorem.reference})")
    for name, term in value.terms.items():
        print(f"  {name:<22}{float(term):>14.6g}")
    print(f"  {'total':<22}{float(value.total):>14.6g}")
    vacuous = "unknown (C was not given)" if value.vacuous is None else _yes(bool(value.vacuous))
    print(f"dominant term: {value.dominant}; vacuous: {vacuous}")
    failure = float(value.failure_probability)
    if failure == 0 and theorem.failure_probability != 0:
        failure = math.ulp(0.0)  # half of the least float is none
    # Six digits would round the rest of a small one away.
    chance = f"1 - {failure:.3g}" if 0 < failure < 1e-5 else f"{1 - failure:.6g}"
    print(f"holds with probability at least {chance}")


@app.command()
def reproduce(
    table: Annotated[str, typer.Argument(help="table1, table2, table3, table4 or all")] = "all",
    iemocap: Annotated[
        str | None,
        typer.Option(help="your IEMOCAP_features_raw.pkl, or an .npz of the same features"),
    ] = None,
    padded: Annotated[
        bool,
        typer.Option("--padded", help="pad IEMOCAP dialogues to 110 rows, as the paper seems to"),
    ] = False,
    data: Annotated[
        str | None,
        typer.Option(help="run tables 1 to 3 on other data, named as for report"),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="classification, if the target of --data does not say so itself"),
    ] = None,
    seeds: Annotated[str, typer.Option(help="trainings per cell of tables 1 to 3")] = "5",
    epochs: Annotated[str, typer.Option(help="epochs of tables 1 to 3")] = "10",
    seed: Annotated[str, typer.Option(help="the same seed gives the same numbers")] = "0",
    out: Annotated[str, typer.Option(help="folder for tableN.html and tableN.json")] = "reproduce",
) -> None:
    """Measure the paper's tables again, beside its numbers where they can be compared."""
    from verify.reproduce.run import reproduce as measure

    documents = measure(
        table,
        out=out,
        seed=_one("seed", seed, "a nonnegative integer"),
        iemocap=iemocap,
        padded=padded,
        data=data,
        task=task,
        seeds=_one("seeds", seeds, "a positive integer"),
        epochs=_one("epochs", epochs, "a positive integer"),
        command=_repeat(sys.argv[1:]),
    )
    if any(document["data"]["how_to_get"] for document in documents):
        print(next(d["data"]["how_to_get"] for d in documents if d["data"]["how_to_get"]))
    for document in documents:
        print(document["answer"]["headline"])
        for sentence in document["answer"]["sentences"]:
            print(f"  {sentence}")
        page = Path(out) / f"table{document['table']}.html"
        print(f"{page} and {page.with_suffix('.json')}, {document['seconds']:.0f} s")
    if not all(document["answer"]["agrees"] for document in documents):
        raise typer.Exit(1)


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
    except (OSError, MemoryError, _workers_lost()) as error:
        what = str(error) or type(error).__name__
        if isinstance(error, OSError) and error.strerror:
            what = error.strerror + (f": {error.filename}" if error.filename else "")
        _stop(3, f"{what}; {_kept(given)}")
    except Exception as error:
        _stop(4, _fault(error))
    sys.exit(code if isinstance(code, int) else 0)


def _run(given: Sequence[str]) -> Any:
    try:
        code = app(args=list(given), prog_name="python -m verify", standalone_mode=False)
    except SystemExit as error:
        # The framework exits with 1 where a reader is gone; here 1 is a verdict.
        if isinstance(error.__context__, BrokenPipeError):
            raise OSError("the output was closed before its end") from None
        raise
    if code == _INTERRUPTED:
        raise KeyboardInterrupt
    return code


def _prepare_streams() -> None:
    """Characters that a terminal or a file cannot encode become `?`; a result is not lost over them."""
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

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread alone
        return
    names = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # A signal that was ignored on purpose, as nohup does with SIGHUP, stays ignored.
    heard = [each for each in names if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, interrupt) for each in heard}
    try:
        yield
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
    print("error: " + " ".join(message.split()), file=sys.stderr)
    sys.exit(code)


def _kept(given: Sequence[str]) -> str:
    """What to do after a cut; only a report is measured in parts that can be resumed."""
    if given[0] != "report":
        return f"start again with: {_repeat(given)}"
    again = [*given, *(() if "--resume" in given else ("--resume",))]
    return f"finished parts are kept, continue with: {_repeat(again)}"


def _workers_lost() -> type[BaseException]:
    from verify.execution.workers import WorkersLostError

    return WorkersLostError


def _one(name: str, text: str, must: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{name} must be {must}, got {text!r}") from None


def _list(name: str, text: str, kind: type, must: str) -> list[Any]:
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"{name} must be {must}, got {text!r}") from None


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


def _pair(text: str) -> tuple[list[str], list[str]]:
    M, colon, N = text.partition(":")
    if not colon or ":" in N:
        raise ValueError(f"pair must have the form M:N, as text+audio:text, got {text!r}")
    return M.split("+"), N.split("+")


def _repeat(arguments: Sequence[str]) -> str:
    return shlex.join(["python", "-m", "verify", *arguments])


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


__all__ = ["app", "main"]
