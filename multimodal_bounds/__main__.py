"""`python -m multimodal_bounds`: the command line, also as the script `multimodal-bounds`."""

from __future__ import annotations

import importlib

from multimodal_bounds.own_packages import first_on_the_path


def main() -> None:
    """Run the command line of `verify`, whatever other `verify` comes first on the path."""
    with first_on_the_path():
        importlib.import_module("verify.cli").main()


if __name__ == "__main__":
    main()
