"""Replay a receipt: is the statement proved by its steps? Uses the standard library alone.

    python -m bounds.receipts.replay RECEIPT.json ...

prints one line per file and exits with 0 if all are proofs, 1 if one is not, and 2 if a file cannot
be read or none is given.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from bounds.receipts.algebra import Algebra
from bounds.receipts.polynomials import NotProvedError, Polynomial, add, scaled, symbols_of, text_of
from bounds.receipts.registry import (
    BOUNDED_DIFFERENCES,
    CONDITIONS,
    DEFAULTS,
    LEMMAS,
    MEASURED,
    SIZES,
    SYMBOLS,
    Lemma,
)

FORMAT = "multimodal-bounds receipt 1"
STATEMENT = {
    "lhs",
    "terms",
    "failure_probability",
    "assumptions",
    "directions",
    "defaults",
    "alternatives",
}
FIELDS = {"format", "key", "title", "reference", "subsets", "statement", "steps", "digest"}
TERM = {"name", "expression", "where", "measured", "against_range"}
STEP = {"lemma", "left", "right", "where", "times"}


def digest(receipt: Mapping[str, Any]) -> str:
    """SHA-256 of everything in a receipt but the digest itself."""
    content = {name: value for name, value in receipt.items() if name != "digest"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def flaws(receipt: Mapping[str, Any]) -> tuple[str, ...]:
    """Everything that keeps a receipt from being a proof; empty if it is one.

    Parameters
    ----------
    receipt
        The content of a receipt's JSON file.

    Notes
    -----
    What is proved is the inequality, its failure probability and the keys of its assumptions. The
    key, title and reference, the texts of the assumptions and the directions are labels for the
    reader: they are not proved.
    """
    try:
        if set(receipt) != FIELDS or receipt["format"] != FORMAT:
            return (f"a receipt must have the fields {', '.join(sorted(FIELDS))}",)
        if receipt["digest"] != digest(receipt):
            return ("the digest does not belong to the content",)
        return tuple(_Replay(receipt).flaws())
    except NotProvedError as reason:
        return (str(reason),)
    except (
        AttributeError,
        IndexError,
        KeyError,
        MemoryError,
        RecursionError,
        TypeError,
        ValueError,
    ) as reason:
        return (f"a field is malformed: {type(reason).__name__} {reason}",)


class _Replay:
    """One receipt, with the algebra of its symbols and the conditions under which it claims anything."""

    def __init__(self, receipt: Mapping[str, Any]) -> None:
        self.receipt = receipt
        self.statement = receipt["statement"]
        self.algebra = Algebra({name: symbol.kind for name, symbol in SYMBOLS.items()})
        for term in self.statement["terms"]:
            if set(term) != TERM:
                raise NotProvedError(f"a term must have the fields {', '.join(sorted(TERM))}")
            for condition in term["where"]:
                if condition not in CONDITIONS:
                    raise NotProvedError(f"conditions must be among {', '.join(CONDITIONS)}")
                smaller, _, larger = condition.partition(" < ")
                parse = self.algebra.parse
                self.algebra.assume_positive(subtract(parse(larger), parse(smaller)))

    def flaws(self) -> Iterator[str]:
        steps = [
            _Step(self.algebra, position, step)
            for position, step in enumerate(self.receipt["steps"], 1)
        ]
        for step in steps:
            yield from step.flaws()
        yield from self._composition(steps)
        yield from self._setting(steps)
        yield from self._statement()

    def _composition(self, steps: list[_Step]) -> Iterator[str]:
        algebra = self.algebra
        bound: Polynomial = {}
        for term in self.statement["terms"]:
            bound = add(bound, algebra.parse(term["expression"]))
        gained: Polynomial = {}
        failure: Polynomial = {}
        for step in steps:
            gained = add(gained, algebra.multiply(step.times, subtract(step.right, step.left)))
            failure = add(failure, step.failure)
        stated = subtract(bound, algebra.parse(self.statement["lhs"]))
        if not algebra.equal(gained, stated):
            yield f"the steps do not add up to the statement: {text_of(subtract(stated, gained))} is left"
        claimed = algebra.parse(self.statement["failure_probability"])
        if symbols_of(claimed) - {"delta"}:
            yield "the failure probability must be a function of delta alone"
        if not algebra.equal(failure, claimed):
            yield f"the lemmas fail with probability {text_of(failure)}, not {text_of(claimed)}"

    def _setting(self, steps: list[_Step]) -> Iterator[str]:
        samples = {step.sample for step in steps} - {""}
        if len(samples) > 1:
            yield f"the steps speak of different samples: {', '.join(sorted(samples))}"
        needed: set[str] = set().union(*(step.lemma.needs for step in steps))
        if "S" in samples and "independent_split" in needed:
            yield "the steps speak of one sample S and assume that it was split"
        listed = [assumption["key"] for assumption in self.statement["assumptions"]]
        if len(listed) != len(set(listed)) or set(listed) != needed:
            yield f"assumptions must be {', '.join(sorted(needed))}, got {', '.join(listed)}"
        sets = [frozenset(names) for names in self.receipt["subsets"]]
        if len(sets) not in (1, 2) or not all(sets) or len(set(sets)) != len(sets):
            yield "subsets must be one or two different non-empty sets"
        elif "nested" in needed and not (len(sets) == 2 and sets[1] <= sets[0]):
            yield "N must be a subset of M"

    def _statement(self) -> Iterator[str]:
        statement = self.statement
        if set(statement) != STATEMENT:
            yield f"a statement must have the fields {', '.join(sorted(STATEMENT))}"
        left = symbols_of(self.algebra.parse(statement["lhs"]))
        if not all(SYMBOLS[name].place == "stated" or name == "gamma" for name in left):
            yield "the left-hand side must hold risks, qualities or bounds"
        texts = [self.receipt["key"], self.receipt["title"], self.receipt["reference"]]
        names = [term["name"] for term in statement["terms"]]
        alternatives = statement["alternatives"]
        if not isinstance(alternatives, list) or not all(
            isinstance(text, str) for text in (*texts, *names, *alternatives)
        ):
            yield "key, title, reference, names of terms and alternatives must be text"
        if len(names) != len(set(names)):
            yield "terms must have different names"
        used: set[str] = set()
        for term in statement["terms"]:
            inside = symbols_of(self.algebra.parse(term["expression"]))
            used |= inside
            if any(SYMBOLS[name].place != "argument" for name in inside):
                yield f"the term {term['name']} must hold arguments alone"
            if term["measured"] is not bool(inside & MEASURED) and inside:
                yield f"the term {term['name']} is not rightly marked as measured or not"
            if term["against_range"] is not (term["expression"] != "gamma"):
                yield f"the term {term['name']} is not rightly counted against the range of the loss"
        if not set(statement["defaults"].items()) <= set(DEFAULTS.items()):
            yield f"defaults must be among {DEFAULTS}"
        if not set(statement["defaults"]) <= used:
            yield "defaults must belong to arguments of the statement"
        if not set(statement["directions"]) <= used or not all(
            type(sign) is int and sign in (1, -1) for sign in statement["directions"].values()
        ):
            yield "directions must be 1 or -1 for arguments of the statement"


class _Step:
    """One step of a receipt, read against the verifier's own registry."""

    def __init__(self, algebra: Algebra, position: int, step: Mapping[str, Any]) -> None:
        if set(step) != STEP:
            raise NotProvedError(f"step {position} must have the fields {', '.join(sorted(STEP))}")
        if step["lemma"] not in LEMMAS:
            raise NotProvedError(
                f"step {position}: {step['lemma']!r} is not a lemma of the registry"
            )
        self.algebra, self.name = algebra, f"step {position} ({step['lemma']})"
        self.lemma: Lemma = LEMMAS[step["lemma"]]
        if set(step["where"]) != set(self.lemma.parameters):
            raise NotProvedError(
                f"{self.name} must fix {', '.join(self.lemma.parameters) or 'nothing'}"
            )
        self.where = {name: algebra.parse(text) for name, text in step["where"].items()}
        self.left, self.right = algebra.parse(step["left"]), algebra.parse(step["right"])
        self.times = algebra.parse(step["times"])
        self.failure = algebra.parse(self.lemma.failure, self.where)
        self.sample = self._sample()

    def _sample(self) -> str:
        if self.lemma.sample != "by Z":
            return self.lemma.sample
        samples = {self._moving(name)[0] for name in symbols_of(self.where["Z"])}
        if len(samples) != 1:
            raise NotProvedError(f"{self.name}: Z must depend on one sample, got {sorted(samples)}")
        return samples.pop()

    def _moving(self, name: str) -> tuple[str, str, str]:
        if name not in BOUNDED_DIFFERENCES:
            raise NotProvedError(
                f"{self.name}: nothing is known about how {name} moves with one example"
            )
        return BOUNDED_DIFFERENCES[name]

    def flaws(self) -> Iterator[str]:
        parse, equal = self.algebra.parse, self.algebra.equal
        forms = [form.split(" <= ") for form in self.lemma.forms]
        if not any(
            equal(self.left, parse(left, self.where))
            and equal(self.right, parse(right, self.where))
            for left, right in forms
        ):
            yield f"{self.name}: the inequality is not an instance of the lemma"
        for condition in self.lemma.conditions:
            if not self.algebra.non_negative(parse(condition, self.where)):
                yield f"{self.name}: {condition} is not proved non-negative"
        if not self.algebra.non_negative(self.times):
            yield f"{self.name}: the factor {text_of(self.times)} is not proved non-negative"
        for name in self.lemma.size:
            if not equal(self.where[name], parse(SIZES[self.sample])):
                yield f"{self.name}: {name} must be {SIZES[self.sample]}, the size of {self.sample}"
        for name in self.lemma.fixed:
            late = [s for s in symbols_of(self.where[name]) if self.sample in SYMBOLS[s].samples]
            if late:
                yield f"{self.name}: {name} depends on {self.sample} through {', '.join(sorted(late))}"
        if self.lemma.sample == "by Z":
            yield from self._bounded_differences()

    def _bounded_differences(self) -> Iterator[str]:
        algebra = self.algebra
        mean: Polynomial = {}
        moves: Polynomial = {}
        for monomial, weight in self.where["Z"].items():
            if len(monomial) != 1 or monomial[0][1] != 1:
                yield f"{self.name}: Z must be a sum of multiples of deviations"
                return
            _, its_mean, multiple = self._moving(str(monomial[0][0]))
            mean = add(mean, scaled(algebra.parse(its_mean), weight))
            step = algebra.parse(f"({multiple})*C/{SIZES[self.sample]}")
            moves = add(moves, scaled(step, abs(Fraction(weight))))
        if not algebra.equal(self.where["mean"], mean):
            yield f"{self.name}: the mean of Z is {text_of(mean)}"
        if not algebra.equal(self.where["change"], moves):
            yield f"{self.name}: one example moves Z by {text_of(moves)}"


def subtract(left: Polynomial, right: Polynomial) -> Polynomial:
    """The difference."""
    return add(left, scaled(right, Fraction(-1)))


def loads(text: str) -> Any:
    """Read JSON in which every name stands once in its object, and every number is finite.

    Raises
    ------
    ValueError
        For any other text.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a name stands twice in one object")
        return found

    def refuse(constant: str) -> None:
        raise ValueError(f"numbers must be finite, got {constant}")

    return json.loads(text, object_pairs_hook=once, parse_constant=refuse)


def main(paths: list[str]) -> int:
    """Replay receipts from files; returns the exit code."""
    if not paths or set(paths) & {"-h", "--help"}:
        print("usage: python -m bounds.receipts.replay RECEIPT.json ...")
        return 0 if paths else 2
    worst = 0
    for path in paths:
        try:
            receipt = loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            print(f"{path}: cannot be read ({error})")
            worst = 2
            continue
        found = flaws(receipt) if isinstance(receipt, dict) else ("a receipt must be an object",)
        print(f"{path}: {'proved' if not found else '; '.join(found)}")
        worst = max(worst, int(bool(found)))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
