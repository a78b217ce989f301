"""The application to which each command adds itself."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Is learning from more modalities provably better than from fewer, when, and by how much?",
)


@app.callback()
def _root() -> None:
    """Keep subcommands even while there is one only."""


class WithNames(TyperCommand):
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
