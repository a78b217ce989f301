"""The application to which each command adds itself."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

app = typer.Typer(
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Is learning from more modalities provably better than from fewer, when, and by how much?",
)


def _version(asked: bool) -> None:
    if asked:
        print(f"multimodal-bounds {metadata.version('multimodal-bounds')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="print the version"),
    ] = False,
) -> None:
    """Options of the whole command line."""


class Command(TyperCommand):
    """A command that refuses an option given twice, unless it takes a list."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words that follow the command's name."""
        if not ctx.resilient_parsing:
            _, _, given = self.make_parser(ctx).parse_args(args=list(args))
            once: list[Any] = [each for each in given if not getattr(each, "multiple", True)]
            for option in once:
                if (times := once.count(option)) > 1:
                    raise ValueError(f"{option.opts[0]} must be given once, got it {times} times")
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed


def tables() -> dict[str, tuple[str, ...]]:
    """The names that options take from tables, read when help or completion is asked for."""
    from empirical.datasets.sources import BUNDLED
    from empirical.fusion import OPERATIONS
    from empirical.losses import LOSSES

    return {"data": BUNDLED.names, "loss": LOSSES.names, "fusion": OPERATIONS.names}


class WithNames(Command):
    """A command whose help lists the entries of tables."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options, with the names of data sets, losses and fusion operations."""
        from empirical.datasets.sources import FORMATS

        names = tables()
        names["data"] = (*names["data"], f"a path ending in {' or '.join(FORMATS.names)}")
        options: list[Any] = list(self.params)
        for option in options:
            if option.name in names:
                option.help = f"one of {', '.join(names[option.name])}"
        super().format_options(ctx, formatter)


def complete(option: str) -> Any:
    """The completion of an option whose values are entries of a table."""

    def found(incomplete: str) -> list[str]:
        return [name for name in tables()[option] if name.startswith(incomplete)]

    return found


def complete_key(incomplete: str) -> list[tuple[str, str]]:
    """The completion of a theorem's key."""
    from bounds.catalogue import THEOREMS

    return [(each.key, each.title) for each in THEOREMS if each.key.startswith(incomplete)]
