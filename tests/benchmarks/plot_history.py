r"""Draw a history of benchmarks: one panel for each of them, one line for each figure.

    python tests/benchmarks/plot_history.py docs/benchmarks.jsonl docs/benchmarks.svg train_models \
        rademacher_draws --figures "^m = [0-9]+: (compiled|torch)$|^linear|ball"

A run has its commit below it. Runs on different processors have different markers, and are not joined.
"""

from __future__ import annotations

import argparse
import re
from itertools import cycle
from pathlib import Path
from typing import Any

import history
import matplotlib as mpl
from matplotlib.figure import Figure


def draw(runs: list[dict[str, Any]], names: list[str], pattern: str = "") -> Figure:
    """One panel for each benchmark of that name; all of them if no name is given.

    Raises
    ------
    ValueError
        If a benchmark has no run.
    """
    there = list(dict.fromkeys(run["benchmark"] for run in runs))
    missing = [name for name in names if name not in there]
    if missing or not there:
        raise ValueError(f"benchmarks must have runs in the history, got {missing or 'no run'}")
    chosen = names or there
    figure = Figure(figsize=(8, 3.6 * len(chosen)), layout="constrained")
    panels = figure.subplots(len(chosen), squeeze=False)[:, 0]
    for panel, name in zip(panels, chosen, strict=True):
        mine = [
            {**run, "figures": {k: v for k, v in run["figures"].items() if re.search(pattern, k)}}
            for run in runs
            if run["benchmark"] == name
        ]
        _lines(panel, mine)
        panel.set_title(name)
        panel.set_xticks(range(len(mine)), [_label(run) for run in mine])
    return figure


def _lines(panel: Any, runs: list[dict[str, Any]]) -> None:
    processors = list(dict.fromkeys(_processor(run) for run in runs))
    markers = dict(zip(processors, cycle("os^Dv"), strict=False))
    figures = list(dict.fromkeys(name for run in runs for name in run["figures"]))
    for number, figure in enumerate(figures):
        for processor in processors:
            points = [
                (place, run["figures"][figure])
                for place, run in enumerate(runs)
                if _processor(run) == processor and figure in run["figures"]
            ]
            label = figure if processor == processors[0] else None
            colour = f"C{number % 10}"
            panel.plot(*zip(*points, strict=True), markers[processor] + "-", c=colour, label=label)
    values = [value for run in runs for value in run["figures"].values()]
    if values and min(values) > 0 and max(values) > 10 * min(values):
        panel.set_yscale("log")
        panel.yaxis.set_major_formatter("{x:g}")
        panel.yaxis.set_minor_formatter("")
    panel.set_xlim(-0.5, len(runs) - 0.5)
    panel.grid(alpha=0.3, which="both")
    panel.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
    words = [f"{marker} {name}" for name, marker in markers.items()]
    panel.set_xlabel("commit    (" + ", ".join(words) + ")", fontsize=8)


def _processor(run: dict[str, Any]) -> str:
    machine = run.get("machine", {})
    return f"{machine.get('processor')}, {machine.get('instructions')}"


def _label(run: dict[str, Any]) -> str:
    return f"{str(run.get('commit'))[:7]}{'+' if run.get('changed') else ''}\n{run['time'][:10]}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, help="a file of lines as `history.record` writes them")
    parser.add_argument("picture", type=Path, help="the file to write, such as out.svg")
    parser.add_argument("benchmark", nargs="*", help="which; by default all of them")
    parser.add_argument("--figures", default="", help="a pattern of the figures to draw")
    options = parser.parse_args()
    # The same runs give the same file.
    with mpl.rc_context({"svg.hashsalt": "history", "svg.fonttype": "none"}):
        figure = draw(history.read(options.runs), options.benchmark, options.figures)
        plain = {"Date": None} if options.picture.suffix == ".svg" else None
        figure.savefig(options.picture, metadata=plain)


if __name__ == "__main__":
    main()
