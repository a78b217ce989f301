"""Random findings, and their headline read back.

Each statement is taken apart and compared with the cells and pairs, without the code that made it.
"""

from __future__ import annotations

import re
from itertools import product

import test_headline
from hypothesis import given, settings
from hypothesis import strategies as st
from situations import ALL, A, B, cell, pair

from empirical.measure import FREE, FRESH, SAME
from verify.findings.findings import Findings
from verify.report import gains
from verify.report.headline import NO_ADVICE

HEADS = {"heads of bounded norm": False, "plain least-squares heads": True}
HEADLINE = re.compile(
    r"On these 300 rows taken as the whole population: (?P<proved>.*\.)"
    r" Measured with heads of bounded norm at m = (?P<m>[\d,]+): (?P<measured>.*)\. "
    + re.escape(NO_ADVICE)
)
MODEL = r"(?P<heads>heads of bounded norm|plain least-squares heads)"
CERTIFIED = re.compile(
    rf"provably yes for {MODEL}: (?P<claim>.*); a bound certifies it at δ = (?P<delta>[\d.]+), (?:at every"
    r" size measured from m = (?P<start>[\d,]+) on|each at some of the sizes measured, but not at every"
    r" larger one)\."
)
IN_PART = re.compile(
    rf"provable in part for {MODEL}: at δ = (?P<delta>[\d.]+) a bound certifies at some of the sizes"
    r" measured that M beats N in (?P<count>\d+) of (?P<all>\d+) comparisons(?:; in (?P<open>\d+) more the"
    r" samples cannot tell)?\."
)
OPEN = re.compile(
    r"too few samples to tell; 40 of each size leave open (?:in (?P<open>\d+) of (?P<all>\d+) comparisons )?"
    rf"whether a bound certifies for {MODEL} that .*; 151 would be enough if they all agree\."
)
UNCERTIFIED = re.compile(
    r"no bound certifies(?:, in any comparison and)? at any size measured,? that .*\."
)
COUNTS = re.compile(
    r"(?:M is (?P<side>better|worse) than N on most samples|(?P<open>no difference shown)) in (?P<n>\d+) of"
    r" (?P<all>\d+) comparisons?(?: \(more modalities hurt in (?P<hurt>\d+) of these\))?"
)
ANSWERS = st.sampled_from(["yes", "no", "open"])
FAMILIES = [
    [(ALL, A), (ALL, B)],
    [(A, B)],
    [(ALL, B)],
    [(("a", "b", "c"), ("c",)), (("a", "b", "c"), A), (("a", "b", "c"), B)],
    [(A, B), (("c",), A)],
]


@st.composite
def random_findings(draw) -> Findings:
    """Any answers at any sizes, for two kinds of heads; few draws are all alike, so those come often."""
    family = draw(st.sampled_from(FAMILIES))
    sizes = draw(st.sampled_from([(64,), (64, 128), (64, 128, 1024)]))
    deltas = draw(st.sampled_from([(0.05,), (0.1, 0.05)]))
    places = [(SAME, m, m) for m in sizes] + [(FRESH, 2048, sizes[-1])]
    places += [(FREE, m, min(m, sizes[-1])) for m in (*sizes, 2048)]
    usual = {free: draw(ANSWERS) for free in (False, True)}
    made, pairs = [], []
    for M, N in family:
        for (head, m, encoder), delta in product(places, deltas):
            answer = draw(ANSWERS) if draw(st.integers(0, 2)) == 0 else usual[head == FREE]
            made.append(cell(N, m, answer, M=M, head=head, encoder=encoder, delta=delta))
        sides = [draw(st.sampled_from(["better", "worse", "open"])) for _ in sizes]
        pairs += [pair(N, m, side, M=M) for m, side in zip(sizes, sides, strict=True)]
    modalities = tuple(dict.fromkeys(name for M, N in family for name in (*M, *N)))
    return test_headline.found(made, pairs, tuple(sorted(modalities)))


def answers(findings: Findings, free: bool, delta: float) -> dict:
    """For each pair and size, the answer of the (one) form for these heads at this delta."""
    return {
        (c.M, c.N): {
            d.m: d.certificate.proves
            for d in findings.cells
            if (d.M, d.N) == (c.M, c.N) and (d.head == FREE) == free and d.delta == delta
        }
        for c in findings.cells
    }


def has(by_size: dict, answer: str) -> bool:
    return answer in by_size.values()


def whole_number(text: str) -> int:
    return int(text.replace(",", ""))


@settings(max_examples=150)
@given(random_findings())
def test_every_statement_of_the_headline_follows_from_the_findings(findings: Findings) -> None:
    text = test_headline.said(findings)
    parts = HEADLINE.fullmatch(text)
    assert parts, text
    assert "gain" not in text
    everything = {
        (free, delta): answers(findings, free, delta)
        for free in (False, True)
        for delta in {c.delta for c in findings.cells}
    }
    yes = {k: sum(has(row, "yes") for row in by.values()) for k, by in everything.items()}
    number = len({(c.M, c.N) for c in findings.cells})
    proved = parts["proved"]
    if match := CERTIFIED.fullmatch(proved):
        by_pair = everything[HEADS[match["heads"]], float(match["delta"])]
        assert yes[HEADS[match["heads"]], float(match["delta"])] == number
        assert float(match["delta"]) == min(delta for (_, delta), n in yes.items() if n == number)
        unbroken = {
            m
            for m in next(iter(by_pair.values()))
            if all(a == "yes" for row in by_pair.values() for k, a in row.items() if k >= m)
        }
        assert (whole_number(match["start"]) if match["start"] else None) == min(
            unbroken, default=None
        )
    elif match := IN_PART.fullmatch(proved):
        by_pair = everything[HEADS[match["heads"]], float(match["delta"])]
        assert sum(has(row, "yes") for row in by_pair.values()) == int(match["count"])
        assert int(match["count"]) == max(yes.values()) < number == int(match["all"])
        rest = [row for row in by_pair.values() if not has(row, "yes")]
        assert sum(has(row, "open") for row in rest) == int(match["open"] or 0)
    elif match := OPEN.fullmatch(proved):
        assert set(yes.values()) == {0}
        by_pair = [by for (free, _), by in everything.items() if free == HEADS[match["heads"]]]
        counts = {sum(has(row, "open") for row in by.values()) for by in by_pair}
        assert int(match["open"] or number) in counts
    else:
        assert UNCERTIFIED.fullmatch(proved), proved
        assert not any(
            has(row, "yes") or has(row, "open") for by in everything.values() for row in by.values()
        )
    check_what_was_measured(findings, parts["m"], parts["measured"])


def check_what_was_measured(findings: Findings, m: str, text: str) -> None:
    largest = max(p.m for p in findings.pairs)
    assert whole_number(m) == largest
    sides = {(p.M, p.N): p.preference.side for p in findings.pairs if p.m == largest}
    stated = dict.fromkeys(("better", "worse", "open"), 0)
    for part in text.split("; "):
        match = COUNTS.fullmatch(part)
        assert match, part
        stated[match["side"] or "open"] += int(match["n"])
        assert int(match["all"]) == len(sides)
        losing = [k for k, side in sides.items() if side == "worse" and set(k[1]) < set(k[0])]
        assert int(match["hurt"] or 0) == (len(losing) if match["side"] == "worse" else 0)
    assert stated == {side: list(sides.values()).count(side) for side in stated}


@settings(max_examples=60)
@given(random_findings())
def test_no_sentence_of_the_answer_mixes_models_or_calls_a_loss_a_gain(findings: Findings) -> None:
    texts = [gains.measured(findings), gains.crossovers(findings), gains.least_step(findings)]
    texts += gains.certified(findings, 0.05)
    for text in filter(None, texts):
        assert sum(words in text for words in HEADS) == 1, text
        assert "worth" not in text
        assert not ("ertif" in text and re.search(r"not shown|worse|hurts", text)), text
    step = texts[2]
    if step:
        last = [p for p in findings.pairs if p.m == max(q.m for q in findings.pairs)]
        nested = [p for p in last if len(p.M) == len(p.N) + 1 and set(p.N) < set(p.M)]
        worst = max(nested, key=lambda p: p.risk_gap.median).preference.side
        assert ("hurts" in step) == (worst == "worse")
        assert ("helps" in step) == (worst == "better")
