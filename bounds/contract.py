"""What any theorem must satisfy, checked by one call: `check_contract(theorem)`.

The checks are proofs with sympy where that is possible, and each catches a slip that bounds in
print and in code have had: log(2 sqrt(n))/delta for log(2 sqrt(n)/delta), the root of a norm for
the norm, a logarithm dropped, a complexity of another convention.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import sympy
from numpy.typing import NDArray

from bounds.domains import Domain
from bounds.notation import C, L_hat, delta, gamma
from bounds.one_predictor import worst_violation
from bounds.proofs.checker import flaws
from bounds.proofs.inequalities import (
    CONFIDENCE,
    direction,
    is_non_negative,
    same,
    standard_form,
)
from bounds.quantity import LOSS, NO_UNITS
from bounds.statement.derivation import Lemma
from bounds.theorem import Theorem

_SCALES = sympy.symbols("loss_scale output_scale feature_scale", positive=True)


def check_contract(
    theorem: Theorem, *, tail: str = "logarithmic", own_lemmas: Collection[Lemma] = ()
) -> None:
    """Raise a ValueError that lists everything in which the theorem breaks the contract.

    * it has a title, a reference, assumptions, and LaTeX and JavaScript can be written;
    * every term has the units of the left-hand side, mostly a loss, in (loss, output, feature);
    * it moves with each argument in the declared direction, proved symbolically and at random;
    * it may fail with a probability in [0, 1) that grows with delta;
    * it depends on delta exactly if its failure probability does, and as delta falls it grows like
      a power of ln(1/delta) (`tail="polynomial"` lets a bound by Chebyshev's inequality pass);
    * the numbers of `evaluate` are those of the formula, to 1e-12;
    * it says in which interval the summands of an empirical average lie (`Summands`), unless it has a
      derivation, and holds in the exact world of one predictor with such summands
      (`bounds.one_predictor`);
    * its derivation, if it has one, composes to the statement; lemmas beside the library's must be
      named in `own_lemmas`.

    Examples
    --------
    >>> from bounds import risk_gap
    >>> check_contract(risk_gap.sharp("TVA", "TA"))
    >>> import dataclasses
    >>> t = risk_gap.sharp("TVA", "TA")
    >>> check_contract(dataclasses.replace(t, reference="", directions={**t.directions, "m": 1}))
    Traceback (most recent call last):
    ...
    ValueError: risk_gap.sharp breaks the contract:
    - reference must not be empty
    - directions must say how the bound moves with m: proved -1, declared 1
    """
    if tail not in ("logarithmic", "polynomial"):
        raise ValueError(f"tail must be 'logarithmic' or 'polynomial', got {tail!r}")
    broken = [
        *_presentation(theorem),
        *_units(theorem),
        *_directions(theorem),
        *_failure_probability(theorem),
        *_tail(theorem, tail),
        *_numbers(theorem),
        *_summands(theorem),
        *(flaws(theorem, own_lemmas) if theorem.derivation is not None else ()),
    ]
    if broken:
        listed = "".join(f"\n- {flaw}" for flaw in broken)
        raise ValueError(f"{theorem.key} breaks the contract:{listed}")


def _presentation(theorem: Theorem) -> Iterator[str]:
    for name in ("key", "title", "reference", "assumptions", "terms", "subsets"):
        if not getattr(theorem, name):
            yield f"{name} must not be empty"
    for language, code in (("latex", theorem.latex()), ("javascript", theorem.javascript())):
        if "Not supported" in code:
            yield f"{language} must be able to express every term"


def _units(theorem: Theorem) -> Iterator[str]:
    """Scale loss, output and features by three factors: every term must scale as the left-hand side."""
    scaled = {
        quantity.symbol: quantity.symbol * _scale(quantity.units)
        for quantity in theorem.quantities.values()
        if quantity.units != NO_UNITS
    }
    units = theorem.units
    if units is None:
        yield f"the left-hand side must be a sum of quantities of the same units, is {theorem.lhs}"
        return
    what = "a loss" if units == LOSS else "the left-hand side"
    for term in theorem.terms:
        moved = term.expression.xreplace(scaled)
        if not same(moved, term.expression * _scale(units)):
            yield (
                f"{term.name} must have the units of {what}; scaling loss, output and features "
                f"turns {term.expression} into {sympy.simplify(moved)}"
            )


def _scale(units: tuple[object, object, object]) -> sympy.Expr:
    return sympy.Mul(
        *(scale ** sympy.Rational(str(power)) for scale, power in zip(_SCALES, units, strict=True))
    )


def _directions(theorem: Theorem) -> Iterator[str]:
    known = theorem.positive_parts
    for name in theorem.inputs:
        declared = theorem.directions.get(name)
        proved = direction(theorem.bound, theorem.quantities[name].symbol, known)
        if proved != declared:
            yield (
                f"directions must say how the bound moves with {name}: "
                f"proved {proved}, declared {declared}"
            )
        elif declared is None and (_moves(theorem, name, 1) or _moves(theorem, name, -1)):
            yield f"directions must say how the bound moves with {name}: it only moves one way"
        elif declared is not None and not _moves(theorem, name, declared):
            yield f"the numbers of the bound do not move with {name} in the direction {declared}"


def _moves(theorem: Theorem, name: str, declared: int) -> bool:
    """Random points, the argument raised alone: no step against the declared direction."""
    generator = np.random.default_rng(2106_04538)
    points = random_arguments(theorem, generator, 200)
    raised = dict(points)
    domain = theorem.quantities[name].domain
    if domain.high < np.inf:
        raised[name] = points[name] + (domain.high - points[name]) * generator.random(200)
    elif domain.integer:
        raised[name] = points[name] + generator.integers(1, 100, 200)
    else:
        raised[name] = points[name] + generator.exponential(size=200)
    low = np.asarray(theorem.evaluate(**points).total)
    high = np.asarray(theorem.evaluate(**raised).total)
    with np.errstate(invalid="ignore"):  # inf - inf, where neither point claims anything
        step = declared * (high - low)
    tolerance = 1e-12 * (1 + np.abs(low))
    wrong = step < -tolerance if declared else np.abs(high - low) > tolerance
    return not bool(np.any(wrong))


def random_arguments(
    theorem: Theorem, generator: np.random.Generator, size: int
) -> dict[str, NDArray[np.float64]]:
    """`size` points in the domains of the arguments, over several orders of magnitude.

    Examples
    --------
    >>> from bounds import latent_quality
    >>> points = random_arguments(latent_quality.sharp("T"), np.random.default_rng(0), 3)
    >>> sorted(points), points["m"].dtype
    (['C', 'L_hat', 'R_loss', 'delta', 'm'], dtype('float64'))
    """
    return {
        name: _random_in(theorem.quantities[name].domain, generator, size)
        for name in theorem.inputs
    }


def _random_in(domain: Domain, generator: np.random.Generator, size: int) -> NDArray[np.float64]:
    if domain.high < np.inf:
        return 1.0 - generator.random(size) ** 2 * 0.999
    if domain.integer:
        return np.floor(10 ** generator.uniform(0, 6, size))
    if domain.low == -np.inf:
        return generator.normal(size=size)
    return generator.exponential(size=size) * 10 ** generator.uniform(-3, 1, size)


def _failure_probability(theorem: Theorem) -> Iterator[str]:
    probability = theorem.failure_probability
    if probability.is_number:
        if not 0 <= probability < 1:
            yield f"failure_probability must lie in [0, 1), is {probability}"
    elif direction(probability, delta) != 1:
        yield f"failure_probability must grow with delta, is {probability}"
    elif not (is_non_negative(probability) and is_non_negative(1 - probability.subs(delta, 1))):
        yield f"failure_probability must lie in [0, 1) for every delta, is {probability}"


def _tail(theorem: Theorem, tail: str) -> Iterator[str]:
    """As delta = exp(-w) falls and samples grow like w^2, a term grows at most like a power of w.

    Terms of sub-Gaussian and sub-exponential deviations depend on w/m and grow like sqrt(w/m) or w/m, a
    union bound or a moment of higher order adds powers of w; 1/delta = exp(w) is no power. The exponent of
    a term f is the limit of w f'(w) / f(w). All samples grow, so that arguments of the terms stay where
    they claim something.
    """
    depends = delta in theorem.bound.free_symbols
    if depends != (delta in theorem.failure_probability.free_symbols):
        yield (
            "the bound must depend on delta exactly if its failure probability does: "
            f"{theorem.bound} against {theorem.failure_probability}"
        )
    elif depends and direction(theorem.bound, delta, theorem.positive_parts) == 0:
        yield "the bound must grow as delta falls"
    if not depends or tail == "polynomial":
        return
    sizes = {
        theorem.quantities[name].symbol
        for name in theorem.inputs
        if theorem.quantities[name].domain.integer and theorem.directions.get(name) == -1
    }
    grown = {size: size * CONFIDENCE**2 for size in sizes}
    for term in theorem.terms:
        growing = _generic(standard_form(term.expression).xreplace(grown))
        if growing.has(CONFIDENCE) and not _exponent(growing).is_finite:
            yield (
                f"{term.name} must grow like a power of ln(1/delta) as delta falls, "
                f"is {term.expression}"
            )


def _exponent(expression: sympy.Expr) -> sympy.Expr:
    """The power of `CONFIDENCE` like which an expression in it alone grows."""
    share = sympy.diff(expression, CONFIDENCE) * CONFIDENCE / expression
    try:
        return sympy.limit(sympy.simplify(share), CONFIDENCE, sympy.oo)
    except NotImplementedError:  # sympy cannot tell, and then nothing is proved
        return sympy.nan


def _generic(expression: sympy.Expr) -> sympy.Expr:
    """Every symbol but the confidence at a number of its own: enough to see how fast a term grows."""
    rest = sorted(expression.free_symbols - {CONFIDENCE}, key=lambda symbol: str(symbol.name))
    point = {
        symbol: sympy.Integer(2 + i) if symbol.is_integer else sympy.Rational(3 + 2 * i, 7 + 3 * i)
        for i, symbol in enumerate(rest)
    }
    return expression.xreplace(point)


def _summands(theorem: Theorem) -> Iterator[str]:
    """An empirical average says what it averages, and the bound holds for one predictor."""
    measured = {s for t in theorem.terms if t.measured for s in t.expression.free_symbols}
    averages = sorted(str(s) for s in measured - {gamma})
    if theorem.summands is None:
        uncertain = delta in theorem.failure_probability.free_symbols
        if averages and uncertain and theorem.derivation is None:
            yield (
                f"summands must say in which interval the summands of {averages[0]} lie, since the"
                " theorem has no derivation"
            )
        return
    low, high = theorem.summands.low, theorem.summands.high
    if theorem.summands.average == L_hat.name and not (
        is_non_negative(high - C) and is_non_negative(-C - low)
    ):
        yield (
            "summands of L_hat must lie in [-C, C], a loss in [0, C] minus another one, is"
            f" [{low}, {high}]"
        )
    try:
        worst = worst_violation(theorem, theorem.summands)
    except ValueError as error:
        yield f"summands: {error}"
        return
    if worst is not None:
        yield (
            f"the bound must hold for one predictor: if each summand of {theorem.summands.average} is"
            f" {high} with probability {worst.chance:.2g} and {low} otherwise, it is violated with"
            f" probability {worst.probability:.3g} at m = {worst.m} and delta = {worst.delta:g}, where"
            f" it allows {worst.allowed:.3g}"
        )


def _numbers(theorem: Theorem) -> Iterator[str]:
    """The compiled function against sympy's own arithmetic with 30 digits, at three points."""
    points = random_arguments(theorem, np.random.default_rng(0), 3)
    for name in points:
        # Near 1 the rounding of 1/delta is large beside ln(1/delta), whatever the code does.
        if theorem.quantities[name].domain.high < np.inf:
            points[name] = np.minimum(points[name], 0.9)
    value = theorem.evaluate(**points)
    for name, numbers in value.terms.items():
        term = next(term for term in theorem.terms if term.name == name)
        for index, number in enumerate(np.broadcast_to(np.asarray(numbers), (3,))):
            at = {
                theorem.quantities[argument].symbol: sympy.Float(float(values[index]), 30)
                for argument, values in points.items()
            }
            if not bool(term.where.subs(at)):
                continue
            exact = float(sympy.N(term.expression.subs(at), 30))
            if not np.isclose(number, exact, rtol=1e-12, atol=1e-300):
                yield f"{name} must evaluate to {exact} at {at}, gives {float(number)}"
