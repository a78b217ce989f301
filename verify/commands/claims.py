"""`claims`: put every claim of the ledger to its checks."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from verify.commands.application import Command, app
from verify.commands.text import again, one_integer


@app.command(cls=Command, short_help="Put every claim of the ledger to its checks.")
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

    number = one_integer("seed", seed, "a nonnegative integer")
    check_writable(out, page.PAGE, page.DATA)
    decided = decide(CLAIMS, number, progress=True)
    seconds = time.monotonic() - began
    content = document(decided, seed=number, seconds=seconds, command=again(sys.argv[1:]))
    written = page.write(content, Path(out))
    print(text.table(content))
    print(f"\n{content['answer']['headline']}")
    print(f"{written} and {written.with_name(page.DATA)}, {seconds:.0f} s")
    if not content["answer"]["as_expected"]:
        print("against expectation: " + ", ".join(content["answer"]["unexpected"]))
        raise typer.Exit(1)
