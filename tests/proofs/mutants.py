"""False proofs by the hundred: steps, arguments of lemmas, samples, levels and statements, changed together.

A mutant is the fields of a theorem with one to three changes. Most are then made consistent again: the
statement takes up whatever the changed steps add up to, and lists the assumptions that they need, so
that a checker that only adds up would let them pass.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import sympy

from bounds.notation import QUANTITIES
from bounds.proofs.assumptions import ASSUMPTIONS
from bounds.proofs.lemmas import LEMMAS
from bounds.statement.derivation import Derivation, Lemma, Step
from bounds.statement.intermediate import INTERMEDIATE

TWINS = (
    ("empirical_M", "empirical_head"),
    ("empirical_best_M", "empirical_best_head"),
    ("up", "up_head"),
    ("mean_up", "mean_up_head"),
    ("deviation_star", "deviation_best"),
    ("m", "m_head"),
    ("R_loss", "R_loss_head"),
    ("R_loss", "R_hat_loss"),
    ("R_M", "R_abs_M"),
    ("R_M", "R_vector_M"),
    ("best_M", "best_N"),
    ("risk_M", "risk_N"),
    ("C_M", "C_N"),
    ("up", "down"),
    ("mean_up", "mean_down"),
    ("kappa", "leverage"),
    ("V", "v_norm"),
)
"""Pairs of quantities that are easily taken for one another."""
FACTORS = tuple(map(sympy.sympify, ("1/2", "2", "1/4", "4", "1/100", "100", "0", "-1", "I")))


@dataclass(frozen=True)
class Mutant:
    """A changed theorem: the names of the changes, whether it was made consistent, and its fields."""

    changes: tuple[str, ...]
    consistent: bool
    theorem: SimpleNamespace


def symbol(name: str) -> sympy.Symbol:
    """A quantity of statements or of derivations."""
    table = QUANTITIES if name in QUANTITIES else INTERMEDIATE
    return table[name].symbol


def fields(theorem) -> SimpleNamespace:
    """The fields of a theorem, free of the checks that `Theorem` makes."""
    return SimpleNamespace(
        **{f.name: getattr(theorem, f.name) for f in dataclasses.fields(theorem)}
    )


def mutants(theorem, count: int, seed: int) -> Iterator[Mutant]:
    """`count` changed copies of a theorem; the same seed gives the same ones."""
    generator = np.random.default_rng(seed)
    made = 0
    while made < count:
        changed = fields(theorem)
        names = []
        for _ in range(generator.integers(1, 4)):
            name = str(generator.choice(list(CHANGES)))
            if CHANGES[name](changed, generator):
                names.append(name)
        if not names:
            continue
        consistent = bool(generator.random() < 0.75)
        if consistent:
            make_consistent(changed, generator)
        made += 1
        yield Mutant(tuple(names), consistent, changed)


def make_consistent(theorem: SimpleNamespace, generator: np.random.Generator) -> None:
    """Let the statement say what the steps add up to, with their failures and their assumptions."""
    steps = theorem.derivation.steps
    stated = theorem.lhs + sympy.Add(*(s.times * (s.right - s.left) for s in steps))
    missing = sympy.expand(stated - sympy.Add(*(t.expression for t in theorem.terms)))
    own = [place for place, term in enumerate(theorem.terms) if not term.measured] or [0]
    place = int(generator.choice(own))
    terms = list(theorem.terms)
    terms[place] = dataclasses.replace(terms[place], expression=terms[place].expression + missing)
    theorem.terms = tuple(terms)
    theorem.failure_probability = sympy.simplify(sympy.Add(*(s.failure for s in steps)))
    needed = {key for s in steps for key in s.lemma.needs}
    theorem.assumptions = tuple(a for key, a in ASSUMPTIONS.items() if key in needed)


def _steps(theorem: SimpleNamespace, steps: list[Step]) -> bool:
    theorem.derivation = Derivation(tuple(steps))
    return True


def _of(theorem: SimpleNamespace, generator: np.random.Generator, having=lambda step: True):
    """The steps and the place of one that will do, or None."""
    steps = list(theorem.derivation.steps)
    places = [place for place, step in enumerate(steps) if having(step)]
    return (steps, int(generator.choice(places))) if places else None


def _again(step: Step, lemma: Lemma, where: dict) -> Step:
    """The same form of the lemma for other arguments, or of a changed lemma."""
    for form in range(len(lemma.forms)):
        made = lemma.step(form, step.times, **where)
        left, _ = step.lemma.forms[min(form, len(step.lemma.forms) - 1)]
        if sympy.expand(left.xreplace(dict(step.where)) - step.left) == 0:
            return made
    return lemma.step(0, step.times, **where)


def _where(step: Step) -> dict:
    return {str(name): value for name, value in step.where.items()}


def scale_an_argument(theorem, generator) -> bool:
    found = _of(theorem, generator, lambda step: len(step.where) > 0)
    if found is None:
        return False
    steps, place = found
    where = _where(steps[place])
    name = str(generator.choice(list(where)))
    where[name] = where[name] * FACTORS[generator.integers(len(FACTORS))]
    steps[place] = _again(steps[place], steps[place].lemma, where)
    return _steps(theorem, steps)


def replace_an_argument(theorem, generator) -> bool:
    found = _of(theorem, generator, lambda step: len(step.where) > 0)
    if found is None:
        return False
    steps, place = found
    where = _where(steps[place])
    pool = [*QUANTITIES, *INTERMEDIATE]
    where[str(generator.choice(list(where)))] = symbol(str(generator.choice(pool)))
    steps[place] = _again(steps[place], steps[place].lemma, where)
    return _steps(theorem, steps)


def change_the_level(theorem, generator) -> bool:
    found = _of(theorem, generator, lambda step: step.failure != 0)
    if found is None:
        return False
    steps, place = found
    where = _where(steps[place])
    delta, kappa, p = symbol("delta"), symbol("kappa"), symbol("p")
    levels = (delta, delta / 4, delta**2, 2 * delta, delta * kappa, delta / p, sympy.Integer(1))
    level = levels[generator.integers(len(levels))]
    if "level" in where:
        where["level"] = level
    elif "t" in where:
        where["t"] = sympy.log(1 / level)
    else:
        where["distortion"] = where["distortion"] * level
    steps[place] = _again(steps[place], steps[place].lemma, where)
    return _steps(theorem, steps)


def scale_a_step(theorem, generator) -> bool:
    steps, place = _of(theorem, generator)
    factor = FACTORS[generator.integers(len(FACTORS))]
    steps[place] = dataclasses.replace(steps[place], times=steps[place].times * factor)
    return _steps(theorem, steps)


def change_a_side(theorem, generator) -> bool:
    steps, place = _of(theorem, generator)
    side = str(generator.choice(["left", "right"]))
    factor = FACTORS[generator.integers(len(FACTORS))]
    value = getattr(steps[place], side)
    steps[place] = dataclasses.replace(steps[place], **{side: value * factor})
    return _steps(theorem, steps)


def drop_a_step(theorem, generator) -> bool:
    steps, place = _of(theorem, generator)
    if len(steps) == 1:
        return False
    del steps[place]
    return _steps(theorem, steps)


def repeat_a_step(theorem, generator) -> bool:
    steps, place = _of(theorem, generator)
    return _steps(theorem, [*steps, steps[place]])


def insert_a_step(theorem, generator) -> bool:
    """A step of any lemma, with arguments taken at random from quantities and their multiples."""
    lemma = LEMMAS[str(generator.choice(list(LEMMAS)))]
    pool = [*QUANTITIES, *INTERMEDIATE]
    where = {
        str(name): FACTORS[generator.integers(4)] * symbol(str(generator.choice(pool)))
        for name in lemma.parameters
    }
    form = int(generator.integers(len(lemma.forms)))
    times = int(generator.choice([1, 1, 2, 4]))
    return _steps(theorem, [*theorem.derivation.steps, lemma.step(form, times, **where)])


def take_another_form(theorem, generator) -> bool:
    found = _of(theorem, generator, lambda step: len(step.lemma.forms) > 1)
    if found is None:
        return False
    steps, place = found
    step = steps[place]
    form = int(generator.integers(len(step.lemma.forms)))
    steps[place] = step.lemma.step(form, step.times, **_where(step))
    return _steps(theorem, steps)


def exchange_two_quantities(theorem, generator) -> bool:
    """In one step, or in all of them: one sample for the other, M for N, one complexity for another."""
    one, other = map(symbol, TWINS[generator.integers(len(TWINS))])
    swap = {one: other, other: one}
    steps, place = _of(theorem, generator)
    chosen = range(len(steps)) if generator.random() < 0.3 else [place]
    for index in chosen:
        step = steps[index]
        where = {str(name): value.xreplace(swap) for name, value in step.where.items()}
        made = _again(step, step.lemma, where)
        steps[index] = dataclasses.replace(
            made, left=step.left.xreplace(swap), right=step.right.xreplace(swap)
        )
    return _steps(theorem, steps)


def corrupt_a_lemma(theorem, generator) -> bool:
    """Another constant, no failure probability, no assumptions, or no conditions."""
    steps, place = _of(theorem, generator)
    step = steps[place]
    lemma = step.lemma
    kind = int(generator.integers(4))
    if kind == 0:
        forms = tuple((left, right / 2) for left, right in lemma.forms)
        lemma = dataclasses.replace(lemma, forms=forms)
    elif kind == 1:
        lemma = dataclasses.replace(lemma, failure=sympy.Integer(0))
    elif kind == 2:
        lemma = dataclasses.replace(lemma, needs=())
    else:
        lemma = dataclasses.replace(lemma, conditions=(), objection=None)
    steps[place] = _again(step, lemma, _where(step))
    return _steps(theorem, steps)


def scale_a_term(theorem, generator) -> bool:
    place = int(generator.integers(len(theorem.terms)))
    terms = list(theorem.terms)
    factor = FACTORS[generator.integers(len(FACTORS))]
    terms[place] = dataclasses.replace(terms[place], expression=terms[place].expression * factor)
    theorem.terms = tuple(terms)
    return True


def scale_the_failure(theorem, generator) -> bool:
    factor = FACTORS[generator.integers(len(FACTORS))]
    theorem.failure_probability = theorem.failure_probability * factor
    return True


def change_the_assumptions(theorem, generator) -> bool:
    listed = list(theorem.assumptions)
    if generator.random() < 0.5 and listed:
        del listed[generator.integers(len(listed))]
    else:
        listed.append(ASSUMPTIONS[str(generator.choice(list(ASSUMPTIONS)))])
    theorem.assumptions = tuple(listed)
    return True


def add_a_default(theorem, generator) -> bool:
    name = str(generator.choice(list(QUANTITIES)))
    theorem.defaults = {**theorem.defaults, name: float(generator.choice([0.0, -1.0, 0.5]))}
    return True


def flip_a_mark(theorem, generator) -> bool:
    place = int(generator.integers(len(theorem.terms)))
    terms = list(theorem.terms)
    mark = str(generator.choice(["measured", "against_range"]))
    terms[place] = dataclasses.replace(terms[place], **{mark: not getattr(terms[place], mark)})
    theorem.terms = tuple(terms)
    return True


def exchange_the_subsets(theorem, generator) -> bool:
    theorem.subsets = theorem.subsets[::-1] if generator.random() < 0.7 else theorem.subsets[:1] * 2
    return len(theorem.subsets) > 1


CHANGES = {
    function.__name__.replace("_", " "): function
    for function in (
        scale_an_argument,
        replace_an_argument,
        change_the_level,
        scale_a_step,
        change_a_side,
        drop_a_step,
        repeat_a_step,
        insert_a_step,
        take_another_form,
        exchange_two_quantities,
        corrupt_a_lemma,
        scale_a_term,
        scale_the_failure,
        change_the_assumptions,
        add_a_default,
        flip_a_mark,
        exchange_the_subsets,
    )
}
