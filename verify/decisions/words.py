"""Numbers and findings as plain sentences: points of the user's metric, never symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from empirical.modalities import Subset
from verify.decisions.choice import Plan
from verify.decisions.curves import Crossover
from verify.decisions.extrapolation import Extrapolation
from verify.decisions.family import Gain
from verify.decisions.losses import Measure
from verify.decisions.recommend import Recommendation, Verdict, index
from verify.report.formats import fixed


def points(value: float) -> str:
    """A difference of means in points (hundredths), with a true minus sign.

    Examples
    --------
    >>> points(0.0312), points(-0.006), points(0.0)
    ('3.1', '−0.6', '0.0')
    """
    return fixed(100 * value, 1)


def signed(value: float) -> str:
    """The same with a plus sign for gains.

    Examples
    --------
    >>> signed(0.011)
    '+1.1'
    """
    text = points(value)
    return text if text.startswith("−") or text == "0.0" else f"+{text}"


def between(ends: Mapping[str, float]) -> str:
    """The ends of an interval.

    Examples
    --------
    >>> between({"low": -0.006, "high": 0.011})
    '−0.6 to +1.1'
    """
    return f"{signed(ends['low'])} to {signed(ends['high'])}"


def joined(subset: Sequence[str]) -> str:
    """A subset as users read it.

    Examples
    --------
    >>> joined(("text", "audio")), joined(())
    ('text + audio', 'a constant')
    """
    return " + ".join(subset) if subset else "a constant"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def count(number: int) -> str:
    """A whole number with separators.

    Examples
    --------
    >>> count(1400)
    '1,400'
    """
    return f"{number:,}"


def confidence(delta: float) -> str:
    """The confidence as a percentage.

    Examples
    --------
    >>> confidence(0.05), confidence(0.001)
    ('95 %', '99.9 %')
    """
    return f"{100 * (1 - delta):.10g} %"


def comparative(metric: Measure, gain: float) -> str:
    """How much better or worse: "it is right on 3.1 more rows in a hundred".

    Examples
    --------
    >>> from verify.decisions.losses import METRICS
    >>> comparative(METRICS.find("accuracy"), 0.031)
    'it is right on 3.1 more rows in a hundred'
    >>> comparative(METRICS.find("brier"), -0.02)
    'its Brier score is 2.0 points higher'
    """
    size = points(abs(gain))
    up = gain >= 0
    if metric.higher_is_better:
        return metric.better.format(f"{size} {'more' if up else 'fewer'}")
    return f"{metric.better.format(size)} {'lower' if up else 'higher'}"


def recommendation_sentence(
    found: Recommendation,
    judged: Sequence[Verdict],
    *,
    favourite: Subset,
    metric: Measure,
    margin: float,
    delta: float,
    size: str,
    unit: str,
) -> str:
    """The answer: what to use, what it gains, and what the other modalities add.

    Parameters
    ----------
    favourite
        The set that the recommended one was compared with, where that is a part of it.
    size
        The number of rows or groups in words, such as "1,400 rows".
    unit
        "rows", or "groups" if rows come in groups.
    """
    source = f"with {confidence(delta)} confidence, on new {unit} from the same source"
    sentences = [_use(found, metric, source) if found.subset else _constant(found, size)]
    named: set[str] = set()
    if found.subset and found.gain is not None and found.gain.better:
        named = {found.gain.comparison.subject} | {
            name for name in found.subset if name not in found.against
        }
    sentences += [
        text
        for verdict in judged
        if verdict.name not in named and (text := other(verdict, margin, size, found.subset != ()))
    ]
    without = [v.name for v in judged if v.verdict == "helps" and v.name not in found.subset]
    if without and found.subset and set(found.subset) < set(favourite):
        sentences.append(
            f"{joined(favourite)} together are not shown to be better than {joined(found.subset)}"
            f"{' alone' if len(found.subset) == 1 else ''}, so that the smaller set is recommended."
        )
    return " ".join(sentences)


def _use(found: Recommendation, metric: Measure, source: str) -> str:
    gain = found.gain
    if gain is None:
        return f"Use {joined(found.subset)}: no larger set that was compared is shown to be better."
    against = f"{joined(found.against)} alone" if len(found.against) == 1 else joined(found.against)
    start = f"Use {joined(found.subset)}. Against {against} {comparative(metric, gain.gain)}"
    if gain.better:
        return f"{start} (at least {points(gain.low)}, {source})."
    return (
        f"{start}, which is not certain (between {signed(gain.low)} and {signed(gain.high)}"
        f" points, {source})."
    )


def _constant(found: Recommendation, size: str) -> str:
    if found.gain is None:
        return f"Nothing can be recommended over a constant prediction with {size}."
    pair = found.gain.comparison
    return (
        f"With {size} no modality can be shown to be better than predicting a constant, in any"
        f" comparison made: against it {joined(pair.larger)} gains between {signed(found.gain.low)} and"
        f" {signed(found.gain.high)} points."
    )


def other(
    verdict: Verdict,
    margin: float,
    size: str,
    something: bool,
) -> str:
    """One sentence on a modality, in points.

    Examples
    --------
    >>> from verify.decisions.family import Comparison
    >>> pair = Comparison("modality", "video", ("text", "video"), ("text",), 0.5, 0.5)
    >>> verdict = Verdict("video", "undecided", Gain(0.002, -0.006, 0.011, 700, 700, 0.3, pair), None)
    >>> other(verdict, 0.005, "1,400 rows", True)
    'Video adds nothing that can be shown with 1,400 rows: between −0.6 and +1.1.'
    """
    gain = verdict.gain
    name = verdict.name[:1].upper() + verdict.name[1:]
    between = f"between {signed(gain.low)} and {signed(gain.high)}"
    rest = gain.comparison.smaller
    beside = f" beside {joined(rest)}" if rest else ""
    return {
        "helps": f"{name} helps{beside}: {signed(gain.gain)} points ({between}).",
        "hurts": f"{name} hurts{beside}: {signed(gain.gain)} points ({between}).",
        "negligible": f"{name} makes too little difference to matter{beside}: {between},"
        f" within {points(margin)} points.",
        "undecided": _undecided(name, beside, gain, between, size) if something else "",
    }[verdict.verdict]


def _undecided(name: str, beside: str, gain: Gain, between: str, size: str) -> str:
    if gain.better:
        return (
            f"{name} makes a difference{beside}, {between}, but the models with it are not shown to be"
            " better than a constant."
        )
    return f"{name} adds nothing that can be shown with {size}: {between}."


def why(verdict: Verdict, margin: float) -> str:
    """Why a verdict is open; empty where it is not."""
    gain = verdict.gain
    if verdict.verdict != "undecided":
        return ""
    if not gain.n:
        return "No held-out row has all modalities of the comparison."
    if gain.better:
        return "It makes a difference, but no model with it is shown to be better than a constant."
    return (
        f"Between {signed(gain.low)} and {signed(gain.high)} points, the gain could be zero, and it could"
        f" be more than the {points(margin)} points that are too little to matter."
    )


NO_PAIR = "Nothing can be said of it alone: no two of the sets that were given differ by this modality only."


def cheaper_sentence(cheapest: Subset, gains: Sequence[Gain], plan: Plan) -> str:
    """The cheapest set that is good enough, and what is certified of it against the favourite."""
    start = (
        "The cheapest set within the margin of the best, on the rows used for choosing:"
        f" {joined(cheapest)}."
    )
    known = index(gains).get((plan.favourite, cheapest))
    if known is None:
        return start
    loses = f"at most {points(known.high)} points" if known.high > 0 else "no points"
    return f"{start} On new rows it loses {loses} against {joined(plan.favourite)}, certified."


def rows_sentence(verdict: Verdict) -> str:
    """How many rows would decide, as an estimate; empty where none are needed."""
    if verdict.rows_needed is None:
        return ""
    return (
        f"About {count(verdict.rows_needed)} rows in all would decide, if the gain is as measured"
        " (an estimate)."
    )


def best_guess(plan: Plan, gains: Sequence[Gain], found: Recommendation) -> str:
    """The subset of least cross-validated loss, where it is not the recommended one."""
    if plan.guess == found.subset:
        return ""
    known = index(gains).get((plan.guess, found.subset))
    measured = "" if known is None else f" ({signed(known.gain)} points on the held-out rows)"
    return (
        f"Best guess without a guarantee: {joined(plan.guess)}, which had the least"
        f" cross-validated loss on the rows used for choosing{measured}."
    )


def crossover_sentence(found: Crossover, unit: str) -> str:
    """Where a modality starts to pay, between two sizes that were measured.

    Examples
    --------
    >>> crossover_sentence(Crossover("audio", 200, 400, 100), "rows")
    'audio starts to pay between 100 and 400 training rows.'
    """
    if found.last is None:
        return (
            f"{found.name} starts to pay at about {count(found.first)} training {unit} in some"
            f" repeats and not within your {unit} in others."
        )
    if found.below is None:
        return f"{found.name} starts to pay at {count(found.last)} training {unit} or fewer."
    return (
        f"{found.name} starts to pay between {count(found.below)} and"
        f" {count(found.last)} training {unit}."
    )


def no_crossover(name: str, unit: str, helps: bool) -> str:
    """For a modality that is not shown to help, or whose gain the curves do not show.

    Examples
    --------
    >>> no_crossover("video", "rows", False)
    'video is not shown to pay within your rows.'
    """
    if helps:
        return f"From how many {unit} on {name} pays cannot be told: its curves cross, or could not be drawn."
    return f"{name} is not shown to pay within your {unit}."


def extrapolation_sentence(found: Extrapolation, unit: str) -> str:
    """What is expected of twice as many rows, and how such a guess did on the rows at hand."""
    return (
        f"Extrapolated to {count(found.m)} training {unit}: {joined(found.subset)} would have a mean loss"
        f" of about {found.loss:.3g}. The same method, from fewer {unit} than you have, said"
        f" {found.said:.3g} for {count(found.known_m)}, where {found.measured:.3g} was measured."
    )
