"""Every claim, in one explicit tuple: the theorems, popular beliefs, and planted falsehoods.

A truth and a falsehood differ in one field: `alteration`, or a source in which an assumption is dropped.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from bounds import catalogue
from verify.claims import alterations
from verify.claims.alterations import Alteration
from verify.claims.certificates import CERTIFICATES
from verify.claims.claim import Claim, Section
from verify.claims.evidence import (
    broken,
    crossover,
    exact,
    exact_heads,
    groups,
    held_out,
    latent_quality,
    linear,
    networks,
    posteriors,
    power,
    rates,
)
from verify.claims.evidence.facts import Source
from verify.claims.power import part_of, too_few_terms

TWO_DELTAS = (0.9, 0.05)
"""At δ = 0.9 a theorem may fail on many samples, and its terms are smallest."""

THEOREM_SOURCES: dict[str, tuple[Source, ...]] = {
    "risk_gap.paper": (*groups.SCALAR_GAPS, *power.ONE_OUTPUT),
    "risk_gap.paper_absolute": (*groups.ONE_OUTPUT_GAPS, *power.ONE_OUTPUT),
    "risk_gap.paper_vector": (*groups.VECTOR_GAPS, *power.TWO_OUTPUTS),
    "risk_gap.sharp": (
        *groups.SCALAR_GAPS,
        networks.SOFTMAX_GAP,
        networks.digits_gap,
        *power.ONE_OUTPUT,
    ),
    "risk_gap.data_dependent": (exact.data_dependent, *groups.LINEAR_GAPS, power.sample),
    "risk_gap.split_sample": (exact_heads.split_sample, networks.digits_fresh, power.head),
    "risk_gap.fast_rate": groups.FREE_HEADS,
    "risk_gap.fast_rate_in_advance": groups.FREE_HEADS,
    "risk_gap.fast_rate_mixture": groups.FREE_HEADS,
    "risk_gap.held_out": (*held_out.PAIRS, held_out.FAIR),
    "latent_quality.paper": (*groups.EXACT_AND_LINEAR, networks.SQUARES_QUALITY, power.QUALITY),
    "latent_quality.paper_vector": (
        *groups.EXACT_QUALITIES,
        networks.SQUARES_QUALITY,
        *groups.VECTOR_ONLY,
        power.QUALITY_TWO_OUTPUTS,
    ),
    "latent_quality.sharp": groups.ALL_QUALITIES,
    "modality_gain.rate": (*groups.EXACT_GAPS, *groups.LINEAR_GAPS, *power.ONE_OUTPUT),
    "modality_gain.bound_gap": (rates.bounds_compared,),
    "nested_quality.full_latent": (latent_quality.proof, latent_quality.full_latent),
    "pac_bayes.kl": posteriors.ENTROPIES,
    "pac_bayes.maurer": posteriors.ENTROPIES,
    "pac_bayes.mcallester": posteriors.RISKS,
    "pac_bayes.catoni": posteriors.RISKS,
}
"""The sources for each theorem of the catalogue; a missing key fails a test."""


def _claim(
    section: Section, expected: Any, id: str, text: str, *sources: Source, **fields: Any
) -> Claim:
    return Claim(id=id, section=section, text=text, expected=expected, sources=sources, **fields)


def _theorem(key: str) -> Claim:
    theorem = catalogue.find(key)
    # Without δ in the statement there is one test for each m.
    delta = TWO_DELTAS if "delta" in theorem.inputs else (0.05,)
    sources = THEOREM_SOURCES[key]
    return _claim("theorem", "supported", key, theorem.title, *sources, theorem=key, delta=delta)


THEOREMS = tuple(_theorem(key) for key in THEOREM_SOURCES)

true_rate = partial(_claim, "heuristic", "supported")
false_rate = partial(_claim, "heuristic", "refuted")
RATES = (
    true_rate(
        "complexity.order",
        "C(F_N) ≤ C(F_M) for N ⊂ M",
        rates.NESTED_EXACT,
        rates.NESTED_LINEAR,
        rates.analytic_order,
    ),
    true_rate(
        "rate.complexity",
        "R_m(F) falls like 1/√m: slope −½ within 0.01",
        rates.exact_slopes,
        rates.linear_slope,
    ),
    true_rate(
        "rate.worst_case",
        "M’s mean excess can fall as slowly as 1/√m: slope −½ within 0.01",
        rates.worst_slope,
    ),
    true_rate(
        "rate.fixed_world",
        "M’s mean excess falls at least as fast as 1/√m: slope at most −½",
        rates.fixed_slope,
    ),
    false_rate(
        "crossover.popular",
        "M’s representation is better wherever m ≥ m*, in the popular form without 4L",
        *crossover.POPULAR,
    ),
    false_rate(
        "crossover.own",
        "M’s representation is better wherever m ≥ m*, in Theorem 2’s own form with 4L",
        *crossover.OWN,
    ),
)

true_belief = partial(_claim, "belief", "supported")
false_belief = partial(_claim, "belief", "refuted")
FEW = "few samples favour fewer modalities, on most samples"
OVERLAP = "the higher the overlap, the better η"
BELIEFS = (
    true_belief(
        "belief.more_is_better.kept",
        "more modalities, better η, if the encoder keeps everything visible",
        latent_quality.kept_bits,
    ),
    false_belief(
        "belief.more_is_better.always",
        "more modalities, better η",
        *exact.LEARNED_GAMMAS,
        networks.SQUARES_GAMMA,
    ),
    true_belief(
        "belief.more_is_better.digits",
        "more modalities, better η, on at least 95 % of the samples",
        networks.digits_gamma,
        level=0.05,
    ),
    true_belief("belief.overlap.mixing", OVERLAP, latent_quality.mixing, latent_quality.two_copies),
    false_belief("belief.overlap.always", OVERLAP, latent_quality.three_copies),
    true_belief("belief.few_samples.weak", FEW, latent_quality.few, level=0.5),
    true_belief(
        "belief.many_samples.weak",
        "many samples favour more modalities, on most samples",
        latent_quality.many,
        level=0.5,
    ),
    false_belief("belief.few_samples.always", FEW, latent_quality.few_xor, level=0.5),
)


def _planted(
    name: str, theorem: str, alteration: Alteration, *sources: Source, delta: float = 0.05
) -> Claim:
    """A theorem made false by an alteration."""
    return _claim(
        "planted",
        "refuted",
        f"planted.{name}",
        catalogue.find(theorem).title.partition(",")[0],
        *sources,
        theorem=theorem,
        alteration=alteration,
        delta=(delta,),
    )


ONE, TWO = "risk_gap.paper", "latent_quality.paper"
COIN = exact.GAPS["coin/both-one"]
GAP_AT_LARGE_M = exact.at(exact.GAPS["xor/one-both"], "exact/xor/one-both/planted", 400, 1600, 6400)
COIN_AT_LARGE_M = exact.at(COIN, "exact/coin/both-one/planted", 1600, 6400)
QUALITY_AT_LARGE_M = exact.at(exact.QUALITIES["xor/one"], "exact/xor/quality-one/planted", 6400)

PLANTED = (
    _planted("no_terms", ONE, alterations.NO_TERMS, linear.JUNK, COIN),
    _planted("gamma_flipped", ONE, alterations.GAMMA_FLIPPED, GAP_AT_LARGE_M),
    _planted("rate", ONE, alterations.RATE, COIN_AT_LARGE_M, delta=0.01),
    _planted(
        "confidence_rate", ONE, alterations.CONFIDENCE_RATE, exact_heads.two_functions, delta=2e-4
    ),
    _planted("no_divergence", "pac_bayes.mcallester", alterations.NO_DIVERGENCE, posteriors.BEST),
    _planted("no_empirical_loss", TWO, alterations.NO_EMPIRICAL_LOSS, QUALITY_AT_LARGE_M),
)

SMALL = 2 * power.RARE
TOO_FEW_TERMS = (
    *too_few_terms(THEOREM_SOURCES),
    # With one output half of the terms are too few where δ is small.
    part_of("risk_gap.fast_rate", alterations.HALVED, power.one_output, delta=SMALL),
    # One term alone. Of the paper's forms such a part is enough, as of all terms together.
    part_of("risk_gap.sharp", alterations.LESS_COMPLEXITY, *power.ONE_OUTPUT),
    part_of("risk_gap.data_dependent", alterations.LESS_COMPLEXITY, power.sample),
    part_of("risk_gap.split_sample", alterations.LESS_COMPLEXITY, power.head),
    part_of("latent_quality.sharp", alterations.LESS_COMPLEXITY, power.QUALITY),
    part_of("risk_gap.sharp", alterations.LESS_CONFIDENCE, power.rare, delta=SMALL),
    part_of("latent_quality.sharp", alterations.LESS_CONFIDENCE, power.one_function, delta=SMALL),
)


def _without(assumption: str, theorem: str, how: str, source: Source, name: str = "") -> Claim:
    """A theorem without one of its assumptions."""
    of = {"risk_gap": "theorem_1", "latent_quality": "theorem_2", "nested_quality": "linear_case"}
    return _claim(
        "assumption",
        "refuted",
        f"without.{assumption}.{name or of[theorem.partition('.')[0]]}",
        f"{catalogue.find(theorem).title}, {how}",
        source,
        theorem=theorem,
        drops=assumption,
    )


FULL_LATENT = "nested_quality.full_latent"
ROWS = "for repeated rows counted as m"
NOMINAL_C = "with a nominal C that the loss exceeds"
NOMINAL_L = "with a nominal L that the loss exceeds"
NEEDED = (
    _without("iid", ONE, ROWS, exact_heads.repeated_rows),
    _without("iid", TWO, ROWS, exact_heads.repeated_rows_quality),
    _without("bounded_loss", ONE, NOMINAL_C, broken.nominal_C),
    _without("bounded_loss", TWO, NOMINAL_C, broken.nominal_C_quality),
    _without("lipschitz_loss", ONE, NOMINAL_L, broken.nominal_L),
    _without("lipschitz_loss", TWO, NOMINAL_L, broken.nominal_L_quality),
    _without("erm", ONE, "for a head that does not minimise r̂", exact_heads.random_head),
    _without("fixed_class", ONE, "for a class chosen with S in hand", broken.chosen_class),
    _without(
        "fixed_class",
        TWO,
        "for a class larger than the one in the bound",
        broken.chosen_class_quality,
    ),
    _without(
        "independent_split",
        "risk_gap.split_sample",
        "for a head fitted on the encoder’s own sample",
        broken.same_sample,
        "split_sample",
    ),
    _without(
        "held_out",
        "risk_gap.held_out",
        "for the best of twenty models, chosen on the rows held out",
        held_out.best_of_twenty,
        "two_models",
    ),
    _without(
        "prior",
        "pac_bayes.mcallester",
        "for a prior chosen with S in hand",
        posteriors.chosen_prior,
        "posterior",
    ),
    _without(
        "full_latent",
        FULL_LATENT,
        "for a latent space narrower than the features",
        latent_quality.narrow_latent,
    ),
    _without("nested", FULL_LATENT, "for N not inside M", latent_quality.not_nested),
)

needless = partial(_claim, "assumption", "supported", delta=TWO_DELTAS)
needful = partial(_claim, "assumption", "refuted")
NOT_NEEDED = (
    needless(
        "without.realizable.theorem_2",
        "Theorem 2, sharp, for a reference outside the class or no better than a coin",
        exact.poor_reference,
        exact.QUALITIES["xor/one"],
        exact.QUALITIES["noisy-xor/one"],
        theorem="latent_quality.sharp",
        drops="realizable",
    ),
    needless(
        "without.erm.theorem_2",
        "Theorem 2, sharp, for a pair that minimises nothing",
        exact.any_pair,
        theorem="latent_quality.sharp",
        drops="erm",
    ),
    needful(
        "without.realizable.eta",
        "η(ĝ_M) ≥ 0 for any fixed reference",
        exact.negative_quality,
        drops="realizable",
    ),
    needful(
        "without.realizable.empirical_loss",
        "L̂ ≤ 0 for any class",
        exact.positive_loss,
        drops="realizable",
    ),
    needless(
        "without.nested.theorem_1",
        "Theorem 1, as in the paper, for M inside N and for M and N disjoint",
        *(exact.GAPS[f"{kind}/one-both"] for kind in exact.WORLDS),
        linear.DISJOINT,
        theorem=ONE,
        drops="nested",
    ),
    needful(
        "without.nested.order",
        "C(F_N) ≤ C(F_M) for N not inside M",
        rates.NOT_NESTED,
        drops="nested",
    ),
)

CLAIMS: tuple[Claim, ...] = (
    *THEOREMS,
    *RATES,
    *BELIEFS,
    *PLANTED,
    *TOO_FEW_TERMS,
    *NEEDED,
    *NOT_NEEDED,
    *CERTIFICATES,
)
