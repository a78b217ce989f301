"""What each table says, in words. Every number in a sentence is one of the document's own."""

from __future__ import annotations

from typing import Any

from verify.report.formats import fixed, plain_number, scientific, signed

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
        f" {plain_number(config['zero_limit'])}, and the largest error is {scientific(max(zeros))}.",
        f"The popular description does not reproduce it: with copied coordinates"
        f" {len(apart)} of {len(copied)} cells are off by the factor 1/(1 − ρ): "
        + "; ".join(_factors(apart, overlap) for overlap in between)
        + ". At overlap 0 and 1 the two constructions are the same world.",
        "A trained linear network (encoder per modality, concatenation, head) ends within"
        f" {100 * max(network):.1f} % of least squares on the same draws, and at"
        f" {scientific(network_zero)} at most where the closed form is 0, which prints as"
        f" {network_zero:.2f}.",
        "γ and η below are exact, for every subset and every pair. Among nested pairs no γ is"
        " positive, as the linear case promises when the latent space is full. More overlap is not"
        f" always better: {_not_monotone(document['quality'])}.",
    ]
    return {"headline": headline, "sentences": sentences, "agrees": agrees}


def table1(document: Document) -> dict[str, Any]:
    """Accuracies in words, beside the paper's only for IEMOCAP features."""
    cells = [c for c in document["cells"] if c["column"] == "accuracy"]
    best = max(cells, key=lambda c: c["measured"])
    listed = ", ".join(f"{c['row']} {_with_spread(c)}" for c in cells[:7])
    sentences = [
        f"Test accuracy, mean ± standard deviation over {document['config']['seeds']} seeds: {listed}"
        + ("." if len(cells) <= 7 else f", and {len(cells) - 7} more subsets below.")
        + f" Best: {best['row']}, {best['measured']:.2f} %."
    ]
    if document["data"]["kind"] == "iemocap":
        return _agreement(document, cells, sentences)
    if document["data"]["kind"] == "user":
        headline, more = _additions(document["criterion"]["rows"])
        n, share = document["config"]["real_test_rows"], best["measured"] / 100
        error = 100 * (share * (1 - share) / n) ** 0.5
        more.append(
            f"The seeds change initial weights and minibatches, not the {n:,} test rows. Of other test"
            f" rows the best accuracy has a standard error of {error:.1f} points that no spread here"
            " shows."
        )
        return {"headline": headline, "sentences": [*sentences, *more], "agrees": True}
    return {"headline": _NO_REPRODUCTION, "sentences": sentences, "agrees": True}


def table2(document: Document) -> dict[str, Any]:
    """Whether a better accuracy goes with a better representation, in words."""
    found = {(c["row"], c["column"]): c for c in document["cells"]}
    pairs = list(dict.fromkeys(c["row"] for c in document["cells"]))
    clear = [
        pair
        for pair in pairs
        if found[pair, "accuracy difference"]["clear"] and found[pair, "gamma"]["clear"]
    ]
    same = [
        pair
        for pair in clear
        if found[pair, "accuracy difference"]["clear"] == found[pair, "gamma"]["clear"]
    ]
    widest = max(c["certified"][1] - c["certified"][0] for c in document["cells"] if c["certified"])
    least, most = document["config"]["refit_radii"]
    sentences = [
        f"Accuracy difference and γ in accuracy are both clear (more than two standard errors from 0"
        f" over the seeds) in {len(clear)} of {len(pairs)} pairs, and have the same sign in {len(same)}"
        " of these. In all pairs: "
        + "; ".join(
            f"{pair.replace(':', ' against ')} {_signed(found[pair, 'accuracy difference'])}"
            f" and {_signed(found[pair, 'gamma'])}"
            for pair in pairs
        )
        + ".",
        "γ is measured by freezing the encoder after its short training and fitting the head again,"
        f" to its optimum on the training rows among heads of norm {least:.3g} to {most:.3g} (twice"
        " the largest trained head of its seed). The optimum is certified: γ on the training rows is"
        f" known within an interval of width {scientific(widest)} at most, on average over seeds.",
        "In accuracy points a positive number favours M, in losses a negative one. γ in loss favours M"
        f" in {_favoured(document, 'training rows')} of {len(pairs)} pairs on the training rows and in"
        f" {_favoured(document, 'test rows')} on the test rows, where it also counts what a head fitted"
        " to its optimum overfits.",
        document["criterion"]["said"],
    ]
    if document["data"]["kind"] == "iemocap":
        sentences.append("The paper gives no spreads in Table 2, so there are no z-scores.")
    headline = (
        _NO_REPRODUCTION
        if document["data"]["kind"] == "stand-in"
        else f"Where both are clear, accuracy and quality of the representation agree in sign in"
        f" {len(same)} of {len(clear)} pairs."
    )
    return {"headline": headline, "sentences": sentences, "agrees": True}


def table3(document: Document) -> dict[str, Any]:
    """From which share of the rows on more modalities are better, in words."""
    cells, config = document["cells"], document["config"]
    columns = [
        [c for c in cells if c["column"] == column]
        for column in dict.fromkeys(c["column"] for c in cells)
    ]
    best = [max(column, key=_measured) for column in columns]
    worst = [min(column, key=_measured) for column in columns]
    sentences = [
        f"With {_rows(high)} (ratio {high['column']}) the best is {high['row']},"
        f" {_with_spread(high)} %, the worst {low['row']}, {_with_spread(low)} %."
        for high, low in zip(best, worst, strict=True)
    ]
    sentences.append(
        f"Every ratio trains for the same {config['steps']} steps of Adam, so that only the rows"
        " differ; a smaller share is part of a larger one."
    )
    if document["data"]["kind"] == "iemocap":
        return _agreement(document, cells, sentences)
    if document["data"]["kind"] == "stand-in":
        return {"headline": _NO_REPRODUCTION, "sentences": sentences, "agrees": True}
    headline = "Best: " + ", ".join(f"{c['row']} with {_rows(c)}" for c in best) + "."
    return {"headline": headline, "sentences": sentences, "agrees": True}


def differences(document: Document) -> list[str]:
    """Why our accuracies on IEMOCAP features need not be the paper's; nothing for other data."""
    if document["data"]["kind"] != "iemocap":
        return []
    table, config = document["table"], document["config"]
    found = [
        f"The paper states {13_200:,} training and {3_410:,} test examples, the padded sizes; here"
        f" {config['real_train_rows']:,} training and {config['real_test_rows']:,} test rows are"
        " real, and only those count in losses and accuracies.",
        f"Video has {config['columns']['video']} columns here; the paper speaks of 500.",
        "Here every column is standardised over the training rows, and training ends after"
        f" {config['epochs']} epochs: choices of ours, which need not be the paper’s.",
    ]
    if table == 3:
        found.append(
            "At ratio 1 the paper’s rows TA and TV are swapped against its Table 1. Cell by cell we"
            " print Table 3 as it is, so that our TA stands beside a number that belongs to TV."
        )
        found.append(
            "At ratio 0.0001 a model knows one or two utterances. Always answering “neutral” is right"
            " on 384 of 1,623 test rows, 23.66 %: the paper’s very figure for text."
        )
    return found


_NO_REPRODUCTION = (
    "Made-up features of IEMOCAP’s shape: the pipeline runs, and nothing is reproduced."
)


def _favoured(document: Document, rows: str) -> int:
    column = f"gamma in loss, {rows}"
    return sum(c["measured"] < 0 for c in document["cells"] if c["column"] == column)


def _agreement(document: Document, cells: list[Cell], sentences: list[str]) -> dict[str, Any]:
    compared = [c for c in cells if c["z"] is not None]
    close = [c for c in compared if abs(c["z"]) <= 3]
    far = sorted((c for c in compared if abs(c["z"]) > 3), key=lambda c: -abs(c["z"]))
    headline = (
        f"{len(close)} of {len(compared)} cells lie within three combined spreads of the paper’s"
        f" Table {document['table']}."
    )
    apart = [
        f"Farther away: {c['row']} {c['column']}, {c['measured']:.2f} against {c['paper']:.2f}"
        f" (z = {fixed(c['z'], 1)})" + (f"; {c['note']}" if c["note"] else "") + "."
        for c in far
    ]
    return {"headline": headline, "sentences": [*sentences, *apart], "agrees": True}


def _additions(rows: list[dict[str, Any]]) -> tuple[str, list[str]]:
    """Where one more modality helped and where it hurt."""
    helped = sum(bool(row["gained"]) for row in rows)
    hurt = sum(bool(row["hurt"]) for row in rows)
    most = max(rows, key=lambda row: row["accuracy_gain"])
    least = min(rows, key=lambda row: row["accuracy_gain"])
    headline = (
        f"One more modality clearly helped in {helped} of {len(rows)} cases and hurt in {hurt}."
    )
    sentences = [
        "Clearly: by more than two standard errors over the seeds. The most was gained by"
        f" {most['M']} over {most['N']}, {signed(most['accuracy_gain'])} points; the least by"
        f" {least['M']} over {least['N']}, {signed(least['accuracy_gain'])}.",
        f"Theorem 2’s criterion foresaw a gain in {sum(bool(r['foreseen']) for r in rows)} of the"
        f" {len(rows)} cases.",
    ]
    return headline, sentences


def _with_spread(cell: Cell) -> str:
    spread = cell["measured_spread"]
    return f"{cell['measured']:.2f}" + ("" if spread is None else f" ± {spread:.2f}")


def _signed(cell: Cell) -> str:
    return signed(_measured(cell))


def _rows(cell: Cell) -> str:
    return f"{cell['rows']:,} training row" + ("" if cell["rows"] == 1 else "s")


def _measured(cell: Cell) -> float:
    return float(cell["measured"])


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
        f" z = {fixed(largest['z'])}, within what chance does among so many cells.",
        "The zeros of the paper are rounded to two decimals; ours are rounding errors of"
        " arithmetic in double precision.",
        "That our network is linear is our choice: the paper’s zeros are those of a linear fit. A ReLU"
        " network of width 128 leaves 0.3 to 0.6 where the paper prints 0 (docs/findings.md).",
    ]
