"""The kill table of the proof fuzzer: what became of every mutant, and the page that says so.

    python tests/proofs/kills.py > docs/proof-mutants.md

A mutant that the verifier takes for a proof is settled in worlds in which everything is enumerated or
known in closed form: its statement, as changed, is judged there like any claim of the ledger.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from functools import cache

import sympy
from mutants import CHANGES, Mutant, mutants

from bounds import catalogue
from bounds.notation import QUANTITIES
from bounds.proofs.inequalities import direction
from bounds.proofs.receipt import receipt
from bounds.receipts.replay import flaws
from bounds.theorem import Theorem
from verify.claims.evidence.facts import Enumerated
from verify.claims.ledger import THEOREM_SOURCES
from verify.verdicts.check import judge

COUNT, SEED = 200, 0
REFUSED, SAME, TRUE, VIOLATED = "refused", "same statement", "another proof", "violated"
TINY = 1e-9
OUTCOMES = (REFUSED, SAME, TRUE, VIOLATED)


def outcome(theorem: Theorem, mutant: Mutant) -> str:
    """What became of one mutant."""
    try:
        written = receipt(mutant.theorem)
    except ValueError as error:
        if "must be short enough to print" not in str(error):
            raise
        return REFUSED
    if flaws(written):
        return REFUSED
    changed = sympy.Add(*(term.expression for term in mutant.theorem.terms)) - theorem.bound
    failure = mutant.theorem.failure_probability - theorem.failure_probability
    if sympy.simplify(changed) == 0 and sympy.simplify(failure) == 0:
        return SAME
    return VIOLATED if violated(theorem, mutant) else TRUE


def violated(theorem: Theorem, mutant: Mutant) -> bool:
    """Whether the changed statement fails, beyond its failure probability, in any exact world."""
    statement = dataclasses.replace(
        theorem,
        terms=mutant.theorem.terms,
        failure_probability=mutant.theorem.failure_probability,
        directions=directions(theorem, mutant),
        defaults={},
        derivation=None,
        alternatives=(),
    )
    sources = [s for s in THEOREM_SOURCES[theorem.key] if isinstance(s, Enumerated)]
    assert sources, theorem.key
    for source in sources:
        for m in source.m:
            found = facts(source, m)
            known = {name: least(name, m) for name in statement.inputs} | dict(found.known)
            for delta in (0.9, 0.05):
                if not statement.level(delta) < 1:
                    continue  # it claims nothing
                given = {**known, "slack": found.slack, "delta": delta}
                decision = judge(
                    statement,
                    found.lhs,
                    {name: given[name] for name in statement.inputs},
                    slack=found.rounding,
                    weights=found.weights,
                    error=found.error,
                )
                if decision.outcome == "refuted":
                    return True
    return False


def least(name: str, m: int) -> float:
    """What a quantity counts as that the world does not have: a size is m, the others are least."""
    domain = QUANTITIES[name].domain
    if domain.integer:
        return 1 if name == "p" else m
    return TINY if domain.open_ends and domain.low == 0 else 0.0


def directions(theorem: Theorem, mutant: Mutant) -> dict[str, int]:
    """In which direction the changed bound moves with each argument: proved, or as before."""
    bound = sympy.Add(*(term.expression for term in mutant.theorem.terms))
    found = {}
    # A symbol that cancels in the sum of the terms has the direction 0.
    for symbol in set().union(*(term.expression.free_symbols for term in mutant.theorem.terms)):
        proved = direction(bound, symbol)
        known = theorem.directions.get(str(symbol)) if proved is None else proved
        if known is not None:
            found[str(symbol)] = known
    return found


@cache
def facts(source: Enumerated, m: int):
    """What one world gives at one sample size, computed once."""
    return source.facts(m)


def table(count: int = COUNT, seed: int = SEED) -> tuple[Counter, Counter]:
    """How many mutants came out how, by (theorem, outcome) and by (change, outcome)."""
    by_theorem: Counter = Counter()
    by_change: Counter = Counter()
    for theorem in catalogue.THEOREMS:
        for mutant in mutants(theorem, count, seed):
            found = outcome(theorem, mutant)
            by_theorem[theorem.key, found] += 1
            for change in set(mutant.changes):
                by_change[change, found] += 1
    return by_theorem, by_change


def page(by_theorem: Counter, by_change: Counter) -> str:
    """The kill table as Markdown."""
    total = sum(by_theorem.values())
    counts = {o: sum(n for (_, found), n in by_theorem.items() if found == o) for o in OUTCOMES}
    lines = [
        "# Mutants of the proofs",
        "",
        "<!-- written by `python tests/proofs/kills.py`; a test compares it with a run -->",
        "",
        "Each derivation of the catalogue is changed in one to three places at once: arguments of",
        "lemmas, levels, factors, sides of inequalities, samples, lemmas themselves, assumptions, marks,",
        "subsets. In three of four mutants the statement is then made to say whatever the changed steps",
        f"add up to. The verifier `bounds.receipts.replay` saw {COUNT} mutants of every theorem (seed",
        f"{SEED}), {total:,} in all. It refused {counts[REFUSED]:,}.",
        f"In {counts[SAME]:,} the changes left the statement as it was.",
        f"The other {counts[TRUE] + counts[VIOLATED]:,} prove another one, mostly with less given away.",
        "Each was judged in every world of the ledger in which all outcomes are enumerated or known in",
        f"closed form; violated there: {counts[VIOLATED]}.",
        "",
    ]
    for title, counter, names in (
        ("theorem", by_theorem, [t.key for t in catalogue.THEOREMS]),
        ("change (a mutant with several counts in several rows)", by_change, list(CHANGES)),
    ):
        lines += [f"| {title} | mutants | {' | '.join(OUTCOMES)} |", "|---" * 6 + "|"]
        for name in names:
            row = [counter[name, each] for each in OUTCOMES]
            lines.append(f"| {name} | {sum(row)} | {' | '.join(map(str, row))} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(*table()), end="")
