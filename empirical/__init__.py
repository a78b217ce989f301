"""What is measured: data sets, populations, fusion classes, and every quantity with an interval."""

from bounds.on_first_use import on_first_use

__getattr__, __dir__ = on_first_use(
    __name__,
    modules=(
        "complexity",
        "datasets",
        "erm",
        "fusion",
        "heads",
        "losses",
        "measure",
        "observations",
        "paper",
        "quality",
        "statistics",
        "worlds",
    ),
)
