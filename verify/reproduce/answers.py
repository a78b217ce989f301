"""What each table says, in words. Every number in a sentence is one of the document's own."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]
Cell = dict[str, Any]


def table4(document: Document) -> dict[str, Any]:
    """Headline and sentences about both constructions.

    ``agrees``: whether every cell of the mixing construction does, on which the exit code rests.
    """
    cells, config = document["cells"], document["config"]
    mixing = [c for c in cells if c["construction"] == "mixing"]
    copied = [c for c in cells if c["construction"] == "copied"]
    good = [c for c in mixing if c["agrees"]]
    apart = [c for c in copied if not c["agrees"]]
    zs = [abs(c["z"]) for c in mixing if c["z"] is not None]
    off = [abs(c["measured"] / c["finite_sample"] - 1) for c in mixing if c["closed_form"]]
    zeros = [c["measured"] for c in mixing if not c["closed_form"]]
    network = [abs(c["network_over_least_squares"] - 1) for c in mixing if c["closed_form"]]
    network_zero = max(c["measured_network"] for c in mixing if not c["closed_form"])
    agrees = len(good) == len(mixing)
    headline = (
        f"Mixing reproduces the paper’s Table 4: all {len(mixing)} cells agree."
        if agrees
        else f"{len(good)} of {len(mixing)} cells of the mixing construction agree with the paper’s"
        " Table 4."
    )
    between = sorted({c["overlap"] for c in apart}, reverse=True)
    sentences = [
        f"A cell agrees when |z| is at most {config['z_limit']:g} with the combined spread and least"
        f" squares lies within {100 * config['closed_form_limit']:g} % of its closed form for"
        f" {config['train_rows']:,} rows; the largest |z| is {max(zs):.2f}, the largest distance"
        f" {100 * max(off):.1f} %. Where the closed form is 0, least squares must reach"
        f" {config['zero_limit']:g}, and the largest error is {max(zeros):.1e}.",
        f"The popular description does not reproduce it: with copied coordinates"
        f" {len(apart)} of {len(copied)} cells are off by the factor 1/(1 − ρ): "
        + "; ".join(_factors(apart, overlap) for overlap in between)
        + ". At overlap 0 and 1 the two constructions are the same world.",
        "A trained linear network (encoder per modality, concatenation, head) ends within"
        f" {100 * max(network):.1f} % of least squares on the same draws, and at"
        f" {network_zero:.1e} at most where the closed form is 0, which prints as"
        f" {network_zero:.2f}.",
        "γ and η below are exact, for every subset and every pair. Among nested pairs no γ is"
        " positive, as the linear case promises when the latent space is full. More overlap is not"
        f" always better: {_not_monotone(document['quality'])}.",
    ]
    return {"headline": headline, "sentences": sentences, "agrees": agrees}


def _not_monotone(quality: list[dict[str, Any]]) -> str:
    """Where η rises although the overlap does: the largest such rise of the mixing construction."""
    mixing = next(q for q in quality if q["construction"] == "mixing")
    rise, M, more, less = max(
        (line["eta"][i] - line["eta"][i + 1], line["M"], i, i + 1)
        for line in mixing["eta"]
        for i in range(len(mixing["overlap"]) - 1)
    )
    assert rise > 0
    eta = next(line["eta"] for line in mixing["eta"] if line["M"] == M)
    return (
        f"with mixing, η({{{M}}}) is {eta[less]:.1f} at overlap {mixing['overlap'][less]:g} and"
        f" {eta[more]:.1f} at {mixing['overlap'][more]:g}"
    )


def _factors(cells: list[Cell], overlap: float) -> str:
    factors = [c["factor"] for c in cells if c["overlap"] == overlap]
    return (
        f"at overlap {overlap:g} they are {min(factors):.2f} to {max(factors):.2f} times the"
        f" paper’s, where 1/(1 − ρ) is {1 / (1 - overlap):.2f}"
    )


def table4_differences(document: Document) -> list[str]:
    """Why our cells of the mixing construction are not the paper's digits."""
    config = document["config"]
    largest = max(
        (c for c in document["cells"] if c["construction"] == "mixing" and c["z"] is not None),
        key=lambda c: abs(c["z"]),
    )
    return [
        f"Both sides are averages over random draws. On {config['test_rows']:,} test rows a mean"
        f" squared error has a standard deviation of √(2/{config['test_rows']}) ="
        f" {100 * (2 / config['test_rows']) ** 0.5:.1f} % of itself; the paper’s spreads are of that"
        " size.",
        "The paper’s cells lie above the population’s error because a fit on 7,000 rows pays"
        " D/(m − D − 1), D the rank of its features: 1.4 % for one modality, 4.5 % for three. The"
        " closed form for a finite sample has that factor.",
        f"The cell farthest from the paper’s is M = {{{largest['M']}}} at overlap"
        f" {largest['overlap']:g}: {largest['measured']:.2f} against {largest['paper']:.2f},"
        f" z = {largest['z']:.2f}, within what chance does among so many cells.",
        "The zeros of the paper are rounded to two decimals; ours are rounding errors of"
        " arithmetic in double precision.",
        "The paper does not say how its network was trained in a way that would let us repeat it;"
        " ours is linear, because its zeros and its D/(m − D − 1) are those of a linear fit.",
    ]
