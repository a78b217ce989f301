"""`explore`: write the bound explorer."""

from __future__ import annotations

from typing import Annotated

import typer

from verify.commands.application import Command, app


@app.command(cls=Command)
def explore(
    out: Annotated[str, typer.Option(help="a file that ends in .html, or a folder")] = ".",
) -> None:
    """Write one page on which every bound can be moved: its curve, its terms, its least sample."""
    from verify.explorer import write

    print(write(out))
